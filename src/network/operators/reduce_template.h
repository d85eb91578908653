/* reduce_template.h -- reductions of one type of elements (each_type.h). */
#define VERB sum
#define START 0
#define LIFT x
#define JOIN ((W)x + (W)y)
#include "fold_template.h"

#define VERB product
#define START 1
#define LIFT x
#define JOIN ((W)x * (W)y)
#include "fold_template.h"

#define VERB square
#define START 0
#define LIFT ((W)x * (W)x)
#define JOIN ((W)x + (W)y)
#include "fold_template.h"

#if IS_REAL
#define MAGNITUDE fabs(x)
#elif IS_SIGNED
#define MAGNITUDE x < 0 ? 0 - (W)x : (W)x
#else
#define MAGNITUDE x
#endif
#define VERB absolute
#define START 0
#define LIFT MAGNITUDE
#define JOIN ((W)x + (W)y)
#include "fold_template.h"
#undef MAGNITUDE

static void NAME(divide)(hrs_count n, hrs_count count, void *out) {
  T *to = out;
  for (hrs_count i = 0; i < n; i++)
    to[i] = count == 0 ? 0 : to[i] / (T)count;
}

/* Of integers in double precision. */
#if IS_REAL
#define OF(function, x) function(x)
#else
#define OF(function, x) NAME(hrs_to)(function((double)(x)))
#endif
static void NAME(root)(hrs_count n, hrs_count count, void *out) {
  (void)count;
  T *to = out;
  for (hrs_count i = 0; i < n; i++)
    to[i] = OF(sqrt, to[i]);
}

static void NAME(logarithm)(hrs_count n, hrs_count count, void *out) {
  (void)count;
  T *to = out;
  for (hrs_count i = 0; i < n; i++)
    to[i] = OF(log, to[i]);
}
#undef OF

/* Exponentials of elements less the largest, and the logarithm of their sum. */
#if IS_REAL
static void NAME(fold_exp)(hrs_count n, char *const *pointer, const hrs_count *stride,
                           const void *context) {
  (void)context;
  T *to = (T *)(void *)pointer[0];
  const T *from = (const T *)(const void *)pointer[1];
  const T *top = (const T *)(const void *)pointer[2];
  for (hrs_count i = 0; i < n; i++) {
    T shift = top[i * stride[2]];
    if (isinf(shift)) shift = 0;
    to[i * stride[0]] += exp(from[i * stride[1]] - shift);
  }
}

static void NAME(unshift)(hrs_count n, const void *top_, void *out) {
  T *to = out;
  const T *top = top_;
  for (hrs_count i = 0; i < n; i++)
    to[i] = log(to[i]) + (isinf(top[i]) ? 0 : top[i]);
}

/* Squares of elements less their mean; elements of mean 0 and variance 1. */
static void NAME(fold_variance)(hrs_count n, char *const *pointer, const hrs_count *stride,
                                const void *context) {
  (void)context;
  T *to = (T *)(void *)pointer[0];
  const T *from = (const T *)(const void *)pointer[1];
  const T *mean = (const T *)(const void *)pointer[2];
  for (hrs_count i = 0; i < n; i++) {
    T x = from[i * stride[1]] - mean[i * stride[2]];
    to[i * stride[0]] += x * x;
  }
}

static void NAME(standardise)(hrs_count n, char *const *pointer, const hrs_count *stride,
                              const void *context) {
  (void)context;
  T *to = (T *)(void *)pointer[0];
  const T *from = (const T *)(const void *)pointer[1];
  const T *mean = (const T *)(const void *)pointer[2];
  const T *variance = (const T *)(const void *)pointer[3];
  for (hrs_count i = 0; i < n; i++)
    to[i * stride[0]] =
        (from[i * stride[1]] - mean[i * stride[2]]) / (sqrt(variance[i * stride[3]]) + (T)1e-9);
}
#endif
