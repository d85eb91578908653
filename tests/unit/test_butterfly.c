/*
 * The butterflies against sums over subsets written down from the definitions, in long double, and
 * the facts that the theory promises. Engines against each other: test_butterfly_engines.c.
 */
#include "butterfly_cases.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { MOST = 12 };

/* Element `row` of the Kronecker power: the sum over all columns of products over the bits. */
static long double power_row(hrs_kernel k, const double *x, int bits, int first, int count,
                             hrs_mask row) {
  long double sum = 0;
  for (hrs_mask column = 0; column <= hrs_mask_full(bits); column++) {
    long double product = 1;
    for (int b = 0; b < bits; b++) {
      int i = (int)(row >> b & 1), j = (int)(column >> b & 1);
      if (b >= first && b < first + count)
        product *= k.k[i][j];
      else if (i != j)
        product = 0;
    }
    if (product != 0) sum += product * x[column];
  }
  return sum;
}

static long double norm(hrs_kernel k) {
  long double row0 = fabs(k.k[0][0]) + fabs(k.k[0][1]), row1 = fabs(k.k[1][0]) + fabs(k.k[1][1]);
  return row0 > row1 ? row0 : row1;
}

static void any_kernel_and_range_against_the_definition(void **state) {
  (void)state;
  double x[1 << 7], y[1 << 7];
  for (int kernel = 0; kernel < KERNELS; kernel++) {
    hrs_kernel k = kernel_number(kernel);
    for (int bits = 0; bits <= 7; bits++) {
      hrs_count size = (hrs_count)1 << bits;
      for (int first = 0; first <= bits; first++) {
        for (int count = 0; count <= bits - first; count += 1 + bits / 5) {
          fill(x, size, 1);
          long double bound = 8 * DBL_EPSILON * powl(norm(k), count) * 1.5L;
          for (int e = 0; e < ENGINES; e++) {
            memcpy(y, x, sizeof x);
            apply(k, 1.5, y, bits, first, count, engines[e]);
            for (hrs_count i = 0; i < size; i++) {
              long double expected = 1.5L * power_row(k, x, bits, first, count, (hrs_mask)i);
              assert_true(fabsl(y[i] - expected) <= bound);
            }
          }
        }
      }
    }
  }
}

/* The definitions of docs/theory, each written as it stands there. */
static int is_subset(hrs_mask a, hrs_mask b) {
  return (a & ~b) == 0;
}
static long double sign(int order) {
  return order % 2 ? -1 : 1;
}

static long double definition(hrs_kernel_name name, hrs_mask s, hrs_mask t, hrs_mask all) {
  switch (name) {
  case HRS_KERNEL_MOBIUS:
    return is_subset(t, s) ? sign(hrs_order(s) - hrs_order(t)) : 0;
  case HRS_KERNEL_ZETA:
    return is_subset(t, s);
  case HRS_KERNEL_MOBIUS_ADJOINT:
    return is_subset(s, t) ? sign(hrs_order(t) - hrs_order(s)) : 0;
  case HRS_KERNEL_ZETA_ADJOINT:
    return is_subset(s, t);
  case HRS_KERNEL_OR: /* sum over U inside s of (-1)^(s-u) v(all \ U), T = all \ U */
    return is_subset(all & ~t, s) ? sign(hrs_order(s) - hrs_order(all & ~t)) : 0;
  case HRS_KERNEL_OR_INVERSE: /* v(T) = sum over S inside all \ T of what OR gave */
    return is_subset(t, all & ~s);
  case HRS_KERNEL_OR_FROM_AND: /* -I_or(S) = (-1)^s sum over U containing S of I_and(U) */
    return is_subset(s, t) ? sign(hrs_order(s)) : 0;
  case HRS_KERNEL_WALSH:
    return sign(hrs_order(s & t));
  case HRS_KERNEL_LIMIT:
    break;
  }
  return NAN;
}

static void named_kernels_against_sums_over_subsets(void **state) {
  (void)state;
  double *x = new_doubles(1 << MOST), *y = new_doubles(1 << MOST);
  for (int bits = 0; bits <= MOST; bits++) {
    hrs_mask all = hrs_mask_full(bits);
    hrs_count size = (hrs_count)1 << bits, step = bits > 10 ? 7 : 1;
    fill(x, size, (uint64_t)bits + 2);
    for (int name = 0; name < HRS_KERNEL_LIMIT; name++) {
      for (int e = 0; e < ENGINES; e++) {
        memcpy(y, x, (size_t)size * sizeof *x);
        apply(hrs_kernel_get((hrs_kernel_name)name), 1, y, bits, 0, bits, engines[e]);
        for (hrs_count s = 0; s < size; s += step) {
          long double expected = 0;
          for (hrs_count t = 0; t < size; t++)
            expected += definition((hrs_kernel_name)name, (hrs_mask)s, (hrs_mask)t, all) * x[t];
          assert_true(fabsl(y[s] - expected) <= 8 * pow(2, bits / 2.0) * DBL_EPSILON * bits);
        }
      }
    }
  }
  hrs_free(x);
  hrs_free(y);
}

