/*
 * Which instruction set the loops of simd.h use: the best of this processor, or what HARSANYI_SIMD
 * names.
 */
#include "base/simd.h"

#include <stdatomic.h>
#include <stdlib.h>

static const char *const names[HRS_SIMD_LIMIT] = {"portable", "avx2", "avx512"};

bool hrs_simd_available(hrs_simd simd) {
#ifdef HRS_HAVE_X86
  if (simd == HRS_SIMD_AVX2) return __builtin_cpu_supports("avx2");
  if (simd == HRS_SIMD_AVX512)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
#endif
  return simd == HRS_SIMD_PORTABLE;
}

static hrs_simd best(void) {
  hrs_simd simd = (hrs_simd)(HRS_SIMD_LIMIT - 1);
  while (!hrs_simd_available(simd))
    simd = (hrs_simd)(simd - 1);
  return simd;
}

hrs_status hrs_simd_choose(const char *name, hrs_simd *out) {
  *out = HRS_SIMD_PORTABLE;
  if (!name || !*name) {
    *out = best();
    return HRS_OK;
  }
  for (int i = 0; i < HRS_SIMD_LIMIT; i++) {
    if (strcmp(name, names[i]) != 0) continue;
    HRS_REQUIRE(hrs_simd_available((hrs_simd)i), USAGE,
                "HARSANYI_SIMD=%s: this processor does not have it; its best is %s", name,
                names[best()]);
    *out = (hrs_simd)i;
    return HRS_OK;
  }
  HRS_FAIL(USAGE, "HARSANYI_SIMD=%s is none of portable, avx2, avx512", name);
}

/* The choice and one more, 0 before it is made; making it twice at once does no harm. A refused one
 * is not kept, so that it is told again. */
static atomic_int chosen;

hrs_status hrs_simd_check(void) {
  if (atomic_load_explicit(&chosen, memory_order_relaxed)) return HRS_OK;
  hrs_simd simd;
  HRS_TRY(hrs_simd_choose(getenv("HARSANYI_SIMD"), &simd));
  atomic_store_explicit(&chosen, (int)simd + 1, memory_order_relaxed);
  return HRS_OK;
}

hrs_simd hrs_simd_get(void) {
  if (hrs_simd_check() != HRS_OK) return HRS_SIMD_PORTABLE;
  return (hrs_simd)(atomic_load_explicit(&chosen, memory_order_relaxed) - 1);
}

const char *hrs_simd_name(void) {
  return names[hrs_simd_get()];
}
