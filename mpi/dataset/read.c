/* Reading a data set by one process: the header and per-row numbers at once, the rest on demand. */
#include "dataset.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Interaction indices have all sets up to an order, and all their parts. */
static hrs_status find_indices(hrs_dataset_reading *set) {
  for (int i = 0; i < HRS_INDEX_LIMIT; i++) {
    hrs_dataset_path mask = hrs_dataset_index((hrs_index)i, HRS_INDEX_MASK);
    bool value = set->has[hrs_dataset_index((hrs_index)i, HRS_INDEX_VALUE)];
    bool error = set->has[hrs_dataset_index((hrs_index)i, HRS_INDEX_ERROR)];
    HRS_REQUIRE(set->has[mask] == value && value == error, INPUT,
                "%s: /indices/%s is not complete: it has mask, value and error", set->path,
                hrs_index_name((hrs_index)i));
    if (!value) continue;
    const hrs_h5_array *found = &set->found[mask];
    int orders = 1;
    while (orders < set->n && hrs_set_count(set->n, orders) < found->dim[0])
      orders++;
    HRS_REQUIRE(found->rank == 1 && found->dim[0] == hrs_set_count(set->n, orders), INPUT,
                "%s: /indices/%s/mask does not hold all sets up to an order", set->path,
                hrs_index_name((hrs_index)i));
    set->orders[i] = orders;
  }
  return HRS_OK;
}

/* The lengths that the axes must have; 0 where any will do. */
static hrs_count axis_length(const hrs_dataset_reading *set, hrs_dataset_axis axis) {
  hrs_index index = hrs_dataset_axis_index(axis);
  if (index != HRS_INDEX_LIMIT) return hrs_set_count(set->n, set->orders[index]);
  const hrs_count length[HRS_AXIS_LIMIT] = {
      [HRS_AXIS_ROW] = set->rows,
      [HRS_AXIS_PLAYER] = set->n,
      [HRS_AXIS_ORDER] = set->n + 1,
      [HRS_AXIS_MASK] = (hrs_count)1 << set->n,
      [HRS_AXIS_OFFSET] = set->rows + 1,
      [HRS_AXIS_POINT] = hrs_curve_points(set->n),
      [HRS_AXIS_SHARED_POINT] = hrs_curve_points(set->n),
      [HRS_AXIS_ENTRY] = set->offset ? (hrs_count)set->offset[set->rows] : 0,
  };
  return length[axis];
}

static hrs_status check_shape(const hrs_dataset_reading *set, hrs_dataset_path path) {
  const hrs_dataset_object *object = &hrs_dataset_objects[path];
  const hrs_h5_array *found = &set->found[path];
  if (object->axis[0] == HRS_AXIS_NONE) return HRS_OK;
  int rank = object->axis[1] == HRS_AXIS_NONE ? 1 : 2;
  HRS_REQUIRE(found->rank == rank, INPUT, "%s: %s does not have %d axes", set->path, object->path,
              rank);
  for (int i = 0; i < rank; i++) {
    bool free =
        object->axis[i] == HRS_AXIS_CLASS || (object->axis[i] == HRS_AXIS_ENTRY && !set->offset);
    HRS_REQUIRE(free || found->dim[i] == axis_length(set, object->axis[i]), INPUT,
                "%s: axis %d (%s) of %s has length %lld, expected %lld", set->path, i,
                hrs_dataset_axis_text(object->axis[i]), object->path, (long long)found->dim[i],
                (long long)axis_length(set, object->axis[i]));
  }
  return HRS_OK;
}

hrs_status hrs_dataset_read(const hrs_dataset_reading *set, hrs_dataset_path path, hrs_count k,
                            hrs_count first, hrs_count count, hrs_dtype type, void *out) {
  const hrs_h5_array *found = &set->found[path];
  if (count == 0) return HRS_OK;
  HRS_TRY(check_shape(set, path));
  int last = found->rank - 1;
  HRS_ASSERT(last == (k >= 0) && k < set->rows);
  HRS_ASSERT(first >= 0 && first <= found->dim[last] && count <= found->dim[last] - first);
  if (k >= 0) first += k * found->dim[last];
  return hrs_h5_reader_read(set->reader, hrs_dataset_objects[path].path, first, count, type, out);
}

