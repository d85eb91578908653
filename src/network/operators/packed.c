/*
 * Products with packed weights, for processors with AVX2 and fused multiply-adds. The columns are
 * cut into panels of sixteen and a last one of 8, 16 or 24; a panel stands in memory as the kernel
 * reads it, row after row. A tile of rows times a panel, eight to twelve vectors, which keeps both
 * units for multiply-adds busy, stays in registers over a block of K; rows are read where they are.
 * Where there is AVX-512, panels of sixteen are one vector, and two of them are done at a time.
 *
 * Cost: m * n * k multiply-adds near the processor's peak; columns are rounded up to eight. It
 * loses nothing to BLAS for large matrices but the packing of the left side: a block of rows of
 * one block of K must fit the second cache (ROWS * DEPTH floats, 113 KiB). Panels need not fit the
 * first cache: they are read from end to end, which the processor foresees.
 */
#include "packed.h"

#include "tile.h"

#include <math.h>
#include <string.h>

enum {
  NARROW = 8,
  WIDE = 16,
  WIDEST = 24,
  DEPTH = 800,
  ROWS = 36,
  MOST_ROWS = 12,
  MOST_VECTORS = 3
};

/* Columns of the panel that starts at column j. */
static hrs_count panel_width(hrs_count n, hrs_count j) {
  hrs_count rest = n - j;
  if (rest <= NARROW) return NARROW;
  return rest > WIDE && rest <= WIDEST ? WIDEST : WIDE;
}

/* Rows of a block of K: as many in all blocks, but for the last. */
static hrs_count block_depth(hrs_count k) {
  hrs_count blocks = (k + DEPTH - 1) / DEPTH;
  return blocks > 1 ? (k + blocks - 1) / blocks : k > 0 ? k : 1;
}

/* The widths of all panels. */
static hrs_count padded(hrs_count n) {
  return (n + NARROW - 1) / NARROW * NARROW;
}

hrs_status hrs_packed_floats(hrs_count k, hrs_count n, hrs_count *floats) {
  return hrs_multiply(k + 1, padded(n), "packed weights", floats);
}

/* `some` of a panel's columns are there, the others 0. */
static void fill_panel(hrs_count k, hrs_count some, hrs_count width, const float *weight,
                       hrs_count row, hrs_count column, float *to) {
  for (hrs_count l = 0; l < k; l++, weight += row, to += width)
    for (hrs_count i = 0; i < width; i++)
      to[i] = i < some ? weight[i * column] : 0;
}

void hrs_packed_fill(hrs_count k, hrs_count n, const float *weight, hrs_count row, hrs_count column,
                     const float *bias, float *room, hrs_packed *out) {
  float *to = room + padded(n);
  *out = (hrs_packed){.k = k, .n = n, .bias = room, .panel = to};
  for (hrs_count j = 0; j < padded(n); j++)
    room[j] = bias && j < n ? bias[j] : 0;
  /* Blocks of K one after the other, in each the panels. */
  hrs_count depth = block_depth(k);
  for (hrs_count first = 0; first < k; first += depth) {
    hrs_count end = k - first < depth ? k : first + depth;
    for (hrs_count j = 0, width; j < n; j += width) {
      width = panel_width(n, j);
      hrs_count some = n - j < width ? n - j : width;
      fill_panel(end - first, some, width, weight + first * row + j * column, row, column, to);
      to += (end - first) * width;
    }
  }
}

#ifdef HRS_HAVE_TILES

/* Where a tile reads and writes. The sums start from `start`: from the bias for the first block of
 * K (step 0), from the sums so far for the others. */
typedef struct tile {
  hrs_count k, lda, ldc, rows, columns;
  const float *a, *panel, *start;
  hrs_count start_step;
  float *c;
  bool relu; /* the sums are complete, and negative ones become 0 */
} tile;

/* m rows times v vectors, both known to the compiler; rows beyond the last repeat it and are not
 * stored. */
