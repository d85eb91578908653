/*
 * claim.h -- a data set's unfinished file, PATH.part, belongs to one run: who holds PATH.part.lock.
 * All of it is by rank 0.
 */
#ifndef HRS_MPI_DATASET_CLAIM_H
#define HRS_MPI_DATASET_CLAIM_H

#include <harsanyi/base.h>

typedef struct hrs_claim hrs_claim;

/** See that a data set may go to `path` (hrs_place_create), and make PATH.part, empty, as this
 *  run's. Errors: USAGE (the file exists; PATH.part is no run's), IO (a run that goes on has it).
 */
hrs_status hrs_claim_take(const char *path, bool force, hrs_claim **out);
/** PATH.part, PATH being that behind a symbolic link. */
const char *hrs_claim_part(const hrs_claim *claim);
/** The PATH.part of a run that has died, which hrs_claim_take has replaced, and whose it was, as
 * the beginning of a sentence; NULL where there was none. */
const char *hrs_claim_replaced(const hrs_claim *claim);
/** Is PATH.part still the file that hrs_claim_take made? Errors: IO. */
hrs_status hrs_claim_check(const hrs_claim *claim);
/** Rename PATH.part, which is complete, to PATH (hrs_place_fill). Errors: IO; the file is left. */
hrs_status hrs_claim_fill(hrs_claim *claim);
/** Remove the lock, and PATH.part if hrs_claim_fill was not called; NULL is fine. */
void hrs_claim_release(hrs_claim **claim);

#endif
