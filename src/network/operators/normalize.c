/*
 * Normalisations. Means and variances are taken in two passes with sixteen partial sums each, which
 * is vector code and loses nothing to cancellation.
 */
#include "common.h"
#include "rows.h"

#include <string.h>
#include <tgmath.h>

typedef struct layer {
  int axes; /* normalised ones, the last of the shape */
  hrs_count rows, inner;
} layer;

#define TEMPLATE "normalize_template.h"
#define TYPES REAL
#include "each_type.h"

static hrs_status check_channel_vector(const hrs_call *call, int index, hrs_count count) {
  const hrs_tensor *in = &call->in[index];
  HRS_TRY(hrs_op_types(call, index, HRS_TYPES_REAL));
  HRS_TRY(hrs_op_same_type(call, 0, index));
  char text[HRS_SHAPE_TEXT];
  HRS_NODE_REQUIRE(hrs_tensor_count(in) == count && in->rank >= 1 && in->dim[0] == count, call,
                   INPUT, "input %d has shape %s, expected [%lld]", index,
                   hrs_op_shape(call, index, text), (long long)count);
  return HRS_OK;
}

/* ---- BatchNormalization, with the statistics of the training ---- */

/* Before operator set 9: statistics for every element of an image instead of every channel. */
static bool per_element(const hrs_call *call) {
  return call->node->opset < 9 && hrs_attr_int(call->node, "spatial", 1) == 0;
}

static hrs_status check_element_statistics(const hrs_call *call, int index) {
  const hrs_tensor *x = &call->in[0], *in = &call->in[index];
  HRS_TRY(hrs_op_types(call, index, HRS_TYPES_REAL));
  HRS_TRY(hrs_op_same_type(call, 0, index));
  char text[HRS_SHAPE_TEXT], other[HRS_SHAPE_TEXT];
  bool fits = x->rank > 1 && in->rank == x->rank - 1;
  for (int i = 0; fits && i < in->rank; i++)
    fits = in->dim[i] == x->dim[i + 1];
  HRS_NODE_REQUIRE(fits, call, INPUT,
                   "input %d has shape %s, but spatial = 0 wants that of input 0, %s, without its "
                   "first axis",
                   index, hrs_op_shape(call, index, text), hrs_op_shape(call, 0, other));
  return HRS_OK;
}

static hrs_status infer_batch(hrs_call *call) {
  HRS_TRY(hrs_op_types(call, 0, HRS_TYPES_REAL));
  HRS_TRY(hrs_op_rank(call, 0, 1, HRS_MAX_RANK));
  HRS_NODE_REQUIRE(hrs_attr_int(call->node, "training_mode", 0) == 0, call, UNSUPPORTED,
                   "training_mode = 1 makes outputs depend on the batch; export the network in "
                   "evaluation mode (PyTorch: model.eval())");
  for (int i = 1; i < call->n_out; i++)
    HRS_NODE_REQUIRE(call->out[i].type == HRS_NONE, call, UNSUPPORTED,
                     "output %d is a training output; export the network in evaluation mode "
                     "(PyTorch: model.eval())",
                     i);
  const hrs_tensor *x = &call->in[0];
  for (int i = 1; i <= 4; i++)
    HRS_TRY(per_element(call) ? check_element_statistics(call, i)
                              : check_channel_vector(call, i, x->rank > 1 ? x->dim[1] : 1));
  HRS_TRY(hrs_multiply(hrs_tensor_count(&call->in[1]), (hrs_count)hrs_dtype_size(x->type),
                       "workspace", &call->workspace_bytes));
  return hrs_call_output_like(call, 0, 0);
}

static hrs_status run_batch(hrs_call *call) {
  const hrs_tensor *in = call->in;
  hrs_count images = in[0].rank > 0 ? in[0].dim[0] : 1;
  hrs_count channels = in[0].rank > 1 ? in[0].dim[1] : 1;
  hrs_count pixels = hrs_op_product(in[0].dim, 2, in[0].rank);
  if (per_element(call)) {
    channels *= pixels;
    pixels = 1;
  }
  float epsilon = hrs_attr_float(call->node, "epsilon", 1e-5f);
  void *factor = call->workspace;
  for (hrs_count b = 0; b < call->batch; b++) {
    const void *x = hrs_op_data(&in[0], b), *scale = hrs_op_data(&in[1], b);
    const void *bias = hrs_op_data(&in[2], b), *mean = hrs_op_data(&in[3], b);
    const void *variance = hrs_op_data(&in[4], b);
    void *y = hrs_op_data(&call->out[0], b);
    bool fresh = b == 0 || in[1].step != 0 || in[4].step != 0;
    if (in[0].type == HRS_F32) {
      if (fresh) factors_F32(channels, epsilon, scale, variance, factor);
      batch_F32(images, channels, pixels, x, mean, factor, bias, y);
    } else {
      if (fresh) factors_F64(channels, (double)epsilon, scale, variance, factor);
      batch_F64(images, channels, pixels, x, mean, factor, bias, y);
    }
  }
  return HRS_OK;
}

