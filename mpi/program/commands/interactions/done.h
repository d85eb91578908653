/* done.h -- the rows that a group's first rank has done: what waits for the end of the run. Nothing
 * here is collective. */
#ifndef HRS_MPI_PROGRAM_COMMANDS_INTERACTIONS_DONE_H
#define HRS_MPI_PROGRAM_COMMANDS_INTERACTIONS_DONE_H

#include "mpi/program/kinds/interactions/interactions.h"

#include <harsanyi/mpi.h>

/** Their numbers, their salient interactions, and, where they wait for the global threshold, their
 *  results. */
typedef struct hrs_done {
  hrs_count count, room;
  hrs_count *k;
  hrs_salient *list;
  hrs_interactions_row *row; /* NULL where they do not wait */
} hrs_done;

/** Memory for so many rows; waits: results are kept too. Destroy it whatever the outcome. */
hrs_status hrs_done_create(hrs_count room, bool waits, hrs_done *done);
void hrs_done_destroy(hrs_done *done);
/** Keep a row, and write its results where they need not wait; takes the list. Errors: MEMORY, IO.
 */
hrs_status hrs_done_add(hrs_done *done, hrs_dataset *set, hrs_count k,
                        const hrs_interactions_row *row, hrs_salient *list);
/** Take over a row that an earlier run has done; its results where they wait, else NULL, for they
 *  are written. Takes the list. Errors: MEMORY. */
hrs_status hrs_done_restore(hrs_done *done, hrs_count k, const hrs_interactions_row *row,
                            hrs_salient *list);
/** Forget the rows of the samples that are marked. */
void hrs_done_forget(hrs_done *done, int targets, const bool *samples);

#endif
