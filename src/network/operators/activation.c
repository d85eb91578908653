/*
 * Activation functions. Parameters are read at each run: a few look-ups per call. NaN passes
 * through, but for ThresholdedRelu and Shrink, where no comparison holds and the result is 0, as
 * ONNX Runtime has it.
 */
#include "unary.h"
#include "vector_math.h"

#include <float.h>
#include <string.h>
#include <tgmath.h>

/* X(name, since, first attribute, default, second attribute, default, float, double) */
#define ACTIVATIONS(X)                                                                             \
  X(exp, "Exp", 6, AUTO, "", 0, "", 0, hrs_exp_f32(x), exp(x))                                     \
  X(sigmoid, "Sigmoid", 6, PROBABILITIES, "", 0, "", 0, hrs_sigmoid_f32(x), 1 / (1 + exp(-x)))     \
  X(tanh, "Tanh", 6, AUTO, "", 0, "", 0, hrs_tanh_f32(x), tanh(x))                                 \
  X(erf, "Erf", 9, AUTO, "", 0, "", 0, hrs_erf_f32(x), erf(x))                                     \
  X(leaky, "LeakyRelu", 6, AUTO, "alpha", 0.01, "", 0, x < 0 ? p[0] * x : x, x < 0 ? p[0] * x : x) \
  X(thresholded, "ThresholdedRelu", 10, AUTO, "alpha", 1, "", 0, x > p[0] ? x : 0,                 \
    x > p[0] ? x : 0)                                                                              \
  X(elu, "Elu", 6, AUTO, "alpha", 1, "", 0, x < 0 ? p[0] * expm1(x) : x,                           \
    x < 0 ? p[0] * expm1(x) : x)                                                                   \
  X(celu, "Celu", 12, AUTO, "alpha", 1, "", 0, x < 0 ? p[0] * expm1(x / p[0]) : x,                 \
    x < 0 ? p[0] * expm1(x / p[0]) : x)                                                            \
  X(selu, "Selu", 6, AUTO, "alpha", 1.67326319217681884765625, "gamma", 1.05070102214813232421875, \
    p[1] * (x <= 0 ? p[0] * expm1(x) : x), p[1] * (x <= 0 ? p[0] * expm1(x) : x))                  \
  X(hard_sigmoid, "HardSigmoid", 6, AUTO, "alpha", 0.2, "beta", 0.5,                               \
    clamp_F32(p[0] * x + p[1], 0, 1), clamp_F64(p[0] * x + p[1], 0, 1))                            \
  X(hard_swish, "HardSwish", 14, AUTO, "", 0, "", 0, x *clamp_F32(x *(1.0f / 6) + 0.5f, 0, 1),     \
    x *clamp_F64(x / 6 + 0.5, 0, 1))                                                               \
  X(softplus, "Softplus", 1, AUTO, "", 0, "", 0, (x > 0 ? x : 0) + log1p(exp(-fabs(x))),           \
    (x > 0 ? x : 0) + log1p(exp(-fabs(x))))                                                        \
  X(softsign, "Softsign", 1, AUTO, "", 0, "", 0, x / (1 + fabs(x)), x / (1 + fabs(x)))             \
  X(mish, "Mish", 18, AUTO, "", 0, "", 0, mish_value_F32(x), mish_value_F64(x))

#define CLAMP(name, T, W)                                                                          \
  static inline T clamp_##name(T x, T low, T high) {                                               \
    T y = x < low ? low : x;                                                                       \
    return y > high ? high : y;                                                                    \
  }                                                                                                \
  /* x tanh(log(1 + e^x)) with e^-|x|, which never overflows. */                                   \
  static inline T mish_value_##name(T x) {                                                         \
    T e = exp(-fabs(x));                                                                           \
    T top = x > 0 ? 1 + 2 * e : e * (e + 2), bottom = x > 0 ? top + 2 * e * e : top + 2;           \
    return x * (top / bottom);                                                                     \
  }
HRS_REAL_TYPES(CLAMP)

