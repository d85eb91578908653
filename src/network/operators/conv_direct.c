/*
 * Direct convolution for processors with AVX2 and fused multiply-adds. An image is copied once into
 * planes with padding, one plane per channel and stride phase, so that every tap of the kernel is
 * the same image at another offset: the column matrix of conv.c without ever writing it. A tile of
 * output channels times vectors of eight pixels stays in registers over all taps.
 *
 * Cost: a copy of the image, then channels * vectors / (tile) * taps multiply-adds near the
 * processor's peak. It loses where rows are much shorter than a vector (lanes are wasted) and where
 * the weights are far larger than the cache; the product of conv.c is used there. Each image is
 * computed alone, so results do not depend on how images are batched.
 *
 * The kernel is used only if OpenBLAS runs with kernels of the same kind, so that the BLAS core's
 * name says which bits to expect.
 */
#include "conv_direct.h"
#include "tile.h"

#include <string.h>

#ifdef HRS_HAVE_TILES

enum { LANES = HRS_LANES, SLACK = 16, MOST_STRIDE = 4 };

/* Planes of one channel: phase (a, b) holds the padded pixels (h * stride + a, w * stride + b). */
typedef struct layout {
  hrs_count phases_h, phases_w, height, width; /* of a phase plane */
  hrs_count plane;                             /* elements of all phases of a channel */
  hrs_count segments, vectors;                 /* per output row, per image */
  hrs_count tile;                              /* output channels of a tile */
  hrs_count blocks;                            /* tiles per group */
} layout;

static hrs_count round_up(hrs_count value, hrs_count to) {
  return (value + to - 1) / to * to;
}

/* Fewest wasted channels; among equals the wider tile. */
static hrs_count choose_tile(hrs_count channels) {
  static const hrs_count tiles[] = {6, 4, 1};
  if (channels == 1) return 1;
  return round_up(channels, tiles[0]) <= round_up(channels, tiles[1]) ? tiles[0] : tiles[1];
}

static layout layout_of(const hrs_conv *conv) {
  const hrs_window *w = &conv->window;
  layout l;
  l.phases_h =
      w->stride[1] < w->kernel[1] * w->dilation[1] ? w->stride[1] : w->kernel[1] * w->dilation[1];
  l.phases_w =
      w->stride[2] < w->kernel[2] * w->dilation[2] ? w->stride[2] : w->kernel[2] * w->dilation[2];
  l.height = w->out[1] + (w->kernel[1] - 1) * w->dilation[1] / w->stride[1];
  l.width = w->out[2] + (w->kernel[2] - 1) * w->dilation[2] / w->stride[2];
  l.plane = l.phases_h * l.phases_w * l.height * l.width;
  l.segments = (w->out[2] + LANES - 1) / LANES;
  l.vectors = w->out[1] * l.segments;
  l.tile = choose_tile(conv->out_channels);
  l.blocks = (conv->out_channels + l.tile - 1) / l.tile;
  return l;
}

bool hrs_conv_direct_fits(const hrs_conv *conv) {
  const hrs_window *w = &conv->window;
  enum { MOST = 1 << 24 };
  if (w->in[0] != 1 || w->kernel[0] != 1 || w->before[0] != 0 || w->after[0] != 0) return false;
  /* Sizes beyond these never fit a cache, and their products might overflow. */
  if (w->out[1] > MOST || w->out[2] > MOST || conv->taps > MOST || w->stride[1] > MOST_STRIDE ||
      w->stride[2] > MOST_STRIDE)
    return false;
  layout l = layout_of(conv);
  if (8 * w->out[2] < 5 * l.segments * LANES) return false;
  return hrs_tile_available();
}

hrs_status hrs_conv_direct_workspace(const hrs_conv *conv, hrs_count *bytes) {
  layout l = layout_of(conv);
  hrs_count planes, weights, channels = l.blocks * l.tile * conv->groups;
  HRS_TRY(hrs_multiply(l.phases_h * l.phases_w, l.height, "padded image", &planes));
  HRS_TRY(hrs_multiply(planes, l.width, "padded image", &planes));
  HRS_TRY(hrs_multiply(planes, conv->in_channels * conv->groups, "padded image", &planes));
  HRS_TRY(hrs_multiply(channels, conv->taps + 1, "weights", &weights));
  HRS_TRY(hrs_multiply(planes + weights + 2 * SLACK, sizeof(float), "workspace", bytes));
  *bytes +=
      conv->taps * (hrs_count)sizeof(hrs_count) + l.vectors * 3 * (hrs_count)sizeof(hrs_count);
  return HRS_OK;
}

/* ---- packing ---- */

