/*
 * The data set's life: sizes, creation of every object by parallel HDF5, completion, removal.
 *
 * Idea: all shapes are known before the first value, so all objects are made at once, contiguous,
 * without filters and without a fill of the large ones, and flushed: from then on the file can be
 * opened whatever happens to the run. Everything collective is preceded by an agreement on the
 * status, so that a rank that failed never leaves the others waiting inside HDF5. What needs one
 * process only (attributes of the run, dimension scales) is done at the end by rank 0 alone.
 */
#include "dataset.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

const hrs_dataset_object hrs_dataset_objects[] = {
#define ROW(name, path, type, axis, axis2, when)                                                   \
  {path, HRS_##type, {HRS_AXIS_##axis, HRS_AXIS_##axis2}, HRS_WHEN_##when},
    HRS_DATASET_OBJECTS(ROW)
#undef ROW
};

const char *hrs_dataset_axis_text(hrs_dataset_axis axis) {
  static const char *const text[] = {
#define ROW(name, text) text,
      HRS_DATASET_AXES(ROW)
#undef ROW
  };
  return text[axis];
}

/* ---- shapes --------------------------------------------------------------------------------- */

static void what_is_present(const hrs_dataset_spec *spec, bool *present) {
  const bool all[HRS_WHEN_LIMIT] = {
      [HRS_WHEN_ALWAYS] = true,
      [HRS_WHEN_AND] = spec->types[0],
      [HRS_WHEN_OR] = spec->types[1],
      [HRS_WHEN_KEEP_AND] = spec->types[0] && spec->keep_all,
      [HRS_WHEN_KEEP_OR] = spec->types[1] && spec->keep_all,
      [HRS_WHEN_VALUES] = spec->values,
      [HRS_WHEN_SV] = spec->indices[0],
      [HRS_WHEN_BV] = spec->indices[1],
      [HRS_WHEN_PLAYER_NAMES] = spec->player_names != NULL,
      [HRS_WHEN_CLASS_NAMES] = spec->class_names != NULL && spec->classes > 0,
      [HRS_WHEN_MAP] = spec->map != NULL,
      [HRS_WHEN_BASELINE] = spec->baseline != NULL,
  };
  memcpy(present, all, sizeof all);
}

static size_t longest(char *const *names, int count) {
  size_t most = 1;
  for (int i = 0; i < count; i++)
    if (strlen(names[i]) > most) most = strlen(names[i]);
  return most;
}

/* HDF5 has no name for the half-precision types, nor NumPy for bfloat16. */
static hrs_dtype stored_type(hrs_dtype type) {
  return type == HRS_F16 || type == HRS_BF16 ? HRS_F32 : type == HRS_BOOL ? HRS_U8 : type;
}

static hrs_dataset_shape shape_of(const hrs_dataset_spec *spec, hrs_dataset_path path) {
  const hrs_dataset_object *object = &hrs_dataset_objects[path];
  hrs_dataset_shape shape = {.type = object->type};
  const hrs_array *array = path == HRS_PATH_MAP        ? spec->map
                           : path == HRS_PATH_BASELINE ? spec->baseline
                                                       : NULL;
  if (array) {
    shape.type = stored_type(array->type);
    shape.rank = array->rank;
    for (int i = 0; i < array->rank; i++)
      shape.dim[i] = (hsize_t)array->dim[i];
    return shape;
  }
  if (path == HRS_PATH_PLAYER_NAME) shape.string = longest(spec->player_names, spec->n);
  if (path == HRS_PATH_CLASS_NAME) shape.string = longest(spec->class_names, spec->classes);
  if (object->type == HRS_NONE && !shape.string) shape.type = spec->precision;
  const hsize_t length[HRS_AXIS_LIMIT] = {
      [HRS_AXIS_ROW] = (hsize_t)spec->rows,      [HRS_AXIS_PLAYER] = (hsize_t)spec->n,
      [HRS_AXIS_ORDER] = (hsize_t)spec->n + 1,   [HRS_AXIS_MASK] = (hsize_t)1 << spec->n,
      [HRS_AXIS_CLASS] = (hsize_t)spec->classes,
  };
  for (int i = 0; i < 2 && object->axis[i] != HRS_AXIS_NONE; i++)
    shape.dim[shape.rank++] = length[object->axis[i]];
  return shape;
}

static hrs_count shape_bytes(const hrs_dataset_shape *shape) {
  hrs_count bytes =
      shape->string ? (hrs_count)shape->string : (hrs_count)hrs_dtype_size(shape->type);
  for (int i = 0; i < shape->rank; i++)
    bytes *= (hrs_count)shape->dim[i];
  return bytes;
}

hrs_count hrs_dataset_bytes(const hrs_dataset_spec *spec) {
  bool present[HRS_WHEN_LIMIT];
  what_is_present(spec, present);
  hrs_count bytes = 64 << 10; /* names, shapes, attributes */
  for (int i = 0; i < HRS_PATH_LIMIT; i++) {
    if (!present[hrs_dataset_objects[i].when]) continue;
    hrs_dataset_shape shape = shape_of(spec, (hrs_dataset_path)i);
    bytes += shape_bytes(&shape);
  }
  return bytes;
}

/* ---- the file's place ----------------------------------------------------------------------- */

static void folder_of(const char *path, char *folder, size_t size) {
  const char *slash = strrchr(path, '/');
  if (!slash)
    snprintf(folder, size, ".");
  else
    snprintf(folder, size, "%.*s", slash == path ? 1 : (int)(slash - path), path);
}

/* The new name itself is safe on disk only when the folder is. */
static void sync_folder(const char *path) {
  char folder[4096];
  folder_of(path, folder, sizeof folder);
  int file = open(folder, O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  fsync(file);
  close(file);
}

/* Check that PATH may be made and make PATH.part. By rank 0. */
static hrs_status prepare_place(const char *path, const char *part, bool force, hrs_count bytes) {
  char folder[4096];
  struct stat info;
  HRS_REQUIRE(strlen(path) > 0 && strlen(path) < sizeof folder - 16, USAGE,
              "--out: a path of %zu characters; give a file name such as out.h5", strlen(path));
  folder_of(path, folder, sizeof folder);
  if (stat(path, &info) == 0) {
    HRS_REQUIRE(!S_ISDIR(info.st_mode), USAGE, "--out %s is a folder; give a file name", path);
    HRS_REQUIRE(S_ISREG(info.st_mode), USAGE, "--out %s is no regular file", path);
    HRS_REQUIRE(force, USAGE, "--out %s exists; give --force to replace it", path);
  }
  HRS_REQUIRE(stat(folder, &info) == 0, IO, "--out %s: the folder %s: %s", path, folder,
              strerror(errno));
  HRS_REQUIRE(S_ISDIR(info.st_mode), IO, "--out %s: %s is no folder", path, folder);
  bool leftover = stat(part, &info) == 0;
  int file = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  HRS_REQUIRE(file >= 0, IO, "--out %s: %s cannot be written: %s", path, part, strerror(errno));
  close(file);
  if (leftover) hrs_warn("%s, left by a run that did not finish, is replaced", part);
  struct statvfs disk;
  if (statvfs(folder, &disk) != 0 || disk.f_blocks == 0) return HRS_OK;
  double room = (double)disk.f_bavail * (double)disk.f_frsize;
  if (room < (double)bytes) {
    unlink(part);
    HRS_FAIL(IO,
             "--out %s: the data set needs %.3f GiB and the disk has %.3f GiB free; choose another "
             "folder or keep less (--keep salient, without --values)",
             path, (double)bytes / 0x1p30, room / 0x1p30);
  }
  return HRS_OK;
}

/* ---- creation ------------------------------------------------------------------------------- */

/* The groups on the way to an object, made without times as everything else. */
static hrs_status create_groups(hid_t file, const char *path) {
  char group[128];
  for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
    snprintf(group, sizeof group, "%.*s", (int)(slash - path), path);
    if (hrs_h5_exists(file, group)) continue;
    hid_t properties = H5Pcreate(H5P_GROUP_CREATE);
    H5Pset_obj_track_times(properties, false);
    hid_t made = H5Gcreate2(file, group, H5P_DEFAULT, properties, H5P_DEFAULT);
    hrs_status status = HRS_OK;
    if (made < 0)
      status = hrs_h5_error(HRS_STATUS_IO, __FILE__, __LINE__, "group %s cannot be made", group);
    hrs_h5_close(made);
    hrs_h5_close(properties);
    HRS_TRY(status);
  }
  return HRS_OK;
}

static hrs_status create_array(hrs_dataset *set, hrs_dataset_path path,
                               const hrs_dataset_shape *shape, bool fill) {
  hrs_status status = HRS_OK;
  const char *name = hrs_dataset_objects[path].path;
  hid_t type = H5I_INVALID_HID, space = H5I_INVALID_HID, properties = H5I_INVALID_HID;
  HRS_GO(create_groups(set->file, name));
  HRS_H5_GO(type,
            shape->string ? hrs_h5_string_type(shape->string)
                          : H5Tcopy(hrs_h5_file_type(shape->type)),
            IO, "%s: %s cannot be made", set->part, name);
  HRS_H5_GO(space,
            shape->rank ? H5Screate_simple(shape->rank, shape->dim, NULL) : H5Screate(H5S_SCALAR),
            IO, "%s: %s cannot be made", set->part, name);
  HRS_H5_GO(properties, H5Pcreate(H5P_DATASET_CREATE), IO, "%s: %s cannot be made", set->part,
            name);
  H5Pset_layout(properties, H5D_CONTIGUOUS);
  H5Pset_obj_track_times(properties, false);
  H5Pset_fill_time(properties, fill ? H5D_FILL_TIME_ALLOC : H5D_FILL_TIME_NEVER);
  /* So that a run that was cut short shows which rows it finished. */
  if (fill && shape->type == HRS_F64) {
    double nan = (double)NAN;
    H5Pset_fill_value(properties, H5T_NATIVE_DOUBLE, &nan);
  }
  HRS_H5_GO(set->array[path],
            H5Dcreate2(set->file, name, type, space, H5P_DEFAULT, properties, H5P_DEFAULT), IO,
            "%s: %s cannot be made", set->part, name);
done:
  hrs_h5_close(properties);
  hrs_h5_close(space);
  hrs_h5_close(type);
  return status;
}

hrs_status hrs_dataset_create_array(hrs_dataset *set, hrs_status status, hrs_dataset_path path,
                                    const hrs_dataset_shape *shape, bool fill) {
  HRS_TRY(hrs_agree(set->comm, status));
  return hrs_agree(set->comm, create_array(set, path, shape, fill));
}

static hrs_status create_file(hrs_dataset *set) {
  hrs_status status = HRS_OK;
  hid_t access = H5I_INVALID_HID, create = H5I_INVALID_HID;
  herr_t error;
  HRS_H5_GO(access, H5Pcreate(H5P_FILE_ACCESS), IO, "%s cannot be made", set->part);
  HRS_H5_GO(create, H5Pcreate(H5P_FILE_CREATE), IO, "%s cannot be made", set->part);
  HRS_H5_GO(error, H5Pset_fapl_mpio(access, set->comm, MPI_INFO_NULL), IO, "%s cannot be made",
            set->part);
  /* Attributes may pass 64 KiB from 1.8 on; later formats mark a file that was not closed so that
   * it does not open. */
  HRS_H5_GO(error, H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18), IO,
            "%s cannot be made", set->part);
  H5Pset_obj_track_times(create, false);
  HRS_H5_GO(set->file, H5Fcreate(set->part, H5F_ACC_TRUNC, create, access), IO, "%s cannot be made",
            set->part);
done:
  hrs_h5_close(create);
  hrs_h5_close(access);
  return status;
}

