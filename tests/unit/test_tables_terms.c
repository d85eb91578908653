/*
 * Sums and maxima of terms over a sub-cube of masks, by doubling and side by side, against the
 * definition: for each mask, look up every term's row and add in double precision.
 */
#include "base/random.h"
#include "tables/sites.h"

#include "scratch.h"

#include <math.h>

enum { N = 12, MOST_TERMS = 9, MOST_WIDTH = 37 };

static uint64_t below(hrs_random *random, uint64_t limit) {
  return hrs_random_below(random, limit);
}

/* Each player with a chance of `part` in 4. */
static hrs_mask some_players(hrs_random *random, unsigned part) {
  hrs_mask players = 0;
  for (int p = 0; p < N; p++)
    if (below(random, 4) < part) players |= (hrs_mask)1 << p;
  return players;
}

typedef struct table {
  hrs_mask players;
  float *row;
} table;

static table random_table(hrs_random *random, hrs_count width) {
  table t = {.players = some_players(random, (unsigned)below(random, 4))};
  hrs_count count = ((hrs_count)1 << hrs_order(t.players)) * width;
  ASSERT_OK(hrs_alloc(count, sizeof *t.row, &t.row));
  for (hrs_count i = 0; i < count; i++)
    t.row[i] = (float)below(random, 2001) / 500 - 2;
  return t;
}

/* What stands at a mask, and the sum of the sizes of its terms. */
static double defined(bool max, int count, const table *tables, hrs_count width, hrs_count c,
                      const float *start, hrs_mask mask, double *size) {
  double value = start ? (double)start[c] : max ? -(double)INFINITY : 0;
  *size = start ? fabs(value) : 0;
  for (int k = 0; k < count; k++) {
    hrs_count row = 0;
    int place = 0;
    for (int p = 0; p < N; p++) {
      if (!(tables[k].players >> p & 1)) continue;
      row |= (hrs_count)(mask >> p & 1) << place++;
    }
    double term = (double)tables[k].row[row * width + c];
    value = !max ? value + term : term > value ? term : value;
    *size += fabs(term);
  }
  return value;
}

static void check(hrs_random *random, hrs_scratch *scratch) {
  hrs_count width = 1 + (hrs_count)below(random, MOST_WIDTH);
  if (below(random, 3) == 0) width = below(random, 2) ? 8 : 16;
  int count = (int)below(random, MOST_TERMS + 1);
  table tables[MOST_TERMS];
  hrs_term terms[MOST_TERMS];
  float start[MOST_WIDTH];
  hrs_mask free = some_players(random, 2);
  hrs_subcube cube = {.fixed = some_players(random, 2) & ~free, .free = free};
  for (int k = 0; k < count; k++) {
    tables[k] = random_table(random, width);
    /* Several over the same players are joined first. */
    if (k > 0 && below(random, 3) == 0) {
      hrs_free(tables[k].row);
      tables[k] = tables[k - 1];
    }
    hrs_count row = hrs_state_row(tables[k].players, cube.fixed);
    terms[k] = (hrs_term){tables[k].players, tables[k].row + row * width, width};
  }
  for (hrs_count c = 0; c < width; c++)
    start[c] = (float)below(random, 1000) / 100;
  float *out;
  ASSERT_OK(hrs_alloc(hrs_subcube_size(cube) * width, sizeof *out, &out));
  for (int way = 0; way < 3; way++) {
    bool max = way == 1;
    const float *from = way == 2 || below(random, 2) ? start : NULL;
    if (way < 2)
      ASSERT_OK(hrs_terms_combine(max ? HRS_COMBINE_MAX : HRS_COMBINE_SUM, width, free, count,
                                  terms, from, scratch, out));
    else
      ASSERT_OK(hrs_terms_add(width, free, count, terms, from, scratch, out));
    for (hrs_count i = 0; i < hrs_subcube_size(cube); i++) {
      hrs_mask mask = hrs_subcube_mask(cube, i);
      for (hrs_count c = 0; c < width; c++) {
        double size, wanted = defined(max, count, tables, width, c, from, mask, &size);
        double got = (double)out[i * width + c];
        if (!(got == wanted || fabs(got - wanted) <= 1e-6 * size))
          fail_msg("way %d, mask %llx of free %llx, channel %lld: %.9g, expected %.9g", way,
                   (unsigned long long)mask, (unsigned long long)free, (long long)c, got, wanted);
      }
    }
  }
  for (int k = 0; k < count; k++)
    if (k + 1 == count || tables[k + 1].row != tables[k].row) hrs_free(tables[k].row);
  hrs_free(out);
}

static void test_terms(void **state) {
  (void)state;
  hrs_random random = {11, 0};
  hrs_scratch scratch = {0};
  for (int i = 0; i < 300; i++)
    check(&random, &scratch);
  hrs_scratch_free(&scratch);
}

/* Rows of states by their definition. */
static void test_states(void **state) {
  (void)state;
  hrs_random random = {12, 0};
  static int32_t index[1 << N];
  for (int i = 0; i < 200; i++) {
    hrs_mask from = some_players(&random, 2), to = some_players(&random, 2);
    hrs_subcube cube = {.fixed = to & ~from & some_players(&random, 2), .free = from};
    hrs_state_rows(from, to, index);
    for (hrs_count s = 0; s < hrs_subcube_size(cube); s++)
      assert_int_equal(hrs_state_row(to, hrs_subcube_mask(cube, s)),
                       hrs_state_row(to, cube.fixed) + index[s]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_states), cmocka_unit_test(test_terms)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
