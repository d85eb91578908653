/*
 * What one process does with a data set while no other has it open: every object and attribute,
 * the dimension scales by which h5py, xarray and HDFView know the axes, and `complete`.
 *
 * The mask axis and that of the salient lists have scales without values or storage, as netCDF
 * keeps dimensions that are no variables: the numbers 0 .. 2^n - 1 would be as large as a lattice.
 *
 * Names are strings of any length: netCDF 4.9 crashes on arrays of fixed-length ones. Where HDF5
 * keeps them is its own business, and one process writes them, when the file is made.
 */
#ifdef __linux__
#define _GNU_SOURCE /* fallocate */
#endif

#include "dataset.h"

#include <hdf5_hl.h>

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* netCDF's words for a dimension without values; its readers look for them. */
#define NO_VALUES "This is a netCDF dimension but not a netCDF variable. %10lld"

/* Bytes of HDF5's own that a turn may add, and more. */
enum { SOME = 64 << 10 };

/* ---- space on disk -------------------------------------------------------------------------- */

/* Have the file system set aside the space from `from` on. Where it cannot do that, the check of
 * the free space at the start has to do. */
static int set_aside(int file, hrs_count from, hrs_count bytes) {
#ifdef __linux__
  if (bytes > 0 && fallocate(file, FALLOC_FL_KEEP_SIZE, from, bytes) != 0 &&
      (errno == ENOSPC || errno == EDQUOT || errno == EFBIG))
    return errno;
#else
  (void)file;
  (void)from;
  (void)bytes;
#endif
  return 0;
}

/* May the file grow by so much (there are limits on the size of files), and is there some space
 * behind its end, for HDF5's own data? */
static hrs_status make_room(const char *part, hrs_count growth) {
  enum { RESERVE = 256 << 10 };
  struct stat info;
  int file = open(part, O_WRONLY | O_CLOEXEC), error = 0;
  HRS_REQUIRE(file >= 0, IO, "%s: %s", part, strerror(errno));
  if (fstat(file, &info) != 0 || ftruncate(file, info.st_size + growth) != 0 ||
      ftruncate(file, info.st_size) != 0)
    error = errno;
  else
    error = set_aside(file, info.st_size, RESERVE);
  close(file);
  HRS_REQUIRE(error == 0, IO, "%s cannot be written: %s", part, strerror(error));
  return HRS_OK;
}

/* All of the file as long as it is, so that the values to come find their place. */
static hrs_status fill_room(const char *part) {
  struct stat info;
  int file = open(part, O_WRONLY | O_CLOEXEC);
  HRS_REQUIRE(file >= 0, IO, "%s: %s", part, strerror(errno));
  int error = fstat(file, &info) == 0 ? set_aside(file, 0, info.st_size) : errno;
  close(file);
  HRS_REQUIRE(error == 0, IO, "%s cannot be written: %s", part, strerror(error));
  return HRS_OK;
}

static hrs_status sync_file(const char *path) {
  int file = open(path, O_RDWR | O_CLOEXEC);
  HRS_REQUIRE(file >= 0, IO, "%s: %s", path, strerror(errno));
  struct stat info;
  /* To its own size: what is set aside behind the end goes back. */
  int error = fstat(file, &info) == 0 && ftruncate(file, info.st_size) == 0 ? 0 : errno;
  if (fsync(file) != 0 && errno != EINVAL) error = errno;
  close(file);
  HRS_REQUIRE(error == 0, IO, "%s: %s", path, strerror(error));
  return HRS_OK;
}

/*
 * Open (or make) the file, work on it, close it. HDF5 1.10 crashes in MPI_Finalize after a close
 * that could not write, as on a full disk. So everything is flushed first; where that fails the
 * file, which is to go anyway, is emptied, and its space, with what was set aside, is what the
 * close needs.
 */
typedef hrs_status (*serial_work)(hid_t file, const void *context);

