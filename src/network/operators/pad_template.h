/* pad_template.h -- elements of one size by a table of their places (each_type.h). */
static void NAME(look_up)(hrs_count n, const hrs_count *index, const void *from_, void *to_) {
  const T *from = from_;
  T *to = to_;
  for (hrs_count i = 0; i < n; i++)
    to[i] = from[index[i]];
}
