/* Reading a data set of interactions: the header and per-row numbers at once, the rest on demand.
 */
#include "file.h"

#include <stdio.h>
#include <string.h>

/* Interaction indices have all sets up to an order, and all their parts. */
static hrs_status find_indices(hrs_interactions_file *set) {
  for (int i = 0; i < HRS_INDEX_LIMIT; i++) {
    char path[HRS_PATH_SIZE];
    bool there;
    HRS_TRY(hrs_reading_look(set->file, "/indices/%s/", hrs_index_name((hrs_index)i), &there));
    if (!there) continue;
    hrs_interactions_index_path((hrs_index)i, "mask", path);
    hrs_count sets = hrs_reading_find(set->file, path)->stored.dim[0];
    int orders = 1;
    while (orders < set->n && hrs_set_count(set->n, orders) < sets)
      orders++;
    HRS_REQUIRE(sets == hrs_set_count(set->n, orders), INPUT,
                "%s: %s does not hold all sets up to an order", set->file->path, path);
    set->orders[i] = orders;
  }
  return HRS_OK;
}

/* All of an array with one axis into new memory. */
static hrs_status read_axis(const hrs_interactions_file *set, const char *path, hrs_count count,
                            hrs_dtype type, void *out /* T** */) {
  HRS_TRY(hrs_alloc(count, hrs_dtype_size(type), out));
  return hrs_reading_read(set->file, path, -1, 0, count, type, *(void **)out);
}

static void free_names(char **names, int count) {
  for (int i = 0; names && i < count; i++)
    hrs_free(names[i]);
  hrs_free(names);
}

hrs_status hrs_interactions_name_row(hrs_interactions_file *set, hrs_count k) {
  if (!hrs_reading_has(set->file, "/samples/player_name")) return HRS_OK;
  if (!set->row_names)
    HRS_TRY(
        hrs_reading_strings(set->file, "/samples/player_name", &set->row_names, &set->n_row_names));
  for (int i = 0; i < set->n; i++) {
    char *name;
    HRS_TRY(hrs_strdup(set->row_names[k * set->n + i], &name));
    hrs_free(set->player_names[i]);
    set->player_names[i] = name;
  }
  return HRS_OK;
}

static hrs_status read_player_names(hrs_interactions_file *set) {
  int count;
  if (hrs_reading_has(set->file, "/players/name"))
    return hrs_reading_strings(set->file, "/players/name", &set->player_names, &count);
  HRS_TRY(hrs_calloc(set->n, sizeof *set->player_names, &set->player_names));
  for (int i = 0; i < set->n; i++) {
    char number[16];
    snprintf(number, sizeof number, "%d", i);
    HRS_TRY(hrs_strdup(number, &set->player_names[i]));
  }
  return HRS_OK;
}

static hrs_status read_map(hrs_interactions_file *set) {
  const hrs_found *found = hrs_reading_find(set->file, "/players/map");
  if (!found) return HRS_OK;
  HRS_TRY(hrs_array_create(HRS_I32, found->stored.rank, found->stored.dim, &set->map));
  return hrs_reading_read(set->file, "/players/map", -1, 0, hrs_array_count(&set->map), HRS_I32,
                          set->map.data);
}

static hrs_status read_header(hrs_interactions_file *set) {
  hrs_count n;
  HRS_TRY(hrs_reading_count(set->file, "n_players", 0, HRS_MAX_PLAYERS, &n));
  HRS_TRY(hrs_reading_count(set->file, "n_samples", 1, (hrs_count)1 << 53, &set->samples));
  set->n = (int)n;
  set->rows = hrs_reading_find(set->file, "/samples/index")->stored.dim[0];
  HRS_REQUIRE(set->rows > 0, INPUT, "%s: /samples/index has no rows", set->file->path);
  set->types[0] = hrs_reading_has(set->file, "/orders/and/count");
  set->types[1] = hrs_reading_has(set->file, "/orders/or/count");
  set->fitted = hrs_reading_has(set->file, "/fit/l1");
  static const char *const lattices[] = {"/values", "/interactions/and", "/interactions/or"};
  for (int i = 0; i < 3; i++) {
    const hrs_found *found = hrs_reading_find(set->file, lattices[i]);
    if (found) set->precision = found->stored.type;
  }
  return HRS_OK;
}

static hrs_status read_offsets(hrs_interactions_file *set) {
  const char *path = set->file->path;
  HRS_TRY(read_axis(set, "/salient/offset", set->rows + 1, HRS_U64, &set->offset));
  HRS_REQUIRE(set->offset[0] == 0, INPUT, "%s: /salient/offset does not begin with 0", path);
  for (hrs_count k = 0; k < set->rows; k++)
    HRS_REQUIRE(set->offset[k] <= set->offset[k + 1], INPUT,
                "%s: /salient/offset falls after row %lld", path, (long long)k);
  return hrs_interactions_set_lengths(set->file, set->n, set->rows,
                                      (hrs_count)set->offset[set->rows]);
}

