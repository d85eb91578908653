/*
 * The products of Winograd's convolution: tiles of channels times vectors of tiles of pixels stay
 * in registers over all input channels. Sixteen lanes do the same arithmetic in the same order as
 * eight, where there are enough tiles for them.
 *
 * Cost: 16 multiply-adds per pair of channels and tile of pixels, near the processor's peak. It
 * loses where tiles are fewer than two or three vectors: lanes are wasted.
 */
#include "conv_winograd_product.h"

#include "tile.h"

#include <stdbool.h>

#ifdef HRS_HAVE_TILES

enum { LANES = HRS_LANES };

/* m channels times v vectors; vectors beyond the last repeat the first. */
HRS_TILE_INLINE void kernel(int m, int v, hrs_count k, const float *weight, const float *from,
                            hrs_count step, const hrs_count *at, float *to) {
  hrs_tile sum;
  HRS_UNROLL
  for (int i = 0; i < m; i++) {
    HRS_UNROLL
    for (int j = 0; j < v; j++)
      sum[i][j] = _mm256_setzero_ps();
  }
  HRS_UNROLL_STEPS
  for (hrs_count l = 0; l < k; l++, weight += m, from += step) {
    __m256 right[HRS_TILE_MOST];
    HRS_UNROLL
    for (int j = 0; j < v; j++)
      right[j] = _mm256_loadu_ps(from + at[j]);
    hrs_tile_multiply(m, v, weight, right, sum);
  }
  HRS_UNROLL
  for (int i = 0; i < m; i++) {
    HRS_UNROLL
    for (int j = 0; j < v; j++)
      _mm256_storeu_ps(to + i * step + at[j], sum[i][j]);
  }
}

#define KERNEL(M, V)                                                                               \
  HRS_TILE_TARGET static void kernel_##M##x##V(hrs_count k, const float *weight,                   \
                                               const float *from, hrs_count step,                  \
                                               const hrs_count *at, float *to) {                   \
    kernel(M, V, k, weight, from, step, at, to);                                                   \
  }
KERNEL(6, 2)
KERNEL(4, 3)

/* The same for v vectors of sixteen, one after the other. */
HRS_TILE_INLINE512 void kernel512(int m, int v, hrs_count k, const float *weight, const float *from,
                                  hrs_count step, float *to) {
  __m512 sum[HRS_TILE_MOST][HRS_TILE_MOST];
  HRS_UNROLL
  for (int i = 0; i < m; i++) {
    HRS_UNROLL
    for (int j = 0; j < v; j++)
      sum[i][j] = _mm512_setzero_ps();
  }
  HRS_UNROLL_STEPS
  for (hrs_count l = 0; l < k; l++, weight += m, from += step) {
    __m512 right[HRS_TILE_MOST];
    HRS_UNROLL
    for (int j = 0; j < v; j++)
      right[j] = _mm512_loadu_ps(from + j * 2 * LANES);
    HRS_UNROLL
    for (int i = 0; i < m; i++) {
      __m512 factor = _mm512_set1_ps(weight[i]);
      HRS_UNROLL
      for (int j = 0; j < v; j++)
        sum[i][j] = _mm512_fmadd_ps(factor, right[j], sum[i][j]);
    }
  }
  HRS_UNROLL
  for (int i = 0; i < m; i++) {
    HRS_UNROLL
    for (int j = 0; j < v; j++)
      _mm512_storeu_ps(to + i * step + j * 2 * LANES, sum[i][j]);
  }
}

#define KERNEL512(M, V)                                                                            \
  HRS_TILE_TARGET512 static void kernel512_##M##x##V(                                              \
      hrs_count k, const float *weight, const float *from, hrs_count step, float *to) {            \
    kernel512(M, V, k, weight, from, step, to);                                                    \
  }
KERNEL512(6, 2)
KERNEL512(4, 3)

/* As many tiles as these kernels fill; how many that is. */
static hrs_count multiply_wide(const hrs_winograd_product *p, hrs_count tiles, const float *weight,
                               const float *in, float *out) {
  hrs_count size = 2 * p->vectors * LANES, t = 0;
  for (; t + size <= tiles; t += size)
    (p->channels == 6 ? kernel512_6x2 : kernel512_4x3)(p->in_channels, weight, in + t, p->step,
                                                       out + t);
  return t;
}

void hrs_winograd_multiply(const hrs_winograd_product *p, hrs_count tiles, const float *in,
                           float *out) {
  const float *weight = p->weight;
  bool wide = hrs_tile_wide();
  for (int k = 0; k < HRS_WINOGRAD_POSITIONS; k++, in += p->in_channels * p->step) {
    for (hrs_count o = 0; o < p->out_channels; o += p->channels) {
      hrs_count t = 0;
      if (wide) t = multiply_wide(p, tiles, weight, in, out + o * p->step);
      for (; t < tiles; t += p->vectors * LANES) {
        hrs_count at[3];
        for (hrs_count j = 0; j < p->vectors; j++)
          at[j] = t + j * LANES < tiles ? t + j * LANES : t;
        (p->channels == 6 ? kernel_6x2 : kernel_4x3)(p->in_channels, weight, in, p->step, at,
                                                     out + o * p->step);
      }
      weight += p->in_channels * p->channels;
    }
    out += p->out_channels * p->step;
  }
}

#endif
