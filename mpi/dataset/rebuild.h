/* rebuild.h -- the structure of a file that a run has left, made anew around its values. */
#ifndef HRS_MPI_DATASET_REBUILD_H
#define HRS_MPI_DATASET_REBUILD_H

#include "contents.h"

/**
 * Make a file that hrs_dataset_build made of the same contents, whatever has become of it since,
 * what it was then, but for the values of the arrays that a run writes, which stay. The file is not
 * opened by HDF5, so nothing in it is believed. Not collective.
 * @param scratch  a path in a folder of the same disk, for a file of the same length that is nearly
 *                 empty
 * Errors: IO; INPUT, where the file is too short.
 */
hrs_status hrs_dataset_rebuild(const char *part, const char *scratch, const hrs_contents *contents);

/** Where the values of an array stand in a file, in bytes from its begin. Errors: IO. */
hrs_status hrs_dataset_offset(const char *file, const char *array, hrs_count *out);

#endif
