/* What memory and arithmetic allow. */
#include "rates.h"

#include "src/base/smaller.h"

#include <cblas.h>

double hrs_rate_memory(void *memory, hrs_count bytes) {
  static const volatile uint64_t nothing = 0; /* as far as the compiler knows, anything */
  uint64_t *data = memory;
  const uint64_t change = nothing;
  const double enough = 0.05;
  enum { LEAST = 128, REPEATS = 3 };
  hrs_count count = hrs_smaller(bytes, (hrs_count)256 << 20) / (hrs_count)sizeof *data;
  if (count < LEAST) return 0;
  double best = 1e300, spent = 0;
  hrs_count passes = 1 + (1 << 20) / count; /* between looks at the clock */
  for (int i = 0; i < REPEATS || spent < enough; i++) {
    double start = hrs_time();
    for (hrs_count pass = 0; pass < passes; pass++)
      for (hrs_count j = 0; j < count; j++)
        data[j] += change;
    double seconds = (hrs_time() - start) / (double)passes;
    spent += seconds * (double)passes;
    best = seconds < best ? seconds : best;
  }
  return 2.0 * (double)count * sizeof *data / best;
}

hrs_status hrs_rate_products(double *rate) {
  enum { SIZE = 768 };
  float *a;
  HRS_TRY(hrs_calloc(3 * SIZE * SIZE, sizeof *a, &a));
  double best = 1e300;
  for (int i = 0; i < 4; i++) {
    double start = hrs_time();
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, SIZE, SIZE, SIZE, 1, a, SIZE,
                a + SIZE * SIZE, SIZE, 0, a + 2 * SIZE * SIZE, SIZE);
    double seconds = hrs_time() - start;
    best = seconds < best ? seconds : best;
  }
  hrs_free(a);
  *rate = (double)SIZE * SIZE * SIZE / best;
  return HRS_OK;
}