static hrs_status with_file(const char *part, bool make, hrs_count growth, serial_work work,
                            const void *context) {
  hrs_status status = HRS_OK;
  herr_t error;
  hid_t access = H5I_INVALID_HID, create = H5I_INVALID_HID, file = H5I_INVALID_HID;
  hrs_h5_quiet();
  HRS_REQUIRE(!hrs_fault_strikes(HRS_FAULT_WRITE), IO, "%s cannot be written: %s", part,
              strerror(EIO));
  HRS_GO(make_room(part, growth));
  HRS_H5_GO(access, H5Pcreate(H5P_FILE_ACCESS), IO, "%s", part);
  HRS_H5_GO(create, H5Pcreate(H5P_FILE_CREATE), IO, "%s", part);
  H5Pset_file_locking(access, false, true);
  H5Pset_obj_track_times(create, false);
  /* Attributes may pass 64 KiB from 1.8 on; later formats mark a file that was not closed so that
   * it does not open. */
  HRS_H5_GO(error, H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18), IO, "%s", part);
  HRS_H5_GO(file,
            make ? H5Fcreate(part, H5F_ACC_TRUNC, create, access)
                 : H5Fopen(part, H5F_ACC_RDWR, access),
            IO, "%s", part);
  if (make) HRS_GO(make_room(part, 0)); /* again: the file was emptied */
  status = work(file, context);
  if (status != HRS_OK) {
    status = hrs_error_context(status, "%s", part);
    goto done;
  }
  HRS_H5_GO(error, H5Fflush(file, H5F_SCOPE_GLOBAL), IO, "%s cannot be written", part);
done:
  if (status != HRS_OK && truncate(part, 0) != 0) unlink(part);
  if (file >= 0 && H5Fclose(file) < 0 && status == HRS_OK)
    status = hrs_h5_error(HRS_STATUS_IO, __FILE__, __LINE__, "%s cannot be written", part);
  hrs_h5_close(create);
  hrs_h5_close(access);
  return status;
}

/* ---- scales --------------------------------------------------------------------------------- */

/* The path of each axis's scale: netCDF looks for it in an array's group and in those above. */
static const char *const scale_paths[HRS_AXIS_LIMIT] = {
    [HRS_AXIS_ROW] = "/row",
    [HRS_AXIS_PLAYER] = "/player",
    [HRS_AXIS_ORDER] = "/orders/order",
    [HRS_AXIS_MASK] = "/mask",
    [HRS_AXIS_CLASS] = "/classes/name",
    [HRS_AXIS_OFFSET] = "/salient/offset",
    [HRS_AXIS_ENTRY] = "/salient/entry",
    [HRS_AXIS_POINT] = "/reconstruction/curve/point",
    [HRS_AXIS_SHARED_POINT] = "/sharing/point",
};

static const char *scale_path(hrs_dataset_axis axis) {
  hrs_index index = hrs_dataset_axis_index(axis);
  return index == HRS_INDEX_LIMIT
             ? scale_paths[axis]
             : hrs_dataset_objects[hrs_dataset_index(index, HRS_INDEX_MASK)].path;
}

static hrs_status make_scale_without_values(hid_t file, const char *path, hsize_t length) {
  hrs_status status = HRS_OK;
  herr_t error;
  hid_t space = H5I_INVALID_HID, properties = H5I_INVALID_HID, scale = H5I_INVALID_HID;
  char name[80];
  snprintf(name, sizeof name, NO_VALUES, (long long)length);
  HRS_H5_GO(space, H5Screate_simple(1, &length, NULL), IO, "%s", path);
  HRS_H5_GO(properties, H5Pcreate(H5P_DATASET_CREATE), IO, "%s", path);
  H5Pset_obj_track_times(properties, false);
  H5Pset_alloc_time(properties, H5D_ALLOC_TIME_LATE);
  HRS_H5_GO(scale,
            H5Dcreate2(file, path, H5T_STD_U8LE, space, H5P_DEFAULT, properties, H5P_DEFAULT), IO,
            "%s", path);
  HRS_H5_GO(error, H5DSset_scale(scale, name), IO, "%s", path);
done:
  hrs_h5_close(scale);
  hrs_h5_close(properties);
  hrs_h5_close(space);
  return status;
}

