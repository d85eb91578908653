/* Interaction indices: the fold, the transforms and the coefficients of dividends against the
 * definitions in long double, and published games. */
#include <harsanyi/analysis.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ASSERT_OK(call) assert_int_equal(call, HRS_OK)

static double value_of(hrs_mask mask) {
  uint64_t x = (mask + 1) * 0x9e3779b97f4a7c15u;
  x = (x ^ x >> 29) * 0xbf58476d1ce4e5b9u;
  return (double)(int64_t)(x ^ x >> 31) * 0x1p-63;
}

/* ---- definitions, from scratch -------------------------------------------------------------- */

static long double factorial(int n) {
  return n > 0 ? n * factorial(n - 1) : 1;
}

static long double choose(int n, int k) {
  return k < 0 || k > n ? 0 : factorial(n) / factorial(k) / factorial(n - k);
}

static long double dividend(const double *v, hrs_mask set) {
  long double sum = 0;
  for (hrs_mask t = set;; t = (t - 1) & set) {
    sum += (hrs_order(set ^ t) & 1 ? -1.0L : 1.0L) * (long double)v[t];
    if (!t) return sum;
  }
}

/* A = B^-1 b for a small matrix, with pivots. */
static void solve(int size, long double *a, long double *b) {
  for (int c = 0; c < size; c++) {
    int best = c;
    for (int r = c + 1; r < size; r++)
      if (fabsl(a[r * size + c]) > fabsl(a[best * size + c])) best = r;
    for (int j = 0; j < size; j++) {
      long double x = a[c * size + j];
      a[c * size + j] = a[best * size + j];
      a[best * size + j] = x;
    }
    long double x = b[c];
    b[c] = b[best];
    b[best] = x;
    for (int r = 0; r < size; r++) {
      if (r == c) continue;
      long double factor = a[r * size + c] / a[c * size + c];
      for (int j = c; j < size; j++)
        a[r * size + j] -= factor * a[c * size + j];
      b[r] -= factor * b[c];
    }
  }
  for (int c = 0; c < size; c++)
    b[c] /= a[c * size + c];
}

/* The polynomial of degree K with the least weighted squared error: weight 1 for FBII; Shapley's
 * kernel for FSII, by which v(empty) and v(N) are met exactly (a large weight would cost digits, so
 * by two Lagrange multipliers). out[set] of all sets of at most K players. */
static void best_fit(int n, int orders, bool shapley, const double *v, long double *out) {
  hrs_mask set[64], full = hrs_mask_full(n);
  int count = 0;
  for (hrs_mask s = 0; s <= full; s++)
    if (hrs_order(s) <= orders) set[count++] = s;
  int size = count + (shapley ? 2 : 0);
  long double *a = calloc((size_t)(size * size), sizeof *a), *b = calloc((size_t)size, sizeof *b);
  for (hrs_mask t = 0; t <= full; t++) {
    int order = hrs_order(t);
    bool end = t == 0 || t == full;
    long double w = !shapley ? 1 : end ? 0 : (n - 1) / (choose(n, order) * order * (n - order));
    for (int i = 0; i < count; i++) {
      if (set[i] & ~t) continue;
      b[i] += w * (long double)v[t];
      for (int j = 0; j < count; j++)
        if (!(set[j] & ~t)) a[i * size + j] += w;
      if (shapley && end) {
        int row = count + (t == full);
        a[row * size + i] = 1;
        a[i * size + row] = 1;
        b[row] = (long double)v[t];
      }
    }
  }
  solve(size, a, b);
  for (int i = 0; i < count; i++)
    out[set[i]] = b[i];
  free(a);
  free(b);
}

/* Grabisch and Roubens' weights, and Sundararajan's for the top order. */
static long double probability(hrs_index index, int n, int orders, int s, int t) {
  switch (index) {
  case HRS_INDEX_SII:
    return factorial(n - s - t) * factorial(t) / factorial(n - s + 1);
  case HRS_INDEX_BII:
    return powl(2, s - n);
  case HRS_INDEX_CHII:
    return s * factorial(n - s - t) * factorial(s + t - 1) / factorial(n);
  case HRS_INDEX_STII:
    return s < orders ? t == 0 : (long double)s / (n * choose(n - 1, t));
  case HRS_INDEX_MOEBIUS:
    return t == 0;
  default:
    return t == n - s;
  }
}

