/*
 * Convolutions of many small images, for processors with AVX2 and fused multiply-adds: a vector
 * holds the same pixel of eight images. So nothing is lost to rows shorter than a vector, to
 * strides or to paddings: taps outside of the image are left out, not multiplied by zero, and one
 * channel or a hundred are the same to it. Images are transposed eight by eight on the way in and
 * out; a max pool behind the convolution works on the vectors in between.
 *
 * Output pixels with the same taps inside the image are one class. A tile of output channels times
 * vectors stays in registers over all taps of a class; the vectors are the same pixel of the next
 * eight images where these are small, else pixels of the class one after the other.
 *
 * Cost: the multiply-adds that meet the image, near the processor's peak, and two copies. It loses
 * where eight images do not fit the second cache (hrs_lanes_fits), and where fewer are there.
 */
#include "conv_lanes.h"
#include "tile.h"

#include <string.h>

#ifdef HRS_HAVE_TILES

enum {
  LANES = HRS_LANES,
  MOST_OCTETS = 4,
  SECOND_CACHE = 384 << 10,
  SOME_OCTETS = 160 << 10,
  FIRST_CACHE = 20 << 10,
  JOINED_RESULTS = 400 << 10
};

/* A weight and the vector that it is multiplied with, in floats from the first ones. */
typedef struct tap {
  int32_t from, weight;
} tap;

/* Output pixels with the same taps. */
typedef struct pixel_class {
  hrs_count first, count;    /* in `pixel` */
  hrs_count first_tap, taps; /* in `tap` */
} pixel_class;

typedef struct pixel {
  hrs_count from, to; /* first tap in a channel's plane; in an output plane */
} pixel;

struct hrs_lanes {
  hrs_count bytes;
  hrs_count groups, in_channels, out_channels, in_pixels, out_pixels, images_in, images_out;
  /* Vectors from channel to channel: odd, or channels would share few lines of the first cache. */
  hrs_count plane;
  hrs_count tile, tiles, octets, taps, n_classes, pooled; /* pixels behind the pool */
  hrs_count joined;                                       /* tiles that take turns at each pixel */
  bool pools;
  hrs_window pool;
  const pixel_class *classes;
  const pixel *pixel;
  const tap *tap;
  const float *weight; /* by tile: bias, then [tap][channel of the tile] */
};

/* ---- making ---- */

static hrs_count tile_vectors(hrs_count tile) {
  return tile == 6 ? 2 : tile == 4 ? 3 : 6;
}

/* Runs of output positions of an axis that see the same window elements. */
typedef struct run {
  hrs_count from, to, first, last; /* output positions, window elements */
} run;

/* Their number; without a place to put them, at most `limit` are counted. */
static hrs_count list_runs(const hrs_window *w, int axis, hrs_count limit, run *out) {
  hrs_count n = 0, before_first = -1, before_last = -1;
  for (hrs_count o = 0; o < w->out[axis]; o++) {
    hrs_count first, last;
    hrs_window_elements(w, axis, o, 0, w->in[axis], &first, &last);
    if (first >= last) first = last = 0;
    if (n > 0 && first == before_first && last == before_last) {
      if (out) out[n - 1].to = o + 1;
      continue;
    }
    if (n == limit) return n + 1;
    if (out) out[n] = (run){o, o + 1, first, last};
    n++;
    before_first = first;
    before_last = last;
  }
  return n;
}

enum { MOST_TILE = 6, MOST_RUNS = 16, MOST_TAPS = 1 << 16 };

