/* Reading a data set by one process: the header and per-row numbers at once, the rest on demand. */
#include "dataset.h"

#include <stdio.h>
#include <string.h>

static hid_t open_array(const hrs_dataset_reading *set, hrs_dataset_path path) {
  return H5Dopen2(set->file, hrs_dataset_objects[path].path, H5P_DEFAULT);
}

/* Shape of an array; rank -1 where HDF5 cannot say. */
static int array_shape(hid_t array, hsize_t dim[HRS_MAX_RANK]) {
  hid_t space = H5Dget_space(array);
  int rank = space < 0 ? -1 : H5Sget_simple_extent_ndims(space);
  if (rank > HRS_MAX_RANK) rank = -1;
  if (rank > 0) H5Sget_simple_extent_dims(space, dim, NULL);
  hrs_h5_close(space);
  return rank;
}

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
    hsize_t dim[HRS_MAX_RANK] = {0};
    hid_t array = open_array(set, mask);
    int rank = array_shape(array, dim), orders = 1;
    hrs_h5_close(array);
    while (orders < set->n && (hsize_t)hrs_set_count(set->n, orders) < dim[0])
      orders++;
    HRS_REQUIRE(rank == 1 && dim[0] == (hsize_t)hrs_set_count(set->n, orders), INPUT,
                "%s: /indices/%s/mask does not hold all sets up to an order", set->path,
                hrs_index_name((hrs_index)i));
    set->orders[i] = orders;
  }
  return HRS_OK;
}

/* The lengths that the axes must have; 0 where any will do. */
static hsize_t axis_length(const hrs_dataset_reading *set, hrs_dataset_axis axis) {
  hrs_index index = hrs_dataset_axis_index(axis);
  if (index != HRS_INDEX_LIMIT) return (hsize_t)hrs_set_count(set->n, set->orders[index]);
  const hsize_t length[HRS_AXIS_LIMIT] = {
      [HRS_AXIS_ROW] = (hsize_t)set->rows,
      [HRS_AXIS_PLAYER] = (hsize_t)set->n,
      [HRS_AXIS_ORDER] = (hsize_t)set->n + 1,
      [HRS_AXIS_MASK] = (hsize_t)1 << set->n,
      [HRS_AXIS_OFFSET] = (hsize_t)set->rows + 1,
      [HRS_AXIS_POINT] = (hsize_t)hrs_curve_points(set->n),
      [HRS_AXIS_SHARED_POINT] = (hsize_t)hrs_curve_points(set->n),
      [HRS_AXIS_ENTRY] = set->offset ? set->offset[set->rows] : 0,
  };
  return length[axis];
}

static hrs_status check_shape(const hrs_dataset_reading *set, hrs_dataset_path path, hid_t array) {
  const hrs_dataset_object *object = &hrs_dataset_objects[path];
  if (object->axis[0] == HRS_AXIS_NONE) return HRS_OK;
  int rank = object->axis[1] == HRS_AXIS_NONE ? 1 : 2;
  hsize_t dim[HRS_MAX_RANK] = {0};
  HRS_REQUIRE(array_shape(array, dim) == rank, INPUT, "%s: %s does not have %d axes", set->path,
              object->path, rank);
  for (int i = 0; i < rank; i++) {
    bool free =
        object->axis[i] == HRS_AXIS_CLASS || (object->axis[i] == HRS_AXIS_ENTRY && !set->offset);
    HRS_REQUIRE(free || dim[i] == axis_length(set, object->axis[i]), INPUT,
                "%s: axis %d (%s) of %s has length %llu, expected %llu", set->path, i,
                hrs_dataset_axis_text(object->axis[i]), object->path, (unsigned long long)dim[i],
                (unsigned long long)axis_length(set, object->axis[i]));
  }
  return HRS_OK;
}

