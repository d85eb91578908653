/* Functions of one number without parameters: signs, rounding, roots, logarithms, trigonometry. */
#include "unary.h"

#include <tgmath.h>

hrs_status hrs_unary_infer(hrs_call *call, hrs_unary_kernels kernels, hrs_dtype result) {
  unsigned set = 0;
  for (int type = 1; type < HRS_DTYPE_LIMIT; type++)
    if (kernels[type]) set |= HRS_TYPE_BIT(type);
  HRS_TRY(hrs_op_types(call, 0, set));
  const hrs_tensor *in = &call->in[0];
  return hrs_call_output(call, 0, result == HRS_NONE ? in->type : result, in->rank, in->dim);
}

hrs_status hrs_unary_run(hrs_call *call, hrs_unary_kernels kernels, const double *parameter) {
  const hrs_tensor *in = &call->in[0];
  hrs_tensor *out = &call->out[0];
  hrs_count n = hrs_tensor_count(in);
  if (in->step != 0 || call->batch == 1) {
    kernels[in->type](n * call->batch, in->data, out->data, parameter);
    return HRS_OK;
  }
  for (hrs_count b = 0; b < call->batch; b++)
    kernels[in->type](n, in->data, hrs_op_data(out, b), parameter);
  return HRS_OK;
}

/* NAME, EXPRESSION: for float and double. */
#define REAL_FUNCTIONS(X)                                                                          \
  X(sqrt, sqrt(x))                                                                                 \
  X(reciprocal, 1 / x)                                                                             \
  X(log, log(x))                                                                                   \
  X(ceil, ceil(x))                                                                                 \
  X(floor, floor(x))                                                                               \
  X(round, rint(x))                                                                                \
  X(sin, sin(x))                                                                                   \
  X(cos, cos(x))                                                                                   \
  X(tan, tan(x))                                                                                   \
  X(asin, asin(x))                                                                                 \
  X(acos, acos(x))                                                                                 \
  X(atan, atan(x))                                                                                 \
  X(sinh, sinh(x))                                                                                 \
  X(cosh, cosh(x))                                                                                 \
  X(asinh, asinh(x))                                                                               \
  X(acosh, acosh(x))                                                                               \
  X(atanh, atanh(x))

