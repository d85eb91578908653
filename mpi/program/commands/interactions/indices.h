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

#endif
