/*
 * Reductions. The output is an operand of the loop whose stride is 0 along the reduced axes: a row
 * is then either folded into one number (with sixteen partial results, so that it is vector code)
 * or folded element by element into a row of the output.
 */
#include "common.h"
#include "from_double.h"

#include <string.h>
#include <tgmath.h>

enum { LANES = 16 };

#define TEMPLATE "reduce_template.h"
#define TYPES (REAL | WIDE)
#include "each_type.h"
#define TEMPLATE "extreme_template.h"
#define TYPES (REAL | BYTE | WIDE)
#include "each_type.h"

typedef struct reduction {
  void (*start)(hrs_count n, void *out);
  hrs_loop_body fold;
} reduction;
typedef const reduction reductions[HRS_DTYPE_LIMIT];
typedef void (*finish)(hrs_count n, hrs_count count, void *out);

#define PAIR(verb, name) [HRS_##name] = {start_##verb##_##name, fold_##verb##_##name}
#define PAIRS(verb)                                                                                \
  PAIR(verb, F32), PAIR(verb, F64), PAIR(verb, I32), PAIR(verb, I64), PAIR(verb, U32),             \
      PAIR(verb, U64)
static reductions sum_reductions = {PAIRS(sum)};
static reductions product_reductions = {PAIRS(product)};
static reductions square_reductions = {PAIRS(square)};
static reductions absolute_reductions = {PAIRS(absolute)};
static reductions max_reductions = {PAIRS(max), PAIR(max, I8),
                                    PAIR(max, U8), [HRS_BOOL] = {start_max_U8, fold_max_U8}};
static reductions min_reductions = {PAIRS(min), PAIR(min, I8),
                                    PAIR(min, U8), [HRS_BOOL] = {start_min_U8, fold_min_U8}};
static const finish mean_finish[HRS_DTYPE_LIMIT] = {HRS_REALS(divide), HRS_WIDES(divide)};
static const finish root_finish[HRS_DTYPE_LIMIT] = {HRS_REALS(root), HRS_WIDES(root)};
static const finish log_finish[HRS_DTYPE_LIMIT] = {HRS_REALS(logarithm), HRS_WIDES(logarithm)};
static const finish no_finish[HRS_DTYPE_LIMIT] = {NULL};

/* ---- shapes ---- */

typedef struct reduce {
  unsigned axes;   /* reduced ones, as a set */
  hrs_count count; /* elements behind one output */
  hrs_count kept;  /* outputs: MeanVarianceNormalization has as many means */
} reduce;

/* Reductions but ReduceSum take their axes from an input from operator set 18 on. */
static hrs_status infer_axes(hrs_call *call, unsigned types, int input_since) {
  HRS_TRY(hrs_op_types(call, 0, types));
  const hrs_tensor *in = &call->in[0];
  reduce *state;
  HRS_TRY(hrs_calloc(1, sizeof *state, &state));
  call->node->state = state;
  int64_t axes[HRS_MAX_RANK + 1];
  int n;
  HRS_TRY(hrs_op_axes_list(call, "axes", input_since, 1, axes, &n));
  if (n <= 0) {
    /* Over no axes, every element is reduced by itself: ReduceL1 still takes its absolute value. */
    bool none = hrs_attr_int(call->node, "noop_with_empty_axes", 0) != 0;
    state->axes = none ? 0 : (1u << in->rank) - 1;
  } else {
    HRS_TRY(hrs_op_axes(call, n, axes, in->rank, &state->axes));
  }
  bool keep = hrs_attr_int(call->node, "keepdims", 1) != 0;
  hrs_count dim[HRS_MAX_RANK];
  int rank = 0;
  state->count = 1;
  for (int i = 0; i < in->rank; i++) {
    bool reduced = state->axes >> i & 1;
    if (reduced) state->count *= in->dim[i];
    if (!reduced)
      dim[rank++] = in->dim[i];
    else if (keep)
      dim[rank++] = 1;
  }
  return hrs_call_output(call, 0, in->type, rank, dim);
}

