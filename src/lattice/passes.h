/*
 * passes.h -- the inner loops of the blocked engine, one set per kernel and instruction set.
 * Internal to src/lattice.
 */
#ifndef HARSANYI_LATTICE_PASSES_H
#define HARSANYI_LATTICE_PASSES_H

#include "base/simd.h"

#include <harsanyi/lattice.h>

/** Bits that `lowest` does at once, the lowest bit that `wide` may start at, and the part of its
 * own size, 1/HRS_AHEAD, that a pass fetches ahead. */
enum { HRS_LOWEST_BITS = 5, HRS_WIDE_FROM = 4, HRS_WIDE_BITS = 3, HRS_AHEAD = 4 };

/** Apply some bits to `size` contiguous elements in place, doubles or floats as the table says; the
 *  lowest of these bits has the distance `stride` = 2^bit. `ahead` is NULL or where
 *  size / HRS_AHEAD elements are that will be wanted next: `lowest` and `wide` of HRS_WIDE_BITS
 *  bits ask for them little by little, so that memory works while the caches do. */
typedef void hrs_pass(const hrs_kernel *kernel, void *data, hrs_count size, hrs_count stride,
                      const void *ahead);

/** 2^HRS_WIDE_BITS streams of 2^bits elements on their way from the array to a workspace, and
 *  others on their way back. In the array streams are `stride` elements apart, in a workspace they
 *  follow one another. */
typedef struct hrs_exchange {
  const void *from, *next; /* in the array: the streams, and those that will be gathered next */
  void *to;                /* in a workspace: where they go */
  const void *done;        /* in another: finished streams; NULL for none */
  void *back;              /* in the array: where these go, aligned as hrs_stream wants it */
  hrs_count stride;
  int bits;
} hrs_exchange;

/** Gather streams, doing the first HRS_WIDE_BITS bits on the way, and put others back. */
typedef void hrs_exchange_pass(const hrs_kernel *kernel, const hrs_exchange *exchange);

typedef struct hrs_passes {
  hrs_pass *narrow;                  /* one bit at any stride */
  hrs_pass *lowest;                  /* bits 0 to HRS_LOWEST_BITS - 1 */
  hrs_pass *wide[HRS_WIDE_BITS + 1]; /* [b]: b bits from HRS_WIDE_FROM up; [0] is unused */
  hrs_exchange_pass *exchange;
} hrs_passes;

/* X(name, pattern): kernels without a name, by which of k00, k01, k10, k11 (bits 0 to 3) are not
 * zero. */
#define HRS_PATTERN_TABLE(X)                                                                       \
  X(FULL, 15)                                                                                      \
  X(NO_K00, 14)                                                                                    \
  X(NO_K01, 13)                                                                                    \
  X(NO_K10, 11)                                                                                    \
  X(NO_K11, 7)

enum {
#define HRS_PATTERN_ENUM(name, pattern) HRS_PATTERN_##name,
  HRS_PATTERN_TABLE(HRS_PATTERN_ENUM)
#undef HRS_PATTERN_ENUM
      HRS_PATTERN_LIMIT,
  HRS_PASSES_LIMIT = HRS_KERNEL_LIMIT + HRS_PATTERN_LIMIT
};

/* The sets: the named kernels in order, then the patterns. */
extern const hrs_passes hrs_passes_plain_f64[HRS_PASSES_LIMIT];
extern const hrs_passes hrs_passes_plain_f32[HRS_PASSES_LIMIT];
#ifdef HRS_HAVE_X86
extern const hrs_passes hrs_passes_avx2_f64[HRS_PASSES_LIMIT];
extern const hrs_passes hrs_passes_avx2_f32[HRS_PASSES_LIMIT];
extern const hrs_passes hrs_passes_avx512_f64[HRS_PASSES_LIMIT];
extern const hrs_passes hrs_passes_avx512_f32[HRS_PASSES_LIMIT];
#endif

/** The passes for a kernel, a type of elements and an instruction set; NULL where the kernel has
 * two zeros and no name: those are diagonals, exchanges and singular matrices, too rare for code of
 *  their own. */
const hrs_passes *hrs_passes_get(const hrs_kernel *kernel, hrs_dtype type, hrs_simd simd);

#endif
