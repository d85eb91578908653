/*
 * dataset_check.h -- what a data set says about itself can be recomputed: lists are sorted and
 * agree with the sums beside them, effects add up to v(N) - v(empty), stored interactions give back
 * stored values. Each check is a number (an error) against a bound that rounding explains.
 */
#ifndef HRS_MPI_DATASET_CHECK_H
#define HRS_MPI_DATASET_CHECK_H

#include "dataset.h"

enum { HRS_CHECK_TEXT = 200 };

/** A check over all rows looked at. */
typedef struct hrs_dataset_check {
  const char *name;
  hrs_count rows, failed;
  double worst;                /* largest error / tolerance; infinity for what must be exact */
  double error, tolerance;     /* of that one */
  char detail[HRS_CHECK_TEXT]; /* of the first failure */
} hrs_dataset_check;

/** Number of checks. */
extern const int hrs_dataset_checks;
/** Set up checks[hrs_dataset_checks]. */
void hrs_dataset_check_start(hrs_dataset_check *checks);
/**
 * Check row k of a complete data set and add what was found. Reads everything that is stored of the
 * row; at most 2^28 elements are held in memory, larger rows are checked by running sums alone.
 * Not collective. Errors: INPUT where the file cannot be read; a failed check is no error here.
 */
hrs_status hrs_dataset_check_row(const hrs_dataset_reading *set, hrs_count k,
                                 hrs_dataset_check *checks);

#endif
