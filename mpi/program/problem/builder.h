/*
 * builder.h -- what a problem of networks is put together from, by network.c; the parts are made by
 * samples.c, players.c, scores.c and look.c, in the order in which they stand here.
 *
 * All functions are collective over builder->comm unless they say otherwise, and agree on status.
 */
#ifndef HRS_MPI_PROGRAM_PROBLEM_BUILDER_H
#define HRS_MPI_PROGRAM_PROBLEM_BUILDER_H

#include "problem.h"

typedef struct hrs_problem_builder {
  MPI_Comm comm;
  const hrs_problem_options *o;
  const char *path; /* of the network */
  bool plan;        /* evaluate nothing */
  hrs_problem *problem;
  int inputs;
  char *names[HRS_OPTION_REPEATS];       /* of the inputs fed */
  hrs_array samples[HRS_OPTION_REPEATS]; /* [samples, ...] */
  int *targets;                          /* [samples, n_targets], NULL = predicted */
  int n_targets;
  hrs_array masked; /* [samples, ...]: an inner tensor of --mask-at */
} hrs_problem_builder;

/* ---- samples.c -------------------------------------------------------------------------- */

/** An array file read by rank 0: the chosen rows of it, or all. rows NULL = all. */
hrs_status hrs_problem_load(MPI_Comm comm, const char *path, hrs_count count, const hrs_count *rows,
                            hrs_array *out);
/** An array given beside the samples, or of one of the inputs. */
typedef struct hrs_problem_beside {
  const char *what; /* option and file, for messages */
  const char *path;
  hrs_dtype type;  /* whole numbers of this type alone; NONE: anything */
  bool per_sample; /* rows for samples; else one array for all */
  const hrs_count
      *row; /* of each chosen sample where that is known; NULL: as hrs_problem_rows says */
} hrs_problem_beside;

/** Type, rank and shape of an array file, known to all. */
hrs_status hrs_problem_peek(MPI_Comm comm, const char *path, hrs_array *header);
/** Load it, with the rows of the chosen samples. Errors: INPUT, naming sample and value, for what
 * is no whole number. */
hrs_status hrs_problem_load_beside(const hrs_problem_builder *b, const hrs_problem_beside *beside,
                                   const hrs_array *header, hrs_array *out);
/** The samples of all inputs, from --samples or --input; which samples there are and are chosen. */
hrs_status hrs_problem_load_inputs(hrs_problem_builder *b);
/** problem->label from --labels, -1 without. */
hrs_status hrs_problem_load_labels(hrs_problem_builder *b);
/** The masked tensor at the samples: [samples, ...] with the model's batch axis of 1.
 *  Not collective. */
const hrs_array *hrs_problem_masked_tensor(const hrs_problem_builder *b);

/* ---- players.c -------------------------------------------------------------------------- */

/** problem->players and problem->n. */
hrs_status hrs_problem_make_players(hrs_problem_builder *b);
/** problem->baseline. */
hrs_status hrs_problem_make_baseline(hrs_problem_builder *b);

/* ---- scores.c --------------------------------------------------------------------------- */

/** builder->targets and problem->classes; `spec` has all but these, players and baseline. */
hrs_status hrs_problem_make_targets(hrs_problem_builder *b, const hrs_network_game *spec);
/** problem->class_names. */
hrs_status hrs_problem_load_class_names(hrs_problem_builder *b);

/* ---- look.c ----------------------------------------------------------------------------- */

/** Look at the outputs of all samples, and warn where they look unlike what they are taken for. */
hrs_status hrs_problem_look(hrs_problem_builder *b, const hrs_network_game *spec,
                            hrs_output_look *look);

#endif