/* I_and and I_or of v by the public calls that a user would make. */
static void and_or(const double *v, int n, hrs_butterfly_engine engine, double *i_and,
                   double *i_or) {
  size_t bytes = sizeof *v << n;
  memcpy(i_and, v, bytes);
  memcpy(i_or, v, bytes);
  apply(hrs_kernel_get(HRS_KERNEL_MOBIUS), 1, i_and, n, 0, n, engine);
  apply(hrs_kernel_get(HRS_KERNEL_OR), -1, i_or, n, 0, n, engine);
  i_or[0] = 0;
}

static void fact_1_two_players(void **state) {
  (void)state;
  const double v[4] = {0, 1, 2, 5};
  for (int e = 0; e < ENGINES; e++) {
    double a[4], o[4];
    and_or(v, 2, engines[e], a, o);
    assert_true(a[0] == 0 && a[1] == 1 && a[2] == 2 && a[3] == 2);
    assert_true(o[0] == 0 && o[1] == 3 && o[2] == 4 && o[3] == -2);
  }
}

static void fact_2_one_term(void **state) {
  (void)state;
  enum { N = 8 };
  const double c = 3.25;
  double v[1 << N], a[1 << N], o[1 << N];
  for (hrs_mask term = 1; term <= hrs_mask_full(N); term += 3) {
    for (int type = 0; type < 2; type++) {
      for (hrs_mask t = 0; t <= hrs_mask_full(N); t++)
        v[t] = type == 0 ? (is_subset(term, t) ? c : 0) : (t & term ? c : 0);
      for (int e = 0; e < ENGINES; e++) {
        and_or(v, N, engines[e], a, o);
        const double *alone = type == 0 ? a : o, *spread = type == 0 ? o : a;
        for (hrs_mask s = 0; s <= hrs_mask_full(N); s++) {
          assert_true(alone[s] == (s == term ? c : 0));
          double expected = s && is_subset(s, term) ? c * (double)sign(hrs_order(s) + 1) : 0;
          assert_true(spread[s] == expected);
        }
      }
    }
  }
}

static void fact_3_inversion_matching_duality(void **state) {
  (void)state;
  for (int n = 1; n <= 16; n += 3) {
    hrs_count size = (hrs_count)1 << n;
    double *v = new_doubles(size), *a = new_doubles(size), *o = new_doubles(size),
           *back = new_doubles(size);
    fill(v, size, (uint64_t)n);
    const double bound = 8 * pow(2, n / 2.0) * DBL_EPSILON;
    for (int e = 0; e < ENGINES; e++) {
      and_or(v, n, engines[e], a, o);
      memcpy(back, a, (size_t)size * sizeof *a);
      apply(hrs_kernel_get(HRS_KERNEL_ZETA), 1, back, n, 0, n, engines[e]);
      for (hrs_count t = 0; t < size; t++)
        assert_true(fabs(back[t] - v[t]) <= bound);
      /* v(T) = v(empty) + sum of I_or(S) over S that meet T */
      if (n <= 10) {
        for (hrs_count t = 0; t < size; t++) {
          long double sum = v[0];
          for (hrs_count s = 1; s < size; s++)
            if (s & t) sum += o[s];
          assert_true(fabsl(sum - v[t]) <= bound);
        }
      }
      memcpy(back, a, (size_t)size * sizeof *a);
      apply(hrs_kernel_get(HRS_KERNEL_OR_FROM_AND), -1, back, n, 0, n, engines[e]);
      double largest = 0;
      for (hrs_count s = 0; s < size; s++)
        largest = fmax(largest, fabs(a[s]));
      for (hrs_count s = 1; s < size; s++)
        assert_true(fabs(back[s] - o[s]) <= bound * largest);
    }
    hrs_free(v);
    hrs_free(a);
    hrs_free(o);
    hrs_free(back);
  }
}

static void fact_6_adjoints(void **state) {
  (void)state;
  enum { N = 12 };
  hrs_count size = 1 << N;
  double *x = new_doubles(size), *y = new_doubles(size), *kx = new_doubles(size),
         *ty = new_doubles(size);
  fill(x, size, 11);
  fill(y, size, 12);
  for (int kernel = 0; kernel < KERNELS; kernel++) {
    hrs_kernel k = kernel_number(kernel);
    for (int e = 0; e < ENGINES; e++) {
      memcpy(kx, x, (size_t)size * sizeof *x);
      memcpy(ty, y, (size_t)size * sizeof *y);
      apply(k, 1, kx, N, 0, N, engines[e]);
      apply(hrs_kernel_adjoint(k), 1, ty, N, 0, N, engines[e]);
      long double left = 0, right = 0, weight = 0;
      for (hrs_count i = 0; i < size; i++) {
        left += (long double)kx[i] * y[i];
        right += (long double)x[i] * ty[i];
        weight += fabsl((long double)kx[i] * y[i]) + fabsl((long double)x[i] * ty[i]);
      }
      assert_true(fabsl(left - right) <= 1e-14L * weight);
    }
  }
  hrs_free(x);
  hrs_free(y);
  hrs_free(kx);
  hrs_free(ty);
}

