/*
 * groups.h -- the options that commands share: each stands once, has the same meaning everywhere,
 * and goes into a struct that a command puts into its own, as often as it includes the group.
 *
 *     typedef struct my_options { hrs_problem_options problem; hrs_run_options run; } my_options;
 *     static const hrs_option_group groups[] = {
 *         {hrs_group_samples, offsetof(my_options, problem)},
 *         {hrs_group_out, offsetof(my_options, run)}, {0}};
 */
#ifndef HRS_MPI_PROGRAM_OPTIONS_GROUPS_H
#define HRS_MPI_PROGRAM_OPTIONS_GROUPS_H

#include "options.h"

/** --per-sample: arrays with a row for each sample follow the file's samples or the chosen ones. */
typedef enum hrs_per_sample {
  HRS_PER_SAMPLE_AUTO,
  HRS_PER_SAMPLE_FILE,
  HRS_PER_SAMPLE_SELECT
} hrs_per_sample;

/** What v is, of which samples and players (problem/problem.h makes a problem of it). NULL, 0: not
 *  given. */
typedef struct hrs_problem_options {
  hrs_text_list model, table; /* group game */
  const char *closed_form, *plugin;
  hrs_text_list input; /* group samples */
  const char *samples, *labels, *select;
  int per_sample;      /* hrs_per_sample */
  int bit_order;       /* group table: hrs_bit_order */
  const char *players; /* group players */
  const char *player_names, *subset, *baseline, *mask_at;
  int layout;         /* hrs_layout */
  const char *target; /* group output */
  const char *output_node, *class_names;
  int output, scores; /* hrs_output, hrs_scores */
  int evaluator;      /* group evaluator: hrs_evaluator */
  hrs_count table_memory;
} hrs_problem_options;

extern const hrs_option hrs_group_game[], hrs_group_samples[], hrs_group_table[],
    hrs_group_players[], hrs_group_output[], hrs_group_evaluator[];

/** The words of --output (numbered from 1 on), --scores, --layout and --evaluator. */
extern const char hrs_output_words[], hrs_scores_words[], hrs_layout_words[], hrs_evaluator_words[];

/** A network, and at which of its layers it is looked at (problem/layers.h). */
typedef struct hrs_network_options {
  const char *model, *layers;
} hrs_network_options;

extern const hrs_option hrs_group_network[];

/** The split of v into AND and OR, of one network or several (groups split and share). */
typedef struct hrs_split_options {
  double gap, noise, alpha, spread;
  int iterations, merge, empty, form; /* off, split, add: 1 */
  bool share;
  const char *split_given, *share_given; /* an option that was given of the groups, or NULL */
} hrs_split_options;

extern const hrs_option hrs_group_split[], hrs_group_share[];

/** What a run may use (engine/resources.h). */
typedef struct hrs_resource_options {
  int precision, shm; /* single, off: 1 */
  hrs_count blocks, chunk;
  int ranks_per_sample; /* 0: not given */
} hrs_resource_options;

extern const hrs_option hrs_group_resources[];

/** Where results go, how long it may take, what is kept, and what is said (groups out, restart,
 *  checkpoint, plan, nonfinite, timing, talk). */
typedef struct hrs_run_options {
  const char *out, *timing;
  bool force, plan, quiet, verbose, allow_nonfinite;
  double max_time;            /* seconds; 0: not given */
  int plan_ranks, plan_nodes; /* 0: not given */
  hrs_count plan_memory, plan_bandwidth;
  double checkpoint_every; /* seconds; 0: never */
  bool resume;
} hrs_run_options;

extern const hrs_option hrs_group_out[], hrs_group_restart[], hrs_group_checkpoint[],
    hrs_group_plan[], hrs_group_nonfinite[], hrs_group_timing[], hrs_group_talk[];

#endif
