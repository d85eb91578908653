/* across.h -- the butterflies across the tiles of this rank's rows, done while an exchange brings
 * the tiles. */
#ifndef HRS_MPI_LATTICE_ACROSS_H
#define HRS_MPI_LATTICE_ACROSS_H

#include "exchange.h"

typedef struct hrs_across {
  hrs_meanwhile exchange; /* what has arrived; the first member */
  hrs_lattice *lattice;
  hrs_kernel kernel;
  int block;         /* columns are worked on in blocks of 2^block; 0: rows as a whole only */
  int step;          /* whose columns are worked on; those of earlier steps are done */
  hrs_count row;     /* in rows before this one, these columns are done */
  hrs_count done;    /* rows that are finished */
  hrs_status status; /* the first failure; what comes after it is left alone */
} hrs_across;

/** To be called before the exchange, which gets &across.exchange. Not collective, like the next. */
hrs_across hrs_across_begin(hrs_lattice *lattice, hrs_kernel kernel);
/** Do what is left: everything has arrived. A failure is in across->status. */
void hrs_across_end(hrs_across *across);

#endif
