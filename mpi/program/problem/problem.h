/*
 * problem.h -- what `harsanyi interactions` is asked to do: the options as typed, and what they
 * become: a game, its samples and targets (job), how ranks and memory are shared out (plan), and
 * the run.
 */
#ifndef HRS_MPI_PROGRAM_PROBLEM_PROBLEM_H
#define HRS_MPI_PROGRAM_PROBLEM_PROBLEM_H

#include "mpi/program/kinds/interactions/interactions.h"
#include "mpi/program/options/options.h"

#include <harsanyi/fit.h>

/** Values of the options, one field each (see the table in commands/interactions.c). */
typedef struct hrs_interactions_options {
  hrs_text_list input, model, table;
  const char *samples, *labels, *select, *per_sample, *bit_order, *closed_form, *plugin;
  const char *players, *player_names, *class_names, *subset, *baseline, *layout, *mask_at;
  const char *target, *output, *output_node, *scores;
  const char *types, *indices, *keep, *threshold;
  double fit_gap, noise, share_alpha, share_spread;
  const char *split_option, *share_option; /* one that was given of --fit-*, --noise, --share, and
                                              of --share-* */
  int fit_iterations;
  bool share;
  const char *fit_merge, *fit_empty, *share_form;
  hrs_count salient_limit;
  bool values, force, plan, quiet, verbose, allow_nonfinite, verify;
  const char *evaluator, *out, *precision, *shm, *timing;
  hrs_count blocks, chunk, table_memory;
  int ranks_per_sample, plan_ranks;
} hrs_interactions_options;

/** Its table of options (commands/interactions.c). */
extern const hrs_command_line hrs_interactions_line;

typedef enum hrs_keep { HRS_KEEP_SALIENT, HRS_KEEP_TOP, HRS_KEEP_ALL } hrs_keep;
typedef enum hrs_threshold_mode {
  HRS_THRESHOLD_SAMPLE, /* coefficient x largest |I| of the row */
  HRS_THRESHOLD_GLOBAL, /* coefficient x largest |I| of all rows */
  HRS_THRESHOLD_DELTA,  /* coefficient x mean of |v(N) - v(empty)| over the rows */
  HRS_THRESHOLD_FIXED   /* coefficient itself: the second pass of the global mode */
} hrs_threshold_mode;

typedef struct hrs_threshold {
  hrs_threshold_mode mode;
  double coefficient;
} hrs_threshold;

typedef struct hrs_job {
  MPI_Comm comm; /* that it was created on */
  hrs_game *game;
  hrs_model *model;                 /* network games, else NULL */
  hrs_model *more[HRS_JOINT_GAMES]; /* of the other networks that share interactions */
  hrs_count game_bytes;             /* that the game holds, and processes that read for it */
  hrs_count shared_bytes;           /* of these, what a group's ranks on a node may share */
  int n, targets;                   /* per sample */
  hrs_count all;                    /* samples in the file, or of the game */
  hrs_count samples;                /* chosen */
  hrs_count *index;                 /* [samples] number in the sample file */
  int *label;                       /* [samples], -1 without labels */
  hrs_players players;              /* names and map of network games; else n and names */
  hrs_array baseline;               /* network games */
  char **row_names;   /* [samples, targets, n]: names per sample, inside of name_lines; or NULL */
  char **name_lines;  /* of --player-names */
  char **class_names; /* NULL without */
  int classes;
  int networks;            /* that share interactions: targets come in groups of so many */
  bool fit;                /* AND and OR are the fitted split of v */
  hrs_fit_options fitting; /* without a row's noise; the spread in mean |v(N) - v(empty)| */
  hrs_fit_conventions conventions;
  bool types[2];               /* AND, OR */
  bool indices[2];             /* SV, BV */
  int orders[HRS_INDEX_LIMIT]; /* highest order of the other indices, 0: not wanted */
  hrs_keep keep;
  hrs_count top;
  hrs_threshold threshold;
  hrs_dtype precision;
  hrs_sharing sharing;
  /* of network games, as settled: what --output, --scores, --layout and the masked tensor became */
  hrs_output output;
  hrs_scores scores;
  hrs_layout layout;
  char *masked;
  hrs_run_attribute record[12]; /* /game: what v is */
  int records;
  char *description; /* one line: what is evaluated, all games of a joint fit */
  hrs_place *timing; /* of --timing, on rank 0 */
} hrs_job;

