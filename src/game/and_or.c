/*
 * The planted game: v(T) = sum of a_j [A_j subset of T] + sum of b_j [B_j meets T].
 *
 * A sub-cube is filled by blocks of 2^BLOCK_BITS masks. Bits that are fixed in a block decide most
 * terms: they vanish or become constants. What is left of an OR term is written as the AND terms of
 * its subsets (bits inside the block are few). The block then doubles bit by bit: the upper half is
 * the lower half plus what the terms with that bit add, which is a smaller function of the same
 * kind, mostly a constant. About two additions per mask in long loops; with very many terms
 * BLOCK_BITS / 2, as a subset sum over the block would take.
 *
 * All coefficients are multiples of 2^-20, so every sum here is exact and its order plays no part.
 */
#include "and_or.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK_BITS = 12, MAX_ORDER = 6, MAX_PIECES = (1 << MAX_ORDER) - 1, DEFAULT_TERMS = 10 };

typedef struct term {
  hrs_mask set;
  double coefficient;
} term;

/* A coefficient for the masks of a block that hold `low`, in blocks that hold all of `high`, or,
 * where it comes from an OR term, none of it. */
typedef struct piece {
  hrs_mask low, high;
  double coefficient;
  bool misses;
} piece;

typedef struct and_or_game {
  int players, terms;
  term *term;      /* terms AND terms, then as many OR terms */
  piece *piece;    /* of the sub-cube in work, by rising low */
  term *meets;     /* what OR terms have above the blocks' bits */
  term *live;      /* pieces of the block in work */
  double *scratch; /* 2^BLOCK_BITS */
} and_or_game;

/* Bits of `mask` at the places of `free`, squeezed together. */
static hrs_mask compress(hrs_mask mask, hrs_mask free) {
  hrs_mask result = 0;
  for (int place = 0; free; free &= free - 1, place++) {
    if (mask & free & (0 - free)) result |= (hrs_mask)1 << place;
  }
  return result;
}

static int by_low(const void *a, const void *b) {
  hrs_mask first = ((const piece *)a)->low, second = ((const piece *)b)->low;
  return (first > second) - (first < second);
}

/* What a sub-cube leaves of the terms, in bits of its index. */
typedef struct remains {
  int pieces, meets;
  double constant;
} remains;

static void restrict_or(and_or_game *game, hrs_mask set, double coefficient, int bits,
                        remains *left) {
  hrs_mask low = set & hrs_mask_full(bits), high = set >> bits;
  if (high) game->meets[left->meets++] = (term){high, coefficient};
  for (hrs_mask part = low; part; part = (part - 1) & low) {
    double sign = hrs_order(part) & 1 ? coefficient : -coefficient;
    game->piece[left->pieces++] = (piece){part, high, sign, true};
  }
}

static remains restrict_terms(and_or_game *game, hrs_subcube cube, int bits) {
  remains left = {0, 0, 0};
  for (int j = 0; j < 2 * game->terms; j++) {
    term t = game->term[j];
    bool and_term = j < game->terms;
    if (and_term ? (t.set & ~cube.free & ~cube.fixed) != 0 : !(t.set & (cube.fixed | cube.free)))
      continue;
    hrs_mask set = compress(t.set, cube.free);
    if (and_term ? !set : (t.set & cube.fixed) != 0) {
      left.constant += t.coefficient;
    } else if (and_term) {
      game->piece[left.pieces++] =
          (piece){set & hrs_mask_full(bits), set >> bits, t.coefficient, false};
    } else {
      restrict_or(game, set, t.coefficient, bits, &left);
    }
  }
  qsort(game->piece, (size_t)left.pieces, sizeof *game->piece, by_low);
  return left;
}

/* values[i] = constant + sum of the coefficients of the terms whose set, cut to its lowest `bits`
 * bits, lies in i. The terms rise by their cut sets. */
static void fill(const term *terms, int count, double constant, int bits, double *values,
                 double *scratch) {
  int done = 0;
  hrs_mask cut = hrs_mask_full(bits);
  for (; done < count && !(terms[done].set & cut); done++)
    constant += terms[done].coefficient;
  values[0] = constant;
  for (int bit = 0; bit < bits; bit++) {
    hrs_count half = (hrs_count)1 << bit;
    hrs_mask below = (hrs_mask)half - 1;
    double *upper = values + half, step = 0;
    int first = done;
    for (; done < count && (terms[done].set & cut) == (hrs_mask)half; done++)
      step += terms[done].coefficient;
    bool plain = done == count || (terms[done].set & cut & ~below) != (hrs_mask)half;
    if (plain) {
      for (hrs_count i = 0; i < half; i++)
        upper[i] = values[i] + step;
      continue;
    }
    while (done < count && (terms[done].set & cut & ~below) == (hrs_mask)half)
      done++;
    fill(terms + first, done - first, 0, bit, scratch, scratch + half);
    for (hrs_count i = 0; i < half; i++)
      upper[i] = values[i] + scratch[i];
  }
}