static bool reduced(const hrs_node *node, int rank, unsigned *out) {
  (void)rank;
  *out = ((const reduce *)node->state)->axes;
  return true;
}

/* Loop over instances and input elements: operand 0 the result, 1 the input, 2 something shaped
 * like the result (where there are three). */
static void reduce_loop(const hrs_tensor *in, const hrs_tensor *out, unsigned axes, hrs_count batch,
                        int operands, hrs_loop *loop) {
  hrs_count stride[HRS_MAX_RANK], kept = 1, target[HRS_MAX_RANK];
  hrs_strides(in->rank, in->dim, stride);
  for (int i = in->rank - 1; i >= 0; i--) {
    target[i] = axes >> i & 1 ? 0 : kept;
    if (!(axes >> i & 1)) kept *= in->dim[i];
  }
  hrs_loop_start(loop, operands);
  hrs_loop_axis(loop, batch, (hrs_count[]){out->step, in->step, out->step});
  for (int i = 0; i < in->rank; i++)
    hrs_loop_axis(loop, in->dim[i], (hrs_count[]){target[i], stride[i], target[i]});
}

static hrs_status run_reduction(hrs_call *call, const reduction *kernels, const finish *finishes) {
  const hrs_tensor *in = &call->in[0];
  hrs_tensor *out = &call->out[0];
  const reduce *state = call->node->state;
  size_t size = hrs_dtype_size(in->type);
  hrs_count n = hrs_tensor_count(out);
  for (hrs_count b = 0; b < call->batch; b++)
    kernels[in->type].start(n, hrs_op_data(out, b));
  hrs_loop loop;
  reduce_loop(in, out, state->axes, call->batch, 2, &loop);
  hrs_loop_run(&loop, (void *[]){out->data, in->data}, (size_t[]){size, size},
               kernels[in->type].fold, NULL);
  for (hrs_count b = 0; b < call->batch && finishes[in->type]; b++)
    finishes[in->type](n, state->count, hrs_op_data(out, b));
  return HRS_OK;
}

#define SUM_SET (HRS_TYPES_REAL | HRS_TYPES_INDEX | HRS_TYPE_BIT(HRS_U32) | HRS_TYPE_BIT(HRS_U64))
#define SMALL_SET (HRS_TYPE_BIT(HRS_I8) | HRS_TYPE_BIT(HRS_U8))

static hrs_status infer_sum(hrs_call *call) {
  return infer_axes(call, SUM_SET, 13);
}

static hrs_status infer_other(hrs_call *call) {
  return infer_axes(call, SUM_SET, 18);
}

static hrs_status infer_extreme(hrs_call *call) {
  unsigned set = SUM_SET | (call->node->opset >= 12 ? SMALL_SET : 0) |
                 (call->node->opset >= 20 ? HRS_TYPES_BOOL : 0);
  return infer_axes(call, set, 18);
}

#define RUN(name, kernels, finishes)                                                               \
  static hrs_status run_##name(hrs_call *call) {                                                   \
    return run_reduction(call, kernels, finishes);                                                 \
  }
RUN(sum, sum_reductions, no_finish)
RUN(mean, sum_reductions, mean_finish)
RUN(product, product_reductions, no_finish)
RUN(max, max_reductions, no_finish)
RUN(min, min_reductions, no_finish)
RUN(l1, absolute_reductions, no_finish)
RUN(l2, square_reductions, root_finish)
RUN(square, square_reductions, no_finish)
RUN(log_sum, sum_reductions, log_finish)

/* ---- log of a sum of exponentials, shifted by the largest element ---- */

/* Integers are computed in double precision: their copy stands behind the largest elements and the
 * results in the workspace. */
