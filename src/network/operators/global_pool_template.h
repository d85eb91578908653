/* global_pool_template.h -- planes of one type of elements (each_type.h). */

static T NAME(global_max)(hrs_count n, const T *in, int p) {
  (void)p;
  T best = n > 0 ? in[0] : -(T)INFINITY;
  for (hrs_count i = 1; i < n; i++)
    best = in[i] > best || best != best ? in[i] : best;
  return best;
}

/* Sixteen partial sums: exact enough, and vector code. */
HRS_CLONES static T NAME(global_mean)(hrs_count n, const T *in, int p) {
  (void)p;
  T part[16] = {0}, sum = 0;
  hrs_count i = 0;
  for (; i + 16 <= n; i += 16)
    for (int j = 0; j < 16; j++)
      part[j] += in[i + j];
  for (; i < n; i++)
    sum += in[i];
  for (int j = 0; j < 16; j++)
    sum += part[j];
  return sum / (T)(n > 0 ? n : 1);
}

static T NAME(global_lp)(hrs_count n, const T *in, int p) {
  double sum = 0;
  for (hrs_count i = 0; i < n; i++)
    sum += pow(fabs((double)in[i]), (double)p);
  return (T)pow(sum, 1 / (double)p);
}

static void NAME(global)(hrs_count planes, hrs_count n, const void *in_, void *out_, int kind,
                         int p) {
  static T (*const kernel[3])(hrs_count, const T *, int) = {
      [MAX] = NAME(global_max), [AVERAGE] = NAME(global_mean), [LP] = NAME(global_lp)};
  const T *in = in_;
  T *out = out_;
  for (hrs_count i = 0; i < planes; i++)
    out[i] = kernel[kind](n, in + i * n, p);
}
