/*
 * Operators that only give a tensor another shape (its bytes stay where they are), and those that
 * read shapes.
 */
#include "common.h"

#include <string.h>

static hrs_status check_count(const hrs_call *call, int rank, const hrs_count *dim) {
  hrs_count count = 1;
  for (int i = 0; i < rank; i++)
    HRS_TRY(hrs_multiply(count, dim[i], "elements", &count));
  char from[HRS_SHAPE_TEXT], to[HRS_SHAPE_TEXT];
  HRS_NODE_REQUIRE(count == hrs_tensor_count(&call->in[0]), call, INPUT,
                   "cannot give the shape %s to a tensor of shape %s",
                   hrs_shape_text(rank, dim, to, sizeof to), hrs_op_shape(call, 0, from));
  return HRS_OK;
}

static hrs_status infer_reshape(hrs_call *call) {
  const hrs_tensor *in = &call->in[0];
  int64_t wanted[HRS_MAX_RANK];
  int n;
  HRS_TRY(hrs_op_types(call, 0, HRS_TYPES_ALL));
  HRS_TRY(hrs_call_constant_ints(call, 1, HRS_MAX_RANK, wanted, &n));
  bool allow_zero = call->node->opset >= 14 && hrs_attr_int(call->node, "allowzero", 0) != 0;
  hrs_count dim[HRS_MAX_RANK], known = 1;
  int open = -1;
  for (int i = 0; i < n; i++) {
    if (wanted[i] == -1) {
      HRS_NODE_REQUIRE(open < 0, call, INPUT, "the new shape has more than one -1");
      open = i;
      dim[i] = 1;
      continue;
    }
    HRS_NODE_REQUIRE(wanted[i] >= 0, call, INPUT, "the new shape contains %lld",
                     (long long)wanted[i]);
    dim[i] = wanted[i];
    if (wanted[i] == 0 && !allow_zero) {
      HRS_NODE_REQUIRE(i < in->rank, call, INPUT,
                       "the new shape copies axis %d of an input with %d axes", i, in->rank);
      dim[i] = in->dim[i];
    }
    HRS_TRY(hrs_multiply(known, dim[i], "elements", &known));
  }
  if (open >= 0) {
    hrs_count count = hrs_tensor_count(in);
    char text[HRS_SHAPE_TEXT];
    HRS_NODE_REQUIRE(known > 0 ? count % known == 0 : count == 0, call, INPUT,
                     "the shape %s cannot be divided to fill the -1 of the new shape",
                     hrs_op_shape(call, 0, text));
    dim[open] = known > 0 ? count / known : 0;
  }
  HRS_TRY(check_count(call, n, dim));
  return hrs_call_output(call, 0, in->type, n, dim);
}

static hrs_status infer_flatten(hrs_call *call) {
  const hrs_tensor *in = &call->in[0];
  HRS_TRY(hrs_op_types(call, 0, HRS_TYPES_ALL));
  int64_t wanted = hrs_attr_int(call->node, "axis", 1);
  int axis = in->rank;
  if (wanted != in->rank) HRS_TRY(hrs_call_axis(call, wanted, in->rank, "axis", &axis));
  hrs_count dim[2] = {hrs_op_product(in->dim, 0, axis), hrs_op_product(in->dim, axis, in->rank)};
  return hrs_call_output(call, 0, in->type, 2, dim);
}

static hrs_status infer_squeeze(hrs_call *call) {
  const hrs_tensor *in = &call->in[0];
  HRS_TRY(hrs_op_types(call, 0, HRS_TYPES_ALL));
  int64_t axes[HRS_MAX_RANK + 1];
  int n, rank = 0;
  unsigned set = 0;
  HRS_TRY(hrs_op_axes_list(call, "axes", 13, 1, axes, &n));
  if (n >= 0) HRS_TRY(hrs_op_axes(call, n, axes, in->rank, &set));
  hrs_count dim[HRS_MAX_RANK];
  for (int i = 0; i < in->rank; i++) {
    bool chosen = n < 0 ? in->dim[i] == 1 : set >> i & 1;
    HRS_NODE_REQUIRE(!chosen || in->dim[i] == 1, call, INPUT,
                     "axis %d has length %lld and cannot be squeezed", i, (long long)in->dim[i]);
    if (!chosen) dim[rank++] = in->dim[i];
  }
  return hrs_call_output(call, 0, in->type, rank, dim);
}

