/*
 * unary.h -- element-wise operators of one input: how their kernels, which unary_template.h
 * writes, are run. All instances are one contiguous run of elements. Parameters come from
 * attributes, as doubles.
 */
#ifndef HRS_NETWORK_OPERATORS_UNARY_H
#define HRS_NETWORK_OPERATORS_UNARY_H

#include "common.h"

typedef void (*hrs_unary_kernel)(hrs_count n, const void *in, void *out, const double *parameter);
typedef const hrs_unary_kernel hrs_unary_kernels[HRS_DTYPE_LIMIT];

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
