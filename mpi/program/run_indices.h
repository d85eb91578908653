/* indices.h -- --indices: what is asked for, and what a row of results has of it. */
#ifndef HRS_MPI_PROGRAM_RUN_INDICES_H
#define HRS_MPI_PROGRAM_RUN_INDICES_H

#include "run.h"

/**
 * Read a list such as SV,SII:2,Moebius. players: SV, BV; orders[HRS_INDEX_LIMIT]: the highest order
 * asked for, 0 where an index is not wanted, -1 where it has no ":K". Errors: USAGE.
 */
hrs_status hrs_indices_parse(const char *text, bool players[2], int *orders);
/** Once n is known: orders that were not given get their default, those given are checked, and so
 *  is the length of what they ask for. Errors: USAGE, TOO_LARGE. */
hrs_status hrs_indices_settle(int n, int *orders);
/**
 * All indices of row k from v, in phase A: Shapley and Banzhaf values to row->indices, the others
 * to the data set. `again`: a row that is done a second time, whose indices stand there already.
 * Collective over the group; the status is agreed on.
 */
hrs_status hrs_run_indices(hrs_run *run, hrs_count k, const hrs_lattice *v, bool again,
                           hrs_interactions_row *row);

#endif
