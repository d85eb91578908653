/*
 * row_log.h -- finished rows in a checkpoint's folder: a file of its own for each process that
 * writes any, of batches, one behind the other. A batch is all there or not at all: it has a
 * digest. Nothing here is collective.
 */
#ifndef HRS_MPI_DATASET_ROW_LOG_H
#define HRS_MPI_DATASET_ROW_LOG_H

#include "checkpoint.h"

/** A log that is written. */
typedef struct hrs_row_log {
  char path[HRS_CHECKPOINT_PATH];
  hrs_count end; /* of its last batch */
  bool made;
} hrs_row_log;

/** Log `number` of run part `part`, from 0 on; the file is made with its first batch. */
void hrs_row_log_begin(const char *folder, int part, int number, hrs_row_log *log);
/** Append a batch and see it safely to disk: the rows that are done, and what is kept of them.
 *  Errors: IO; the log ends as before. */
hrs_status hrs_row_log_append(hrs_row_log *log, hrs_count rows, const hrs_count *k,
                              const void *data, hrs_count bytes);

/** A batch that was found whole. */
typedef struct hrs_row_batch {
  int part, number; /* of its log */
  hrs_count offset, rows, bytes;
} hrs_row_batch;

typedef struct hrs_row_batches {
  hrs_count count;
  hrs_row_batch *batch;
  bool *done;    /* [rows of all] is it in a batch? */
  int next_part; /* a run part that has no logs yet */
} hrs_row_batches;

/**
 * Find the batches of all logs in a folder; what is damaged, or says what another batch has said
 * before, is passed over.
 * @param rows  all that there are
 * Errors: IO, MEMORY. Destroy them whatever the outcome.
 */
hrs_status hrs_row_batches_find(const char *folder, hrs_count rows, hrs_row_batches *out);
void hrs_row_batches_destroy(hrs_row_batches *batches);
/** Read a batch: the numbers of its rows, and what is kept, both in hrs_alloc memory. Errors: IO,
 *  where it is not what it was when it was found. */
hrs_status hrs_row_batch_read(const char *folder, const hrs_row_batch *batch, hrs_count **k,
                              char **data);

#endif
