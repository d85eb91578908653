/*
 * Winograd's convolution F(2x2, 3x3), for processors with AVX2 and fused multiply-adds (Lavin and
 * Gray, "Fast Algorithms for Convolutional Neural Networks", 2016). The output is cut into tiles of
 * 2x2 pixels, each of which sees 4x4 pixels d of an input channel. With the weights g of a pair of
 * channels
 *
 *   Y = A^T [sum over input channels of (G g G^T) * (B^T d B)] A,   * element by element,
 *
 * which takes 16 multiply-adds where the definition takes 36. B and A hold 0 and 1 and -1 alone,
 * and G halves: the result differs from the definition's by rounding of the same size.
 *
 * A block of tiles is transformed at a time; each of the 16 positions in a tile is then a product
 * [output channels, input channels] times [input channels, tiles]. Vectors hold tiles, one after
 * the other in rows of the image, and on across rows and images: what a tile gives depends on its
 * own pixels alone.
 *
 * Cost: 16/36 of the multiply-adds near the processor's peak, and two transforms that take as long
 * as about five of its vectors per channel and tile (of eight lanes: what is chosen, and so the
 * bits, shall not depend on the processor). It loses where channels are few
 * (hrs_winograd_fits), and where the transformed weights are far larger than the caches.
 */
#include "conv_winograd.h"

#include "conv_winograd_product.h"
#include "tile.h"

#include <string.h>

#ifdef HRS_HAVE_TILES

enum {
  LANES = HRS_LANES,
  POSITIONS = HRS_WINOGRAD_POSITIONS,
  MOST_TILES = 96,
  /* Tiles times channels whose transforms stay in the second cache, both sides. */
  BLOCK = 6144,
  MOST_WEIGHTS = 1 << 16
};

struct hrs_winograd {
  hrs_count bytes, in_channels, out_channels, height, width, above, left, out_height, out_width;
  hrs_count rows, columns;     /* of tiles, of an image */
  hrs_count segments, segment; /* pieces of a row of tiles, tiles of a piece */
  hrs_count pieces, step;      /* of a block; numbers from channel to channel in it */
  hrs_count channels, vectors; /* of a tile of the product */
  bool pools;
  const float *bias, *weight; /* weight: [position][tile of channels][input channel][channel] */
};

/* Pieces of rows of tiles of a block. */
typedef struct piece {
  hrs_count image, row, column, tiles, at; /* at: its first tile in the block */
} piece;

static hrs_count round_up(hrs_count value, hrs_count to) {
  return (value + to - 1) / to * to;
}

bool hrs_winograd_fits(const hrs_conv *conv) {
  const hrs_window *w = &conv->window;
  enum { MOST_SIZE = 1 << 12, FEW = 16 };
  if (!hrs_tile_available() || conv->groups != 1 || w->in[0] != 1 || w->kernel[0] != 1 ||
      w->before[0] != 0 || w->after[0] != 0)
    return false;
  for (int axis = 1; axis <= 2; axis++) {
    if (w->kernel[axis] != 3 || w->stride[axis] != 1 || w->dilation[axis] != 1 ||
        w->in[axis] > MOST_SIZE || w->out[axis] > MOST_SIZE || w->out[axis] < 4)
      return false;
  }
  return conv->in_channels >= FEW && conv->out_channels >= FEW &&
         conv->in_channels <= MOST_WEIGHTS / conv->out_channels;
}

/* Window elements inside the image along an axis, of all output positions. */
static double elements_inside(const hrs_window *w, int axis) {
  double count = 0;
  for (hrs_count o = 0; o < w->out[axis]; o++) {
    hrs_count first, last;
    hrs_window_elements(w, axis, o, 0, w->in[axis], &first, &last);
    count += last > first ? (double)(last - first) : 0;
  }
  return count;
}

/* In cycles of a core with two units for multiply-adds of eight lanes; the transforms' and the
 * shares of the peak are measured. */
