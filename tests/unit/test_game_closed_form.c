/* Closed-form games: dividends against the definition, sub-cubes, large n, options. */
#include "moebius.h"

#include <math.h>

static const char *const specs[] = {
    "and-or:n=1",
    "and-or:n=2,terms=3,seed=5",
    "and-or:n=7,terms=40,seed=9",
    "and-or:n=11,terms=25,seed=18446744073709551615",
    "and-or:n=11",
    "additive:n=9,seed=3",
    "additive:n=1",
    "majority:n=1",
    "majority:n=8",
    "majority:n=9",
    "airport:n=1",
    "airport:n=10",
    "random:n=9,seed=12",
};

static void dividends(void **state) {
  (void)state;
  hrs_count before = hrs_memory_current();
  for (size_t s = 0; s < sizeof specs / sizeof specs[0]; s++) {
    hrs_game *game;
    ASSERT_OK(hrs_game_closed_form(specs[s], &game));
    int n = hrs_game_players(game);
    double *values = all_values(game);
    assert_int_equal(hrs_game_knows_dividends(game), strncmp(specs[s], "random", 6) != 0);
    for (hrs_mask set = 0; set < (hrs_mask)1 << n && hrs_game_knows_dividends(game); set++) {
      double and_value, or_value;
      ASSERT_OK(hrs_game_dividend(game, false, set, &and_value));
      ASSERT_OK(hrs_game_dividend(game, true, set, &or_value));
      assert_true((long double)and_value == and_of(values, set));
      assert_true((long double)or_value == or_of(values, n, set));
    }
    hrs_free(values);
    hrs_game_destroy(&game);
  }
  assert_int_equal(hrs_memory_current(), before);
}

static void subcubes(void **state) {
  (void)state;
  for (size_t s = 0; s < sizeof specs / sizeof specs[0]; s++) {
    hrs_game *game;
    ASSERT_OK(hrs_game_closed_form(specs[s], &game));
    hrs_mask full = hrs_mask_full(hrs_game_players(game));
    check_subcubes(game, 0, full);
    check_subcubes(game, 0x12 & full, 0x6ed & full);
    check_subcubes(game, 0x249 & full, 0x5b6 & full & ~(hrs_mask)0x249);
    check_subcubes(game, full, 0);
    hrs_game_destroy(&game);
  }
}

/* The planted game at n = 40 against a count of its dividends: v(T) is the sum of the AND
 * dividends of T's subsets, of which only orders up to 6 are not 0. */
static void large_planted(void **state) {
  (void)state;
  hrs_game *game;
  ASSERT_OK(hrs_game_closed_form("and-or:n=40,terms=200,seed=4", &game));
  const hrs_mask masks[] = {0x8000000001, 0x0000f0000f, 0x1004210842, 0xa00a50000a};
  for (size_t i = 0; i < sizeof masks / sizeof masks[0]; i++) {
    double value, sum = 0, dividend;
    for (hrs_mask t = masks[i];; t = (t - 1) & masks[i]) {
      ASSERT_OK(hrs_game_dividend(game, false, t, &dividend));
      sum += dividend;
      if (!t) break;
    }
    ASSERT_OK(hrs_game_evaluate_masks(game, 1, &masks[i], &value));
    assert_true(sum == value);
  }
  check_subcubes(game, 0x5500000000, 0x00f00ff30f);
  hrs_game_destroy(&game);
}

/* Coefficients of both signs and of the orders promised. */
static void planted_terms(void **state) {
  (void)state;
  hrs_game *game;
  ASSERT_OK(hrs_game_closed_form("and-or:n=14,terms=60,seed=2", &game));
  double *values = all_values(game);
  int negative = 0, count = 0, largest = 0;
  for (hrs_mask set = 1; set < 1 << 14; set++) {
    double dividend;
    ASSERT_OK(hrs_game_dividend(game, true, set, &dividend));
    if (dividend == 0) continue;
    count++;
    negative += dividend < 0;
    if (hrs_order(set) > largest) largest = hrs_order(set);
  }
  assert_int_equal(largest, 6);
  assert_true(count >= 60 && negative > count / 5 && negative < count * 4 / 5);
  assert_true(values[0] == 0);
  hrs_free(values);
  hrs_game_destroy(&game);
}

