/* Sums in row order and the largest magnitude: the same bits for any number of ranks. */
#include <harsanyi/mpi.h>

#include <math.h>
#include <string.h>

hrs_status hrs_lattice_add_rows(const hrs_lattice *lattice, int width, const double *parts,
                                double *sum) {
  MPI_Comm comm = hrs_lattice_comm(lattice);
  hrs_count rows = hrs_lattice_row_count(lattice), bytes;
  double *all = NULL;
  HRS_TRY(hrs_gather(comm, parts, rows * width * (hrs_count)sizeof *parts, (void **)&all, &bytes));
  memset(sum, 0, (size_t)width * sizeof *sum);
  if (all)
    for (hrs_count i = 0; i < bytes / (hrs_count)sizeof *all; i++)
      sum[i % width] += all[i];
  MPI_Bcast(sum, width, MPI_DOUBLE, 0, comm);
  hrs_free(all);
  return HRS_OK;
}

hrs_status hrs_lattice_sum(const hrs_lattice *lattice, int width, hrs_row_function function,
                           void *context, double *sum) {
  hrs_dtype type = hrs_lattice_type(lattice);
  hrs_count first = hrs_lattice_first_row(lattice), rows = hrs_lattice_row_count(lattice);
  double *parts = NULL;
  hrs_status status = hrs_calloc(rows * width, sizeof *parts, &parts);
  for (hrs_count row = 0; row < rows && status == HRS_OK; row++)
    status = function(context, type, hrs_lattice_row(lattice, first + row),
                      hrs_lattice_row_cube(lattice, first + row), parts + row * width);
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
  }
  MPI_Allreduce(&most, out, 1, MPI_DOUBLE, MPI_MAX, hrs_lattice_comm(lattice));
  return HRS_OK;
}