hrs_status hrs_dataset_read(const hrs_dataset_reading *set, hrs_dataset_path path, hrs_count k,
                            hrs_count first, hrs_count count, hrs_dtype type, void *out) {
  const char *name = hrs_dataset_objects[path].path;
  hrs_status status = HRS_OK;
  herr_t error;
  hid_t array = H5I_INVALID_HID, file_space = H5I_INVALID_HID, memory_space = H5I_INVALID_HID;
  hsize_t start[2] = {(hsize_t)first, (hsize_t)first}, length[2] = {1, (hsize_t)count};
  if (k < 0)
    length[0] = (hsize_t)count;
  else
    start[0] = (hsize_t)k;
  if (count == 0) return HRS_OK;
  HRS_H5_GO(array, open_array(set, path), INPUT, "%s: %s", set->path, name);
  HRS_GO(check_shape(set, path, array));
  HRS_H5_GO(file_space, H5Dget_space(array), INPUT, "%s: %s", set->path, name);
  HRS_H5_GO(error, H5Sselect_hyperslab(file_space, H5S_SELECT_SET, start, NULL, length, NULL),
            INPUT, "%s: %s", set->path, name);
  HRS_H5_GO(memory_space, H5Screate_simple(1, &length[k >= 0], NULL), INPUT, "%s: %s", set->path,
            name);
  HRS_H5_GO(error,
            H5Dread(array, hrs_h5_memory_type(type), memory_space, file_space, H5P_DEFAULT, out),
            INPUT, "%s: %s cannot be read", set->path, name);
done:
  hrs_h5_close(memory_space);
  hrs_h5_close(file_space);
  hrs_h5_close(array);
  return status;
}

/* All of an array with one axis into new memory. */
static hrs_status read_axis(const hrs_dataset_reading *set, hrs_dataset_path path, hrs_count count,
                            hrs_dtype type, void *out /* T** */) {
  HRS_TRY(hrs_alloc(count, hrs_dtype_size(type), out));
  return hrs_dataset_read(set, path, -1, 0, count, type, *(void **)out);
}

static hrs_status read_names(const hrs_dataset_reading *set, hrs_dataset_path path, char ***names,
                             int *count) {
  const char *name = hrs_dataset_objects[path].path;
  hrs_status status = HRS_OK;
  herr_t error;
  hid_t array = H5I_INVALID_HID, stored = H5I_INVALID_HID, space = H5I_INVALID_HID;
  hsize_t dim[HRS_MAX_RANK] = {0};
  char *text = NULL, **strings = NULL;
  HRS_H5_GO(array, open_array(set, path), INPUT, "%s: %s", set->path, name);
  HRS_H5_GO(stored, H5Dget_type(array), INPUT, "%s: %s", set->path, name);
  if (H5Tget_class(stored) != H5T_STRING || array_shape(array, dim) != 1 || dim[0] > 1 << 24) {
    status = hrs_error_set(HRS_STATUS_INPUT, __FILE__, __LINE__, "%s: %s is no list of strings",
                           set->path, name);
    goto done;
  }
  /* Version 0.1.0 wrote them with a fixed length. */
  bool variable = H5Tis_variable_str(stored) > 0;
  size_t width = H5Tget_size(stored);
  HRS_GO(hrs_calloc((hrs_count)dim[0] + 1, width, &text));
  HRS_H5_GO(error, H5Dread(array, stored, H5S_ALL, H5S_ALL, H5P_DEFAULT, text), INPUT, "%s: %s",
            set->path, name);
  if (variable) strings = (char **)text;
  HRS_GO(hrs_calloc((hrs_count)dim[0], sizeof **names, names));
  *count = (int)dim[0];
  for (int i = 0; i < *count; i++) {
    const char *here = strings ? strings[i] : text + (size_t)i * width;
    size_t length = !here ? 0 : strings ? strlen(here) : strnlen(here, width);
    HRS_GO(hrs_strndup(here ? here : "", length, &(*names)[i]));
  }
done:
  if (strings && (space = H5Dget_space(array)) >= 0)
    H5Dvlen_reclaim(stored, space, H5P_DEFAULT, strings);
  hrs_h5_close(space);
  hrs_free(text);
  hrs_h5_close(stored);
  hrs_h5_close(array);
  return status;
}

static void free_names(char **names, int count) {
  for (int i = 0; names && i < count; i++)
    hrs_free(names[i]);
  hrs_free(names);
}

