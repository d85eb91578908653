/*
 * work.h -- what a kind of run does with the values of its samples: a row work. The plan asks it
 * what it needs; the engine (engine.h) evaluates sample after sample and hands it the lattices.
 */
#ifndef HRS_MPI_PROGRAM_ENGINE_WORK_H
#define HRS_MPI_PROGRAM_ENGINE_WORK_H

#include <harsanyi/mpi.h>

#include <stdio.h>

struct hrs_plan;
struct hrs_engine;

/** Bytes that the largest rank holds for something, as the plan prints them. */
typedef struct hrs_need {
  const char *name;
  hrs_count bytes;
} hrs_need;

enum { HRS_NEEDS = 8 };

/** What grows with what is found, on a group's first rank: as a rule, and at most. */
typedef struct hrs_lists {
  const char *name; /* NULL: nothing */
  hrs_count usual, most;
} hrs_lists;

/** What a work needs beside the lattices of v. */
typedef struct hrs_needs {
  int lattices;             /* held beside those of v */
  int evaluations;          /* of each mask */
  int transforms;           /* of each target's values; each is an exchange */
  hrs_need held[HRS_NEEDS]; /* ends with name == NULL */
  hrs_lists lists;
  const char *repeated; /* why there is more than one evaluation */
} hrs_needs;

/** What a task of a row takes on the planned ranks. */
typedef struct hrs_row_time {
  const char *task, *bound; /* its name, as in /run, and what sets its pace */
  double seconds;
  int exchanges; /* of a lattice */
} hrs_row_time;

enum { HRS_ROW_TIMES = 4 };

/** What a row of one target takes beside evaluating it and writing the file. */
typedef struct hrs_row_times {
  int passes; /* in which all rows are done: 2 where all are done again at the end */
  int count;
  hrs_row_time task[HRS_ROW_TIMES];
  /* Of a split, the number of whose steps nobody knows beforehand: */
  int split;     /* rows that are split together; 0: none are */
  double step;   /* seconds of a step */
  int exchanges; /* in it, of lattices of doubles */
  int most;      /* steps that are allowed */
} hrs_row_times;

typedef struct hrs_row_work {
  void *self;
  /** What it needs under a plan whose partition, rounds and bytes of a lattice stand; plan->lean:
   *  with as little memory as it can do with, at the price of time. Not collective. */
  void (*needs)(const void *self, const struct hrs_plan *plan, hrs_needs *needs);
  /** All targets of one sample, whose values stand in v[targets]; v is NULL on ranks that have no
   *  sample in this round. Collective over the world: what is collective over the group stands
   *  between agreements. The status is agreed on. */
  hrs_status (*sample)(void *self, struct hrs_engine *engine, hrs_count sample,
                       hrs_lattice *const *v);
  /** Measure, in a second or so, what a row takes under a plan, on small lattices that the ranks of
   *  comm share: as many as a group has, or one, which makes no exchanges. Collective over comm. */
  hrs_status (*rehearse)(const void *self, const struct hrs_plan *plan, MPI_Comm comm,
                         hrs_row_times *out);
  /* For checkpoints, by a group's first rank; not collective. */
  /** The rows that are done, by rising numbers in a run: *k has them, and how many. */
  hrs_count (*done)(const void *self, const hrs_count **k);
  /** What it needs of those from number `from` on beside their arrays. Errors: MEMORY. */
  hrs_status (*save)(const void *self, hrs_count from, FILE *out);
  /** Take over rows that were saved. The bytes have their digest, and may be anything all the same.
   *  Errors: INPUT, MEMORY. */
  hrs_status (*load)(void *self, hrs_count rows, const hrs_count *k, const void *data,
                     hrs_count bytes);
} hrs_row_work;

#endif