static long double cardinal(hrs_index index, int n, int orders, const double *v, hrs_mask set) {
  long double sum = 0;
  hrs_mask rest = hrs_mask_full(n) & ~set;
  for (hrs_mask t = rest;; t = (t - 1) & rest) {
    long double gain = 0;
    for (hrs_mask l = set;; l = (l - 1) & set) {
      gain += (hrs_order(set ^ l) & 1 ? -1.0L : 1.0L) * (long double)v[t | l];
      if (!l) break;
    }
    sum += probability(index, n, orders, hrs_order(set), hrs_order(t)) * gain;
    if (!t) return sum;
  }
}

/* k-SII as its authors define it: order by order, from that of one order less. */
static long double k_sii(int n, int orders, const double *v, hrs_mask set) {
  static const long double bernoulli[] = {1, -0.5L, 1 / 6.L, 0, -1 / 30.L, 0, 1 / 42.L};
  long double sum = 0;
  for (hrs_mask t = 0; t <= hrs_mask_full(n); t++)
    if (!(set & ~t) && hrs_order(t) <= orders)
      sum += bernoulli[hrs_order(t) - hrs_order(set)] * cardinal(HRS_INDEX_SII, n, orders, v, t);
  return sum;
}

static long double walsh(int n, const double *v, hrs_mask set) {
  long double sum = 0;
  for (hrs_mask t = 0; t <= hrs_mask_full(n); t++)
    sum += (hrs_order(set & t) & 1 ? -1.0L : 1.0L) * (long double)v[t];
  return sum / powl(2, n);
}

/* All sets of 1 to K players of an index by its definition. */
static void by_definition(hrs_index index, int n, int orders, const double *v, long double *out) {
  long double fit[1 << 6];
  if (index == HRS_INDEX_FSII || index == HRS_INDEX_FBII)
    best_fit(n, orders, index == HRS_INDEX_FSII, v, fit);
  for (hrs_mask set = 1; set <= hrs_mask_full(n); set++) {
    if (hrs_order(set) > orders) continue;
    out[hrs_set_position(n, set)] = index == HRS_INDEX_FSII || index == HRS_INDEX_FBII ? fit[set]
                                    : index == HRS_INDEX_K_SII ? k_sii(n, orders, v, set)
                                    : index == HRS_INDEX_WALSH ? walsh(n, v, set)
                                                               : cardinal(index, n, orders, v, set);
  }
}

/* ---- the two ways --------------------------------------------------------------------------- */

/* By the fold: rows that fix the bits of `fixed`, the pieces of a second fold added to the first
 * from row `cut` on. */
static void by_fold(hrs_index index, int n, int orders, const double *v, hrs_mask fixed,
                    hrs_count cut, bool narrow, double *out, double *error) {
  hrs_subcube rows = {0, fixed}, free_bits = {0, hrs_mask_full(n) & ~fixed};
  hrs_fold *fold[2];
  ASSERT_OK(hrs_fold_create(free_bits, n, orders, &fold[0]));
  ASSERT_OK(hrs_fold_create(free_bits, n, orders, &fold[1]));
  double *x = calloc((size_t)hrs_subcube_size(free_bits), sizeof *x);
  float *y = calloc((size_t)hrs_subcube_size(free_bits), sizeof *y);
  for (hrs_count r = 0; r < hrs_subcube_size(rows); r++) {
    for (hrs_count i = 0; i < hrs_subcube_size(free_bits); i++) {
      x[i] = v[hrs_subcube_mask(rows, r) | hrs_subcube_mask(free_bits, i)];
      y[i] = (float)x[i];
    }
    ASSERT_OK(hrs_fold_row(fold[r >= cut], narrow ? HRS_F32 : HRS_F64,
                           narrow ? (const void *)y : (const void *)x, r));
  }
  for (int i = 0; i < hrs_fold_pieces(fold[1]); i++) {
    int level;
    hrs_count place;
    const double *piece = hrs_fold_piece(fold[1], i, &level, &place);
    ASSERT_OK(hrs_fold_add(fold[0], level, place, piece));
  }
  double *sums = calloc((size_t)((1 + hrs_set_count(n, orders)) * (n + 1)), sizeof *sums);
  ASSERT_OK(hrs_fold_finish(fold[0], sums));
  ASSERT_OK(hrs_index_from_sums(index, n, orders, sums, out, error));
  free(x);
  free(y);
  free(sums);
  hrs_fold_destroy(&fold[0]);
  hrs_fold_destroy(&fold[1]);
}