/* Make an array a scale, or attach the scales of its axes. */
static hrs_status name_axes(hid_t file, const hrs_dataset_object *object, hid_t array,
                            const hsize_t *dim) {
  hrs_status status = HRS_OK;
  herr_t error;
  hid_t scale = H5I_INVALID_HID;
  for (int i = 0; i < 2 && object->axis[i] != HRS_AXIS_NONE; i++) {
    const char *path = scale_path(object->axis[i]);
    const char *text = hrs_dataset_axis_text(object->axis[i]);
    HRS_H5_GO(error, H5DSset_label(array, (unsigned)i, text), IO, "%s", object->path);
    if (strcmp(path, object->path) == 0) {
      HRS_H5_GO(error, H5DSset_scale(array, text), IO, "%s", object->path);
      break;
    }
    bool without_values = object->axis[i] == HRS_AXIS_MASK || object->axis[i] == HRS_AXIS_ENTRY;
    if (without_values && !hrs_h5_exists(file, path))
      HRS_GO(make_scale_without_values(file, path, dim[i]));
    HRS_H5_GO(scale, H5Dopen2(file, path, H5P_DEFAULT), IO, "%s", path);
    HRS_H5_GO(error, H5DSattach_scale(array, scale, (unsigned)i), IO, "%s", object->path);
    hrs_h5_close(scale);
    scale = H5I_INVALID_HID;
  }
done:
  hrs_h5_close(scale);
  return status;
}

/* ---- objects -------------------------------------------------------------------------------- */

/* The groups on the way to an object. Nothing in the file has a time, so that equal results are
 * equal bytes. */
static hrs_status make_groups(hid_t file, const char *path) {
  char group[128];
  for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
    snprintf(group, sizeof group, "%.*s", (int)(slash - path), path);
    if (hrs_h5_exists(file, group)) continue;
    hid_t properties = H5Pcreate(H5P_GROUP_CREATE);
    H5Pset_obj_track_times(properties, false);
    hid_t made = H5Gcreate2(file, group, H5P_DEFAULT, properties, H5P_DEFAULT);
    hrs_status status = HRS_OK;
    if (made < 0) status = hrs_h5_error(HRS_STATUS_IO, __FILE__, __LINE__, "group %s", group);
    hrs_h5_close(made);
    hrs_h5_close(properties);
    HRS_TRY(status);
  }
  return HRS_OK;
}

/*
 * Make an array, contiguous and with its space in the file at once. The parallel writers fill most;
 * `fill` writes NaN or 0 first, so that a run that was cut short shows which rows it finished;
 * `data` of type `memory_type`, unless NULL, is all of the array.
 */
static hrs_status make_array(hid_t file, hrs_dataset_path path, const hrs_dataset_shape *shape,
                             bool fill, hid_t memory_type, const void *data) {
  const hrs_dataset_object *object = &hrs_dataset_objects[path];
  hrs_status status = HRS_OK;
  herr_t error;
  hid_t type = H5I_INVALID_HID, space = H5I_INVALID_HID, properties = H5I_INVALID_HID;
  hid_t array = H5I_INVALID_HID;
  HRS_GO(make_groups(file, object->path));
  HRS_H5_GO(type,
            shape->strings ? hrs_h5_string_type(H5T_VARIABLE)
                           : H5Tcopy(hrs_h5_file_type(shape->type)),
            IO, "%s", object->path);
  HRS_H5_GO(space,
            shape->rank ? H5Screate_simple(shape->rank, shape->dim, NULL) : H5Screate(H5S_SCALAR),
            IO, "%s", object->path);
  HRS_H5_GO(properties, H5Pcreate(H5P_DATASET_CREATE), IO, "%s", object->path);
  H5Pset_layout(properties, H5D_CONTIGUOUS);
  H5Pset_obj_track_times(properties, false);
  H5Pset_alloc_time(properties, H5D_ALLOC_TIME_EARLY);
  /* HDF5 has no strings of any length without a fill value. */
  fill = fill || shape->strings;
  H5Pset_fill_time(properties, fill ? H5D_FILL_TIME_ALLOC : H5D_FILL_TIME_NEVER);
  if (fill && shape->type == HRS_F64) {
    double nan = (double)NAN;
    H5Pset_fill_value(properties, H5T_NATIVE_DOUBLE, &nan);
  }
  HRS_H5_GO(array,
            H5Dcreate2(file, object->path, type, space, H5P_DEFAULT, properties, H5P_DEFAULT), IO,
            "%s", object->path);
  if (data)
    HRS_H5_GO(error, H5Dwrite(array, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data), IO, "%s",
              object->path);
  status = name_axes(file, object, array, shape->dim);
done:
  hrs_h5_close(array);
  hrs_h5_close(properties);
  hrs_h5_close(space);
  hrs_h5_close(type);
  return status;
}

