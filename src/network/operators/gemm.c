/* Matrix products of every element type. */
#include "gemm.h"

#include <cblas.h>
#include <string.h>

static int as_int(hrs_count value) {
  return (int)value;
}

static void gemm_F32(const hrs_gemm *g, const void *a, const void *b, void *c) {
  cblas_sgemm(CblasRowMajor, g->transpose_a ? CblasTrans : CblasNoTrans,
              g->transpose_b ? CblasTrans : CblasNoTrans, as_int(g->m), as_int(g->n), as_int(g->k),
              (float)g->alpha, a, as_int(g->lda), b, as_int(g->ldb), (float)g->beta, c,
              as_int(g->ldc));
}

static void gemm_F64(const hrs_gemm *g, const void *a, const void *b, void *c) {
  cblas_dgemm(CblasRowMajor, g->transpose_a ? CblasTrans : CblasNoTrans,
              g->transpose_b ? CblasTrans : CblasNoTrans, as_int(g->m), as_int(g->n), as_int(g->k),
              g->alpha, a, as_int(g->lda), b, as_int(g->ldb), g->beta, c, as_int(g->ldc));
}

#define TEMPLATE "gemm_template.h"
#define TYPES WIDE
#include "each_type.h"

hrs_status hrs_gemm_run(const hrs_gemm *gemm, const void *a, const void *b, void *c) {
  static void (*const kernels[HRS_DTYPE_LIMIT])(const hrs_gemm *, const void *, const void *,
                                                void *) = {HRS_REALS(gemm), HRS_WIDES(gemm)};
  if (gemm->m == 0 || gemm->n == 0) return HRS_OK;
  hrs_count sizes[] = {gemm->m, gemm->n, gemm->k, gemm->lda, gemm->ldb, gemm->ldc};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
    HRS_REQUIRE(sizes[i] <= INT32_MAX, UNSUPPORTED,
                "a matrix product of size %lld x %lld x %lld is more than BLAS takes",
                (long long)gemm->m, (long long)gemm->n, (long long)gemm->k);
  if (gemm->k == 0 && gemm->beta == 0) {
    size_t size = hrs_dtype_size(gemm->type);
    for (hrs_count i = 0; i < gemm->m; i++)
      memset((char *)c + (size_t)(i * gemm->ldc) * size, 0, (size_t)gemm->n * size);
    return HRS_OK;
  }
  if (gemm->k == 0 && gemm->beta == 1) return HRS_OK;
  hrs_gemm fixed = *gemm;
  /* BLAS wants positive leading dimensions even where nothing is read. */
  if (fixed.lda < 1) fixed.lda = 1;
  if (fixed.ldb < 1) fixed.ldb = 1;
  kernels[gemm->type](&fixed, a, b, c);
  return HRS_OK;
}
