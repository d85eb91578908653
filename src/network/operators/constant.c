/* Operators that make tensors from nothing but numbers: they are folded when a session is made. */
#include "common.h"

#include <math.h>
#include <string.h>

#include "network/weights.h"

/* ---- Constant ---- */

typedef struct constant {
  hrs_array array; /* `data` is owned by the attribute reader's array, or belongs to the file */
  bool owned;
} constant;

static hrs_status read_constant(const hrs_call *call, constant *out) {
  const hrs_node *node = call->node;
  *out = (constant){0};
  int n;
  const int64_t *ints;
  const float *floats;
  HRS_TRY(hrs_attr_tensor(node, "value", &out->array));
  out->owned = out->array.type != HRS_NONE;
  if (out->owned) return HRS_OK;
  HRS_NODE_REQUIRE(node->opset >= 12, call, UNSUPPORTED,
                   "attribute value is missing, or its elements are of a type that is not "
                   "supported");
  hrs_status status = HRS_OK;
  if (hrs_attr_has(node, "value_float")) {
    float value = hrs_attr_float(node, "value_float", 0);
    HRS_TRY(hrs_array_create(HRS_F32, 0, NULL, &out->array));
    memcpy(out->array.data, &value, sizeof value);
  } else if (hrs_attr_has(node, "value_int")) {
    int64_t value = hrs_attr_int(node, "value_int", 0);
    HRS_TRY(hrs_array_create(HRS_I64, 0, NULL, &out->array));
    memcpy(out->array.data, &value, sizeof value);
  } else if ((floats = hrs_attr_floats(node, "value_floats", &n)) || n >= 0) {
    hrs_count dim = n;
    HRS_TRY(hrs_array_create(HRS_F32, 1, &dim, &out->array));
    if (n > 0) memcpy(out->array.data, floats, sizeof *floats * (size_t)n);
  } else if ((ints = hrs_attr_ints(node, "value_ints", &n)) || n >= 0) {
    hrs_count dim = n;
    HRS_TRY(hrs_array_create(HRS_I64, 1, &dim, &out->array));
    if (n > 0) memcpy(out->array.data, ints, sizeof *ints * (size_t)n);
  } else {
    status = hrs_node_error(call, HRS_STATUS_UNSUPPORTED, __FILE__, __LINE__,
                            "only the attributes value, value_float(s) and value_int(s) are "
                            "supported");
  }
  out->owned = status == HRS_OK;
  return status;
}

static hrs_status infer_constant(hrs_call *call) {
  constant value;
  HRS_TRY(read_constant(call, &value));
  hrs_status status = hrs_call_output(call, 0, value.array.type, value.array.rank, value.array.dim);
  hrs_array_destroy(&value.array);
  return status;
}

static hrs_status run_constant(hrs_call *call) {
  constant value;
  HRS_TRY(read_constant(call, &value));
  size_t bytes = (size_t)hrs_array_count(&value.array) * hrs_dtype_size(value.array.type);
  if (bytes > 0) memcpy(call->out[0].data, value.array.data, bytes);
  hrs_array_destroy(&value.array);
  return HRS_OK;
}

/* ---- ConstantOfShape ---- */

static hrs_status fill_value(const hrs_call *call, hrs_array *value) {
  HRS_TRY(hrs_attr_tensor(call->node, "value", value));
  if (value->type == HRS_NONE) {
    HRS_TRY(hrs_array_create(HRS_F32, 0, NULL, value));
    memset(value->data, 0, sizeof(float));
  }
  if (hrs_array_count(value) == 1) return HRS_OK;
  hrs_array_destroy(value);
  HRS_NODE_FAIL(call, INPUT, "attribute value must hold one number");
}

static hrs_status infer_fill(hrs_call *call) {
  int64_t wanted[HRS_MAX_RANK];
  int rank;
  HRS_TRY(hrs_call_constant_ints(call, 0, HRS_MAX_RANK, wanted, &rank));
  for (int i = 0; i < rank; i++)
    HRS_NODE_REQUIRE(wanted[i] >= 0, call, INPUT, "the shape contains %lld", (long long)wanted[i]);
  hrs_array value;
  HRS_TRY(fill_value(call, &value));
  hrs_count dim[HRS_MAX_RANK];
  for (int i = 0; i < rank; i++)
    dim[i] = wanted[i];
  hrs_status status = hrs_call_output(call, 0, value.type, rank, dim);
  hrs_array_destroy(&value);
  return status;
}

