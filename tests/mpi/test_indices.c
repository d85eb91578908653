/* Interaction indices of a distributed lattice: planted dividends give them in closed form, and a
 * lone rank gives the same bits. */
#include "mpi_test.h"

#include <math.h>
#include <string.h>

enum { N = 10, TERMS = 7 };
static const hrs_mask term[TERMS] = {0x001, 0x003, 0x0d0, 0x3ff, 0x111, 0x2a8, 0x07f};
static const double effect[TERMS] = {2, -3, 1, 0.5, 4, -1, 0.25};

static double planted(hrs_mask mask) {
  double v = 1;
  for (int i = 0; i < TERMS; i++)
    v += (term[i] & ~mask) ? 0 : effect[i];
  return v;
}

static double scattered(hrs_mask mask) {
  uint64_t x = (mask + 1) * 0x9e3779b97f4a7c15u;
  return (double)(float)((double)(int64_t)(x ^ x >> 31) * 0x1p-63);
}

/* An index of the planted game, with one coefficient for each dividend. */
static double in_closed_form(hrs_index index, int orders, hrs_mask set) {
  double sum = 0;
  for (int i = 0; i < TERMS; i++)
    if (!(set & ~term[i]))
      sum += effect[i] * hrs_index_coefficient(index, orders, hrs_order(set), hrs_order(term[i]));
  return sum;
}

typedef struct results {
  double *values[HRS_INDEX_LIMIT];
  double error[HRS_INDEX_LIMIT];
} results;

/* Room on rank 0 alone: elsewhere nothing may be written. */
static void make_results(MPI_Comm comm, const int *orders, results *r) {
  memset(r, 0, sizeof *r);
  for (int i = 0; i < HRS_INDEX_LIMIT && mpi_rank(comm) == 0; i++)
    r->values[i] = calloc((size_t)hrs_set_count(N, orders[i]) + 1, sizeof *r->values[i]);
}

static void free_results(results *r) {
  for (int i = 0; i < HRS_INDEX_LIMIT; i++)
    free(r->values[i]);
}

static hrs_status compute(MPI_Comm comm, int block_bits, hrs_dtype type, double (*value)(hrs_mask),
                          const int *orders, results *out) {
  hrs_partition part;
  hrs_lattice *lattice = NULL;
  uint64_t before, after;
  HRS_TRY(hrs_partition_create(N, block_bits, mpi_size(comm), &part));
  HRS_TRY(hrs_lattice_create(comm, &part, type, 0, HRS_SHARE_AUTO, &lattice));
  for (hrs_mask mask = 0; mask < 1 << N; mask++)
    hrs_lattice_set(lattice, mask, value(mask));
  hrs_status status = hrs_lattice_checksum(lattice, &before);
  if (status == HRS_OK)
    status = hrs_lattice_indices(lattice, HRS_SHARE_AUTO, orders, out->values, out->error);
  if (status == HRS_OK) status = hrs_lattice_checksum(lattice, &after);
  bool kept = status == HRS_OK && before == after && hrs_lattice_phase(lattice) == HRS_PHASE_A;
  hrs_lattice_destroy(&lattice);
  HRS_TRY(status);
  HRS_ASSERT(kept);
  return HRS_OK;
}

static const int cases[][HRS_INDEX_LIMIT] = {
    {1, 1, 1, 1, 1, 1, 1, 1, 1, 1},    {2, 2, 2, 2, 2, 2, 2, 2, 2, 2},
    {3, 5, 4, 6, 7, 8, 9, 10, 10, 10}, {10, 10, 10, 10, 10, 10, 10, 3, 4, 5},
    {0, 0, 0, 0, 0, 0, 0, 10, 0, 0},   {0, 2, 0, 0, 0, 0, 0, 0, 0, 0},
};
enum { CASES = sizeof cases / sizeof *cases };

static void planted_dividends_give_all_indices(void **state) {
  (void)state;
  MPI_Comm comm = MPI_COMM_WORLD;
  for (int c = 0; c < CASES; c++)
    for (int narrow = 0; narrow < 2; narrow++) {
      results r;
      hrs_mask set[1 << N];
      make_results(comm, cases[c], &r);
      mpi_assert_ok(compute(comm, 4, narrow ? HRS_F32 : HRS_F64, planted, cases[c], &r));
      double worst = 0, tolerance = narrow ? 1e-4 : 1e-12;
      for (int i = 0; i < HRS_INDEX_LIMIT && mpi_rank(comm) == 0; i++) {
        hrs_set_list(N, cases[c][i], set);
        for (hrs_count j = 0; j < hrs_set_count(N, cases[c][i]); j++) {
          double wanted = in_closed_form((hrs_index)i, cases[c][i], set[j]);
          worst = fmax(worst, fabs(r.values[i][j] - wanted));
        }
        if (cases[c][i]) worst = fmax(worst, r.error[i]);
      }
      mpi_assert(worst < tolerance);
      free_results(&r);
    }
}

static void the_bits_are_those_of_one_rank(void **state) {
  (void)state;
  for (int block_bits = 3; block_bits <= 5; block_bits++)
    for (int c = 0; c < CASES; c++) {
      results all, alone;
      bool same = true;
      make_results(MPI_COMM_WORLD, cases[c], &all);
      make_results(MPI_COMM_SELF, cases[c], &alone);
      mpi_assert_ok(compute(MPI_COMM_WORLD, block_bits, HRS_F64, scattered, cases[c], &all));
      mpi_assert_ok(compute(MPI_COMM_SELF, block_bits, HRS_F64, scattered, cases[c], &alone));
      for (int i = 0; i < HRS_INDEX_LIMIT && mpi_rank(MPI_COMM_WORLD) == 0; i++) {
        size_t bytes = (size_t)hrs_set_count(N, cases[c][i]) * sizeof(double);
        same = same && memcmp(all.values[i], alone.values[i], bytes) == 0 &&
               (!cases[c][i] || all.error[i] == alone.error[i]);
      }
      mpi_assert(same);
      free_results(&all);
      free_results(&alone);
    }
}

/* Both ways are taken, and each where it costs less. */
static void low_orders_are_folded(void **state) {
  (void)state;
  double folded, transformed;
  mpi_assert(hrs_index_folds(HRS_INDEX_SII, 20, 10, 2, &folded));
  mpi_assert(fabs(folded / ldexp(1, 20) - 11) < 0.1);
  mpi_assert(hrs_index_folds(HRS_INDEX_BII, 20, 10, 3, NULL));
  mpi_assert(!hrs_index_folds(HRS_INDEX_BII, 20, 10, 4, &transformed));
  mpi_assert(transformed == ldexp(22, 20));
  mpi_assert(!hrs_index_folds(HRS_INDEX_MOEBIUS, 20, 10, 20, NULL));
  mpi_assert(!hrs_index_folds(HRS_INDEX_SII, 20, 10, 20, NULL));
  mpi_assert(hrs_index_folds(HRS_INDEX_SII, 40, 28, 2, NULL));
}

static const struct CMUnitTest tests[] = {cmocka_unit_test(planted_dividends_give_all_indices),
                                          cmocka_unit_test(the_bits_are_those_of_one_rank),
                                          cmocka_unit_test(low_orders_are_folded)};
mpi_test_main(tests)
