/* gemm_template.h -- a matrix product of one type of integers (each_type.h). */
static void NAME(gemm)(const hrs_gemm *g, const void *a_, const void *b_, void *c_) {
  const T *a = a_, *b = b_;
  T *c = c_;
  hrs_count row_a = g->transpose_a ? 1 : g->lda, column_a = g->transpose_a ? g->lda : 1;
  hrs_count row_b = g->transpose_b ? 1 : g->ldb, column_b = g->transpose_b ? g->ldb : 1;
  W alpha = (W)(int64_t)g->alpha, beta = (W)(int64_t)g->beta;
  for (hrs_count i = 0; i < g->m; i++) {
    for (hrs_count j = 0; j < g->n; j++) {
      W sum = 0;
      for (hrs_count l = 0; l < g->k; l++)
        sum += (W)a[i * row_a + l * column_a] * (W)b[l * row_b + j * column_b];
      T *to = &c[i * g->ldc + j];
      *to = (T)(alpha * sum + (beta == 0 ? 0 : beta * (W)*to));
    }
  }
}