/* ---- InstanceNormalization and GroupNormalization ---- */

static hrs_status infer_instance(hrs_call *call) {
  HRS_TRY(hrs_op_types(call, 0, HRS_TYPES_REAL));
  HRS_TRY(hrs_op_rank(call, 0, 2, HRS_MAX_RANK));
  HRS_TRY(check_channel_vector(call, 1, call->in[0].dim[1]));
  HRS_TRY(check_channel_vector(call, 2, call->in[0].dim[1]));
  return hrs_call_output_like(call, 0, 0);
}

/* Groups of channels with a mean and variance each; scale and bias per channel, or per group. */
static hrs_status infer_group(hrs_call *call) {
  HRS_TRY(hrs_op_types(call, 0, HRS_TYPES_REAL));
  HRS_TRY(hrs_op_rank(call, 0, 2, HRS_MAX_RANK));
  hrs_count channels = call->in[0].dim[1];
  int64_t groups = hrs_attr_int(call->node, "num_groups", 0);
  HRS_NODE_REQUIRE(groups >= 1 && channels % groups == 0, call, INPUT,
                   "attribute num_groups is %lld, with %lld channels", (long long)groups,
                   (long long)channels);
  hrs_count count = call->node->opset >= 21 ? channels : groups;
  HRS_TRY(check_channel_vector(call, 1, count));
  HRS_TRY(check_channel_vector(call, 2, count));
  return hrs_call_output_like(call, 0, 0);
}

static hrs_status run_groups(hrs_call *call, hrs_count groups, bool per_channel) {
  const hrs_tensor *in = call->in;
  hrs_count channels = in[0].dim[1] / groups, pixels = hrs_op_product(in[0].dim, 2, in[0].rank);
  float epsilon = hrs_attr_float(call->node, "epsilon", 1e-5f);
  if (hrs_tensor_count(&in[0]) == 0) return HRS_OK;
  for (hrs_count b = 0; b < call->batch; b++) {
    const void *x = hrs_op_data(&in[0], b), *scale = hrs_op_data(&in[1], b);
    const void *bias = hrs_op_data(&in[2], b);
    void *y = hrs_op_data(&call->out[0], b);
    if (in[0].type == HRS_F32)
      group_F32(in[0].dim[0], groups, channels, pixels, per_channel, epsilon, x, scale, bias, y);
    else
      group_F64(in[0].dim[0], groups, channels, pixels, per_channel, (double)epsilon, x, scale,
                bias, y);
  }
  return HRS_OK;
}

static hrs_status run_instance(hrs_call *call) {
  hrs_count channels = call->in[0].dim[1];
  return channels == 0 ? HRS_OK : run_groups(call, channels, true);
}

static hrs_status run_group(hrs_call *call) {
  return run_groups(call, hrs_attr_int(call->node, "num_groups", 1), call->node->opset >= 21);
}

/* ---- LayerNormalization ---- */

static bool rows_of_layer(const hrs_node *node, int rank, unsigned *out) {
  *out = hrs_op_axes_from(rank - ((const layer *)node->state)->axes, rank);
  return true;
}

