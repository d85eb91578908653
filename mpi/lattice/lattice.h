/* lattice.h -- the distributed lattice from inside: what exchange.c and lattice.c share. */
#ifndef HRS_MPI_LATTICE_LATTICE_H
#define HRS_MPI_LATTICE_LATTICE_H

#include "shared.h"

struct hrs_lattice {
  MPI_Comm comm;
  hrs_partition part;
  int rank;
  hrs_dtype type;
  hrs_phase phase;
  hrs_count first, count; /* rows */
  hrs_count chunk;        /* bytes of one of the two chunks */
  char *data;
  hrs_shared *shared; /* data is memory that the node's other ranks reach; or NULL */
  char *scratch;      /* two chunks */
};

/** Elements of a tile. */
static inline hrs_count hrs_lattice_tile(const hrs_lattice *lattice) {
  return (hrs_count)1 << (lattice->part.n - 2 * lattice->part.block_bits);
}

/** The butterflies across the tiles of this rank's rows, done while an exchange brings the tiles:
 *  across.c. */
typedef struct hrs_across {
  hrs_lattice *lattice;
  hrs_kernel kernel;
  int block;             /* columns are worked on in blocks of 2^block; 0: rows as a whole only */
  int arrived;           /* steps of the exchange that are over */
  int step;              /* whose columns are worked on; those of earlier steps are done */
  hrs_count row;         /* in rows before this one, these columns are done */
  hrs_count done, ready; /* rows that are finished; rows that are complete, in the last step */
  hrs_status status;     /* the first failure; what comes after it is left alone */
} hrs_across;

/** To be called before the exchange. Not collective, like the next two. */
hrs_across hrs_across_begin(hrs_lattice *lattice, hrs_kernel kernel);
/** Do some of the work that can be done now; false if there is none. */
bool hrs_across_work(hrs_across *across);
/** Do what is left: everything has arrived. */
void hrs_across_end(hrs_across *across);

/** hrs_lattice_exchange, with work on what has arrived while messages are under way, and up to the
 *  end of it; NULL for none. A rank takes part to the end, whatever butterfly fails; across->status
 *  is for the caller to agree on. Collective. */
hrs_status hrs_lattice_exchange_and(hrs_lattice *lattice, hrs_across *across);

/** Steps of an exchange: in step 0 a rank swaps its own tiles, in each other those of a partner.
 * The partner of this rank in a step, itself in step 0, -1 where it pauses; and the other way
 * round. */
int hrs_lattice_steps(const hrs_lattice *lattice);
int hrs_lattice_partner(const hrs_lattice *lattice, int step);
int hrs_lattice_step_with(const hrs_lattice *lattice, int partner);

/** The part of an exchange that needs nobody else: the rank's own square of tiles, transposed. */
void hrs_lattice_swap_own(hrs_lattice *lattice);

/** Swap tile [i][j] of one matrix with tile [j][i] of another, i < rows, j < columns; both have
 *  rows of `row` bytes. a == b: transpose a square matrix in place. */
void hrs_swap_across(char *a, char *b, hrs_count row, hrs_count tile, hrs_count rows,
                     hrs_count columns);

#endif
