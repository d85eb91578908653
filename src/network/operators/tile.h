/*
 * tile.h -- vectors for the kernels that hold a tile of results in registers: of eight floats with
 * AVX2 and fused multiply-adds, of sixteen with AVX-512. Internal to the operators.
 */
#ifndef HRS_NETWORK_OPERATORS_TILE_H
#define HRS_NETWORK_OPERATORS_TILE_H

#include <harsanyi/base.h>

#include <stdbool.h>

/** Does the processor have what HRS_TILE_TARGET asks for, and does OpenBLAS use it, too? So the
 *  BLAS core's name says which bits to expect. */
bool hrs_tile_available(void);
/** Do kernels for HRS_TILE_TARGET512 run, too (see HARSANYI_SIMD)? */
bool hrs_tile_wide(void);

#if defined(__x86_64__) && defined(__GNUC__)
#define HRS_HAVE_TILES 1

#include <immintrin.h>

enum { HRS_LANES = 8 };

#define HRS_TILE_TARGET __attribute__((target("avx2,fma")))
/* For kernels that gain from sixteen lanes; they do the same arithmetic in the same order. */
#define HRS_TILE_TARGET512 __attribute__((target("avx2,fma,avx512f")))
#define HRS_TILE_INLINE static inline __attribute__((target("avx2,fma"), always_inline))
#define HRS_TILE_INLINE512 static inline __attribute__((target("avx2,fma,avx512f"), always_inline))
/* Sums stay in registers only if nothing but constants ever indexes them: every loop over a tile is
 * unrolled. */
#define HRS_UNROLL _Pragma("GCC unroll 16")
/* The loop whose steps are the multiply-adds: fewer other instructions among them count where two
 * threads share a core and take turns at its front end. */
#define HRS_UNROLL_STEPS _Pragma("GCC unroll 8")

/* Sums of m channels times v vectors, both of which the compiler knows where a kernel is made. */
enum { HRS_TILE_MOST = 6 };
typedef __m256 hrs_tile[HRS_TILE_MOST][HRS_TILE_MOST];

/** sum[i][j] = left[i], in all lanes. */
HRS_TILE_INLINE void hrs_tile_start(int m, int v, const float *left, hrs_tile sum) {
  HRS_UNROLL
  for (int i = 0; i < m; i++) {
    HRS_UNROLL
    for (int j = 0; j < v; j++)
      sum[i][j] = _mm256_broadcast_ss(left + i);
  }
}

/** sum[i][j] += left[i] * right[j]. */
HRS_TILE_INLINE void hrs_tile_multiply(int m, int v, const float *left, const __m256 *right,
                                       hrs_tile sum) {
  HRS_UNROLL
  for (int i = 0; i < m; i++) {
    __m256 factor = _mm256_broadcast_ss(left + i);
    HRS_UNROLL
    for (int j = 0; j < v; j++)
      sum[i][j] = _mm256_fmadd_ps(factor, right[j], sum[i][j]);
  }
}

/** Store the first `count` lanes, 1 to 8. */
HRS_TILE_INLINE void hrs_tile_store(float *to, __m256 value, hrs_count count) {
  if (count >= HRS_LANES) {
    _mm256_storeu_ps(to, value);
    return;
  }
  __m128 part = _mm256_castps256_ps128(value);
  if (count & 4) {
    _mm_storeu_ps(to, part);
    to += 4;
    part = _mm256_extractf128_ps(value, 1);
  }
  if (count & 2) {
    _mm_storel_pi((__m64 *)(void *)to, part);
    to += 2;
    part = _mm_movehl_ps(part, part);
  }
  if (count & 1) _mm_store_ss(to, part);
}

/** Rows become columns. */
HRS_TILE_INLINE void hrs_tile_transpose(__m256 row[HRS_LANES]) {
  __m256 pair[HRS_LANES], quad[HRS_LANES];
  HRS_UNROLL for (int i = 0; i < HRS_LANES; i += 2) {
    pair[i] = _mm256_unpacklo_ps(row[i], row[i + 1]);
    pair[i + 1] = _mm256_unpackhi_ps(row[i], row[i + 1]);
  }
  HRS_UNROLL for (int i = 0; i < HRS_LANES; i += 4) {
    quad[i] = _mm256_shuffle_ps(pair[i], pair[i + 2], 0x44);
    quad[i + 1] = _mm256_shuffle_ps(pair[i], pair[i + 2], 0xee);
    quad[i + 2] = _mm256_shuffle_ps(pair[i + 1], pair[i + 3], 0x44);
    quad[i + 3] = _mm256_shuffle_ps(pair[i + 1], pair[i + 3], 0xee);
  }
  HRS_UNROLL for (int i = 0; i < HRS_LANES / 2; i++) {
    row[i] = _mm256_permute2f128_ps(quad[i], quad[i + 4], 0x20);
    row[i + 4] = _mm256_permute2f128_ps(quad[i], quad[i + 4], 0x31);
  }
}

#endif
#endif
