/*
 * binary.h -- element-wise operators of two inputs with broadcasting: how their row kernels are
 * written and run. A kernel table has one row kernel per element type of the inputs.
 */
#ifndef HRS_NETWORK_OPERATORS_BINARY_H
#define HRS_NETWORK_OPERATORS_BINARY_H

#include "common.h"

/* A row kernel `function` from two rows of A and B to a row of R: EXPRESSION of x and y. */
#define HRS_BINARY_KERNEL(clones, function, R, A, B, EXPRESSION)                                   \
  clones static void function(hrs_count n, char *const *pointer, const hrs_count *stride,          \
                              const void *context) {                                               \
    (void)context;                                                                                 \
    R *out = (R *)(void *)pointer[0];                                                              \
    const A *a = (const A *)(const void *)pointer[1];                                              \
    const B *b = (const B *)(const void *)pointer[2];                                              \
    hrs_count sa = stride[1], sb = stride[2], so = stride[0];                                      \
    if (so == 1 && sa == 1 && sb == 1) {                                                           \
      HRS_IVDEP for (hrs_count i = 0; i < n; i++) {                                                \
        const A x = a[i];                                                                          \
        const B y = b[i];                                                                          \
        out[i] = (R)(EXPRESSION);                                                                  \
      }                                                                                            \
    } else if (so == 1 && sa == 1 && sb == 0) {                                                    \
      const B y = *b;                                                                              \
      HRS_IVDEP for (hrs_count i = 0; i < n; i++) {                                                \
        const A x = a[i];                                                                          \
        out[i] = (R)(EXPRESSION);                                                                  \
      }                                                                                            \
    } else if (so == 1 && sa == 0 && sb == 1) {                                                    \
      const A x = *a;                                                                              \
      HRS_IVDEP for (hrs_count i = 0; i < n; i++) {                                                \
        const B y = b[i];                                                                          \
        out[i] = (R)(EXPRESSION);                                                                  \
      }                                                                                            \
    } else {                                                                                       \
      for (hrs_count i = 0; i < n; i++) {                                                          \
        const A x = a[i * sa];                                                                     \
        const B y = b[i * sb];                                                                     \
        out[i * so] = (R)(EXPRESSION);                                                             \
      }                                                                                            \
    }                                                                                              \
  }

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
