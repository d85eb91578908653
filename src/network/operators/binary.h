/*
 * binary.h -- element-wise operators of two inputs with broadcasting: how their row kernels,
 * which binary_template.h writes, are run. A kernel table has one row kernel per element type of
 * the inputs.
 */
#ifndef HRS_NETWORK_OPERATORS_BINARY_H
#define HRS_NETWORK_OPERATORS_BINARY_H

#include "common.h"

typedef const hrs_loop_body hrs_binary_kernels[HRS_DTYPE_LIMIT];

/** Shapes broadcast, types equal and in the table; the output has type `result` (HRS_NONE: that of
 *  the inputs). */
hrs_status hrs_binary_infer(hrs_call *call, hrs_binary_kernels kernels, hrs_dtype result);
/** Run out[0] = kernel(in[0], in[1]) over all instances. */
hrs_status hrs_binary_run(hrs_call *call, hrs_loop_body kernel);

#define HRS_BINARY_OPERATOR(name, result)                                                          \
  static hrs_status infer_##name(hrs_call *call) {                                                 \
    return hrs_binary_infer(call, name##_kernels, result);                                         \
  }                                                                                                \
  static hrs_status run_##name(hrs_call *call) {                                                   \
    return hrs_binary_run(call, name##_kernels[call->in[0].type]);                                 \
  }

#endif