HRS_TILE_INLINE void kernel(int m, int v, const tile *t) {
  const float *row[MOST_ROWS], *panel = t->panel, *start = t->start;
  hrs_count k = t->k;
  __m256 sum[MOST_ROWS][MOST_VECTORS], ready[MOST_ROWS][MOST_VECTORS];
  HRS_UNROLL
  for (int i = 0; i < m; i++) {
    bool next = i > 0 && i < t->rows;
    row[i] = (i > 0 ? row[i - 1] : t->a) + (next ? t->lda : 0);
    start += next ? t->start_step : 0;
    HRS_UNROLL
    for (int j = 0; j < v; j++)
      sum[i][j] = _mm256_loadu_ps(start + j * HRS_LANES);
  }
  HRS_UNROLL_STEPS
  for (hrs_count l = 0; l < k; l++, panel += v * HRS_LANES) {
    __m256 b[MOST_VECTORS];
    HRS_UNROLL
    for (int j = 0; j < v; j++)
      b[j] = _mm256_loadu_ps(panel + j * HRS_LANES);
    HRS_UNROLL
    for (int i = 0; i < m; i++) {
      __m256 factor = _mm256_broadcast_ss(row[i] + l);
      HRS_UNROLL
      for (int j = 0; j < v; j++)
        sum[i][j] = _mm256_fmadd_ps(factor, b[j], sum[i][j]);
    }
  }
  /* The second operand, where one is no number. */
  __m256 least = _mm256_set1_ps(t->relu ? 0 : -INFINITY);
  HRS_UNROLL
  for (int i = 0; i < m; i++) {
    HRS_UNROLL
    for (int j = 0; j < v; j++)
      ready[i][j] = _mm256_max_ps(least, sum[i][j]);
  }
  if (t->rows == m && t->columns == v * HRS_LANES) {
    HRS_UNROLL
    for (int i = 0; i < m; i++) {
      HRS_UNROLL
      for (int j = 0; j < v; j++)
        _mm256_storeu_ps(t->c + i * t->ldc + j * HRS_LANES, ready[i][j]);
    }
    return;
  }
  for (int i = 0; i < m && i < t->rows; i++)
    for (int j = 0; j < v && j * HRS_LANES < t->columns; j++)
      hrs_tile_store(t->c + i * t->ldc + j * HRS_LANES, ready[i][j], t->columns - j * HRS_LANES);
}

#define KERNEL(M, V)                                                                               \
  HRS_TILE_TARGET static void kernel_##M##x##V(const tile *t) {                                    \
    kernel(M, V, t);                                                                               \
  }
KERNEL(8, 1)
KERNEL(6, 2)
KERNEL(4, 2)
KERNEL(4, 3)

/* The same for m rows and v panels of sixteen columns, the last of which need not be full. */
HRS_TILE_INLINE512 void kernel512(int m, int v, const tile *t) {
  const float *row[MOST_ROWS], *panel[MOST_VECTORS], *start = t->start;
  hrs_count k = t->k;
  __mmask16 there[MOST_VECTORS];
  __m512 sum[MOST_ROWS][MOST_VECTORS], ready[MOST_ROWS][MOST_VECTORS];
  HRS_UNROLL
  for (int j = 0; j < v; j++) {
    hrs_count some = t->columns - j * WIDE;
    there[j] = (__mmask16)(some < WIDE ? (1 << some) - 1 : 0xffff);
    panel[j] = t->panel + j * k * WIDE;
  }
  HRS_UNROLL
  for (int i = 0; i < m; i++) {
    bool next = i > 0 && i < t->rows;
    row[i] = (i > 0 ? row[i - 1] : t->a) + (next ? t->lda : 0);
    start += next ? t->start_step : 0;
    HRS_UNROLL
    for (int j = 0; j < v; j++)
      sum[i][j] = _mm512_maskz_loadu_ps(there[j], start + j * WIDE);
  }
  HRS_UNROLL_STEPS
  for (hrs_count l = 0; l < k; l++) {
    __m512 b[MOST_VECTORS];
    HRS_UNROLL
    for (int j = 0; j < v; j++)
      b[j] = _mm512_loadu_ps(panel[j] + l * WIDE);
    HRS_UNROLL
    for (int i = 0; i < m; i++) {
      __m512 factor = _mm512_set1_ps(row[i][l]);
      HRS_UNROLL
      for (int j = 0; j < v; j++)
        sum[i][j] = _mm512_fmadd_ps(factor, b[j], sum[i][j]);
    }
  }
  __m512 least = _mm512_set1_ps(t->relu ? 0 : -INFINITY);
  HRS_UNROLL
  for (int i = 0; i < m; i++) {
    HRS_UNROLL
    for (int j = 0; j < v; j++)
      ready[i][j] = _mm512_max_ps(least, sum[i][j]);
  }
  for (int i = 0; i < m && i < t->rows; i++)
    for (int j = 0; j < v; j++)
      _mm512_mask_storeu_ps(t->c + i * t->ldc + j * WIDE, there[j], ready[i][j]);
}

#define KERNEL512(M, V)                                                                            \
  HRS_TILE_TARGET512 static void kernel512_##M##x##V(const tile *t) {                              \
    kernel512(M, V, t);                                                                            \
  }
KERNEL512(12, 1)
KERNEL512(12, 2)
KERNEL512(4, 2)

/* A panel, or two, and the kernels for it: the last rows of a block may be few, as batches are
 * powers of two. */
typedef struct strip {
  hrs_count columns, rows, few;
  void (*run)(const tile *), (*run_few)(const tile *);
  bool masks; /* both read no more sums than there are columns; others read whole vectors */
} strip;

