/*
 * Order strengths and player values of arrays of many blocks: their accuracy, and that rows of any
 * size add up to the whole.
 */
#include <harsanyi/analysis.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { N = 18 };

static double value_of(hrs_mask mask) {
  uint64_t z = (mask + 1) * 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return (double)(int64_t)(z ^ z >> 31) * 0x1p-62;
}

static double *new_game(double shift) {
  double *v;
  assert_int_equal(hrs_alloc((hrs_count)1 << N, sizeof *v, &v), HRS_OK);
  for (hrs_mask s = 0; s <= hrs_mask_full(N); s++)
    v[s] = value_of(s) + shift;
  return v;
}

/* Both values from their definitions: mean gains, by order for Shapley. */
static void exact_values(const double *v, long double *shapley, long double *banzhaf) {
  for (int i = 0; i < N; i++) {
    long double gain[N] = {0}, sum = 0, count = 1;
    for (hrs_mask s = 0; s <= hrs_mask_full(N); s++) {
      if (s >> i & 1) continue;
      gain[hrs_order(s)] += (long double)v[s | (hrs_mask)1 << i] - v[s];
    }
    shapley[i] = banzhaf[i] = 0;
    for (int s = 0; s < N; s++) {
      shapley[i] += gain[s] / count / N; /* count = C(N-1, s) */
      sum += gain[s];
      count = count * (N - 1 - s) / (s + 1);
    }
    banzhaf[i] = sum / (1 << (N - 1));
  }
}

/* Errors stay at the rounding of the values themselves, whatever constant is added to the game. */
static void values_are_accurate(void **state) {
  (void)state;
  static const double shifts[] = {0, 100, -1e6};
  for (size_t c = 0; c < sizeof shifts / sizeof *shifts; c++) {
    double *v = new_game(shifts[c]), got[2 * N] = {0};
    long double shapley[N], banzhaf[N];
    exact_values(v, shapley, banzhaf);
    hrs_subcube whole = {0, hrs_mask_full(N)};
    assert_int_equal(hrs_player_values(HRS_F64, v, whole, N, got), HRS_OK);
    double bound = 0x1p-52 * (1 + fabs(shifts[c]));
    for (int i = 0; i < N; i++) {
      assert_true(fabsl(got[i] - shapley[i]) < bound);
      assert_true(fabsl(got[N + i] - banzhaf[i]) < bound);
    }
    hrs_free(v);
  }
}

/* v(S) = sum of weights: both values are the weights. */
static void additive_games_give_their_weights(void **state) {
  (void)state;
  double *v = new_game(0), got[2 * N] = {0};
  for (hrs_mask s = 0; s <= hrs_mask_full(N); s++) {
    v[s] = 0.5;
    for (int i = 0; i < N; i++)
      v[s] += (s >> i & 1) ? i - 7.25 : 0;
  }
  hrs_subcube whole = {0, hrs_mask_full(N)};
  assert_int_equal(hrs_player_values(HRS_F64, v, whole, N, got), HRS_OK);
  for (int i = 0; i < N; i++) {
    assert_true(fabs(got[i] - (i - 7.25)) < 1e-13);
    assert_true(fabs(got[N + i] - (i - 7.25)) < 1e-13);
  }
  hrs_free(v);
}

/* Rows as the distributed lattice has them: top bits fixed, middle bits fixed, single sets. */
static void rows_add_up(void **state) {
  (void)state;
  static const hrs_mask fixed[] = {0x3e000, 0x01f00, 0x00007, 0x2aaaa, 0x3fff0};
  double *v = new_game(0), *row = new_game(0);
  hrs_subcube whole = {0, hrs_mask_full(N)};
  const double threshold = 1.25;
  double values[2 * N] = {0}, orders[HRS_ORDER_SUMS * (N + 1)] = {0};
  assert_int_equal(hrs_player_values(HRS_F64, v, whole, N, values), HRS_OK);
  assert_int_equal(hrs_order_sums(HRS_F64, v, whole, N, threshold, orders), HRS_OK);
  for (size_t f = 0; f < sizeof fixed / sizeof *fixed; f++) {
    double parts[2 * N] = {0}, sums[HRS_ORDER_SUMS * (N + 1)] = {0};
    hrs_subcube rows = {0, fixed[f]};
    for (hrs_count r = 0; r < hrs_subcube_size(rows); r++) {
      hrs_subcube cube = {hrs_subcube_mask(rows, r), hrs_mask_full(N) & ~fixed[f]};
      hrs_mask mask = cube.fixed;
      for (hrs_count i = 0; i < hrs_subcube_size(cube); i++) {
        row[i] = v[mask];
        mask = hrs_subcube_next(cube, mask);
      }
      assert_int_equal(hrs_player_values(HRS_F64, row, cube, N, parts), HRS_OK);
      assert_int_equal(hrs_order_sums(HRS_F64, row, cube, N, threshold, sums), HRS_OK);
    }
    for (int i = 0; i < 2 * N; i++)
      assert_true(fabs(parts[i] - values[i]) < 1e-14);
    for (int m = 0; m <= N; m++) {
      assert_true(sums[2 * (N + 1) + m] == orders[2 * (N + 1) + m]);
      for (int what = 0; what < HRS_ORDER_SUMS; what++) {
        double x = sums[what * (N + 1) + m], y = orders[what * (N + 1) + m];
        assert_true(fabs(x - y) <= 1e-13 * fabs(y));
      }
    }
  }
  hrs_free(v);
  hrs_free(row);
}

/* With every set salient the counts are binomials, however short the sub-cube. */
static void counts_are_binomials(void **state) {
  (void)state;
  double *v = new_game(0);
  for (int bits = 0; bits <= N; bits++) {
    for (int held = 0; held <= 3; held++) {
      enum { MOST = N + 10 };
      double sums[HRS_ORDER_SUMS * (MOST + 1)] = {0};
      hrs_subcube cube = {hrs_mask_full(held) << bits, hrs_mask_full(bits)};
      assert_int_equal(hrs_order_sums(HRS_F64, v, cube, MOST, 0, sums), HRS_OK);
      for (int m = 0; m <= MOST; m++)
        assert_true(sums[2 * (MOST + 1) + m] == (m ? hrs_binomial(bits, m - held) : 0));
    }
  }
  hrs_free(v);
}

static int no_memory_is_left(void **state) {
  (void)state;
  return hrs_memory_current() != 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(values_are_accurate),
      cmocka_unit_test(additive_games_give_their_weights),
      cmocka_unit_test(rows_add_up),
      cmocka_unit_test(counts_are_binomials),
  };
  return cmocka_run_group_tests(tests, NULL, no_memory_is_left);
}
