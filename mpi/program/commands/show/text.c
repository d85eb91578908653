/* `harsanyi show` for people: aligned, at most 100 columns, colours on a terminal alone. */
#include "marks.h"
#include "parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { COLUMNS = 100, MOST_ROWS_LISTED = 20 };

static const char *const type_names[2] = {"AND", "OR"};

/* Names of a set's players, as many as fit `room` columns. */
static void print_set(const hrs_interactions_file *set, hrs_mask mask, int room) {
  int left = hrs_order(mask);
  for (int i = 0; i < set->n; i++) {
    if (!(mask >> i & 1)) continue;
    const char *name = set->player_names[i];
    left--;
    int need = hrs_show_width(name) + 2;
    if (need + (left ? 8 : 0) > room) {
      printf("... +%d", left + 1);
      return;
    }
    printf("%s%s", name, left ? ", " : "");
    room -= need;
  }
}

/* ---- header --------------------------------------------------------------------------------- */

static const char *array_names(const hrs_interactions_file *set, char *text, size_t size) {
  static const struct {
    const char *path, *name;
  } arrays[] = {{"/values", "values"},
                {"/interactions/and", "all AND"},
                {"/interactions/or", "all OR"},
                {"/indices/SV", "SV"},
                {"/indices/BV", "BV"}};
  size_t used = (size_t)snprintf(text, size, "salient");
  for (size_t i = 0; i < sizeof arrays / sizeof *arrays && used < size; i++)
    if (hrs_reading_has(set->file, arrays[i].path))
      used += (size_t)snprintf(text + used, size - used, ", %s", arrays[i].name);
  for (int i = 0; i < HRS_INDEX_LIMIT && used < size; i++)
    if (set->orders[i])
      used += (size_t)snprintf(text + used, size - used, ", %s:%d", hrs_index_name((hrs_index)i),
                               set->orders[i]);
  return text;
}

static hrs_status print_run(const hrs_interactions_file *set, const char *attribute,
                            const char *name) {
  char *text = NULL;
  HRS_TRY(hrs_reading_text(set->file, "/run", attribute, &text));
  hrs_status status = text ? hrs_make_printable(&text) : HRS_OK;
  if (status == HRS_OK && text && *text) {
    int room = COLUMNS - 9, length = (int)strlen(text);
    printf("%-9s%.*s%s\n", name, length > room ? room - 4 : length, text,
           length > room ? " ..." : "");
  }
  hrs_free(text);
  return status;
}

/* "v" and "masked" as one line each: what the file says of its game. */
static hrs_status print_game(const hrs_interactions_file *set) {
  static const struct {
    const char *line, *name, *before;
  } parts[] = {{"v", "v", ""},
               {"v", "target", ", target "},
               {"v", "scores", ", of "},
               {"v", "output_node", " at "},
               {"masked", "masked", ""},
               {"masked", "players", ", players "},
               {"masked", "subset", ", of these "},
               {"masked", "baseline", ", absent "},
               {"masked", "layout", ", "}};
  const char *line = "";
  bool raw = false; /* the output as it is: taken for no kind of scores */
  hrs_status status = HRS_OK;
  for (size_t i = 0; i < sizeof parts / sizeof *parts && status == HRS_OK; i++) {
    char *text = NULL;
    if (raw && strcmp(parts[i].name, "scores") == 0) continue;
    HRS_TRY(hrs_reading_text(set->file, "/game", parts[i].name, &text));
    status = text ? hrs_make_printable(&text) : HRS_OK;
    if (status == HRS_OK && text) {
      raw = raw || (i == 0 && strcmp(text, "raw") == 0);
      if (strcmp(line, parts[i].line) != 0)
        printf("%s%-9s", *line ? "\n" : "", parts[i].line);
      else
        printf("%s", raw && strcmp(parts[i].name, "output_node") == 0 ? ", of " : parts[i].before);
      printf("%s", text);
      line = parts[i].line;
    }
    hrs_free(text);
  }
  if (*line) printf("\n");
  return status;
}

void hrs_show_file_text(const hrs_reading *reading) {
  printf("%s%s%s\n", hrs_show_paint(HRS_SHOW_HEADING), reading->path,
         hrs_show_paint(HRS_SHOW_PLAIN));
  printf("written  by harsanyi %s (%s), format %d%s\n", reading->program_version, reading->git,
         reading->format_version, reading->complete ? "" : ", INCOMPLETE");
}