static void float_storage(void **state) {
  (void)state;
  for (int n = 0; n <= 20; n += 4) {
    hrs_count size = (hrs_count)1 << n;
    double *x = new_doubles(size), *y = new_doubles(size);
    float *f;
    assert_int_equal(hrs_alloc(size, sizeof *f, &f), HRS_OK);
    for (int kernel = 0; kernel < KERNELS; kernel += n < 20 ? 1 : 6) {
      hrs_kernel k = kernel_number(kernel);
      for (int e = 0; e < ENGINES; e++) {
        for (int range = 0; range < 3; range++) {
          int first = range ? n / (2 * range) : 0, count = range == 2 ? n / 2 : n - first;
          fill(x, size, (uint64_t)kernel);
          for (hrs_count i = 0; i < size; i++)
            f[i] = (float)x[i], y[i] = f[i];
          assert_int_equal(hrs_butterfly(k, -1, HRS_F32, f, n, first, count, engines[e]), HRS_OK);
          apply(k, -1, y, n, first, count, HRS_BUTTERFLY_REFERENCE);
          double growth = fmax(1, fmax(hypot(k.k[0][0], k.k[0][1]), hypot(k.k[1][0], k.k[1][1])));
          double bound = 8 * sqrt(count + 1) * FLT_EPSILON * pow(growth, count);
          for (hrs_count i = 0; i < size; i++)
            assert_true(fabs(f[i] - y[i]) <= bound);
        }
      }
    }
    hrs_free(x);
    hrs_free(y);
    hrs_free(f);
  }
}

/* A coefficient of 0 leaves its element out: no 0 * infinity, and the sign of -0 survives. */
static void zeros_and_infinities(void **state) {
  (void)state;
  enum { N = 9 };
  double x[1 << N], y[1 << N];
  for (int e = 0; e < ENGINES; e++) {
    for (int i = 0; i < 1 << N; i++)
      x[i] = i % 3 ? -0.0 : 1;
    x[(1 << N) - 1] = INFINITY;
    memcpy(y, x, sizeof x);
    apply(hrs_kernel_get(HRS_KERNEL_MOBIUS), 1, y, N, 0, N, engines[e]);
    assert_true(isinf(y[(1 << N) - 1]));
    for (int i = 0; i < (1 << N) - 1; i++)
      assert_true(isfinite(y[i]));
    for (int i = 0; i < 1 << N; i++)
      x[i] = -0.0;
    apply(hrs_kernel_get(HRS_KERNEL_ZETA), 1, x, N, 0, N, engines[e]);
    for (int i = 0; i < 1 << N; i++)
      assert_true(x[i] == 0 && signbit(x[i]));
  }
}

static void wrong_arguments(void **state) {
  (void)state;
  double x[8] = {0};
  hrs_kernel k = hrs_kernel_get(HRS_KERNEL_MOBIUS);
  static const struct {
    hrs_dtype type;
    int bits, first, count, engine;
    const char *message;
  } cases[] = {
      {HRS_I32, 3, 0, 3, HRS_BUTTERFLY_AUTO, "int32"},
      {HRS_F64, -1, 0, 0, HRS_BUTTERFLY_AUTO, "2^-1"},
      {HRS_F64, HRS_MAX_PLAYERS + 1, 0, 0, HRS_BUTTERFLY_AUTO, "2^41"},
      {HRS_F64, 3, -1, 2, HRS_BUTTERFLY_AUTO, "bits [-1"},
      {HRS_F64, 3, 2, 2, HRS_BUTTERFLY_AUTO, "bits [2, 2+2)"},
      {HRS_F64, 3, 4, 0, HRS_BUTTERFLY_AUTO, "bits [4"},
      {HRS_F64, 3, 0, -1, HRS_BUTTERFLY_AUTO, "bits [0"},
      {HRS_F64, 3, 0, 3, 99, "99"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_int_equal(hrs_butterfly(k, 1, cases[i].type, x, cases[i].bits, cases[i].first,
                                   cases[i].count, (hrs_butterfly_engine)cases[i].engine),
                     HRS_STATUS_USAGE);
    assert_non_null(strstr(hrs_error_message(), cases[i].message));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(any_kernel_and_range_against_the_definition),
      cmocka_unit_test(named_kernels_against_sums_over_subsets),
      cmocka_unit_test(fact_1_two_players),
      cmocka_unit_test(fact_2_one_term),
      cmocka_unit_test(fact_3_inversion_matching_duality),
      cmocka_unit_test(fact_6_adjoints),
      cmocka_unit_test(float_storage),
      cmocka_unit_test(zeros_and_infinities),
      cmocka_unit_test(wrong_arguments),
  };
  return cmocka_run_group_tests(tests, NULL, no_memory_is_left);
}
