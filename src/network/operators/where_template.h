/* where_template.h -- a row of choices between elements of one size (each_type.h). */
static void NAME(where)(hrs_count n, char *const *pointer, const hrs_count *stride,
                        const void *context) {
  (void)context;
  T *out = (T *)(void *)pointer[0];
  const uint8_t *condition = (const uint8_t *)(const void *)pointer[1];
  const T *a = (const T *)(const void *)pointer[2], *b = (const T *)(const void *)pointer[3];
  for (hrs_count i = 0; i < n; i++)
    out[i * stride[0]] = condition[i * stride[1]] ? a[i * stride[2]] : b[i * stride[3]];
}