#define REAL_KERNELS(name, EXPRESSION)                                                             \
  HRS_UNARY_KERNEL(, name##_F32, float, float, EXPRESSION)                                         \
  HRS_UNARY_KERNEL(, name##_F64, double, double, EXPRESSION)                                       \
  static hrs_unary_kernels name##_kernels = {[HRS_F32] = name##_F32, [HRS_F64] = name##_F64};      \
  HRS_UNARY_OPERATOR(name, HRS_NONE)
REAL_FUNCTIONS(REAL_KERNELS)

#define SIGNED(name, T, W)                                                                         \
  HRS_UNARY_KERNEL(, abs_##name, T, T, x < 0 ? (T)(0 - (W)x) : x)                                  \
  HRS_UNARY_KERNEL(, neg_##name, T, T, 0 - (W)x)
#define REAL(name, T, W)                                                                           \
  HRS_UNARY_KERNEL(HRS_CLONES, abs_##name, T, T, fabs(x))                                          \
  HRS_UNARY_KERNEL(HRS_CLONES, neg_##name, T, T, -x)                                               \
  HRS_UNARY_KERNEL(, isnan_##name, uint8_t, T, x != x)                                             \
  HRS_UNARY_KERNEL(, isinf_##name, uint8_t, T,                                                     \
                   (p[0] != 0 && x == -(T)INFINITY) || (p[1] != 0 && x == (T)INFINITY))
#define NUMBER(name, T, W)                                                                         \
  HRS_UNARY_KERNEL(, sign_##name, T, T, x > 0 ? 1 : x == 0 || x != x ? x : (T)(0 - (W)1))
#define INTEGER_BITS(name, T, W) HRS_UNARY_KERNEL(, bit_not_##name, T, T, ~x)
#define ABS_UNSIGNED(name, T, W) HRS_UNARY_KERNEL(, abs_##name, T, T, x)
HRS_SIGNED_TYPES(SIGNED)
HRS_UNSIGNED_TYPES(ABS_UNSIGNED)
HRS_REAL_TYPES(REAL)
HRS_NUMBER_TYPES(NUMBER)
HRS_INTEGER_TYPES(INTEGER_BITS)
HRS_UNARY_KERNEL(, not_BOOL, uint8_t, uint8_t, !x)

#define ENTRY_ABS(name, T, W) [HRS_##name] = abs_##name,
#define ENTRY_NEG(name, T, W) [HRS_##name] = neg_##name,
#define ENTRY_SIGN(name, T, W) [HRS_##name] = sign_##name,
#define ENTRY_ISNAN(name, T, W) [HRS_##name] = isnan_##name,
#define ENTRY_ISINF(name, T, W) [HRS_##name] = isinf_##name,
#define ENTRY_BIT_NOT(name, T, W) [HRS_##name] = bit_not_##name,
static hrs_unary_kernels abs_kernels = {HRS_NUMBER_TYPES(ENTRY_ABS)};
static hrs_unary_kernels neg_kernels = {HRS_REAL_TYPES(ENTRY_NEG) HRS_SIGNED_TYPES(ENTRY_NEG)};
static hrs_unary_kernels sign_kernels = {HRS_NUMBER_TYPES(ENTRY_SIGN)};
static hrs_unary_kernels isnan_kernels = {HRS_REAL_TYPES(ENTRY_ISNAN)};
static hrs_unary_kernels isinf_kernels = {HRS_REAL_TYPES(ENTRY_ISINF)};
static hrs_unary_kernels bit_not_kernels = {HRS_INTEGER_TYPES(ENTRY_BIT_NOT)};
static hrs_unary_kernels not_kernels = {[HRS_BOOL] = not_BOOL};
HRS_UNARY_OPERATOR(abs, HRS_NONE)
HRS_UNARY_OPERATOR(neg, HRS_NONE)
HRS_UNARY_OPERATOR(sign, HRS_NONE)
HRS_UNARY_OPERATOR(isnan, HRS_BOOL)
HRS_UNARY_OPERATOR(bit_not, HRS_NONE)
HRS_UNARY_OPERATOR(not, HRS_BOOL)

static hrs_status infer_isinf(hrs_call *call) {
  return hrs_unary_infer(call, isinf_kernels, HRS_BOOL);
}

static hrs_status run_isinf(hrs_call *call) {
  double detect[2] = {(double)hrs_attr_int(call->node, "detect_negative", 1),
                      (double)hrs_attr_int(call->node, "detect_positive", 1)};
  return hrs_unary_run(call, isinf_kernels, detect);
}

#define ROW_OF(name, since, flags, verb, linear_in)                                                \
  {                                                                                                \
    name, since, 21, 1, 1, 1, 1, flags, infer_##verb, run_##verb, {                                \
      .depends = HRS_BY_ELEMENT, .linear = linear_in                                               \
    }                                                                                              \
  }
#define ROW(name, since, verb) ROW_OF(name, since, HRS_OP_BATCHED | HRS_OP_IN_PLACE, verb, 0)
#define TEST_ROW(name, since, verb) ROW_OF(name, since, HRS_OP_BATCHED, verb, 0)

hrs_operator_family hrs_operators_unary = {
    ROW("Abs", 6, abs),
    ROW_OF("Neg", 6, HRS_OP_BATCHED | HRS_OP_IN_PLACE, neg, 1),
    ROW("Sign", 9, sign),
    ROW("Sqrt", 6, sqrt),
    ROW("Reciprocal", 6, reciprocal),
    ROW("Log", 6, log),
    ROW("Ceil", 6, ceil),
    ROW("Floor", 6, floor),
    ROW("Round", 11, round),
    ROW("Sin", 7, sin),
    ROW("Cos", 7, cos),
    ROW("Tan", 7, tan),
    ROW("Asin", 7, asin),
    ROW("Acos", 7, acos),
    ROW("Atan", 7, atan),
    ROW("Sinh", 9, sinh),
    ROW("Cosh", 9, cosh),
    ROW("Asinh", 9, asinh),
    ROW("Acosh", 9, acosh),
    ROW("Atanh", 9, atanh),
    ROW("BitwiseNot", 18, bit_not),
    ROW("Not", 1, not ),
    TEST_ROW("IsNaN", 9, isnan),
    TEST_ROW("IsInf", 10, isinf),
    {0},
};
