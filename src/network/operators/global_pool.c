/*
 * Global pools: one number per plane. A maximum passes NaN over, as in MaxPool.
 */
#include "common.h"

#include <tgmath.h>

enum { MAX, AVERAGE, LP };

#define TEMPLATE "global_pool_template.h"
#define TYPES REAL
#include "each_type.h"

static hrs_status infer_global(hrs_call *call) {
  HRS_TRY(hrs_op_types(call, 0, HRS_TYPES_REAL));
  HRS_TRY(hrs_op_rank(call, 0, 2, HRS_MAX_RANK));
  int64_t p = hrs_attr_int(call->node, "p", 2);
  HRS_NODE_REQUIRE(p >= 1 && p <= 1000, call, INPUT, "attribute p is %lld", (long long)p);
  hrs_count dim[HRS_MAX_RANK];
  for (int i = 0; i < call->in[0].rank; i++)
    dim[i] = i < 2 ? call->in[0].dim[i] : 1;
  return hrs_call_output(call, 0, call->in[0].type, call->in[0].rank, dim);
}

static hrs_status run_global(hrs_call *call, int kind) {
  const hrs_tensor *in = &call->in[0];
  hrs_count planes = in->dim[0] * in->dim[1], n = hrs_op_product(in->dim, 2, in->rank);
  int p = (int)hrs_attr_int(call->node, "p", 2);
  for (hrs_count b = 0; b < call->batch; b++)
    (in->type == HRS_F32 ? global_F32 : global_F64)(planes, n, hrs_op_data(in, b),
                                                    hrs_op_data(&call->out[0], b), kind, p);
  return HRS_OK;
}

static hrs_status run_global_max(hrs_call *call) {
  return run_global(call, MAX);
}

static hrs_status run_global_average(hrs_call *call) {
  return run_global(call, AVERAGE);
}

static hrs_status run_global_lp(hrs_call *call) {
  return run_global(call, LP);
}

static bool places(const hrs_node *node, int rank, unsigned *out) {
  (void)node;
  *out = hrs_op_axes_from(2, rank);
  return rank >= 2;
}

#define GLOBAL_POOL .depends = HRS_BY_REDUCTION, .channels = HRS_CHANNELS_SECOND, .axes = places

hrs_operator_family hrs_operators_global_pool = {
    {"GlobalMaxPool",
     1,
     21,
     1,
     1,
     1,
     1,
     HRS_OP_BATCHED,
     infer_global,
     run_global_max,
     {GLOBAL_POOL, .fold = HRS_FOLD_MAX}},
    {"GlobalAveragePool",
     1,
     21,
     1,
     1,
     1,
     1,
     HRS_OP_BATCHED,
     infer_global,
     run_global_average,
     {GLOBAL_POOL, .fold = HRS_FOLD_MEAN, .linear = 1}},
    {"GlobalLpPool",
     2,
     21,
     1,
     1,
     1,
     1,
     HRS_OP_BATCHED,
     infer_global,
     run_global_lp,
     {GLOBAL_POOL, .attributes = "p"}},
    {0},
};
