/* run.h -- the parts of a run: rounds of samples (run.c), one row of results (row.c). */
#ifndef HRS_MPI_PROGRAM_RUN_H
#define HRS_MPI_PROGRAM_RUN_H

#include "mpi/lattice/team.h"
#include "mpi/program/problem/problem.h"
#include "progress.h"

/* X(name): what the time goes into. */
#define HRS_PHASE_TABLE(X) X(evaluate) X(fit) X(transform) X(reduce) X(write) X(verify)
typedef enum hrs_run_phase {
#define HRS_PHASE_ENUM(name) HRS_RUN_##name,
  HRS_PHASE_TABLE(HRS_PHASE_ENUM)
#undef HRS_PHASE_ENUM
      HRS_RUN_PHASES
} hrs_run_phase;

/** Values of a target, before they are stored. */
typedef struct hrs_run_range {
  double high, low; /* the largest and the smallest */
  double rounding;  /* the most that storing has changed one */
} hrs_run_range;

/** What a run warns of, once at its end. */
typedef enum hrs_run_note_kind {
  HRS_NOTE_NONFINITE, /* worst: values; details: values, first mask */
  HRS_NOTE_NO_SPLIT,
  HRS_NOTE_GAP,    /* worst: the gap; details: gap, iterations */
  HRS_NOTE_COARSE, /* worst: rounding by variation; details: rounding, lowest, highest value */
  HRS_NOTES
} hrs_run_note_kind;

typedef struct hrs_run_note {
  hrs_count rows;   /* so many give reason to */
  hrs_count index;  /* of the worst: the sample, */
  double worst;     /* how bad it is, */
  double detail[3]; /* and what the warning says of it */
} hrs_run_note;

typedef struct hrs_run {
  MPI_Comm world, group; /* group: MPI_COMM_NULL on idle ranks */
  int group_index, group_rank;
  hrs_job *job;
  const hrs_plan *plan;
  const hrs_interactions_options *options;
  hrs_dataset *set;
  hrs_lattice **lattices;   /* [targets] */
  hrs_lattice *and_lattice; /* where AND stands beside v (plan->keeps_values), else NULL */
  hrs_mpi_team *team;       /* of a network's tables: the group; NULL: there is one rank, or none */
  hrs_run_range *ranges;    /* [targets] of the sample that is evaluated */
  hrs_run_note notes[HRS_NOTES];
  double *slice;         /* [targets][2^slice bits] */
  hrs_fit *fit;          /* --types and-or, else NULL */
  hrs_fit_report report; /* of the split that stands in it */
  double noise[HRS_SHARE_NETWORKS];
  /* Of the networks that share: their strongest interactions (first rank) and thresholds. */
  hrs_salient strongest[HRS_SHARE_NETWORKS];
  double thresholds[HRS_SHARE_NETWORKS];
  hrs_threshold threshold;
  double delta;       /* mean |v(N) - v(empty)|, for its threshold */
  double running_max; /* largest |I| of the rows so far, for the global threshold */
  double verified;    /* largest error against known dividends, over its tolerance */
  /* On the first rank of a group: */
  hrs_count listed;           /* rows done here */
  hrs_count *rows;            /* their numbers */
  hrs_salient *lists;         /* their salient interactions */
  hrs_interactions_row *kept; /* their results, where they wait for the global threshold */
  double seconds[HRS_RUN_PHASES];
  hrs_progress progress;
} hrs_run;

/** Time since *start goes to a phase, and *start becomes now. */
void hrs_run_clock(hrs_run *run, hrs_run_phase phase, double *start);

/** All masks of a sample into the run's lattices, phase A; `again`: what has been said of the
 *  values is not said a second time. Collective over the group. */
hrs_status hrs_run_evaluate(hrs_run *run, hrs_count sample, bool again);

/** Take in values; narrow: they are stored in single precision. Not collective. */
void hrs_run_range_add(hrs_run_range *range, hrs_count count, const double *values, bool narrow);
/** After all rows of a sample: the ranges of all its values, and, unless that has been done
 *  (`again`), a note of those that lost most of their digits. Collective over the group. */
hrs_status hrs_run_range_agree(hrs_run *run, hrs_count sample, bool again);
/** Is a number that was made of a row's values finite in a type? Errors: NONFINITE, unless
 *  --allow-nonfinite is given. Not collective. */
hrs_status hrs_run_check_range(const hrs_run *run, const hrs_interactions_row *row,
                               const char *what, hrs_dtype type, double number);

/** Note what a row of the job's sample gives reason to warn of. By all ranks of the group. */
void hrs_run_note_add(hrs_run *run, hrs_run_note_kind kind, hrs_count sample, double worst,
                      double a, double b, double c);
/** The warnings. Collective over the world. */
hrs_status hrs_run_notes_say(hrs_run *run);

/**
 * Everything for row k, whose values stand in `lattice` (NULL: this rank has none this round):
 * values and indices, AND, OR, salience; written to the data set. `again`: only orders and list,
 * for a row that is done a second time. Collective over the world; `sample` is the job's number.
 */
hrs_status hrs_run_row(hrs_run *run, hrs_count sample, int target, hrs_lattice *lattice,
                       bool again);
/** Salient order sums of a complete list: row->orders[..][0..2] and threshold. */
void hrs_run_orders_from_list(int n, const hrs_salient *list, double threshold,
                              hrs_interactions_row *row);

#endif