bool hrs_winograd_pays(const hrs_conv *conv) {
  static const double INPUT = 10, RESULT = 12, PEAK = 16, PRODUCT = 0.8, LANES_SHARE = 0.95;
  const hrs_window *w = &conv->window;
  double in = (double)conv->in_channels, out = (double)conv->out_channels;
  double tiles = (double)((w->out[1] + 1) / 2) * (double)((w->out[2] + 1) / 2);
  double own = tiles * (POSITIONS * in * out / (PEAK * PRODUCT) + INPUT * in + RESULT * out);
  double taps = elements_inside(w, 1) * elements_inside(w, 2);
  return own < taps * in * out / (PEAK * LANES_SHARE);
}

bool hrs_winograd_takes_pool(const hrs_conv *conv, const hrs_window *pool) {
  for (int axis = 1; axis <= 2; axis++) {
    if (pool->kernel[axis] != 2 || pool->stride[axis] != 2 || pool->dilation[axis] != 1 ||
        pool->before[axis] != 0 || pool->out[axis] * 2 > conv->window.out[axis])
      return false;
  }
  return pool->in[0] == 1 && pool->out[0] == 1;
}

/* ---- making ---- */

/* (G g G^T)[4][4] */
static void transform_weights(const float *g, float scale, float *out) {
  double half[4][3];
  for (int j = 0; j < 3; j++) {
    double a = (double)g[j], b = (double)g[3 + j], c = (double)g[6 + j];
    half[0][j] = a;
    half[1][j] = (a + b + c) / 2;
    half[2][j] = (a - b + c) / 2;
    half[3][j] = c;
  }
  for (int i = 0; i < 4; i++) {
    double a = half[i][0], b = half[i][1], c = half[i][2];
    const double row[] = {a, (a + b + c) / 2, (a - b + c) / 2, c};
    for (int j = 0; j < 4; j++)
      out[i * 4 + j] = (float)((double)scale * row[j]);
  }
}

static void pack_weights(const hrs_winograd *w, const float *weight, const float *scale,
                         float *to) {
  hrs_count padded = round_up(w->out_channels, w->channels);
  for (hrs_count o = 0; o < w->out_channels; o++) {
    for (hrs_count c = 0; c < w->in_channels; c++) {
      float position[POSITIONS];
      transform_weights(weight + (o * w->in_channels + c) * 9, scale[o], position);
      hrs_count tile = o / w->channels, at = o % w->channels;
      for (hrs_count p = 0; p < POSITIONS; p++)
        to[p * padded * w->in_channels + (tile * w->in_channels + c) * w->channels + at] =
            position[p];
    }
  }
}

hrs_status hrs_winograd_create(const hrs_conv *conv, const float *weight, const float *scale,
                               const float *bias, bool pools, hrs_winograd **out) {
  const hrs_window *window = &conv->window;
  hrs_winograd made = {.in_channels = conv->in_channels,
                       .out_channels = conv->out_channels,
                       .height = window->in[1],
                       .width = window->in[2],
                       .above = window->before[1],
                       .left = window->before[2],
                       .out_height = window->out[1],
                       .out_width = window->out[2],
                       .pools = pools};
  made.rows = pools ? made.out_height / 2 : (made.out_height + 1) / 2;
  made.columns = pools ? made.out_width / 2 : (made.out_width + 1) / 2;
  bool by_six = round_up(conv->out_channels, 6) < round_up(conv->out_channels, 4);
  made.channels = by_six ? 6 : 4;
  made.vectors = by_six ? 2 : 3;
  hrs_count unit = made.vectors * LANES, tiles = BLOCK / (conv->in_channels + conv->out_channels);
  tiles = tiles > MOST_TILES ? MOST_TILES : tiles < unit ? unit : tiles / unit * unit;
  made.segments = (made.columns + tiles - 1) / tiles;
  made.segment = (made.columns + made.segments - 1) / made.segments;
  made.pieces = tiles / made.segment;
  made.step = tiles + LANES;
  hrs_count padded = round_up(conv->out_channels, made.channels);
  hrs_count floats = padded + POSITIONS * padded * conv->in_channels;
  made.bytes = round_up(sizeof made, 64) + floats * (hrs_count)sizeof(float);
  hrs_winograd *w;
  HRS_TRY(hrs_calloc(made.bytes, 1, &w));
  float *bias_at = (float *)((char *)w + round_up(sizeof made, 64)), *weight_at = bias_at + padded;
  made.bias = bias_at;
  made.weight = weight_at;
  *w = made;
  memcpy(bias_at, bias, (size_t)conv->out_channels * sizeof *bias);
  pack_weights(w, weight, scale, weight_at);
  hrs_memory_constant(w, bias_at, floats * (hrs_count)sizeof(float));
  *out = w;
  return HRS_OK;
}

