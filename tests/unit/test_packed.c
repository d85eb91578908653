/*
 * Products with packed weights against plain loops in double precision, for sizes around those of
 * tiles, panels and blocks; and against fmaf in the order of K, bit by bit, so that the processor's
 * instruction set and the rows beside a row make no difference. Nothing is written behind the
 * result.
 */
#include "network/operators/packed.h"
#include "pick.h"
#include "scratch.h"

#include <math.h>
#include <string.h>

enum { GUARD = 8 };
static const float GUARDED = 12345;

typedef struct product {
  hrs_count m, k, n;
  bool adds, relu, transposed, biased;
  float *a, *b, *bias, *before; /* before: what stands in the place of the result */
} product;

static float *numbers(hrs_count count) {
  float *x;
  ASSERT_OK(hrs_alloc(count, sizeof *x, &x));
  for (hrs_count i = 0; i < count; i++)
    x[i] = number();
  return x;
}

static void make(product *p) {
  p->a = numbers(p->m * p->k);
  p->b = numbers(p->k * p->n);
  p->bias = numbers(p->n);
  p->before = numbers(p->m * p->n);
}

static void destroy(product *p) {
  hrs_free(p->a);
  hrs_free(p->b);
  hrs_free(p->bias);
  hrs_free(p->before);
}

static float weight_at(const product *p, hrs_count l, hrs_count j) {
  return p->transposed ? p->b[j * p->k + l] : p->b[l * p->n + j];
}

static void check(const product *p, const float *c) {
  for (hrs_count i = 0; i < p->m; i++) {
    for (hrs_count j = 0; j < p->n; j++) {
      double exact = p->adds ? (double)p->before[i * p->n + j] : p->biased ? (double)p->bias[j] : 0;
      double size = fabs(exact) + 1e-30;
      float sum = (float)exact;
      for (hrs_count l = 0; l < p->k; l++) {
        double term = (double)p->a[i * p->k + l] * (double)weight_at(p, l, j);
        exact += term;
        size += fabs(term);
        sum = fmaf(p->a[i * p->k + l], weight_at(p, l, j), sum);
      }
      if (p->relu && exact < 0) exact = 0;
      if (p->relu && sum < 0) sum = 0;
      float value = c[i * p->n + j];
      if (value != sum || !(fabs((double)value - exact) <= 1e-6 * size))
        fail_msg("%lld x %lld x %lld: element %lld, %lld is %.9g, by fmaf %.9g, in double %.9g",
                 (long long)p->m, (long long)p->k, (long long)p->n, (long long)i, (long long)j,
                 (double)value, (double)sum, exact);
    }
  }
}

/* Room for a result, with what it adds to, and a guard behind. */
static float *room_for(const product *p, hrs_count first, hrs_count rows) {
  float *c;
  ASSERT_OK(hrs_alloc(rows * p->n + GUARD, sizeof *c, &c));
  memcpy(c, p->before + first * p->n, (size_t)(rows * p->n) * sizeof *c);
  for (int i = 0; i < GUARD; i++)
    c[rows * p->n + i] = GUARDED;
  return c;
}

static void check_guard(const product *p, hrs_count rows, const float *c) {
  for (int i = 0; i < GUARD; i++)
    assert_true(c[rows * p->n + i] == GUARDED);
}

/* All rows, then some of them. */
static void test_packed(void **state) {
  (void)state;
  if (!hrs_tile_available()) skip();
  for (int round = 0; round < 400; round++) {
    bool deep = round % 8 == 0;
    product p = {.m = pick(1, 80),
                 .k = deep ? pick(700, 1700) : pick(0, 60),
                 .n = pick(1, 70),
                 .adds = pick(0, 1),
                 .relu = pick(0, 1),
                 .transposed = pick(0, 1),
                 .biased = pick(0, 1)};
    make(&p);
    hrs_count floats, first = pick(0, (int)p.m - 1), rows = pick(1, (int)(p.m - first));
    ASSERT_OK(hrs_packed_floats(p.k, p.n, &floats));
    float *room, *c = room_for(&p, 0, p.m), *some = room_for(&p, first, rows);
    ASSERT_OK(hrs_alloc(floats, sizeof *room, &room));
    hrs_packed packed;
    hrs_packed_fill(p.k, p.n, p.b, p.transposed ? 1 : p.n, p.transposed ? p.k : 1,
                    p.biased ? p.bias : NULL, room, &packed);
    packed.adds = p.adds;
    packed.relu = p.relu;
    hrs_packed_run(&packed, p.m, p.a, c);
    check(&p, c);
    check_guard(&p, p.m, c);
    hrs_packed_run(&packed, rows, p.a + first * p.k, some);
    assert_memory_equal(some, c + first * p.n, (size_t)(rows * p.n) * sizeof *c);
    check_guard(&p, rows, some);
    hrs_free(room);
    hrs_free(c);
    hrs_free(some);
    destroy(&p);
  }
}

/* Rows alone, and the largest matrices. */
static void test_once(void **state) {
  (void)state;
  if (!hrs_tile_available()) skip();
  for (int round = 0; round < 400; round++) {
    hrs_count k = round % 8 == 0 ? pick(200, 1000) : pick(1, 70);
    hrs_count most = HRS_PACKED_ONCE / k;
    product p = {
        .m = pick(1, 40), .k = k, .n = round % 8 == 1 ? most : pick(1, most > 70 ? 70 : (int)most)};
    make(&p);
    float *c = room_for(&p, 0, p.m), *one = room_for(&p, 0, 1);
    hrs_packed_once(p.m, p.n, p.k, p.a, p.b, c);
    check(&p, c);
    check_guard(&p, p.m, c);
    hrs_count row = pick(0, (int)p.m - 1);
    hrs_packed_once(1, p.n, p.k, p.a + row * p.k, p.b, one);
    assert_memory_equal(one, c + row * p.n, (size_t)p.n * sizeof *c);
    check_guard(&p, 1, one);
    hrs_free(c);
    hrs_free(one);
    destroy(&p);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_packed), cmocka_unit_test(test_once)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