#define ACTIVATION_KERNELS(name, text, since, scores, a1, d1, a2, d2, E32, E64)                    \
  HRS_UNARY_KERNEL(HRS_CLONES, name##_F32, float, float, E32)                                      \
  HRS_UNARY_KERNEL(, name##_F64, double, double, E64)                                              \
  static hrs_unary_kernels name##_kernels = {[HRS_F32] = name##_F32, [HRS_F64] = name##_F64};      \
  static hrs_status infer_##name(hrs_call *call) {                                                 \
    return hrs_unary_infer(call, name##_kernels, HRS_NONE);                                        \
  }                                                                                                \
  static hrs_status run_##name(hrs_call *call) {                                                   \
    const double parameter[2] = {(double)hrs_attr_float(call->node, a1, (float)(d1)),              \
                                 (double)hrs_attr_float(call->node, a2, (float)(d2))};             \
    return hrs_unary_run(call, name##_kernels, parameter);                                         \
  }
ACTIVATIONS(ACTIVATION_KERNELS)

/* ---- Relu: any signed type ---- */

#define RELU(name, T, W) HRS_UNARY_KERNEL(HRS_CLONES, relu_##name, T, T, x < 0 ? 0 : x)
HRS_REAL_TYPES(RELU)
HRS_SIGNED_TYPES(RELU)
#define ENTRY_RELU(name, T, W) [HRS_##name] = relu_##name,
static hrs_unary_kernels relu_kernels = {HRS_REAL_TYPES(ENTRY_RELU) HRS_SIGNED_TYPES(ENTRY_RELU)};
HRS_UNARY_OPERATOR(relu, HRS_NONE)

/* ---- Gelu: exact, or approximated by tanh ---- */

#define SQRT_HALF 0.70710678118654752440
#define SQRT_2_PI 0.79788456080286535588
HRS_UNARY_KERNEL(HRS_CLONES, gelu_F32, float, float,
                 0.5f * x * (1 + hrs_erf_f32(x * (float)SQRT_HALF)))
HRS_UNARY_KERNEL(, gelu_F64, double, double, 0.5 * x * erfc(-x * SQRT_HALF))
HRS_UNARY_KERNEL(HRS_CLONES, gelu_tanh_F32, float, float,
                 0.5f * x * (1 + hrs_tanh_f32((float)SQRT_2_PI * (x + 0.044715f * x * x * x))))
HRS_UNARY_KERNEL(, gelu_tanh_F64, double, double,
                 0.5 * x * (1 + tanh(SQRT_2_PI * (x + 0.044715 * x * x * x))))
static hrs_unary_kernels gelu_kernels[2] = {{[HRS_F32] = gelu_F32, [HRS_F64] = gelu_F64},
                                            {[HRS_F32] = gelu_tanh_F32, [HRS_F64] = gelu_tanh_F64}};

static hrs_status gelu_choice(const hrs_call *call, int *choice) {
  static const char *const names[] = {"none", "tanh"};
  return hrs_op_choice(call, "approximate", "none", names, 2, choice);
}

static hrs_status infer_gelu(hrs_call *call) {
  int choice;
  HRS_TRY(gelu_choice(call, &choice));
  return hrs_unary_infer(call, gelu_kernels[choice], HRS_NONE);
}

static hrs_status run_gelu(hrs_call *call) {
  int choice;
  HRS_TRY(gelu_choice(call, &choice));
  return hrs_unary_run(call, gelu_kernels[choice], NULL);
}

/* ---- Shrink: numbers of any type ---- */

#define SHRINK(name, T, W)                                                                         \
  static void shrink_##name(hrs_count n, const void *in, void *out, const double *parameter) {     \
    const T *from = in;                                                                            \
    T *to = out;                                                                                   \
    double lambda = parameter[0], bias = parameter[1];                                             \
    for (hrs_count i = 0; i < n; i++) {                                                            \
      double x = (double)from[i];                                                                  \
      to[i] = hrs_to_##name(x < -lambda ? x + bias : x > lambda ? x - bias : 0);                   \
    }                                                                                              \
  }
HRS_NUMBER_TYPES(SHRINK)
#define ENTRY_SHRINK(name, T, W) [HRS_##name] = shrink_##name,
static hrs_unary_kernels shrink_kernels = {HRS_NUMBER_TYPES(ENTRY_SHRINK)};

static hrs_status infer_shrink(hrs_call *call) {
  return hrs_unary_infer(call, shrink_kernels, HRS_NONE);
}

static hrs_status run_shrink(hrs_call *call) {
  const double parameter[2] = {(double)hrs_attr_float(call->node, "lambd", 0.5f),
                               (double)hrs_attr_float(call->node, "bias", 0)};
  return hrs_unary_run(call, shrink_kernels, parameter);
}

/* ---- Clip: bounds are attributes before operator set 11, inputs after it ---- */

#define CLIP(name, T, W)                                                                           \
  HRS_CLONES static void clip_##name(hrs_count n, const void *in, void *out, const void *low_,     \
                                     const void *high_) {                                          \
    const T *from = in, low = *(const T *)low_, high = *(const T *)high_;                          \
    T *to = out;                                                                                   \
    HRS_IVDEP for (hrs_count i = 0; i < n; i++) {                                                  \
      T x = from[i] < low ? low : from[i];                                                         \
      to[i] = x > high ? high : x;                                                                 \
    }                                                                                              \
  }
