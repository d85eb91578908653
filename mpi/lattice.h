/* lattice.h -- the distributed lattice from inside: what exchange.c and lattice.c share. */
#ifndef HRS_MPI_LATTICE_H
#define HRS_MPI_LATTICE_H

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

/** Rows whose exchange is over, and what is done with them while messages are under way. */
typedef struct hrs_row_work {
  hrs_status (*row)(void *context, hrs_count row);
  void *context;
  hrs_count done, ready; /* of the lattice's rows, from its first one on */
  hrs_status status;     /* the first failure; rows after it are left alone */
} hrs_row_work;

/** hrs_lattice_exchange, and `work` on all rows of this rank. Every rank takes part to the end,
 *  whatever fails; work->status is for the caller to agree on. Collective. */
hrs_status hrs_lattice_exchange_and(hrs_lattice *lattice, hrs_row_work *work);

/** The part of an exchange that needs nobody else: the rank's own square of tiles, transposed. */
void hrs_lattice_swap_own(hrs_lattice *lattice);

/** Swap tile [i][j] of one matrix with tile [j][i] of another, i < rows, j < columns; both have
 *  rows of `row` bytes. a == b: transpose a square matrix in place. */
void hrs_swap_across(char *a, char *b, hrs_count row, hrs_count tile, hrs_count rows,
                     hrs_count columns);

#endif