static hrs_status set_header(hrs_dataset *set) {
  hid_t file = set->file;
  HRS_TRY(hrs_h5_set_text(file, "format", HRS_DATASET_FORMAT));
  HRS_TRY(hrs_h5_set_number(file, "format_version", HRS_I32, HRS_FORMAT_VERSION));
  HRS_TRY(hrs_h5_set_text(file, "program_version", hrs_version()));
  HRS_TRY(hrs_h5_set_text(file, "git", hrs_git()));
  HRS_TRY(hrs_h5_set_number(file, "n_players", HRS_I32, set->n));
  HRS_TRY(hrs_h5_set_number(file, "n_samples", HRS_I64, (double)set->samples));
  HRS_TRY(hrs_h5_set_number(file, "complete", HRS_U8, 0));
  return create_groups(file, "/run/");
}

static hrs_status open_transfers(hrs_dataset *set) {
  hrs_status status = HRS_OK;
  herr_t error;
  HRS_H5_GO(set->collective, H5Pcreate(H5P_DATASET_XFER), INTERNAL, "HDF5 transfer properties");
  HRS_H5_GO(set->independent, H5Pcreate(H5P_DATASET_XFER), INTERNAL, "HDF5 transfer properties");
  HRS_H5_GO(error, H5Pset_dxpl_mpio(set->collective, H5FD_MPIO_COLLECTIVE), INTERNAL,
            "HDF5 transfer properties");
  HRS_H5_GO(error, H5Pset_dxpl_mpio(set->independent, H5FD_MPIO_INDEPENDENT), INTERNAL,
            "HDF5 transfer properties");
done:
  return status;
}

