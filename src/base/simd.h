/*
 * simd.h -- loops compiled for more than one instruction set. Internal to the library.
 *
 * A loop is written once as an HRS_INLINE function; small functions without and with
 * HRS_TARGET_AVX2 call it, and hrs_has_avx2 chooses at run time (the butterflies, which gain from
 * them, have wider vectors too: passes.h). Fused multiply-adds are never allowed, so that the bits
 * are the same on every processor.
 */
#ifndef HRS_BASE_SIMD_H
#define HRS_BASE_SIMD_H

#include <harsanyi/base.h>

#include <string.h>

#if defined(__GNUC__)
#define HRS_INLINE static inline __attribute__((always_inline))
/* The next loop has no dependence but element to same element (arrays may be the same). */
#define HRS_INDEPENDENT _Pragma("GCC ivdep")
#else
#define HRS_INLINE static inline
#define HRS_INDEPENDENT
#endif

#if defined(__GNUC__) && defined(__x86_64__)
#define HRS_HAVE_X86 1
#include <emmintrin.h>
#define HRS_TARGET_AVX2 __attribute__((target("avx2")))
#ifdef __clang__ /* it does not know the width, and would drop the rest with it */
#define HRS_TARGET_AVX512 __attribute__((target("avx2,avx512f,avx512dq,avx512vl")))
#else
#define HRS_TARGET_AVX512                                                                          \
  __attribute__((target("avx2,avx512f,avx512dq,avx512vl,prefer-vector-width=512")))
#endif
#else
#define HRS_TARGET_AVX2
#endif

/** Instruction sets, each with what the ones before it have. */
typedef enum hrs_simd {
  HRS_SIMD_PORTABLE,
  HRS_SIMD_AVX2,
  HRS_SIMD_AVX512,
  HRS_SIMD_LIMIT
} hrs_simd;

/** Does this processor (and this build) have it? */
bool hrs_simd_available(hrs_simd simd);
/** The set called `name`, or the best where it is NULL or empty. Errors: USAGE, with PORTABLE in
 *  *out, where there is no such set or the processor lacks it. */
hrs_status hrs_simd_choose(const char *name, hrs_simd *out);
/** The set that loops use: hrs_simd_choose on the environment's HARSANYI_SIMD, at the first call.
 */
hrs_simd hrs_simd_get(void);

static inline bool hrs_has_avx2(void) {
  return hrs_simd_get() >= HRS_SIMD_AVX2;
}

/** Ask for data that is needed soon. */
static inline void hrs_prefetch(const void *data) {
#if defined(__GNUC__)
  __builtin_prefetch(data);
#else
  (void)data;
#endif
}
/** Ask for data that is needed later: it waits in the second-level cache. */
static inline void hrs_prefetch_later(const void *data) {
#if defined(__GNUC__)
  __builtin_prefetch(data, 0, 2);
#else
  (void)data;
#endif
}

enum { HRS_STREAM_ALIGNMENT = 16 };
/** Copy `bytes`, a multiple of HRS_STREAM_ALIGNMENT like `to`, past the caches where the processor
 *  can; whole lines are fastest. Others may look at them after hrs_stream_end. */
HRS_INLINE void hrs_stream(void *to, const void *from, size_t bytes) {
#if defined(HRS_HAVE_X86)
  for (size_t i = 0; i < bytes / sizeof(__m128i); i++)
    _mm_stream_si128((__m128i *)to + i, _mm_loadu_si128((const __m128i *)from + i));
#else
  memcpy(to, from, bytes);
#endif
}
HRS_INLINE void hrs_stream_end(void) {
#if defined(HRS_HAVE_X86)
  _mm_sfence();
#endif
}

/* Eight sums side by side: what a compiler does not reliably make of a loop inside a loop. */
#if defined(__GNUC__)
typedef double hrs_quad __attribute__((vector_size(32), aligned(8), may_alias));
typedef struct hrs_sums {
  hrs_quad low, high;
} hrs_sums;

HRS_INLINE void hrs_sums_add(hrs_sums *s, const double *x) {
  s->low += ((const hrs_quad *)x)[0];
  s->high += ((const hrs_quad *)x)[1];
}
HRS_INLINE void hrs_sums_add_products(hrs_sums *s, const double *w, const double *x) {
  s->low += ((const hrs_quad *)w)[0] * ((const hrs_quad *)x)[0];
  s->high += ((const hrs_quad *)w)[1] * ((const hrs_quad *)x)[1];
}
#else
typedef struct hrs_sums {
  double sum[8];
} hrs_sums;

HRS_INLINE void hrs_sums_add(hrs_sums *s, const double *x) {
  for (int i = 0; i < 8; i++)
    s->sum[i] += x[i];
}
HRS_INLINE void hrs_sums_add_products(hrs_sums *s, const double *w, const double *x) {
  for (int i = 0; i < 8; i++)
    s->sum[i] += w[i] * x[i];
}
#endif

/** The eight sums in order. */
HRS_INLINE void hrs_sums_store(const hrs_sums *s, double *to) {
  memcpy(to, s, 8 * sizeof *to);
}
/** Their sum. */
HRS_INLINE double hrs_sums_total(const hrs_sums *s) {
  double x[8];
  hrs_sums_store(s, x);
  return ((x[0] + x[4]) + (x[2] + x[6])) + ((x[1] + x[5]) + (x[3] + x[7]));
}

#endif
