/* parts.h -- what the parts of `harsanyi features` share. */
#ifndef HRS_MPI_PROGRAM_COMMANDS_FEATURES_PARTS_H
#define HRS_MPI_PROGRAM_COMMANDS_FEATURES_PARTS_H

#include "mpi/program/engine/invocation.h"
#include "mpi/program/kinds/features/features.h"
#include "mpi/program/problem/layers.h"

/** What the file will hold; `given` is needed until it is made. Not collective. */
static inline hrs_status hrs_features_describe(const hrs_layers *layers, hrs_features_given *given,
                                               hrs_contents **out) {
  bool labels = layers->inputs.o->labels != NULL;
  return hrs_features_contents(layers->features, layers->network, layers->problem.index,
                               labels ? layers->problem.label : NULL, given, out);
}
/** What a run takes: memory, disk, and time, from a short measurement. Collective. */
hrs_status hrs_features_print_plan(MPI_Comm comm, const hrs_layers *layers,
                                   const hrs_run_options *options, hrs_count file_bytes);
/** Evaluate and write; the invocation is for /run. Collective; the status is agreed on.
 */
hrs_status hrs_features_write(MPI_Comm comm, const hrs_layers *layers,
                              const hrs_run_options *options, const hrs_invocation *invocation);

#endif
