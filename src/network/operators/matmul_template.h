/* matmul_template.h -- for one type of elements (each_type.h). */
#if IS_REAL
HRS_CLONES static void NAME(small)(const hrs_gemm *g, const void *a_, const void *b_, void *c_) {
  const T *a = a_, *b = b_;
  T *c = c_;
  hrs_count n = g->n;
  if (n == 1) {
    for (hrs_count i = 0; i < g->m; i++) {
      T sum = 0;
      for (hrs_count l = 0; l < g->k; l++)
        sum += a[i * g->k + l] * b[l];
      c[i] = sum;
    }
    return;
  }
  for (hrs_count i = 0; i < g->m; i++, c += n) {
    for (hrs_count j = 0; j < n; j++)
      c[j] = 0;
    for (hrs_count l = 0; l < g->k; l++) {
      T x = a[i * g->k + l];
      HRS_INDEPENDENT
      for (hrs_count j = 0; j < n; j++)
        c[j] += x * b[l * n + j];
    }
  }
}
#endif

static void NAME(scale)(hrs_count n, void *data, double factor) {
  T *value = data, by = (T)factor;
  for (hrs_count i = 0; i < n; i++)
    value[i] = (T)((W)value[i] * (W)by);
}