hrs_count hrs_winograd_bytes(const hrs_winograd *w) {
  return w->bytes;
}

/* Numbers of the transformed input, in whose place the results come, and of the products. */
static hrs_count input_floats(const hrs_winograd *w) {
  hrs_count in = POSITIONS * w->in_channels, results = 4 * w->out_channels;
  return (in > results ? in : results) * w->step;
}

static hrs_count product_floats(const hrs_winograd *w) {
  return POSITIONS * round_up(w->out_channels, w->channels) * w->step;
}

hrs_count hrs_winograd_workspace(const hrs_winograd *w) {
  return (input_floats(w) + product_floats(w)) * (hrs_count)sizeof(float);
}

/* ---- B^T d B ---- */

/* Two vectors of pixels: those at even places, and those at odd ones. */
HRS_TILE_INLINE void split_pairs(__m256 a, __m256 b, __m256 *even, __m256 *odd) {
  __m256 low = _mm256_permute2f128_ps(a, b, 0x20), high = _mm256_permute2f128_ps(a, b, 0x31);
  *even = _mm256_shuffle_ps(low, high, 0x88);
  *odd = _mm256_shuffle_ps(low, high, 0xdd);
}

/* B^T x of one column of eight tiles, in place. */
HRS_TILE_INLINE void combine(__m256 *x0, __m256 *x1, __m256 *x2, __m256 *x3) {
  __m256 a = _mm256_sub_ps(*x0, *x2), b = _mm256_add_ps(*x1, *x2), c = _mm256_sub_ps(*x2, *x1),
         d = _mm256_sub_ps(*x1, *x3);
  *x0 = a;
  *x1 = b;
  *x2 = c;
  *x3 = d;
}

/* B^T d B of a piece's tiles in a plane, to to[position][channel][tile]. A last vector runs into
 * what comes next. */
HRS_TILE_TARGET static void transform(const hrs_winograd *w, const piece *p, const float *plane,
                                      float *to) {
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  /* Where the vectors begin that hold columns 0 and 1 of eight tiles, and 2 and 3. */
  static const int shift[4] = {0, LANES, 2, LANES + 2};
  hrs_count position = w->in_channels * w->step;
  const float *row[4];
  for (int i = 0; i < 4; i++) {
    hrs_count y = 2 * p->row - w->above + i;
    row[i] = y >= 0 && y < w->height ? plane + y * w->width : NULL;
  }
  for (hrs_count t = 0; t < p->tiles; t += LANES) {
    /* Lanes low ... high - 1 are inside; sizes of axes are small (hrs_winograd_fits). */
    hrs_count at = 2 * (p->column + t) - w->left;
    __m256i before = _mm256_set1_epi32((int)-at - 1), end = _mm256_set1_epi32((int)(w->width - at));
    __m256i inside[4];
    __m256 x[4][4];
    HRS_UNROLL for (int k = 0; k < 4; k++) {
      __m256i here = _mm256_add_epi32(lane, _mm256_set1_epi32(shift[k]));
      inside[k] = _mm256_and_si256(_mm256_cmpgt_epi32(here, before), _mm256_cmpgt_epi32(end, here));
    }
    HRS_UNROLL for (int k = 0; k < 4; k += 2) {
      HRS_UNROLL for (int i = 0; i < 4; i++) {
        if (!row[i])
          x[i][k] = x[i][k + 1] = _mm256_setzero_ps();
        else
          split_pairs(_mm256_maskload_ps(row[i] + at + shift[k], inside[k]),
                      _mm256_maskload_ps(row[i] + at + shift[k + 1], inside[k + 1]), &x[i][k],
                      &x[i][k + 1]);
      }
      HRS_UNROLL for (int j = k; j < k + 2; j++) combine(&x[0][j], &x[1][j], &x[2][j], &x[3][j]);
    }
    HRS_UNROLL for (int i = 0; i < 4; i++) {
      combine(&x[i][0], &x[i][1], &x[i][2], &x[i][3]);
      HRS_UNROLL for (int j = 0; j < 4; j++)
          _mm256_storeu_ps(to + (4 * i + j) * position + t, x[i][j]);
    }
  }
}

