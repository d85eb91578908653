/*
 * Operators that pick or place elements by what other tensors say: OneHot, NonZero, Compress,
 * CumSum, ReverseSequence. NonZero and Compress give as many elements as the data say, so what they
 * count must be a constant.
 */
#include "common.h"

#include <math.h>
#include <string.h>

/* ---- OneHot ---- */

static hrs_status infer_one_hot(hrs_call *call) {
  HRS_TRY(hrs_op_types(call, 0, HRS_TYPES_NUMBER));
  HRS_TRY(hrs_op_types(call, 1, HRS_TYPES_NUMBER));
  HRS_TRY(hrs_op_types(call, 2, HRS_TYPES_ALL));
  const hrs_tensor *in = &call->in[0];
  double depth;
  int axis;
  HRS_TRY(hrs_op_scalar(call, 1, &depth));
  HRS_NODE_REQUIRE(depth >= 1 && depth < 0x1p31, call, INPUT, "a depth of %g", depth);
  HRS_NODE_REQUIRE(in->rank < HRS_MAX_RANK, call, UNSUPPORTED, "more than %d axes", HRS_MAX_RANK);
  HRS_NODE_REQUIRE(call->in[2].rank == 1 && call->in[2].dim[0] == 2, call, INPUT,
                   "input 2 must hold the two values, off and on");
  HRS_TRY(hrs_call_axis(call, hrs_attr_int(call->node, "axis", -1), in->rank + 1, "axis", &axis));
  hrs_count dim[HRS_MAX_RANK];
  for (int i = 0, from = 0; i <= in->rank; i++)
    dim[i] = i == axis ? (hrs_count)depth : in->dim[from++];
  HRS_TRY(hrs_multiply(hrs_tensor_count(in), sizeof(double), "workspace", &call->workspace_bytes));
  return hrs_call_output(call, 0, call->in[2].type, in->rank + 1, dim);
}

static hrs_status run_one_hot(hrs_call *call) {
  const hrs_tensor *in = &call->in[0], *out = &call->out[0];
  int axis;
  HRS_TRY(hrs_call_axis(call, hrs_attr_int(call->node, "axis", -1), out->rank, "axis", &axis));
  hrs_count depth = out->dim[axis], inner = hrs_op_product(out->dim, axis + 1, out->rank);
  hrs_count n = hrs_tensor_count(in);
  size_t size = hrs_dtype_size(out->type);
  double *index = call->workspace;
  for (hrs_count b = 0; b < call->batch; b++) {
    const char *value = hrs_op_data(&call->in[2], b);
    char *to = hrs_op_data(out, b);
    HRS_TRY(hrs_convert(in->type, hrs_op_data(in, b), HRS_F64, index, n));
    hrs_loop loop;
    hrs_loop_start(&loop, 2);
    hrs_loop_axis2(&loop, n * depth, 1, 0);
    hrs_loop_copy(&loop, to, value, size);
    for (hrs_count i = 0; i < n; i++) {
      double at = index[i] < 0 ? index[i] + (double)depth : index[i];
      /* Out of range, or between two places: all off. */
      if (!(at >= 0 && at < (double)depth) || at != floor(at)) continue;
      hrs_count place = (i / inner * depth + (hrs_count)at) * inner + i % inner;
      memcpy(to + (size_t)place * size, value + size, size);
    }
  }
  return HRS_OK;
}

/* ---- NonZero ---- */

static hrs_status mark_nonzero(const hrs_tensor *in, unsigned char *mark) {
  return hrs_convert(in->type, in->data, HRS_BOOL, mark, hrs_tensor_count(in));
}

static hrs_status infer_nonzero(hrs_call *call) {
  const hrs_tensor *in = &call->in[0];
  HRS_TRY(hrs_op_types(call, 0, HRS_TYPES_ALL));
  HRS_NODE_REQUIRE(in->data, call, UNSUPPORTED,
                   "its input depends on the masked input, so that the shape of the result would "
                   "change from mask to mask, which is not supported; select with Where or by a "
                   "product with 0 and 1 instead");
  call->node->decides = true;
  hrs_count n = hrs_tensor_count(in), found = 0;
  unsigned char *mark;
  HRS_TRY(hrs_alloc(n, 1, &mark));
  hrs_status status = mark_nonzero(in, mark);
  for (hrs_count i = 0; i < n && status == HRS_OK; i++)
    found += mark[i] != 0;
  hrs_free(mark);
  HRS_TRY(status);
  call->workspace_bytes = n;
  hrs_count dim[2] = {in->rank > 0 ? in->rank : 1, found};
  return hrs_call_output(call, 0, HRS_I64, 2, dim);
}

