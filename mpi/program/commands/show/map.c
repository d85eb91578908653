/* A label map as a small picture for the terminal. */
#include "parts.h"

#include <string.h>

enum { MOST_ROWS = 12, MOST_COLUMNS = 24 };

/* A plane of labels inside a larger array. */
typedef struct plane {
  const int32_t *label;
  hrs_count rows, columns, row_step, column_step;
} plane;

static int32_t at(const plane *p, hrs_count row, hrs_count column) {
  return p->label[row * p->row_step + column * p->column_step];
}

static bool same_along(const int32_t *label, hrs_count outer, hrs_count length, hrs_count inner) {
  for (hrs_count i = 0; i < outer; i++)
    for (hrs_count j = 1; j < length; j++)
      for (hrs_count k = 0; k < inner; k++)
        if (label[(i * length + j) * inner + k] != label[i * length * inner + k]) return false;
  return true;
}

/* The plane of an image's map: [H, W], [channels, H, W] or [H, W, channels], axes of length 1
 * apart. False where it is none of these. */
static bool find_plane(const int32_t *label, int rank, const hrs_count *dim, plane *out) {
  hrs_count d[HRS_MAX_RANK];
  int used = 0;
  for (int i = 0; i < rank; i++)
    if (dim[i] != 1) d[used++] = dim[i];
  if (used == 2) {
    *out = (plane){label, d[0], d[1], d[1], 1};
    return true;
  }
  if (used != 3) return false;
  if (same_along(label, 1, d[0], d[1] * d[2]))
    *out = (plane){label, d[1], d[2], d[2], 1};
  else if (same_along(label, d[0] * d[1], d[2], 1))
    *out = (plane){label, d[0], d[1], d[1] * d[2], d[2]};
  else
    return false;
  return true;
}

static bool row_repeats(const plane *p, hrs_count row) {
  for (hrs_count j = 0; j < p->columns; j++)
    if (at(p, row, j) != at(p, row - 1, j)) return false;
  return true;
}

static bool column_repeats(const plane *p, hrs_count column) {
  for (hrs_count i = 0; i < p->rows; i++)
    if (at(p, i, column) != at(p, i, column - 1)) return false;
  return true;
}

/* Indices of the lines that differ from the one before; 0 where there are more than `most`. */
static int distinct(const plane *p, bool rows, int most, hrs_count *lines) {
  int count = 0;
  hrs_count length = rows ? p->rows : p->columns;
  for (hrs_count i = 0; i < length; i++) {
    if (i > 0 && (rows ? row_repeats(p, i) : column_repeats(p, i))) continue;
    if (count == most) return 0;
    lines[count++] = i;
  }
  return count;
}

/* Position of row k's sample among the samples. */
static hrs_count sample_slot(const hrs_interactions_file *set, hrs_count k) {
  hrs_count slot = 0;
  for (hrs_count i = 1; i <= k; i++)
    slot += set->index[i] != set->index[i - 1];
  return slot;
}

hrs_status hrs_show_map_create(const hrs_interactions_file *set, hrs_count k, hrs_show_map *out) {
  const hrs_array *map = &set->map;
  const int32_t *label = map->data;
  plane p;
  *out = (hrs_show_map){0};
  if (map->rank == 0) return HRS_OK;
  bool whole = find_plane(label, map->rank, map->dim, &p) &&
               !(set->samples > 1 && map->dim[0] == set->samples);
  if (!whole) {
    hrs_count slot = sample_slot(set, k);
    if (map->dim[0] != set->samples || slot >= set->samples) return HRS_OK;
    label += slot * (hrs_array_count(map) / set->samples);
    if (!find_plane(label, map->rank - 1, map->dim + 1, &p)) return HRS_OK;
  }
  hrs_count rows[MOST_ROWS], columns[MOST_COLUMNS];
  int n_rows = distinct(&p, true, MOST_ROWS, rows);
  int n_columns = distinct(&p, false, MOST_COLUMNS, columns);
  if (n_rows < 2 || n_columns < 2) return HRS_OK;
  HRS_TRY(hrs_alloc((hrs_count)n_rows * n_columns, sizeof *out->player, &out->player));
  out->rows = n_rows;
  out->columns = n_columns;
  for (int i = 0; i < n_rows; i++)
    for (int j = 0; j < n_columns; j++)
      out->player[i * n_columns + j] = at(&p, rows[i], columns[j]);
  return HRS_OK;
}

void hrs_show_map_destroy(hrs_show_map *map) {
  hrs_free(map->player);
  *map = (hrs_show_map){0};
}
