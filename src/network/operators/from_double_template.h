/* from_double_template.h -- for one type of elements (each_type.h). */
static inline T NAME(hrs_to)(double x) {
#if IS_REAL
  return (T)x;
#else
  const double half = (double)((uint64_t)1 << (8 * sizeof(T) - 1));
  const double top = IS_SIGNED ? half : 2 * half, low = IS_SIGNED ? -half : 0;
  if (x >= top) return HIGHEST;
  return x > low ? (T)x : x <= low ? (T)low : 0;
#endif
}
