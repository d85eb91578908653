/* row.h -- all rows of a sample: interactions, indices, salience, written to the data set. */
#ifndef HRS_MPI_PROGRAM_COMMANDS_INTERACTIONS_ROW_H
#define HRS_MPI_PROGRAM_COMMANDS_INTERACTIONS_ROW_H

#include "state.h"

/** hrs_row_work.sample of hrs_work. In a second pass (engine->again) only orders and lists are
 * made: the rest stands in the data set. Collective over the world. */
hrs_status hrs_work_sample(void *work, hrs_engine *engine, hrs_count sample, hrs_lattice *const *v);

#endif
