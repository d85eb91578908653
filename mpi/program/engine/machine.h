/* machine.h -- what a plan is made for: the ranks that there are, or those of a stated machine. */
#ifndef HRS_MPI_PROGRAM_ENGINE_MACHINE_H
#define HRS_MPI_PROGRAM_ENGINE_MACHINE_H

#include "mpi/program/options/groups.h"

#include <harsanyi/mpi.h>

typedef struct hrs_machine {
  int ranks, nodes;
  int node_ranks;   /* fewest on a node; where the nodes are not known, 1 */
  hrs_count memory; /* bytes that a rank may use on the smallest node, and what sets that */
  char limit[320];
  hrs_count held;   /* bytes that a rank holds beside what the program allocates */
  double bandwidth; /* bytes per second between a node and the others; 0: not known */
  bool stated;      /* it is not the one at hand */
} hrs_machine;

/**
 * The machine under the ranks of comm; with --plan-ranks the one that the options state.
 * @param shared  the ranks of a node share memory
 * Collective over comm. Errors: USAGE, more nodes than ranks.
 */
hrs_status hrs_machine_find(MPI_Comm comm, const hrs_run_options *options, bool shared,
                            hrs_machine *out);

#endif