static hrs_status run_nonzero(hrs_call *call) {
  const hrs_tensor *in = &call->in[0];
  unsigned char *mark = call->workspace;
  int64_t *out = call->out[0].data;
  hrs_count n = hrs_tensor_count(in), found = call->out[0].dim[1], column = 0;
  HRS_TRY(mark_nonzero(in, mark));
  for (hrs_count i = 0; i < n; i++) {
    if (!mark[i]) continue;
    hrs_count rest = i;
    if (in->rank == 0) out[column] = 0;
    for (int k = in->rank - 1; k >= 0; k--) {
      out[k * found + column] = rest % in->dim[k];
      rest /= in->dim[k];
    }
    column++;
  }
  return HRS_OK;
}

/* ---- Compress ---- */

static hrs_status infer_compress(hrs_call *call) {
  const hrs_tensor *in = &call->in[0], *condition = &call->in[1];
  HRS_TRY(hrs_op_types(call, 0, HRS_TYPES_ALL));
  HRS_TRY(hrs_op_types(call, 1, HRS_TYPES_BOOL));
  HRS_TRY(hrs_op_rank(call, 1, 1, 1));
  HRS_NODE_REQUIRE(condition->data, call, UNSUPPORTED,
                   "the condition depends on the masked input, so that the shape of the result "
                   "would change from mask to mask, which is not supported; select with Where or "
                   "by a product with 0 and 1 instead");
  call->node->decides = true;
  bool flat = !hrs_attr_has(call->node, "axis");
  int axis = 0;
  if (!flat)
    HRS_TRY(hrs_call_axis(call, hrs_attr_int(call->node, "axis", 0), in->rank, "axis", &axis));
  hrs_count length = flat ? hrs_tensor_count(in) : in->dim[axis], found = 0;
  HRS_NODE_REQUIRE(condition->dim[0] <= length, call, INPUT,
                   "the condition has %lld elements for %lld", (long long)condition->dim[0],
                   (long long)length);
  const unsigned char *keep = condition->data;
  for (hrs_count i = 0; i < condition->dim[0]; i++)
    found += keep[i] != 0;
  if (flat) return hrs_call_output(call, 0, in->type, 1, &found);
  hrs_count dim[HRS_MAX_RANK];
  memcpy(dim, in->dim, sizeof dim);
  dim[axis] = found;
  return hrs_call_output(call, 0, in->type, in->rank, dim);
}

static hrs_status run_compress(hrs_call *call) {
  const hrs_tensor *in = &call->in[0], *out = &call->out[0];
  bool flat = !hrs_attr_has(call->node, "axis");
  int axis = 0;
  if (!flat)
    HRS_TRY(hrs_call_axis(call, hrs_attr_int(call->node, "axis", 0), in->rank, "axis", &axis));
  hrs_count outer = flat ? 1 : hrs_op_product(in->dim, 0, axis);
  hrs_count length = flat ? hrs_tensor_count(in) : in->dim[axis];
  hrs_count inner = flat ? 1 : hrs_op_product(in->dim, axis + 1, in->rank);
  size_t bytes = (size_t)inner * hrs_dtype_size(in->type);
  const unsigned char *keep = call->in[1].data;
  if (bytes == 0) return HRS_OK;
  for (hrs_count b = 0; b < call->batch; b++) {
    char *to = hrs_op_data(out, b);
    const char *from = hrs_op_data(in, b);
    for (hrs_count o = 0; o < outer; o++) {
      for (hrs_count i = 0; i < call->in[1].dim[0]; i++) {
        if (!keep[i]) continue;
        memcpy(to, from + (size_t)(o * length + i) * bytes, bytes);
        to += bytes;
      }
    }
  }
  return HRS_OK;
}

/* ---- CumSum ---- */

static hrs_status infer_cumulate(hrs_call *call) {
  HRS_TRY(hrs_op_types(call, 0, HRS_TYPES_REAL | HRS_TYPES_INTEGER));
  HRS_TRY(hrs_op_types(call, 1, HRS_TYPES_INDEX));
  int64_t wanted;
  int n, *axis;
  HRS_TRY(hrs_call_constant_ints(call, 1, 1, &wanted, &n));
  HRS_NODE_REQUIRE(n == 1, call, INPUT, "the axis is missing");
  HRS_TRY(hrs_alloc(1, sizeof *axis, &axis));
  call->node->state = axis;
  HRS_TRY(hrs_call_axis(call, wanted, call->in[0].rank, "axis", axis));
  return hrs_call_output_like(call, 0, 0);
}

#define TEMPLATE "select_template.h"
#define TYPES NUMBER
#include "each_type.h"

