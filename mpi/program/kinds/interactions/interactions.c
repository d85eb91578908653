/* The table of the kind `interactions`. */
#include "interactions.h"

#include "mpi/dataset/write.h"

#include <stdio.h>
#include <string.h>

/* ---- the table ------------------------------------------------------------------------------ */

enum { ROW = 1, PLAYER, ORDER, MASK, CLASS, OFFSET, ENTRY, POINT, SHARED, SET, AXES };

static const hrs_axis axes[AXES] = {
    [ROW] = {"row", "/row", false, .joins = true},
    [PLAYER] = {"player", "/player", false},
    [ORDER] = {"order", "/orders/order", false},
    [MASK] = {"mask", "/mask", true},
    [CLASS] = {"class", "/classes/name", false},
    [OFFSET] = {"offset", "/salient/offset", false},
    [ENTRY] = {"entry", "/salient/entry", true},
    [POINT] = {"point", "/reconstruction/curve/point", false},
    [SHARED] = {"point", "/sharing/point", false},
    [SET] = {"set", "/indices/%s/mask", false},
};

/* When: bits of what a file has. */
enum {
  AND = 1 << 0,
  OR = 1 << 1,
  KEEP = 1 << 2,
  VALUES = 1 << 3,
  FIT = 1 << 4,
  NETWORKS = 1 << 5,
  SV = 1 << 6,
  BV = 1 << 7,
  PLAYER_NAMES = 1 << 8,
  ROW_NAMES = 1 << 9,
  CLASS_NAMES = 1 << 10,
  MAP = 1 << 11,
  BASELINE = 1 << 12,
  INDEX = 1 << 13,
  EFFECT = 1 << 14
};
#define LATER HRS_WHEN_LATER

#define OF_ROW(name) .field = HRS_FIELD(HRS_INTERACTIONS_ROW, hrs_interactions_row, name)
#define OF_FIT(name) .field = HRS_FIELD(HRS_INTERACTIONS_FIT, hrs_interactions_fit, name)
#define OF_SHARING(name)                                                                           \
  .field = HRS_FIELD(HRS_INTERACTIONS_SHARING, hrs_interactions_sharing, name)
#define PLAIN .source = HRS_SOURCE_RUN
#define LATTICE .source = HRS_SOURCE_BULK
#define TEXT .source = HRS_SOURCE_TEXT
#define GIVEN .source = HRS_SOURCE_ARRAY
#define NUMBERS(function) .source = HRS_SOURCE_NUMBERS, .numbers = (function)

static hrs_numbers list_sets;