static hrs_status infer_layer(hrs_call *call) {
  HRS_TRY(hrs_op_types(call, 0, HRS_TYPES_REAL));
  const hrs_tensor *x = &call->in[0];
  int axis;
  HRS_TRY(hrs_call_axis(call, hrs_attr_int(call->node, "axis", -1), x->rank, "axis", &axis));
  layer *state;
  HRS_TRY(hrs_calloc(1, sizeof *state, &state));
  call->node->state = state;
  state->axes = x->rank - axis;
  state->rows = hrs_op_product(x->dim, 0, axis);
  state->inner = hrs_op_product(x->dim, axis, x->rank);
  for (int k = 1; k <= 2; k++) {
    if (k == 2 && !hrs_call_has(call, k)) continue;
    const hrs_tensor *in = &call->in[k];
    HRS_TRY(hrs_op_types(call, k, HRS_TYPES_REAL));
    HRS_TRY(hrs_op_same_type(call, 0, k));
    char text[HRS_SHAPE_TEXT], other[HRS_SHAPE_TEXT];
    HRS_NODE_REQUIRE(hrs_op_broadcasts_to(in->rank, in->dim, x->rank - axis, x->dim + axis), call,
                     INPUT,
                     "input %d has shape %s, which does not broadcast to the normalised axes of %s",
                     k, hrs_op_shape(call, k, text), hrs_op_shape(call, 0, other));
  }
  hrs_count dim[HRS_MAX_RANK];
  for (int i = 0; i < x->rank; i++)
    dim[i] = i < axis ? x->dim[i] : 1;
  for (int k = 1; k < call->n_out; k++)
    HRS_TRY(hrs_call_output(call, k, HRS_F32, x->rank, dim));
  hrs_count size = (hrs_count)hrs_dtype_size(x->type);
  HRS_TRY(hrs_multiply(state->inner, 2 * size, "workspace", &call->workspace_bytes));
  return hrs_call_output_like(call, 0, 0);
}

void hrs_layer_normalize_f32(hrs_count rows, hrs_count n, float epsilon, const float *x,
                             const float *scale, const float *bias, float *y) {
  const layer state = {.rows = rows, .inner = n};
  layer_F32(&state, epsilon, x, scale, bias, y, NULL, NULL);
}

/* Scale or bias of an instance, with one number per normalised element. */
static const void *expand_vector(const hrs_call *call, const layer *state, int index, hrs_count b) {
  const hrs_tensor *in = &call->in[index], *x = &call->in[0];
  const void *data = hrs_op_data(in, b);
  if (hrs_tensor_count(in) == state->inner) return data;
  hrs_count size = (hrs_count)hrs_dtype_size(x->type), stride[HRS_MAX_RANK], own[HRS_MAX_RANK];
  const hrs_count *dim = x->dim + x->rank - state->axes;
  hrs_strides(state->axes, dim, stride);
  hrs_broadcast_strides(in, state->axes, dim, own);
  hrs_loop loop;
  hrs_loop_start(&loop, 2);
  for (int i = 0; i < state->axes; i++)
    hrs_loop_axis2(&loop, dim[i], stride[i], own[i]);
  void *to = (char *)call->workspace + (index - 1) * state->inner * size;
  hrs_loop_copy(&loop, to, data, (size_t)size);
  return to;
}

static hrs_status run_layer(hrs_call *call) {
  const layer *state = call->node->state;
  float epsilon = hrs_attr_float(call->node, "epsilon", 1e-5f);
  if (state->rows * state->inner == 0) return HRS_OK;
  for (hrs_count b = 0; b < call->batch; b++) {
    const void *x = hrs_op_data(&call->in[0], b), *scale = expand_vector(call, state, 1, b);
    const void *bias = hrs_call_has(call, 2) ? expand_vector(call, state, 2, b) : NULL;
    void *y = hrs_op_data(&call->out[0], b);
    float *extra[2] = {NULL, NULL};
    for (int k = 1; k < call->n_out; k++)
      if (call->out[k].type != HRS_NONE && call->out[k].data)
        extra[k - 1] = hrs_op_data(&call->out[k], b);
    if (call->in[0].type == HRS_F32)
      layer_F32(state, epsilon, x, scale, bias, y, extra[0], extra[1]);
    else
      layer_F64(state, (double)epsilon, x, scale, bias, y, extra[0], extra[1]);
  }
  return HRS_OK;
}

/* ---- LRN: local response normalisation over channels ---- */

static bool rows_of_lrn(const hrs_node *node, int rank, unsigned *out) {
  (void)node;
  *out = 1u << 1;
  return rank >= 2;
}

static hrs_status infer_lrn(hrs_call *call) {
  HRS_TRY(hrs_op_types(call, 0, HRS_TYPES_REAL));
  HRS_TRY(hrs_op_rank(call, 0, 2, HRS_MAX_RANK));
  int64_t size = hrs_attr_int(call->node, "size", 0);
  HRS_NODE_REQUIRE(size >= 1, call, INPUT, "attribute size is %lld", (long long)size);
  return hrs_call_output_like(call, 0, 0);
}

