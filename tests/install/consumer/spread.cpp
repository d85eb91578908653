// A C++ program on the distributed lattice, which links MPI's C library alone.
#include <harsanyi/fit.h>

#include <cstdio>

static hrs_status largest_of(double *largest) {
  int ranks;
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  hrs_partition part;
  hrs_lattice *lattice = nullptr;
  HRS_TRY(hrs_partition_create(10, -1, ranks, &part));
  HRS_TRY(hrs_lattice_create(MPI_COMM_WORLD, &part, HRS_F64, 0, HRS_SHARE_AUTO, &lattice));
  const hrs_count first = hrs_lattice_first_row(lattice), size = hrs_lattice_row_size(lattice);
  for (hrs_count row = first; row < first + hrs_lattice_row_count(lattice); row++)
    for (hrs_count i = 0; i < size; i++)
      static_cast<double *>(hrs_lattice_row(lattice, row))[i] = row == 1 && i == 2 ? 3 : 0;
  double own = 0;
  for (hrs_count row = first; row < first + hrs_lattice_row_count(lattice); row++)
    for (hrs_count i = 0; i < size; i++) {
      const double value = static_cast<double *>(hrs_lattice_row(lattice, row))[i];
      own = value > own ? value : own;
    }
  MPI_Allreduce(&own, largest, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
  hrs_lattice_destroy(&lattice);
  return HRS_OK;
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  int rank, size;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  double largest = 0;
  const hrs_status status = largest_of(&largest);
  if (rank == 0 && status == HRS_OK) std::printf("%d ranks, largest %g\n", size, largest);
  MPI_Finalize();
  return hrs_status_exit_code(status);
}
