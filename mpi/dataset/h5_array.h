/* h5_array.h -- what stands under a path in an HDF5 file of others, as the child that reads it
 * tells (h5_reader.h). */
#ifndef HRS_MPI_DATASET_H5_ARRAY_H
#define HRS_MPI_DATASET_H5_ARRAY_H

#include <harsanyi/base.h>

/** The longest name, and its zero. */
enum { HRS_H5_NAME = 1024 };
/** Unpacked chunks of a compressed array that a child keeps. */
#define HRS_H5_CHUNK_CACHE ((hrs_count)64 << 20)
/** The most that a child holds while an array is read: these chunks, and a piece of it. */
#define HRS_H5_CHILD_BYTES (HRS_H5_CHUNK_CACHE + ((hrs_count)16 << 20))

/** What stands under a path in a file. */
typedef enum hrs_h5_kind {
  HRS_H5_NOTHING,
  HRS_H5_NO_ARRAY, /* a group, a named type */
  HRS_H5_NUMBERS,  /* of a type that can be read: `type` */
  HRS_H5_TEXT,
  HRS_H5_OTHER /* an array of something else */
} hrs_h5_kind;

typedef struct hrs_h5_array {
  hrs_h5_kind kind;
  char what[48]; /* the elements in words: "strings of 4 bytes" */
  hrs_dtype type;
  int rank;
  hrs_count dim[HRS_MAX_RANK];
} hrs_h5_array;

#endif