/* The strip that starts at column j; `wide`: with hrs_tile_wide. */
static const strip *strip_at(bool wide, hrs_count n, hrs_count j) {
  static const strip narrow = {NARROW, 8, 0, kernel_8x1, kernel_8x1, false},
                     middle = {WIDE, 6, 4, kernel_6x2, kernel_4x2, false},
                     widest = {WIDEST, 4, 0, kernel_4x3, kernel_4x3, false};
  hrs_count width = panel_width(n, j);
  if (width != WIDE) return width == NARROW ? &narrow : &widest;
  static const strip one = {WIDE, 12, 4, kernel512_12x1, kernel_4x2, false},
                     two = {2 * WIDE, 12, 4, kernel512_12x2, kernel512_4x2, true};
  if (!wide) return &middle;
  return n - j > WIDE && panel_width(n, j + WIDE) == WIDE ? &two : &one;
}

/* The rows of a strip, whose first tile is given. Sums between blocks of K stand in C, as do those
 * that are added to; those of a panel that is not full, in a copy with room for all lanes. */
static void run_strip(const strip *s, hrs_count m, tile t, bool adds) {
  float copy[MOST_ROWS * WIDEST];
  for (hrs_count i = 0; i < m; i += t.rows) {
    bool few = m - i <= s->few;
    hrs_count rows = few ? s->few : s->rows;
    t.rows = m - i < rows ? m - i : rows;
    if (adds) {
      t.start = t.c;
      t.start_step = t.ldc;
    }
    if (adds && t.columns < s->columns && !s->masks) {
      for (hrs_count r = 0; r < t.rows; r++)
        memcpy(copy + r * s->columns, t.c + r * t.ldc, (size_t)t.columns * sizeof *copy);
      t.start = copy;
      t.start_step = s->columns;
    }
    (few ? s->run_few : s->run)(&t);
    t.a += t.rows * t.lda;
    t.c += t.rows * t.ldc;
  }
}

/* A block of rows. */
static void run_rows(const hrs_packed *p, bool wide, hrs_count m, const float *from, float *to) {
  hrs_count block = block_depth(p->k);
  for (hrs_count first = 0; first == 0 || first < p->k; first += block) {
    hrs_count depth = p->k - first < block ? p->k - first : block;
    const float *panel = p->panel + first * padded(p->n);
    const strip *s;
    for (hrs_count j = 0; j < p->n; j += s->columns) {
      s = strip_at(wide, p->n, j);
      tile t = {.k = depth,
                .lda = p->k,
                .ldc = p->n,
                .columns = p->n - j < s->columns ? p->n - j : s->columns,
                .a = from + first,
                .panel = panel + j * depth,
                .start = p->bias + j,
                .c = to + j,
                .relu = p->relu && first + depth == p->k};
      run_strip(s, m, t, first > 0 || p->adds);
    }
  }
}

void hrs_packed_run(const hrs_packed *packed, hrs_count m, const float *from, float *to) {
  bool wide = hrs_tile_wide();
  for (hrs_count i = 0; i < m; i += ROWS)
    run_rows(packed, wide, m - i < ROWS ? m - i : ROWS, from + i * packed->k, to + i * packed->n);
}

/* The same as fill_panel for columns that stand one after the other, in a hurry. */
HRS_TILE_TARGET static void copy_panel(hrs_count k, hrs_count some, hrs_count width,
                                       const float *weight, hrs_count row, float *to) {
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  for (hrs_count i = 0; i < width; i += NARROW) {
    __m256i there = _mm256_cmpgt_epi32(_mm256_set1_epi32((int)(some - i)), lane);
    for (hrs_count l = 0; l < k; l++)
      _mm256_storeu_ps(to + l * width + i, _mm256_maskload_ps(weight + l * row + i, there));
  }
}

void hrs_packed_once(hrs_count m, hrs_count n, hrs_count k, const float *from, const float *weight,
                     float *to) {
  enum { DEPTH_ONCE = 256 };
  float panel[DEPTH_ONCE * 2 * WIDE];
  static const float zeros[2 * WIDE];
  bool wide = hrs_tile_wide();
  for (hrs_count first = 0; first == 0 || first < k; first += DEPTH_ONCE) {
    hrs_count depth = k - first < DEPTH_ONCE ? k - first : DEPTH_ONCE;
    const strip *s;
    for (hrs_count j = 0; j < n; j += s->columns) {
      s = strip_at(wide, n, j);
      hrs_count some = n - j < s->columns ? n - j : s->columns;
      for (hrs_count i = 0, width; i < some; i += width) {
        width = panel_width(n, j + i);
        copy_panel(depth, n - j - i < width ? n - j - i : width, width, weight + first * n + j + i,
                   n, panel + i * depth);
      }
      tile t = {.k = depth,
                .lda = k,
                .ldc = n,
                .columns = some,
                .a = from + first,
                .panel = panel,
                .start = zeros,
                .c = to + j};
      run_strip(s, m, t, first > 0);
    }
  }
}

#else

void hrs_packed_once(hrs_count m, hrs_count n, hrs_count k, const float *from, const float *weight,
                     float *to) {
  (void)m, (void)n, (void)k, (void)from, (void)weight, (void)to;
}

void hrs_packed_run(const hrs_packed *packed, hrs_count m, const float *from, float *to) {
  (void)packed, (void)m, (void)from, (void)to;
}

#endif