static void by_transforms(hrs_index index, int n, int orders, const double *v, double *out) {
  int wanted[HRS_INDEX_LIMIT] = {0};
  hrs_index_points points;
  double *x = calloc((size_t)1 << n, sizeof *x);
  wanted[index] = orders;
  hrs_index_points_of(wanted, n, &points);
  memset(out, 0, sizeof *out * (size_t)hrs_set_count(n, orders));
  for (int q = 0; q < points.count; q++) {
    double at = points.x[q];
    memcpy(x, v, sizeof *x << n);
    ASSERT_OK(hrs_butterfly((hrs_kernel){{{1 - at, at}, {-1, 1}}}, 1, HRS_F64, x, n, 0, n,
                            HRS_BUTTERFLY_AUTO));
    for (hrs_mask set = 1; set <= hrs_mask_full(n); set++)
      if (hrs_order(set) <= orders)
        out[hrs_set_position(n, set)] +=
            hrs_index_density(index, orders, hrs_order(set), &points, q) * x[set];
  }
  free(x);
  ASSERT_OK(hrs_index_aggregate(index, n, orders, out));
}

static void by_dividends(hrs_index index, int n, int orders, const double *v, double *out) {
  long double *m = calloc((size_t)1 << n, sizeof *m);
  for (hrs_mask set = 0; set <= hrs_mask_full(n); set++)
    m[set] = dividend(v, set);
  for (hrs_mask set = 1; set <= hrs_mask_full(n); set++) {
    if (hrs_order(set) > orders) continue;
    long double sum = 0;
    for (hrs_mask t = set; t <= hrs_mask_full(n); t++)
      if (!(set & ~t))
        sum +=
            (long double)hrs_index_coefficient(index, orders, hrs_order(set), hrs_order(t)) * m[t];
    out[hrs_set_position(n, set)] = (double)sum;
  }
  free(m);
}

/* ---- tests ---------------------------------------------------------------------------------- */

static void sets_are_listed_by_order_and_mask(void **state) {
  (void)state;
  static const hrs_mask wanted[] = {1, 2, 4, 8, 3, 5, 6, 9, 10, 12, 7, 11, 13, 14, 15};
  hrs_mask set[15];
  assert_int_equal(hrs_set_count(4, 4), 15);
  hrs_set_list(4, 4, set);
  for (int i = 0; i < 15; i++) {
    assert_int_equal(set[i], wanted[i]);
    assert_int_equal(hrs_set_position(4, wanted[i]), i);
  }
  assert_int_equal(hrs_set_count(40, 3), 40 + 780 + 9880);
  assert_int_equal(hrs_set_position(40, 7ull << 37), 40 + 780 + 9880 - 1);
  assert_int_equal(hrs_set_count(3, 9), 7);
}

/* Random games of six players and fewer, all orders, all four ways. */
static void all_ways_agree_with_the_definitions(void **state) {
  (void)state;
  double v[64], found[64], error;
  long double wanted[64];
  for (hrs_mask mask = 0; mask < 64; mask++)
    v[mask] = value_of(mask);
  for (int n = 1; n <= 6; n++)
    for (int orders = 1; orders <= n; orders++)
      for (int index = 0; index < HRS_INDEX_LIMIT; index++) {
        by_definition((hrs_index)index, n, orders, v, wanted);
        hrs_count count = hrs_set_count(n, orders);
        double tolerance = 4e-14;
        by_fold((hrs_index)index, n, orders, v, n > 2 ? 2 : 0, 1, false, found, &error);
        for (hrs_count i = 0; i < count; i++)
          assert_true(fabsl((long double)found[i] - wanted[i]) < (long double)tolerance);
        assert_true(error < tolerance);
        by_transforms((hrs_index)index, n, orders, v, found);
        for (hrs_count i = 0; i < count; i++)
          assert_true(fabsl((long double)found[i] - wanted[i]) < (long double)tolerance);
        by_dividends((hrs_index)index, n, orders, v, found);
        for (hrs_count i = 0; i < count; i++)
          assert_true(fabsl((long double)found[i] - wanted[i]) < (long double)tolerance);
      }
}