static hrs_status infer_log_sum_exp(hrs_call *call) {
  HRS_TRY(infer_axes(call, SUM_SET, 18));
  hrs_count elements = hrs_tensor_count(&call->out[0]), copy = hrs_tensor_count(&call->in[0]);
  if (!(HRS_TYPE_BIT(call->in[0].type) & HRS_TYPES_REAL)) elements = 2 * elements + copy;
  return hrs_multiply(elements, sizeof(double), "workspace", &call->workspace_bytes);
}

static hrs_status run_log_sum_exp(hrs_call *call) {
  const hrs_tensor *in = &call->in[0], *out = &call->out[0];
  const reduce *state = call->node->state;
  bool whole = !(HRS_TYPE_BIT(in->type) & HRS_TYPES_REAL);
  hrs_dtype type = whole ? HRS_F64 : in->type;
  size_t size = hrs_dtype_size(type);
  hrs_count n = hrs_tensor_count(out);
  hrs_loop two, three;
  reduce_loop(in, out, state->axes, 1, 2, &two);
  reduce_loop(in, out, state->axes, 1, 3, &three);
  for (hrs_count b = 0; b < call->batch; b++) {
    void *top = call->workspace, *x = hrs_op_data(in, b), *y = hrs_op_data(out, b);
    if (whole) {
      y = (double *)top + n;
      x = (double *)y + n;
      HRS_TRY(hrs_convert(in->type, hrs_op_data(in, b), HRS_F64, x, hrs_tensor_count(in)));
    }
    max_reductions[type].start(n, top);
    hrs_loop_run(&two, (void *[]){top, x}, (size_t[]){size, size}, max_reductions[type].fold, NULL);
    sum_reductions[type].start(n, y);
    hrs_loop_run(&three, (void *[]){y, x, top}, (size_t[]){size, size, size},
                 type == HRS_F32 ? fold_exp_F32 : fold_exp_F64, NULL);
    (type == HRS_F32 ? unshift_F32 : unshift_F64)(n, top, y);
    if (whole) HRS_TRY(hrs_convert(HRS_F64, y, in->type, hrs_op_data(out, b), n));
  }
  return HRS_OK;
}

/* ---- MeanVarianceNormalization: (x - mean) / (deviation + 1e-9) over some axes ---- */

static hrs_status infer_standardise(hrs_call *call) {
  HRS_TRY(hrs_op_types(call, 0, HRS_TYPES_REAL));
  static const int64_t usual[] = {0, 2, 3};
  int n;
  const int64_t *axes = hrs_attr_ints(call->node, "axes", &n);
  if (!axes) n = 3;
  reduce *state;
  HRS_TRY(hrs_calloc(1, sizeof *state, &state));
  call->node->state = state;
  const hrs_tensor *in = &call->in[0];
  HRS_TRY(hrs_op_axes(call, n, axes ? axes : usual, in->rank, &state->axes));
  state->count = state->kept = 1;
  for (int i = 0; i < in->rank; i++)
    *(state->axes >> i & 1 ? &state->count : &state->kept) *= in->dim[i];
  HRS_TRY(hrs_multiply(state->kept, 2 * (hrs_count)hrs_dtype_size(in->type), "workspace",
                       &call->workspace_bytes));
  return hrs_call_output_like(call, 0, 0);
}

