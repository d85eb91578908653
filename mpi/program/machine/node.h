/* node.h -- what the machine under the ranks has. */
#ifndef HRS_MPI_PROGRAM_MACHINE_NODE_H
#define HRS_MPI_PROGRAM_MACHINE_NODE_H

#include <harsanyi/mpi.h>

/** What a rank may still take, and what sets that. */
typedef struct hrs_node_room {
  hrs_count bytes;
  int ranks; /* that have as much each */
  char limit[320];
} hrs_node_room;

/** The least of all ranks: what hrs_memory_room_find tells, that of a node over the ranks on it.
 *  A process by itself (MPI_COMM_SELF) shares with those that a launcher has started beside it.
 *  `shared`: ranks map what their neighbours hold, which counts for ulimit -v. The environment
 *  variable HARSANYI_SYSTEM names a folder in whose proc and sys to look, for tests. Collective. */
hrs_status hrs_node_memory(MPI_Comm comm, bool shared, hrs_node_room *least);
/** The fewest ranks that a node has, and how many nodes there are. Collective over comm. */
hrs_status hrs_node_ranks(MPI_Comm comm, int *least, int *nodes);
/** Names of the nodes, each once, separated by commas, on rank 0; hrs_free it. Collective. */
hrs_status hrs_node_names(MPI_Comm comm, char **out);
/** Resident set of this process, in bytes; 0 where that is not known. Not collective. */
hrs_count hrs_node_resident(void);
/** Largest resident set this process ever had, in bytes. Not collective. */
hrs_count hrs_node_resident_peak(void);

#endif