static hrs_status infer_unsqueeze(hrs_call *call) {
  const hrs_tensor *in = &call->in[0];
  HRS_TRY(hrs_op_types(call, 0, HRS_TYPES_ALL));
  int64_t axes[HRS_MAX_RANK + 1];
  int n;
  unsigned set;
  HRS_TRY(hrs_op_axes_list(call, "axes", 13, 1, axes, &n));
  HRS_NODE_REQUIRE(n >= 0, call, INPUT, "axes are missing");
  HRS_NODE_REQUIRE(in->rank + n <= HRS_MAX_RANK, call, UNSUPPORTED,
                   "the result has %d axes; at most %d are supported", in->rank + n, HRS_MAX_RANK);
  HRS_TRY(hrs_op_axes(call, n, axes, in->rank + n, &set));
  hrs_count dim[HRS_MAX_RANK];
  for (int i = 0, from = 0; i < in->rank + n; i++)
    dim[i] = set >> i & 1 ? 1 : in->dim[from++];
  return hrs_call_output(call, 0, in->type, in->rank + n, dim);
}

static hrs_status infer_identity(hrs_call *call) {
  HRS_TRY(hrs_op_types(call, 0, HRS_TYPES_ALL));
  return hrs_call_output_like(call, 0, 0);
}

/* ---- Dropout: nothing, out of training ---- */

static hrs_status infer_dropout(hrs_call *call) {
  HRS_TRY(hrs_op_types(call, 0, HRS_TYPES_REAL | HRS_TYPE_BIT(HRS_F16)));
  if (hrs_call_has(call, 2)) {
    const hrs_tensor *mode = &call->in[2];
    HRS_TRY(hrs_op_types(call, 2, HRS_TYPES_BOOL));
    HRS_NODE_REQUIRE(mode->data && hrs_tensor_count(mode) == 1, call, UNSUPPORTED,
                     "training_mode must be a constant");
    bool drops = *(const unsigned char *)mode->data != 0;
    if (drops && hrs_call_has(call, 1)) {
      double ratio;
      HRS_TRY(hrs_op_scalar(call, 1, &ratio));
      drops = ratio != 0;
    }
    HRS_NODE_REQUIRE(!drops, call, UNSUPPORTED,
                     "training_mode drops at random; export the network in evaluation mode "
                     "(PyTorch: model.eval())");
  }
  if (call->n_out > 1)
    HRS_TRY(hrs_call_output(call, 1, call->node->opset >= 10 ? HRS_BOOL : call->in[0].type,
                            call->in[0].rank, call->in[0].dim));
  return hrs_call_output_like(call, 0, 0);
}

static hrs_status run_dropout(hrs_call *call) {
  HRS_TRY(hrs_op_run_copy(call));
  if (call->n_out < 2 || call->out[1].type == HRS_NONE) return HRS_OK;
  const hrs_tensor *mask = &call->out[1];
  hrs_count count = hrs_tensor_count(mask);
  unsigned char *ones;
  HRS_TRY(hrs_alloc(count, 1, &ones));
  /* Before operator set 12, nobody said what the mask is out of training: ONNX Runtime has zeros.
   */
  memset(ones, call->node->opset >= 12, (size_t)count);
  hrs_status status = HRS_OK;
  for (hrs_count b = 0; b < call->batch && status == HRS_OK; b++)
    status = hrs_convert(HRS_BOOL, ones, mask->type, hrs_op_data(mask, b), count);
  hrs_free(ones);
  return status;
}

/* ---- Shape and Size ---- */

typedef struct span {
  int from, to;
} span;