bool hrs_lanes_fits(const hrs_conv *conv) {
  const hrs_window *w = &conv->window;
  if (!hrs_tile_available() || w->in[0] != 1 || w->kernel[0] != 1 || w->before[0] != 0 ||
      w->after[0] != 0)
    return false;
  hrs_count octet = LANES * (hrs_count)sizeof(float), most = SECOND_CACHE / octet;
  hrs_count channels = conv->in_channels * conv->groups;
  if (channels > most || w->in[1] > most || w->in[2] > most || w->out[1] > most ||
      w->out[2] > most || conv->taps > MOST_TAPS || conv->taps * conv->out_channels > 1 << 20 ||
      conv->groups > 1 << 10)
    return false;
  if (w->in[1] * w->in[2] > most || channels * w->in[1] * w->in[2] > most ||
      w->out[1] * w->out[2] * MOST_TILE > most || conv->taps == 0)
    return false;
  hrs_count rows = list_runs(w, 1, MOST_RUNS, NULL), columns = list_runs(w, 2, MOST_RUNS, NULL);
  return rows <= MOST_RUNS && columns <= MOST_RUNS && rows * columns * conv->taps <= MOST_TAPS;
}

/* Pixels and taps of the class where a run of rows and a run of columns meet. */
static void list_class(const hrs_conv *conv, hrs_count tile, hrs_count plane, const run *rows,
                       const run *columns, pixel_class *out, pixel *pixels, tap *taps) {
  const hrs_window *w = &conv->window;
  hrs_count at = out->first, n = out->first_tap;
  for (hrs_count oh = rows->from; oh < rows->to; oh++) {
    for (hrs_count ow = columns->from; ow < columns->to; ow++) {
      hrs_count h = hrs_window_at(w, 1, oh, rows->first),
                v = hrs_window_at(w, 2, ow, columns->first);
      bool meets = rows->last > rows->first && columns->last > columns->first;
      pixels[at++] = (pixel){meets ? h * w->in[2] + v : 0, oh * w->out[2] + ow};
    }
  }
  out->count = at - out->first;
  for (hrs_count c = 0; c < conv->in_channels; c++) {
    for (hrs_count kh = rows->first; kh < rows->last; kh++) {
      for (hrs_count kw = columns->first; kw < columns->last; kw++) {
        hrs_count from = c * plane + (kh - rows->first) * w->dilation[1] * w->in[2] +
                         (kw - columns->first) * w->dilation[2];
        hrs_count weight = (c * w->kernel[1] + kh) * w->kernel[2] + kw;
        taps[n++] = (tap){(int32_t)(from * LANES), (int32_t)((weight + 1) * tile)};
      }
    }
  }
  out->taps = n - out->first_tap;
}

/* Tile and octets with the fewest steps for an image, of those whose octets stay in the cache. */
static void choose_tile(hrs_lanes *l, const run *rows, hrs_count n_rows, const run *columns,
                        hrs_count n_columns) {
  enum { OVERHEAD = 6 }; /* of a kernel, in taps */
  static const hrs_count tiles[] = {6, 4, 1};
  double best = -1;
  for (size_t i = 0; i < sizeof tiles / sizeof *tiles; i++) {
    hrs_count vectors = tile_vectors(tiles[i]);
    hrs_count octet = (l->images_in + tiles[i] * l->out_pixels) * LANES * (hrs_count)sizeof(float);
    for (hrs_count octets = 1; octets <= MOST_OCTETS; octets *= 2) {
      if (octets > 1 && octets * octet > SOME_OCTETS) break;
      double steps = 0;
      for (hrs_count c = 0; c < n_rows * n_columns; c++) {
        const run *r = &rows[c / n_columns], *v = &columns[c % n_columns];
        hrs_count pixels = (r->to - r->from) * (v->to - v->from) * octets;
        hrs_count taps = l->in_channels * (r->last - r->first) * (v->last - v->first);
        steps += (double)((pixels + vectors - 1) / vectors) * (double)(taps + OVERHEAD);
      }
      steps *= (double)((l->out_channels + tiles[i] - 1) / tiles[i]) / (double)octets;
      /* A tile of one channel is made of loads: it takes more than half of a full tile's time. */
      if (tiles[i] == 1) steps *= 0.6;
      if (best >= 0 && steps >= best) continue;
      best = steps;
      l->tile = tiles[i];
      l->octets = octets;
    }
  }
  l->tiles = (l->out_channels + l->tile - 1) / l->tile;
  /* As many tiles as keep their weights in the first cache and their results in the second. */
  hrs_count weights = (l->taps + 1) * l->tile * (hrs_count)sizeof(float);
  hrs_count results = l->tile * l->octets * l->out_pixels * LANES * (hrs_count)sizeof(float);
  l->joined = 1;
  while (l->joined < l->tiles && (l->joined + 1) * weights <= FIRST_CACHE &&
         (l->joined + 1) * results <= JOINED_RESULTS)
    l->joined++;
}

