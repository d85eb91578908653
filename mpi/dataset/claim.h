/*
 * claim.h -- a data set's unfinished file, PATH.part, belongs to one run: who holds PATH.part.lock.
 * All of it is by rank 0.
 */
#ifndef HRS_MPI_DATASET_CLAIM_H
#define HRS_MPI_DATASET_CLAIM_H

#include <harsanyi/base.h>

typedef struct hrs_claim hrs_claim;

/** What there is to do for a run that has taken a claim. */
typedef enum hrs_claim_begins {
  HRS_CLAIM_NEW,     /* all: PATH.part is empty */
  HRS_CLAIM_RESUMED, /* what is left: PATH.part is that of a run that has ended early, and stays */
  HRS_CLAIM_DONE     /* nothing: PATH is there; no claim is taken */
} hrs_claim_begins;

/**
 * See that a data set may go to `path` (hrs_place_create), and make PATH.part, empty, as this
 * run's; or, to resume a run of which there is a checkpoint (checkpoint.h), take over that run's.
 * Without a checkpoint, to resume is to begin, unless PATH is there.
 * @param force   replace PATH; without `resume` also a checkpoint
 * @param resume  go on where another run has ended
 * Errors: USAGE (the file or a checkpoint exists; PATH.part is no run's), INPUT (a checkpoint
 * without its PATH.part), IO (a run that goes on has it).
 */
hrs_status hrs_claim_take(const char *path, bool force, bool resume, hrs_claim_begins *begins,
                          hrs_claim **out);
/** PATH.part, PATH being that behind a symbolic link. */
const char *hrs_claim_part(const hrs_claim *claim);
/** The PATH.part of a run that has died, which hrs_claim_take has replaced, and whose it was, as
 * the beginning of a sentence; NULL where there was none. */
const char *hrs_claim_replaced(const hrs_claim *claim);
/** The folder of its checkpoint. */
const char *hrs_claim_folder(const hrs_claim *claim);
/** From now on hrs_claim_release leaves PATH.part, and the lock's file, which tells whose it is. */
void hrs_claim_keep(hrs_claim *claim);
/** Is PATH.part still the file that hrs_claim_take made? Errors: IO. */
hrs_status hrs_claim_check(const hrs_claim *claim);
/** Rename PATH.part, which is complete, to PATH (hrs_place_fill). Errors: IO; the file is left. */
hrs_status hrs_claim_fill(hrs_claim *claim);
/** Let go of the lock; its file and PATH.part go, unless they are kept, or PATH.part was filled in.
 *  NULL is fine. */
void hrs_claim_release(hrs_claim **claim);

#endif
