/*
 * ArgMax, ArgMin and TopK: positions along an axis. NaN counts as larger than everything for
 * ArgMax and TopK of the largest, as in NumPy.
 */
#include "common.h"

#include <string.h>

typedef struct lines {
  hrs_count outer, n, inner;
} lines;

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

/* Is x better than y? `last`: or as good. */
#define ARG(name, T, W)                                                                            \
  static void arg_##name(lines l, bool largest, bool last, const void *in, int64_t *out) {         \
    for (hrs_count o = 0; o < l.outer; o++) {                                                      \
      for (hrs_count i = 0; i < l.inner; i++) {                                                    \
        const T *line = (const T *)in + o * l.n * l.inner + i;                                     \
        hrs_count best = 0;                                                                        \
        for (hrs_count k = 1; k < l.n; k++) {                                                      \
          T x = line[k * l.inner], y = line[best * l.inner];                                       \
          bool better = largest ? x > y : x < y, tie = x == y;                                     \
          if (x != x && y == y) better = true;                                                     \
          if (better || (last && tie)) best = k;                                                   \
        }                                                                                          \
        *out++ = best;                                                                             \
      }                                                                                            \
    }                                                                                              \
  }
HRS_NUMBER_TYPES(ARG)
#define ENTRY_ARG(name, T, W) [HRS_##name] = arg_##name,

static hrs_status run_arg(hrs_call *call, bool largest) {
  static void (*const kernels[HRS_DTYPE_LIMIT])(lines, bool, bool, const void *,
                                                int64_t *) = {HRS_NUMBER_TYPES(ENTRY_ARG)};
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

typedef struct top_k {
  hrs_count k;
  int axis;
  bool largest;
} top_k;

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

/* Positions sorted by merging: stable, so that the lower index wins a tie. The results are always
 * in order, whatever the attribute `sorted` says. */
#define TOP(name, T, W)                                                                            \
  static inline bool before_##name(T x, T y, bool largest) {                                       \
    if (x != x || y != y) return largest ? x != x && y == y : x == x && y != y;                    \
    return largest ? x > y : x < y;                                                                \
  }                                                                                                \
  static int64_t *sort_##name(hrs_count n, hrs_count stride, const T *line, bool largest,          \
                              int64_t *index, int64_t *spare) {                                    \
    for (hrs_count i = 0; i < n; i++)                                                              \
      index[i] = i;                                                                                \
    for (hrs_count width = 1; width < n; width *= 2) {                                             \
      for (hrs_count start = 0; start < n; start += 2 * width) {                                   \
        hrs_count middle = start + width < n ? start + width : n;                                  \
        hrs_count end = start + 2 * width < n ? start + 2 * width : n, a = start, b = middle;      \
        for (hrs_count i = start; i < end; i++) {                                                  \
          bool second =                                                                            \
              a >= middle || (b < end && before_##name(line[index[b] * stride],                    \
                                                       line[index[a] * stride], largest));         \
          spare[i] = second ? index[b++] : index[a++];                                             \
        }                                                                                          \
      }                                                                                            \
      int64_t *swap = index;                                                                       \
      index = spare;                                                                               \
      spare = swap;                                                                                \
    }                                                                                              \
    return index;                                                                                  \
  }                                                                                                \
  static void top_##name(lines l, const top_k *t, const void *in, void *values_, int64_t *where,   \
                         int64_t *work) {                                                          \
    T *values = values_;                                                                           \
    for (hrs_count o = 0; o < l.outer; o++) {                                                      \
      for (hrs_count i = 0; i < l.inner; i++) {                                                    \
        const T *line = (const T *)in + o * l.n * l.inner + i;                                     \
        int64_t *order = sort_##name(l.n, l.inner, line, t->largest, work, work + l.n);            \
        for (hrs_count k = 0; k < t->k; k++) {                                                     \
          hrs_count at = (o * t->k + k) * l.inner + i;                                             \
          if (values) values[at] = line[order[k] * l.inner];                                       \
          if (where) where[at] = order[k];                                                         \
        }                                                                                          \
      }                                                                                            \
    }                                                                                              \
  }
HRS_NUMBER_TYPES(TOP)
#define ENTRY_TOP(name, T, W) [HRS_##name] = top_##name,

static hrs_status run_top(hrs_call *call) {
  static void (*const kernels[HRS_DTYPE_LIMIT])(lines, const top_k *, const void *, void *,
                                                int64_t *,
                                                int64_t *) = {HRS_NUMBER_TYPES(ENTRY_TOP)};
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
     {.depends = HRS_BY_REDUCTION, .fold = HRS_FOLD_WHICH, .axes = line}},
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
     {.depends = HRS_BY_REDUCTION, .fold = HRS_FOLD_WHICH, .axes = line}},
    {"TopK", 1, 9, 1, 1, 1, 2, HRS_OP_BATCHED, infer_top, run_top, {.fold = HRS_FOLD_WHICH}},
    {"TopK", 10, 21, 2, 2, 1, 2, HRS_OP_BATCHED, infer_top, run_top, {.fold = HRS_FOLD_WHICH}},
    {0},
};