/* All of an array with one axis into new memory. */
static hrs_status read_axis(const hrs_dataset_reading *set, hrs_dataset_path path, hrs_count count,
                            hrs_dtype type, void *out /* T** */) {
  HRS_TRY(hrs_alloc(count, hrs_dtype_size(type), out));
  return hrs_dataset_read(set, path, -1, 0, count, type, *(void **)out);
}

/* All strings of an array: a list, or a list for each row. */
static hrs_status read_names(const hrs_dataset_reading *set, hrs_dataset_path path, int rank,
                             char ***names, int *count) {
  const char *name = hrs_dataset_objects[path].path;
  const hrs_h5_array *found = &set->found[path];
  HRS_REQUIRE(found->rank == rank, INPUT, "%s: %s has %d axes, not %d", set->path, name,
              found->rank, rank);
  hrs_count all;
  HRS_TRY(hrs_multiply(found->dim[0], rank == 2 ? found->dim[1] : 1, name, &all));
  HRS_TRY(hrs_narrow(all, name, count));
  HRS_TRY(hrs_h5_reader_strings(set->reader, name, *count, names));
  return HRS_OK;
}

static void free_names(char **names, int count) {
  for (int i = 0; names && i < count; i++)
    hrs_free(names[i]);
  hrs_free(names);
}

hrs_status hrs_dataset_name_row(hrs_dataset_reading *set, hrs_count k) {
  int count = 0;
  if (!set->has[HRS_PATH_ROW_NAME]) return HRS_OK;
  if (!set->row_names) {
    HRS_TRY(read_names(set, HRS_PATH_ROW_NAME, 2, &set->row_names, &count));
    set->n_row_names = count;
    HRS_REQUIRE(count == set->rows * set->n, INPUT,
                "%s: /samples/player_name has %d names for %lld rows of %d players", set->path,
                count, (long long)set->rows, set->n);
  }
  for (int i = 0; i < set->n; i++) {
    char *name;
    HRS_TRY(hrs_strdup(set->row_names[k * set->n + i], &name));
    hrs_free(set->player_names[i]);
    set->player_names[i] = name;
  }
  return HRS_OK;
}

static hrs_status read_player_names(hrs_dataset_reading *set) {
  if (set->has[HRS_PATH_PLAYER_NAME]) {
    int count = 0;
    char **names = NULL;
    hrs_status status = read_names(set, HRS_PATH_PLAYER_NAME, 1, &names, &count);
    if (status == HRS_OK && count != set->n)
      status = hrs_error_set(HRS_STATUS_INPUT, __FILE__, __LINE__, "%s: %d names for %d players",
                             set->path, count, set->n);
    if (status != HRS_OK) {
      free_names(names, count);
      return status;
    }
    set->player_names = names;
    return HRS_OK;
  }
  HRS_TRY(hrs_calloc(set->n, sizeof *set->player_names, &set->player_names));
  for (int i = 0; i < set->n; i++) {
    char number[16];
    snprintf(number, sizeof number, "%d", i);
    HRS_TRY(hrs_strdup(number, &set->player_names[i]));
  }
  return HRS_OK;
}

static hrs_status read_map(hrs_dataset_reading *set) {
  const hrs_h5_array *found = &set->found[HRS_PATH_MAP];
  HRS_TRY(hrs_array_create(HRS_I32, found->rank, found->dim, &set->map));
  return hrs_h5_reader_read(set->reader, hrs_dataset_objects[HRS_PATH_MAP].path, 0,
                            hrs_array_count(&set->map), HRS_I32, set->map.data);
}

/* An attribute of the file that is a whole number. */
static hrs_status read_count(const hrs_dataset_reading *set, const char *name, hrs_count least,
                             hrs_count most, hrs_count *out) {
  double number;
  HRS_TRY(hrs_h5_reader_number(set->reader, "/", name, &number));
  HRS_REQUIRE(number >= (double)least && number <= (double)most && number == floor(number), INPUT,
              "%s: %s is %.17g; a whole number from %lld to %lld was expected", set->path, name,
              number, (long long)least, (long long)most);
  *out = (hrs_count)number;
  return HRS_OK;
}