HRS_NUMBER_TYPES(CLIP)
#define ENTRY_CLIP(name, T, W) [HRS_##name] = clip_##name,

typedef union number {
  double f64;
  float f32;
  int64_t i64;
  uint64_t u64;
  int32_t i32;
  uint32_t u32;
  int16_t i16;
  uint16_t u16;
  int8_t i8;
  uint8_t u8;
} number;

typedef struct type_limits {
  number low, high;
} type_limits;

static const type_limits limits[HRS_DTYPE_LIMIT] = {
    [HRS_F32] = {{.f32 = -INFINITY}, {.f32 = INFINITY}},
    [HRS_F64] = {{.f64 = -INFINITY}, {.f64 = INFINITY}},
    [HRS_I8] = {{.i8 = INT8_MIN}, {.i8 = INT8_MAX}},
    [HRS_I16] = {{.i16 = INT16_MIN}, {.i16 = INT16_MAX}},
    [HRS_I32] = {{.i32 = INT32_MIN}, {.i32 = INT32_MAX}},
    [HRS_I64] = {{.i64 = INT64_MIN}, {.i64 = INT64_MAX}},
    [HRS_U8] = {{.u8 = 0}, {.u8 = UINT8_MAX}},
    [HRS_U16] = {{.u16 = 0}, {.u16 = UINT16_MAX}},
    [HRS_U32] = {{.u32 = 0}, {.u32 = UINT32_MAX}},
    [HRS_U64] = {{.u64 = 0}, {.u64 = UINT64_MAX}}};

static hrs_status infer_clip(hrs_call *call) {
  HRS_TRY(hrs_op_types(call, 0, call->node->opset < 12 ? HRS_TYPES_REAL : HRS_TYPES_NUMBER));
  for (int k = 1; k <= 2; k++) {
    if (!hrs_call_has(call, k)) continue;
    HRS_TRY(hrs_op_same_type(call, 0, k));
    HRS_NODE_REQUIRE(hrs_tensor_count(&call->in[k]) == 1, call, INPUT,
                     "the bound in input %d must be a single number", k);
  }
  return hrs_call_output_like(call, 0, 0);
}

static hrs_status run_clip(hrs_call *call) {
  static void (*const kernels[HRS_DTYPE_LIMIT])(hrs_count, const void *, void *, const void *,
                                                const void *) = {HRS_NUMBER_TYPES(ENTRY_CLIP)};
  const hrs_tensor *in = &call->in[0];
  hrs_tensor *out = &call->out[0];
  type_limits bound = limits[in->type];
  if (call->node->opset < 11) {
    float low = hrs_attr_float(call->node, "min", -FLT_MAX);
    float high = hrs_attr_float(call->node, "max", FLT_MAX);
    HRS_TRY(hrs_convert(HRS_F32, &low, in->type, &bound.low, 1));
    HRS_TRY(hrs_convert(HRS_F32, &high, in->type, &bound.high, 1));
  }
  const hrs_tensor *low = hrs_call_has(call, 1) ? &call->in[1] : NULL;
  const hrs_tensor *high = hrs_call_has(call, 2) ? &call->in[2] : NULL;
  bool joined = (!low || low->step == 0) && (!high || high->step == 0) && in->step != 0;
  hrs_count n = hrs_tensor_count(in) * (joined ? call->batch : 1);
  for (hrs_count b = 0; b < (joined ? 1 : call->batch); b++)
    kernels[in->type](n, hrs_op_data(in, b), hrs_op_data(out, b),
                      low ? hrs_op_data(low, b) : (void *)&bound.low,
                      high ? hrs_op_data(high, b) : (void *)&bound.high);
  return HRS_OK;
}

