/*
 * check.h -- what a data set of interactions says about itself: lists are sorted and agree with the
 * sums beside them, effects add up to v(N) - v(empty), stored interactions give back stored values.
 */
#ifndef HRS_MPI_PROGRAM_KINDS_INTERACTIONS_CHECK_H
#define HRS_MPI_PROGRAM_KINDS_INTERACTIONS_CHECK_H

#include "file.h"
#include "mpi/program/kinds/checks.h"

/** Number of checks. */
extern const int hrs_interactions_checks;
/** Set up checks[hrs_interactions_checks]. */
void hrs_interactions_check_start(hrs_check *checks);
/**
 * Check row k of a complete data set and add what was found. Reads everything that is stored of the
 * row; at most 2^28 elements are held in memory, larger rows are checked by running sums alone.
 * Not collective. Errors: INPUT where the file cannot be read; a failed check is no error here.
 */
hrs_status hrs_interactions_check(const hrs_interactions_file *set, hrs_count k, hrs_check *checks);

#endif
