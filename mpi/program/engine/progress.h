/* progress.h -- how far a run is, on stderr: a line that renews itself on a terminal; elsewhere, as
 * in the log of a batch job, one in the first second and then one now and then. Rank 0 speaks for
 * all: ranks carry equal shares. Runs that are done within half a second say nothing. */
#ifndef HRS_MPI_PROGRAM_ENGINE_PROGRESS_H
#define HRS_MPI_PROGRAM_ENGINE_PROGRESS_H

#include <harsanyi/base.h>

enum { HRS_DURATION_TEXT = 32 };
/** Write seconds as h:mm:ss; returns text. */
const char *hrs_duration_text(double seconds, char text[HRS_DURATION_TEXT]);

typedef struct hrs_progress {
  hrs_count total, done; /* masks of this rank, or what else it does */
  const char *unit;      /* what they are: "masks", where nobody says otherwise */
  double start, shown;   /* when it began, when the last line was printed (0: none yet) */
  double spent;          /* on evaluating, up to the last masks */
  double split_start;    /* of the split under way */
  bool split_shown;      /* a line has told of a split */
  int ranks;             /* that evaluate, for the rate */
  bool terminal, speaks;
} hrs_progress;

void hrs_progress_start(hrs_progress *progress, hrs_count total, int ranks, bool speaks);
/** The first masks are known to take longer than a second: say so at once. */
void hrs_progress_announce(hrs_progress *progress);
/** So many more are done, which took so many seconds. */
void hrs_progress_add(hrs_progress *progress, hrs_count masks, double seconds);
/** A split begins. */
void hrs_progress_split_start(hrs_progress *progress);
/** It took `steps` (1 or more) of at most `limit` so far, and is certified to be within `gap` of
 * the sparsest (NaN: not looked at yet), where `wanted` ends it. */
void hrs_progress_split(hrs_progress *progress, int steps, int limit, double gap, double wanted);
/** Clear the line on a terminal. */
void hrs_progress_end(hrs_progress *progress);

#endif