/* Larger games: fold against transforms, rows cut in several ways, single precision. */
static void fold_and_transforms_agree(void **state) {
  (void)state;
  enum { N = 11 };
  double *v = calloc(1 << N, sizeof *v), error;
  double *folded = calloc(1 << N, sizeof *folded), *other = calloc(1 << N, sizeof *other);
  for (hrs_mask mask = 0; mask < 1 << N; mask++)
    v[mask] = (double)(float)value_of(mask);
  for (int index = 0; index < HRS_INDEX_LIMIT; index++)
    for (int orders = 1; orders <= N; orders += orders < 4 ? 1 : 3) {
      hrs_count count = hrs_set_count(N, orders);
      by_fold((hrs_index)index, N, orders, v, 0, 1, false, folded, &error);
      by_transforms((hrs_index)index, N, orders, v, other);
      double largest = 1;
      for (hrs_count i = 0; i < count; i++)
        largest = fmax(largest, fabs(folded[i]));
      for (hrs_count i = 0; i < count; i++)
        assert_true(fabs(folded[i] - other[i]) < 1e-12 * largest);
      assert_true(error < 1e-12 * largest);
      /* The numbers do not depend on where the rows were folded, nor on how v is stored. */
      by_fold((hrs_index)index, N, orders, v, 0x1e0, 16, false, folded, &error);
      for (hrs_count cut = 1; cut < 16; cut += 5) {
        double again;
        by_fold((hrs_index)index, N, orders, v, 0x1e0, cut, cut % 2, other, &again);
        assert_memory_equal(folded, other, (size_t)count * sizeof *other);
        assert_true(error == again);
      }
    }
  free(v);
  free(folded);
  free(other);
}

/* The way over subsets and that over whole superset sums. */
static void combinations_do_not_depend_on_the_way(void **state) {
  (void)state;
  enum { N = 12 };
  double *v = calloc(1 << N, sizeof *v), *a = calloc(1 << N, sizeof *a),
         *b = calloc(1 << N, sizeof *b), error;
  for (hrs_mask mask = 0; mask < 1 << N; mask++)
    v[mask] = value_of(mask);
  static const hrs_index combined[] = {HRS_INDEX_K_SII, HRS_INDEX_FSII, HRS_INDEX_FBII};
  for (int i = 0; i < 3; i++)
    for (int orders = 2; orders <= N; orders += 2) {
      by_fold(combined[i], N, orders, v, 0, 1, false, a, &error);
      by_dividends(combined[i], N, orders, v, b);
      double largest = 1;
      for (hrs_count j = 0; j < hrs_set_count(N, orders); j++)
        largest = fmax(largest, fabs(b[j]));
      for (hrs_count j = 0; j < hrs_set_count(N, orders); j++)
        assert_true(fabs(a[j] - b[j]) < 1e-11 * largest);
    }
  free(v);
  free(a);
  free(b);
}

static double single_value(hrs_index index, int n, int orders, const double *v, hrs_mask set) {
  double out[1 << 10], error;
  by_fold(index, n, orders, v, 0, 1, false, out, &error);
  assert_true(error < 1e-14 * 1000);
  return out[hrs_set_position(n, set)];
}

