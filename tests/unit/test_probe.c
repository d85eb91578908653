/* Probes: against Newton's method in long double, and what the minimum has to fulfil. */
#include <harsanyi/probe.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 90, UNITS = 4, CLASSES = 3, SIZE = CLASSES * (UNITS + 1) };

static float features[ROWS * UNITS];
static int labels[ROWS];

static double number(uint64_t i) {
  uint64_t x = (i + 1) * 0x9e3779b97f4a7c15u;
  x = (x ^ x >> 29) * 0xbf58476d1ce4e5b9u;
  return (double)(int64_t)(x ^ x >> 32) * 0x1p-63;
}

/* Classes that overlap, in units of different size and mean; the last unit is constant. */
static hrs_probe_rows rows_of(void) {
  static const double scale[UNITS] = {1, 30, 0.1, 0}, mean[UNITS] = {0, 100, -5, 7};
  for (int i = 0; i < ROWS; i++) {
    labels[i] = i % CLASSES;
    for (int u = 0; u < UNITS; u++) {
      double x = number((uint64_t)(i * UNITS + u)) + (u == labels[i] ? 0.8 : 0);
      features[i * UNITS + u] = (float)(mean[u] + scale[u] * x);
    }
  }
  return (hrs_probe_rows){.total = ROWS,
                          .rows = ROWS,
                          .block = 16,
                          .units = UNITS,
                          .classes = CLASSES,
                          .x = features,
                          .label = labels};
}

/* Gradient and Hessian at w [classes][units], bias [classes]; and the loss. */
static long double derivatives(const long double *w, long double penalty, long double *gradient,
                               long double (*hessian)[SIZE]) {
  long double loss = 0;
  memset(gradient, 0, SIZE * sizeof *gradient);
  memset(hessian, 0, SIZE * sizeof *hessian);
  for (int i = 0; i < ROWS; i++) {
    long double z[CLASSES], total = 0, x[UNITS + 1];
    for (int u = 0; u < UNITS; u++)
      x[u] = features[i * UNITS + u];
    x[UNITS] = 1;
    for (int c = 0; c < CLASSES; c++) {
      z[c] = w[CLASSES * UNITS + c];
      for (int u = 0; u < UNITS; u++)
        z[c] += w[c * UNITS + u] * x[u];
      total += expl(z[c]);
    }
    loss += (logl(total) - z[labels[i]]) / ROWS;
    for (int c = 0; c < CLASSES; c++)
      for (int u = 0; u <= UNITS; u++) {
        int at = u < UNITS ? c * UNITS + u : CLASSES * UNITS + c;
        long double p = expl(z[c]) / total;
        gradient[at] += (p - (c == labels[i])) * x[u] / ROWS;
        for (int d = 0; d < CLASSES; d++)
          for (int t = 0; t <= UNITS; t++)
            hessian[at][t < UNITS ? d * UNITS + t : CLASSES * UNITS + d] +=
                p * ((c == d) - expl(z[d]) / total) * x[u] * x[t] / ROWS;
      }
  }
  for (int i = 0; i < CLASSES * UNITS; i++) {
    gradient[i] += penalty * w[i];
    hessian[i][i] += penalty;
  }
  /* Intercepts that all rise by the same change nothing: their sum is held at 0. */
  for (int c = 0; c < CLASSES; c++)
    for (int d = 0; d < CLASSES; d++)
      hessian[CLASSES * UNITS + c][CLASSES * UNITS + d] += 1;
  return loss;
}

static void solve(long double (*a)[SIZE], long double *b) {
  for (int k = 0; k < SIZE; k++)
    for (int i = 0; i < SIZE; i++) {
      if (i == k) continue;
      long double factor = a[i][k] / a[k][k];
      for (int j = k; j < SIZE; j++)
        a[i][j] -= factor * a[k][j];
      b[i] -= factor * b[k];
    }
  for (int i = 0; i < SIZE; i++)
    b[i] /= a[i][i];
}

