/*
 * work.h -- what `harsanyi interactions` does with the values of its samples: the row work, its
 * memory, and the rows that wait for the end. One row of results: row.h; the second pass of
 * --threshold global: recount.h.
 */
#ifndef HRS_MPI_PROGRAM_COMMANDS_INTERACTIONS_WORK_H
#define HRS_MPI_PROGRAM_COMMANDS_INTERACTIONS_WORK_H

#include "state.h"

/** The row work of a plan and of a run. Not collective. */
hrs_row_work hrs_work_of(hrs_work *work);
/** Memory for a run on these rows, and what has to be known before its first row. Collective over
 *  the world. Destroy it whatever the outcome. */
hrs_status hrs_work_start(hrs_work *work, hrs_engine *engine, hrs_dataset *set);
void hrs_work_destroy(hrs_work *work);

#endif
