/*
 * Sums of derivatives by order, for sets of few players, in one pass over v.
 *
 * Idea. A node of level b stands for the values of b bits: for each set S of at most K of them the
 * polynomial D(S; z) = Σ_T z^t D_S(T), a list of b - s + 1 coefficients. Two nodes x (next bit
 * clear) and y (set) join to one of level b + 1:
 *
 *     D(S; z) = x(S; z) + z y(S; z)          D(S + bit; z) = y(S; z) - x(S; z), if s < K
 *
 * Sets are kept by rising mask, so that those with the new bit follow those without. Each
 * coefficient is a vector of 8 lanes, the lowest bits of a row, which are folded last of all: all
 * additions are vector additions. Pairs are joined as soon as both are there, as a binary counter
 * carries, so a row needs two nodes of each level, and the low levels, where the work is, stay in
 * the first cache.
 *
 * Cost: Σ_{j<=K} (j + 1) + Σ_{j<K} (j + 2) = K² + 3K + 1 additions per value: 5, 11, 19. That is
 * what it takes for all indices together; weighted superset sums, one for each term of an index,
 * take 3, 9, 19 for SII alone. It loses against transforms where K is so large that the sums by
 * order of all sets outgrow the caches: see mpi/lattice/indices.c.
 */
#include "base/simd.h"

#include <harsanyi/analysis.h>

#include <string.h>

enum { LANE_BITS = 3, LARGEST_LANES = 1 << LANE_BITS, CONVERT_LEVEL = 8, MOST_PIECES = 96 };

typedef struct node {
  int level; /* rows: 2^level of them */
  hrs_count index;
  double *data;
} node;

struct hrs_fold {
  int n, orders;
  int lane_bits, row_levels;            /* a row's bits are the lanes' and its levels' */
  hrs_subcube row;                      /* its free bits count, not its place */
  hrs_count count[HRS_MAX_PLAYERS + 1]; /* sets of a level */
  hrs_count size[HRS_MAX_PLAYERS + 1];  /* coefficients of a node of a level */
  uint8_t *order;                       /* of the sets, by rising mask */
  double *left[HRS_MAX_PLAYERS + 1], *right[HRS_MAX_PLAYERS + 1]; /* within a row */
  double *converted; /* a piece of a row in double precision */
  int pieces;
  node piece[MOST_PIECES];
};

/* The sets of a level are the first of the next one. */
static hrs_count next_count(int bits, int orders) {
  return 1 + hrs_set_count(bits, orders);
}

/* z of level b + 1 from x and y of level b, in coefficients of `width` numbers. */
HRS_INLINE void join_any(const uint8_t *order, hrs_count count, int orders, int b, hrs_count width,
                         const double *restrict x, const double *restrict y, double *restrict z,
                         double *restrict with) {
  for (hrs_count i = 0; i < count; i++) {
    hrs_count length = (b - order[i] + 1) * width;
    for (hrs_count t = 0; t < width; t++)
      z[t] = x[t];
    for (hrs_count t = 0; t < length - width; t++)
      z[width + t] = x[width + t] + y[t];
    for (hrs_count t = 0; t < width; t++)
      z[length + t] = y[length - width + t];
    if (order[i] < orders) {
      for (hrs_count t = 0; t < length; t++)
        with[t] = y[t] - x[t];
      with += length;
    }
    x += length;
    y += length;
    z += length + width;
  }
}

typedef void joiner(const uint8_t *order, hrs_count count, int orders, int b, hrs_count width,
                    const double *x, const double *y, double *z, double *with);

static void join_plain(const uint8_t *order, hrs_count count, int orders, int b, hrs_count width,
                       const double *x, const double *y, double *z, double *with) {
  if (width == LARGEST_LANES)
    join_any(order, count, orders, b, LARGEST_LANES, x, y, z, with);
  else
    join_any(order, count, orders, b, width, x, y, z, with);
}

HRS_TARGET_AVX2 static void join_avx2(const uint8_t *order, hrs_count count, int orders, int b,
                                      hrs_count width, const double *x, const double *y, double *z,
                                      double *with) {
  if (width == LARGEST_LANES)
    join_any(order, count, orders, b, LARGEST_LANES, x, y, z, with);
  else
    join_any(order, count, orders, b, width, x, y, z, with);
}

static void join(const hrs_fold *f, int b, hrs_count width, const double *x, const double *y,
                 double *z) {
  joiner *any = hrs_has_avx2() ? join_avx2 : join_plain;
  any(f->order, f->count[b], f->orders, b, width, x, y, z, z + (f->size[b] + f->count[b]) * width);
}

/* ---- life ----------------------------------------------------------------------------------- */