/* The columns of a phase that lie inside the image: to[i] = row[i * stride + shift]. */
typedef struct columns {
  hrs_count shift, low, high, width, stride;
} columns;

static columns columns_of(const hrs_window *w, const layout *l, hrs_count phase) {
  columns c = {.shift = phase - w->before[2], .width = l->width, .stride = w->stride[2]};
  c.low = c.shift >= 0 ? 0 : (-c.shift + c.stride - 1) / c.stride;
  c.high = w->in[2] > c.shift ? (w->in[2] - c.shift + c.stride - 1) / c.stride : 0;
  if (c.high > c.width) c.high = c.width;
  if (c.low > c.high) c.low = c.high;
  return c;
}

static void pack_row(const columns *c, const float *row, float *to) {
  hrs_count shift = c->shift, stride = c->stride;
  for (hrs_count i = 0; i < c->low; i++)
    to[i] = 0;
  if (stride == 1)
    for (hrs_count i = c->low; i < c->high; i++)
      to[i] = row[i + shift];
  else if (stride == 2)
    for (hrs_count i = c->low; i < c->high; i++)
      to[i] = row[2 * i + shift];
  else
    for (hrs_count i = c->low; i < c->high; i++)
      to[i] = row[i * stride + shift];
  for (hrs_count i = c->high; i < c->width; i++)
    to[i] = 0;
}

static void pack_image(const hrs_conv *conv, const layout *l, const float *x, float *to) {
  const hrs_window *w = &conv->window;
  hrs_count channels = conv->in_channels * conv->groups, area = w->in[1] * w->in[2];
  columns phase[MOST_STRIDE];
  for (hrs_count b = 0; b < l->phases_w; b++)
    phase[b] = columns_of(w, l, b);
  for (hrs_count c = 0; c < channels; c++, x += area) {
    for (hrs_count a = 0; a < l->phases_h; a++) {
      for (hrs_count b = 0; b < l->phases_w; b++) {
        for (hrs_count h = 0; h < l->height; h++, to += l->width) {
          hrs_count row = h * w->stride[1] + a - w->before[1];
          if (row < 0 || row >= w->in[1])
            memset(to, 0, (size_t)l->width * sizeof *to);
          else
            pack_row(&phase[b], x + row * w->in[2], to);
        }
      }
    }
  }
}

/* Where each tap reads, relative to the output position, in a group's planes. */
static void tap_offsets(const hrs_conv *conv, const layout *l, hrs_count *offset) {
  const hrs_window *w = &conv->window;
  for (hrs_count c = 0; c < conv->in_channels; c++) {
    for (hrs_count kh = 0; kh < w->kernel[1]; kh++) {
      for (hrs_count kw = 0; kw < w->kernel[2]; kw++) {
        hrs_count h = kh * w->dilation[1], v = kw * w->dilation[2];
        hrs_count phase = h % w->stride[1] * l->phases_w + v % w->stride[2];
        *offset++ =
            c * l->plane + (phase * l->height + h / w->stride[1]) * l->width + v / w->stride[2];
      }
    }
  }
}

/* Weights by tile: [tap][channel of the tile], behind the tile's bias. */
static void pack_weights(const hrs_conv *conv, const layout *l, const float *weight,
                         const float *bias, float *to) {
  for (hrs_count g = 0; g < conv->groups; g++) {
    for (hrs_count b = 0; b < l->blocks; b++) {
      for (hrs_count i = 0; i < l->tile; i++) {
        hrs_count m = b * l->tile + i, channel = g * conv->out_channels + m;
        bool real = m < conv->out_channels;
        to[i] = real && bias ? bias[channel] : 0;
        for (hrs_count k = 0; k < conv->taps; k++)
          to[(k + 1) * l->tile + i] = real ? weight[channel * conv->taps + k] : 0;
      }
      to += (conv->taps + 1) * l->tile;
    }
  }
}

/* ---- the kernels ---- */

typedef struct vector_at {
  hrs_count from, to, count; /* in a group's planes, in an output plane, pixels */
} vector_at;

/* m channels times v vectors that start `from`, both known to the compiler. `left` channels and
 * `some` vectors are stored. */
