/* The size that noise, spread and thresholds are given in: mean |v(N) - v(empty)|. */
#include "problem.h"

#include "mpi/lattice/comm.h"

#include <math.h>

hrs_status hrs_problem_delta(MPI_Comm comm, const hrs_problem *problem, double *effect,
                             double *out) {
  int rank = hrs_comm_rank(comm), size = hrs_comm_size(comm);
  hrs_count rows = problem->samples * problem->targets;
  double *values = NULL;
  hrs_mask masks[2] = {0, hrs_mask_full(problem->n)};
  hrs_status status = hrs_alloc(2 * problem->targets, sizeof *values, &values);
  for (hrs_count k = 0; k < rows; k++)
    effect[k] = 0;
  for (hrs_count s = rank; s < problem->samples && status == HRS_OK; s += size) {
    status = hrs_game_select(problem->game, hrs_problem_in_game(problem, s));
    if (status == HRS_OK) status = hrs_game_evaluate_masks(problem->game, 2, masks, values);
    for (int t = 0; t < problem->targets && status == HRS_OK; t++)
      effect[s * problem->targets + t] = fabs(values[2 * t + 1] - values[2 * t]);
  }
  hrs_free(values);
  HRS_TRY(hrs_agree(comm, status));
  HRS_TRY(hrs_comm_reduce(comm, MPI_SUM, MPI_DOUBLE, effect, rows));
  *out = 0;
  for (hrs_count i = 0; i < rows; i++)
    *out += effect[i] / (double)rows;
  return HRS_OK;
}
