/* settings.h -- what `harsanyi interactions` makes of a problem's values: which interactions and
 * indices, which of them are salient, what is kept. */
#ifndef HRS_MPI_PROGRAM_COMMANDS_INTERACTIONS_SETTINGS_H
#define HRS_MPI_PROGRAM_COMMANDS_INTERACTIONS_SETTINGS_H

#include "mpi/program/engine/salience.h"
#include "mpi/program/engine/split.h"

/** The command's own options. */
typedef struct hrs_interactions_options {
  int types; /* group compute */
  const char *indices;
  const char *keep, *threshold; /* group keep */
  hrs_count salient_limit;
  bool values;
  bool verify; /* group verify */
} hrs_interactions_options;

extern const hrs_option hrs_group_compute[], hrs_group_keep[], hrs_group_verify[];

typedef struct hrs_settings {
  bool types[2];               /* AND, OR */
  bool fit;                    /* they are a split of v, */
  hrs_split split;             /* this one */
  bool indices[2];             /* SV, BV */
  int orders[HRS_INDEX_LIMIT]; /* highest order of the other indices, 0: not wanted */
  hrs_keep keep;
  hrs_count top;
  hrs_threshold threshold;
  hrs_count salient_limit;
  bool values, verify;
  bool allow_nonfinite;
} hrs_settings;

/** What the options say before the game is known. Not collective. Errors: USAGE. */
hrs_status hrs_settings_make(const hrs_interactions_options *options,
                             const hrs_split_options *split, const hrs_problem_options *problem,
                             hrs_settings *out);
/** What depends on the number of players, and on whether dividends are known. Not collective.
 *  Errors: USAGE, TOO_LARGE. */
hrs_status hrs_settings_settle(const hrs_interactions_options *options, const hrs_game *game,
                               hrs_settings *settings);

#endif