/* ---- what is known from the start ----------------------------------------------------------- */

static hrs_status write_names(hrs_dataset *set, hrs_dataset_path path, char *const *names,
                              int count) {
  size_t width = longest(names, count);
  char *text;
  HRS_TRY(hrs_calloc(count, width, &text));
  for (int i = 0; i < count; i++)
    memcpy(text + (size_t)i * width, names[i], strlen(names[i]));
  hid_t type = hrs_h5_string_type(width);
  hrs_status status =
      hrs_dataset_write_part(set, path, type, 1, (hsize_t[]){0}, (hsize_t[]){(hsize_t)count}, text);
  hrs_h5_close(type);
  hrs_free(text);
  return status;
}

static hrs_status write_array(hrs_dataset *set, hrs_dataset_path path, const hrs_array *array) {
  hrs_dtype type = stored_type(array->type);
  hrs_array converted = {0};
  if (type != array->type) {
    HRS_TRY(hrs_array_copy(array, &converted));
    HRS_TRY(hrs_array_convert(&converted, type));
    array = &converted;
  }
  hsize_t start[HRS_MAX_RANK] = {0}, count[HRS_MAX_RANK] = {0};
  for (int i = 0; i < array->rank; i++)
    count[i] = (hsize_t)array->dim[i];
  hrs_status status = hrs_dataset_write_part(set, path, hrs_h5_memory_type(type), array->rank,
                                             start, count, array->data);
  hrs_array_destroy(&converted);
  return status;
}

