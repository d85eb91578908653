/*
 * build.h -- what one process does with a data set, while no other has the file open. A failure
 * leaves an empty file or none. Nothing here is collective.
 */
#ifndef HRS_MPI_DATASET_BUILD_H
#define HRS_MPI_DATASET_BUILD_H

#include "contents.h"

/** An attribute of /run: a string, or a double where text is NULL. */
typedef struct hrs_run_attribute {
  const char *name, *text;
  double number;
} hrs_run_attribute;

/** Make the file with all arrays of known length, `complete` = 0, and have its space set aside.
 *  Errors: IO. */
hrs_status hrs_dataset_build(const char *part, const hrs_contents *contents);
/** The first half of it: the space is not set aside. Errors: IO. */
hrs_status hrs_dataset_build_bare(const char *part, const hrs_contents *contents);
/** The second: all of a file as long as it is, so that the values to come find their place. Errors:
 *  IO. */
hrs_status hrs_dataset_fill(const char *part);
/** Add the arrays of HRS_WHEN_LATER. Errors: IO. */
hrs_status hrs_dataset_build_later(const char *part, const hrs_contents *contents);
/** Set the attributes of /run and `complete`, and see the file safely to disk. Errors: IO. */
hrs_status hrs_dataset_seal(const char *part, int attributes, const hrs_run_attribute *run);

#endif
