/*
 * simd.h -- loops compiled for more than one instruction set. Internal to the library.
 *
 * A loop is written once as an HRS_INLINE function; small functions without and with
 * HRS_TARGET_AVX2 call it, and hrs_has_avx2 chooses at run time. Fused multiply-adds are never
 * allowed, so that the bits are the same on every processor.
 */
#ifndef HARSANYI_LATTICE_SIMD_H
#define HARSANYI_LATTICE_SIMD_H

#include <stdbool.h>

#if defined(__GNUC__)
#define HRS_INLINE static inline __attribute__((always_inline))
#define HRS_INDEPENDENT _Pragma("GCC ivdep")
#else
#define HRS_INLINE static inline
#define HRS_INDEPENDENT
#endif

#if defined(__GNUC__) && defined(__x86_64__)
#define HRS_HAVE_AVX2 1
#define HRS_TARGET_AVX2 __attribute__((target("avx2")))
static inline bool hrs_has_avx2(void) {
  return __builtin_cpu_supports("avx2");
}
#else
#define HRS_TARGET_AVX2
static inline bool hrs_has_avx2(void) {
  return false;
}
#endif

#endif
