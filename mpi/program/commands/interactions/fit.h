/* fit.h -- the fitted split within a run. */
#ifndef HRS_MPI_PROGRAM_COMMANDS_INTERACTIONS_FIT_H
#define HRS_MPI_PROGRAM_COMMANDS_INTERACTIONS_FIT_H

#include "state.h"

/** Split the values of one target of all networks. Collective over the group. */
hrs_status hrs_work_split(hrs_work *work, hrs_count sample, hrs_lattice *const *values);
/** What /fit and /reconstruction say of one network after hrs_work_split, with the interactions
 *  from `threshold` on. Collective over the group. */
hrs_status hrs_work_reconstruct(hrs_work *work, int network, hrs_lattice *values, double threshold,
                                hrs_interactions_fit *out);

/** After hrs_work_reconstruct of all networks of a sample and target, of which row k is the last:
 *  what they share, to the data set. By the group's first rank, not collective. */
hrs_status hrs_work_share(hrs_work *work, hrs_count k);

#endif
