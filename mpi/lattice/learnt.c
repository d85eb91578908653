/* Interactions learnt under noise, on the lattice: a factor for each order, and a transform. */
#include "comm.h"

hrs_status hrs_lattice_learnt(const hrs_lattice *coordinates, double sigma2, hrs_lattice *out) {
  hrs_status status = HRS_OK;
  if (hrs_lattice_type(coordinates) != HRS_F64)
    status = hrs_error_set(HRS_STATUS_USAGE, __FILE__, __LINE__,
                           "learnt interactions need a lattice in double precision");
  if (status == HRS_OK) status = hrs_lattice_copy(coordinates, out);
  HRS_TRY(hrs_agree(hrs_lattice_comm(coordinates), status));
  hrs_count first = hrs_lattice_first_row(out);
  for (hrs_count row = first; row < first + hrs_lattice_row_count(out); row++)
    hrs_learning_filter(hrs_lattice_partition(out)->n, sigma2, hrs_lattice_row_cube(out, row),
                        hrs_lattice_row(out, row));
  return hrs_lattice_transform(out, hrs_learning_kernel(true), 1);
}
