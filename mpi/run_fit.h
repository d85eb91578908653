/* run_fit.h -- the fitted split within a run. */
#ifndef HRS_MPI_RUN_FIT_H
#define HRS_MPI_RUN_FIT_H

#include "run.h"

/** Working memory of the group's fits, where the job fits. Collective over the group. */
hrs_status hrs_run_fit_create(hrs_run *run);
/** Split the values of one target of all networks. Collective over the group. */
hrs_status hrs_run_split(hrs_run *run, hrs_lattice *const *values);
/** What /fit and /reconstruction say of one network after hrs_run_split, with the interactions
 *  from `threshold` on. Collective over the group. */
hrs_status hrs_run_reconstruct(hrs_run *run, int network, hrs_lattice *values, double threshold,
                               hrs_dataset_fit *out);

#endif
