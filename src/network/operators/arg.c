/*
 * ArgMax, ArgMin and TopK: positions along an axis. NaN counts as larger than everything for
 * ArgMax and TopK of the largest, as in NumPy.
 */
#include "common.h"

#include <string.h>

typedef struct lines {
  hrs_count outer, n, inner;
} lines;

typedef struct top_k {
  hrs_count k;
  int axis;
  bool largest;
} top_k;

#define TEMPLATE "arg_template.h"
#define TYPES NUMBER
#include "each_type.h"

static lines lines_of(const hrs_tensor *in, int axis) {
  return (lines){hrs_op_product(in->dim, 0, axis), in->dim[axis],
                 hrs_op_product(in->dim, axis + 1, in->rank)};
}

static hrs_status infer_arg(hrs_call *call) {
  const hrs_tensor *in = &call->in[0];
  HRS_TRY(hrs_op_types(call, 0, HRS_TYPES_NUMBER));
  int axis;
  HRS_TRY(hrs_call_axis(call, hrs_attr_int(call->node, "axis", 0), in->rank, "axis", &axis));
  HRS_NODE_REQUIRE(in->dim[axis] > 0, call, INPUT, "axis %d is empty", axis);
  hrs_count dim[HRS_MAX_RANK];
  int rank = 0;
  for (int i = 0; i < in->rank; i++) {
    if (i != axis) dim[rank++] = in->dim[i];
    if (i == axis && hrs_attr_int(call->node, "keepdims", 1)) dim[rank++] = 1;
  }
  return hrs_call_output(call, 0, HRS_I64, rank, dim);
}

static hrs_status run_arg(hrs_call *call, bool largest) {
  static void (*const kernels[HRS_DTYPE_LIMIT])(lines, bool, bool, const void *,
                                                int64_t *) = {HRS_NUMBERS(arg)};
  const hrs_tensor *in = &call->in[0];
  int axis;
  HRS_TRY(hrs_call_axis(call, hrs_attr_int(call->node, "axis", 0), in->rank, "axis", &axis));
  bool last = call->node->opset >= 12 && hrs_attr_int(call->node, "select_last_index", 0) != 0;
  for (hrs_count b = 0; b < call->batch; b++)
    kernels[in->type](lines_of(in, axis), largest, last, hrs_op_data(in, b),
                      hrs_op_data(&call->out[0], b));
  return HRS_OK;
}

static hrs_status run_arg_max(hrs_call *call) {
  return run_arg(call, true);
}

static hrs_status run_arg_min(hrs_call *call) {
  return run_arg(call, false);
}

/* ---- TopK ---- */

static hrs_status infer_top(hrs_call *call) {
  const hrs_tensor *in = &call->in[0];
  int opset = call->node->opset;
  HRS_TRY(hrs_op_types(call, 0, opset >= 11 ? HRS_TYPES_NUMBER : HRS_TYPES_REAL));
  top_k *state;
  HRS_TRY(hrs_calloc(1, sizeof *state, &state));
  call->node->state = state;
  int64_t k[1];
  int n = 1;
  if (opset < 10)
    k[0] = hrs_attr_int(call->node, "k", -1);
  else
    HRS_TRY(hrs_call_constant_ints(call, 1, 1, k, &n));
  HRS_TRY(
      hrs_call_axis(call, hrs_attr_int(call->node, "axis", -1), in->rank, "axis", &state->axis));
  hrs_count length = in->dim[state->axis];
  HRS_NODE_REQUIRE(n == 1 && k[0] >= 0 && k[0] <= length, call, INPUT,
                   "the first %lld of an axis of length %lld are asked for",
                   n == 1 ? (long long)k[0] : 0, (long long)length);
  state->k = k[0];
  state->largest = opset < 11 || hrs_attr_int(call->node, "largest", 1) != 0;
  hrs_count dim[HRS_MAX_RANK];
  memcpy(dim, in->dim, sizeof dim);
  dim[state->axis] = state->k;
  HRS_TRY(hrs_multiply(length, 2 * sizeof(int64_t), "workspace", &call->workspace_bytes));
  HRS_TRY(hrs_call_output(call, 0, in->type, in->rank, dim));
  return hrs_call_output(call, 1, HRS_I64, in->rank, dim);
}

static hrs_status run_top(hrs_call *call) {
  static void (*const kernels[HRS_DTYPE_LIMIT])(lines, const top_k *, const void *, void *,
                                                int64_t *, int64_t *) = {HRS_NUMBERS(top)};
  const hrs_tensor *in = &call->in[0];
  const top_k *state = call->node->state;
  bool values = call->out[0].type != HRS_NONE;
  bool where = call->n_out > 1 && call->out[1].type != HRS_NONE;
  for (hrs_count b = 0; b < call->batch; b++)
    kernels[in->type](lines_of(in, state->axis), state, hrs_op_data(in, b),
                      values ? hrs_op_data(&call->out[0], b) : NULL,
                      where ? hrs_op_data(&call->out[1], b) : NULL, call->workspace);
  return HRS_OK;
}

static bool line(const hrs_node *node, int rank, unsigned *out) {
  return hrs_op_axis_bit(node, 0, rank, out);
}

hrs_operator_family hrs_operators_arg = {
    {"ArgMax",
     1,
     21,
     1,
     1,
     1,
     1,
     HRS_OP_BATCHED,
     infer_arg,
     run_arg_max,
     {.depends = HRS_BY_REDUCTION,
      .fold = HRS_FOLD_WHICH,
      .axes = line,
      .attributes = "axis keepdims select_last_index@12"}},
    {"ArgMin",
     1,
     21,
     1,
     1,
     1,
     1,
     HRS_OP_BATCHED,
     infer_arg,
     run_arg_min,
     {.depends = HRS_BY_REDUCTION,
      .fold = HRS_FOLD_WHICH,
      .axes = line,
      .attributes = "axis keepdims select_last_index@12"}},
    {"TopK",
     1,
     9,
     1,
     1,
     1,
     2,
     HRS_OP_BATCHED,
     infer_top,
     run_top,
     {.fold = HRS_FOLD_WHICH, .attributes = "axis k-9 largest@11 sorted@11"}},
    {"TopK",
     10,
     21,
     2,
     2,
     1,
     2,
     HRS_OP_BATCHED,
     infer_top,
     run_top,
     {.fold = HRS_FOLD_WHICH, .attributes = "axis k-9 largest@11 sorted@11"}},
    {0},
};
