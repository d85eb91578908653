/* row.h -- all rows of a sample: interactions, indices, salience, written to the data set. */
#ifndef HRS_MPI_PROGRAM_COMMANDS_INTERACTIONS_ROW_H
#define HRS_MPI_PROGRAM_COMMANDS_INTERACTIONS_ROW_H

#include "state.h"

/** hrs_row_work.sample of hrs_work. In a second pass (engine->again) only orders and lists are
 * made: the rest stands in the data set. Collective over the world. */
hrs_status hrs_work_sample(void *work, hrs_engine *engine, hrs_count sample, hrs_lattice *const *v);
/** The transform of a type, in place of v in the lattice. Collective over the group. */
hrs_status hrs_row_transform(hrs_lattice *lattice, bool or_type);
/** All order sums of a lattice. Collective over the group. */
hrs_status hrs_row_orders(const hrs_lattice *lattice, int n, double threshold,
                          double orders[5][HRS_MAX_PLAYERS + 1]);

#endif
