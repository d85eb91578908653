/* Interactions learnt under noise on the distributed lattice: as on one array, and the same bits
 * for every number of ranks. */
#include "mpi_test.h"

#include <harsanyi/analysis.h>

#include <math.h>
#include <string.h>

enum { N = 10 };

static double value_of(hrs_mask mask) {
  uint64_t x = (mask + 1) * 0x9e3779b97f4a7c15u;
  return (double)(int64_t)(x ^ x >> 31) * 0x1p-63;
}

static void array_learns(double sigma2, double *w) {
  hrs_subcube all = {0, hrs_mask_full(N)};
  for (hrs_mask mask = 0; mask < 1 << N; mask++)
    w[mask] = value_of(mask);
  must(hrs_butterfly(hrs_learning_kernel(false), 1, HRS_F64, w, N, 0, N, HRS_BUTTERFLY_AUTO));
  hrs_learning_filter(N, sigma2, all, w);
  must(hrs_butterfly(hrs_learning_kernel(true), 1, HRS_F64, w, N, 0, N, HRS_BUTTERFLY_AUTO));
}

/* Lattices in the same rows, over the ranks of comm. */
typedef struct world {
  hrs_lattice *coordinates, *out;
} world;

static world open_world(MPI_Comm comm, int ranks) {
  world w;
  hrs_partition part;
  must(hrs_partition_create(N, 4, ranks, &part));
  must(hrs_lattice_create(comm, &part, HRS_F64, 0, HRS_SHARE_AUTO, &w.coordinates));
  must(hrs_lattice_create(comm, &part, HRS_F64, 0, HRS_SHARE_AUTO, &w.out));
  for (hrs_mask mask = 0; mask < 1 << N; mask++)
    hrs_lattice_set(w.coordinates, mask, value_of(mask));
  must(hrs_lattice_transform(w.coordinates, hrs_learning_kernel(false), 1));
  return w;
}

static void close_world(world *w) {
  hrs_lattice_destroy(&w->coordinates);
  hrs_lattice_destroy(&w->out);
}

static bool is_near(const hrs_lattice *lattice, const double *array) {
  hrs_count first = hrs_lattice_first_row(lattice);
  for (hrs_count row = first; row < first + hrs_lattice_row_count(lattice); row++) {
    hrs_subcube cube = hrs_lattice_row_cube(lattice, row);
    const double *x = hrs_lattice_row((hrs_lattice *)lattice, row);
    for (hrs_count i = 0; i < hrs_subcube_size(cube); i++)
      if (!(fabs(x[i] - array[hrs_subcube_mask(cube, i)]) < 1e-12)) return false;
  }
  return true;
}

static void learns_as_an_array_does(void **state) {
  (void)state;
  static const double noise[] = {0, 1e-3, 7};
  world all = open_world(MPI_COMM_WORLD, mpi_size(MPI_COMM_WORLD));
  world alone = open_world(MPI_COMM_SELF, 1);
  for (size_t i = 0; i < sizeof noise / sizeof *noise; i++) {
    double w[1 << N];
    uint64_t sums[2];
    array_learns(noise[i], w);
    mpi_assert_ok(hrs_lattice_learnt(all.coordinates, noise[i], all.out));
    must(hrs_lattice_learnt(alone.coordinates, noise[i], alone.out));
    mpi_assert(hrs_lattice_phase(all.out) == HRS_PHASE_A && is_near(all.out, w));
    mpi_assert_ok(hrs_lattice_checksum(all.out, &sums[0]));
    must(hrs_lattice_checksum(alone.out, &sums[1]));
    mpi_assert(sums[0] == sums[1]);
  }
  close_world(&all);
  close_world(&alone);
}

static void refuses_what_it_cannot_do(void **state) {
  (void)state;
  world all = open_world(MPI_COMM_WORLD, mpi_size(MPI_COMM_WORLD));
  hrs_lattice *narrow;
  must(hrs_lattice_create(MPI_COMM_WORLD, hrs_lattice_partition(all.out), HRS_F32, 0,
                          HRS_SHARE_AUTO, &narrow));
  mpi_assert(hrs_lattice_learnt(narrow, 1, narrow) == HRS_STATUS_USAGE);
  mpi_assert(hrs_lattice_learnt(all.coordinates, 1, narrow) == HRS_STATUS_INTERNAL);
  hrs_lattice_destroy(&narrow);
  close_world(&all);
}

static const struct CMUnitTest tests[] = {cmocka_unit_test(learns_as_an_array_does),
                                          cmocka_unit_test(refuses_what_it_cannot_do)};
mpi_test_main(tests)
