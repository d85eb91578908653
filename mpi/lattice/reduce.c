/* Sums in row order and the largest magnitude: the same bits for any number of ranks. */
#include "comm.h"
#include "counters.h"
#include "lattice.h"

#include <math.h>
#include <string.h>

/* One gather of known lengths, added up on the first rank in the order of rows. */
hrs_status hrs_lattice_add_rows(const hrs_lattice *lattice, int width, const double *parts,
                                double *sum) {
  MPI_Comm comm = hrs_lattice_comm(lattice);
  const hrs_partition *part = hrs_lattice_partition(lattice);
  hrs_count rows = (hrs_count)1 << part->block_bits;
  int rank = hrs_comm_rank(comm), mine = 0, all_count = 0;
  /* Rows times width is the same everywhere: where it is too many, all ranks say so. */
  HRS_TRY(hrs_narrow(rows * width, "sums of rows", &all_count));
  HRS_TRY(hrs_narrow(hrs_lattice_row_count(lattice) * width, "sums of rows", &mine));
  double *all = NULL;
  int *counts = NULL, *places = NULL;
  hrs_status status = HRS_OK;
  if (rank == 0) {
    status = hrs_alloc(all_count, sizeof *all, &all);
    if (status == HRS_OK) status = hrs_alloc(part->ranks, sizeof *counts, &counts);
    if (status == HRS_OK) status = hrs_alloc(part->ranks, sizeof *places, &places);
  }
  HRS_GO(hrs_agree(comm, status));
  for (int r = 0; r < part->ranks && rank == 0; r++) {
    places[r] = (int)hrs_partition_first(part, r) * width;
    counts[r] = (int)hrs_partition_first(part, r + 1) * width - places[r];
  }
  HRS_GO(hrs_comm_gather_parts(comm, parts, mine, all, counts, places));
  memset(sum, 0, (size_t)width * sizeof *sum);
  for (int i = 0; i < all_count && rank == 0; i++)
    sum[i % width] += all[i];
  status = hrs_broadcast(comm, 0, sum, width * (hrs_count)sizeof *sum);
done:
  hrs_free(all);
  hrs_free(counts);
  hrs_free(places);
  return status;
}

hrs_status hrs_lattice_sum(const hrs_lattice *lattice, int width, hrs_row_function function,
                           void *context, double *sum) {
  hrs_dtype type = hrs_lattice_type(lattice);
  hrs_count first = hrs_lattice_first_row(lattice), rows = hrs_lattice_row_count(lattice);
  double *parts = NULL;
  hrs_status status = hrs_calloc(rows * width, sizeof *parts, &parts);
  for (hrs_count row = 0; row < rows && status == HRS_OK; row++) {
    status = function(context, type, hrs_lattice_row(lattice, first + row),
                      hrs_lattice_row_cube(lattice, first + row), parts + row * width);
    hrs_count_passed(hrs_lattice_row_bytes(lattice));
  }
  HRS_GO(hrs_agree(hrs_lattice_comm(lattice), status));
  status = hrs_lattice_add_rows(lattice, width, parts, sum);
done:
  hrs_free(parts);
  return status;
}

static double row_max(hrs_dtype type, const void *values, hrs_count first, hrs_count count) {
  double most = 0;
  if (type == HRS_F64) {
    const double *x = values;
    for (hrs_count i = first; i < count; i++)
      most = fabs(x[i]) > most ? fabs(x[i]) : most;
  } else {
    const float *x = values;
    float largest = 0;
    for (hrs_count i = first; i < count; i++)
      largest = fabsf(x[i]) > largest ? fabsf(x[i]) : largest;
    most = (double)largest;
  }
  return most;
}

hrs_status hrs_lattice_max(const hrs_lattice *lattice, double *out) {
  hrs_count first = hrs_lattice_first_row(lattice), rows = hrs_lattice_row_count(lattice);
  double most = 0;
  for (hrs_count row = first; row < first + rows; row++) {
    /* The empty set is element 0 of row 0 in both phases. */
    double here = row_max(hrs_lattice_type(lattice), hrs_lattice_row(lattice, row), row == 0,
                          hrs_lattice_row_size(lattice));
    most = here > most ? here : most;
    hrs_count_passed(hrs_lattice_row_bytes(lattice));
  }
  *out = most;
  return hrs_comm_reduce(hrs_lattice_comm(lattice), MPI_MAX, MPI_DOUBLE, out, 1);
}