/* ---- A^T M A ---- */

/* to[channel][pixel of the tile][tile], with the bias */
HRS_TILE_TARGET static void combine_products(const hrs_winograd *w, hrs_count tiles,
                                             const float *from, float *to) {
  hrs_count position = round_up(w->out_channels, w->channels) * w->step;
  for (hrs_count o = 0; o < w->out_channels; o++, from += w->step, to += 4 * w->step) {
    __m256 bias = _mm256_broadcast_ss(w->bias + o);
    for (hrs_count t = 0; t < tiles; t += LANES) {
      __m256 top[4], bottom[4];
      HRS_UNROLL for (int j = 0; j < 4; j++) {
        __m256 m[4];
        HRS_UNROLL for (int i = 0; i < 4; i++) m[i] =
            _mm256_loadu_ps(from + (i * 4 + j) * position + t);
        top[j] = _mm256_add_ps(_mm256_add_ps(m[0], m[1]), m[2]);
        bottom[j] = _mm256_sub_ps(_mm256_sub_ps(m[1], m[2]), m[3]);
      }
      for (int row = 0; row < 2; row++) {
        const __m256 *r = row ? bottom : top;
        __m256 a = _mm256_add_ps(_mm256_add_ps(r[0], r[1]), r[2]);
        __m256 b = _mm256_sub_ps(_mm256_sub_ps(r[1], r[2]), r[3]);
        _mm256_storeu_ps(to + (2 * row) * w->step + t, _mm256_add_ps(a, bias));
        _mm256_storeu_ps(to + (2 * row + 1) * w->step + t, _mm256_add_ps(b, bias));
      }
    }
    /* Operators behind go through the whole. */
    for (hrs_count t = round_up(tiles, LANES); t < w->step; t += LANES)
      HRS_UNROLL for (int i = 0; i < 4; i++)
          _mm256_storeu_ps(to + i * w->step + t, _mm256_setzero_ps());
  }
}

/* A row of pixels of tiles' left and right halves. */
HRS_TILE_TARGET static void put_row(hrs_count pixels, const float *left, const float *right,
                                    float *to) {
  for (hrs_count x = 0; x < pixels; x += 2 * LANES) {
    __m256 a = _mm256_loadu_ps(left + x / 2), b = _mm256_loadu_ps(right + x / 2);
    __m256 low = _mm256_unpacklo_ps(a, b), high = _mm256_unpackhi_ps(a, b);
    hrs_count rest = pixels - x;
    hrs_tile_store(to + x, _mm256_permute2f128_ps(low, high, 0x20), rest);
    if (rest > LANES)
      hrs_tile_store(to + x + LANES, _mm256_permute2f128_ps(low, high, 0x31), rest - LANES);
  }
}

/* The largest of each tile. NaN is passed over, unless there is nothing else. */
HRS_TILE_TARGET static void put_largest(hrs_count tiles, const float *from, hrs_count step,
                                        float *to) {
  for (hrs_count t = 0; t < tiles; t += LANES) {
    __m256 best = _mm256_loadu_ps(from + t);
    for (int i = 1; i < 4; i++) {
      __m256 x = _mm256_loadu_ps(from + i * step + t);
      __m256 better =
          _mm256_or_ps(_mm256_cmp_ps(x, best, _CMP_GT_OQ), _mm256_cmp_ps(best, best, _CMP_UNORD_Q));
      best = _mm256_blendv_ps(best, x, better);
    }
    hrs_tile_store(to + t, best, tiles - t);
  }
}