static hrs_status set_up(hrs_fold *f) {
  for (int b = 0; b <= f->n; b++) {
    f->count[b] = next_count(b, f->orders);
    f->size[b] = 0;
    for (int s = 0; s <= f->orders && s <= b; s++)
      f->size[b] += (hrs_count)hrs_binomial(b, s) * (b - s + 1);
  }
  HRS_TRY(hrs_alloc(f->count[f->n], 1, &f->order));
  f->order[0] = 0;
  hrs_count next = 1;
  for (int b = 0; b < f->n; b++)
    for (hrs_count i = 0; i < f->count[b]; i++)
      if (f->order[i] < f->orders) f->order[next++] = (uint8_t)(f->order[i] + 1);
  for (int b = 1; b < f->row_levels; b++) {
    HRS_TRY(hrs_alloc(f->size[b] << f->lane_bits, sizeof **f->left, &f->left[b]));
    HRS_TRY(hrs_alloc(f->size[b] << f->lane_bits, sizeof **f->right, &f->right[b]));
  }
  return hrs_alloc((hrs_count)1 << (CONVERT_LEVEL + LANE_BITS), sizeof *f->converted,
                   &f->converted);
}

hrs_status hrs_fold_create(hrs_subcube row, int n, int orders, hrs_fold **out) {
  *out = NULL;
  HRS_ASSERT(n >= 0 && n <= HRS_MAX_PLAYERS && orders >= 0 && orders <= n);
  HRS_ASSERT(!(row.free & ~hrs_mask_full(n)));
  int bits = hrs_order(row.free);
  hrs_fold *f;
  HRS_TRY(hrs_calloc(1, sizeof *f, out));
  f = *out;
  f->n = n;
  f->orders = orders;
  f->row = row;
  f->lane_bits = bits < LANE_BITS ? bits : LANE_BITS;
  f->row_levels = bits - f->lane_bits;
  hrs_status status = set_up(f);
  if (status != HRS_OK) hrs_fold_destroy(out);
  return status;
}

void hrs_fold_destroy(hrs_fold **fold) {
  hrs_fold *f = fold ? *fold : NULL;
  if (!f) return;
  for (int b = 0; b <= HRS_MAX_PLAYERS; b++) {
    hrs_free(f->left[b]);
    hrs_free(f->right[b]);
  }
  for (int i = 0; i < f->pieces; i++)
    hrs_free(f->piece[i].data);
  hrs_free(f->converted);
  hrs_free(f->order);
  hrs_free(f);
  *fold = NULL;
}

/* ---- a row ---------------------------------------------------------------------------------- */

/* 2^level vectors to a node of that level. */
static void fold_doubles(const hrs_fold *f, int level, const double *values, double *out) {
  const hrs_count half = (hrs_count)1 << (level - 1 + f->lane_bits);
  if (level == 1) {
    join(f, 0, half, values, values + half, out);
    return;
  }
  fold_doubles(f, level - 1, values, f->left[level - 1]);
  fold_doubles(f, level - 1, values + half, f->right[level - 1]);
  join(f, level - 1, (hrs_count)1 << f->lane_bits, f->left[level - 1], f->right[level - 1], out);
}

static void fold_values(const hrs_fold *f, int level, hrs_dtype type, const void *values,
                        double *out) {
  const hrs_count size = (hrs_count)1 << (level + f->lane_bits), half = size / 2;
  const float *narrow = values;
  if (type == HRS_F32 && level > CONVERT_LEVEL) {
    fold_values(f, level - 1, type, narrow, f->left[level - 1]);
    fold_values(f, level - 1, type, narrow + half, f->right[level - 1]);
    join(f, level - 1, (hrs_count)1 << f->lane_bits, f->left[level - 1], f->right[level - 1], out);
    return;
  }
  const double *source = values;
  if (type == HRS_F32) {
    for (hrs_count i = 0; i < size; i++)
      f->converted[i] = (double)narrow[i];
    source = f->converted;
  }
  if (level == 0)
    memcpy(out, source, (size_t)size * sizeof *out);
  else
    fold_doubles(f, level, source, out);
}

/* ---- pieces --------------------------------------------------------------------------------- */

/* Join the last two pieces as long as they are halves of one. */
static hrs_status carry(hrs_fold *f) {
  while (f->pieces >= 2) {
    node *x = &f->piece[f->pieces - 2], *y = x + 1;
    if (x->level != y->level || x->index % 2 != 0 || y->index != x->index + 1) break;
    double *joined;
    HRS_TRY(hrs_alloc(hrs_fold_piece_size(f, x->level + 1), sizeof *joined, &joined));
    join(f, f->row_levels + x->level, (hrs_count)1 << f->lane_bits, x->data, y->data, joined);
    hrs_free(x->data);
    hrs_free(y->data);
    *x = (node){x->level + 1, x->index / 2, joined};
    f->pieces--;
  }
  return HRS_OK;
}

static hrs_status new_piece(hrs_fold *f, int level, hrs_count index, double **data) {
  HRS_ASSERT(f->pieces < MOST_PIECES);
  HRS_TRY(hrs_alloc(hrs_fold_piece_size(f, level), sizeof **data, data));
  f->piece[f->pieces++] = (node){level, index, *data};
  return HRS_OK;
}