static hrs_status read_all(hrs_interactions_file *set) {
  HRS_TRY(read_header(set));
  HRS_TRY(find_indices(set));
  /* A file of a few bytes can claim any number of rows: what is read of all of them must agree
   * before memory is taken for it. */
  HRS_TRY(hrs_interactions_set_lengths(set->file, set->n, set->rows, -1));
  HRS_TRY(read_player_names(set));
  if (hrs_reading_has(set->file, "/classes/name"))
    HRS_TRY(hrs_reading_strings(set->file, "/classes/name", &set->class_names, &set->classes));
  HRS_TRY(read_map(set));
  HRS_TRY(read_axis(set, "/samples/index", set->rows, HRS_I64, &set->index));
  HRS_TRY(read_axis(set, "/samples/label", set->rows, HRS_I32, &set->label));
  HRS_TRY(read_axis(set, "/samples/target", set->rows, HRS_I32, &set->target));
  if (hrs_reading_has(set->file, "/samples/network"))
    HRS_TRY(read_axis(set, "/samples/network", set->rows, HRS_I32, &set->network));
  HRS_TRY(read_axis(set, "/samples/v_empty", set->rows, HRS_F64, &set->v_empty));
  HRS_TRY(read_axis(set, "/samples/v_full", set->rows, HRS_F64, &set->v_full));
  HRS_TRY(read_axis(set, "/salient/threshold", set->rows, HRS_F64, &set->threshold));
  HRS_TRY(read_axis(set, "/salient/truncated", set->rows, HRS_U8, &set->truncated));
  return set->file->complete ? read_offsets(set) : HRS_OK;
}

hrs_status hrs_interactions_load(hrs_reading **reading, hrs_interactions_file **out) {
  hrs_interactions_file *set;
  *out = NULL;
  hrs_status status = hrs_calloc(1, sizeof *set, &set);
  if (status != HRS_OK) {
    hrs_reading_close(reading);
    return status;
  }
  set->file = *reading;
  *reading = NULL;
  status = read_all(set);
  if (status != HRS_OK) hrs_interactions_close(&set);
  *out = set;
  return status;
}

hrs_status hrs_interactions_open(const char *path, hrs_interactions_file **out) {
  const hrs_kind *const kinds[] = {&hrs_interactions_kind, NULL};
  hrs_reading *reading;
  *out = NULL;
  HRS_TRY(hrs_reading_open(path, kinds, &reading));
  return hrs_interactions_load(&reading, out);
}

void hrs_interactions_close(hrs_interactions_file **handle) {
  if (!handle || !*handle) return;
  hrs_interactions_file *set = *handle;
  hrs_reading_close(&set->file);
  free_names(set->player_names, set->n);
  free_names(set->row_names, set->n_row_names);
  free_names(set->class_names, set->classes);
  hrs_array_destroy(&set->map);
  hrs_free(set->index);
  hrs_free(set->label);
  hrs_free(set->target);
  hrs_free(set->network);
  hrs_free(set->v_empty);
  hrs_free(set->v_full);
  hrs_free(set->threshold);
  hrs_free(set->truncated);
  hrs_free(set->offset);
  hrs_free(set);
  *handle = NULL;
}

hrs_status hrs_interactions_list(const hrs_interactions_file *set, hrs_count k, hrs_salient *out) {
  hrs_count first = (hrs_count)set->offset[k], count = (hrs_count)set->offset[k + 1] - first;
  hrs_salient list = {.count = count};
  hrs_status status = hrs_alloc(count, sizeof *list.mask, &list.mask);
  if (status == HRS_OK) status = hrs_alloc(count, sizeof *list.type, &list.type);
  if (status == HRS_OK) status = hrs_alloc(count, sizeof *list.value, &list.value);
  if (status == HRS_OK)
    status = hrs_reading_read(set->file, "/salient/mask", -1, first, count, HRS_U64, list.mask);
  if (status == HRS_OK)
    status = hrs_reading_read(set->file, "/salient/type", -1, first, count, HRS_U8, list.type);
  if (status == HRS_OK)
    status = hrs_reading_read(set->file, "/salient/value", -1, first, count, HRS_F64, list.value);
  if (status != HRS_OK) {
    hrs_salient_destroy(&list);
    return status;
  }
  *out = list;
  return HRS_OK;
}