/* ---- PRelu: a slope that broadcasts to the input ---- */

#define PRELU(name, T, W)                                                                          \
  static void prelu_##name(hrs_count n, char *const *pointer, const hrs_count *stride,             \
                           const void *context) {                                                  \
    (void)context;                                                                                 \
    T *out = (T *)(void *)pointer[0];                                                              \
    const T *in = (const T *)(const void *)pointer[1];                                             \
    const T *slope = (const T *)(const void *)pointer[2];                                          \
    const T zero = 0;                                                                              \
    for (hrs_count i = 0; i < n; i++) {                                                            \
      T x = in[i * stride[1]];                                                                     \
      out[i * stride[0]] = x < zero ? (T)((W)slope[i * stride[2]] * (W)x) : x;                     \
    }                                                                                              \
  }
HRS_NUMBER_TYPES(PRELU)
#define ENTRY_PRELU(name, T, W) [HRS_##name] = prelu_##name,

static hrs_status infer_prelu(hrs_call *call) {
  HRS_TRY(hrs_op_types(call, 0, HRS_TYPES_NUMBER));
  HRS_TRY(hrs_op_types(call, 1, HRS_TYPES_NUMBER));
  HRS_TRY(hrs_op_same_type(call, 0, 1));
  const hrs_tensor *in = call->in;
  char a[HRS_SHAPE_TEXT], b[HRS_SHAPE_TEXT];
  HRS_NODE_REQUIRE(hrs_op_broadcasts_to(in[1].rank, in[1].dim, in[0].rank, in[0].dim), call, INPUT,
                   "the slope's shape %s does not broadcast to the input's, %s",
                   hrs_op_shape(call, 1, a), hrs_op_shape(call, 0, b));
  return hrs_call_output_like(call, 0, 0);
}

static hrs_status run_prelu(hrs_call *call) {
  static const hrs_loop_body kernels[HRS_DTYPE_LIMIT] = {HRS_NUMBER_TYPES(ENTRY_PRELU)};
  hrs_loop loop;
  const hrs_tensor *in[2] = {&call->in[0], &call->in[1]};
  hrs_loop_broadcast(&loop, call->batch, &call->out[0], 2, in);
  size_t size = hrs_dtype_size(in[0]->type);
  hrs_loop_run(&loop, (void *[]){call->out[0].data, in[0]->data, in[1]->data},
               (size_t[]){size, size, size}, kernels[in[0]->type], NULL);
  return HRS_OK;
}

#define ROW(name, since, until, inputs, verb, makes)                                               \
  {name,                                                                                           \
   since,                                                                                          \
   until,                                                                                          \
   1,                                                                                              \
   inputs,                                                                                         \
   1,                                                                                              \
   1,                                                                                              \
   HRS_OP_BATCHED | HRS_OP_IN_PLACE,                                                               \
   infer_##verb,                                                                                   \
   run_##verb,                                                                                     \
   {.depends = HRS_BY_ELEMENT, .scores = HRS_SCORES_##makes}},
#define ACTIVATION_ROW(verb, name, since, scores, a1, d1, a2, d2, E32, E64)                        \
  ROW(name, since, 21, 1, verb, scores)

hrs_operator_family hrs_operators_activation = {
    ACTIVATIONS(ACTIVATION_ROW) ROW("Relu", 6, 21, 1, relu, AUTO) ROW("Gelu", 20, 21, 1, gelu, AUTO)
        ROW("Shrink", 9, 21, 1, shrink, AUTO) ROW("Clip", 6, 10, 1, clip, AUTO)
            ROW("Clip", 11, 21, 3, clip,
                AUTO){"PRelu",
                      7,
                      21,
                      2,
                      2,
                      1,
                      1,
                      HRS_OP_BATCHED | HRS_OP_IN_PLACE,
                      infer_prelu,
                      run_prelu,
                      {.depends = HRS_BY_BROADCAST}},
    {0},
};