static void pack_weights(const hrs_conv *conv, hrs_count tile, const float *weight,
                         const float *scale, const float *bias, float *to) {
  for (hrs_count g = 0; g < conv->groups; g++) {
    for (hrs_count first = 0; first < conv->out_channels; first += tile) {
      for (hrs_count i = 0; i < tile && first + i < conv->out_channels; i++) {
        hrs_count channel = g * conv->out_channels + first + i;
        to[i] = bias[channel];
        for (hrs_count k = 0; k < conv->taps; k++)
          to[(k + 1) * tile + i] = scale[channel] * weight[channel * conv->taps + k];
      }
      to += (conv->taps + 1) * tile;
    }
  }
}

hrs_status hrs_lanes_create(const hrs_conv *conv, const float *weight, const float *scale,
                            const float *bias, const hrs_window *pool, hrs_lanes **out) {
  const hrs_window *w = &conv->window;
  run rows[MOST_RUNS], columns[MOST_RUNS];
  hrs_count n_rows = list_runs(w, 1, MOST_RUNS, rows);
  hrs_count n_columns = list_runs(w, 2, MOST_RUNS, columns), n_classes = n_rows * n_columns;
  hrs_lanes made = {.groups = conv->groups,
                    .in_channels = conv->in_channels,
                    .out_channels = conv->out_channels,
                    .in_pixels = w->in[1] * w->in[2],
                    .out_pixels = w->out[1] * w->out[2],
                    .taps = conv->taps,
                    .n_classes = n_classes,
                    .pools = pool};
  made.plane = made.in_pixels | 1;
  made.pooled = pool ? hrs_window_out(pool) : made.out_pixels;
  if (pool) made.pool = *pool;
  made.images_in = conv->groups * conv->in_channels * made.in_pixels;
  made.images_out = conv->groups * conv->out_channels * made.pooled;
  choose_tile(&made, rows, n_rows, columns, n_columns);
  hrs_count weights = conv->groups * made.tiles * (conv->taps + 1) * made.tile;
  made.bytes = (hrs_count)sizeof(hrs_lanes) + n_classes * (hrs_count)sizeof(pixel_class) +
               made.out_pixels * (hrs_count)sizeof(pixel) +
               n_classes * conv->taps * (hrs_count)sizeof(tap) + weights * (hrs_count)sizeof(float);
  hrs_lanes *l;
  HRS_TRY(hrs_calloc(made.bytes, 1, &l));
  pixel_class *now = (pixel_class *)(l + 1);
  pixel *pixel_at = (pixel *)(now + n_classes);
  tap *tap_at = (tap *)(pixel_at + made.out_pixels);
  float *weight_at = (float *)(tap_at + n_classes * conv->taps);
  made.classes = now;
  made.pixel = pixel_at;
  made.tap = tap_at;
  made.weight = weight_at;
  *l = made;
  hrs_count at = 0;
  for (hrs_count r = 0; r < n_rows; r++) {
    for (hrs_count c = 0; c < n_columns; c++, now++) {
      *now = (pixel_class){.first = at, .first_tap = (now - l->classes) * conv->taps};
      list_class(conv, l->tile, l->plane, &rows[r], &columns[c], now, pixel_at, tap_at);
      at += now->count;
    }
  }
  pack_weights(conv, l->tile, weight, scale, bias, weight_at);
  *out = l;
  return HRS_OK;
}

/* Vectors of all channels of eight images. */
static hrs_count octet_planes(const hrs_lanes *l) {
  return l->groups * l->in_channels * l->plane;
}

hrs_count hrs_lanes_bytes(const hrs_lanes *l) {
  return l->bytes;
}

