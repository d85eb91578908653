/* What launchers say: Open MPI's mpirun, others that speak PMI, Slurm's srun. */
#include "launcher.h"

#include <stdlib.h>

/* The first of some variables of the environment that is set to a number from `least` on; else
 * `least`. */
static int from_environment(const char *const *names, int least) {
  for (; *names; names++)
    if (getenv(*names) && atoi(getenv(*names)) >= least) return atoi(getenv(*names));
  return least;
}

int hrs_launcher_rank(void) {
  static const char *const names[] = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK",
                                      "SLURM_PROCID", NULL};
  return from_environment(names, 0);
}

int hrs_launcher_size(void) {
  static const char *const names[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS",
                                      NULL};
  return from_environment(names, 1);
}

/* Slurm writes "4(x2),3": the number of the first node stands in front. */
int hrs_launcher_node_size(void) {
  static const char *const names[] = {"OMPI_COMM_WORLD_LOCAL_SIZE", "MPI_LOCALNRANKS",
                                      "SLURM_STEP_TASKS_PER_NODE", NULL};
  return from_environment(names, 1);
}
