/* network.h -- the part of a problem that is about networks. */
#ifndef HRS_MPI_PROGRAM_PROBLEM_NETWORK_H
#define HRS_MPI_PROGRAM_PROBLEM_NETWORK_H

#include "problem.h"

/** Set up problem->model, game, samples, players, baseline, labels, class names; `plan`: evaluate
 *  nothing. Collective. */
hrs_status hrs_problem_network(MPI_Comm comm, const hrs_problem_options *options, bool plan,
                               hrs_problem *problem);
/** problem->index = 0 .. count-1. */
hrs_status hrs_problem_all_samples(hrs_problem *problem, hrs_count count);
/** Add a game to the line that says what is evaluated. Not collective. */
hrs_status hrs_problem_describe(hrs_problem *problem, const char *format, ...) HRS_PRINTF(2, 3);

#endif