hrs_count hrs_lanes_workspace(const hrs_lanes *l) {
  hrs_count pooled = l->pools ? l->pooled : 0;
  return l->octets * (octet_planes(l) + l->joined * l->tile * (l->out_pixels + pooled)) * LANES *
         (hrs_count)sizeof(float);
}

/* ---- the kernels ---- */

/* m channels times v vectors, both known to the compiler; vectors beyond the last repeat the first.
 */
HRS_TILE_INLINE void kernel(int m, int v, hrs_count taps, const tap *at, const float *weight,
                            const float *const *from, float *const *to, hrs_count shift_to,
                            hrs_count step) {
  const float *base[HRS_TILE_MOST];
  hrs_tile sum;
  HRS_UNROLL
  for (int j = 0; j < v; j++)
    base[j] = from[j];
  hrs_tile_start(m, v, weight, sum);
  HRS_UNROLL_STEPS
  for (hrs_count k = 0; k < taps; k++) {
    const float *left = weight + at[k].weight;
    hrs_count shift = at[k].from;
    __m256 right[HRS_TILE_MOST];
    HRS_UNROLL
    for (int j = 0; j < v; j++)
      right[j] = _mm256_loadu_ps(base[j] + shift);
    hrs_tile_multiply(m, v, left, right, sum);
  }
  HRS_UNROLL
  for (int i = 0; i < m; i++) {
    HRS_UNROLL
    for (int j = 0; j < v; j++)
      _mm256_storeu_ps(to[j] + shift_to + i * step, sum[i][j]);
  }
}

#define KERNEL(M, V)                                                                               \
  HRS_TILE_TARGET static void kernel_##M##x##V(hrs_count taps, const tap *at, const float *weight, \
                                               const float *const *from, float *const *to,         \
                                               hrs_count shift_to, hrs_count step) {               \
    kernel(M, V, taps, at, weight, from, to, shift_to, step);                                      \
  }
KERNEL(6, 2)
KERNEL(4, 3)
KERNEL(1, 6)

typedef void (*tile_kernel)(hrs_count taps, const tap *at, const float *weight,
                            const float *const *from, float *const *to, hrs_count shift_to,
                            hrs_count step);

/* Some tiles of channels at vectors of one class. */
static void run_vectors(const hrs_lanes *l, hrs_count tiles, const pixel_class *c,
                        const float *weight, const float *const *from, float *const *to) {
  static const tile_kernel kernels[] = {[6] = kernel_6x2, [4] = kernel_4x3, [1] = kernel_1x6};
  hrs_count step = l->out_pixels * LANES, size = (l->taps + 1) * l->tile;
  for (hrs_count t = 0; t < tiles; t++)
    kernels[l->tile](c->taps, l->tap + c->first_tap, weight + t * size, from, to,
                     t * l->tile * step, step);
}

/* Some tiles at all pixels of some octets: result[octet][channel][pixel][lane]. */
static void run_tiles(const hrs_lanes *l, hrs_count octets, hrs_count tiles, const float *weight,
                      const float *planes, float *result) {
  hrs_count vectors = tile_vectors(l->tile);
  hrs_count octet_step = tiles * l->tile * l->out_pixels * LANES;
  for (const pixel_class *c = l->classes; c < l->classes + l->n_classes; c++) {
    const float *from[HRS_TILE_MOST];
    float *to[HRS_TILE_MOST];
    hrs_count n = 0;
    for (hrs_count p = c->first; p < c->first + c->count; p++) {
      for (hrs_count o = 0; o < octets; o++) {
        from[n] = planes + (o * octet_planes(l) + l->pixel[p].from) * LANES;
        to[n] = result + o * octet_step + l->pixel[p].to * LANES;
        if (++n < vectors) continue;
        run_vectors(l, tiles, c, weight, from, to);
        n = 0;
      }
    }
    if (n == 0) continue;
    for (; n < vectors; n++) {
      from[n] = from[0];
      to[n] = to[0];
    }
    run_vectors(l, tiles, c, weight, from, to);
  }
}

/* ---- in and out ---- */

