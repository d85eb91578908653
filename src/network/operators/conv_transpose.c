/*
 * ConvTranspose: the columns of a convolution's adjoint by one product per image and group, then
 * added up where they overlap. The geometry is that of the forward convolution, whose input is our
 * output.
 */
#include "gemm.h"
#include "window.h"

typedef struct transposed {
  hrs_window window; /* in: our output; out: our input */
  hrs_count groups, in_channels, out_channels;
} transposed;

/* Our output's length per axis, and the padding that crops it. */
static hrs_status read_output(const hrs_call *call, hrs_window *w) {
  static const char *const names[] = {"NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"};
  int auto_pad, n_extra, n_shape, axes = w->axes, first = HRS_WINDOW_AXES - axes;
  HRS_TRY(hrs_op_choice(call, "auto_pad", "NOTSET", names, 4, &auto_pad));
  const int64_t *extra = hrs_attr_ints(call->node, "output_padding", &n_extra);
  const int64_t *shape = hrs_attr_ints(call->node, "output_shape", &n_shape);
  HRS_NODE_REQUIRE(!extra || n_extra == axes, call, INPUT,
                   "attribute output_padding has %d numbers for %d spatial axes", n_extra, axes);
  /* Some exporters list the batch and channel axes too. */
  if (shape && n_shape == axes + 2) shape += 2, n_shape = axes;
  HRS_NODE_REQUIRE(!shape || n_shape == axes, call, INPUT,
                   "attribute output_shape has %d numbers for %d spatial axes", n_shape, axes);
  bool same = auto_pad == 1 || auto_pad == 2;
  for (int i = 0; i < HRS_WINDOW_AXES; i++) {
    int64_t more = extra && i >= first ? extra[i - first] : 0;
    hrs_count stride = w->stride[i], length = w->in[i];
    HRS_NODE_REQUIRE(more >= 0 && more < 1 << 30, call, INPUT,
                     "attribute output_padding contains %lld", (long long)more);
    hrs_count spread;
    HRS_TRY(hrs_multiply(stride, length > 0 ? length - 1 : 0, "length", &spread));
    HRS_NODE_REQUIRE(spread < (hrs_count)1 << 40, call, INPUT, "an output of length %lld",
                     (long long)spread);
    hrs_count full = length > 0 ? spread + (w->kernel[i] - 1) * w->dilation[i] + 1 + more : more;
    hrs_count result = full - w->before[i] - w->after[i];
    if (i >= first && (shape || same)) {
      result = shape ? shape[i - first] : length * stride;
      HRS_NODE_REQUIRE(result >= 0 && result < (hrs_count)1 << 40, call, INPUT,
                       "attribute output_shape contains %lld", (long long)result);
      hrs_count total = full > result ? full - result : 0;
      w->before[i] = auto_pad == 1 ? total / 2 : total - total / 2;
    }
    HRS_NODE_REQUIRE(result >= 0, call, INPUT,
                     "pads of %lld and %lld crop more than the output's length %lld",
                     (long long)w->before[i], (long long)w->after[i], (long long)full);
    w->out[i] = w->in[i];
    w->in[i] = result;
  }
  return HRS_OK;
}