static hrs_status run_lrn(hrs_call *call) {
  const hrs_tensor *in = &call->in[0];
  hrs_count channels = in->dim[1], pixels = hrs_op_product(in->dim, 2, in->rank);
  int64_t size = hrs_attr_int(call->node, "size", 1);
  float alpha = hrs_attr_float(call->node, "alpha", 1e-4f);
  float beta = hrs_attr_float(call->node, "beta", 0.75f);
  float bias = hrs_attr_float(call->node, "bias", 1);
  for (hrs_count b = 0; b < call->batch; b++) {
    for (hrs_count i = 0; i < in->dim[0]; i++) {
      hrs_count at = i * channels * pixels;
      if (in->type == HRS_F32)
        lrn_F32(channels, pixels, size, alpha, beta, bias, (const float *)hrs_op_data(in, b) + at,
                (float *)hrs_op_data(&call->out[0], b) + at);
      else
        lrn_F64(channels, pixels, size, (double)alpha, (double)beta, (double)bias,
                (const double *)hrs_op_data(in, b) + at,
                (double *)hrs_op_data(&call->out[0], b) + at);
    }
  }
  return HRS_OK;
}

/* ---- LpNormalization: divide by the norm along an axis ---- */

static bool rows_of_lp(const hrs_node *node, int rank, unsigned *out) {
  return hrs_op_axis_bit(node, -1, rank, out);
}

static hrs_status infer_lp(hrs_call *call) {
  HRS_TRY(hrs_op_types(call, 0, HRS_TYPES_REAL));
  int axis;
  HRS_TRY(
      hrs_call_axis(call, hrs_attr_int(call->node, "axis", -1), call->in[0].rank, "axis", &axis));
  int64_t p = hrs_attr_int(call->node, "p", 2);
  HRS_NODE_REQUIRE(p == 1 || p == 2, call, INPUT, "attribute p is %lld, expected 1 or 2",
                   (long long)p);
  return hrs_call_output_like(call, 0, 0);
}

static hrs_status run_lp(hrs_call *call) {
  const hrs_tensor *in = &call->in[0];
  int axis;
  HRS_TRY(hrs_call_axis(call, hrs_attr_int(call->node, "axis", -1), in->rank, "axis", &axis));
  hrs_count outer = hrs_op_product(in->dim, 0, axis), n = in->dim[axis];
  hrs_count inner = hrs_op_product(in->dim, axis + 1, in->rank);
  int64_t p = hrs_attr_int(call->node, "p", 2);
  for (hrs_count b = 0; b < call->batch; b++) {
    if (in->type == HRS_F32)
      lp_F32(outer, n, inner, p, hrs_op_data(in, b), hrs_op_data(&call->out[0], b));
    else
      lp_F64(outer, n, inner, p, hrs_op_data(in, b), hrs_op_data(&call->out[0], b));
  }
  return HRS_OK;
}

#define ROW(name, since, least, most, outputs, verb, ...)                                          \
  {                                                                                                \
    name, since, 21, least, most, 1, outputs, HRS_OP_BATCHED, infer_##verb, run_##verb, {          \
      __VA_ARGS__                                                                                  \
    }                                                                                              \
  }

hrs_operator_family hrs_operators_normalize = {
    ROW("BatchNormalization", 7, 5, 5, 5, batch, .depends = HRS_BY_CHANNEL,
        .linear = 1 << 0 | 1 << 1 | 1 << 2, .channels = HRS_CHANNELS_SECOND,
        .attributes = "epsilon momentum spatial-8 training_mode@14"),
    ROW("InstanceNormalization", 6, 3, 3, 1, instance, .channels = HRS_CHANNELS_SECOND,
        .attributes = "epsilon"),
    ROW("GroupNormalization", 18, 3, 3, 1, group, .channels = HRS_CHANNELS_SECOND,
        .attributes = "epsilon num_groups stash_type@21"),
    ROW("LayerNormalization", 17, 2, 3, 3, layer, .depends = HRS_BY_ROW, .axes = rows_of_layer,
        .attributes = "axis epsilon stash_type"),
    ROW("LRN", 1, 1, 1, 1, lrn, .depends = HRS_BY_ROW, .channels = HRS_CHANNELS_SECOND,
        .axes = rows_of_lrn, .attributes = "alpha beta bias size"),
    ROW("LpNormalization", 1, 1, 1, 1, lp, .depends = HRS_BY_ROW, .axes = rows_of_lp,
        .attributes = "axis p"),
    {0},
};
