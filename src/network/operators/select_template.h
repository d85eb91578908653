/* select_template.h -- CumSum, for one type of elements (each_type.h). */
static void NAME(cumulate)(hrs_count n, hrs_count stride, bool exclusive, const void *in_,
                           void *out_) {
  const T *in = in_;
  T *out = out_, sum = 0;
  for (hrs_count k = 0; k < n; k++) {
    T value = in[k * stride], before = sum;
    sum = (T)((W)sum + (W)value);
    out[k * stride] = exclusive ? before : sum;
  }
}
