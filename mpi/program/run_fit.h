/* run_fit.h -- the fitted split within a run. */
#ifndef HRS_MPI_PROGRAM_RUN_FIT_H
#define HRS_MPI_PROGRAM_RUN_FIT_H

#include "run.h"

/** Working memory of the group's fits, where the job fits. Collective over the group. */
hrs_status hrs_run_fit_create(hrs_run *run);
/** Split the values of one target of all networks; `again`: a second time, of which nothing is
 * said. Collective over the group. */
hrs_status hrs_run_split(hrs_run *run, hrs_count sample, hrs_lattice *const *values, bool again);
/** What /fit and /reconstruction say of one network after hrs_run_split, with the interactions
 *  from `threshold` on. Collective over the group. */
hrs_status hrs_run_reconstruct(hrs_run *run, int network, hrs_lattice *values, double threshold,
                               hrs_interactions_fit *out);

/** After hrs_run_reconstruct of all networks of a sample and target, of which row k is the last:
 *  what they share, to the data set. By the group's first rank. */
hrs_status hrs_run_share(hrs_run *run, hrs_count k);
/**
 * What lists by falling |I| have in common. Not collective.
 * @param threshold  [networks]
 * @param salient    [networks] |in all| / |in this one|, among those that pass its threshold; NaN
 *                   where none does
 * @param top        [points] share of the 2^point strongest that all networks have among theirs
 */
hrs_status hrs_share_measure(int networks, const hrs_salient *lists, const double *threshold,
                             int points, double *salient, double *top);

#endif
