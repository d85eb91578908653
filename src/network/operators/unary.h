/*
 * unary.h -- element-wise operators of one input: how their kernels are written and run. All
 * instances are one contiguous run of elements. Parameters come from attributes, as doubles.
 */
#ifndef HRS_NETWORK_OPERATORS_UNARY_H
#define HRS_NETWORK_OPERATORS_UNARY_H

#include "common.h"

typedef void (*hrs_unary_kernel)(hrs_count n, const void *in, void *out, const double *parameter);
typedef const hrs_unary_kernel hrs_unary_kernels[HRS_DTYPE_LIMIT];

/* A kernel `function`: EXPRESSION of x and of parameters p[0], p[1], ... rounded to T. */
#define HRS_UNARY_KERNEL(clones, function, R, T, EXPRESSION)                                       \
  clones static void function(hrs_count n, const void *in, void *out, const double *parameter) {   \
    const T *from = in;                                                                            \
    R *to = out;                                                                                   \
    const T p[2] = {(T)(parameter ? parameter[0] : 0), (T)(parameter ? parameter[1] : 0)};         \
    (void)p;                                                                                       \
    HRS_IVDEP for (hrs_count i = 0; i < n; i++) {                                                  \
      const T x = from[i];                                                                         \
      to[i] = (R)(EXPRESSION);                                                                     \
    }                                                                                              \
  }

/** The type is in the table; the output has the input's shape and type `result` (HRS_NONE: the
 *  input's). */
hrs_status hrs_unary_infer(hrs_call *call, hrs_unary_kernels kernels, hrs_dtype result);
/** Run over all instances. */
hrs_status hrs_unary_run(hrs_call *call, hrs_unary_kernels kernels, const double *parameter);

#define HRS_UNARY_OPERATOR(name, result)                                                           \
  static hrs_status infer_##name(hrs_call *call) {                                                 \
    return hrs_unary_infer(call, name##_kernels, result);                                          \
  }                                                                                                \
  static hrs_status run_##name(hrs_call *call) {                                                   \
    return hrs_unary_run(call, name##_kernels, NULL);                                              \
  }

#endif
