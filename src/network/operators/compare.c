/* Comparisons, logic and Where. */
#include "binary.h"

#define COMPARE(name, T, W)                                                                        \
  HRS_BINARY_KERNEL(, equal_##name, uint8_t, T, T, x == y)                                         \
  HRS_BINARY_KERNEL(, less_##name, uint8_t, T, T, x < y)                                           \
  HRS_BINARY_KERNEL(, greater_##name, uint8_t, T, T, x > y)                                        \
  HRS_BINARY_KERNEL(, less_equal_##name, uint8_t, T, T, x <= y)                                    \
  HRS_BINARY_KERNEL(, greater_equal_##name, uint8_t, T, T, x >= y)
HRS_NUMBER_TYPES(COMPARE)
HRS_BINARY_KERNEL(, equal_BOOL, uint8_t, uint8_t, uint8_t, (x != 0) == (y != 0))
HRS_BINARY_KERNEL(, and_BOOL, uint8_t, uint8_t, uint8_t, x != 0 && y != 0)
HRS_BINARY_KERNEL(, or_BOOL, uint8_t, uint8_t, uint8_t, x != 0 || y != 0)
HRS_BINARY_KERNEL(, xor_BOOL, uint8_t, uint8_t, uint8_t, (x != 0) != (y != 0))

#define ENTRY_EQUAL(name, T, W) [HRS_##name] = equal_##name,
#define ENTRY_LESS(name, T, W) [HRS_##name] = less_##name,
#define ENTRY_GREATER(name, T, W) [HRS_##name] = greater_##name,
#define ENTRY_LESS_EQUAL(name, T, W) [HRS_##name] = less_equal_##name,
#define ENTRY_GREATER_EQUAL(name, T, W) [HRS_##name] = greater_equal_##name,
static hrs_binary_kernels equal_kernels = {HRS_NUMBER_TYPES(ENTRY_EQUAL)[HRS_BOOL] = equal_BOOL};
static hrs_binary_kernels less_kernels = {HRS_NUMBER_TYPES(ENTRY_LESS)};
static hrs_binary_kernels greater_kernels = {HRS_NUMBER_TYPES(ENTRY_GREATER)};
static hrs_binary_kernels less_equal_kernels = {HRS_NUMBER_TYPES(ENTRY_LESS_EQUAL)};
static hrs_binary_kernels greater_equal_kernels = {HRS_NUMBER_TYPES(ENTRY_GREATER_EQUAL)};
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

#define WHERE(size, T)                                                                             \
  static void where_##size(hrs_count n, char *const *pointer, const hrs_count *stride,             \
                           const void *context) {                                                  \
    (void)context;                                                                                 \
    T *out = (T *)(void *)pointer[0];                                                              \
    const uint8_t *condition = (const uint8_t *)(const void *)pointer[1];                          \
    const T *a = (const T *)(const void *)pointer[2], *b = (const T *)(const void *)pointer[3];    \
    for (hrs_count i = 0; i < n; i++)                                                              \
      out[i * stride[0]] = condition[i * stride[1]] ? a[i * stride[2]] : b[i * stride[3]];         \
  }
WHERE(1, uint8_t)
WHERE(2, uint16_t)
WHERE(4, uint32_t)
WHERE(8, uint64_t)

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