static void normal_values(void **state) {
  (void)state;
  hrs_game *game, *other;
  ASSERT_OK(hrs_game_closed_form("random:n=16", &game));
  ASSERT_OK(hrs_game_closed_form("random:n=16,seed=2", &other));
  double *values = all_values(game), *others = all_values(other);
  double moment[5] = {0}, product = 0;
  for (int i = 0; i < 1 << 16; i++) {
    for (int k = 1; k < 5; k++)
      moment[k] += pow(values[i], k) / 65536;
    product += values[i] * others[i] / 65536;
  }
  /* Standard errors are 0.004, 0.0055, 0.015, 0.04 and 0.004. */
  assert_true(fabs(moment[1]) < 0.02 && fabs(moment[2] - 1) < 0.03);
  assert_true(fabs(moment[3]) < 0.08 && fabs(moment[4] - 3) < 0.2 && fabs(product) < 0.02);
  hrs_free(values);
  hrs_free(others);
  hrs_game_destroy(&game);
  hrs_game_destroy(&other);
}

static void known_values(void **state) {
  (void)state;
  hrs_game *game;
  ASSERT_OK(hrs_game_closed_form("airport:n=4", &game));
  const double airport[] = {0, 1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4};
  double *values = all_values(game);
  assert_memory_equal(values, airport, sizeof airport);
  hrs_free(values);
  hrs_game_destroy(&game);
  ASSERT_OK(hrs_game_closed_form("majority:n=3", &game));
  const double majority[] = {0, 0, 0, 1, 0, 1, 1, 1};
  values = all_values(game);
  assert_memory_equal(values, majority, sizeof majority);
  hrs_free(values);
  hrs_game_destroy(&game);
}

static void options(void **state) {
  (void)state;
  hrs_count before = hrs_memory_current();
  const struct {
    const char *spec, *message;
  } bad[] = {
      {"", "there is no game of this name"},
      {"andor:n=3", "there are and-or, additive, majority"},
      {"and-or", "number of players is missing"},
      {"and-or:terms=3", "number of players is missing"},
      {"and-or:n=0", "n '0' is not a number from 1 to 40"},
      {"and-or:n=41", "n '41'"},
      {"and-or:n=3x", "n '3x'"},
      {"and-or:n=3,terms=8", "only 7 sets of orders 1 to 6"},
      {"and-or:n=40,terms=10001", "terms '10001'"},
      {"and-or:n=3,n=4", "a second time"},
      {"and-or:n=3,seed=-1", "seed '-1'"},
      {"and-or:n=3,seed=18446744073709551616", "seed '18446744073709551616'"},
      {"and-or:n=3,colour=red", "'colour=red' is not one of n=N, terms=K, seed=S"},
      {"majority:n=3,seed=1", "'seed=1' is not one of n=N"},
      {"additive:n=3,terms=1", "'terms=1' is not one of n=N, seed=S"},
      {"random:n", "'n' is not one of"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    hrs_game *game;
    ASSERT_FAILS(hrs_game_closed_form(bad[i].spec, &game), USAGE, bad[i].message);
    assert_null(game);
  }
  assert_non_null(strstr(hrs_game_closed_form_help(), "airport"));
  assert_int_equal(hrs_memory_current(), before);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(dividends),     cmocka_unit_test(subcubes),
      cmocka_unit_test(large_planted), cmocka_unit_test(planted_terms),
      cmocka_unit_test(normal_values), cmocka_unit_test(known_values),
      cmocka_unit_test(options),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
