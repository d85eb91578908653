/*
 * fold_template.h -- a reduction VERB of one type of elements (each_type.h): START is its neutral
 * element, LIFT what an element x counts for, JOIN what two partial results x and y make together.
 * Uses up these four.
 */
#define PART(x) NAME(NAME_OF(x, VERB)) /* x_sum_F32 and so on */

static void PART(start)(hrs_count n, void *out) {
  T *to = out;
  for (hrs_count i = 0; i < n; i++)
    to[i] = START;
}

static inline T PART(lift)(T x) {
  return (T)(LIFT);
}

static inline T PART(join)(T x, T y) {
  return (T)(JOIN);
}

HRS_CLONES static void PART(fold)(hrs_count n, char *const *pointer, const hrs_count *stride,
                                  const void *context) {
  (void)context;
  T *to = (T *)(void *)pointer[0];
  const T *from = (const T *)(const void *)pointer[1];
  hrs_count t = stride[0], s = stride[1], i = 0;
  if (t == 0) {
    T sum = *to;
    if (s == 1 && n >= 2 * LANES) {
      T part[LANES];
      PART(start)(LANES, part);
      for (; i + LANES <= n; i += LANES)
        for (int j = 0; j < LANES; j++)
          part[j] = PART(join)(part[j], PART(lift)(from[i + j]));
      for (int j = 0; j < LANES; j++)
        sum = PART(join)(sum, part[j]);
    }
    for (; i < n; i++)
      sum = PART(join)(sum, PART(lift)(from[i * s]));
    *to = sum;
  } else if (t == 1 && s == 1) {
    HRS_INDEPENDENT
    for (; i < n; i++)
      to[i] = PART(join)(to[i], PART(lift)(from[i]));
  } else {
    for (; i < n; i++)
      to[i * t] = PART(join)(to[i * t], PART(lift)(from[i * s]));
  }
}

#undef PART
#undef VERB
#undef START
#undef LIFT
#undef JOIN
