/*
 * gemm.h -- one matrix product for all operators: float and double by OpenBLAS, integers by plain
 * loops. All matrices are in row order.
 */
#ifndef HRS_NETWORK_OPERATORS_GEMM_H
#define HRS_NETWORK_OPERATORS_GEMM_H

#include "common.h"

#define HRS_TYPES_MATMUL                                                                           \
  (HRS_TYPES_REAL | HRS_TYPES_INDEX | HRS_TYPE_BIT(HRS_U32) | HRS_TYPE_BIT(HRS_U64))

/** A product C[m,n] = alpha * op(A)[m,k] op(B)[k,n] + beta * C. */
typedef struct hrs_gemm {
  hrs_dtype type;
  bool transpose_a, transpose_b;
  hrs_count m, n, k;
  hrs_count lda, ldb, ldc;
  double alpha, beta;
} hrs_gemm;

/** Run it. Any size may be 0 (k = 0 gives beta * C); sizes above 2^31 - 1 fail. */
hrs_status hrs_gemm_run(const hrs_gemm *gemm, const void *a, const void *b, void *c);

#endif