hrs_status hrs_show_header_text(const hrs_interactions_file *set) {
  char arrays[256];
  hrs_show_file_text(set->file);
  HRS_TRY(print_run(set, "game", "game"));
  HRS_TRY(print_run(set, "command_line", "command"));
  HRS_TRY(print_game(set));
  printf("players  %d: ", set->n);
  if (hrs_reading_has(set->file, "/samples/player_name"))
    printf("names differ by sample");
  else
    print_set(set, hrs_mask_full(set->n), COLUMNS - 16);
  printf("\nrows     %lld of %lld sample%s\n", (long long)set->rows, (long long)set->samples,
         set->samples == 1 ? "" : "s");
  bool both = set->types[0] && set->types[1];
  printf("types    %s%s%s%s\n", set->types[0] ? "AND" : "", both ? ", " : "",
         set->types[1] ? "OR" : "",
         set->fitted ? ": v split between them"
         : both      ? ": each for all of v"
                     : "");
  printf("stored   %s", array_names(set, arrays, sizeof arrays));
  if (set->precision != HRS_NONE) printf(" (%s)", hrs_dtype_name(set->precision));
  printf("\n");
  return HRS_OK;
}

/* "" where there is none, or where it only repeats the number. */
static const char *class_name(const hrs_interactions_file *set, int index) {
  char number[16];
  if (!set->class_names || index < 0 || index >= set->classes) return "";
  snprintf(number, sizeof number, "%d", index);
  return strcmp(number, set->class_names[index]) == 0 ? "" : set->class_names[index];
}

static void print_class(const hrs_interactions_file *set, int index, int columns) {
  char text[256];
  const char *name = class_name(set, index);
  if (index < 0)
    snprintf(text, sizeof text, "-");
  else if (*name)
    snprintf(text, sizeof text, "%d %s", index, name);
  else
    snprintf(text, sizeof text, "%d", index);
  hrs_show_pad(text, columns);
}

void hrs_show_rows_text(const hrs_interactions_file *set, const hrs_count *counts) {
  int classes = 6;
  for (int i = 0; i < set->classes; i++)
    if (hrs_show_width(set->class_names[i]) + 4 > classes)
      classes = hrs_show_width(set->class_names[i]) + 4;
  if (classes > 20) classes = 20;
  hrs_show_heading("Rows");
  printf("  %5s %8s  ", "row", "sample");
  hrs_show_pad("label", classes);
  hrs_show_pad("target", classes);
  printf("%s%11s %11s %8s %8s  %s\n", set->network ? " network" : "", "v(empty)", "v(N)", "AND",
         "OR", "threshold");
  for (hrs_count k = 0; k < set->rows && k < MOST_ROWS_LISTED; k++) {
    printf("  %5lld %8lld  ", (long long)k, (long long)set->index[k]);
    print_class(set, set->label[k], classes);
    print_class(set, set->target[k], classes);
    if (set->network) printf("%8d", set->network[k]);
    hrs_show_number(set->v_empty[k], 11);
    printf(" ");
    hrs_show_number(set->v_full[k], 11);
    for (int type = 0; type < 2; type++)
      if (set->types[type])
        printf(" %8lld", (long long)counts[2 * k + type]);
      else
        printf(" %8s", "-");
    printf("  %.4g\n", set->threshold[k]);
  }
  if (set->rows > MOST_ROWS_LISTED)
    printf("  ... and %lld more: --row K, or --sample I and --target T\n",
           (long long)(set->rows - MOST_ROWS_LISTED));
}

/* ---- one row -------------------------------------------------------------------------------- */

static hrs_count print_top(const hrs_interactions_file *set, const hrs_show_row *row,
                           const hrs_show_options *options) {
  char title[128];
  hrs_count wanted = 0, shown = 0;
  for (hrs_count i = 0; i < row->list.count; i++)
    wanted += hrs_show_wants(options, row->list.type[i]);
  snprintf(title, sizeof title, "Largest interactions (%lld of %lld listed%s)",
           (long long)(wanted < options->top ? wanted : options->top), (long long)wanted,
           set->truncated[row->k] ? "; the list was cut at its limit" : "");
  hrs_show_heading(title);
  if (wanted == 0) {
    printf("  none\n");
    return 0;
  }
  printf("  %5s  %-4s %5s %12s  %s\n", "rank", "type", "order", "value", "players");
  for (hrs_count i = 0; i < row->list.count && shown < options->top; i++) {
    if (!hrs_show_wants(options, row->list.type[i])) continue;
    printf("  %5lld  %-4s %5d ", (long long)++shown, type_names[row->list.type[i]],
           hrs_order(row->list.mask[i]));
    hrs_show_number(row->list.value[i], 12);
    printf("  ");
    print_set(set, row->list.mask[i], COLUMNS - 34);
    printf("\n");
  }
  return shown;
}

