/* salient.h -- lists of salient interactions, one for each row, as arrays one behind the other. */
#ifndef HRS_MPI_PROGRAM_KINDS_INTERACTIONS_SALIENT_H
#define HRS_MPI_PROGRAM_KINDS_INTERACTIONS_SALIENT_H

#include "interactions.h"

#include <harsanyi/mpi.h>

/** Make and write /salient: `lists[i]` is that of row rows[i]; each row k is listed by exactly one
 *  rank. Collective. Errors: IO. */
hrs_status hrs_salient_write(hrs_dataset *set, hrs_count count, const hrs_count *rows,
                             const hrs_salient *lists);
/** Of one row k, whose entries begin at `first`, once the arrays are there. By any one rank, not
 *  collective. Errors: IO. */
hrs_status hrs_salient_write_list(hrs_dataset *set, hrs_count k, hrs_count first,
                                  const hrs_salient *list);
/** Rows of the data set, and the axis of the entries. Not collective. Errors: INTERNAL. */
hrs_status hrs_salient_find_axes(const hrs_dataset *set, hrs_count *rows, int *entry);
/** Salient order sums of a complete list: row->orders[..][0..2] and threshold. Not collective. */
void hrs_salient_sums(int n, const hrs_salient *list, double threshold, hrs_interactions_row *row);

#endif
