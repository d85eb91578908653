/* features.h -- what the parts of `harsanyi features` share. */
#ifndef HRS_MPI_PROGRAM_COMMANDS_FEATURES_FEATURES_H
#define HRS_MPI_PROGRAM_COMMANDS_FEATURES_FEATURES_H

#include "mpi/program/problem/builder.h"

/** A network, its samples, and what is wanted of it. */
typedef struct hrs_features_job {
  const char *network; /* its path */
  hrs_problem problem; /* its model, samples and labels; no game */
  hrs_problem_builder inputs;
  hrs_features *features;
  const char *command, *echo; /* for /run */
} hrs_features_job;

/** A table of the layers. By one process. */
void hrs_features_print_layers(const hrs_features *features);
/** What a run takes: memory, disk, and time, from a short measurement; an hrs_plan_print of this
 *  command. Collective. */
hrs_status hrs_features_print_plan(MPI_Comm comm, const hrs_features_job *job,
                                   hrs_count file_bytes);
/** Evaluate and write. Collective; the status is agreed on. */
hrs_status hrs_features_write(MPI_Comm comm, const hrs_features_job *job,
                              const hrs_run_options *options);

#endif
