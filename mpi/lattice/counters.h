/*
 * counters.h -- what this process has waited for, exchanged, read and written since it began, in
 * one account: tables of times and progress take the difference of two looks at it. Counting costs
 * an addition for each row or message, and two looks at the clock for each header. Nothing here is
 * collective.
 */
#ifndef HRS_MPI_LATTICE_COUNTERS_H
#define HRS_MPI_LATTICE_COUNTERS_H

#include <harsanyi/base.h>

typedef struct hrs_counters {
  double wait;         /* seconds in headers (comm.h), where ranks wait for each other */
  double exchange;     /* seconds of exchanges, butterflies done meanwhile left out */
  hrs_count exchanges; /* of lattices */
  hrs_count messages;  /* of them, that were sent */
  hrs_count sent;      /* bytes of tiles that went to other ranks, by messages or directly */
  hrs_count passed;    /* bytes that passes over lattices have read and written, at least */
  hrs_count written;   /* bytes of arrays in data sets */
} hrs_counters;

/** The account. */
extern hrs_counters hrs_counted;

/** Have `look` called whenever a MiB more is counted; NULL: no longer. */
void hrs_counters_watch(void (*look)(void *context), void *context);

/** Count bytes of a pass: those read and those written. */
void hrs_count_passed(hrs_count bytes);
/** Count bytes that went to another rank. */
void hrs_count_sent(hrs_count bytes);
/** Count bytes that were written to a data set. */
void hrs_count_written(hrs_count bytes);

#endif
