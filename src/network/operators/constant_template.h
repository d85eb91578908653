/* constant_template.h -- Range, for one type of elements (each_type.h). */
static void NAME(range)(hrs_count n, const void *start_, const void *step_, void *out_) {
  T start = *(const T *)start_, step = *(const T *)step_, *out = out_;
  for (hrs_count i = 0; i < n; i++)
    out[i] = (T)((W)start + (W)i * (W)step);
}
