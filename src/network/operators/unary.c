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

#define TEMPLATE "functions_template.h"
#define TYPES NUMBER
#include "each_type.h"

/* Those of real numbers alone. */
#define REAL_OPERATOR(name)                                                                        \
  static hrs_unary_kernels name##_kernels = {HRS_REALS(name)};                                     \
  HRS_UNARY_OPERATOR(name, HRS_NONE)
REAL_OPERATOR(sqrt)
REAL_OPERATOR(reciprocal)
REAL_OPERATOR(log)
REAL_OPERATOR(ceil)
REAL_OPERATOR(floor)
REAL_OPERATOR(round)
REAL_OPERATOR(sin)
REAL_OPERATOR(cos)
REAL_OPERATOR(tan)
REAL_OPERATOR(asin)
REAL_OPERATOR(acos)
REAL_OPERATOR(atan)
REAL_OPERATOR(sinh)
REAL_OPERATOR(cosh)
REAL_OPERATOR(asinh)
REAL_OPERATOR(acosh)
REAL_OPERATOR(atanh)

static void not_BOOL(hrs_count n, const void *in, void *out, const double *parameter) {
  (void)parameter;
  const uint8_t *from = in;
  uint8_t *to = out;
  HRS_INDEPENDENT
  for (hrs_count i = 0; i < n; i++)
    to[i] = !from[i];
}

static hrs_unary_kernels abs_kernels = {HRS_NUMBERS(abs)};
static hrs_unary_kernels neg_kernels = {HRS_REALS(neg), HRS_SIGNEDS(neg)};
static hrs_unary_kernels sign_kernels = {HRS_NUMBERS(sign)};
static hrs_unary_kernels isnan_kernels = {HRS_REALS(isnan)};
static hrs_unary_kernels isinf_kernels = {HRS_REALS(isinf)};
static hrs_unary_kernels bit_not_kernels = {HRS_INTEGERS(bit_not)};
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

#define ROW_OF(name, since, flags, verb, ...)                                                      \
  {                                                                                                \
    name, since, 21, 1, 1, 1, 1, flags, infer_##verb, run_##verb, {                                \
      .depends = HRS_BY_ELEMENT, __VA_ARGS__                                                       \
    }                                                                                              \
  }
#define ROW(name, since, verb)                                                                     \
  ROW_OF(name, since, HRS_OP_BATCHED | HRS_OP_IN_PLACE, verb, .linear = 0)

hrs_operator_family hrs_operators_unary = {
    ROW("Abs", 6, abs),
    ROW_OF("Neg", 6, HRS_OP_BATCHED | HRS_OP_IN_PLACE, neg, .linear = 1),
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
    ROW_OF("IsNaN", 9, HRS_OP_BATCHED, isnan, .linear = 0),
    ROW_OF("IsInf", 10, HRS_OP_BATCHED, isinf, .attributes = "detect_negative detect_positive"),
    {0},
};