/* Entry number `rank` (from 0) among those wanted. */
static hrs_count find_entry(const hrs_show_row *row, const hrs_show_options *options,
                            hrs_count rank) {
  hrs_count i = 0;
  for (;; i++)
    if (hrs_show_wants(options, row->list.type[i]) && rank-- == 0) return i;
}

static void print_maps(const hrs_show_map *map, const hrs_show_row *row,
                       const hrs_show_options *options, hrs_count shown) {
  int label = 17, cell = 2 * map->columns - 1 > label ? 2 * map->columns - 1 : label;
  int across = (COLUMNS - 2) / (cell + 2);
  if (shown > 2 * across) shown = 2 * across;
  hrs_show_heading("Where they are (# in the set, . another player)");
  for (hrs_count first = 0; first < shown; first += across) {
    hrs_count end = first + across < shown ? first + across : shown;
    if (first > 0) printf("\n");
    for (hrs_count rank = first; rank < end; rank++) {
      char title[64];
      hrs_count i = find_entry(row, options, rank);
      snprintf(title, sizeof title, "%lld %s %+.3g", (long long)rank + 1,
               type_names[row->list.type[i]], row->list.value[i]);
      printf("  ");
      hrs_show_pad(title, rank + 1 < end ? cell : 0);
    }
    printf("\n");
    for (int y = 0; y < map->rows; y++) {
      for (hrs_count rank = first; rank < end; rank++) {
        hrs_mask mask = row->list.mask[find_entry(row, options, rank)];
        printf("  ");
        for (int x = 0; x < map->columns; x++) {
          int32_t player = map->player[y * map->columns + x];
          bool in = player >= 0 && (mask >> player & 1);
          printf("%s%s", x ? " " : "", in ? "#" : player >= 0 ? "." : " ");
        }
        if (rank + 1 < end) printf("%*s", cell - 2 * map->columns + 1, "");
      }
      printf("\n");
    }
  }
}

static void print_orders(const hrs_interactions_file *set, const hrs_show_row *row,
                         const hrs_show_options *options, bool all) {
  int negative = all ? 4 : 1, positive = all ? 3 : 0, last = set->n;
  double largest = 0;
  for (int type = 0; type < 2; type++)
    for (int m = 1; m <= set->n && set->types[type]; m++)
      largest = fmax(largest, fmax(row->values.orders[type][positive][m],
                                   -row->values.orders[type][negative][m]));
  while (last > 1 && !row->values.orders[0][positive][last] &&
         !row->values.orders[0][negative][last] && !row->values.orders[1][positive][last] &&
         !row->values.orders[1][negative][last])
    last--;
  hrs_show_heading(all ? "Strength by order, all interactions (sum of negative | positive)"
                       : "Strength by order, salient interactions (sum of negative | positive)");
  for (uint8_t type = 0; type < 2; type++) {
    if (!set->types[type] || !hrs_show_wants(options, type)) continue;
    printf("  %-4s %5s %8s %12s %*s|%-*s %12s\n", type_names[type], "order", all ? "" : "count",
           "negative", HRS_SHOW_BAR, "", HRS_SHOW_BAR, "", "positive");
    for (int m = 1; m <= last; m++) {
      printf("  %-4s %5d ", "", m);
      if (all)
        printf("%8s ", "");
      else
        printf("%8.0f ", row->values.orders[type][2][m]);
      printf("%12.5g ", row->values.orders[type][negative][m]);
      hrs_show_bar(row->values.orders[type][negative][m], largest, true, HRS_SHOW_NEGATIVE);
      printf("|");
      hrs_show_bar(row->values.orders[type][positive][m], largest, false, HRS_SHOW_POSITIVE);
      int used = largest > 0
                     ? (int)lround(row->values.orders[type][positive][m] / largest * HRS_SHOW_BAR)
                     : 0;
      printf("%*s %12.5g\n", HRS_SHOW_BAR - used, "", row->values.orders[type][positive][m]);
    }
  }
}

static const double *sort_values;

static int by_falling_size(const void *a, const void *b) {
  int i = *(const int *)a, j = *(const int *)b;
  double x = fabs(sort_values[i]), y = fabs(sort_values[j]);
  return x > y ? -1 : x < y ? 1 : i - j;
}

/* Has it SV (0), BV (1)? */
static bool has_index(const hrs_interactions_file *set, int which) {
  return hrs_reading_has(set->file, which == 0 ? "/indices/SV" : "/indices/BV");
}