static hrs_status write_numbers(hrs_dataset *set, hrs_dataset_path path, hrs_count count) {
  int64_t *number;
  HRS_TRY(hrs_alloc(count, sizeof *number, &number));
  for (hrs_count i = 0; i < count; i++)
    number[i] = i;
  hrs_status status = hrs_dataset_write_part(set, path, H5T_NATIVE_INT64, 1, (hsize_t[]){0},
                                             (hsize_t[]){(hsize_t)count}, number);
  hrs_free(number);
  return status;
}

static hrs_status write_static(hrs_dataset *set, const hrs_dataset_spec *spec) {
  HRS_TRY(write_numbers(set, HRS_PATH_ROW, spec->rows));
  HRS_TRY(write_numbers(set, HRS_PATH_PLAYER, spec->n));
  HRS_TRY(write_numbers(set, HRS_PATH_ORDER, spec->n + 1));
  if (set->present[HRS_WHEN_PLAYER_NAMES])
    HRS_TRY(write_names(set, HRS_PATH_PLAYER_NAME, spec->player_names, spec->n));
  if (set->present[HRS_WHEN_CLASS_NAMES])
    HRS_TRY(write_names(set, HRS_PATH_CLASS_NAME, spec->class_names, spec->classes));
  if (set->present[HRS_WHEN_MAP]) HRS_TRY(write_array(set, HRS_PATH_MAP, spec->map));
  if (set->present[HRS_WHEN_BASELINE]) HRS_TRY(write_array(set, HRS_PATH_BASELINE, spec->baseline));
  return HRS_OK;
}

/* ---- life ----------------------------------------------------------------------------------- */

static hrs_status check_spec(const hrs_dataset_spec *spec) {
  HRS_ASSERT(spec->n >= 0 && spec->n <= HRS_MAX_PLAYERS);
  HRS_ASSERT(spec->rows > 0 && spec->samples > 0);
  HRS_ASSERT(spec->precision == HRS_F64 || spec->precision == HRS_F32);
  HRS_ASSERT(spec->types[0] || spec->types[1]);
  return HRS_OK;
}

static hrs_status make_handle(MPI_Comm comm, const char *path, const hrs_dataset_spec *spec,
                              hrs_dataset **out) {
  hrs_dataset *set;
  HRS_TRY(hrs_calloc(1, sizeof *set, out));
  set = *out;
  set->comm = comm;
  MPI_Comm_rank(comm, &set->rank);
  set->n = spec->n;
  set->rows = spec->rows;
  set->samples = spec->samples;
  set->precision = spec->precision;
  set->file = set->collective = set->independent = H5I_INVALID_HID;
  for (int i = 0; i < HRS_PATH_LIMIT; i++)
    set->array[i] = H5I_INVALID_HID;
  HRS_TRY(check_spec(spec));
  what_is_present(spec, set->present);
  HRS_TRY(hrs_strdup(path, &set->path));
  HRS_TRY(hrs_calloc((hrs_count)strlen(path) + 6, 1, &set->part));
  snprintf(set->part, strlen(path) + 6, "%s.part", path);
  return open_transfers(set);
}

