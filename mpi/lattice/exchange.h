/* exchange.h -- the exchange from inside, and work that is done meanwhile. */
#ifndef HRS_MPI_LATTICE_EXCHANGE_H
#define HRS_MPI_LATTICE_EXCHANGE_H

#include "lattice.h"

/** Work on what has arrived while messages are under way. The exchange writes the numbers. */
typedef struct hrs_meanwhile {
  int arrived;     /* steps that are over */
  hrs_count ready; /* rows that are complete, in the last step */
  double seconds;  /* that the work has taken */
  /** Do some of what can be done now; false if there is nothing. */
  bool (*work)(struct hrs_meanwhile *meanwhile);
} hrs_meanwhile;

/** hrs_lattice_exchange behind a header of the caller's, with work meanwhile, or NULL. Collective.
 */
hrs_status hrs_lattice_exchange_and(hrs_lattice *lattice, hrs_meanwhile *meanwhile);

/** The part of an exchange that needs nobody else: the rank's own square of tiles, transposed. Not
 *  collective. */
void hrs_lattice_swap_own(hrs_lattice *lattice);

#endif
