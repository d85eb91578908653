/*
 * The pointwise steps of a split's iteration, for one instruction set or the other. Each element is
 * on its own; sums go to eight lanes, which the compiler keeps in registers.
 */
#include "base/simd.h"

#include <harsanyi/analysis.h>

enum { LANES = 8 };

HRS_INLINE double shrunk(double x, double soft) {
  double low = x > soft ? soft : x;
  return x - (low < -soft ? -soft : low);
}

HRS_INLINE void shrink(double soft, hrs_count count, const double *restrict s, double *restrict z) {
  HRS_INDEPENDENT
  for (hrs_count i = 0; i < count; i++)
    z[i] = shrunk(s[i], soft);
}

HRS_INLINE void reflect(hrs_count count, const double *restrict s, const double *restrict z,
                        double *restrict out) {
  HRS_INDEPENDENT
  for (hrs_count i = 0; i < count; i++)
    out[i] = 2 * z[i] - s[i];
}

HRS_INLINE double advance(double back, hrs_count count, const double *restrict z,
                          const double *restrict projected, const double *restrict anchor,
                          double *restrict s) {
  double sums[LANES] = {0}, sum = 0;
  hrs_count whole = count / LANES * LANES;
  for (hrs_count from = 0; from < whole; from += LANES) {
    HRS_INDEPENDENT
    for (int lane = 0; lane < LANES; lane++) {
      hrs_count i = from + lane;
      double moved = projected[i] - z[i];
      s[i] = back * anchor[i] + (1 - back) * (s[i] + 2 * moved);
      sums[lane] += moved * moved;
    }
  }
  for (hrs_count i = whole; i < count; i++) {
    double moved = projected[i] - z[i];
    s[i] = back * anchor[i] + (1 - back) * (s[i] + 2 * moved);
    sums[i - whole] += moved * moved;
  }
  for (int lane = 0; lane < LANES; lane++)
    sum += sums[lane];
  return sum;
}

HRS_INLINE void exact(hrs_count count, const double *restrict cosine, const double *restrict sine,
                      const double *restrict omega, double *restrict a, double *restrict b) {
  HRS_INDEPENDENT
  for (hrs_count i = 0; i < count; i++) {
    double off = sine[i] * a[i] + cosine[i] * b[i] - omega[i];
    a[i] -= sine[i] * off;
    b[i] -= cosine[i] * off;
  }
}

HRS_INLINE void together(hrs_count count, const double *restrict cosine,
                         const double *restrict sine, double *restrict x, double *restrict y) {
  HRS_INDEPENDENT
  for (hrs_count i = 0; i < count; i++) {
    double along = cosine[i] * x[i] + sine[i] * y[i];
    x[i] = cosine[i] * along;
    y[i] = sine[i] * along;
  }
}

/* Each step with AVX2 where the processor has it. */
#define DEFINE(result, name, step, parameters, arguments)                                          \
  HRS_TARGET_AVX2 static result step##_avx2 parameters {                                           \
    return step arguments;                                                                         \
  }                                                                                                \
  result name parameters {                                                                         \
    return hrs_has_avx2() ? step##_avx2 arguments : step arguments;                                \
  }

DEFINE(void, hrs_split_shrink, shrink,
       (double soft, hrs_count count, const double *restrict s, double *restrict z),
       (soft, count, s, z))
DEFINE(void, hrs_split_reflect, reflect,
       (hrs_count count, const double *restrict s, const double *restrict z, double *restrict out),
       (count, s, z, out))
DEFINE(double, hrs_split_advance, advance,
       (double back, hrs_count count, const double *restrict z, const double *restrict projected,
        const double *restrict anchor, double *restrict s),
       (back, count, z, projected, anchor, s))
DEFINE(void, hrs_split_exact, exact,
       (hrs_count count, const double *restrict cosine, const double *restrict sine,
        const double *restrict omega, double *restrict a, double *restrict b),
       (count, cosine, sine, omega, a, b))
DEFINE(void, hrs_split_together, together,
       (hrs_count count, const double *restrict cosine, const double *restrict sine,
        double *restrict x, double *restrict y),
       (count, cosine, sine, x, y))
