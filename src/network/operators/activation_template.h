/* activation_template.h -- activation functions of one type of elements (each_type.h). */
#if IS_REAL
static inline T NAME(clamp)(T x, T low, T high) {
  T y = x < low ? low : x;
  return y > high ? high : y;
}

static inline T NAME(hard_swish_value)(T x) {
  T sixth = sizeof(T) == sizeof(float) ? x * (T)(1.0f / 6) : x / 6;
  return x * NAME(clamp)(sixth + (T)0.5, 0, 1);
}

/* x tanh(log(1 + e^x)) with e^-|x|, which never overflows. */
static inline T NAME(mish_value)(T x) {
  T e = exp(-fabs(x));
  T top = x > 0 ? 1 + 2 * e : e * (e + 2), bottom = x > 0 ? top + 2 * e * e : top + 2;
  return x * (top / bottom);
}

#define VERB exp
#define VALUE HRS_EXP(x)
#include "unary_template.h"

#define VERB sigmoid
#define VALUE SIGMOID(x)
#include "unary_template.h"

#define VERB tanh
#define VALUE HRS_TANH(x)
#include "unary_template.h"

#define VERB erf
#define VALUE HRS_ERF(x)
#include "unary_template.h"

#define VERB leaky
#define VALUE x < 0 ? p[0] * x : x
#include "unary_template.h"

#define VERB thresholded
#define VALUE x > p[0] ? x : 0
#include "unary_template.h"

#define VERB elu
#define VALUE x < 0 ? p[0] * expm1(x) : x
#include "unary_template.h"

#define VERB celu
#define VALUE x < 0 ? p[0] * expm1(x / p[0]) : x
#include "unary_template.h"

#define VERB selu
#define VALUE p[1] * (x <= 0 ? p[0] * expm1(x) : x)
#include "unary_template.h"

#define VERB hard_sigmoid
#define VALUE NAME(clamp)(p[0] * x + p[1], 0, 1)
#include "unary_template.h"

#define VERB hard_swish
#define VALUE NAME(hard_swish_value)(x)
#include "unary_template.h"

#define VERB softplus
#define VALUE (x > 0 ? x : 0) + log1p(exp(-fabs(x)))
#include "unary_template.h"

#define VERB softsign
#define VALUE x / (1 + fabs(x))
#include "unary_template.h"

#define VERB mish
#define VALUE NAME(mish_value)(x)
#include "unary_template.h"

#define VERB gelu
#define VALUE GELU(x)
#include "unary_template.h"

#define VERB gelu_tanh
#define VALUE ((T)0.5 * x * (1 + HRS_TANH((T)SQRT_2_PI * (x + (T)0.044715 * x * x * x))))
#include "unary_template.h"
#endif

#if IS_SIGNED
HRS_CLONES static void NAME(relu)(hrs_count n, const void *in, void *out, const double *parameter) {
  (void)parameter;
  const T *from = in;
  T *to = out;
  HRS_INDEPENDENT
  for (hrs_count i = 0; i < n; i++)
    to[i] = from[i] < 0 ? 0 : from[i];
}
#endif

static void NAME(shrink)(hrs_count n, const void *in, void *out, const double *parameter) {
  const T *from = in;
  T *to = out;
  double lambda = parameter[0], bias = parameter[1];
  for (hrs_count i = 0; i < n; i++) {
    double x = (double)from[i];
    to[i] = NAME(hrs_to)(x < -lambda ? x + bias : x > lambda ? x - bias : 0);
  }
}

HRS_CLONES static void NAME(clip)(hrs_count n, const void *in, void *out, const void *low_,
                                  const void *high_) {
  const T *from = in, low = *(const T *)low_, high = *(const T *)high_;
  T *to = out;
  HRS_INDEPENDENT
  for (hrs_count i = 0; i < n; i++) {
    T x = from[i] < low ? low : from[i];
    to[i] = x > high ? high : x;
  }
}

static void NAME(prelu)(hrs_count n, char *const *pointer, const hrs_count *stride,
                        const void *context) {
  (void)context;
  T *out = (T *)(void *)pointer[0];
  const T *in = (const T *)(const void *)pointer[1];
  const T *slope = (const T *)(const void *)pointer[2];
  const T zero = 0;
  for (hrs_count i = 0; i < n; i++) {
    T x = in[i * stride[1]];
    out[i * stride[0]] = x < zero ? (T)((W)slope[i * stride[2]] * (W)x) : x;
  }
}