hrs_status hrs_fold_row(hrs_fold *f, hrs_dtype type, const void *values, hrs_count number) {
  HRS_REQUIRE(type == HRS_F64 || type == HRS_F32, USAGE,
              "index sums: elements are %s, must be float64 or float32", hrs_dtype_name(type));
  double *data;
  HRS_TRY(new_piece(f, 0, number, &data));
  fold_values(f, f->row_levels, type, values, data);
  return carry(f);
}

hrs_status hrs_fold_add(hrs_fold *f, int level, hrs_count index, const double *piece) {
  double *data;
  HRS_TRY(new_piece(f, level, index, &data));
  memcpy(data, piece, (size_t)hrs_fold_piece_size(f, level) * sizeof *data);
  return carry(f);
}

int hrs_fold_pieces(const hrs_fold *f) {
  return f->pieces;
}

const double *hrs_fold_piece(const hrs_fold *f, int i, int *level, hrs_count *index) {
  *level = f->piece[i].level;
  *index = f->piece[i].index;
  return f->piece[i].data;
}

hrs_count hrs_fold_piece_size(const hrs_fold *f, int level) {
  return f->size[f->row_levels + level] << f->lane_bits;
}

/* ---- the end -------------------------------------------------------------------------------- */

/* The lanes are the last bits, the highest of them first. */
static hrs_status fold_lanes(const hrs_fold *f, double **data) {
  for (int lane_bit = f->lane_bits - 1; lane_bit >= 0; lane_bit--) {
    const int b = f->n - 1 - lane_bit;
    const hrs_count half = (hrs_count)1 << lane_bit, part = f->size[b] * half;
    double *split, *joined;
    HRS_TRY(hrs_alloc(2 * part, sizeof *split, &split));
    hrs_status status = hrs_alloc(f->size[b + 1] * half, sizeof *joined, &joined);
    if (status == HRS_OK) {
      for (hrs_count i = 0; i < f->size[b]; i++) {
        memcpy(split + i * half, *data + 2 * i * half, (size_t)half * sizeof *split);
        memcpy(split + part + i * half, *data + (2 * i + 1) * half, (size_t)half * sizeof *split);
      }
      join(f, b, half, split, split + part, joined);
      hrs_free(*data);
      *data = joined;
    }
    hrs_free(split);
    HRS_TRY(status);
  }
  return HRS_OK;
}

/* The players of the bits in the order in which they were folded. */
static void folded_players(const hrs_fold *f, int *player) {
  int lane[LANE_BITS], free = 0, next = 0;
  for (int i = 0; i < f->n; i++) {
    if (!(f->row.free >> i & 1)) continue;
    if (free < f->lane_bits)
      lane[free] = i;
    else
      player[next++] = i;
    free++;
  }
  for (int i = 0; i < f->n; i++)
    if (!(f->row.free >> i & 1)) player[next++] = i;
  for (int i = f->lane_bits - 1; i >= 0; i--)
    player[next++] = lane[i];
}

hrs_status hrs_fold_finish(hrs_fold *f, double *sums) {
  HRS_REQUIRE(f->pieces == 1 && f->piece[0].level == f->n - f->row_levels - f->lane_bits, INTERNAL,
              "index sums: rows are missing");
  int player[HRS_MAX_PLAYERS];
  folded_players(f, player);
  HRS_TRY(fold_lanes(f, &f->piece[0].data));
  hrs_mask *set;
  HRS_TRY(hrs_alloc(f->count[f->n], sizeof *set, &set));
  memset(sums, 0, (size_t)(f->count[f->n] * (f->n + 1)) * sizeof *sums);
  const double *from = f->piece[0].data;
  hrs_count next = 1;
  set[0] = 0;
  for (int b = 0; b < f->n; b++)
    for (hrs_count i = 0; i < f->count[b]; i++)
      if (f->order[i] < f->orders) set[next++] = set[i] | (hrs_mask)1 << player[b];
  for (hrs_count i = 0; i < f->count[f->n]; i++) {
    hrs_count place = set[i] ? 1 + hrs_set_position(f->n, set[i]) : 0;
    hrs_count length = f->n - f->order[i] + 1;
    memcpy(sums + place * (f->n + 1), from, (size_t)length * sizeof *sums);
    from += length;
  }
  hrs_free(set);
  return HRS_OK;
}

/* ---- costs ---------------------------------------------------------------------------------- */

double hrs_fold_additions(int n, int orders) {
  double sum = 0, nodes = 1;
  for (int b = n - 1; b >= 0; b--, nodes *= 2)
    for (int s = 0; s <= orders && s <= b; s++)
      sum += nodes * hrs_binomial(b, s) * (b - s + (s < orders ? b - s + 1 : 0));
  return sum;
}

double hrs_fold_bytes(int n, int row_bits, int orders) {
  int lane_bits = row_bits < LANE_BITS ? row_bits : LANE_BITS;
  double doubles = 0;
  for (int b = 0; b <= n - lane_bits; b++)
    for (int s = 0; s <= orders && s <= b; s++)
      doubles += 2 * hrs_binomial(b, s) * (b - s + 1);
  return 8 * doubles * (double)(1 << lane_bits) + 16 * (double)(1 + hrs_set_count(n, orders));
}
