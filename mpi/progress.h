/* progress.h -- how far the evaluation is: a line that renews itself on a terminal, a line now and
 * then elsewhere. Rank 0 speaks for all: ranks carry equal shares. */
#ifndef HRS_MPI_PROGRESS_H
#define HRS_MPI_PROGRESS_H

#include <harsanyi/base.h>

typedef struct hrs_progress {
  hrs_count total, done; /* masks of this rank */
  double start, shown;
  int ranks; /* that evaluate, for the rate */
  bool terminal, speaks;
} hrs_progress;

void hrs_progress_start(hrs_progress *progress, hrs_count total, int ranks, bool speaks);
void hrs_progress_add(hrs_progress *progress, hrs_count masks);
/** Clear the line on a terminal. */
void hrs_progress_end(hrs_progress *progress);

#endif