/* Up to eight images to lanes; missing ones repeat the last. */
HRS_TILE_TARGET static void to_lanes(const hrs_lanes *l, hrs_count images, const float *x,
                                     float *to) {
  const float *image[LANES];
  for (int i = 0; i < LANES; i++)
    image[i] = x + (i < images ? i : images - 1) * l->images_in;
  for (hrs_count c = 0; c < l->groups * l->in_channels; c++, to += l->plane * LANES) {
    hrs_count p = 0, first = c * l->in_pixels;
    for (; p + LANES <= l->in_pixels; p += LANES) {
      __m256 row[LANES];
      HRS_UNROLL for (int i = 0; i < LANES; i++) row[i] = _mm256_loadu_ps(image[i] + first + p);
      hrs_tile_transpose(row);
      HRS_UNROLL for (int i = 0; i < LANES; i++) _mm256_storeu_ps(to + (p + i) * LANES, row[i]);
    }
    for (; p < l->in_pixels; p++)
      for (int i = 0; i < LANES; i++)
        to[p * LANES + i] = image[i][first + p];
  }
}

/* The other way round: n vectors to n numbers of each image, `step` apart. */
HRS_TILE_TARGET static void from_lanes(hrs_count n, hrs_count images, const float *from,
                                       hrs_count step, float *to) {
  for (hrs_count p = 0; p < n; p += LANES) {
    hrs_count some = n - p < LANES ? n - p : LANES;
    __m256 row[LANES];
    HRS_UNROLL for (int i = 0; i < LANES; i++) row[i] =
        _mm256_loadu_ps(from + (p + (i < some ? i : 0)) * LANES);
    hrs_tile_transpose(row);
    if (some == LANES && images == LANES) {
      HRS_UNROLL for (int i = 0; i < LANES; i++) _mm256_storeu_ps(to + i * step + p, row[i]);
      continue;
    }
    float rows[LANES][LANES];
    HRS_UNROLL for (int i = 0; i < LANES; i++) _mm256_storeu_ps(rows[i], row[i]);
    for (hrs_count i = 0; i < images; i++)
      hrs_tile_store(to + i * step + p, _mm256_loadu_ps(rows[i]), some);
  }
}

/* The largest of a window's vectors. NaN is passed over, unless there is nothing else: only a
 * result of -infinity leaves that open, and is looked at again. */
HRS_TILE_INLINE __m256 largest(const float *from, hrs_count rows, hrs_count columns,
                               hrs_count row_step, hrs_count column_step) {
  const __m256 lowest = _mm256_set1_ps(-__builtin_inff());
  __m256 best = lowest;
  for (hrs_count h = 0; h < rows; h++)
    for (hrs_count v = 0; v < columns; v++)
      best = _mm256_max_ps(_mm256_loadu_ps(from + h * row_step + v * column_step), best);
  if (_mm256_movemask_ps(_mm256_cmp_ps(best, lowest, _CMP_EQ_OQ)) == 0 || rows * columns == 0)
    return best;
  best = _mm256_loadu_ps(from);
  for (hrs_count h = 0; h < rows; h++) {
    for (hrs_count v = 0; v < columns; v++) {
      __m256 x = _mm256_loadu_ps(from + h * row_step + v * column_step);
      __m256 better =
          _mm256_or_ps(_mm256_cmp_ps(x, best, _CMP_GT_OQ), _mm256_cmp_ps(best, best, _CMP_UNORD_Q));
      best = _mm256_blendv_ps(best, x, better);
    }
  }
  return best;
}