static hrs_status read_header(hrs_dataset_reading *set) {
  enum { MANY = 1 << 30 };
  char *format = NULL;
  hrs_count version, n, complete;
  HRS_TRY(hrs_h5_reader_text(set->reader, "/", "format", &format));
  bool ours = format && strcmp(format, HRS_DATASET_FORMAT) == 0;
  hrs_free(format);
  HRS_REQUIRE(ours, INPUT, "%s is an HDF5 file, but no data set of harsanyi", set->path);
  HRS_TRY(read_count(set, "format_version", 1, MANY, &version));
  HRS_REQUIRE(version <= HRS_FORMAT_VERSION, UNSUPPORTED,
              "%s has format version %lld; this program knows versions up to %d: use the one that "
              "wrote it, or a newer one",
              set->path, (long long)version, HRS_FORMAT_VERSION);
  set->format_version = (int)version;
  HRS_TRY(hrs_h5_reader_text(set->reader, "/", "program_version", &set->program_version));
  HRS_TRY(hrs_h5_reader_text(set->reader, "/", "git", &set->git));
  HRS_REQUIRE(set->program_version && set->git, INPUT,
              "%s does not say which program wrote it: attributes program_version and git",
              set->path);
  HRS_TRY(read_count(set, "n_players", 0, HRS_MAX_PLAYERS, &n));
  HRS_TRY(read_count(set, "n_samples", 1, (hrs_count)1 << 53, &set->samples));
  HRS_TRY(read_count(set, "complete", 0, 1, &complete));
  set->n = (int)n;
  set->complete = complete != 0;
  return HRS_OK;
}

/* What there is, and whether it is of the kind that its place says. */
static hrs_status find_array(hrs_dataset_reading *set, hrs_dataset_path path) {
  const hrs_dataset_object *object = &hrs_dataset_objects[path];
  hrs_h5_array *found = &set->found[path];
  bool names =
      path == HRS_PATH_PLAYER_NAME || path == HRS_PATH_ROW_NAME || path == HRS_PATH_CLASS_NAME;
  bool needed =
      object->when == HRS_WHEN_ALWAYS || (object->when == HRS_WHEN_SALIENT && set->complete);
  HRS_TRY(hrs_h5_reader_find(set->reader, object->path, found));
  set->has[path] = found->kind != HRS_H5_NOTHING;
  HRS_REQUIRE(set->has[path] || !needed, INPUT, "%s: %s is missing", set->path, object->path);
  HRS_REQUIRE(!set->has[path] || found->kind == (names ? HRS_H5_TEXT : HRS_H5_NUMBERS), INPUT,
              "%s: %s is no array of %s", set->path, object->path, names ? "names" : "numbers");
  return HRS_OK;
}

/* A file of a few bytes can claim any number of rows: what is read of all of them must agree before
 * memory is taken for it. */
static hrs_status check_rows(const hrs_dataset_reading *set) {
  for (int i = 0; i < HRS_PATH_LIMIT; i++) {
    const hrs_dataset_axis *axis = hrs_dataset_objects[i].axis;
    if (set->has[i] && axis[0] == HRS_AXIS_ROW && axis[1] == HRS_AXIS_NONE)
      HRS_TRY(check_shape(set, (hrs_dataset_path)i));
  }
  return HRS_OK;
}

static hrs_status find_arrays(hrs_dataset_reading *set) {
  for (int i = 0; i < HRS_PATH_LIMIT; i++)
    HRS_TRY(find_array(set, (hrs_dataset_path)i));
  const hrs_h5_array *index = &set->found[HRS_PATH_INDEX];
  HRS_REQUIRE(index->rank == 1 && index->dim[0] > 0, INPUT, "%s: /samples/index has no rows",
              set->path);
  set->rows = index->dim[0];
  HRS_TRY(find_indices(set));
  HRS_TRY(check_rows(set));
  const hrs_dataset_path lattices[] = {HRS_PATH_VALUES, HRS_PATH_AND, HRS_PATH_OR};
  for (int i = 0; i < 3; i++)
    if (set->has[lattices[i]]) set->precision = set->found[lattices[i]].type;
  return HRS_OK;
}

static hrs_status check_offsets(const hrs_dataset_reading *set) {
  HRS_REQUIRE(set->offset[0] == 0, INPUT, "%s: /salient/offset does not begin with 0", set->path);
  for (hrs_count k = 0; k < set->rows; k++)
    HRS_REQUIRE(set->offset[k] <= set->offset[k + 1], INPUT,
                "%s: /salient/offset falls after row %lld", set->path, (long long)k);
  return HRS_OK;
}