static hrs_status read_player_names(hrs_dataset_reading *set) {
  int count = 0;
  if (set->has[HRS_PATH_PLAYER_NAME]) {
    char **names = NULL;
    hrs_status status = read_names(set, HRS_PATH_PLAYER_NAME, &names, &count);
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
  hrs_status status = HRS_OK;
  herr_t error;
  hsize_t dim[HRS_MAX_RANK] = {0};
  hrs_count shape[HRS_MAX_RANK] = {0};
  hid_t array = H5I_INVALID_HID;
  int rank;
  HRS_H5_GO(array, open_array(set, HRS_PATH_MAP), INPUT, "%s: /players/map", set->path);
  HRS_H5_GO(rank, array_shape(array, dim), INPUT, "%s: /players/map", set->path);
  for (int i = 0; i < rank; i++)
    shape[i] = (hrs_count)dim[i];
  HRS_GO(hrs_array_create(HRS_I32, rank, shape, &set->map));
  HRS_H5_GO(error, H5Dread(array, H5T_NATIVE_INT32, H5S_ALL, H5S_ALL, H5P_DEFAULT, set->map.data),
            INPUT, "%s: /players/map", set->path);
done:
  hrs_h5_close(array);
  return status;
}

static hrs_status read_header(hrs_dataset_reading *set) {
  char *format = NULL;
  bool ours = H5Aexists(set->file, "format") > 0 &&
              hrs_h5_get_text(set->file, "format", &format) == HRS_OK &&
              strcmp(format, HRS_DATASET_FORMAT) == 0;
  hrs_free(format);
  HRS_REQUIRE(ours, INPUT, "%s is an HDF5 file, but no data set of harsanyi", set->path);
  double version, n, samples, complete;
  HRS_TRY_CONTEXT(hrs_h5_get_number(set->file, "format_version", &version), "%s", set->path);
  HRS_REQUIRE(version <= HRS_FORMAT_VERSION, UNSUPPORTED,
              "%s has format version %g; this program knows versions up to %d: use the one that "
              "wrote it, or a newer one",
              set->path, version, HRS_FORMAT_VERSION);
  set->format_version = (int)version;
  HRS_TRY_CONTEXT(hrs_h5_get_text(set->file, "program_version", &set->program_version), "%s",
                  set->path);
  HRS_TRY_CONTEXT(hrs_h5_get_text(set->file, "git", &set->git), "%s", set->path);
  HRS_TRY_CONTEXT(hrs_h5_get_number(set->file, "n_players", &n), "%s", set->path);
  HRS_TRY_CONTEXT(hrs_h5_get_number(set->file, "n_samples", &samples), "%s", set->path);
  HRS_TRY_CONTEXT(hrs_h5_get_number(set->file, "complete", &complete), "%s", set->path);
  HRS_REQUIRE(n >= 0 && n <= HRS_MAX_PLAYERS && samples >= 1, INPUT,
              "%s: %g players and %g samples are out of range", set->path, n, samples);
  set->n = (int)n;
  set->samples = (hrs_count)samples;
  set->complete = complete != 0;
  return HRS_OK;
}

static hrs_status find_arrays(hrs_dataset_reading *set) {
  for (int i = 0; i < HRS_PATH_LIMIT; i++) {
    const hrs_dataset_object *object = &hrs_dataset_objects[i];
    set->has[i] = hrs_h5_exists(set->file, object->path);
    bool needed =
        object->when == HRS_WHEN_ALWAYS || (object->when == HRS_WHEN_SALIENT && set->complete);
    HRS_REQUIRE(set->has[i] || !needed, INPUT, "%s: %s is missing", set->path, object->path);
  }
  hsize_t dim[HRS_MAX_RANK] = {0};
  hid_t array = open_array(set, HRS_PATH_INDEX);
  int rank = array_shape(array, dim);
  hrs_h5_close(array);
  HRS_REQUIRE(rank == 1 && dim[0] > 0, INPUT, "%s: /samples/index has no rows", set->path);
  set->rows = (hrs_count)dim[0];
  HRS_TRY(find_indices(set));
  const hrs_dataset_path lattices[] = {HRS_PATH_VALUES, HRS_PATH_AND, HRS_PATH_OR};
  for (int i = 0; i < 3; i++) {
    if (!set->has[lattices[i]]) continue;
    array = open_array(set, lattices[i]);
    hid_t type = H5Dget_type(array);
    set->precision = H5Tget_size(type) == 4 ? HRS_F32 : HRS_F64;
    hrs_h5_close(type);
    hrs_h5_close(array);
  }
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
  HRS_TRY(hrs_h5_open(set->path, &set->file));
  HRS_TRY(read_header(set));
  HRS_TRY(find_arrays(set));
  HRS_TRY(read_player_names(set));
  if (set->has[HRS_PATH_CLASS_NAME])
    HRS_TRY(read_names(set, HRS_PATH_CLASS_NAME, &set->class_names, &set->classes));
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
  set->file = H5I_INVALID_HID;
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
  hrs_h5_close(set->file);
  free_names(set->player_names, set->n);
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
  *out = NULL;
  hid_t group = H5Gopen2(set->file, "/run", H5P_DEFAULT);
  if (group < 0) return HRS_OK;
  hrs_status status = HRS_OK;
  if (H5Aexists(group, name) > 0) status = hrs_h5_get_text(group, name, out);
  hrs_h5_close(group);
  return status;
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