static void free_handle(hrs_dataset **set) {
  if (!*set) return;
  hrs_h5_close((*set)->collective);
  hrs_h5_close((*set)->independent);
  hrs_free((*set)->path);
  hrs_free((*set)->part);
  hrs_free(*set);
  *set = NULL;
}

/* Close the parallel file. Collective. False where HDF5 could not. */
static bool close_file(hrs_dataset *set) {
  bool closed = true;
  for (int i = 0; i < HRS_PATH_LIMIT; i++) {
    closed = hrs_h5_close(set->array[i]) && closed;
    set->array[i] = H5I_INVALID_HID;
  }
  closed = hrs_h5_close(set->file) && closed;
  set->file = H5I_INVALID_HID;
  return closed;
}

static hrs_status flush(hrs_dataset *set) {
  if (H5Fflush(set->file, H5F_SCOPE_GLOBAL) < 0) return hrs_dataset_write_failed(set, "the file");
  return HRS_OK;
}

hrs_status hrs_dataset_create(MPI_Comm comm, const char *path, bool force,
                              const hrs_dataset_spec *spec, hrs_dataset **out) {
  hrs_dataset *set = NULL;
  *out = NULL;
  hrs_h5_quiet();
  hrs_status status = hrs_agree(comm, make_handle(comm, path, spec, &set));
  if (status == HRS_OK && set->rank == 0)
    status = prepare_place(path, set->part, force, hrs_dataset_bytes(spec));
  status = hrs_agree(comm, status);
  if (status != HRS_OK) {
    free_handle(&set);
    return status;
  }
  HRS_GO(hrs_agree(comm, create_file(set)));
  if (set->rank == 0) status = hrs_dataset_reserve(set->part);
  HRS_GO(hrs_agree(comm, status));
  status = set_header(set);
  for (int i = 0; i < HRS_PATH_LIMIT; i++) {
    const hrs_dataset_object *object = &hrs_dataset_objects[i];
    if (!set->present[object->when]) continue;
    hrs_dataset_shape shape = shape_of(spec, (hrs_dataset_path)i);
    bool large = object->axis[1] == HRS_AXIS_MASK || i == HRS_PATH_MAP || i == HRS_PATH_BASELINE;
    HRS_GO(hrs_dataset_create_array(set, status, (hrs_dataset_path)i, &shape, !large));
  }
  if (set->rank == 0) status = write_static(set, spec);
  HRS_GO(hrs_agree(comm, status));
  HRS_GO(hrs_agree(comm, flush(set)));
  *out = set;
  return HRS_OK;
done:
  hrs_dataset_abort(&set);
  return status;
}

hrs_status hrs_dataset_finish(hrs_dataset **handle, int attributes, const hrs_run_attribute *run) {
  hrs_dataset *set = *handle;
  *handle = NULL;
  hrs_status status = HRS_OK;
  if (!set->salient_written)
    status = hrs_error_set(HRS_STATUS_INTERNAL, __FILE__, __LINE__,
                           "%s is finished without its salient list", set->part);
  HRS_GO(hrs_agree(set->comm, status));
  HRS_GO(hrs_agree(set->comm, flush(set)));
  if (!close_file(set)) status = hrs_dataset_write_failed(set, "the file");
  HRS_GO(hrs_agree(set->comm, status));
  if (set->rank == 0) {
    status = hrs_dataset_seal(set->part, set->n, attributes, run);
    if (status == HRS_OK && rename(set->part, set->path) != 0)
      status = hrs_error_set(HRS_STATUS_IO, __FILE__, __LINE__, "%s cannot be renamed to %s: %s",
                             set->part, set->path, strerror(errno));
    if (status == HRS_OK) sync_folder(set->path);
  }
  HRS_GO(hrs_agree(set->comm, status));
  free_handle(&set);
  return HRS_OK;
done:
  hrs_dataset_abort(&set);
  return status;
}

void hrs_dataset_abort(hrs_dataset **handle) {
  if (!handle || !*handle) return;
  hrs_dataset *set = *handle;
  if (set->rank == 0) hrs_dataset_give_up(set->part);
  MPI_Barrier(set->comm);
  close_file(set);
  MPI_Barrier(set->comm);
  if (set->rank == 0) unlink(set->part);
  free_handle(handle);
}
