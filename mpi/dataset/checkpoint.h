/*
 * checkpoint.h -- the folder PATH.checkpoint beside PATH.part: what a run keeps beyond its data set
 * so that another can go on where it ended. It belongs to who holds the claim of PATH.part.
 *
 * Model. `identity` says of which run it is, a name and a value per line; it comes first, whole,
 * and goes last. All else in the folder may be missing or cut off, which costs time and never a
 * result: what is read is checked against its digest. Nothing here is collective.
 */
#ifndef HRS_MPI_DATASET_CHECKPOINT_H
#define HRS_MPI_DATASET_CHECKPOINT_H

#include <harsanyi/base.h>

/** Version of the folder's files, the first line of `identity`. */
#define HRS_CHECKPOINT_VERSION 1

enum { HRS_CHECKPOINT_PATH = 4096 };

/** Is there such a folder, with an identity? */
bool hrs_checkpoint_is_there(const char *folder);
/** Make the folder, with an identity. Errors: IO. */
hrs_status hrs_checkpoint_make(const char *folder, const char *identity);
/** See that the identity is this run's. Errors: INPUT, naming what differs, both values, and what
 *  helps; also where it is damaged or of another version. */
hrs_status hrs_checkpoint_compare(const char *folder, const char *identity);
/** Remove the folder and what is in it, as far as it is ours; where there is none all is well.
 *  Errors: IO. */
hrs_status hrs_checkpoint_remove(const char *folder);

/** The path of a file in the folder. */
void hrs_checkpoint_file(const char *folder, char path[HRS_CHECKPOINT_PATH], const char *format,
                         ...) HRS_PRINTF(3, 4);
/** Make an empty file, instead of what is there under that name. Errors: IO. */
hrs_status hrs_checkpoint_create(const char *path);
/** Give a file in the folder another name; both as of hrs_checkpoint_file. Errors: IO. */
hrs_status hrs_checkpoint_rename(const char *from, const char *to);
/** Remove a file, if it is there. */
void hrs_checkpoint_unlink(const char *path);

#endif