/* Where a piece's results go. */
static void put_piece(const hrs_winograd *w, const piece *p, const float *from, float *out) {
  hrs_count height = w->pools ? w->rows : w->out_height;
  hrs_count width = w->pools ? w->columns : w->out_width;
  float *to = out + p->image * w->out_channels * height * width;
  from += p->at;
  for (hrs_count o = 0; o < w->out_channels; o++, from += 4 * w->step, to += height * width) {
    if (w->pools) {
      put_largest(p->tiles, from, w->step, to + p->row * width + p->column);
      continue;
    }
    hrs_count x = 2 * p->column, y = 2 * p->row;
    hrs_count pixels = width - x < 2 * p->tiles ? width - x : 2 * p->tiles;
    put_row(pixels, from, from + w->step, to + y * width + x);
    if (y + 1 < height)
      put_row(pixels, from + 2 * w->step, from + 3 * w->step, to + (y + 1) * width + x);
  }
}

/* ---- a run ---- */

static piece piece_of(const hrs_winograd *w, hrs_count index, hrs_count at) {
  hrs_count row = index / w->segments, column = index % w->segments * w->segment;
  hrs_count rest = w->columns - column;
  return (piece){.image = row / w->rows,
                 .row = row % w->rows,
                 .column = column,
                 .tiles = rest < w->segment ? rest : w->segment,
                 .at = at};
}

hrs_status hrs_winograd_run(const hrs_winograd *w, const hrs_conv_behind *behind, hrs_count images,
                            const float *x, float *out, void *workspace) {
  float *in = workspace, *product = in + input_floats(w);
  const hrs_winograd_product all = {.in_channels = w->in_channels,
                                    .out_channels = round_up(w->out_channels, w->channels),
                                    .channels = w->channels,
                                    .vectors = w->vectors,
                                    .step = w->step,
                                    .weight = w->weight};
  hrs_count pieces = images * w->rows * w->segments, area = w->height * w->width;
  for (hrs_count first = 0; first < pieces; first += w->pieces) {
    piece at[MOST_TILES];
    hrs_count tiles = 0, n = pieces - first < w->pieces ? pieces - first : w->pieces;
    for (hrs_count i = 0; i < n; i++) {
      at[i] = piece_of(w, first + i, tiles);
      tiles += at[i].tiles;
    }
    for (hrs_count c = 0; c < w->in_channels; c++) {
      for (hrs_count i = 0; i < n; i++)
        transform(w, &at[i], x + (at[i].image * w->in_channels + c) * area,
                  in + c * w->step + at[i].at);
    }
    /* What the last vectors hold beyond the tiles. */
    hrs_count end = round_up(tiles, LANES);
    for (hrs_count row = 0; tiles < end && row < POSITIONS * w->in_channels; row++)
      memset(in + row * w->step + tiles, 0, (size_t)(end - tiles) * sizeof *in);
    hrs_winograd_multiply(&all, tiles, in, product);
    combine_products(w, tiles, product, in);
    HRS_TRY(behind->apply(behind->before_pool, 4 * w->out_channels * w->step, in));
    for (hrs_count i = 0; i < n; i++)
      put_piece(w, &at[i], in, out);
  }
  hrs_count results = w->pools ? w->rows * w->columns : w->out_height * w->out_width;
  return behind->apply(behind->after_pool, images * w->out_channels * results, out);
}

#else

bool hrs_winograd_fits(const hrs_conv *conv) {
  (void)conv;
  return false;
}

bool hrs_winograd_pays(const hrs_conv *conv) {
  (void)conv;
  return false;
}

bool hrs_winograd_takes_pool(const hrs_conv *conv, const hrs_window *pool) {
  (void)conv, (void)pool;
  return false;
}

hrs_status hrs_winograd_create(const hrs_conv *conv, const float *weight, const float *scale,
                               const float *bias, bool pools, hrs_winograd **out) {
  (void)conv, (void)weight, (void)scale, (void)bias, (void)pools;
  *out = NULL;
  return HRS_OK;
}

hrs_count hrs_winograd_bytes(const hrs_winograd *w) {
  (void)w;
  return 0;
}

hrs_count hrs_winograd_workspace(const hrs_winograd *w) {
  (void)w;
  return 0;
}

hrs_status hrs_winograd_run(const hrs_winograd *w, const hrs_conv_behind *behind, hrs_count images,
                            const float *x, float *out, void *workspace) {
  (void)w, (void)behind, (void)images, (void)x, (void)out, (void)workspace;
  return HRS_OK;
}

#endif