static hrs_status run_cumulate(hrs_call *call) {
  static void (*const kernels[HRS_DTYPE_LIMIT])(hrs_count, hrs_count, bool, const void *,
                                                void *) = {HRS_NUMBERS(cumulate)};
  const hrs_tensor *in = &call->in[0];
  int axis = *(const int *)call->node->state;
  hrs_count outer = hrs_op_product(in->dim, 0, axis), n = in->dim[axis];
  hrs_count inner = hrs_op_product(in->dim, axis + 1, in->rank);
  hrs_count size = (hrs_count)hrs_dtype_size(in->type);
  bool exclusive = hrs_attr_int(call->node, "exclusive", 0) != 0;
  bool reverse = hrs_attr_int(call->node, "reverse", 0) != 0;
  if (hrs_tensor_count(in) == 0) return HRS_OK;
  for (hrs_count b = 0; b < call->batch; b++) {
    const char *from = hrs_op_data(in, b);
    char *to = hrs_op_data(&call->out[0], b);
    for (hrs_count o = 0; o < outer; o++) {
      for (hrs_count i = 0; i < inner; i++) {
        hrs_count first = (o * n + (reverse ? n - 1 : 0)) * inner + i;
        kernels[in->type](n, reverse ? -inner : inner, exclusive, from + first * size,
                          to + first * size);
      }
    }
  }
  return HRS_OK;
}

/* ---- ReverseSequence ---- */

static hrs_status sequence_axes(const hrs_call *call, int *time, int *item) {
  int64_t t = hrs_attr_int(call->node, "time_axis", 0);
  int64_t i = hrs_attr_int(call->node, "batch_axis", 1);
  HRS_NODE_REQUIRE((t == 0 && i == 1) || (t == 1 && i == 0), call, INPUT,
                   "attributes time_axis and batch_axis are %lld and %lld; expected 0 and 1",
                   (long long)t, (long long)i);
  *time = (int)t;
  *item = (int)i;
  return HRS_OK;
}

static hrs_status infer_reverse(hrs_call *call) {
  int time = 0, item = 1;
  HRS_TRY(hrs_op_types(call, 0, HRS_TYPES_ALL));
  HRS_TRY(hrs_op_types(call, 1, HRS_TYPE_BIT(HRS_I64)));
  HRS_TRY(hrs_op_rank(call, 0, 2, HRS_MAX_RANK));
  HRS_TRY(sequence_axes(call, &time, &item));
  HRS_NODE_REQUIRE(call->in[1].rank == 1 && call->in[1].dim[0] == call->in[0].dim[item], call,
                   INPUT, "one sequence length for each of %lld sequences is expected",
                   (long long)call->in[0].dim[item]);
  return hrs_call_output_like(call, 0, 0);
}

static hrs_status run_reverse(hrs_call *call) {
  const hrs_tensor *in = &call->in[0];
  int time = 0, item = 1;
  HRS_TRY(sequence_axes(call, &time, &item));
  hrs_count steps = in->dim[time], items = in->dim[item];
  size_t bytes = (size_t)hrs_op_product(in->dim, 2, in->rank) * hrs_dtype_size(in->type);
  hrs_count step = time == 0 ? items : 1, next = time == 0 ? 1 : steps;
  if (bytes == 0) return HRS_OK;
  for (hrs_count b = 0; b < call->batch; b++) {
    const int64_t *length = hrs_op_data(&call->in[1], b);
    const char *from = hrs_op_data(in, b);
    char *to = hrs_op_data(&call->out[0], b);
    for (hrs_count i = 0; i < items; i++) {
      HRS_NODE_REQUIRE(length[i] >= 0 && length[i] <= steps, call, INPUT,
                       "a sequence length of %lld, with %lld steps", (long long)length[i],
                       (long long)steps);
      for (hrs_count t = 0; t < steps; t++) {
        hrs_count source = t < length[i] ? length[i] - 1 - t : t;
        memcpy(to + (size_t)(t * step + i * next) * bytes,
               from + (size_t)(source * step + i * next) * bytes, bytes);
      }
    }
  }
  return HRS_OK;
}

#define MOVE .depends = HRS_BY_MOVE, .linear = 1

hrs_operator_family hrs_operators_select = {
    {"OneHot",
     9,
     21,
     3,
     3,
     1,
     1,
     HRS_OP_BATCHED,
     infer_one_hot,
     run_one_hot,
     {.attributes = "axis"}},
    {"NonZero", 9, 21, 1, 1, 1, 1, 0, infer_nonzero, run_nonzero, {.fold = HRS_FOLD_WHICH}},
    {"Compress",
     9,
     21,
     2,
     2,
     1,
     1,
     HRS_OP_BATCHED,
     infer_compress,
     run_compress,
     {MOVE, .attributes = "axis"}},
    {"CumSum",
     11,
     21,
     2,
     2,
     1,
     1,
     HRS_OP_BATCHED,
     infer_cumulate,
     run_cumulate,
     {.linear = 1, .attributes = "exclusive reverse"}},
    {"ReverseSequence",
     10,
     21,
     2,
     2,
     1,
     1,
     HRS_OP_BATCHED,
     infer_reverse,
     run_reverse,
     {MOVE, .attributes = "batch_axis time_axis"}},
    {0},
};