static hrs_status make_names(hid_t file, hrs_dataset_path path, const hrs_dataset_shape *shape) {
  hid_t type = hrs_h5_string_type(H5T_VARIABLE);
  hrs_status status = make_array(file, path, shape, false, type, shape->strings);
  hrs_h5_close(type);
  return status;
}

static hrs_status make_copy(hid_t file, hrs_dataset_path path, const hrs_dataset_shape *shape,
                            const hrs_array *array) {
  hrs_array converted = {0};
  if (shape->type != array->type) {
    HRS_TRY(hrs_array_copy(array, &converted));
    hrs_status status = hrs_array_convert(&converted, shape->type);
    if (status != HRS_OK) {
      hrs_array_destroy(&converted);
      return status;
    }
    array = &converted;
  }
  hrs_status status =
      make_array(file, path, shape, false, hrs_h5_memory_type(shape->type), array->data);
  hrs_array_destroy(&converted);
  return status;
}

/* The coordinate 0, 1, 2, ... of an axis. */
static hrs_status make_numbers(hid_t file, hrs_dataset_path path, const hrs_dataset_shape *shape) {
  int64_t *number;
  HRS_TRY(hrs_alloc((hrs_count)shape->dim[0], sizeof *number, &number));
  for (hsize_t i = 0; i < shape->dim[0]; i++)
    number[i] = (int64_t)i;
  hrs_status status = make_array(file, path, shape, false, H5T_NATIVE_INT64, number);
  hrs_free(number);
  return status;
}

/* The coordinate 1, 2, 4, ... of the curve, and of what networks share. */
static hrs_status make_powers(hid_t file, hrs_dataset_path path, const hrs_dataset_shape *shape) {
  int64_t number[HRS_CURVE_POINTS];
  for (hsize_t i = 0; i < shape->dim[0]; i++)
    number[i] = (int64_t)1 << i;
  return make_array(file, path, shape, false, H5T_NATIVE_INT64, number);
}

/* The sets of an interaction index. */
static hrs_status make_sets(hid_t file, hrs_dataset_path path, const hrs_dataset_shape *shape,
                            int n, int orders) {
  hrs_mask *sets;
  HRS_TRY(hrs_alloc((hrs_count)shape->dim[0], sizeof *sets, &sets));
  hrs_set_list(n, orders, sets);
  hrs_status status = make_array(file, path, shape, false, H5T_NATIVE_UINT64, sets);
  hrs_free(sets);
  return status;
}

static hrs_status make_object(hid_t file, hrs_dataset_path path, const hrs_dataset_spec *spec) {
  hrs_dataset_shape shape = hrs_dataset_shape_of(spec, path);
  hrs_index index = hrs_dataset_axis_index(hrs_dataset_objects[path].axis[0]);
  if (index != HRS_INDEX_LIMIT) return make_sets(file, path, &shape, spec->n, spec->orders[index]);
  switch (path) {
  case HRS_PATH_ROW:
  case HRS_PATH_PLAYER:
  case HRS_PATH_ORDER:
    return make_numbers(file, path, &shape);
  case HRS_PATH_CURVE_POINT:
  case HRS_PATH_SHARED_POINT:
    return make_powers(file, path, &shape);
  case HRS_PATH_PLAYER_NAME:
  case HRS_PATH_ROW_NAME:
  case HRS_PATH_CLASS_NAME:
    return make_names(file, path, &shape);
  case HRS_PATH_MAP:
    return make_copy(file, path, &shape, spec->map);
  case HRS_PATH_BASELINE:
    return make_copy(file, path, &shape, spec->baseline);
  default: {
    bool lattice = hrs_dataset_objects[path].axis[1] == HRS_AXIS_MASK;
    return make_array(file, path, &shape, !lattice, H5I_INVALID_HID, NULL);
  }
  }
}

/* ---- the three turns of the one process ----------------------------------------------------- */

