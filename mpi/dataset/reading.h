/*
 * reading.h -- a data set from outside, read by one process: what its kind's table says may be in
 * it is looked for, and has the type, the number of axes and the lengths that it must have before
 * anything is read. What a kind keeps in memory of its files is the kind's own business. Nothing
 * here is collective.
 */
#ifndef HRS_MPI_DATASET_READING_H
#define HRS_MPI_DATASET_READING_H

#include "contents.h"
#include "h5_reader.h"

/** An array that the file has. */
typedef struct hrs_found {
  const hrs_object *object;
  char path[HRS_PATH_SIZE], name[HRS_PATH_SIZE / 2]; /* name: in place of %s */
  hrs_h5_array stored;
} hrs_found;

typedef struct hrs_reading {
  char *path;
  hrs_h5_reader *reader;
  const hrs_kind *kind;
  int format_version;
  char *program_version, *git;
  bool complete;
  int arrays;
  hrs_found *array;
  /* [kind->axes]: of the axes that the table names, -1 where any length will do. Those that have a
   * scale with values have its length; the kind's own reader may know better. */
  hrs_count length[HRS_KIND_AXES];
} hrs_reading;

/**
 * Open a data set of one of some kinds, a list that ends with NULL. An incomplete file opens, with
 * complete = false. Errors: INPUT (no such file, no HDF5, no data set of ours, damaged, another
 * kind), UNSUPPORTED (a newer format).
 */
hrs_status hrs_reading_open(const char *path, const hrs_kind *const *kinds, hrs_reading **out);
void hrs_reading_close(hrs_reading **reading);
/** Look for a member of a family, such as "/indices/%s/": *there, and with all of its objects.
 *  Errors: INPUT (some are there, some not). */
hrs_status hrs_reading_look(hrs_reading *reading, const char *family, const char *name,
                            bool *there);
/** Once more, after `length` has changed: do all arrays have the lengths that their axes have?
 *  Errors: INPUT. */
hrs_status hrs_reading_check_lengths(const hrs_reading *reading);

/** What there is under a path of the table; NULL: nothing. */
const hrs_found *hrs_reading_find(const hrs_reading *reading, const char *path);
static inline bool hrs_reading_has(const hrs_reading *reading, const char *path) {
  return hrs_reading_find(reading, path) != NULL;
}
/** Elements [first, first + count) of row k of an array with two axes, or with k < 0 of one with
 *  one axis, converted to `type`. Errors: INPUT. */
hrs_status hrs_reading_read(const hrs_reading *reading, const char *path, hrs_count k,
                            hrs_count first, hrs_count count, hrs_dtype type, void *out);
/** All strings of an array: *count of them. Free each, then the list. Errors: INPUT. */
hrs_status hrs_reading_strings(const hrs_reading *reading, const char *path, char ***out,
                               int *count);
/** The fields of a record, of row k, as far as the file has them; once hrs_reading_check_lengths
 * has found that they fit. Errors: INPUT. */
hrs_status hrs_reading_record(const hrs_reading *reading, int record, hrs_count k, void *out);
/** An attribute of an object as text, in hrs_alloc memory; NULL where there is none. */
hrs_status hrs_reading_text(const hrs_reading *reading, const char *object, const char *name,
                            char **out);
/** An attribute of the file that is a whole number. Errors: INPUT (none, or out of range). */
hrs_status hrs_reading_count(const hrs_reading *reading, const char *name, hrs_count least,
                             hrs_count most, hrs_count *out);

#endif