static hrs_status and_or_evaluate(void *self, hrs_subcube cube, double *values) {
  and_or_game *game = self;
  int free_bits = hrs_order(cube.free);
  int bits = free_bits < BLOCK_BITS ? free_bits : BLOCK_BITS;
  remains left = restrict_terms(game, cube, bits);
  for (hrs_mask high = 0; high < (hrs_mask)1 << (free_bits - bits); high++) {
    double constant = left.constant;
    int live = 0;
    for (int j = 0; j < left.meets; j++) {
      if (game->meets[j].set & high) constant += game->meets[j].coefficient;
    }
    for (int j = 0; j < left.pieces; j++) {
      const piece *p = &game->piece[j];
      if ((p->high & high) == (p->misses ? 0 : p->high))
        game->live[live++] = (term){p->low, p->coefficient};
    }
    fill(game->live, live, constant, bits, values + (high << bits), game->scratch);
  }
  return HRS_OK;
}

/* An AND term's OR dividends are c(-1)^(s+1) on its subsets, and the other way round. */
static hrs_status and_or_dividend(void *self, bool or_type, hrs_mask mask, double *out) {
  const and_or_game *game = self;
  int order = hrs_order(mask);
  *out = 0;
  if (order == 0 || order > MAX_ORDER) return HRS_OK;
  double sign = order & 1 ? 1 : -1;
  const term *same = game->term + (or_type ? game->terms : 0);
  const term *other = game->term + (or_type ? 0 : game->terms);
  for (int j = 0; j < game->terms; j++) {
    if (same[j].set == mask) *out += same[j].coefficient;
    if (!(mask & ~other[j].set)) *out += sign * other[j].coefficient;
  }
  return HRS_OK;
}

static void and_or_destroy(void *self) {
  and_or_game *game = self;
  if (!game) return;
  hrs_free(game->term);
  hrs_free(game->piece);
  hrs_free(game->meets);
  hrs_free(game->live);
  hrs_free(game->scratch);
  hrs_free(game);
}

static hrs_mask random_set(hrs_random *random, int players) {
  int limit = players < MAX_ORDER ? players : MAX_ORDER;
  int order = 1 + (int)hrs_random_below(random, (uint64_t)limit);
  hrs_mask set = 0;
  while (hrs_order(set) < order)
    set |= (hrs_mask)1 << hrs_random_below(random, (uint64_t)players);
  return set;
}

/* `count` terms on different sets. */
static void plant(hrs_random *random, int players, int count, term *terms) {
  for (int j = 0; j < count; j++) {
    bool fresh;
    do {
      terms[j].set = random_set(random, players);
      fresh = true;
      for (int k = 0; k < j && fresh; k++)
        fresh = terms[k].set != terms[j].set;
    } while (!fresh);
    terms[j].coefficient = hrs_closed_form_coefficient(random);
  }
}

static double possible_sets(int players) {
  double count = 0;
  for (int order = 1; order <= MAX_ORDER && order <= players; order++)
    count += hrs_binomial(players, order);
  return count;
}

static hrs_status make(and_or_game *game, uint64_t seed) {
  hrs_count terms = game->terms, pieces = terms * (1 + MAX_PIECES);
  hrs_random random = {seed, 0};
  HRS_TRY(hrs_alloc(2 * terms, sizeof *game->term, &game->term));
  HRS_TRY(hrs_alloc(terms, sizeof *game->meets, &game->meets));
  HRS_TRY(hrs_alloc(pieces, sizeof *game->piece, &game->piece));
  HRS_TRY(hrs_alloc(pieces, sizeof *game->live, &game->live));
  HRS_TRY(hrs_alloc((hrs_count)1 << BLOCK_BITS, sizeof *game->scratch, &game->scratch));
  plant(&random, game->players, game->terms, game->term);
  plant(&random, game->players, game->terms, game->term + terms);
  return HRS_OK;
}

hrs_status hrs_closed_form_and_or(const hrs_closed_form_spec *spec, hrs_game **out) {
  static const hrs_game_methods methods = {
      .evaluate = and_or_evaluate, .dividend = and_or_dividend, .destroy = and_or_destroy};
  double limit = possible_sets(spec->n);
  int terms = spec->terms;
  if (!terms) terms = limit < DEFAULT_TERMS ? (int)limit : DEFAULT_TERMS;
  HRS_REQUIRE(
      terms <= limit, USAGE,
      "--closed-form %s: of %d player%s there are only %.0f sets of orders 1 to %d, so terms "
      "may be at most that",
      spec->text, spec->n, hrs_plural(spec->n), limit, MAX_ORDER);
  and_or_game *game;
  HRS_TRY(hrs_calloc(1, sizeof *game, &game));
  game->players = spec->n;
  game->terms = terms;
  hrs_status status = make(game, spec->seed);
  if (status != HRS_OK) {
    and_or_destroy(game);
    return hrs_error_trace(status, __FILE__, __LINE__);
  }
  return hrs_game_create(&methods, game, spec->n, 1, 1, 0, out);
}
