/* node.h -- what the machine under the ranks has. */
#ifndef HRS_MPI_NODE_H
#define HRS_MPI_NODE_H

#include <harsanyi/mpi.h>

/** Bytes a rank may still take: available memory of its node (or its control group's limit) over
 *  the ranks on the node, the smallest of all nodes. Collective over comm. */
hrs_status hrs_node_memory(MPI_Comm comm, hrs_count *least);
/** The fewest ranks that a node has. Collective over comm. */
hrs_status hrs_node_ranks(MPI_Comm comm, int *least);
/** Names of the nodes, each once, separated by commas, on rank 0; hrs_free it. Collective. */
hrs_status hrs_node_names(MPI_Comm comm, char **out);
/** Largest resident set this process ever had, in bytes. Not collective. */
hrs_count hrs_node_resident_peak(void);

#endif
