/*
 * problem.h -- what is evaluated: a game, its samples and targets, its players and their names. The
 * same for every command; what a command makes of the values, and on which ranks, is not in it.
 *
 * All functions are collective over problem->comm unless they say otherwise, and agree on status.
 */
#ifndef HRS_MPI_PROGRAM_PROBLEM_PROBLEM_H
#define HRS_MPI_PROGRAM_PROBLEM_PROBLEM_H

#include "mpi/dataset/build.h"
#include "mpi/program/options/groups.h"

#include <harsanyi/mpi.h>

enum { HRS_PROBLEM_RECORDS = 12 };

typedef struct hrs_problem {
  MPI_Comm comm; /* that it was created on */
  hrs_game *game;
  hrs_model *model;                 /* network games, else NULL */
  hrs_model *more[HRS_JOINT_GAMES]; /* of the other networks of a joint game */
  int games;                        /* that are one: targets come in groups of so many */
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
  /* of network games, as settled: what --output, --scores, --layout and the masked tensor became */
  hrs_output output;
  hrs_scores scores;
  hrs_layout layout;
  char *masked;
  hrs_run_attribute record[HRS_PROBLEM_RECORDS];  /* /game: what v is */
  char words[HRS_PROBLEM_RECORDS][HRS_WORD_TEXT]; /* of these, the texts that are nobody else's */
  int records;
  char *description; /* one line: what is evaluated, all games of a joint one */
} hrs_problem;

/** How many games the options name: several are one joint game. Not collective. */
int hrs_problem_games(const hrs_problem_options *options);
/**
 * Make a problem from options, whose texts must outlive it: reads files on rank 0 of comm.
 * @param sharing  may the ranks of a node share what networks hold
 * @param plan     evaluate nothing: it is only asked what things cost
 */
hrs_status hrs_problem_create(MPI_Comm comm, const hrs_problem_options *options,
                              hrs_sharing sharing, bool plan, hrs_problem *out);
/** Not collective. */
void hrs_problem_destroy(hrs_problem *problem);
/** See that all ranks have the same game: what steers the run, and a few values.
 * Errors: INPUT, naming the rank and what differs. */
hrs_status hrs_problem_compare(hrs_problem *problem);
/**
 * Which rows of an array with `rows` of them belong to the chosen samples, by the rule of rows.c:
 * *row[i] for chosen sample i, or NULL: row i. `what` (option and file) begins messages.
 * Not collective. Errors: INPUT, another number of rows; USAGE, --per-sample has to say.
 */
hrs_status hrs_problem_rows(const hrs_problem *problem, const hrs_problem_options *options,
                            const char *what, hrs_count rows, const hrs_count **row);
/** Number of the problem's sample s in its game: a network game holds the chosen samples alone, a
 *  table all of its file's. Not collective. */
static inline hrs_count hrs_problem_in_game(const hrs_problem *problem, hrs_count s) {
  return problem->model ? s : problem->index[s];
}
/** Mean |v(N) - v(empty)| over all samples and targets, from two masks each, dealt over the ranks
 *  of comm; effect[samples * targets] gets those of each, on every rank. Collective over comm. */
hrs_status hrs_problem_delta(MPI_Comm comm, const hrs_problem *problem, double *effect,
                             double *out);

/* ---- parts, for those who make one
 * --------------------------------------------------------------------- */

/** problem->index = 0 .. count-1. Not collective. */
hrs_status hrs_problem_all_samples(hrs_problem *problem, hrs_count count);
/** Add a game to the line that says what is evaluated. Not collective. */
hrs_status hrs_problem_describe(hrs_problem *problem, const char *format, ...) HRS_PRINTF(2, 3);
/** problem->players.names, and problem->row_names where samples have names of their own. */
hrs_status hrs_problem_name_players(hrs_problem *problem, const hrs_problem_options *options);
/** problem->record, once the game is there. Not collective. */
void hrs_problem_record(hrs_problem *problem, const hrs_problem_options *options);

#endif
