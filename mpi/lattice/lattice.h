/* lattice.h -- the distributed lattice from inside. */
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

/** Bytes of a row. */
static inline hrs_count hrs_lattice_row_bytes(const hrs_lattice *lattice) {
  return hrs_lattice_row_size(lattice) * (hrs_count)hrs_dtype_size(lattice->type);
}

/** The two exchange chunks as one scratch buffer, for whoever moves rows between exchanges. Not
 *  collective. */
void *hrs_lattice_scratch(const hrs_lattice *lattice, hrs_count *bytes);
/** hrs_lattice_sum from what each of this rank's rows gave, parts[rows][width]. Collective. */
hrs_status hrs_lattice_add_rows(const hrs_lattice *lattice, int width, const double *parts,
                                double *sum);

#endif
