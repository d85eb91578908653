/*
 * dataset.h -- the life of a data set that is written: PATH.part with all of its arrays,
 * values by all ranks (write.h, write_lattice.h), then `/run`, `complete` and the final name.
 */
#ifndef HRS_MPI_DATASET_DATASET_H
#define HRS_MPI_DATASET_DATASET_H

#include "build.h"
#include "claim.h"
#include "contents.h"

#include <hdf5.h>
#include <mpi.h>

typedef struct hrs_dataset {
  MPI_Comm comm;
  int rank;
  hrs_claim *claim;  /* rank 0's, else NULL */
  char part[4096];   /* PATH.part */
  char folder[4096]; /* of its checkpoint */
  hrs_claim_begins begins;
  hrs_contents *contents;
  hid_t file;    /* open on all ranks */
  hid_t *array;  /* [contents->arrays], opened when first used, by whoever uses it */
  bool extended; /* the arrays of HRS_WHEN_LATER are there */
} hrs_dataset;

/**
 * Create PATH.part with all arrays of known length, `complete` = 0, flushed, so that a killed run
 * leaves a readable file under a name that says it is not done. Of a symbolic link the file that it
 * leads to is meant. Fails where PATH exists (unless force), another run is writing it, PATH.part
 * is no dead run's, the folder cannot be written, or the disk has less room than the data needs.
 * Takes the contents, which are the same on all ranks, and *contents is NULL once there is a data
 * set. Collective over comm. Errors: USAGE (exists), IO.
 */
hrs_status hrs_dataset_create(MPI_Comm comm, const char *path, bool force, hrs_contents **contents,
                              hrs_dataset **out);
/**
 * The first half of it: make PATH.part this run's, or take over that of the run that is resumed
 * (claim.h); (*out)->begins says which, and *out is NULL where there is nothing to do. The same on
 * all ranks. Collective over comm. Errors: as of hrs_claim_take.
 */
hrs_status hrs_dataset_take(MPI_Comm comm, const char *path, bool force, bool resume,
                            hrs_contents **contents, hrs_dataset **out);
/** The second: all arrays, or their structure anew around the values of the run that is resumed;
 * and open it. On failure *set is NULL. Collective. Errors: IO; INPUT, where PATH.part cannot be
 * that of these contents. */
hrs_status hrs_dataset_begin(hrs_dataset **set);
/** From now on the unfinished file stays if the run ends early: there is a checkpoint. Not
 *  collective; rank 0's counts. */
void hrs_dataset_keep(hrs_dataset *set);
/** See what this rank's node has written of values safely to disk. Not collective. Errors: IO. */
hrs_status hrs_dataset_sync(const hrs_dataset *set);
/** What a run that has died left at PATH.part, and this one has replaced, as the beginning of a
 *  sentence for the user; NULL where there was nothing. Of rank 0; NULL elsewhere. Not collective.
 */
const char *hrs_dataset_replaced(const hrs_dataset *set);
/** Make the arrays of HRS_WHEN_LATER, once the length of their axis is known. Collective; `length`
 *  is the same on all ranks. Errors: IO. */
hrs_status hrs_dataset_extend(hrs_dataset *set, int axis, hrs_count length);
/** Write /run, set `complete`, close, and rename to the final name; where that fails, remove the
 *  file. One that is complete and finds its name taken is left as PATH.part. *set is NULL
 *  afterwards. Collective. Errors: IO. */
hrs_status hrs_dataset_finish(hrs_dataset **set, int attributes, const hrs_run_attribute *run);
/** Close the unfinished file, and remove it unless it is kept; NULL is fine. Collective. */
void hrs_dataset_abort(hrs_dataset **set);

/** The failure of a write that HDF5 has just reported, with the reason as far as it can be known.
 *  Not collective. */
hrs_status hrs_dataset_write_failed(const hrs_dataset *set, const char *what);

#endif