static void print_players(const hrs_interactions_file *set, const hrs_show_row *row) {
  int main_index = has_index(set, 0) ? 0 : 1, order[HRS_MAX_PLAYERS], columns = 8;
  double largest = 0;
  for (int i = 0; i < set->n; i++) {
    order[i] = i;
    largest = fmax(largest, fabs(row->values.indices[main_index][i]));
    if (hrs_show_width(set->player_names[i]) > columns)
      columns = hrs_show_width(set->player_names[i]);
  }
  if (columns > 24) columns = 24;
  sort_values = row->values.indices[main_index];
  qsort(order, (size_t)set->n, sizeof *order, by_falling_size);
  hrs_show_heading(main_index == 0 ? "Shapley values" : "Banzhaf values");
  printf("  %6s  ", "player");
  hrs_show_pad("name", columns);
  for (int which = 0; which < 2; which++)
    if (has_index(set, which)) printf(" %12s", which == 0 ? "SV" : "BV");
  printf("\n");
  for (int at = 0; at < set->n; at++) {
    int i = order[at];
    double value = row->values.indices[main_index][i];
    printf("  %6d  ", i);
    hrs_show_pad(set->player_names[i], columns);
    for (int which = 0; which < 2; which++)
      if (has_index(set, which)) {
        printf(" ");
        hrs_show_number(row->values.indices[which][i], 12);
      }
    printf("  ");
    if (value < 0)
      hrs_show_bar(value, largest, true, HRS_SHOW_NEGATIVE);
    else
      printf("%*s", HRS_SHOW_BAR, "");
    printf("|");
    if (value > 0) hrs_show_bar(value, largest, false, HRS_SHOW_POSITIVE);
    printf("\n");
  }
}

static void print_index(const hrs_interactions_file *set, const hrs_show_index *x) {
  char title[120];
  snprintf(title, sizeof title, "%s up to order %d, largest values (error about %.2g)",
           hrs_index_name(x->index), x->orders, x->error);
  hrs_show_heading(title);
  printf("   rank order        value  players\n");
  for (hrs_count i = 0; i < x->count; i++) {
    printf("  %5lld %5d ", (long long)i + 1, hrs_order(x->set[i].mask));
    hrs_show_number(x->set[i].value, 12);
    printf("  ");
    print_set(set, x->set[i].mask, COLUMNS - 30);
    printf("\n");
  }
}

hrs_status hrs_show_row_text(const hrs_interactions_file *set, const hrs_show_row *row,
                             const hrs_show_options *options) {
  char title[160], network[24] = "";
  hrs_show_map map;
  if (set->network) snprintf(network, sizeof network, ", network %d", set->network[row->k]);
  snprintf(title, sizeof title, "Row %lld: sample %lld, target %d%s%s%s", (long long)row->k,
           (long long)set->index[row->k], set->target[row->k],
           *class_name(set, set->target[row->k]) ? " " : "", class_name(set, set->target[row->k]),
           network);
  hrs_show_heading(title);
  printf("  v(empty) = %.9g, v(N) = %.9g\n", set->v_empty[row->k], set->v_full[row->k]);
  hrs_count shown = print_top(set, row, options);
  HRS_TRY(hrs_show_map_create(set, row->k, &map));
  if (map.rows > 0 && shown > 0) print_maps(&map, row, options, shown);
  hrs_show_map_destroy(&map);
  print_orders(set, row, options, false);
  if (options->orders) print_orders(set, row, options, true);
  if (set->fitted) hrs_show_fit_text(set, row);
  hrs_show_means_text(set, row);
  if (has_index(set, 0) || has_index(set, 1)) print_players(set, row);
  return hrs_show_indices(set, row->k, options->top, print_index);
}

void hrs_show_checks_text(const hrs_check *checks) {
  hrs_show_heading("Checks");
  printf("  %-48s %8s %12s %12s\n", "", "rows", "error", "allowed");
  for (int i = 0; i < hrs_interactions_checks; i++) {
    const hrs_check *c = &checks[i];
    if (c->rows == 0)
      printf("  %-48s %8s\n", c->name, "-");
    else
      printf("  %-48s %8lld %12.3g %12.3g  %s%s%s\n", c->name, (long long)c->rows, c->error,
             c->tolerance, hrs_show_paint(c->failed ? HRS_SHOW_NEGATIVE : HRS_SHOW_POSITIVE),
             c->failed ? "FAILED" : "good", hrs_show_paint(HRS_SHOW_PLAIN));
  }
}
