/* Sums in pairs: the tree's by its definition, whoever adds which run of the vectors. */
#include <harsanyi/sums.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WIDTH = 3 };

static double value_of(hrs_count number, int i) {
  uint64_t x = (uint64_t)(number * WIDTH + i + 1) * 0x9e3779b97f4a7c15u;
  return (double)(int64_t)(x ^ x >> 31) * 0x1p-63;
}

/* Pairs of pairs, from the definition. */
static double tree(int level, hrs_count index, hrs_count count, int i) {
  if (level == 0) return value_of(index, i);
  double left = tree(level - 1, 2 * index, count, i);
  if ((2 * index + 1) << (level - 1) >= count) return left;
  return left + tree(level - 1, 2 * index + 1, count, i);
}

static void add_run(hrs_sums *sums, hrs_count from, hrs_count to) {
  for (hrs_count number = from; number < to; number++) {
    double x[WIDTH];
    for (int i = 0; i < WIDTH; i++)
      x[i] = value_of(number, i);
    assert_int_equal(hrs_sums_add(sums, 0, number, x), HRS_OK);
  }
}

static void every_dealing_gives_the_tree(void **state) {
  (void)state;
  for (hrs_count count = 1; count <= 40; count++) {
    double wanted[WIDTH], got[WIDTH];
    int top = 0;
    while ((hrs_count)1 << top < count)
      top++;
    for (int i = 0; i < WIDTH; i++)
      wanted[i] = tree(top, 0, count, i);
    for (int ranks = 1; ranks <= 9; ranks++) {
      hrs_sums *all, *own;
      assert_int_equal(hrs_sums_create(WIDTH, count, &all), HRS_OK);
      assert_int_equal(hrs_sums_create(WIDTH, count, &own), HRS_OK);
      for (int rank = 0; rank < ranks; rank++) {
        hrs_sums_clear(own);
        add_run(own, count * rank / ranks, count * (rank + 1) / ranks);
        for (int i = 0; i < hrs_sums_pieces(own); i++) {
          int level;
          hrs_count index;
          const double *x = hrs_sums_piece(own, i, &level, &index);
          assert_int_equal(hrs_sums_add(all, level, index, x), HRS_OK);
        }
      }
      assert_int_equal(hrs_sums_pieces(all), 1);
      assert_int_equal(hrs_sums_finish(all, got), HRS_OK);
      assert_memory_equal(got, wanted, sizeof got);
      hrs_sums_destroy(&all);
      hrs_sums_destroy(&own);
    }
  }
  assert_int_equal(hrs_memory_current(), 0);
}

static void gaps_and_repetitions_are_refused(void **state) {
  (void)state;
  hrs_sums *sums;
  double x[WIDTH] = {0};
  assert_int_equal(hrs_sums_create(WIDTH, 6, &sums), HRS_OK);
  assert_int_equal(hrs_sums_finish(sums, x), HRS_STATUS_INTERNAL);
  add_run(sums, 0, 3);
  assert_int_equal(hrs_sums_add(sums, 0, 2, x), HRS_STATUS_INTERNAL);
  assert_int_equal(hrs_sums_add(sums, 0, 6, x), HRS_STATUS_INTERNAL);
  add_run(sums, 4, 6);
  assert_int_equal(hrs_sums_finish(sums, x), HRS_STATUS_INTERNAL);
  hrs_sums_destroy(&sums);
  assert_int_equal(hrs_sums_create(WIDTH, 0, &sums), HRS_STATUS_USAGE);
  assert_int_equal(hrs_memory_current(), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_dealing_gives_the_tree),
      cmocka_unit_test(gaps_and_repetitions_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
