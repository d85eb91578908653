/*
 * A whole transform: the bits that a row has, then the exchange, then the bits that rows have after
 * it, which are those across tiles and begin while messages are under way (across.c).
 *
 * Cost: as many butterflies as elements times n/2, in two passes over the rows, and one exchange.
 */
#include "across.h"

#include "comm.h"
#include "counters.h"

hrs_status hrs_lattice_transform(hrs_lattice *lattice, hrs_kernel kernel, double scale) {
  int bits = lattice->part.n - lattice->part.block_bits;
  hrs_status status = HRS_OK;
  for (hrs_count row = 0; row < lattice->count && status == HRS_OK; row++) {
    status =
        hrs_butterfly(kernel, scale, lattice->type, hrs_lattice_row(lattice, lattice->first + row),
                      bits, 0, bits, HRS_BUTTERFLY_AUTO);
    hrs_count_passed(2 * hrs_lattice_row_bytes(lattice));
  }
  HRS_TRY(hrs_agree(lattice->comm, status));
  /* A rank takes part in the exchange to its end, whatever butterfly fails. */
  hrs_across across = hrs_across_begin(lattice, kernel);
  status = hrs_lattice_exchange_and(lattice, &across.exchange);
  if (status == HRS_OK) hrs_across_end(&across);
  return hrs_agree(lattice->comm, status == HRS_OK ? across.status : status);
}
