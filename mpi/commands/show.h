/* show.h -- what the parts of `harsanyi show` share: the options and a row's contents. */
#ifndef HRS_COMMANDS_SHOW_H
#define HRS_COMMANDS_SHOW_H

#include "../dataset.h"
#include "../dataset_check.h"

typedef struct hrs_show_options {
  const char *row, *sample, *target, *type;
  int top;
  bool orders, check, json;
} hrs_show_options;

/** Everything that is said of one row. */
typedef struct hrs_show_row {
  hrs_count k;
  hrs_salient list; /* the whole list */
  bool has[2];      /* AND, OR */
  double orders[2][5][HRS_MAX_PLAYERS + 1];
  bool has_index[2]; /* SV, BV */
  double index[2][HRS_MAX_PLAYERS];
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
hrs_status hrs_show_map_create(const hrs_dataset_reading *set, hrs_count k, hrs_show_map *out);
void hrs_show_map_destroy(hrs_show_map *map);

/** Is an interaction of the kind asked for with --type? */
static inline bool hrs_show_wants(const hrs_show_options *options, uint8_t type) {
  return options->type[0] == 'b' || (options->type[0] == 'a') == (type == 0);
}

void hrs_show_header_text(const hrs_dataset_reading *set);
void hrs_show_rows_text(const hrs_dataset_reading *set, const hrs_count *counts);
hrs_status hrs_show_row_text(const hrs_dataset_reading *set, const hrs_show_row *row,
                             const hrs_show_options *options);
void hrs_show_checks_text(const hrs_dataset_check *checks);

/** One JSON object on stdout: begin, any number of rows, end. */
void hrs_show_begin_json(const hrs_dataset_reading *set);
void hrs_show_row_json(const hrs_dataset_reading *set, const hrs_show_row *row,
                       const hrs_show_options *options, bool first);
void hrs_show_end_json(const hrs_dataset_check *checks);

#endif
