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
 * Collective over comm.
 */
hrs_status hrs_machine_find(MPI_Comm comm, const hrs_run_options *options, bool shared,
                            hrs_machine *out);
/** Do the options that state a machine belong to a plan? Not collective. Errors: USAGE. */
hrs_status hrs_machine_check_options(const hrs_run_options *options);
/** Bytes of a rank's memory that it may take: some is left for others. Not collective. */
double hrs_machine_usable(const hrs_machine *machine);
/** May its ranks take so many bytes each? Not collective. */
static inline bool hrs_machine_may_hold(const hrs_machine *machine, hrs_count bytes) {
  return (double)bytes <= hrs_machine_usable(machine);
}
/**
 * For what has no plan: may the ranks of comm allocate so many bytes each, beside what they hold?
 * Collective over comm; the status is agreed on. Errors: TOO_LARGE, for `what` needs as much.
 */
hrs_status hrs_machine_require(MPI_Comm comm, bool shared, hrs_count bytes, const char *what);

#endif
