/*
 * Activation functions. Parameters are read at each run: a few look-ups per call. NaN passes
 * through, but for ThresholdedRelu and Shrink, where no comparison holds and the result is 0, as
 * ONNX Runtime has it.
 */
#include "from_double.h"
#include "unary.h"
#include "vector_math.h"

#include <float.h>
#include <string.h>
#include <tgmath.h>

#define SQRT_HALF 0.70710678118654752440
#define SQRT_2_PI 0.79788456080286535588

/* Where float and double go different ways. */
#define SIGMOID(x) _Generic((x), float : hrs_sigmoid_f32, default : sigmoid_f64)(x)
static inline double sigmoid_f64(double x) {
  return 1 / (1 + exp(-x));
}
#define GELU(x) _Generic((x), float : gelu_f32, default : gelu_f64)(x)
static inline float gelu_f32(float x) {
  return 0.5f * x * (1 + hrs_erf_f32(x * (float)SQRT_HALF));
}
static inline double gelu_f64(double x) {
  return 0.5 * x * erfc(-x * SQRT_HALF);
}

#define TEMPLATE "activation_template.h"
#define TYPES NUMBER
#include "each_type.h"

/* X(name, operator, since, what scores it makes, first attribute, default, second attribute,
 * default) */
#define ACTIVATIONS(X)                                                                             \
  X(exp, "Exp", 6, AUTO, "", 0, "", 0)                                                             \
  X(sigmoid, "Sigmoid", 6, PROBABILITIES, "", 0, "", 0)                                            \
  X(tanh, "Tanh", 6, AUTO, "", 0, "", 0)                                                           \
  X(erf, "Erf", 9, AUTO, "", 0, "", 0)                                                             \
  X(leaky, "LeakyRelu", 6, AUTO, "alpha", 0.01, "", 0)                                             \
  X(thresholded, "ThresholdedRelu", 10, AUTO, "alpha", 1, "", 0)                                   \
  X(elu, "Elu", 6, AUTO, "alpha", 1, "", 0)                                                        \
  X(celu, "Celu", 12, AUTO, "alpha", 1, "", 0)                                                     \
  X(selu, "Selu", 6, AUTO, "alpha", 1.67326319217681884765625, "gamma", 1.05070102214813232421875) \
  X(hard_sigmoid, "HardSigmoid", 6, AUTO, "alpha", 0.2, "beta", 0.5)                               \
  X(hard_swish, "HardSwish", 14, AUTO, "", 0, "", 0)                                               \
  X(softplus, "Softplus", 1, AUTO, "", 0, "", 0)                                                   \
  X(softsign, "Softsign", 1, AUTO, "", 0, "", 0)                                                   \
  X(mish, "Mish", 18, AUTO, "", 0, "", 0)

static hrs_status run_with(hrs_call *call, hrs_unary_kernels kernels, const char *first,
                           double first_default, const char *second, double second_default) {
  const double parameter[2] = {(double)hrs_attr_float(call->node, first, (float)first_default),
                               (double)hrs_attr_float(call->node, second, (float)second_default)};
  return hrs_unary_run(call, kernels, parameter);
}

#define ACTIVATION(name, text, since, scores, a1, d1, a2, d2)                                      \
  static hrs_unary_kernels name##_kernels = {HRS_REALS(name)};                                     \
  static hrs_status infer_##name(hrs_call *call) {                                                 \
    return hrs_unary_infer(call, name##_kernels, HRS_NONE);                                        \
  }                                                                                                \
  static hrs_status run_##name(hrs_call *call) {                                                   \
    return run_with(call, name##_kernels, a1, d1, a2, d2);                                         \
  }
ACTIVATIONS(ACTIVATION)

/* ---- Relu: any signed type ---- */

static hrs_unary_kernels relu_kernels = {HRS_REALS(relu), HRS_SIGNEDS(relu)};
HRS_UNARY_OPERATOR(relu, HRS_NONE)

/* ---- Gelu: exact, or approximated by tanh ---- */

static hrs_unary_kernels gelu_kernels[2] = {{HRS_REALS(gelu)}, {HRS_REALS(gelu_tanh)}};

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

static hrs_unary_kernels shrink_kernels = {HRS_NUMBERS(shrink)};

static hrs_status infer_shrink(hrs_call *call) {
  return hrs_unary_infer(call, shrink_kernels, HRS_NONE);
}

static hrs_status run_shrink(hrs_call *call) {
  const double parameter[2] = {(double)hrs_attr_float(call->node, "lambd", 0.5f),
                               (double)hrs_attr_float(call->node, "bias", 0)};
  return hrs_unary_run(call, shrink_kernels, parameter);
}

/* ---- Clip: bounds are attributes before operator set 11, inputs after it ---- */

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
                                                const void *) = {HRS_NUMBERS(clip)};
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
  static const hrs_loop_body kernels[HRS_DTYPE_LIMIT] = {HRS_NUMBERS(prelu)};
  hrs_loop loop;
  const hrs_tensor *in[2] = {&call->in[0], &call->in[1]};
  hrs_loop_broadcast(&loop, call->batch, &call->out[0], 2, in);
  size_t size = hrs_dtype_size(in[0]->type);
  hrs_loop_run(&loop, (void *[]){call->out[0].data, in[0]->data, in[1]->data},
               (size_t[]){size, size, size}, kernels[in[0]->type], NULL);
  return HRS_OK;
}

#define ROW_OF(name, since, until, least, most, verb, ...)                                         \
  {                                                                                                \
    name, since, until, least, most, 1, 1, HRS_OP_BATCHED | HRS_OP_IN_PLACE, infer_##verb,         \
        run_##verb, {                                                                              \
      __VA_ARGS__                                                                                  \
    }                                                                                              \
  }
#define ROW(name, since, until, inputs, verb, ...)                                                 \
  ROW_OF(name, since, until, 1, inputs, verb, .depends = HRS_BY_ELEMENT, __VA_ARGS__)
#define ACTIVATION_ROW(verb, name, since, makes, a1, d1, a2, d2)                                   \
  ROW_OF(name, since, 21, 1, 1, verb, .depends = HRS_BY_ELEMENT, .scores = HRS_SCORES_##makes,     \
         .attributes = a1 " " a2),

hrs_operator_family hrs_operators_activation = {
    ACTIVATIONS(ACTIVATION_ROW) ROW("Relu", 6, 21, 1, relu, .attributes = ""),
    ROW("Gelu", 20, 21, 1, gelu, .attributes = "approximate"),
    ROW("Shrink", 9, 21, 1, shrink, .attributes = "bias lambd"),
    ROW("Clip", 6, 10, 1, clip, .attributes = "max-10 min-10"),
    ROW("Clip", 11, 21, 3, clip, .attributes = "max-10 min-10"),
    ROW_OF("PRelu", 7, 21, 2, 2, prelu, .depends = HRS_BY_BROADCAST),
    {0},
};
