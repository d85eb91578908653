/* moebius.h -- for tests: AND and OR dividends of one set by their definition, in long double. */
#ifndef HRS_TESTS_MOEBIUS_H
#define HRS_TESTS_MOEBIUS_H

#include "scratch.h"

#include <harsanyi/game.h>

/** All 2^n values of a game's first target, asked for as one sub-cube; free with hrs_free. */
static inline double *all_values(hrs_game *game) {
  int n = hrs_game_players(game);
  double *values;
  ASSERT_OK(hrs_alloc(hrs_game_targets(game) << n, sizeof *values, &values));
  ASSERT_OK(hrs_game_evaluate(game, (hrs_subcube){0, hrs_mask_full(n)}, values));
  return values;
}

/** Sum over T subset of S of (-1)^(s-t) v(T). */
static inline long double and_of(const double *values, hrs_mask set) {
  long double sum = 0;
  for (hrs_mask t = set;; t = (t - 1) & set) {
    sum += (hrs_order(set ^ t) & 1 ? -1.0L : 1.0L) * (long double)values[t];
    if (!t) return sum;
  }
}

/** Minus the AND of v(N \ T); 0 for the empty set. */
static inline long double or_of(const double *values, int n, hrs_mask set) {
  long double sum = 0;
  for (hrs_mask t = set; set; t = (t - 1) & set) {
    sum -= (hrs_order(set ^ t) & 1 ? -1.0L : 1.0L) * (long double)values[hrs_mask_full(n) ^ t];
    if (!t) break;
  }
  return sum;
}

/** Values of a sub-cube agree, bit by bit, with those of its masks one by one and as parts. */
static inline void check_subcubes(hrs_game *game, hrs_mask fixed, hrs_mask free_bits) {
  hrs_subcube cube = {fixed, free_bits};
  hrs_count size = hrs_subcube_size(cube);
  int targets = hrs_game_targets(game);
  double *whole, *parts, *single;
  hrs_mask *masks;
  ASSERT_OK(hrs_alloc(size * targets, sizeof *whole, &whole));
  ASSERT_OK(hrs_alloc(size * targets, sizeof *parts, &parts));
  ASSERT_OK(hrs_alloc(size * targets, sizeof *single, &single));
  ASSERT_OK(hrs_alloc(size, sizeof *masks, &masks));
  ASSERT_OK(hrs_game_evaluate(game, cube, whole));
  for (hrs_count i = 0; i < size; i++)
    masks[i] = hrs_subcube_mask(cube, i);
  ASSERT_OK(hrs_game_evaluate_masks(game, size, masks, single));
  assert_memory_equal(whole, single, (size_t)(size * targets) * sizeof *whole);
  int bits = hrs_order(free_bits) / 2;
  hrs_count part = (hrs_count)1 << bits;
  for (hrs_count p = 0; p < size / part; p++) {
    ASSERT_OK(hrs_game_evaluate(game, hrs_subcube_part(cube, bits, p), parts));
    for (int t = 0; t < targets; t++)
      assert_memory_equal(whole + t * size + p * part, parts + t * part,
                          (size_t)part * sizeof *whole);
  }
  hrs_free(whole);
  hrs_free(parts);
  hrs_free(single);
  hrs_free(masks);
}

#endif