HRS_TILE_INLINE void kernel(int m, int v, hrs_count taps, const hrs_count *offset,
                            const float *weight, const float *const *from, const vector_at *at,
                            hrs_count some, hrs_count left, hrs_count pixels, float *out) {
  const float *base[HRS_TILE_MOST];
  hrs_tile sum, ready;
  HRS_UNROLL
  for (int j = 0; j < v; j++)
    base[j] = from[j];
  hrs_tile_start(m, v, weight, sum);
  weight += m;
  HRS_UNROLL_STEPS
  for (hrs_count k = 0; k < taps; k++, weight += m) {
    __m256 pixel[HRS_TILE_MOST];
    HRS_UNROLL
    for (int j = 0; j < v; j++)
      pixel[j] = _mm256_loadu_ps(base[j] + offset[k]);
    hrs_tile_multiply(m, v, weight, pixel, sum);
  }
  HRS_UNROLL
  for (int i = 0; i < m; i++) {
    HRS_UNROLL
    for (int j = 0; j < v; j++)
      ready[i][j] = sum[i][j];
  }
  for (int i = 0; i < m && i < left; i++)
    for (int j = 0; j < v && j < some; j++)
      hrs_tile_store(out + i * pixels + at[j].to, ready[i][j], at[j].count);
}

#define KERNEL(M, V)                                                                               \
  HRS_TILE_TARGET static void kernel_##M##x##V(                                                    \
      hrs_count taps, const hrs_count *offset, const float *weight, const float *const *from,      \
      const vector_at *at, hrs_count some, hrs_count left, hrs_count pixels, float *out) {         \
    kernel(M, V, taps, offset, weight, from, at, some, left, pixels, out);                         \
  }
KERNEL(6, 2)
KERNEL(4, 3)
KERNEL(1, 6)

typedef void (*tile_kernel)(hrs_count taps, const hrs_count *offset, const float *weight,
                            const float *const *from, const vector_at *at, hrs_count some,
                            hrs_count left, hrs_count pixels, float *out);

static const struct {
  tile_kernel run;
  hrs_count vectors;
} kernels[] = {[6] = {kernel_6x2, 2}, [4] = {kernel_4x3, 3}, [1] = {kernel_1x6, 6}};

/* Vectors of a row, row by row. */
static void place_vectors(const hrs_conv *conv, const layout *l, vector_at *at) {
  const hrs_window *w = &conv->window;
  for (hrs_count h = 0; h < w->out[1]; h++) {
    for (hrs_count s = 0; s < l->segments; s++, at++) {
      hrs_count left = w->out[2] - s * LANES;
      *at = (vector_at){h * l->width + s * LANES, h * w->out[2] + s * LANES,
                        left < LANES ? left : LANES};
    }
  }
}

void hrs_conv_direct_run(const hrs_conv *conv, hrs_count images, const float *x,
                         const float *weight, const float *bias, float *out, void *workspace) {
  layout l = layout_of(conv);
  const hrs_window *w = &conv->window;
  hrs_count pixels = hrs_window_out(w),
            in_image = hrs_window_in(w) * conv->in_channels * conv->groups;
  hrs_count group_planes = l.plane * conv->in_channels, tile_weights = (conv->taps + 1) * l.tile;
  hrs_count *offset = workspace;
  vector_at *at = (vector_at *)(offset + conv->taps);
  float *packed = (float *)(at + l.vectors),
        *planes = packed + conv->groups * l.blocks * tile_weights;
  tap_offsets(conv, &l, offset);
  place_vectors(conv, &l, at);
  pack_weights(conv, &l, weight, bias, packed);
  memset(planes + group_planes * conv->groups, 0, SLACK * sizeof *planes);
  hrs_count step = kernels[l.tile].vectors;
  for (hrs_count i = 0; i < images; i++, x += in_image) {
    pack_image(conv, &l, x, planes);
    for (hrs_count g = 0; g < conv->groups; g++, out += conv->out_channels * pixels) {
      const float *group_weights = packed + g * l.blocks * tile_weights;
      for (hrs_count v = 0; v < l.vectors; v += step) {
        hrs_count some = l.vectors - v < step ? l.vectors - v : step;
        const float *from[HRS_TILE_MOST];
        for (hrs_count j = 0; j < step; j++)
          from[j] = planes + g * group_planes + at[j < some ? v + j : v].from;
        for (hrs_count b = 0; b < l.blocks; b++)
          kernels[l.tile].run(conv->taps, offset, group_weights + b * tile_weights, from, at + v,
                              some, conv->out_channels - b * l.tile, pixels,
                              out + b * l.tile * pixels);
      }
    }
  }
}

#else

bool hrs_conv_direct_fits(const hrs_conv *conv) {
  (void)conv;
  return false;
}

hrs_status hrs_conv_direct_workspace(const hrs_conv *conv, hrs_count *bytes) {
  (void)conv;
  *bytes = 0;
  return HRS_OK;
}

void hrs_conv_direct_run(const hrs_conv *conv, hrs_count images, const float *x,
                         const float *weight, const float *bias, float *out, void *workspace) {
  (void)conv, (void)images, (void)x, (void)weight, (void)bias, (void)out, (void)workspace;
}

#endif
