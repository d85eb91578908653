/*
 * NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss: losses that some exported graphs keep.
 * Classes are on axis 1; labels are checked where they are used.
 */
#include "common.h"

#include <string.h>
#include <tgmath.h>

enum { NONE, SUM, MEAN };

typedef struct loss {
  hrs_count items, classes, inner; /* of [items, classes, inner] */
  int reduction;
  bool ignores;
  int64_t ignored;
} loss;

static hrs_status infer_loss(hrs_call *call) {
  static const char *const reductions[] = {"none", "sum", "mean"};
  const hrs_tensor *in = &call->in[0], *label = &call->in[1];
  HRS_TRY(hrs_op_types(call, 0, HRS_TYPES_REAL));
  HRS_TRY(hrs_op_types(call, 1, HRS_TYPES_INDEX));
  HRS_TRY(hrs_op_rank(call, 0, 2, HRS_MAX_RANK));
  loss *state;
  HRS_TRY(hrs_calloc(1, sizeof *state, &state));
  call->node->state = state;
  HRS_TRY(hrs_op_choice(call, "reduction", "mean", reductions, 3, &state->reduction));
  state->ignores = hrs_attr_has(call->node, "ignore_index");
  state->ignored = hrs_attr_int(call->node, "ignore_index", 0);
  state->items = in->dim[0];
  state->classes = in->dim[1];
  state->inner = hrs_op_product(in->dim, 2, in->rank);
  bool fits = label->rank == in->rank - 1 && label->dim[0] == in->dim[0];
  for (int i = 1; fits && i < label->rank; i++)
    fits = label->dim[i] == in->dim[i + 1];
  char a[HRS_SHAPE_TEXT], b[HRS_SHAPE_TEXT];
  HRS_NODE_REQUIRE(fits, call, INPUT, "labels of shape %s do not fit scores of shape %s",
                   hrs_op_shape(call, 1, a), hrs_op_shape(call, 0, b));
  if (hrs_call_has(call, 2)) {
    HRS_TRY(hrs_op_same_type(call, 0, 2));
    HRS_NODE_REQUIRE(call->in[2].rank == 1 && call->in[2].dim[0] == state->classes, call, INPUT,
                     "weights of shape %s for %lld classes", hrs_op_shape(call, 2, a),
                     (long long)state->classes);
  }
  HRS_TRY(hrs_multiply(hrs_tensor_count(in), (hrs_count)hrs_dtype_size(in->type), "workspace",
                       &call->workspace_bytes));
  bool whole = state->reduction == NONE;
  HRS_TRY(hrs_call_output(call, 0, in->type, whole ? label->rank : 0, label->dim));
  return call->n_out > 1 ? hrs_call_output_like(call, 1, 0) : HRS_OK;
}

#define TEMPLATE "loss_template.h"
#define TYPES REAL
#include "each_type.h"

static hrs_status run_loss(hrs_call *call, bool softmax) {
  const loss *l = call->node->state;
  const hrs_tensor *in = &call->in[0], *label = &call->in[1];
  bool f32 = in->type == HRS_F32, probabilities = call->n_out > 1 && call->out[1].type != HRS_NONE;
  for (hrs_count b = 0; b < call->batch; b++) {
    const void *scores = hrs_op_data(in, b);
    const void *weight = hrs_call_has(call, 2) ? hrs_op_data(&call->in[2], b) : NULL;
    if (softmax) {
      void *logs = probabilities ? hrs_op_data(&call->out[1], b) : call->workspace;
      (f32 ? log_softmax_F32 : log_softmax_F64)(l, scores, logs);
      scores = logs;
    }
    int64_t bad = 0;
    bool valid = (f32 ? likelihood_F32 : likelihood_F64)(
        l, scores, label->type, hrs_op_data(label, b), weight, hrs_op_data(&call->out[0], b), &bad);
    HRS_NODE_REQUIRE(valid, call, INPUT, "label %lld is none of %lld classes", (long long)bad,
                     (long long)l->classes);
  }
  return HRS_OK;
}

static hrs_status run_likelihood(hrs_call *call) {
  return run_loss(call, false);
}

static hrs_status run_cross_entropy(hrs_call *call) {
  return run_loss(call, true);
}

hrs_operator_family hrs_operators_loss = {
    {"NegativeLogLikelihoodLoss",
     12,
     21,
     2,
     3,
     1,
     1,
     HRS_OP_BATCHED,
     infer_loss,
     run_likelihood,
     {.attributes = "ignore_index reduction"}},
    {"SoftmaxCrossEntropyLoss",
     12,
     21,
     2,
     3,
     1,
     2,
     HRS_OP_BATCHED,
     infer_loss,
     run_cross_entropy,
     {.attributes = "ignore_index reduction"}},
    {0},
};
