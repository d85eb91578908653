/* network.h -- the part of a problem that is about networks. */
#ifndef HRS_MPI_PROGRAM_PROBLEM_NETWORK_H
#define HRS_MPI_PROGRAM_PROBLEM_NETWORK_H

#include "problem.h"

/** Set up problem->model, game, samples, players, baseline, labels, class names; `plan`: evaluate
 *  nothing. Collective. */
hrs_status hrs_problem_network(MPI_Comm comm, const hrs_problem_options *options, bool plan,
                               hrs_problem *problem);

#endif
