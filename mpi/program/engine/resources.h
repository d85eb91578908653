/* resources.h -- what a run may use of the machine, and how it keeps numbers. Results depend on
 * precision and blocks alone. */
#ifndef HRS_MPI_PROGRAM_ENGINE_RESOURCES_H
#define HRS_MPI_PROGRAM_ENGINE_RESOURCES_H

#include "mpi/program/options/groups.h"

#include <harsanyi/mpi.h>

typedef struct hrs_resources {
  hrs_dtype precision;  /* of lattices */
  hrs_sharing sharing;  /* of memory by the ranks of a node */
  hrs_count chunk;      /* bytes of a message */
  hrs_count blocks;     /* rows of a lattice; 0: as the number of players says */
  int ranks_per_sample; /* 0: as is fastest and fits */
} hrs_resources;

/** Not collective. Errors: USAGE. */
hrs_status hrs_resources_make(const hrs_resource_options *options, hrs_resources *out);

#endif
