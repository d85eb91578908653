/* write_lattice.h -- lattices as rows of arrays [rows, 2^n]. */
#ifndef HRS_MPI_DATASET_WRITE_LATTICE_H
#define HRS_MPI_DATASET_WRITE_LATTICE_H

#include "dataset.h"

#include <harsanyi/mpi.h>

/**
 * Write a lattice as row k of an array, in slabs, from either phase. Collective over the data set's
 * communicator: ranks of groups without a lattice in this round pass NULL. Different groups write
 * different rows at the same time. Errors: IO.
 */
hrs_status hrs_dataset_write_lattice(hrs_dataset *set, const char *path, hrs_count k,
                                     const hrs_lattice *lattice);

#endif
