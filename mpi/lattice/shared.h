/* shared.h -- memory that all ranks of a node can reach. */
#ifndef HRS_MPI_LATTICE_SHARED_H
#define HRS_MPI_LATTICE_SHARED_H

#include <harsanyi/mpi.h>

typedef struct hrs_shared hrs_shared;

/**
 * Allocate `bytes` here that the other ranks of the node may read and write, and reach theirs.
 * Where that cannot be had (a rank alone on its node, a system that does not let processes open
 * each other's memory), *out is NULL and nothing is allocated: take hrs_alloc. Collective over
 * comm; ranks of one node get the same answer.
 */
hrs_status hrs_shared_create(MPI_Comm comm, hrs_count bytes, hrs_shared **out);
void hrs_shared_destroy(hrs_shared **shared);
/** This rank's own memory; that of another rank of the communicator, NULL on another node. */
/**
 * Let the ranks of each node share what hrs_memory_constant names: weights, mostly. Pages that are
 * not the same on all of them stay as they are, and so does everything where there is little to
 * save or processes cannot reach each other's memory. Collective over comm.
 */
hrs_status hrs_shared_constants(MPI_Comm comm);
void *hrs_shared_own(const hrs_shared *shared);
void *hrs_shared_of(const hrs_shared *shared, int rank);

#endif