static const hrs_object objects[] = {
    {"/row", HRS_I64, {ROW}, NUMBERS(hrs_numbers_count)},
    {"/player", HRS_I32, {PLAYER}, NUMBERS(hrs_numbers_count)},
    {"/orders/order", HRS_I32, {ORDER}, NUMBERS(hrs_numbers_count)},
    {"/players/name", HRS_NONE, {PLAYER}, PLAYER_NAMES, TEXT},
    {"/players/map", HRS_NONE, {HRS_AXIS_OTHERS}, MAP, GIVEN},
    {"/players/baseline", HRS_NONE, {HRS_AXIS_OTHERS}, BASELINE, GIVEN},
    {"/classes/name", HRS_NONE, {CLASS}, CLASS_NAMES, TEXT},
    {"/samples/index", HRS_I64, {ROW}, OF_ROW(index)},
    {"/samples/label", HRS_I32, {ROW}, OF_ROW(label)},
    {"/samples/target", HRS_I32, {ROW}, OF_ROW(target)},
    {"/samples/player_name", HRS_NONE, {ROW, PLAYER}, ROW_NAMES, TEXT},
    {"/samples/v_empty", HRS_F64, {ROW}, OF_ROW(v_empty)},
    {"/samples/v_full", HRS_F64, {ROW}, OF_ROW(v_full)},
    {"/samples/network", HRS_I32, {ROW}, NETWORKS, OF_ROW(network)},
    {"/values", HRS_NONE, {ROW, MASK}, VALUES, LATTICE},
    {"/interactions/and", HRS_NONE, {ROW, MASK}, AND | KEEP, LATTICE},
    {"/interactions/or", HRS_NONE, {ROW, MASK}, OR | KEEP, LATTICE},
    {"/orders/and/positive", HRS_F64, {ROW, ORDER}, AND, OF_ROW(orders[0][0])},
    {"/orders/and/negative", HRS_F64, {ROW, ORDER}, AND, OF_ROW(orders[0][1])},
    {"/orders/and/count", HRS_F64, {ROW, ORDER}, AND, OF_ROW(orders[0][2])},
    {"/orders/and/all_positive", HRS_F64, {ROW, ORDER}, AND, OF_ROW(orders[0][3])},
    {"/orders/and/all_negative", HRS_F64, {ROW, ORDER}, AND, OF_ROW(orders[0][4])},
    {"/orders/or/positive", HRS_F64, {ROW, ORDER}, OR, OF_ROW(orders[1][0])},
    {"/orders/or/negative", HRS_F64, {ROW, ORDER}, OR, OF_ROW(orders[1][1])},
    {"/orders/or/count", HRS_F64, {ROW, ORDER}, OR, OF_ROW(orders[1][2])},
    {"/orders/or/all_positive", HRS_F64, {ROW, ORDER}, OR, OF_ROW(orders[1][3])},
    {"/orders/or/all_negative", HRS_F64, {ROW, ORDER}, OR, OF_ROW(orders[1][4])},
    {"/fit/l1", HRS_F64, {ROW}, FIT, OF_FIT(l1)},
    {"/fit/loss", HRS_F64, {ROW}, FIT, OF_FIT(loss)},
    {"/fit/lower_bound", HRS_F64, {ROW}, FIT, OF_FIT(lower_bound)},
    {"/fit/gap", HRS_F64, {ROW}, FIT, OF_FIT(gap)},
    {"/fit/iterations", HRS_I64, {ROW}, FIT, OF_FIT(iterations)},
    {"/fit/noise_bound", HRS_F64, {ROW}, FIT, OF_FIT(noise_bound)},
    {"/fit/max_residual", HRS_F64, {ROW}, FIT, OF_FIT(max_residual)},
    {"/reconstruction/rmse", HRS_F64, {ROW}, FIT, OF_FIT(rmse)},
    {"/reconstruction/max", HRS_F64, {ROW}, FIT, OF_FIT(max)},
    {"/reconstruction/rho_unfaith", HRS_F64, {ROW}, FIT, OF_FIT(rho_unfaith)},
    {"/reconstruction/explained", HRS_F64, {ROW}, FIT, OF_FIT(explained)},
    {"/reconstruction/kept", HRS_F64, {ROW}, FIT, OF_FIT(kept)},
    {"/reconstruction/curve/point", HRS_I64, {POINT}, FIT, NUMBERS(hrs_numbers_powers)},
    {"/reconstruction/curve/kept", HRS_F64, {ROW, POINT}, FIT, OF_FIT(curve.kept)},
    {"/reconstruction/curve/rmse", HRS_F64, {ROW, POINT}, FIT, OF_FIT(curve.rmse)},
    {"/reconstruction/curve/max", HRS_F64, {ROW, POINT}, FIT, OF_FIT(curve.max)},
    {"/reconstruction/curve/explained", HRS_F64, {ROW, POINT}, FIT, OF_FIT(curve.explained)},
    {"/reconstruction/curve/strength", HRS_F64, {ROW, POINT}, FIT, OF_FIT(curve.strength)},
    {"/sharing/salient", HRS_F64, {ROW}, NETWORKS, OF_SHARING(salient)},
    {"/sharing/point", HRS_I64, {SHARED}, NETWORKS, NUMBERS(hrs_numbers_powers)},
    {"/sharing/top", HRS_F64, {ROW, SHARED}, NETWORKS, OF_SHARING(top)},
    {"/orders/mean_effect", HRS_F64, {ROW, ORDER}, OF_ROW(mean_effect)},
    {"/indices/SV", HRS_F64, {ROW, PLAYER}, SV, OF_ROW(indices[0])},
    {"/indices/BV", HRS_F64, {ROW, PLAYER}, BV, OF_ROW(indices[1])},
    {"/indices/%s/mask", HRS_U64, {SET}, INDEX, NUMBERS(list_sets)},
    {"/indices/%s/value", HRS_F64, {ROW, SET}, INDEX, PLAIN},
    {"/indices/%s/error", HRS_F64, {ROW}, INDEX, PLAIN},
    {"/salient/threshold", HRS_F64, {ROW}, OF_ROW(threshold)},
    {"/salient/effect", HRS_F64, {ROW}, EFFECT, PLAIN},
    {"/salient/truncated", HRS_U8, {ROW}, PLAIN},
    {"/salient/offset", HRS_U64, {OFFSET}, LATER, PLAIN},
    {"/salient/mask", HRS_U64, {ENTRY}, LATER, PLAIN},
    {"/salient/type", HRS_U8, {ENTRY}, LATER, PLAIN},
    {"/salient/order", HRS_U8, {ENTRY}, LATER, PLAIN},
    {"/salient/value", HRS_F64, {ENTRY}, LATER, PLAIN},
};

const hrs_kind hrs_interactions_kind = {.name = "interactions",
                                        .axis = axes,
                                        .axes = AXES,
                                        .object = objects,
                                        .objects = sizeof objects / sizeof *objects,
                                        .unnamed = true,
                                        .smaller = "keep less (--keep salient, without --values)"};

/* All sets up to the order that as many have. */
static void list_sets(const hrs_count *dim, const hrs_count *length, int64_t *out) {
  int n = (int)length[PLAYER], orders = 1;
  while (hrs_set_count(n, orders) < dim[0])
    orders++;
  hrs_set_list(n, orders, (hrs_mask *)out);
}

