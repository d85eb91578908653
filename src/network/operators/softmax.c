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

#define EXP_F32(x) hrs_exp_f32(x)
#define EXP_F64(x) exp(x)

#define SOFTMAX(name, T, W)                                                                        \
  /* NaN may be passed over: the sums bring it to all of its row. */                               \
  static T largest_##name(hrs_count n, hrs_count stride, const T *x) {                             \
    T best = x[0];                                                                                 \
    for (hrs_count k = 1; k < n; k++)                                                              \
      best = x[k * stride] > best ? x[k * stride] : best;                                          \
    return best;                                                                                   \
  }                                                                                                \
  HRS_CLONES static void exponentials_##name(hrs_count n, T *y) {                                  \
    HRS_IVDEP for (hrs_count k = 0; k < n; k++) y[k] = EXP_##name(y[k]);                           \
  }                                                                                                \
  /* Exponentials of several rows at once: rows may be shorter than a vector. */                   \
  HRS_CLONES static void softmax_##name(hrs_count rows, hrs_count n, const T *x, T *y) {           \
    for (hrs_count i = 0; i < rows; i++) {                                                         \
      T top = largest_##name(n, 1, x + i * n);                                                     \
      HRS_IVDEP for (hrs_count k = 0; k < n; k++) y[i * n + k] = x[i * n + k] - top;               \
    }                                                                                              \
    exponentials_##name(rows *n, y);                                                               \
    for (hrs_count i = 0; i < rows; i++) {                                                         \
      T sum = 0;                                                                                   \
      for (hrs_count k = 0; k < n; k++)                                                            \
        sum += y[i * n + k];                                                                       \
      T factor = 1 / sum;                                                                          \
      for (hrs_count k = 0; k < n; k++)                                                            \
        y[i * n + k] *= factor;                                                                    \
    }                                                                                              \
  }                                                                                                \
  static void log_softmax_##name(hrs_count rows, hrs_count n, const T *x, T *y) {                  \
    for (hrs_count i = 0; i < rows; i++, x += n, y += n) {                                         \
      T top = largest_##name(n, 1, x), sum = 0;                                                    \
      for (hrs_count k = 0; k < n; k++)                                                            \
        sum += exp(x[k] - top);                                                                    \
      T shift = log(sum);                                                                          \
      for (hrs_count k = 0; k < n; k++)                                                            \
        y[k] = x[k] - top - shift;                                                                 \
    }                                                                                              \
  }                                                                                                \
  /* Columns of a block [n][inner], a row of columns at a time. */                                 \
  static void softmax_columns_##name(hrs_count n, hrs_count inner, const T *x, T *y) {             \
    for (hrs_count i = 0; i < inner; i++) {                                                        \
      T top = largest_##name(n, inner, x + i), sum = 0;                                            \
      for (hrs_count k = 0; k < n; k++)                                                            \
        sum += y[k * inner + i] = EXP_##name(x[k * inner + i] - top);                              \
      T factor = 1 / sum;                                                                          \
      for (hrs_count k = 0; k < n; k++)                                                            \
        y[k * inner + i] *= factor;                                                                \
    }                                                                                              \
  }                                                                                                \
  static void log_softmax_columns_##name(hrs_count n, hrs_count inner, const T *x, T *y) {         \
    for (hrs_count i = 0; i < inner; i++) {                                                        \
      T top = largest_##name(n, inner, x + i), sum = 0;                                            \
      for (hrs_count k = 0; k < n; k++)                                                            \
        sum += exp(x[k * inner + i] - top);                                                        \
      T shift = log(sum);                                                                          \
      for (hrs_count k = 0; k < n; k++)                                                            \
        y[k * inner + i] = x[k * inner + i] - top - shift;                                         \
    }                                                                                              \
  }                                                                                                \
  /* With NaN in it, a column has no largest element, and no 1. */                                 \
  static void hardmax_columns_##name(hrs_count n, hrs_count inner, const T *x, T *y) {             \
    for (hrs_count i = 0; i < inner; i++) {                                                        \
      hrs_count best = 0;                                                                          \
      for (hrs_count k = 1; k < n; k++)                                                            \
        if (x[k * inner + i] > x[best * inner + i] || isnan(x[k * inner + i])) best = k;           \
      for (hrs_count k = 0; k < n; k++)                                                            \
        y[k * inner + i] = k == best && !isnan(x[k * inner + i]);                                  \
    }                                                                                              \
  }                                                                                                \
  static void run_##name(const softmax *state, hrs_count blocks, int kind, const T *x, T *y) {     \
    static void (*const rows[])(hrs_count, hrs_count, const T *, T *) = {softmax_##name,           \
                                                                         log_softmax_##name};      \
    static void (*const columns[])(hrs_count, hrs_count, const T *, T *) = {                       \
        softmax_columns_##name, log_softmax_columns_##name, hardmax_columns_##name};               \
    hrs_count block = state->n * state->inner;                                                     \
    hrs_count some = state->n < CHUNK ? CHUNK / state->n : 1;                                      \
    if (state->inner == 1 && kind != HARDMAX)                                                      \
      for (hrs_count i = 0; i < blocks; i += some)                                                 \
        rows[kind](blocks - i < some ? blocks - i : some, block, x + i * block, y + i * block);    \
    else                                                                                           \
      for (hrs_count i = 0; i < blocks; i++)                                                       \
        columns[kind](state->n, state->inner, x + i * block, y + i * block);                       \
  }

enum { SOFTMAX_ROW, LOG_SOFTMAX, HARDMAX };
enum { CHUNK = 1024 }; /* elements that stay in the first cache */
HRS_REAL_TYPES(SOFTMAX)

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
     {ROWS, .scores = HRS_SCORES_PROBABILITIES}},
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
     {ROWS, .scores = HRS_SCORES_LOG_PROBABILITIES}},
    {"Hardmax", 1, 21, 1, 1, 1, 1, HRS_OP_BATCHED, infer_softmax, run_hardmax, {ROWS}},
    {0},
};
