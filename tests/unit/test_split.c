/*
 * The pointwise steps of a split: the joint norm of several networks by its optimality conditions,
 * the others against plain loops.
 */
#include <harsanyi/analysis.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { TRIALS = 2000, COUNT = 333 };

static double uniform(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (double)(*state >> 11) * 0x1p-53 * 2 - 1;
}

/*
 * z is the prox of step * |.| at x exactly if u = (x - z) / step is a subgradient of the norm at z:
 * u is in the dual ball and <u,z> = |z|. So norm, gauge and prox are tested against each other, and
 * the norm itself against its definition.
 */
static void test_joint_norm(void **state) {
  (void)state;
  uint64_t seed = 1;
  const hrs_share shares[] = {{0, 1}, {0.9, 0.1}, {1, 0.1}, {1, 0}, {0.3, 2}};
  for (int trial = 0; trial < TRIALS; trial++) {
    hrs_share share = shares[trial % 5];
    int networks = 1 + trial % HRS_SHARE_NETWORKS;
    double step = trial % 3 ? 0.3 : 2.5, x[HRS_SHARE_NETWORKS], z[2 * HRS_SHARE_NETWORKS];
    double u[HRS_SHARE_NETWORKS], largest = 0, sum = 0, along = 0;
    for (int i = 0; i < networks; i++) {
      /* Ties and zeros too. */
      x[i] = trial % 7 == 0 ? round(2 * uniform(&seed)) : uniform(&seed);
      z[2 * i] = x[i];
      largest = fmax(largest, fabs(x[i]));
      sum += fabs(x[i]);
    }
    assert_true(fabs(hrs_share_norm(share, networks, x, 1) -
                     (share.max * largest + share.sum * sum)) < 1e-14);
    hrs_share_shrink(share, step, networks, z, 2);
    for (int i = 0; i < networks; i++) {
      u[i] = (x[i] - z[2 * i]) / step;
      along += u[i] * z[2 * i];
    }
    assert_true(hrs_share_gauge(share, networks, u, 1) <= 1 + 1e-12);
    assert_true(fabs(along - hrs_share_norm(share, networks, z, 2)) < 1e-12);
    /* The gauge is the least: some point of norm 1 reaches it. */
    double gauge = hrs_share_gauge(share, networks, x, 1), best = 0;
    for (int set = 1; set < 1 << networks; set++) {
      double inner = 0, signs[HRS_SHARE_NETWORKS];
      for (int i = 0; i < networks; i++) {
        signs[i] = set >> i & 1 ? copysign(1, x[i]) : 0;
        inner += signs[i] * x[i];
      }
      best = fmax(best, inner / hrs_share_norm(share, networks, signs, 1));
    }
    assert_true(fabs(gauge - best) < 1e-12);
  }
}

static void test_steps(void **state) {
  (void)state;
  uint64_t seed = 2;
  double s[COUNT], z[COUNT], out[COUNT], p[COUNT], anchor[COUNT], next[COUNT], square = 0;
  double a[COUNT], b[COUNT], omega[COUNT], cosine[COUNT], sine[COUNT];
  for (int i = 0; i < COUNT; i++) {
    s[i] = i % 10 ? uniform(&seed) : 0.25 * (i % 3 - 1);
    p[i] = uniform(&seed);
    anchor[i] = uniform(&seed);
    omega[i] = uniform(&seed);
    double angle = 3 * uniform(&seed);
    cosine[i] = cos(angle);
    sine[i] = sin(angle);
  }
  hrs_split_shrink(0.25, COUNT, s, z);
  hrs_split_reflect(COUNT, s, z, out);
  for (int i = 0; i < COUNT; i++) {
    double size = fabs(s[i]) - 0.25, expected = size > 0 ? copysign(size, s[i]) : 0;
    assert_true(fabs(z[i] - expected) < 1e-15);
    assert_true(fabs(out[i] - (2 * z[i] - s[i])) < 1e-15);
    next[i] = s[i];
    square += (p[i] - z[i]) * (p[i] - z[i]);
  }
  assert_true(fabs(hrs_split_advance(0.3, COUNT, z, p, anchor, next) - square) < 1e-12 * square);
  for (int i = 0; i < COUNT; i++) {
    double expected = 0.3 * anchor[i] + 0.7 * (s[i] + 2 * (p[i] - z[i]));
    assert_true(fabs(next[i] - expected) < 1e-14);
    a[i] = s[i];
    b[i] = p[i];
  }
  hrs_split_exact(COUNT, cosine, sine, omega, a, b);
  for (int i = 0; i < COUNT; i++) {
    /* On the line, and moved across it alone. */
    assert_true(fabs(sine[i] * a[i] + cosine[i] * b[i] - omega[i]) < 1e-14);
    assert_true(fabs(cosine[i] * (a[i] - s[i]) - sine[i] * (b[i] - p[i])) < 1e-14);
    a[i] = s[i];
    b[i] = p[i];
  }
  hrs_split_together(COUNT, cosine, sine, a, b);
  for (int i = 0; i < COUNT; i++) {
    assert_true(fabs(sine[i] * a[i] - cosine[i] * b[i]) < 1e-14);
    assert_true(fabs(cosine[i] * (a[i] - s[i]) + sine[i] * (b[i] - p[i])) < 1e-14);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_joint_norm),
                                     cmocka_unit_test(test_steps)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
