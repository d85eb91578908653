/*
 * Convolution: im2col over as many images as fit a budget, then one product per group. The column
 * matrix is [K, images * pixels] with K = channels per group times kernel size, so that the weights
 * stand on the left as they are in the file. For one image the product is written straight to its
 * place; for several (small images, where one alone would make a thin product) it goes through a
 * block that is copied out with the bias.
 *
 * Cost per image: K * pixels copies and M * K * pixels multiply-adds. It loses where M, the number
 * of output channels, is small, because each copied element is used M times only: there the direct
 * kernel of conv_direct.c takes over, where it applies.
 */
#include "conv_direct.h"
#include "gemm.h"

#include <string.h>

enum { BLOCK_BYTES = 256 << 10, THIN = 192, SMALL_PLANE = 1024 };

/* Input rows and columns that the windows of a small image reach, its padding included. */
static hrs_count reach(const hrs_window *w, int axis) {
  return w->out[axis] + (w->kernel[axis] - 1) * w->dilation[axis];
}

/* Small planes with stride 1: worth a padded copy, from which whole rows can be taken. */
static bool is_small(const hrs_window *w) {
  return w->in[0] == 1 && w->kernel[0] == 1 && w->out[0] == 1 && w->stride[1] == 1 &&
         w->stride[2] == 1 && reach(w, 1) <= SMALL_PLANE && reach(w, 2) <= SMALL_PLANE &&
         reach(w, 1) * reach(w, 2) <= SMALL_PLANE;
}

static hrs_status infer_conv(hrs_call *call) {
  HRS_TRY(hrs_op_types(call, 0, HRS_TYPES_REAL));
  HRS_TRY(hrs_op_types(call, 1, HRS_TYPES_REAL));
  HRS_TRY(hrs_op_same_type(call, 0, 1));
  const hrs_tensor *x = &call->in[0], *w = &call->in[1];
  hrs_conv *state;
  HRS_TRY(hrs_calloc(1, sizeof *state, &state));
  call->node->state = state;
  HRS_TRY(hrs_op_rank(call, 0, 3, 2 + HRS_WINDOW_AXES));
  char text[HRS_SHAPE_TEXT], other[HRS_SHAPE_TEXT];
  HRS_NODE_REQUIRE(w->rank == x->rank, call, INPUT,
                   "the weight has shape %s, which does not fit an input of shape %s",
                   hrs_op_shape(call, 1, text), hrs_op_shape(call, 0, other));
  HRS_TRY(hrs_window_read(call, w->dim + 2, &state->window));
  HRS_TRY(hrs_window_slide(call, false, false, &state->window));
  int64_t groups = hrs_attr_int(call->node, "group", 1);
  HRS_NODE_REQUIRE(groups >= 1 && groups <= w->dim[0] && w->dim[0] % groups == 0, call, INPUT,
                   "attribute group is %lld, with %lld output channels", (long long)groups,
                   (long long)w->dim[0]);
  HRS_NODE_REQUIRE(x->dim[1] % groups == 0 && x->dim[1] / groups == w->dim[1], call, INPUT,
                   "the input has %lld channels; a weight of shape %s with group = %lld wants %lld",
                   (long long)x->dim[1], hrs_op_shape(call, 1, text), (long long)groups,
                   (long long)(w->dim[1] * groups));
  if (hrs_call_has(call, 2)) {
    HRS_TRY(hrs_op_same_type(call, 0, 2));
    HRS_NODE_REQUIRE(call->in[2].rank == 1 && call->in[2].dim[0] == w->dim[0], call, INPUT,
                     "the bias has shape %s, expected [%lld]", hrs_op_shape(call, 2, text),
                     (long long)w->dim[0]);
  }
  state->groups = groups;
  state->in_channels = w->dim[1];
  state->out_channels = w->dim[0] / groups;
  HRS_TRY(hrs_window_output(call, 0, x->type, w->dim[0], &state->window));
  hrs_count taps, pixels = hrs_window_out(&state->window), images;
  HRS_TRY(
      hrs_multiply(state->in_channels, hrs_window_kernel(&state->window), "kernel size", &taps));
  HRS_TRY(
      hrs_multiply(hrs_tensor_count(&call->out[0]), taps, "multiply-adds", &call->multiply_adds));
  hrs_count size = (hrs_count)hrs_dtype_size(x->type), column;
  HRS_TRY(hrs_multiply(taps, pixels, "column matrix", &column));
  HRS_TRY(hrs_multiply(column, size, "column matrix", &column));
  state->taps = taps;
  images = pixels >= THIN || column >= BLOCK_BYTES || column == 0 ? 1 : BLOCK_BYTES / column;
  if (images > 1 && images * pixels > 2 * THIN) images = (2 * THIN + pixels - 1) / pixels;
  state->images = images;
  hrs_count block = images > 1 ? images * pixels * state->out_channels * size : 0;
  HRS_TRY(hrs_multiply(column, images, "column matrix", &call->workspace_bytes));
  state->block_offset = (call->workspace_bytes + 63) / 64 * 64;
  call->workspace_bytes = state->block_offset + block;
  state->direct = x->type == HRS_F32 && hrs_conv_direct_fits(state);
  if (state->direct) return hrs_conv_direct_workspace(state, &call->workspace_bytes);
  return HRS_OK;
}

#define TEMPLATE "conv_template.h"
#define TYPES REAL
#include "each_type.h"