/* Planes of vectors through a max pool. */
HRS_TILE_TARGET static void pool_lanes(const hrs_window *w, hrs_count planes, const float *from,
                                       float *to) {
  hrs_count in = w->in[1] * w->in[2] * LANES, out = w->out[1] * w->out[2] * LANES;
  for (hrs_count oh = 0; oh < w->out[1]; oh++) {
    hrs_count h, h_end;
    hrs_window_elements(w, 1, oh, 0, w->in[1], &h, &h_end);
    for (hrs_count ow = 0; ow < w->out[2]; ow++) {
      hrs_count v, v_end;
      hrs_window_elements(w, 2, ow, 0, w->in[2], &v, &v_end);
      const float *at =
          from + (hrs_window_at(w, 1, oh, h) * w->in[2] + hrs_window_at(w, 2, ow, v)) * LANES;
      float *result = to + (oh * w->out[2] + ow) * LANES;
      for (hrs_count i = 0; i < planes; i++)
        _mm256_storeu_ps(result + i * out,
                         largest(at + i * in, h_end - h, v_end - v,
                                 w->dilation[1] * w->in[2] * LANES, w->dilation[2] * LANES));
    }
  }
}

/* Images of some octets, all channels. */
static hrs_status run_octets(const hrs_lanes *l, const hrs_conv_behind *behind, hrs_count images,
                             const float *x, float *out, float *workspace) {
  hrs_count octets = (images + LANES - 1) / LANES;
  float *result = workspace + l->octets * octet_planes(l) * LANES;
  float *pooled = result + l->octets * l->joined * l->tile * l->out_pixels * LANES;
  for (hrs_count o = 0; o < octets; o++) {
    hrs_count some = images - o * LANES < LANES ? images - o * LANES : LANES;
    to_lanes(l, some, x + o * LANES * l->images_in, workspace + o * octet_planes(l) * LANES);
  }
  for (hrs_count t = 0; t < l->groups * l->tiles;) {
    hrs_count group = t / l->tiles, at = t % l->tiles, first = at * l->tile;
    hrs_count tiles = l->tiles - at < l->joined ? l->tiles - at : l->joined;
    hrs_count channels = tiles * l->tile;
    hrs_count left = l->out_channels - first < channels ? l->out_channels - first : channels;
    run_tiles(l, octets, tiles, l->weight + t * (l->taps + 1) * l->tile,
              workspace + group * l->in_channels * l->plane * LANES, result);
    HRS_TRY(behind->apply(behind->before_pool, octets * channels * l->out_pixels * LANES, result));
    const float *ready = result;
    if (l->pools) {
      pool_lanes(&l->pool, octets * channels, result, pooled);
      ready = pooled;
    }
    for (hrs_count o = 0; o < octets; o++) {
      hrs_count some = images - o * LANES < LANES ? images - o * LANES : LANES;
      from_lanes(left * l->pooled, some, ready + o * channels * l->pooled * LANES, l->images_out,
                 out + o * LANES * l->images_out + (group * l->out_channels + first) * l->pooled);
    }
    t += tiles;
  }
  return behind->apply(behind->after_pool, images * l->images_out, out);
}

hrs_status hrs_lanes_run(const hrs_lanes *l, const hrs_conv_behind *behind, hrs_count images,
                         const float *x, float *out, void *workspace) {
  hrs_count block = l->octets * LANES;
  for (hrs_count i = 0; i < images; i += block)
    HRS_TRY(run_octets(l, behind, images - i < block ? images - i : block, x + i * l->images_in,
                       out + i * l->images_out, workspace));
  return HRS_OK;
}

#else

bool hrs_lanes_fits(const hrs_conv *conv) {
  (void)conv;
  return false;
}

hrs_status hrs_lanes_create(const hrs_conv *conv, const float *weight, const float *scale,
                            const float *bias, const hrs_window *pool, hrs_lanes **out) {
  (void)conv, (void)weight, (void)scale, (void)bias, (void)pool;
  *out = NULL;
  return HRS_OK;
}

hrs_count hrs_lanes_bytes(const hrs_lanes *l) {
  (void)l;
  return 0;
}

hrs_count hrs_lanes_workspace(const hrs_lanes *l) {
  (void)l;
  return 0;
}

hrs_status hrs_lanes_run(const hrs_lanes *l, const hrs_conv_behind *behind, hrs_count images,
                         const float *x, float *out, void *workspace) {
  (void)l, (void)behind, (void)images, (void)x, (void)out, (void)workspace;
  return HRS_OK;
}

#endif
