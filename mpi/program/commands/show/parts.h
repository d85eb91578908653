/* parts.h -- what the parts of `harsanyi show` share: the options and a row's contents. */
#ifndef HRS_MPI_PROGRAM_COMMANDS_SHOW_PARTS_H
#define HRS_MPI_PROGRAM_COMMANDS_SHOW_PARTS_H

#include "mpi/program/kinds/interactions/check.h"

/** --type. */
typedef enum hrs_show_type { HRS_SHOW_AND, HRS_SHOW_OR, HRS_SHOW_BOTH } hrs_show_type;

typedef struct hrs_show_options {
  const char *row, *sample, *target;
  int type; /* hrs_show_type */
  int top;
  bool orders, check, json;
} hrs_show_options;

/** Show a file of a kind, and check it where that is asked for: takes the reading, whatever the
 *  outcome. Errors: USAGE (options that do not fit), INPUT. */
typedef hrs_status hrs_show_function(hrs_reading **reading, const hrs_show_options *options);
hrs_show_function hrs_show_interactions, hrs_show_features;

/** The file, and which program wrote it: the first lines of every kind. */
void hrs_show_file_text(const hrs_reading *reading);

/** Everything that is said of one row. */
typedef struct hrs_show_row {
  hrs_count k;
  hrs_salient list; /* the whole list */
  hrs_interactions_row values;
  hrs_interactions_fit fit;         /* where the file has a fitted split */
  hrs_interactions_sharing sharing; /* and where it is one of several networks */
} hrs_show_row;

/** A small picture of the players: which player stands where, -1 for none. */
typedef struct hrs_show_map {
  int rows, columns; /* 0: there is nothing to draw */
  int32_t *player;
} hrs_show_map;

/**
 * The label map of row k as a picture: one plane of it, with equal neighbouring lines merged, so
 * that a grid of patches becomes a grid of single marks. Where the map is no plane, or the picture
 * would be large, rows = columns = 0. Errors: MEMORY.
 */
hrs_status hrs_show_map_create(const hrs_interactions_file *set, hrs_count k, hrs_show_map *out);
void hrs_show_map_destroy(hrs_show_map *map);

/** Is an interaction of the kind asked for with --type? */
static inline bool hrs_show_wants(const hrs_show_options *options, uint8_t type) {
  return options->type == HRS_SHOW_BOTH || options->type == (int)type;
}

/** Sections on the split of a row, its reconstruction, and the mean effects of orders. */
void hrs_show_fit_text(const hrs_interactions_file *set, const hrs_show_row *row);
void hrs_show_means_text(const hrs_interactions_file *set, const hrs_show_row *row);

/** The strongest sets of an interaction index of a row, the strongest first. */
typedef struct hrs_show_set {
  hrs_mask mask;
  double value;
} hrs_show_set;
typedef struct hrs_show_index {
  hrs_index index;
  int orders;
  hrs_count count;
  hrs_show_set *set;
  double error;
} hrs_show_index;
typedef void hrs_show_index_function(const hrs_interactions_file *set, const hrs_show_index *index);
/** Say of each index that the file has the `most` strongest sets of row k. Errors: INPUT, MEMORY.
 */
hrs_status hrs_show_indices(const hrs_interactions_file *set, hrs_count k, int most,
                            hrs_show_index_function *say);

hrs_status hrs_show_header_text(const hrs_interactions_file *set);
void hrs_show_rows_text(const hrs_interactions_file *set, const hrs_count *counts);
hrs_status hrs_show_row_text(const hrs_interactions_file *set, const hrs_show_row *row,
                             const hrs_show_options *options);
void hrs_show_checks_text(const hrs_check *checks);

/** One JSON object on stdout: begin, any number of rows, end. */
hrs_status hrs_show_begin_json(const hrs_interactions_file *set);
hrs_status hrs_show_row_json(const hrs_interactions_file *set, const hrs_show_row *row,
                             const hrs_show_options *options, bool first);
void hrs_show_end_json(const hrs_check *checks);

#endif
