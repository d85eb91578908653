/*
 * The functions of vector_math.h against the C library's in double precision: every 499th
 * float of both signs, the numbers around the seams, and the special values.
 */
#include "network/operators/vector_math.h"

#include <float.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static double sigmoid(double x) {
  return 1 / (1 + exp(-x));
}

typedef struct function {
  const char *name;
  float (*ours)(float);
  double (*exact)(double);
  double limit; /* units in the last place */
  float least;  /* results below are not counted */
} function;

static const function functions[] = {{"exp", hrs_exp_f32, exp, 1, 0},
                                     {"sigmoid", hrs_sigmoid_f32, sigmoid, 3, FLT_MIN},
                                     {"tanh", hrs_tanh_f32, tanh, 2, 0},
                                     {"erf", hrs_erf_f32, erf, 2, 0}};

/* Difference in units in the last place of the exact result. */
static double error_at(const function *f, float x) {
  double exact = f->exact((double)x);
  float got = f->ours(x), rounded = (float)exact;
  if (isnan(x)) return isnan(got) ? 0 : INFINITY;
  if (isinf(rounded) || isinf(got)) {
    /* Next to the overflow either is right within a unit. */
    return got == rounded || (isinf(got) && exact > FLT_MAX * (1 - 1e-6)) ? 0 : INFINITY;
  }
  if (fabs(exact) < (double)f->least) return fabsf(got) <= 2 * f->least ? 0 : INFINITY;
  int exponent;
  frexp(exact, &exponent);
  double unit = ldexp(1, (exponent < -125 ? -125 : exponent) - 24);
  return fabs((double)got - exact) / unit;
}

static void check(const function *f, uint32_t step, double *worst, float *where) {
  for (uint64_t bits = 0; bits < (uint64_t)1 << 32; bits += step) {
    float x = hrs_float_of_bits((uint32_t)bits);
    double error = error_at(f, x);
    if (!(error <= *worst)) {
      *worst = error;
      *where = x;
    }
  }
}

static void test_functions(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    const function *f = &functions[i];
    static const float special[] = {0,      -0.0f,   1e-45f, -1e-45f, FLT_MIN,  INFINITY, -INFINITY,
                                    NAN,    FLT_MAX, 88.72f, 88.73f,  -87.4f,   -103.9f,  -104.1f,
                                    0.625f, 0.6251f, 0.925f, 0.9251f, -FLT_MAX, 4.0f,     4.1f};
    double worst = 0;
    float where = 0;
    for (size_t k = 0; k < sizeof special / sizeof *special; k++) {
      double error = error_at(f, special[k]);
      if (!(error <= worst)) {
        worst = error;
        where = special[k];
      }
    }
    check(f, 499, &worst, &where);
    if (!(worst <= f->limit)) fail_msg("%s(%a) is %.2f units off", f->name, (double)where, worst);
    if (getenv("HARSANYI_VERBOSE"))
      printf("%s: at most %.2f units off, at %a\n", f->name, worst, (double)where);
  }
}

/* Against the C library in extended precision, and where there is nothing but limits. */
static void test_exp_f64(void **state) {
  (void)state;
  double worst = 0, where = 0;
  for (int i = 0; i <= 2000000; i++) {
    double x = i < 1000000 ? -746 + 1456.0 * i / 1e6 : (i - 1500000) * 1.37e-6;
    double got = hrs_exp_f64(x);
    long double exact = expl((long double)x);
    if (exact > (long double)DBL_MAX) {
      assert_true(isinf(got));
      continue;
    }
    int exponent;
    frexpl(exact, &exponent);
    long double unit = ldexpl(1, (exponent < -1021 ? -1021 : exponent) - 53);
    double error = (double)(fabsl((long double)got - exact) / unit);
    if (!(error <= worst)) worst = error, where = x;
  }
  if (!(worst <= 1.5)) fail_msg("exp(%a) is %.2f units off", where, worst);
  assert_true(hrs_exp_f64(0) == 1 && hrs_exp_f64(-0.0) == 1);
  assert_true(hrs_exp_f64((double)-INFINITY) == 0 && hrs_exp_f64(-1e308) == 0);
  assert_true(isinf(hrs_exp_f64((double)INFINITY)) && isinf(hrs_exp_f64(1e308)));
  assert_true(isnan(hrs_exp_f64((double)NAN)));
}

static void test_log1p_f64(void **state) {
  (void)state;
  double worst = 0, where = 0;
  for (int i = 0; i <= 2000000; i++) {
    double x = i < 1000000 ? exp2(-1074 + 2097.9 * i / 1e6) : 5.0 * (i - 1000000) / 1e6;
    long double exact = log1pl((long double)x);
    int exponent;
    frexpl(exact, &exponent);
    long double unit = ldexpl(1, (exponent < -1021 ? -1021 : exponent) - 53);
    double error = (double)(fabsl((long double)hrs_log1p_f64(x) - exact) / unit);
    if (!(error <= worst)) worst = error, where = x;
  }
  if (!(worst <= 2)) fail_msg("log1p(%a) is %.2f units off", where, worst);
  if (getenv("HARSANYI_VERBOSE")) printf("log1p: at most %.2f units off, at %a\n", worst, where);
  assert_true(hrs_log1p_f64(0) == 0 && isinf(hrs_log1p_f64((double)INFINITY)));
  assert_true(isnan(hrs_log1p_f64((double)NAN)));
}

static void test_signs(void **state) {
  (void)state;
  assert_true(signbit(hrs_tanh_f32(-0.0f)));
  assert_true(signbit(hrs_erf_f32(-0.0f)));
  assert_true(hrs_erf_f32(10) == 1 && hrs_erf_f32(-10) == -1);
  assert_true(hrs_tanh_f32(100) == 1 && hrs_tanh_f32(-100) == -1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_functions), cmocka_unit_test(test_exp_f64),
      cmocka_unit_test(test_log1p_f64), cmocka_unit_test(test_signs)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
