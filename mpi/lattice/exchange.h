/* exchange.h -- the exchange from inside: its steps, and work that is done meanwhile. */
#ifndef HRS_MPI_LATTICE_EXCHANGE_H
#define HRS_MPI_LATTICE_EXCHANGE_H

#include "lattice.h"

/** Work on what has arrived while messages are under way. The exchange writes the numbers. */
typedef struct hrs_meanwhile {
  int arrived;     /* steps that are over */
  hrs_count ready; /* rows that are complete, in the last step */
  /** Do some of what can be done now; false if there is nothing. */
  bool (*work)(struct hrs_meanwhile *meanwhile);
} hrs_meanwhile;

/** hrs_lattice_exchange behind a header of the caller's, with work meanwhile, or NULL. Collective.
 */
hrs_status hrs_lattice_exchange_and(hrs_lattice *lattice, hrs_meanwhile *meanwhile);

/** Steps of an exchange: in step 0 a rank swaps its own tiles, in each other those of a partner.
 * The partner of this rank in a step, itself in step 0, -1 where it pauses; and the other way
 * round. Not collective, nor is what follows. */
int hrs_lattice_steps(const hrs_lattice *lattice);
int hrs_lattice_partner(const hrs_lattice *lattice, int step);
int hrs_lattice_step_with(const hrs_lattice *lattice, int partner);

/** The part of an exchange that needs nobody else: the rank's own square of tiles, transposed. */
void hrs_lattice_swap_own(hrs_lattice *lattice);

#endif
