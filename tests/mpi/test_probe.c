/* Probes over ranks: the same bits however the rows are dealt, and failures of one rank. */
#include "mpi_test.h"

#include <harsanyi/probe.h>

#include <math.h>
#include <string.h>

enum { ROWS = 333, UNITS = 1100, CLASSES = 4, BLOCK = 8, SIZE = CLASSES * UNITS };

static float features[ROWS * UNITS];
static int labels[ROWS];

static void fill(void) {
  for (int i = 0; i < ROWS * UNITS; i++) {
    uint64_t x = ((uint64_t)i + 1) * 0x9e3779b97f4a7c15u;
    features[i] = (float)((double)(int64_t)(x ^ x >> 31) * 0x1p-63);
  }
  for (int i = 0; i < ROWS; i++)
    labels[i] = (features[i * UNITS] > 0) + 2 * (features[i * UNITS + 7] > 0);
}

/* The rows of a rank: so many blocks, or none. */
static hrs_probe_rows rows_of(int rank, int ranks) {
  hrs_count blocks = (ROWS + BLOCK - 1) / BLOCK;
  hrs_count first = blocks * rank / ranks * BLOCK, end = blocks * (rank + 1) / ranks * BLOCK;
  end = end < ROWS ? end : ROWS;
  return (hrs_probe_rows){.total = ROWS,
                          .first = first,
                          .rows = end - first,
                          .block = BLOCK,
                          .units = UNITS,
                          .classes = CLASSES,
                          .x = features + first * UNITS,
                          .label = labels + first};
}

static void every_dealing_gives_the_same_bits(void **state) {
  (void)state;
  static double weight[2][SIZE], bias[2][CLASSES];
  MPI_Comm world = MPI_COMM_WORLD;
  hrs_probe_options options = {.penalty = 1e-3, .tolerance = 1e-6, .iterations = 30};
  hrs_probe_report report[2], test[2];
  hrs_probe_rows all = rows_of(0, 1);
  hrs_probe_rows own = rows_of(mpi_rank(world), mpi_size(world));
  must(hrs_probe_train(&all, &options, weight[0], bias[0], &report[0]));
  must(hrs_probe_test(&all, &options, weight[0], bias[0], &test[0]));
  options.join = hrs_mpi_probe_join;
  options.context = &world;
  mpi_assert_ok(hrs_probe_train(&own, &options, weight[1], bias[1], &report[1]));
  mpi_assert_ok(hrs_probe_test(&own, &options, weight[1], bias[1], &test[1]));
  mpi_assert(memcmp(weight[0], weight[1], sizeof weight[0]) == 0);
  mpi_assert(memcmp(bias[0], bias[1], sizeof bias[0]) == 0);
  mpi_assert(memcmp(&report[0], &report[1], sizeof report[0]) == 0);
  mpi_assert(test[0].loss == test[1].loss && test[0].accuracy == test[1].accuracy);
  mpi_assert(report[0].accuracy > 0.9);
}

static void one_rank_fails_for_all(void **state) {
  (void)state;
  static double weight[SIZE], bias[CLASSES];
  MPI_Comm world = MPI_COMM_WORLD;
  int last = mpi_size(world) - 1;
  hrs_probe_options options = {.penalty = 1,
                               .tolerance = 1e-6,
                               .iterations = 5,
                               .join = hrs_mpi_probe_join,
                               .context = &world};
  hrs_probe_report report;
  hrs_probe_rows own = rows_of(mpi_rank(world), mpi_size(world));
  if (mpi_rank(world) == last) labels[own.first] = -1;
  mpi_assert(hrs_probe_train(&own, &options, weight, bias, &report) == HRS_STATUS_INPUT);
  labels[own.first] = 0;
  if (mpi_rank(world) == last) features[own.first * UNITS + 3] = INFINITY;
  mpi_assert(hrs_probe_train(&own, &options, weight, bias, &report) == HRS_STATUS_NONFINITE);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_dealing_gives_the_same_bits),
                                     cmocka_unit_test(one_rank_fails_for_all)};
  if (!mpi_test_begin(&argc, &argv)) return 1;
  fill();
  return mpi_test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
