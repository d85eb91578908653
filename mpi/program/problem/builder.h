/*
 * builder.h -- what a network job is put together from, by network.c; the parts are made by
 * samples.c, players.c, scores.c and look.c, in the order in which they stand here.
 *
 * All functions are collective over builder->comm unless they say otherwise, and agree on status.
 */
#ifndef HRS_MPI_PROGRAM_PROBLEM_BUILDER_H
#define HRS_MPI_PROGRAM_PROBLEM_BUILDER_H

#include "network.h"
#include "problem.h"

typedef struct hrs_job_builder {
  MPI_Comm comm;
  const hrs_interactions_options *o;
  const char *path; /* of the network */
  hrs_job *job;
  int inputs;
  char *names[HRS_OPTION_REPEATS];       /* of the inputs fed */
  hrs_array samples[HRS_OPTION_REPEATS]; /* [samples, ...] */
  int *targets;                          /* [samples, n_targets], NULL = predicted */
  int n_targets;
  hrs_array masked; /* [samples, ...]: an inner tensor of --mask-at */
} hrs_job_builder;

/* ---- samples.c -------------------------------------------------------------------------- */

/** An array file read by rank 0: the chosen rows of it, or all. rows NULL = all. */
hrs_status hrs_job_load(MPI_Comm comm, const char *path, hrs_count count, const hrs_count *rows,
                        hrs_array *out);
/** An array given beside the samples, or of one of the inputs. */
typedef struct hrs_job_beside {
  const char *what; /* option and file, for messages */
  const char *path;
  hrs_dtype type;       /* whole numbers of this type alone; NONE: anything */
  bool per_sample;      /* rows for samples; else one array for all */
  const hrs_count *row; /* of each chosen sample where that is known; NULL: as hrs_job_rows says */
} hrs_job_beside;

/** Type, rank and shape of an array file, known to all. */
hrs_status hrs_job_peek(MPI_Comm comm, const char *path, hrs_array *header);
/** Load it, with the rows of the chosen samples. Errors: INPUT, naming sample and value, for what
 * is no whole number. */
hrs_status hrs_job_load_beside(const hrs_job_builder *b, const hrs_job_beside *beside,
                               const hrs_array *header, hrs_array *out);
/** The samples of all inputs, from --samples or --input; which samples there are and are chosen. */
hrs_status hrs_job_load_inputs(hrs_job_builder *b);
/** job->label from --labels, -1 without. */
hrs_status hrs_job_load_labels(hrs_job_builder *b);
/** The masked tensor at the samples: [samples, ...] with the model's batch axis of 1.
 *  Not collective. */
const hrs_array *hrs_job_masked_tensor(const hrs_job_builder *b);

/* ---- players.c -------------------------------------------------------------------------- */

/** The layout that --layout names, AUTO for any other word. Not collective. */
hrs_layout hrs_job_layout(const char *text);
/** job->players and job->n. */
hrs_status hrs_job_make_players(hrs_job_builder *b);
/** job->baseline. */
hrs_status hrs_job_make_baseline(hrs_job_builder *b);

/* ---- scores.c --------------------------------------------------------------------------- */

/** The words of --output and --scores for what they became. Not collective. */
const char *hrs_job_output_text(hrs_output output);
const char *hrs_job_scores_text(hrs_scores scores);
/** The word of --output, NULL for AUTO, and of --scores. Not collective. */
hrs_status hrs_job_set_output(const char *text, hrs_output *out);
hrs_status hrs_job_set_scores(const char *text, hrs_scores *out);
/** builder->targets and job->classes; `spec` has all but these, players and baseline. */
hrs_status hrs_job_make_targets(hrs_job_builder *b, const hrs_network_game *spec);
/** job->class_names. */
hrs_status hrs_job_load_class_names(hrs_job_builder *b);

/* ---- look.c ----------------------------------------------------------------------------- */

/** Look at the outputs of all samples, and warn where they look unlike what they are taken for. */
hrs_status hrs_job_look(hrs_job_builder *b, const hrs_network_game *spec, hrs_output_look *look);

#endif
