/* network.h -- the part of a job that is about networks. */
#ifndef HRS_MPI_PROGRAM_PROBLEM_NETWORK_H
#define HRS_MPI_PROGRAM_PROBLEM_NETWORK_H

#include "problem.h"

/** Set up job->model, game, samples, players, baseline, labels, class names. Collective. */
hrs_status hrs_job_network(MPI_Comm comm, const hrs_interactions_options *options, hrs_job *job);
/** job->index = 0 .. count-1. */
hrs_status hrs_job_all_samples(hrs_job *job, hrs_count count);
/** Add a game to the line that says what is evaluated. Not collective. */
hrs_status hrs_job_describe(hrs_job *job, const char *format, ...) HRS_PRINTF(2, 3);

#endif
