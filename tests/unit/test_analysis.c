/* Order strengths, Shapley and Banzhaf values: against their definitions, and published games. */
#include <harsanyi/analysis.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static double value_of(hrs_mask mask) {
  uint64_t x = (mask + 1) * 0x9e3779b97f4a7c15u;
  return (double)(int64_t)(x ^ x >> 31) * 0x1p-63;
}

/* The whole lattice in sub-cubes that fix the bits of `fixed`, added up; narrow: as float32. */
static void by_parts(int n, hrs_mask fixed, bool narrow, double threshold, double *orders,
                     double *values) {
  hrs_mask full = hrs_mask_full(n);
  hrs_subcube rows = {0, fixed};
  double *x = calloc((size_t)1 << n, sizeof *x);
  float *y = calloc((size_t)1 << n, sizeof *y);
  memset(orders, 0, sizeof *orders * (size_t)(HRS_ORDER_SUMS * (n + 1)));
  memset(values, 0, sizeof *values * (size_t)(2 * n));
  for (hrs_count r = 0; r < hrs_subcube_size(rows); r++) {
    hrs_subcube cube = {hrs_subcube_mask(rows, r), full & ~fixed};
    for (hrs_count i = 0; i < hrs_subcube_size(cube); i++) {
      x[i] = (double)(float)value_of(hrs_subcube_mask(cube, i));
      y[i] = (float)x[i];
    }
    hrs_dtype type = narrow ? HRS_F32 : HRS_F64;
    const void *data = narrow ? (const void *)y : (const void *)x;
    assert_int_equal(hrs_order_sums(type, data, cube, n, threshold, orders), HRS_OK);
    assert_int_equal(hrs_player_values(type, data, cube, n, values), HRS_OK);
  }
  free(x);
  free(y);
}

static long double factorial(int n) {
  return n ? n * factorial(n - 1) : 1;
}

static void agree_with_their_definitions(void **state) {
  (void)state;
  for (int n = 1; n <= 14; n++)
    for (int cut = 0; cut < 4; cut++)
      for (int narrow = 0; narrow < 2; narrow++) {
        hrs_mask full = hrs_mask_full(n);
        hrs_mask fixed = cut == 0 ? 0 : cut == 1 ? full & 0x2a : cut == 2 ? full & ~1ull : full;
        double threshold = 0.4, orders[5 * 41], values[2 * 40];
        by_parts(n, fixed, narrow, threshold, orders, values);
        long double wanted[5][41] = {{0}}, shapley[40] = {0}, banzhaf[40] = {0};
        for (hrs_mask s = 0; s <= full; s++) {
          long double v = (long double)(float)value_of(s);
          int m = hrs_order(s);
          for (int i = 0; i < n; i++) {
            if (s >> i & 1) continue;
            long double gain = (long double)(float)value_of(s | (hrs_mask)1 << i) - v;
            shapley[i] += factorial(m) * factorial(n - m - 1) / factorial(n) * gain;
            banzhaf[i] += gain / (long double)(1u << (n - 1));
          }
          if (!s) continue;
          bool salient = fabsl(v) >= (long double)threshold;
          wanted[0][m] += salient && v > 0 ? v : 0;
          wanted[1][m] += salient && v < 0 ? v : 0;
          wanted[2][m] += salient;
          wanted[3][m] += v > 0 ? v : 0;
          wanted[4][m] += v < 0 ? v : 0;
        }
        for (int i = 0; i < n; i++) {
          assert_true(fabsl(shapley[i] - (long double)values[i]) < 1e-14L);
          assert_true(fabsl(banzhaf[i] - (long double)values[n + i]) < 1e-14L);
        }
        for (int what = 0; what < 5; what++)
          for (int m = 0; m <= n; m++)
            assert_true(fabsl(wanted[what][m] - (long double)orders[what * (n + 1) + m]) < 1e-11L);
      }
}

static void shapley(int n, const double *v, double *values) {
  memset(values, 0, sizeof *values * (size_t)(2 * n));
  hrs_subcube cube = {0, hrs_mask_full(n)};
  assert_int_equal(hrs_player_values(HRS_F64, v, cube, n, values), HRS_OK);
}

static void published_games_have_their_values(void **state) {
  (void)state;
  double values[40];
  /* CoopGame's v = (2,4,5,18,14,9,24) in the order 1,2,3,12,13,23,123. */
  static const double three[] = {0, 2, 4, 18, 5, 14, 9, 24};
  shapley(3, three, values);
  assert_true(fabs(values[0] - 9.5) < 1e-14 && fabs(values[1] - 8) < 1e-14 &&
              fabs(values[2] - 6.5) < 1e-14);
  /* Weighted votes [51; 50, 49, 1]. */
  static const int weight[] = {50, 49, 1};
  double votes[8];
  for (int s = 0; s < 8; s++)
    votes[s] = (s & 1) * weight[0] + (s >> 1 & 1) * weight[1] + (s >> 2) * weight[2] >= 51;
  shapley(3, votes, values);
  assert_true(fabs(values[0] - 2. / 3) < 1e-14 && fabs(values[1] - 1. / 6) < 1e-14 &&
              fabs(values[2] - 1. / 6) < 1e-14);
  /* Glove game, player 0 has the one left glove. */
  double glove[1 << 10];
  for (int s = 0; s < 1 << 10; s++)
    glove[s] = (s & 1) && s > 1;
  shapley(10, glove, values);
  assert_true(fabs(values[0] - 0.9) < 1e-14);
  for (int i = 1; i < 10; i++)
    assert_true(fabs(values[i] - 1. / 90) < 1e-14);
}

static void not_a_number_is_not_salient(void **state) {
  (void)state;
  double v[4] = {1, NAN, 2, -3}, sums[15] = {0};
  hrs_subcube cube = {0, 3};
  assert_int_equal(hrs_order_sums(HRS_F64, v, cube, 2, 0.5, sums), HRS_OK);
  assert_true(sums[2 * 3 + 1] == 1 && sums[1] == 2 && sums[3 + 2] == -3 && sums[6] == 0);
  assert_int_equal(hrs_order_sums(HRS_I32, v, cube, 2, 0.5, sums), HRS_STATUS_USAGE);
}

int main(void) {
  static const struct CMUnitTest tests[] = {
      cmocka_unit_test(agree_with_their_definitions),
      cmocka_unit_test(published_games_have_their_values),
      cmocka_unit_test(not_a_number_is_not_salient),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