static hrs_status run_standardise(hrs_call *call) {
  const hrs_tensor *in = &call->in[0];
  const reduce *state = call->node->state;
  size_t size = hrs_dtype_size(in->type), sizes[4] = {size, size, size, size};
  hrs_count kept = state->kept;
  char *mean = call->workspace, *variance = mean + kept * (hrs_count)size;
  hrs_tensor small = {.type = in->type};
  hrs_loop two, three, four;
  reduce_loop(in, &small, state->axes, 1, 2, &two);
  reduce_loop(in, &small, state->axes, 1, 3, &three);
  hrs_loop_start(&four, 4);
  hrs_count stride[HRS_MAX_RANK], target = 1, small_stride[HRS_MAX_RANK];
  hrs_strides(in->rank, in->dim, stride);
  for (int i = in->rank - 1; i >= 0; i--) {
    small_stride[i] = state->axes >> i & 1 ? 0 : target;
    if (!(state->axes >> i & 1)) target *= in->dim[i];
  }
  for (int i = 0; i < in->rank; i++)
    hrs_loop_axis(&four, in->dim[i],
                  (hrs_count[]){stride[i], stride[i], small_stride[i], small_stride[i]});
  bool f32 = in->type == HRS_F32;
  if (hrs_tensor_count(in) == 0) return HRS_OK;
  for (hrs_count b = 0; b < call->batch; b++) {
    void *x = hrs_op_data(in, b), *y = hrs_op_data(&call->out[0], b);
    memset(mean, 0, (size_t)kept * size * 2);
    hrs_loop_run(&two, (void *[]){mean, x}, sizes, sum_reductions[in->type].fold, NULL);
    mean_finish[in->type](kept, state->count, mean);
    hrs_loop_run(&three, (void *[]){variance, x, mean}, sizes,
                 f32 ? fold_variance_F32 : fold_variance_F64, NULL);
    mean_finish[in->type](kept, state->count, variance);
    hrs_loop_run(&four, (void *[]){y, x, mean, variance}, sizes,
                 f32 ? standardise_F32 : standardise_F64, NULL);
  }
  return HRS_OK;
}

/* The axes are an attribute first, an input from operator set `since` on. */
#define ROW(name, since, until, inputs, infer, run, ...)                                           \
  {                                                                                                \
    name, since, until, 1, inputs, 1, 1, HRS_OP_BATCHED, infer, run, {                             \
      .depends = HRS_BY_REDUCTION, .axes = reduced, __VA_ARGS__                                    \
    }                                                                                              \
  }
#define ATTRIBUTES(last, since) "axes-" #last " keepdims noop_with_empty_axes@" #since
#define ROWS(name, last, since, infer, run, ...)                                                   \
  ROW(name, 1, last, 1, infer, run, .attributes = ATTRIBUTES(last, since), __VA_ARGS__),           \
      ROW(name, since, 21, 2, infer, run, .attributes = ATTRIBUTES(last, since), __VA_ARGS__)

hrs_operator_family hrs_operators_reduce = {
    ROWS("ReduceSum", 12, 13, infer_sum, run_sum, .fold = HRS_FOLD_SUM, .linear = 1),
    ROWS("ReduceMean", 17, 18, infer_other, run_mean, .fold = HRS_FOLD_MEAN, .linear = 1),
    ROWS("ReduceProd", 17, 18, infer_other, run_product, .fold = HRS_FOLD_OTHER),
    ROWS("ReduceMax", 17, 18, infer_extreme, run_max, .fold = HRS_FOLD_MAX),
    ROWS("ReduceMin", 17, 18, infer_extreme, run_min, .fold = HRS_FOLD_MIN),
    ROWS("ReduceL1", 17, 18, infer_other, run_l1, .fold = HRS_FOLD_OTHER),
    ROWS("ReduceL2", 17, 18, infer_other, run_l2, .fold = HRS_FOLD_OTHER),
    ROWS("ReduceSumSquare", 17, 18, infer_other, run_square, .fold = HRS_FOLD_OTHER),
    ROWS("ReduceLogSum", 17, 18, infer_other, run_log_sum, .fold = HRS_FOLD_OTHER),
    ROWS("ReduceLogSumExp", 17, 18, infer_log_sum_exp, run_log_sum_exp, .fold = HRS_FOLD_OTHER),
    {"MeanVarianceNormalization",
     9,
     21,
     1,
     1,
     1,
     1,
     HRS_OP_BATCHED,
     infer_standardise,
     run_standardise,
     {.attributes = "axes"}},
    {0},
};