static hrs_status run_fill(hrs_call *call) {
  hrs_array value;
  HRS_TRY(fill_value(call, &value));
  hrs_loop loop;
  hrs_loop_start(&loop, 2);
  hrs_loop_axis2(&loop, hrs_tensor_count(&call->out[0]), 1, 0);
  hrs_loop_copy(&loop, call->out[0].data, value.data, hrs_dtype_size(value.type));
  hrs_array_destroy(&value);
  return HRS_OK;
}

/* ---- Range ---- */

static hrs_status infer_range(hrs_call *call) {
  unsigned set = HRS_TYPES_REAL | HRS_TYPES_INDEX | HRS_TYPE_BIT(HRS_I16);
  double bound[3];
  for (int k = 0; k < 3; k++) {
    HRS_TRY(hrs_op_types(call, k, set));
    HRS_TRY(hrs_op_same_type(call, 0, k));
    HRS_TRY(hrs_op_scalar(call, k, &bound[k]));
    HRS_NODE_REQUIRE(isfinite(bound[k]), call, INPUT, "input %d is not a finite number", k);
  }
  HRS_NODE_REQUIRE(bound[2] != 0, call, INPUT, "a step of 0");
  double count = ceil((bound[1] - bound[0]) / bound[2]);
  HRS_NODE_REQUIRE(count < 0x1p31, call, INPUT, "a range of %g numbers", count);
  hrs_count dim = count > 0 ? (hrs_count)count : 0;
  return hrs_call_output(call, 0, call->in[0].type, 1, &dim);
}

#define TEMPLATE "constant_template.h"
#define TYPES NUMBER
#include "each_type.h"

static hrs_status run_range(hrs_call *call) {
  static void (*const kernels[HRS_DTYPE_LIMIT])(hrs_count, const void *, const void *,
                                                void *) = {HRS_NUMBERS(range)};
  kernels[call->in[0].type](hrs_tensor_count(&call->out[0]), call->in[0].data, call->in[2].data,
                            call->out[0].data);
  return HRS_OK;
}

/* ---- EyeLike ---- */

static hrs_status infer_eye(hrs_call *call) {
  HRS_TRY(hrs_op_types(call, 0, HRS_TYPES_ALL));
  HRS_TRY(hrs_op_rank(call, 0, 2, 2));
  hrs_dtype type = call->in[0].type;
  if (hrs_attr_has(call->node, "dtype")) {
    int64_t code = hrs_attr_int(call->node, "dtype", 0);
    type = code > 0 && code < 64 ? hrs_weights_dtype((int32_t)code) : HRS_NONE;
    HRS_NODE_REQUIRE(type != HRS_NONE, call, UNSUPPORTED, "attribute dtype is %lld",
                     (long long)code);
  }
  return hrs_call_output(call, 0, type, 2, call->in[0].dim);
}

static hrs_status run_eye(hrs_call *call) {
  hrs_tensor *out = &call->out[0];
  size_t size = hrs_dtype_size(out->type);
  hrs_count rows = out->dim[0], columns = out->dim[1];
  int64_t k = hrs_attr_int(call->node, "k", 0);
  memset(out->data, 0, (size_t)(rows * columns) * size);
  float one = 1;
  for (hrs_count i = 0; i < rows; i++) {
    if (k >= columns || k <= -rows || i + k < 0 || i + k >= columns) continue;
    HRS_TRY(hrs_convert(HRS_F32, &one, out->type,
                        (char *)out->data + (size_t)(i * columns + i + k) * size, 1));
  }
  return HRS_OK;
}

hrs_operator_family hrs_operators_constant = {
    {"Constant",
     1,
     21,
     0,
     0,
     1,
     1,
     0,
     infer_constant,
     run_constant,
     {.attributes = "sparse_value@11 value value_float@12 value_floats@12 value_int@12 "
                    "value_ints@12 value_string@12 value_strings@12"}},
    {"ConstantOfShape", 9, 21, 1, 1, 1, 1, 0, infer_fill, run_fill, {.attributes = "value"}},
    {"Range", 11, 21, 3, 3, 1, 1, 0, infer_range, run_range, {0}},
    {"EyeLike", 9, 21, 1, 1, 1, 1, HRS_OP_OF_SHAPE, infer_eye, run_eye, {.attributes = "dtype k"}},
    {0},
};
