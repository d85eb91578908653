/* kinds.h -- the kinds of data sets that the program knows. */
#ifndef HRS_MPI_PROGRAM_KINDS_KINDS_H
#define HRS_MPI_PROGRAM_KINDS_KINDS_H

#include "mpi/dataset/kind.h"

/** All of them; the list ends with NULL. */
extern const hrs_kind *const hrs_kinds[];

#endif
