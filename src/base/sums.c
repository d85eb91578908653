/*
 * Sums in pairs: pieces stand on a stack, larger ones below; two that are neighbours in the tree
 * are one. A piece at the end of all vectors, whose neighbour would lie behind that, goes up as it
 * is.
 *
 * Cost: an addition for each element of each vector.
 */
#include <harsanyi/sums.h>

#include <string.h>

/* A run of vectors is of pieces that grow, and then of pieces that shrink. */
enum { LEVELS = 48, PLACES = 2 * LEVELS };

typedef struct piece {
  int level;
  hrs_count index;
  double *sum;
} piece;

struct hrs_sums {
  hrs_count width, count;
  int top; /* level of the sum of all */
  int used;
  piece piece[PLACES]; /* vectors are made when first needed, and stay with their places */
};

hrs_status hrs_sums_create(hrs_count width, hrs_count count, hrs_sums **out) {
  hrs_sums *sums;
  *out = NULL;
  HRS_REQUIRE(width >= 1 && count >= 1 && count <= (hrs_count)1 << (LEVELS - 1), USAGE,
              "a sum of %lld vectors of %lld numbers", (long long)count, (long long)width);
  HRS_TRY(hrs_calloc(1, sizeof *sums, &sums));
  sums->width = width;
  sums->count = count;
  while ((hrs_count)1 << sums->top < count)
    sums->top++;
  *out = sums;
  return HRS_OK;
}

void hrs_sums_destroy(hrs_sums **sums) {
  if (!*sums) return;
  for (int i = 0; i < PLACES; i++)
    hrs_free((*sums)->piece[i].sum);
  hrs_free(*sums);
  *sums = NULL;
}

void hrs_sums_clear(hrs_sums *sums) {
  sums->used = 0;
}

/* First vector behind a piece. */
static hrs_count end_of(int level, hrs_count index) {
  return (index + 1) << level;
}

static void add(hrs_count count, const double *restrict x, double *restrict sum) {
  for (hrs_count i = 0; i < count; i++)
    sum[i] += x[i];
}

/* Join the last pieces as far as they go. */
static void join(hrs_sums *sums) {
  for (;;) {
    piece *last = &sums->piece[sums->used - 1];
    bool odd = last->index & 1;
    if (odd && sums->used > 1 && last[-1].level == last->level &&
        last[-1].index == last->index - 1) {
      add(sums->width, last->sum, last[-1].sum);
      sums->used--;
      last--;
    } else if (odd || last->level == sums->top || end_of(last->level, last->index) < sums->count) {
      return;
    }
    last->level++;
    last->index >>= 1;
  }
}

hrs_status hrs_sums_add(hrs_sums *sums, int level, hrs_count index, const double *x) {
  HRS_REQUIRE(level >= 0 && level <= sums->top && index >= 0 && index << level < sums->count,
              INTERNAL, "piece %lld of level %d of a sum of %lld", (long long)index, level,
              (long long)sums->count);
  const piece *last = sums->used ? &sums->piece[sums->used - 1] : NULL;
  HRS_REQUIRE(!last || end_of(last->level, last->index) <= index << level, INTERNAL,
              "pieces of a sum do not rise");
  HRS_REQUIRE(sums->used < PLACES, INTERNAL, "a sum has gaps");
  piece *next = &sums->piece[sums->used];
  if (!next->sum) HRS_TRY(hrs_alloc(sums->width, sizeof *x, &next->sum));
  sums->used++;
  next->level = level;
  next->index = index;
  memcpy(next->sum, x, (size_t)sums->width * sizeof *x);
  join(sums);
  return HRS_OK;
}

int hrs_sums_pieces(const hrs_sums *sums) {
  return sums->used;
}

const double *hrs_sums_piece(const hrs_sums *sums, int i, int *level, hrs_count *index) {
  *level = sums->piece[i].level;
  *index = sums->piece[i].index;
  return sums->piece[i].sum;
}

hrs_count hrs_sums_width(const hrs_sums *sums) {
  return sums->width;
}

int hrs_sums_level(const hrs_sums *sums) {
  return sums->top;
}

hrs_status hrs_sums_finish(const hrs_sums *sums, double *x) {
  HRS_REQUIRE(sums->used == 1 && sums->piece[0].level == sums->top, INTERNAL,
              "a sum of %lld vectors is not complete", (long long)sums->count);
  memcpy(x, sums->piece[0].sum, (size_t)sums->width * sizeof *x);
  return HRS_OK;
}
