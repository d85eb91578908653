/* Comparisons, logic and Where. */
#include "binary.h"

#define TEMPLATE "compare_template.h"
#define TYPES NUMBER
#include "each_type.h"
#define TEMPLATE "logic_template.h"
#define TYPES BOOLEAN
#include "each_type.h"

static hrs_binary_kernels equal_kernels = {HRS_NUMBERS(equal), [HRS_BOOL] = equal_BOOL};
static hrs_binary_kernels less_kernels = {HRS_NUMBERS(less)};
static hrs_binary_kernels greater_kernels = {HRS_NUMBERS(greater)};
static hrs_binary_kernels less_equal_kernels = {HRS_NUMBERS(less_equal)};
static hrs_binary_kernels greater_equal_kernels = {HRS_NUMBERS(greater_equal)};
static hrs_binary_kernels and_kernels = {[HRS_BOOL] = and_BOOL};
static hrs_binary_kernels or_kernels = {[HRS_BOOL] = or_BOOL};
static hrs_binary_kernels xor_kernels = {[HRS_BOOL] = xor_BOOL};

HRS_BINARY_OPERATOR(equal, HRS_BOOL)
HRS_BINARY_OPERATOR(less, HRS_BOOL)
HRS_BINARY_OPERATOR(greater, HRS_BOOL)
HRS_BINARY_OPERATOR(less_equal, HRS_BOOL)
HRS_BINARY_OPERATOR(greater_equal, HRS_BOOL)
HRS_BINARY_OPERATOR(and, HRS_BOOL)
HRS_BINARY_OPERATOR(or, HRS_BOOL)
HRS_BINARY_OPERATOR(xor, HRS_BOOL)

/* ---- Where ---- */

#define TEMPLATE "where_template.h"
#define TYPES MOVED
#include "each_type.h"

static hrs_status infer_where(hrs_call *call) {
  HRS_TRY(hrs_op_types(call, 0, HRS_TYPES_BOOL));
  HRS_TRY(hrs_op_types(call, 1, HRS_TYPES_ALL));
  HRS_TRY(hrs_op_types(call, 2, HRS_TYPES_ALL));
  HRS_TRY(hrs_op_same_type(call, 1, 2));
  int rank;
  hrs_count dim[HRS_MAX_RANK];
  HRS_TRY(hrs_op_broadcast(call, 0, 3, &rank, dim));
  return hrs_call_output(call, 0, call->in[1].type, rank, dim);
}

static hrs_status run_where(hrs_call *call) {
  static const hrs_loop_body kernels[] = {
      [1] = where_1, [2] = where_2, [4] = where_4, [8] = where_8};
  hrs_loop loop;
  const hrs_tensor *in[3] = {&call->in[0], &call->in[1], &call->in[2]};
  hrs_loop_broadcast(&loop, call->batch, &call->out[0], 3, in);
  void *base[4] = {call->out[0].data, in[0]->data, in[1]->data, in[2]->data};
  size_t size = hrs_dtype_size(in[1]->type);
  hrs_loop_run(&loop, base, (size_t[]){size, 1, size, size}, kernels[size], NULL);
  return HRS_OK;
}

#define ROW(name, since, verb)                                                                     \
  {                                                                                                \
    name, since, 21, 2, 2, 1, 1, HRS_OP_BATCHED, infer_##verb, run_##verb, {                       \
      .depends = HRS_BY_BROADCAST                                                                  \
    }                                                                                              \
  }

hrs_operator_family hrs_operators_compare = {
    ROW("Equal", 7, equal),
    ROW("Less", 7, less),
    ROW("Greater", 7, greater),
    ROW("LessOrEqual", 12, less_equal),
    ROW("GreaterOrEqual", 12, greater_equal),
    ROW("And", 7, and),
    ROW("Or", 7, or),
    ROW("Xor", 7, xor),
    {"Where",
     9,
     21,
     3,
     3,
     1,
     1,
     HRS_OP_BATCHED,
     infer_where,
     run_where,
     {.depends = HRS_BY_BROADCAST, .linear = 1 << 1 | 1 << 2}},
    {0},
};