typedef struct conv_kernels {
  void (*unfold)(const hrs_conv *, const void *, void *, hrs_count);
  void (*unfold_small)(const hrs_conv *, const void *, void *, hrs_count);
  void (*unfold_rows)(const hrs_conv *, const void *, void *);
  void (*spread)(hrs_count, hrs_count, const void *, void *);
  void (*collect)(hrs_count, hrs_count, hrs_count, const void *, const void *, void *);
} conv_kernels;

static const conv_kernels kernels[HRS_DTYPE_LIMIT] = {
    [HRS_F32] = {unfold_F32, unfold_small_F32, unfold_rows_F32, spread_F32, collect_F32},
    [HRS_F64] = {unfold_F64, unfold_small_F64, unfold_rows_F64, spread_F64, collect_F64}};

/* 1x1 with stride 1 and no padding: the image is its own column matrix. */
static bool is_pointwise(const hrs_window *w) {
  for (int i = 0; i < HRS_WINDOW_AXES; i++)
    if (w->kernel[i] != 1 || w->stride[i] != 1 || w->before[i] != 0 || w->after[i] != 0)
      return false;
  return true;
}

/* Images that share weights and bias. */
static hrs_status convolve(const hrs_call *call, const hrs_conv *conv, hrs_count images,
                           const void *x, const void *weight, const void *bias, void *out) {
  hrs_dtype type = call->in[0].type;
  const conv_kernels *kernel = &kernels[type];
  const hrs_window *w = &conv->window;
  hrs_count size = (hrs_count)hrs_dtype_size(type), pixels = hrs_window_out(w);
  hrs_count in_group = conv->in_channels * hrs_window_in(w) * size;
  hrs_count out_group = conv->out_channels * pixels * size;
  hrs_count weight_group = conv->out_channels * conv->taps * size;
  char *columns = call->workspace, *block = columns + conv->block_offset;
  bool rows = w->dilation[2] == 1 && w->kernel[2] > w->out[2] && !is_pointwise(w);
  bool small = is_small(w);
  for (hrs_count first = 0; first < images; first += conv->images) {
    hrs_count some = images - first < conv->images ? images - first : conv->images;
    hrs_gemm gemm = {.type = type,
                     .transpose_b = rows,
                     .m = conv->out_channels,
                     .n = some * pixels,
                     .k = conv->taps,
                     .lda = conv->taps,
                     .ldb = rows ? conv->taps : some * pixels,
                     .ldc = some * pixels,
                     .alpha = 1};
    for (hrs_count g = 0; g < conv->groups; g++) {
      const char *from = (const char *)x + (first * conv->groups + g) * in_group;
      char *to = (char *)out + (first * conv->groups + g) * out_group;
      const char *left = (const char *)weight + g * weight_group;
      const char *shift = bias ? (const char *)bias + g * conv->out_channels * size : NULL;
      bool straight = some == 1 && is_pointwise(w);
      for (hrs_count i = 0; i < some && !straight; i++) {
        const char *image = from + i * conv->groups * in_group;
        if (rows)
          kernel->unfold_rows(conv, image, columns + i * pixels * conv->taps * size);
        else if (small)
          kernel->unfold_small(conv, image, columns + i * pixels * size, some * pixels);
        else
          kernel->unfold(conv, image, columns + i * pixels * size, some * pixels);
      }
      if (some == 1) {
        if (shift) kernel->spread(conv->out_channels, pixels, shift, to);
        gemm.beta = shift ? 1 : 0;
        HRS_TRY(hrs_gemm_run(&gemm, left, straight ? from : columns, to));
        continue;
      }
      HRS_TRY(hrs_gemm_run(&gemm, left, columns, block));
      for (hrs_count i = 0; i < some; i++)
        kernel->collect(conv->out_channels, pixels, some * pixels, block + i * pixels * size, shift,
                        to + i * conv->groups * out_group);
    }
  }
  return HRS_OK;
}

static hrs_status run_conv(hrs_call *call) {
  const hrs_tensor *x = &call->in[0], *w = &call->in[1];
  const hrs_tensor *bias = hrs_call_has(call, 2) ? &call->in[2] : NULL;
  hrs_tensor *out = &call->out[0];
  const hrs_conv *conv = call->node->state;
  if (hrs_tensor_count(out) == 0) return HRS_OK;
  bool shared = w->step == 0 && (!bias || bias->step == 0) && x->step != 0;
  hrs_count calls = shared ? 1 : call->batch, images = x->dim[0] * (shared ? call->batch : 1);
  for (hrs_count i = 0; i < calls; i++) {
    const void *shift = bias ? hrs_op_data(bias, i) : NULL;
    if (conv->direct)
      hrs_conv_direct_run(conv, images, hrs_op_data(x, i), hrs_op_data(w, i), shift,
                          hrs_op_data(out, i), call->workspace);
    else
      HRS_TRY(convolve(call, conv, images, hrs_op_data(x, i), hrs_op_data(w, i), shift,
                       hrs_op_data(out, i)));
  }
  return HRS_OK;
}

static const hrs_window *window_of_conv(const hrs_node *node) {
  return &((const hrs_conv *)node->state)->window;
}

hrs_operator_family hrs_operators_conv = {
    {"Conv",
     1,
     21,
     2,
     3,
     1,
     1,
     HRS_OP_BATCHED,
     infer_conv,
     run_conv,
     {.depends = HRS_BY_WINDOW,
      .fold = HRS_FOLD_WEIGHTS,
      .weighs = true,
      .linear = HRS_LINEAR_IN_ALL,
      .channels = HRS_CHANNELS_SECOND,
      .window = window_of_conv,
      .attributes = "auto_pad dilations group kernel_shape pads strides"}},
    {0},
};
