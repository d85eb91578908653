/*
 * progress.h -- how far a run is, on stderr: a bar that renews itself on a terminal; elsewhere, as
 * in the log of a batch job, a line in the first second and then one now and then. Rank 0 speaks
 * for all: ranks carry equal shares. Runs that are done within half a second say nothing.
 *
 * Evaluating goes through the whole run, and its time left is that of the run, as far as the other
 * tasks are known from the samples that are done. Any other task, such as writing a lattice, is
 * told of once it takes longer than two seconds: what it does is seen by what is counted meanwhile
 * (mpi/lattice/counters.h). HARSANYI_PROGRESS_SECONDS: how often, and how soon, instead. Nothing
 * here is collective.
 */
#ifndef HRS_MPI_PROGRAM_ENGINE_PROGRESS_H
#define HRS_MPI_PROGRAM_ENGINE_PROGRESS_H

#include "mpi/program/options/options.h"

typedef struct hrs_progress {
  hrs_count total, done;     /* masks of this rank, or what else it does */
  const char *unit;          /* what they are: "masks", where nobody says otherwise */
  double start, shown;       /* when it began, when the last line was printed (0: none yet) */
  double spent;              /* on evaluating, up to the last masks */
  double beside;             /* seconds that other tasks will take, as far as is known */
  const char *doing;         /* the task under way: "writing"; NULL: none that is told of here */
  double task_start;         /* when it began, */
  hrs_count bytes, from;     /* what it will count, 0: not known; what was counted before */
  hrs_count sample, samples; /* that it is about, from 1 on; 0: none */
  double split_start;        /* when it began */
  bool split_shown;          /* a line has told of a split */
  int ranks;                 /* that evaluate, for the rate */
  double first, first_of_task, interval; /* seconds until lines of each kind are due */
  bool terminal, speaks;
} hrs_progress;

void hrs_progress_start(hrs_progress *progress, hrs_count total, int ranks, bool speaks);
/** Of all samples so many are left to do. */
void hrs_progress_left(hrs_progress *progress, hrs_count left, hrs_count samples);
/** The first masks are known to take longer than a second: say so at once. */
void hrs_progress_announce(hrs_progress *progress);
/** So many more are done, which took so many seconds. */
void hrs_progress_add(hrs_progress *progress, hrs_count masks, double seconds);
/** So many more will be done than was known. */
void hrs_progress_more(hrs_progress *progress, hrs_count masks);
/** A task begins, other than evaluating: "writing"; NULL: none. */
void hrs_progress_task(hrs_progress *progress, const char *doing);
/** It will count so many bytes. */
void hrs_progress_expect(hrs_progress *progress, hrs_count bytes);
/** A split begins. */
void hrs_progress_split_start(hrs_progress *progress);
/** It took `steps` (1 or more) of at most `limit` so far, and is certified to be within `gap` of
 * the sparsest (NaN: not looked at yet), where `wanted` ends it. */
void hrs_progress_split(hrs_progress *progress, int steps, int limit, double gap, double wanted);
/** Clear the line on a terminal, for other lines. */
void hrs_progress_clear(hrs_progress *progress);
/** Clear it, and say no more. */
void hrs_progress_end(hrs_progress *progress);

#endif