static hrs_status read_all(hrs_dataset_reading *set) {
  HRS_TRY(hrs_h5_reader_open(set->path, &set->reader));
  HRS_TRY(read_header(set));
  HRS_TRY(find_arrays(set));
  HRS_TRY(read_player_names(set));
  if (set->has[HRS_PATH_CLASS_NAME])
    HRS_TRY(read_names(set, HRS_PATH_CLASS_NAME, 1, &set->class_names, &set->classes));
  if (set->has[HRS_PATH_MAP]) HRS_TRY(read_map(set));
  HRS_TRY(read_axis(set, HRS_PATH_INDEX, set->rows, HRS_I64, &set->index));
  HRS_TRY(read_axis(set, HRS_PATH_LABEL, set->rows, HRS_I32, &set->label));
  HRS_TRY(read_axis(set, HRS_PATH_TARGET, set->rows, HRS_I32, &set->target));
  if (set->has[HRS_PATH_NETWORK])
    HRS_TRY(read_axis(set, HRS_PATH_NETWORK, set->rows, HRS_I32, &set->network));
  HRS_TRY(read_axis(set, HRS_PATH_V_EMPTY, set->rows, HRS_F64, &set->v_empty));
  HRS_TRY(read_axis(set, HRS_PATH_V_FULL, set->rows, HRS_F64, &set->v_full));
  HRS_TRY(read_axis(set, HRS_PATH_THRESHOLD, set->rows, HRS_F64, &set->threshold));
  HRS_TRY(read_axis(set, HRS_PATH_TRUNCATED, set->rows, HRS_U8, &set->truncated));
  if (!set->complete) return HRS_OK;
  HRS_TRY(read_axis(set, HRS_PATH_SALIENT_OFFSET, set->rows + 1, HRS_U64, &set->offset));
  return check_offsets(set);
}

hrs_status hrs_dataset_open(const char *path, hrs_dataset_reading **out) {
  hrs_dataset_reading *set;
  *out = NULL;
  HRS_TRY(hrs_calloc(1, sizeof *set, &set));
  hrs_status status = hrs_strdup(path, &set->path);
  if (status == HRS_OK) status = read_all(set);
  if (status != HRS_OK) {
    hrs_dataset_close(&set);
    return status;
  }
  *out = set;
  return HRS_OK;
}

void hrs_dataset_close(hrs_dataset_reading **handle) {
  if (!handle || !*handle) return;
  hrs_dataset_reading *set = *handle;
  hrs_h5_reader_close(&set->reader);
  free_names(set->player_names, set->n);
  free_names(set->row_names, set->n_row_names);
  free_names(set->class_names, set->classes);
  hrs_array_destroy(&set->map);
  hrs_free(set->path);
  hrs_free(set->program_version);
  hrs_free(set->git);
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

hrs_status hrs_dataset_read_run(const hrs_dataset_reading *set, const char *name, char **out) {
  return hrs_h5_reader_text(set->reader, "/run", name, out);
}

hrs_status hrs_dataset_read_game(const hrs_dataset_reading *set, const char *name, char **out) {
  return hrs_h5_reader_text(set->reader, "/game", name, out);
}

hrs_status hrs_dataset_read_salient(const hrs_dataset_reading *set, hrs_count first,
                                    hrs_count count, hrs_salient *out) {
  hrs_salient list = {.count = count};
  hrs_status status = hrs_alloc(count, sizeof *list.mask, &list.mask);
  if (status == HRS_OK) status = hrs_alloc(count, sizeof *list.type, &list.type);
  if (status == HRS_OK) status = hrs_alloc(count, sizeof *list.value, &list.value);
  if (status == HRS_OK)
    status = hrs_dataset_read(set, HRS_PATH_SALIENT_MASK, -1, first, count, HRS_U64, list.mask);
  if (status == HRS_OK)
    status = hrs_dataset_read(set, HRS_PATH_SALIENT_TYPE, -1, first, count, HRS_U8, list.type);
  if (status == HRS_OK)
    status = hrs_dataset_read(set, HRS_PATH_SALIENT_VALUE, -1, first, count, HRS_F64, list.value);
  if (status != HRS_OK) {
    hrs_salient_destroy(&list);
    return status;
  }
  *out = list;
  return HRS_OK;
}
