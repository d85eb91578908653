/* list_indices.h -- --indices: what is asked for. */
#ifndef HRS_MPI_PROGRAM_COMMANDS_INTERACTIONS_LIST_INDICES_H
#define HRS_MPI_PROGRAM_COMMANDS_INTERACTIONS_LIST_INDICES_H

#include <harsanyi/analysis.h>

/**
 * Read a list such as SV,SII:2,Moebius. players: SV, BV; orders[HRS_INDEX_LIMIT]: the highest order
 * asked for, 0 where an index is not wanted, -1 where it has no ":K". Not collective. Errors:
 * USAGE.
 */
hrs_status hrs_indices_parse(const char *text, bool players[2], int *orders);
/** Once n is known: orders that were not given get their default, those given are checked, and so
 *  is the length of what they ask for. Not collective. Errors: USAGE, TOO_LARGE. */
hrs_status hrs_indices_settle(int n, int *orders);

#endif
