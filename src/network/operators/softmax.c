/*
 * Softmax, LogSoftmax and Hardmax. Before operator set 13 the axes from `axis` (default 1) on are
 * one long row; from 13 on it is the axis itself (default -1).
 */
#include "common.h"
#include "vector_math.h"

#include <tgmath.h>

typedef struct softmax {
  hrs_count outer, n, inner;
} softmax;

static int64_t axis_attribute(const hrs_node *node) {
  return hrs_attr_int(node, "axis", node->opset < 13 ? 1 : -1);
}

/* Axes [*from, *to) are one row. False where the attribute does not fit the rank. */
static bool read_axes(const hrs_node *node, int rank, int *from, int *to) {
  bool joined = node->opset < 13;
  int64_t axis = axis_attribute(node);
  if (axis < -rank || axis > rank || (axis == rank && !joined)) return false;
  *from = (int)(axis < 0 ? axis + rank : axis);
  *to = joined ? rank : *from + 1;
  return true;
}

static bool rows(const hrs_node *node, int rank, unsigned *out) {
  int from, to;
  if (!read_axes(node, rank, &from, &to)) return false;
  *out = hrs_op_axes_from(from, rank) & ~hrs_op_axes_from(to, rank);
  return true;
}

static hrs_status infer_softmax(hrs_call *call) {
  HRS_TRY(hrs_op_types(call, 0, HRS_TYPES_REAL));
  const hrs_tensor *in = &call->in[0];
  int from, to;
  HRS_NODE_REQUIRE(read_axes(call->node, in->rank, &from, &to), call, INPUT,
                   "axis is %lld, but the tensor has %d dimensions",
                   (long long)axis_attribute(call->node), in->rank);
  softmax *state;
  HRS_TRY(hrs_calloc(1, sizeof *state, &state));
  call->node->state = state;
  state->outer = hrs_op_product(in->dim, 0, from);
  state->n = hrs_op_product(in->dim, from, to);
  state->inner = hrs_op_product(in->dim, to, in->rank);
  return hrs_call_output_like(call, 0, 0);
}

enum { SOFTMAX_ROW, LOG_SOFTMAX, HARDMAX };
enum { CHUNK = 1024 }; /* elements that stay in the first cache */

#define TEMPLATE "softmax_template.h"
#define TYPES REAL
#include "each_type.h"

static hrs_status run(hrs_call *call, int kind) {
  const softmax *state = call->node->state;
  if (state->outer * state->n * state->inner == 0) return HRS_OK;
  for (hrs_count b = 0; b < call->batch; b++) {
    const void *x = hrs_op_data(&call->in[0], b);
    void *y = hrs_op_data(&call->out[0], b);
    if (call->in[0].type == HRS_F32)
      run_F32(state, state->outer, kind, x, y);
    else
      run_F64(state, state->outer, kind, x, y);
  }
  return HRS_OK;
}

static hrs_status run_softmax(hrs_call *call) {
  return run(call, SOFTMAX_ROW);
}

static hrs_status run_log_softmax(hrs_call *call) {
  return run(call, LOG_SOFTMAX);
}

static hrs_status run_hardmax(hrs_call *call) {
  return run(call, HARDMAX);
}

#define ROWS .depends = HRS_BY_ROW, .axes = rows

hrs_operator_family hrs_operators_softmax = {
    {"Softmax",
     1,
     21,
     1,
     1,
     1,
     1,
     HRS_OP_BATCHED,
     infer_softmax,
     run_softmax,
     {ROWS, .scores = HRS_SCORES_PROBABILITIES, .attributes = "axis"}},
    {"LogSoftmax",
     1,
     21,
     1,
     1,
     1,
     1,
     HRS_OP_BATCHED,
     infer_softmax,
     run_log_softmax,
     {ROWS, .scores = HRS_SCORES_LOG_PROBABILITIES, .attributes = "axis"}},
    {"Hardmax",
     1,
     21,
     1,
     1,
     1,
     1,
     HRS_OP_BATCHED,
     infer_softmax,
     run_hardmax,
     {ROWS, .attributes = "axis"}},
    {0},
};
