/* state.h -- what the parts of the engine share: groups, values, notes, times. Works read it. */
#ifndef HRS_MPI_PROGRAM_ENGINE_STATE_H
#define HRS_MPI_PROGRAM_ENGINE_STATE_H

#include "mpi/lattice/team.h"
#include "plan.h"
#include "progress.h"
#include "times.h"

/** Values of a target, before they are stored. */
typedef struct hrs_range {
  double high, low; /* the largest and the smallest */
  double rounding;  /* the most that storing has changed one */
} hrs_range;

/** What a run warns of, once for each kind at its end, of the worst sample. */
typedef enum hrs_note_kind {
  HRS_NOTE_NONFINITE, /* values, and how many */
  HRS_NOTE_COARSE,    /* precision, and rounding by variation */
  HRS_NOTE_OF_WORK,   /* and so on: a work's own */
  HRS_NOTES = HRS_NOTE_OF_WORK + 4
} hrs_note_kind;

typedef struct hrs_note {
  hrs_count rows;  /* so many give reason to */
  hrs_count index; /* of the worst: the sample, */
  double worst;    /* how bad it is, */
  char text[256];  /* and what is said of it */
} hrs_note;

/** What all ranks have done by now, and what they could do. */
typedef struct hrs_tally {
  hrs_timing timing;
  double masks, multiply_adds;        /* evaluated in this run; of a network, else 0 */
  uint64_t checksum;                  /* of all rows */
  double memory_limit, product_limit; /* bytes and multiply-adds per second; 0: not measured */
  char tasks[640 * HRS_TASKS];        /* as JSON */
} hrs_tally;

typedef struct hrs_pieces hrs_pieces;

typedef struct hrs_engine {
  MPI_Comm world, group; /* group: MPI_COMM_NULL on idle ranks */
  int group_index, group_rank;
  const hrs_problem *problem;
  const hrs_resources *resources;
  const hrs_plan *plan;
  bool allow_nonfinite;
  bool again;           /* in a pass over samples that were done before */
  hrs_lattice **values; /* [targets] of the sample that is evaluated */
  hrs_mpi_team *team;   /* of a network's tables: the group; NULL: there is one rank, or none */
  hrs_range *ranges;    /* [targets] */
  double *slice;        /* [targets][2^slice bits] */
  hrs_pieces *pieces;   /* of these values; NULL on ranks in no group */
  hrs_note notes[HRS_NOTES];
  hrs_note fresh[HRS_NOTES];   /* of them, those since the last checkpoint, which are not there */
  struct hrs_restart *restart; /* NULL: nothing is kept */
  const hrs_row_work *work;    /* of the pass under way */
  hrs_count evaluated;         /* masks, by this rank */
  hrs_count finished;          /* samples of this pass, by all */
  uint64_t checksum;           /* of this group's rows, where the work adds it up */
  hrs_times *times;
  hrs_tally tally;
  hrs_progress progress;
} hrs_engine;

/* ---- values, by evaluate.c ------------------------------------------------------------------- */

/** Take in values; narrow: they are stored in single precision. Not collective. */
void hrs_range_add(hrs_range *range, hrs_count count, const double *values, bool narrow);
/** After all rows of a sample: the ranges of all its values, and, unless that has been done
 *  (`again`), a note of those that lost most of their digits. Collective over the group. */
hrs_status hrs_engine_agree_ranges(hrs_engine *engine, hrs_count sample, bool again);
/** Notes of other rows, before the end. Not collective. */
void hrs_engine_add_notes(hrs_engine *engine, const hrs_note *notes);
/** The warnings. Collective over the world. */
hrs_status hrs_engine_say_notes(hrs_engine *engine);

#endif