/* ---- one file ------------------------------------------------------------------------------- */

static void set_lengths(int n, hrs_count rows, hrs_count classes, hrs_count entries,
                        hrs_count length[AXES]) {
  const hrs_count all[AXES] = {[ROW] = rows,
                               [PLAYER] = n,
                               [ORDER] = n + 1,
                               [MASK] = (hrs_count)1 << n,
                               [CLASS] = classes,
                               [OFFSET] = rows + 1,
                               [ENTRY] = entries,
                               [POINT] = hrs_curve_points(n),
                               [SHARED] = hrs_curve_points(n)};
  memcpy(length, all, sizeof all);
}

hrs_status hrs_interactions_set_lengths(hrs_reading *reading, int n, hrs_count rows,
                                        hrs_count entries) {
  set_lengths(n, rows, -1, entries, reading->length);
  return hrs_reading_check_lengths(reading);
}

static unsigned bits_of(const hrs_interactions_spec *spec) {
  const struct {
    unsigned bit;
    bool has;
  } all[] = {{AND, spec->types[0]},
             {OR, spec->types[1]},
             {KEEP, spec->keep_all},
             {VALUES, spec->values},
             {FIT, spec->fit},
             {NETWORKS, spec->networks > 1},
             {SV, spec->indices[0]},
             {BV, spec->indices[1]},
             {PLAYER_NAMES, spec->player_names != NULL},
             {ROW_NAMES, spec->row_player_names != NULL},
             {CLASS_NAMES, spec->class_names && spec->classes > 0},
             {MAP, spec->map != NULL},
             {BASELINE, spec->baseline != NULL},
             {INDEX, true},
             {EFFECT, spec->effect}};
  unsigned bits = 0;
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    bits |= all[i].has ? all[i].bit : 0;
  return bits;
}

/* What the contents are given. */
static hrs_status fill(hrs_contents *contents, const hrs_interactions_spec *spec) {
  for (int i = 0; i < HRS_INDEX_LIMIT; i++) {
    hrs_count sets = hrs_set_count(spec->n, spec->orders[i]);
    if (spec->orders[i] > 0)
      HRS_TRY(hrs_contents_add(contents, "/indices/%s/", hrs_index_name((hrs_index)i), HRS_NONE, 1,
                               &sets));
  }
  unsigned has = contents->has;
  if (has & PLAYER_NAMES)
    HRS_TRY(hrs_contents_give_text(contents, "/players/name", spec->player_names));
  if (has & ROW_NAMES)
    HRS_TRY(hrs_contents_give_text(contents, "/samples/player_name", spec->row_player_names));
  if (has & CLASS_NAMES)
    HRS_TRY(hrs_contents_give_text(contents, "/classes/name", spec->class_names));
  if (has & MAP) HRS_TRY(hrs_contents_give_array(contents, "/players/map", spec->map));
  if (has & BASELINE)
    HRS_TRY(hrs_contents_give_array(contents, "/players/baseline", spec->baseline));
  HRS_TRY(hrs_contents_set_number(contents, "/", "n_players", HRS_I32, spec->n));
  HRS_TRY(hrs_contents_set_number(contents, "/", "n_samples", HRS_I64, (double)spec->samples));
  for (int i = 0; i < spec->game_attributes; i++)
    HRS_TRY(hrs_contents_set_text(contents, "/game", spec->game[i].name, spec->game[i].text));
  return HRS_OK;
}

hrs_status hrs_interactions_contents(const hrs_interactions_spec *spec, hrs_contents **out) {
  *out = NULL;
  HRS_ASSERT(spec->n >= 0 && spec->n <= HRS_MAX_PLAYERS);
  HRS_ASSERT(spec->rows > 0 && spec->samples > 0);
  HRS_ASSERT(spec->precision == HRS_F64 || spec->precision == HRS_F32);
  HRS_ASSERT(spec->types[0] || spec->types[1]);
  hrs_count length[AXES];
  set_lengths(spec->n, spec->rows, spec->classes, 0, length);
  HRS_TRY(hrs_contents_create(&hrs_interactions_kind, bits_of(spec), length, spec->precision, out));
  hrs_status status = fill(*out, spec);
  if (status != HRS_OK) hrs_contents_destroy(out);
  return status;
}

const char *hrs_interactions_index_path(hrs_index index, const char *part,
                                        char path[HRS_PATH_SIZE]) {
  snprintf(path, HRS_PATH_SIZE, "/indices/%s/%s", hrs_index_name(index), part);
  return path;
}

hrs_status hrs_interactions_write_index(hrs_dataset *set, hrs_count k, hrs_index index,
                                        const double *values, double error) {
  char path[HRS_PATH_SIZE];
  HRS_TRY(hrs_dataset_write(set, hrs_interactions_index_path(index, "value", path), k, 1, values));
  return hrs_dataset_write(set, hrs_interactions_index_path(index, "error", path), k, 1, &error);
}
