/* file.h -- a data set of interactions open for reading, with what is small of it in memory. */
#ifndef HRS_MPI_PROGRAM_KINDS_INTERACTIONS_FILE_H
#define HRS_MPI_PROGRAM_KINDS_INTERACTIONS_FILE_H

#include "interactions.h"
#include "mpi/dataset/reading.h"

#include <harsanyi/mpi.h>

typedef struct hrs_interactions_file {
  hrs_reading *file;
  int n;
  hrs_count samples, rows;
  bool types[2], fitted;       /* AND, OR computed; as a split of v between them */
  int orders[HRS_INDEX_LIMIT]; /* highest order of an interaction index; 0: not there */
  hrs_dtype precision;         /* of the lattice arrays; HRS_NONE where there is none */
  char **player_names;         /* [n]; "0", "1" ... where the file has none */
  char **row_names;            /* [rows, n] where rows have their own, once asked for */
  int n_row_names;
  char **class_names; /* [classes], or NULL */
  int classes;
  hrs_array map; /* empty where there is none */
  /* [rows] */
  int64_t *index;
  int32_t *label, *target;
  int32_t *network; /* NULL where there is one */
  double *v_empty, *v_full, *threshold;
  uint8_t *truncated;
  uint64_t *offset; /* [rows + 1]; NULL in an incomplete file */
} hrs_interactions_file;

/**
 * Read what stands in memory. An incomplete file opens, with file->complete = false. Takes the
 * reading, whatever the outcome. Not collective. Errors: INPUT.
 */
hrs_status hrs_interactions_load(hrs_reading **reading, hrs_interactions_file **out);
/** Open a file of this kind. Errors: also those of hrs_reading_open. */
hrs_status hrs_interactions_open(const char *path, hrs_interactions_file **out);
void hrs_interactions_close(hrs_interactions_file **set);
/** Let player_names be those of row k, where rows have names of their own. Errors: INPUT. */
hrs_status hrs_interactions_name_row(hrs_interactions_file *set, hrs_count k);
/** The salient list of row k of a complete file. Errors: INPUT. */
hrs_status hrs_interactions_list(const hrs_interactions_file *set, hrs_count k, hrs_salient *out);

#endif
