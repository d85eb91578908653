/* loop_template.h -- copies of elements of one size (each_type.h). */

static void NAME(copy_row)(hrs_count n, char *const *pointer, const hrs_count *stride,
                           const void *context) {
  (void)context;
  T *target = (T *)(void *)pointer[0];
  const T *source = (const T *)(const void *)pointer[1];
  hrs_count t = stride[0], s = stride[1];
  if (t == 1 && s == 1) {
    memcpy(target, source, (size_t)n * sizeof(T));
  } else if (t == 1 && s == 0) {
    T value = *source;
    for (hrs_count i = 0; i < n; i++)
      target[i] = value;
  } else if (t == 1) {
    for (hrs_count i = 0; i < n; i++)
      target[i] = source[i * s];
  } else {
    for (hrs_count i = 0; i < n; i++)
      target[i * t] = source[i * s];
  }
}

static void NAME(copy_tile)(hrs_count rows, hrs_count columns, T *target, hrs_count t,
                            const T *source, hrs_count s) {
  for (hrs_count i = 0; i < rows; i++)
    for (hrs_count j = 0; j < columns; j++)
      target[i * t + j] = source[j * s + i];
}

static void NAME(transpose)(hrs_count rows, hrs_count columns, char *to, hrs_count t,
                            const char *from, hrs_count s) {
  T *target = (T *)(void *)to;
  const T *source = (const T *)(const void *)from;
  for (hrs_count i = 0; i < rows; i += TILE)
    for (hrs_count j = 0; j < columns; j += TILE)
      NAME(copy_tile)
  (rows - i < TILE ? rows - i : TILE, columns - j < TILE ? columns - j : TILE, target + i * t + j,
   t, source + j * s + i, s);
}
