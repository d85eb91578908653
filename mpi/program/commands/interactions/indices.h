/* indices.h -- what a row of results has of interaction indices. */
#ifndef HRS_MPI_PROGRAM_COMMANDS_INTERACTIONS_INDICES_H
#define HRS_MPI_PROGRAM_COMMANDS_INTERACTIONS_INDICES_H

#include "state.h"

/**
 * All indices of row k from v, in phase A: Shapley and Banzhaf values to row->indices, the others
 * to the data set; in a second pass (engine->again) they stand there already. Collective over the
 * group; the status is agreed on.
 */
hrs_status hrs_work_indices(hrs_work *work, hrs_count k, const hrs_lattice *v,
                            hrs_interactions_row *row);
/** Shapley and Banzhaf values of n players from v, one after the other. Collective. */
hrs_status hrs_row_players(const hrs_lattice *v, int n, double sums[2 * HRS_MAX_PLAYERS]);

#endif