/* Newton's steps, halved until the gradient falls, to its end. */
static long double newton(long double penalty, long double *w) {
  static long double hessian[SIZE][SIZE], scratch[SIZE][SIZE];
  long double gradient[SIZE], loss = 0;
  memset(w, 0, SIZE * sizeof *w);
  for (int step = 0; step < 100; step++) {
    loss = derivatives(w, penalty, gradient, hessian);
    long double norm = 0, before[SIZE], next = INFINITY;
    for (int i = 0; i < SIZE; i++)
      norm += gradient[i] * gradient[i];
    if (norm < 1e-32L) break;
    solve(hessian, gradient);
    memcpy(before, w, sizeof before);
    for (long double length = 1; length > 1e-6L && !(next < norm); length /= 2) {
      long double other[SIZE];
      for (int i = 0; i < SIZE; i++)
        w[i] = before[i] - length * gradient[i];
      derivatives(w, penalty, other, scratch);
      next = 0;
      for (int i = 0; i < SIZE; i++)
        next += other[i] * other[i];
    }
  }
  return loss;
}

static void finds_the_minimum(void **state) {
  (void)state;
  static const double penalties[] = {1e-3, 0.1, 10};
  hrs_probe_rows data = rows_of();
  for (size_t i = 0; i < sizeof penalties / sizeof *penalties; i++) {
    hrs_probe_options options = {.penalty = penalties[i], .tolerance = 1e-8, .iterations = 2000};
    hrs_probe_report report, again;
    double weight[CLASSES * UNITS], bias[CLASSES];
    long double wanted[SIZE], loss = newton(penalties[i], wanted);
    assert_int_equal(hrs_probe_train(&data, &options, weight, bias, &report), HRS_OK);
    assert_true(report.converged && report.iterations > 0);
    assert_true(report.gradient_norm <= 1e-8 * report.first_norm);
    assert_true(fabsl(report.loss - loss) < 1e-8L);
    for (int c = 0; c < CLASSES; c++) {
      for (int u = 0; u < UNITS; u++)
        assert_true(fabsl(weight[c * UNITS + u] - wanted[c * UNITS + u]) < 1e-6L);
      assert_true(fabsl(bias[c] - wanted[CLASSES * UNITS + c]) < 1e-5L);
    }
    assert_int_equal(hrs_probe_test(&data, &options, weight, bias, &again), HRS_OK);
    assert_true(fabs(again.loss - report.loss) < 1e-12 && again.accuracy == report.accuracy);
    assert_true(report.accuracy > 0.5 && report.accuracy < 1);
  }
  assert_int_equal(hrs_memory_current(), 0);
}

static void says_what_it_reached(void **state) {
  (void)state;
  hrs_probe_rows data = rows_of();
  hrs_probe_options options = {.penalty = 0.1, .tolerance = 1e-12, .iterations = 2};
  hrs_probe_report report;
  double weight[CLASSES * UNITS], bias[CLASSES], mean;
  assert_int_equal(hrs_probe_train(&data, &options, weight, bias, &report), HRS_OK);
  assert_true(!report.converged && report.iterations == 2 && report.gradient_norm > 0);
  long double square = 0;
  for (int i = 0; i < ROWS * UNITS; i++)
    square += (long double)features[i] * (long double)features[i] / (ROWS * UNITS);
  assert_int_equal(hrs_probe_mean_square(&data, &options, &mean), HRS_OK);
  assert_true(fabsl(mean - square) < 1e-12L * square);
}

static void refuses_what_is_no_data(void **state) {
  (void)state;
  hrs_probe_rows data = rows_of();
  hrs_probe_options options = {.penalty = 0, .tolerance = 1e-6, .iterations = 10};
  hrs_probe_report report;
  double weight[CLASSES * UNITS], bias[CLASSES];
  assert_int_equal(hrs_probe_train(&data, &options, weight, bias, &report), HRS_STATUS_USAGE);
  options.penalty = 1;
  labels[7] = CLASSES;
  assert_int_equal(hrs_probe_train(&data, &options, weight, bias, &report), HRS_STATUS_INPUT);
  data = rows_of();
  features[11] = NAN;
  assert_int_equal(hrs_probe_train(&data, &options, weight, bias, &report), HRS_STATUS_NONFINITE);
  assert_non_null(strstr(hrs_error_message(), "unit 3"));
  assert_int_equal(hrs_memory_current(), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(finds_the_minimum),
      cmocka_unit_test(says_what_it_reached),
      cmocka_unit_test(refuses_what_is_no_data),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
