/*
 * times.h -- where the time of a run goes. At every moment a process is at one task, so the seconds
 * of its tasks add up to those of the run; what is counted meanwhile (mpi/lattice/counters.h) is
 * the task's. At the end the ranks put together what each has spent.
 */
#ifndef HRS_MPI_PROGRAM_ENGINE_TIMES_H
#define HRS_MPI_PROGRAM_ENGINE_TIMES_H

#include "mpi/lattice/counters.h"

#include <mpi.h>

typedef enum hrs_task {
  HRS_TASK_PREPARE,    /* inputs, plan, the file and its arrays */
  HRS_TASK_EVALUATE,   /* v on all masks, tables of activations too */
  HRS_TASK_FIT,        /* --types and-or */
  HRS_TASK_TRANSFORM,  /* v to AND or OR */
  HRS_TASK_REDUCE,     /* sums, indices, salient lists */
  HRS_TASK_WRITE,      /* arrays of 2^n, salient lists */
  HRS_TASK_VERIFY,     /* --verify */
  HRS_TASK_CHECKSUMS,  /* of --timing */
  HRS_TASK_CHECKPOINT, /* keeping what is done */
  HRS_TASK_CLOSE,      /* what was run, and the end of the file */
  HRS_TASKS
} hrs_task;

const char *hrs_task_name(hrs_task task);

/** What a process has spent on a task. */
typedef struct hrs_spent {
  hrs_count calls;
  double seconds;
  hrs_counters counted;
} hrs_spent;

typedef struct hrs_times {
  hrs_spent spent[HRS_TASKS];
  hrs_task task;       /* at which it is, */
  double since, start; /* since when; when it all began */
  hrs_counters at;     /* what was counted by then */
} hrs_times;

/** All begins, with the task PREPARE. Not collective, nor are the next two. */
void hrs_times_start(hrs_times *times);
/** From now on the time is that of a task, which is called once more; returns the one before. */
hrs_task hrs_times_begin(hrs_times *times, hrs_task task);
/** Back to a task that was broken off for another, which is no further call. */
void hrs_times_return(hrs_times *times, hrs_task task);

/** What all ranks have spent on a task; without waiting they are busy. */
typedef struct hrs_task_times {
  hrs_count calls; /* the most of a rank */
  double seconds_max, seconds_min, busy_max, busy_min, wait_max, exchange_max;
  hrs_count exchanges, messages, sent_max; /* the most of a rank */
  hrs_count sent, passed, written;         /* bytes, of all ranks */
} hrs_task_times;

typedef struct hrs_timing {
  double total; /* seconds since the start, the most of all ranks */
  hrs_task_times task[HRS_TASKS];
} hrs_timing;

/** Of all that was spent so far. Collective. */
hrs_status hrs_times_collect(MPI_Comm comm, hrs_times *times, hrs_timing *out);

#endif
