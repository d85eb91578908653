/*
 * Min, Max, Sum and Mean of any number of inputs: the output starts as the first input and the
 * others are folded into it one by one, with broadcasting. Min and Max keep NaN, as NumPy does.
 */
#include "binary.h"

#define TEMPLATE "variadic_template.h"
#define TYPES NUMBER
#include "each_type.h"

static hrs_binary_kernels min_kernels = {HRS_NUMBERS(min)};
static hrs_binary_kernels max_kernels = {HRS_NUMBERS(max)};
static hrs_binary_kernels sum_kernels = {HRS_REALS(sum)};

static hrs_status infer_fold(hrs_call *call, unsigned set) {
  for (int k = 0; k < call->n_in; k++) {
    HRS_TRY(hrs_op_types(call, k, set));
    HRS_TRY(hrs_op_same_type(call, 0, k));
  }
  int rank;
  hrs_count dim[HRS_MAX_RANK];
  HRS_TRY(hrs_op_broadcast(call, 0, call->n_in, &rank, dim));
  return hrs_call_output(call, 0, call->in[0].type, rank, dim);
}

static hrs_status run_fold(hrs_call *call, hrs_binary_kernels kernels) {
  hrs_tensor *out = &call->out[0];
  size_t size = hrs_dtype_size(out->type);
  hrs_loop loop;
  const hrs_tensor *first[1] = {&call->in[0]};
  hrs_loop_broadcast(&loop, call->batch, out, 1, first);
  hrs_loop_copy(&loop, out->data, first[0]->data, size);
  for (int k = 1; k < call->n_in; k++) {
    const hrs_tensor *in[2] = {out, &call->in[k]};
    hrs_loop_broadcast(&loop, call->batch, out, 2, in);
    void *base[3] = {out->data, out->data, in[1]->data};
    hrs_loop_run(&loop, base, (size_t[]){size, size, size}, kernels[out->type], NULL);
  }
  return HRS_OK;
}

static hrs_status infer_pick(hrs_call *call) {
  return infer_fold(call, HRS_TYPES_NUMBER);
}

static hrs_status infer_sum(hrs_call *call) {
  return infer_fold(call, HRS_TYPES_REAL);
}

static hrs_status run_min(hrs_call *call) {
  return run_fold(call, min_kernels);
}

static hrs_status run_max(hrs_call *call) {
  return run_fold(call, max_kernels);
}

static hrs_status run_sum(hrs_call *call) {
  return run_fold(call, sum_kernels);
}

static hrs_status run_mean(hrs_call *call) {
  HRS_TRY(run_fold(call, sum_kernels));
  hrs_tensor *out = &call->out[0];
  hrs_count count = hrs_tensor_count(out);
  for (hrs_count b = 0; b < call->batch; b++) {
    if (out->type == HRS_F32) {
      float *value = hrs_op_data(out, b), divisor = (float)call->n_in;
      for (hrs_count i = 0; i < count; i++)
        value[i] /= divisor;
    } else {
      double *value = hrs_op_data(out, b), divisor = (double)call->n_in;
      for (hrs_count i = 0; i < count; i++)
        value[i] /= divisor;
    }
  }
  return HRS_OK;
}

hrs_operator_family hrs_operators_variadic = {
    {"Min", 6, 21, 1, -1, 1, 1, HRS_OP_BATCHED, infer_pick, run_min, {.depends = HRS_BY_BROADCAST}},
    {"Max", 6, 21, 1, -1, 1, 1, HRS_OP_BATCHED, infer_pick, run_max, {.depends = HRS_BY_BROADCAST}},
    {"Sum",
     6,
     21,
     1,
     -1,
     1,
     1,
     HRS_OP_BATCHED,
     infer_sum,
     run_sum,
     {.depends = HRS_BY_BROADCAST, .linear = HRS_LINEAR_IN_ALL}},
    {"Mean",
     6,
     21,
     1,
     -1,
     1,
     1,
     HRS_OP_BATCHED,
     infer_sum,
     run_mean,
     {.depends = HRS_BY_BROADCAST, .linear = HRS_LINEAR_IN_ALL}},
    {0},
};