static hrs_count clamp(int64_t value, int rank) {
  if (value < 0) value += rank;
  return value < 0 ? 0 : value > rank ? rank : value;
}

static span shape_span(const hrs_call *call) {
  int rank = call->in[0].rank;
  if (call->node->opset < 15) return (span){0, rank};
  span s = {(int)clamp(hrs_attr_int(call->node, "start", 0), rank),
            (int)clamp(hrs_attr_int(call->node, "end", rank), rank)};
  if (s.to < s.from) s.to = s.from;
  return s;
}

static hrs_status infer_shape(hrs_call *call) {
  HRS_TRY(hrs_op_types(call, 0, HRS_TYPES_ALL));
  span s = shape_span(call);
  hrs_count count = s.to - s.from;
  return hrs_call_output(call, 0, HRS_I64, 1, &count);
}

static hrs_status run_shape(hrs_call *call) {
  span s = shape_span(call);
  int64_t *out = call->out[0].data;
  for (int i = s.from; i < s.to; i++)
    out[i - s.from] = call->in[0].dim[i];
  return HRS_OK;
}

static hrs_status infer_size(hrs_call *call) {
  HRS_TRY(hrs_op_types(call, 0, HRS_TYPES_ALL));
  return hrs_call_output(call, 0, HRS_I64, 0, NULL);
}

static hrs_status run_size(hrs_call *call) {
  *(int64_t *)call->out[0].data = hrs_tensor_count(&call->in[0]);
  return HRS_OK;
}

#define VIEW .depends = HRS_BY_MOVE, .linear = 1
#define SAME .depends = HRS_BY_ELEMENT, .same = true

hrs_operator_family hrs_operators_shape = {
    {"Reshape",
     5,
     21,
     2,
     2,
     1,
     1,
     HRS_OP_VIEW,
     infer_reshape,
     NULL,
     {VIEW, .attributes = "allowzero@14"}},
    {"Flatten", 1, 21, 1, 1, 1, 1, HRS_OP_VIEW, infer_flatten, NULL, {VIEW, .attributes = "axis"}},
    {"Squeeze",
     1,
     12,
     1,
     1,
     1,
     1,
     HRS_OP_VIEW,
     infer_squeeze,
     NULL,
     {VIEW, .attributes = "axes-12"}},
    {"Squeeze",
     13,
     21,
     1,
     2,
     1,
     1,
     HRS_OP_VIEW,
     infer_squeeze,
     NULL,
     {VIEW, .attributes = "axes-12"}},
    {"Unsqueeze",
     1,
     12,
     1,
     1,
     1,
     1,
     HRS_OP_VIEW,
     infer_unsqueeze,
     NULL,
     {VIEW, .attributes = "axes-12"}},
    {"Unsqueeze",
     13,
     21,
     2,
     2,
     1,
     1,
     HRS_OP_VIEW,
     infer_unsqueeze,
     NULL,
     {VIEW, .attributes = "axes-12"}},
    {"Identity", 1, 21, 1, 1, 1, 1, HRS_OP_VIEW, infer_identity, NULL, {SAME, .linear = 1}},
    {"Dropout",
     7,
     11,
     1,
     1,
     1,
     2,
     HRS_OP_BATCHED | HRS_OP_IN_PLACE,
     infer_dropout,
     run_dropout,
     {SAME, .linear = 1, .attributes = "ratio-11 seed@12"}},
    {"Dropout",
     12,
     21,
     1,
     3,
     1,
     2,
     HRS_OP_BATCHED | HRS_OP_IN_PLACE,
     infer_dropout,
     run_dropout,
     {SAME, .linear = 1, .attributes = "ratio-11 seed@12"}},
    {"Shape",
     1,
     21,
     1,
     1,
     1,
     1,
     HRS_OP_OF_SHAPE,
     infer_shape,
     run_shape,
     {.attributes = "end@15 start@15"}},
    {"Size", 1, 21, 1, 1, 1, 1, HRS_OP_OF_SHAPE, infer_size, run_size, {0}},
    {0},
};