static void published_games_have_their_values(void **state) {
  (void)state;
  /* CoopGame, in the order 1, 2, 3, 12, 13, 23, 123: v and its dividends. */
  static const double games[][2][7] = {{{0, 0, 0, 60, 48, 30, 72}, {0, 0, 0, 60, 48, 30, -66}},
                                       {{3, 4, 1, 8, 4, 6, 10}, {3, 4, 1, 1, 0, 1, 0}}};
  static const hrs_mask order[7] = {1, 2, 4, 3, 5, 6, 7};
  double v[1 << 10] = {0};
  for (int g = 0; g < 2; g++) {
    for (int i = 0; i < 7; i++)
      v[order[i]] = games[g][0][i];
    for (int i = 0; i < 7; i++)
      assert_true(fabs(single_value(HRS_INDEX_MOEBIUS, 3, 3, v, order[i]) - games[g][1][i]) <
                  1e-13);
  }
  static const double shapley[2][7] = {{2, 4, 5, 18, 14, 9, 24}, {9.5, 8, 6.5}};
  for (int i = 0; i < 7; i++)
    v[order[i]] = shapley[0][i];
  for (int i = 0; i < 3; i++)
    assert_true(fabs(single_value(HRS_INDEX_SII, 3, 1, v, order[i]) - shapley[1][i]) < 1e-14);
  /* Weighted votes [51; 50, 49, 1]. */
  static const int weight[] = {50, 49, 1};
  for (int s = 0; s < 8; s++)
    v[s] = (s & 1) * weight[0] + (s >> 1 & 1) * weight[1] + (s >> 2) * weight[2] >= 51;
  assert_true(fabs(single_value(HRS_INDEX_K_SII, 3, 1, v, 1) - 2. / 3) < 1e-15);
  assert_true(fabs(single_value(HRS_INDEX_STII, 3, 1, v, 4) - 1. / 6) < 1e-15);
  /* Gloves, one left one. */
  for (int s = 0; s < 1 << 10; s++)
    v[s] = (s & 1) && s > 1;
  assert_true(fabs(single_value(HRS_INDEX_FSII, 10, 1, v, 1) - 0.9) < 1e-14);
  for (int i = 1; i < 10; i++)
    assert_true(fabs(single_value(HRS_INDEX_FSII, 10, 1, v, (hrs_mask)1 << i) - 1. / 90) < 1e-14);
}

/* Additions as counted, and the formula for many players. */
static void additions_are_as_stated(void **state) {
  (void)state;
  for (int orders = 0; orders <= 4; orders++) {
    double per_value = hrs_fold_additions(40, orders) / ldexp(1, 40);
    assert_true(fabs(per_value - (orders * orders + 3 * orders + 1)) < 1e-3);
  }
  assert_true(hrs_fold_additions(1, 1) == 1);
  assert_true(hrs_fold_bytes(20, 10, 2) < 4e6);
}

/* By what the index makes of the games that are 1 at one mask and 0 elsewhere. */
static void sensitivity_is_a_bound(void **state) {
  (void)state;
  enum { N = 5, SIZE = 1 << N };
  for (int index = 0; index < HRS_INDEX_LIMIT; index++)
    for (int orders = 1; orders <= N; orders++) {
      double sum[SIZE] = {0}, most = 0, bound = hrs_index_sensitivity((hrs_index)index, N, orders);
      for (hrs_mask t = 0; t < SIZE; t++) {
        double v[SIZE] = {0};
        long double out[SIZE];
        v[t] = 1;
        by_definition((hrs_index)index, N, orders, v, out);
        for (hrs_count i = 0; i < hrs_set_count(N, orders); i++)
          sum[i] += (double)fabsl(out[i]);
      }
      for (hrs_count i = 0; i < hrs_set_count(N, orders); i++)
        most = fmax(most, sum[i]);
      assert_true(bound >= most * (1 - 1e-12));
      bool combined = hrs_index_aggregation((hrs_index)index, 1, 2) != 0 && orders > 1;
      assert_true(bound <= most * (combined ? 4 : 1 + 1e-12));
    }
}

static void misuse_is_refused(void **state) {
  (void)state;
  hrs_fold *fold;
  double v[4] = {0}, sums[12];
  assert_int_equal(hrs_fold_create((hrs_subcube){0, 3}, 2, 3, &fold), HRS_STATUS_INTERNAL);
  ASSERT_OK(hrs_fold_create((hrs_subcube){0, 1}, 2, 1, &fold));
  assert_int_equal(hrs_fold_row(fold, HRS_I32, v, 0), HRS_STATUS_USAGE);
  ASSERT_OK(hrs_fold_row(fold, HRS_F64, v, 0));
  assert_int_equal(hrs_fold_finish(fold, sums), HRS_STATUS_INTERNAL);
  hrs_fold_destroy(&fold);
  hrs_fold_destroy(&fold);
}

int main(void) {
  static const struct CMUnitTest tests[] = {
      cmocka_unit_test(sets_are_listed_by_order_and_mask),
      cmocka_unit_test(all_ways_agree_with_the_definitions),
      cmocka_unit_test(fold_and_transforms_agree),
      cmocka_unit_test(combinations_do_not_depend_on_the_way),
      cmocka_unit_test(published_games_have_their_values),
      cmocka_unit_test(additions_are_as_stated),
      cmocka_unit_test(sensitivity_is_a_bound),
      cmocka_unit_test(misuse_is_refused),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed + (hrs_memory_current() != 0);
}