static hrs_status infer_transposed(hrs_call *call) {
  HRS_TRY(hrs_op_types(call, 0, HRS_TYPES_REAL));
  HRS_TRY(hrs_op_types(call, 1, HRS_TYPES_REAL));
  HRS_TRY(hrs_op_same_type(call, 0, 1));
  HRS_TRY(hrs_op_rank(call, 0, 3, 2 + HRS_WINDOW_AXES));
  const hrs_tensor *x = &call->in[0], *w = &call->in[1];
  transposed *state;
  HRS_TRY(hrs_calloc(1, sizeof *state, &state));
  call->node->state = state;
  char a[HRS_SHAPE_TEXT], b[HRS_SHAPE_TEXT];
  int64_t groups = hrs_attr_int(call->node, "group", 1);
  HRS_NODE_REQUIRE(w->rank == x->rank && w->dim[0] == x->dim[1], call, INPUT,
                   "a weight of shape %s does not fit an input of shape %s",
                   hrs_op_shape(call, 1, a), hrs_op_shape(call, 0, b));
  HRS_NODE_REQUIRE(groups >= 1 && x->dim[1] % groups == 0, call, INPUT,
                   "attribute group is %lld, with %lld input channels", (long long)groups,
                   (long long)x->dim[1]);
  HRS_TRY(hrs_window_read(call, w->dim + 2, &state->window));
  HRS_TRY(read_output(call, &state->window));
  state->groups = groups;
  state->in_channels = x->dim[1] / groups;
  state->out_channels = w->dim[1];
  hrs_count channels;
  HRS_TRY(hrs_multiply(w->dim[1], groups, "channels", &channels));
  if (hrs_call_has(call, 2)) {
    HRS_TRY(hrs_op_same_type(call, 0, 2));
    HRS_NODE_REQUIRE(call->in[2].rank == 1 && call->in[2].dim[0] == channels, call, INPUT,
                     "the bias has shape %s, expected [%lld]", hrs_op_shape(call, 2, a),
                     (long long)channels);
  }
  const hrs_window *g = &state->window;
  hrs_count dim[2 + HRS_WINDOW_AXES] = {x->dim[0], channels};
  for (int i = 0; i < g->axes; i++)
    dim[2 + i] = g->in[HRS_WINDOW_AXES - g->axes + i];
  HRS_TRY(hrs_call_output(call, 0, x->type, 2 + g->axes, dim));
  hrs_count taps, columns;
  HRS_TRY(hrs_multiply(state->out_channels, hrs_window_kernel(g), "kernel size", &taps));
  HRS_TRY(hrs_multiply(taps, hrs_window_out(g), "columns", &columns));
  HRS_TRY(hrs_multiply(hrs_tensor_count(x), taps, "multiply-adds", &call->multiply_adds));
  return hrs_multiply(columns, (hrs_count)hrs_dtype_size(x->type), "columns",
                      &call->workspace_bytes);
}

#define TEMPLATE "conv_transpose_template.h"
#define TYPES REAL
#include "each_type.h"

static hrs_status run_transposed(hrs_call *call) {
  const hrs_tensor *x = &call->in[0], *weight = &call->in[1];
  const transposed *state = call->node->state;
  const hrs_window *w = &state->window;
  hrs_count size = (hrs_count)hrs_dtype_size(x->type), pixels = hrs_window_out(w);
  hrs_count plane = hrs_window_in(w), taps = state->out_channels * hrs_window_kernel(w);
  hrs_gemm gemm = {.type = x->type,
                   .transpose_a = true,
                   .m = taps,
                   .n = pixels,
                   .k = state->in_channels,
                   .lda = taps,
                   .ldb = pixels,
                   .ldc = pixels,
                   .alpha = 1};
  bool f32 = x->type == HRS_F32;
  for (hrs_count b = 0; b < call->batch; b++) {
    const char *from = hrs_op_data(x, b), *bias = NULL;
    char *to = hrs_op_data(&call->out[0], b);
    for (hrs_count i = 0; i < x->dim[0]; i++) {
      for (hrs_count g = 0; g < state->groups; g++) {
        const char *left =
            (const char *)hrs_op_data(weight, b) + g * state->in_channels * taps * size;
        if (hrs_call_has(call, 2))
          bias = (const char *)hrs_op_data(&call->in[2], b) + g * state->out_channels * size;
        HRS_TRY(hrs_gemm_run(&gemm, left, from, call->workspace));
        (f32 ? spread_F32 : spread_F64)(state->out_channels, plane, bias, to);
        (f32 ? fold_F32 : fold_F64)(w, state->out_channels, call->workspace, to);
        from += state->in_channels * pixels * size;
        to += state->out_channels * plane * size;
      }
    }
  }
  return HRS_OK;
}

hrs_operator_family hrs_operators_conv_transpose = {
    {"ConvTranspose",
     1,
     21,
     2,
     3,
     1,
     1,
     HRS_OP_BATCHED,
     infer_transposed,
     run_transposed,
     {.linear = HRS_LINEAR_IN_ALL,
      .weighs = true,
      .channels = HRS_CHANNELS_SECOND,
      .attributes =
          "auto_pad dilations group kernel_shape output_padding output_shape pads strides"}},
    {0},
};
