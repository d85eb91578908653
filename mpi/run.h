/* run.h -- the parts of a run: rounds of samples (run.c), one row of results (row.c). */
#ifndef HRS_MPI_RUN_H
#define HRS_MPI_RUN_H

#include "job.h"
#include "progress.h"
#include "team.h"

/* X(name): what the time goes into. */
#define HRS_PHASE_TABLE(X) X(evaluate) X(fit) X(transform) X(reduce) X(write) X(verify)
typedef enum hrs_run_phase {
#define HRS_PHASE_ENUM(name) HRS_RUN_##name,
  HRS_PHASE_TABLE(HRS_PHASE_ENUM)
#undef HRS_PHASE_ENUM
      HRS_RUN_PHASES
} hrs_run_phase;

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
  double *slice;            /* [targets][2^slice bits] */
  hrs_fit *fit;             /* --types and-or, else NULL */
  hrs_fit_report report;    /* of the split that stands in it */
  double noise[HRS_SHARE_NETWORKS];
  /* Of the networks that share: their strongest interactions (first rank) and thresholds. */
  hrs_salient strongest[HRS_SHARE_NETWORKS];
  double thresholds[HRS_SHARE_NETWORKS];
  hrs_threshold threshold;
  double delta;       /* mean |v(N) - v(empty)|, for its threshold */
  double running_max; /* largest |I| of the rows so far, for the global threshold */
  double verified;    /* largest error against known dividends, over its tolerance */
  /* On the first rank of a group: */
  hrs_count listed;      /* rows done here */
  hrs_count *rows;       /* their numbers */
  hrs_salient *lists;    /* their salient interactions */
  hrs_dataset_row *kept; /* their results, where they wait for the global threshold */
  double seconds[HRS_RUN_PHASES];
  hrs_progress progress;
} hrs_run;

/** Time since *start goes to a phase, and *start becomes now. */
void hrs_run_clock(hrs_run *run, hrs_run_phase phase, double *start);

/** All masks of a sample into the run's lattices, phase A; `again`: what has been said of the
 *  values is not said a second time. Collective over the group. */
hrs_status hrs_run_evaluate(hrs_run *run, hrs_count sample, bool again);
/**
 * Everything for row k, whose values stand in `lattice` (NULL: this rank has none this round):
 * values and indices, AND, OR, salience; written to the data set. `again`: only orders and list,
 * for a row that is done a second time. Collective over the world; `sample` is the job's number.
 */
hrs_status hrs_run_row(hrs_run *run, hrs_count sample, int target, hrs_lattice *lattice,
                       bool again);
/** Salient order sums of a complete list: row->orders[..][0..2] and threshold. */
void hrs_run_orders_from_list(int n, const hrs_salient *list, double threshold,
                              hrs_dataset_row *row);

#endif