/** Make a job from options: reads files on rank 0 of comm. Collective; the status is agreed on. */
hrs_status hrs_job_create(MPI_Comm comm, const hrs_interactions_options *options, hrs_job *job);
void hrs_job_destroy(hrs_job *job);
/** See that all ranks have the same game: what steers the run, and a few values. Collective.
 * Errors: INPUT, naming the rank and what differs. */
hrs_status hrs_job_compare(hrs_job *job);
/**
 * Which rows of an array with `rows` of them belong to the chosen samples, by the rule of
 * rows.c: *row[i] for chosen sample i, or NULL: row i. `what` (option and file) begins
 * messages. Not collective. Errors: INPUT, another number of rows; USAGE, --per-sample has to say.
 */
hrs_status hrs_job_rows(const hrs_job *job, const hrs_interactions_options *options,
                        const char *what, hrs_count rows, const hrs_count **row);
/** Number of the job's sample s in its game: a network game holds the chosen samples alone, a table
 *  all of its file's. */
static inline hrs_count hrs_job_in_game(const hrs_job *job, hrs_count s) {
  return job->model ? s : job->index[s];
}

/** job->players.names, and job->row_names where samples have names of their own. Collective. */
hrs_status hrs_job_name_players(hrs_job *job, const hrs_interactions_options *options);

/** job->record, once the game is there; its texts are those of the options. Not collective. */
void hrs_job_record(hrs_job *job, const hrs_interactions_options *options);

/** How the ranks are shared out and what that costs. */
typedef struct hrs_plan {
  int world;                /* ranks there are */
  int groups;               /* samples at a time */
  int ranks;                /* per group */
  int idle;                 /* ranks in no group */
  hrs_count rounds;         /* of groups over samples */
  hrs_partition part;       /* of a group */
  hrs_count lattice_bytes;  /* largest rank: one lattice's data */
  bool keeps_values;        /* AND is made beside v; else v is evaluated again for OR */
  int evaluations;          /* of each mask: 1, and one more for each target whose v is not kept */
  hrs_count index_bytes;    /* largest rank: while a row's interaction indices are made */
  hrs_count rank_bytes;     /* largest rank: everything at its peak but the salient lists */
  hrs_count fit_bytes;      /* largest rank: the fit's lattices */
  hrs_count salient_bytes;  /* salient lists of a group's first rank, if all reach their limit */
  hrs_count exchange_bytes; /* sent by the busiest rank, whole run */
  hrs_count messages;       /* by the busiest rank, whole run */
  hrs_count masks;          /* evaluated by the busiest rank, whole run */
  hrs_count memory;         /* bytes a rank may use on the smallest node */
  char limit[320];          /* what sets that */
  int node_ranks;           /* fewest ranks on a node */
  hrs_count file_bytes;
  bool fits;  /* rank_bytes into memory */
  int needed; /* where it does not: ranks that would do, 0 if none */
} hrs_plan;

/** Plan a job for `world` ranks. Errors: USAGE for blocks, and ranks per sample, that cannot be
 *  used. Collective over comm. */
hrs_status hrs_plan_create(MPI_Comm comm, const hrs_job *job,
                           const hrs_interactions_options *options, hrs_plan *plan);
/** Errors: TOO_LARGE for a plan that does not fit, saying how much is needed and how many ranks
 * would do. Not collective. */
hrs_status hrs_plan_check(const hrs_job *job, const hrs_plan *plan);
/** Print it, with times predicted from a short measurement, and the largest n that fits. */
hrs_status hrs_plan_print(const hrs_job *job, const hrs_plan *plan);

/** Do it. Collective over comm; the status is agreed on. command_line stands in the data set. */
hrs_status hrs_job_run(MPI_Comm comm, hrs_job *job, const hrs_plan *plan,
                       const hrs_interactions_options *options, const char *command_line,
                       const char *echo);

/** May fits have noise or a spread? They need more memory then. */
static inline bool hrs_job_fit_bounded(const hrs_job *job, const hrs_interactions_options *o) {
  return o->noise > 0 || (job->networks > 1 && o->share_spread > 0);
}

/** The layout of a job's data set; the job and its options have to outlive it. */
hrs_status hrs_job_contents(const hrs_job *job, const hrs_interactions_options *options,
                            hrs_contents **out);

#endif
