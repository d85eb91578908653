/* scatter_template.h -- updates of one type of elements (each_type.h). */
static void NAME(combine)(int how, hrs_count n, const void *from_, void *to_) {
  const T *from = from_;
  T *to = to_;
  for (hrs_count i = 0; i < n; i++) {
    T x = to[i], y = from[i];
    to[i] = how == ADD   ? (T)((W)x + (W)y)
            : how == MUL ? (T)((W)x * (W)y)
            : how == MAX ? (x > y ? x : y)
            : how == MIN ? (x < y ? x : y)
                         : y;
  }
}
