/* A game of 14 players, v = 3 [players 1, 4 and 9 are there], spread over the ranks: its dividend
 * at {1, 4, 9} is 3. And what both libraries share: one account of memory, one error message. */
#include <harsanyi/mpi.h>

#include <stdio.h>

enum { PLAYERS = 14 };

static hrs_status transform(double *dividend, double *largest) {
  const hrs_mask wanted = 1 << 1 | 1 << 4 | 1 << 9;
  int ranks;
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  hrs_partition part;
  hrs_lattice *lattice;
  HRS_TRY(hrs_partition_create(PLAYERS, -1, ranks, &part));
  HRS_TRY(hrs_lattice_create(MPI_COMM_WORLD, &part, HRS_F64, 0, HRS_SHARE_AUTO, &lattice));
  hrs_count first = hrs_lattice_first_row(lattice), count = hrs_lattice_row_count(lattice);
  for (hrs_count row = first; row < first + count; row++) {
    double *values = hrs_lattice_row(lattice, row);
    hrs_subcube cube = hrs_lattice_row_cube(lattice, row);
    hrs_mask mask = cube.fixed;
    for (hrs_count i = 0; i < hrs_subcube_size(cube); i++) {
      values[i] = (mask & wanted) == wanted ? 3 : 0;
      mask = hrs_subcube_next(cube, mask);
    }
  }
  hrs_status status = hrs_lattice_transform(lattice, hrs_kernel_get(HRS_KERNEL_MOBIUS), 1);
  if (status == HRS_OK) status = hrs_lattice_get(lattice, wanted, dividend);
  if (status == HRS_OK) status = hrs_lattice_max(lattice, largest);
  hrs_lattice_destroy(&lattice);
  return status;
}

/* A lattice is on the account of memory while it is there, and no longer. */
static hrs_status account(int ranks) {
  const hrs_count before = hrs_memory_current(), bytes = ((hrs_count)8 << PLAYERS) / ranks;
  hrs_partition part;
  hrs_lattice *lattice;
  HRS_TRY(hrs_partition_create(PLAYERS, -1, ranks, &part));
  HRS_TRY(hrs_lattice_create(MPI_COMM_WORLD, &part, HRS_F64, 0, HRS_SHARE_OFF, &lattice));
  const hrs_count with = hrs_memory_current();
  hrs_lattice_destroy(&lattice);
  HRS_REQUIRE(with >= before + bytes, VERIFY, "the lattice is on no account");
  HRS_REQUIRE(hrs_memory_current() == before, VERIFY, "the lattice stays on the account");
  return HRS_OK;
}

static hrs_status run(int rank, int ranks) {
  double dividend = 0, largest = 0;
  hrs_partition part;
  HRS_TRY(hrs_agree(MPI_COMM_WORLD, transform(&dividend, &largest)));
  HRS_TRY(hrs_agree(MPI_COMM_WORLD, account(ranks)));
  if (rank == 0) printf("%g %g on %d ranks\n", dividend, largest, ranks);
  /* One block for each mask is too many. */
  return hrs_partition_create(PLAYERS, PLAYERS, ranks, &part);
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  int rank, ranks;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  hrs_status status = run(rank, ranks);
  if (rank == 0) printf("%s\n", hrs_error_message());
  MPI_Finalize();
  return status == HRS_STATUS_USAGE ? 0 : hrs_status_exit_code(status);
}
