/*
 * write.h -- values into the arrays of a data set, by any one rank: rows, and records of small
 * results. Nothing here is collective, and different ranks write different rows at the same time.
 */
#ifndef HRS_MPI_DATASET_WRITE_H
#define HRS_MPI_DATASET_WRITE_H

#include "dataset.h"

/** Largest piece of one H5Dwrite: far from the 2 GiB that independent writes fail at. */
#define HRS_DATASET_SLAB ((hrs_count)512 << 20)

/** Write places [first, first + count) on the first axis of an array: `data` in C order, of the
 *  type that is stored (hrs_contents_array.type). Errors: IO. */
hrs_status hrs_dataset_write(hrs_dataset *set, const char *path, hrs_count first, hrs_count count,
                             const void *data);
/** Write elements [first, first + count) of row k of an array with two axes, HRS_DATASET_SLAB bytes
 *  at most. Errors: IO. */
hrs_status hrs_dataset_write_part(hrs_dataset *set, const char *path, hrs_count k, hrs_count first,
                                  hrs_count count, const void *data);
/** Write row k of all arrays that have their place in a record, from the struct at `data`.
 *  Errors: IO. */
hrs_status hrs_dataset_write_record(hrs_dataset *set, int record, hrs_count k, const void *data);

/** An array of the data set, open: from then on until the file is closed. Errors: IO. */
hrs_status hrs_dataset_open_array(hrs_dataset *set, const char *path, const hrs_contents_array **of,
                                  hid_t *array);

#endif