static hrs_status set_attributes(hid_t file, const char *path, int count,
                                 const hrs_run_attribute *attribute) {
  hid_t group = H5Gopen2(file, path, H5P_DEFAULT);
  hrs_status status = HRS_OK;
  if (group < 0) status = hrs_h5_error(HRS_STATUS_IO, __FILE__, __LINE__, "%s", path);
  for (int i = 0; i < count && status == HRS_OK; i++) {
    const hrs_run_attribute *a = &attribute[i];
    status = a->text ? hrs_h5_set_text(group, a->name, a->text)
                     : hrs_h5_set_number(group, a->name, HRS_F64, a->number);
  }
  hrs_h5_close(group);
  return status;
}

static hrs_status build(hid_t file, const void *context) {
  const hrs_dataset_spec *spec = context;
  bool present[HRS_WHEN_LIMIT];
  hrs_dataset_present(spec, present);
  HRS_TRY(hrs_h5_set_text(file, "format", HRS_DATASET_FORMAT));
  HRS_TRY(hrs_h5_set_number(file, "format_version", HRS_I32, HRS_FORMAT_VERSION));
  HRS_TRY(hrs_h5_set_text(file, "program_version", hrs_version()));
  HRS_TRY(hrs_h5_set_text(file, "git", hrs_git()));
  HRS_TRY(hrs_h5_set_number(file, "n_players", HRS_I32, spec->n));
  HRS_TRY(hrs_h5_set_number(file, "n_samples", HRS_I64, (double)spec->samples));
  HRS_TRY(hrs_h5_set_number(file, "complete", HRS_U8, 0));
  HRS_TRY(make_groups(file, "/run/"));
  if (spec->game_attributes > 0) {
    HRS_TRY(make_groups(file, "/game/"));
    HRS_TRY(set_attributes(file, "/game", spec->game_attributes, spec->game));
  }
  for (int i = 0; i < HRS_PATH_LIMIT; i++)
    if (present[hrs_dataset_objects[i].when]) HRS_TRY(make_object(file, (hrs_dataset_path)i, spec));
  return HRS_OK;
}

hrs_status hrs_dataset_build(const char *part, const hrs_dataset_spec *spec) {
  HRS_TRY(with_file(part, true, hrs_dataset_bytes(spec), build, spec));
  return fill_room(part);
}

typedef struct salient_sizes {
  hrs_count rows, total;
} salient_sizes;

static hrs_status build_salient(hid_t file, const void *context) {
  const salient_sizes *sizes = context;
  for (int i = 0; i < HRS_PATH_LIMIT; i++) {
    const hrs_dataset_object *object = &hrs_dataset_objects[i];
    if (object->when != HRS_WHEN_SALIENT) continue;
    hrs_count length = object->axis[0] == HRS_AXIS_OFFSET ? sizes->rows + 1 : sizes->total;
    hrs_dataset_shape shape = {.type = object->type, .rank = 1, .dim = {(hsize_t)length}};
    HRS_TRY(make_array(file, (hrs_dataset_path)i, &shape, false, H5I_INVALID_HID, NULL));
  }
  return HRS_OK;
}

hrs_status hrs_dataset_build_salient(const char *part, hrs_count rows, hrs_count total) {
  salient_sizes sizes = {rows, total};
  hrs_count entry = 8 + 1 + 1 + 8, growth = 8 * (rows + 1) + entry * total + SOME;
  HRS_TRY(with_file(part, false, growth, build_salient, &sizes));
  return fill_room(part);
}

typedef struct run_record {
  int attributes;
  const hrs_run_attribute *run;
} run_record;

static hrs_status complete(hid_t file, const void *context) {
  const run_record *record = context;
  HRS_TRY(set_attributes(file, "/run", record->attributes, record->run));
  return hrs_h5_set_number(file, "complete", HRS_U8, 1);
}

hrs_status hrs_dataset_seal(const char *part, int attributes, const hrs_run_attribute *run) {
  run_record record = {attributes, run};
  hrs_count growth = SOME;
  for (int i = 0; i < attributes; i++)
    growth += 2 * (run[i].text ? (hrs_count)strlen(run[i].text) : 8);
  HRS_TRY(with_file(part, false, growth, complete, &record));
  return sync_file(part);
}
