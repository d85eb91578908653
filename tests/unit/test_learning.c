/* Interactions learnt under noise: against the dense system, published numbers and limits. */
#include <harsanyi/analysis.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 8, SIZE = 1 << MOST };

/* (JᵀJ + 2^n σ² D) M = JᵀJ by elimination with pivots, in long double: m[T][U]. */
static void solve_densely(int n, double sigma2, long double m[SIZE][SIZE]) {
  static long double left[SIZE][SIZE];
  int size = 1 << n;
  for (int t = 0; t < size; t++)
    for (int u = 0; u < size; u++) {
      /* (JᵀJ)(T, U): masks above both. */
      left[t][u] = m[t][u] = ldexpl(1, n - hrs_order((hrs_mask)(t | u)));
      if (t == u) left[t][u] += ldexpl((long double)sigma2, n + hrs_order((hrs_mask)t));
    }
  for (int column = 0; column < size; column++) {
    int pivot = column;
    for (int t = column + 1; t < size; t++)
      if (fabsl(left[t][column]) > fabsl(left[pivot][column])) pivot = t;
    for (int u = 0; u < size; u++) {
      long double x = left[column][u], y = m[column][u];
      left[column][u] = left[pivot][u], m[column][u] = m[pivot][u];
      left[pivot][u] = x, m[pivot][u] = y;
    }
    for (int t = 0; t < size; t++) {
      if (t == column) continue;
      long double factor = left[t][column] / left[column][column];
      for (int u = 0; u < size; u++) {
        left[t][u] -= factor * left[column][u];
        m[t][u] -= factor * m[column][u];
      }
    }
  }
  for (int t = 0; t < size; t++)
    for (int u = 0; u < size; u++)
      m[t][u] /= left[t][t];
}

/* w* -> ŵ(σ²) on the whole lattice of n players. */
static void learn(int n, double sigma2, double *w) {
  hrs_subcube all = {0, hrs_mask_full(n)};
  assert_int_equal(
      hrs_butterfly(hrs_learning_kernel(false), 1, HRS_F64, w, n, 0, n, HRS_BUTTERFLY_AUTO),
      HRS_OK);
  hrs_learning_filter(n, sigma2, all, w);
  assert_int_equal(
      hrs_butterfly(hrs_learning_kernel(true), 1, HRS_F64, w, n, 0, n, HRS_BUTTERFLY_AUTO), HRS_OK);
}

static void solves_the_dense_system(void **state) {
  (void)state;
  static long double m[SIZE][SIZE];
  static const double noise[] = {0, 1e-6, 1e-3, 0.5, 1, 40, 1e4};
  for (int n = 1; n <= MOST; n++)
    for (size_t i = 0; i < sizeof noise / sizeof *noise; i++) {
      solve_densely(n, noise[i], m);
      double norms[MOST + 1], w[SIZE];
      hrs_learning_norms(n, noise[i], norms);
      for (int u = 0; u < 1 << n; u++) {
        memset(w, 0, sizeof w);
        w[u] = 1;
        learn(n, noise[i], w);
        for (int t = 0; t < 1 << n; t++)
          assert_true(fabs(w[t] - (double)m[t][u]) < 1e-13 * (1 << n));
      }
      for (int t = 0; t < 1 << n; t++) {
        long double square = 0;
        for (int u = 0; u < 1 << n; u++)
          square += m[t][u] * m[t][u];
        double wanted = (double)sqrtl(square), norm = norms[hrs_order((hrs_mask)t)];
        assert_true(fabs(norm - wanted) < 1e-12 * wanted);
      }
    }
}

static void gives_published_numbers(void **state) {
  (void)state;
  static const double one[2][2] = {{0.625, 0.25}, {0.125, 0.25}};
  for (int u = 0; u < 2; u++) {
    double w[2] = {u == 0, u == 1};
    learn(1, 0.5, w);
    for (int t = 0; t < 2; t++)
      assert_true(fabs(w[t] - one[t][u]) < 1e-15);
  }
  static const double four[] = {.55697609, .21950745, .08046673, .02838017, .00977001};
  static const double ratio[] = {2.727928, 2.835315, 2.904825};
  double norm[HRS_MAX_PLAYERS + 1];
  hrs_learning_norms(4, 1, norm);
  for (int t = 0; t <= 4; t++)
    assert_true(fabs(norm[t] - four[t]) < 5.1e-9);
  for (int t = 1; t <= 3; t++)
    assert_true(fabs(norm[t] / norm[t + 1] - ratio[t - 1]) < 5.1e-7);
  assert_true(fabs(hrs_learning_eigenvalue(1, 0) - 1.1403882032) < 5.1e-11);
  assert_true(fabs(hrs_learning_eigenvalue(1, 1) - 0.1096117968) < 5.1e-11);
}

static void quotients_of_norms_have_their_limits(void **state) {
  (void)state;
  double norm[HRS_MAX_PLAYERS + 1];
  for (int n = 2; n <= HRS_MAX_PLAYERS; n++) {
    hrs_learning_norms(n, 0, norm);
    for (int t = 0; t < n; t++)
      assert_true(fabs(norm[t] / norm[t + 1] - 1) < 1e-9);
    hrs_learning_norms(n, 1e12, norm);
    for (int t = 0; t < n; t++)
      assert_true(fabs(norm[t] / norm[t + 1] - sqrt(10)) < 1e-9);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(solves_the_dense_system),
      cmocka_unit_test(gives_published_numbers),
      cmocka_unit_test(quotients_of_norms_have_their_limits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
