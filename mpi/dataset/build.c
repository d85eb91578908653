/*
 * What one process does with a data set while no other has it open: every array and attribute of a
 * contents, the dimension scales by which h5py, xarray and HDFView know the axes, and `complete`.
 *
 * Some axes have scales without values or storage, as netCDF keeps dimensions that are no
 * variables: numbers such as 0 .. 2^n - 1 would be as large as a lattice.
 *
 * Names are strings of any length: netCDF 4.9 crashes on arrays of fixed-length ones. Where HDF5
 * keeps them is its own business, and one process writes them, when the file is made.
 */
#ifdef __linux__
#define _GNU_SOURCE /* fallocate */
#endif

#include "build.h"

#include "h5.h"

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

/* May the file grow by so much (there are limits on the size of files), and is there space behind
 * its end: `aside`, and some for HDF5's own data? */
static hrs_status make_room(const char *part, hrs_count growth, hrs_count aside) {
  enum { RESERVE = 256 << 10 };
  struct stat info;
  int file = open(part, O_WRONLY | O_CLOEXEC), error = 0;
  HRS_REQUIRE(file >= 0, IO, "%s: %s", part, strerror(errno));
  if (fstat(file, &info) != 0 || ftruncate(file, info.st_size + growth) != 0 ||
      ftruncate(file, info.st_size) != 0)
    error = errno;
  else
    error = set_aside(file, info.st_size, hrs_count_add(RESERVE, aside));
  close(file);
  HRS_REQUIRE(error == 0, IO, "%s cannot be written: %s", part, strerror(error));
  return HRS_OK;
}

/* All of the file as long as it is, so that the values to come find their place. */
hrs_status hrs_dataset_fill(const char *part) {
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
  hrs_fault_pass(HRS_FAULT_FLUSH);
  if (fsync(file) != 0 && errno != EINVAL) error = errno;
  hrs_fault_pass(HRS_FAULT_FLUSH);
  close(file);
  HRS_REQUIRE(error == 0, IO, "%s: %s", path, strerror(error));
  return HRS_OK;
}

/*
 * Open (or make) the file, work on it, close it. HDF5 1.10 crashes in MPI_Finalize after a close
 * that could not write, as on a full disk. So everything is flushed first; where that fails a file
 * that is being made, which is to go anyway, is emptied, and its space, with what was set aside, is
 * what the close needs. One that is worked on again holds values that a checkpoint may count on:
 * it stays, and the close has what was set aside alone.
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
  /* Values that are there already are not to be lost to a disk that is full: that is known first.
   */
  HRS_GO(make_room(part, growth, make ? 0 : growth));
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
  if (make) HRS_GO(make_room(part, 0, 0)); /* again: the file was emptied */
  status = work(file, context);
  if (status != HRS_OK) {
    status = hrs_error_context(status, "%s", part);
    goto done;
  }
  hrs_fault_pass(HRS_FAULT_FLUSH);
  HRS_H5_GO(error, H5Fflush(file, H5F_SCOPE_GLOBAL), IO, "%s cannot be written", part);
  hrs_fault_pass(HRS_FAULT_FLUSH);
done:
  if (status != HRS_OK && make && file >= 0 && truncate(part, 0) != 0) unlink(part);
  if (file >= 0 && H5Fclose(file) < 0 && status == HRS_OK)
    status = hrs_h5_error(HRS_STATUS_IO, __FILE__, __LINE__, "%s cannot be written", part);
  hrs_h5_close(create);
  hrs_h5_close(access);
  return status;
}

/* ---- scales --------------------------------------------------------------------------------- */

static hrs_status make_bare_scale(hid_t file, const char *path, hsize_t length) {
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

static hrs_status attach_scale(hid_t file, hid_t array, const char *path, unsigned at,
                               const char *scale_path) {
  hrs_status status = HRS_OK;
  herr_t error;
  hid_t scale = H5I_INVALID_HID;
  HRS_H5_GO(scale, H5Dopen2(file, scale_path, H5P_DEFAULT), IO, "%s", scale_path);
  HRS_H5_GO(error, H5DSattach_scale(array, scale, at), IO, "%s", path);
done:
  hrs_h5_close(scale);
  return status;
}

static bool every_axis_has_scale(const hrs_kind *kind, const hrs_object *object) {
  for (int i = 0; i < HRS_OBJECT_AXES && object->axis[i] != HRS_AXIS_NONE; i++)
    if (object->axis[i] == HRS_AXIS_OTHERS || !kind->axis[object->axis[i]].scale) return false;
  return true;
}

/* Make an array a scale, or attach the scales of its axes: of all or of none, since netCDF's
 * readers refuse a file that has an array with some. */
static hrs_status name_axes(hid_t file, const hrs_kind *kind, const hrs_contents_array *of,
                            hid_t array) {
  hrs_status status = HRS_OK;
  herr_t error;
  bool scales = every_axis_has_scale(kind, of->object);
  for (int i = 0; i < HRS_OBJECT_AXES && of->object->axis[i] > HRS_AXIS_NONE; i++) {
    const hrs_axis *axis = &kind->axis[of->object->axis[i]];
    char path[HRS_PATH_SIZE];
    HRS_H5_GO(error, H5DSset_label(array, (unsigned)i, axis->label), IO, "%s", of->path);
    if (!scales) continue;
    HRS_ASSERT(hrs_object_path(axis->scale, of->name, path));
    if (strcmp(path, of->path) == 0) {
      HRS_H5_GO(error, H5DSset_scale(array, axis->label), IO, "%s", of->path);
      break;
    }
    if (axis->bare && !hrs_h5_exists(file, path))
      HRS_GO(make_bare_scale(file, path, (hsize_t)of->dim[i]));
    HRS_GO(attach_scale(file, array, of->path, (unsigned)i, path));
  }
done:
  return status;
}

/* ---- arrays --------------------------------------------------------------------------------- */

/* The groups on the way to an object. Nothing in the file has a time, so that equal results are
 * equal bytes. */
static hrs_status make_groups(hid_t file, const char *path) {
  char group[HRS_PATH_SIZE];
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

/* Make an array, contiguous and with its space in the file at once; `data` of type `memory_type`,
 * unless NULL, is all of it. */
static hrs_status make_array(hid_t file, const hrs_kind *kind, const hrs_contents_array *of,
                             hid_t memory_type, const void *data) {
  hrs_status status = HRS_OK;
  herr_t error;
  hid_t type = H5I_INVALID_HID, space = H5I_INVALID_HID, properties = H5I_INVALID_HID;
  hid_t array = H5I_INVALID_HID;
  hsize_t dim[HRS_MAX_RANK];
  bool text = of->object->source == HRS_SOURCE_TEXT;
  for (int i = 0; i < of->rank; i++)
    dim[i] = (hsize_t)of->dim[i];
  HRS_GO(make_groups(file, of->path));
  HRS_H5_GO(type, text ? hrs_h5_string_type(H5T_VARIABLE) : H5Tcopy(hrs_h5_file_type(of->type)), IO,
            "%s", of->path);
  HRS_H5_GO(space, of->rank ? H5Screate_simple(of->rank, dim, NULL) : H5Screate(H5S_SCALAR), IO,
            "%s", of->path);
  HRS_H5_GO(properties, H5Pcreate(H5P_DATASET_CREATE), IO, "%s", of->path);
  H5Pset_layout(properties, H5D_CONTIGUOUS);
  H5Pset_obj_track_times(properties, false);
  H5Pset_alloc_time(properties, H5D_ALLOC_TIME_EARLY);
  /* What is made later is written at once. HDF5 has no strings of any length without a fill. */
  bool later = of->object->when & HRS_WHEN_LATER;
  bool fill = text || (of->object->source == HRS_SOURCE_RUN && !later);
  H5Pset_fill_time(properties, fill ? H5D_FILL_TIME_ALLOC : H5D_FILL_TIME_NEVER);
  if (fill && of->type == HRS_F64) {
    double nan = (double)NAN;
    H5Pset_fill_value(properties, H5T_NATIVE_DOUBLE, &nan);
  }
  HRS_H5_GO(array, H5Dcreate2(file, of->path, type, space, H5P_DEFAULT, properties, H5P_DEFAULT),
            IO, "%s", of->path);
  if (data)
    HRS_H5_GO(error, H5Dwrite(array, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data), IO, "%s",
              of->path);
  status = name_axes(file, kind, of, array);
done:
  hrs_h5_close(array);
  hrs_h5_close(properties);
  hrs_h5_close(space);
  hrs_h5_close(type);
  return status;
}

static hrs_status make_texts(hid_t file, const hrs_kind *kind, const hrs_contents_array *of) {
  HRS_ASSERT(of->strings);
  hid_t type = hrs_h5_string_type(H5T_VARIABLE);
  hrs_status status = make_array(file, kind, of, type, of->strings);
  hrs_h5_close(type);
  return status;
}

static hrs_status make_copy(hid_t file, const hrs_kind *kind, const hrs_contents_array *of) {
  const hrs_array *array = of->array;
  hrs_array converted = {0};
  hrs_status status = HRS_OK;
  HRS_ASSERT(array);
  if (of->type != array->type) {
    HRS_TRY(hrs_array_copy(array, &converted));
    status = hrs_array_convert(&converted, of->type);
    array = &converted;
  }
  if (status == HRS_OK)
    status = make_array(file, kind, of, hrs_h5_memory_type(of->type), array->data);
  hrs_array_destroy(&converted);
  return status;
}

static hrs_status make_numbers(hid_t file, const hrs_contents *contents,
                               const hrs_contents_array *of) {
  int64_t *number;
  HRS_TRY(hrs_alloc(hrs_contents_count(of), sizeof *number, &number));
  of->object->numbers(of->dim, contents->length, number);
  hrs_status status = make_array(file, contents->kind, of, H5T_NATIVE_INT64, number);
  hrs_free(number);
  return status;
}

static hrs_status make_object(hid_t file, const hrs_contents *contents,
                              const hrs_contents_array *of) {
  switch (of->object->source) {
  case HRS_SOURCE_NUMBERS:
    return make_numbers(file, contents, of);
  case HRS_SOURCE_TEXT:
    return make_texts(file, contents->kind, of);
  case HRS_SOURCE_ARRAY:
    return make_copy(file, contents->kind, of);
  case HRS_SOURCE_RUN:
  case HRS_SOURCE_BULK:
    break;
  }
  return make_array(file, contents->kind, of, H5I_INVALID_HID, NULL);
}

static hrs_status make_objects(hid_t file, const hrs_contents *contents, bool later) {
  for (int i = 0; i < contents->arrays; i++)
    if (((contents->array[i].object->when & HRS_WHEN_LATER) != 0) == later) {
      hrs_fault_pass(later ? HRS_FAULT_EXTEND : HRS_FAULT_BUILD);
      HRS_TRY(make_object(file, contents, &contents->array[i]));
    }
  return HRS_OK;
}

/* ---- the turns of the one process ----------------------------------------------------------- */

static hrs_status set_attribute(hid_t file, const hrs_contents_attribute *a) {
  hid_t object = H5Oopen(file, a->object, H5P_DEFAULT);
  if (object < 0) return hrs_h5_error(HRS_STATUS_IO, __FILE__, __LINE__, "%s", a->object);
  hrs_status status = a->text ? hrs_h5_set_text(object, a->name, a->text)
                              : hrs_h5_set_number(object, a->name, a->type, a->number);
  hrs_h5_close(object);
  return status;
}

/* Groups that hold attributes alone are made, too. */
static hrs_status set_attributes(hid_t file, const hrs_contents *contents) {
  for (int i = 0; i < contents->attributes; i++) {
    const hrs_contents_attribute *a = &contents->attribute[i];
    char group[HRS_PATH_SIZE + 1];
    snprintf(group, sizeof group, "%s/", a->object);
    if (strcmp(a->object, "/") != 0 && hrs_contents_find(contents, a->object) < 0)
      HRS_TRY(make_groups(file, group));
    HRS_TRY(set_attribute(file, a));
  }
  return HRS_OK;
}

static hrs_status build(hid_t file, const void *context) {
  const hrs_contents *contents = context;
  HRS_TRY(hrs_h5_set_text(file, "format", HRS_DATASET_FORMAT));
  HRS_TRY(hrs_h5_set_number(file, "format_version", HRS_I32, HRS_DATASET_VERSION));
  HRS_TRY(hrs_h5_set_text(file, "kind", contents->kind->name));
  HRS_TRY(hrs_h5_set_text(file, "program_version", hrs_version()));
  HRS_TRY(hrs_h5_set_text(file, "git", hrs_git()));
  HRS_TRY(hrs_h5_set_number(file, "complete", HRS_U8, 0));
  HRS_TRY(make_groups(file, "/run/"));
  HRS_TRY(make_objects(file, contents, false));
  return set_attributes(file, contents);
}

hrs_status hrs_dataset_build_bare(const char *part, const hrs_contents *contents) {
  return with_file(part, true, hrs_contents_bytes(contents), build, contents);
}

hrs_status hrs_dataset_build(const char *part, const hrs_contents *contents) {
  HRS_TRY(hrs_dataset_build_bare(part, contents));
  hrs_fault_pass(HRS_FAULT_BUILD);
  return hrs_dataset_fill(part);
}

static hrs_status build_later(hid_t file, const void *context) {
  return make_objects(file, context, true);
}

hrs_status hrs_dataset_build_later(const char *part, const hrs_contents *contents) {
  hrs_count growth = hrs_count_add(hrs_contents_later_bytes(contents), SOME);
  HRS_TRY(with_file(part, false, growth, build_later, contents));
  hrs_fault_pass(HRS_FAULT_EXTEND);
  return hrs_dataset_fill(part);
}

typedef struct run_record {
  int attributes;
  const hrs_run_attribute *run;
} run_record;

static hrs_status complete(hid_t file, const void *context) {
  const run_record *record = context;
  hrs_fault_pass(HRS_FAULT_SEAL);
  for (int i = 0; i < record->attributes; i++) {
    const hrs_run_attribute *from = &record->run[i];
    hrs_contents_attribute a = {"/run", from->name, from->text, HRS_F64, from->number};
    HRS_TRY(set_attribute(file, &a));
  }
  return hrs_h5_set_number(file, "complete", HRS_U8, 1);
}

hrs_status hrs_dataset_seal(const char *part, int attributes, const hrs_run_attribute *run) {
  run_record record = {attributes, run};
  hrs_count growth = SOME;
  for (int i = 0; i < attributes; i++)
    growth += 2 * (run[i].text ? (hrs_count)strlen(run[i].text) : 8);
  HRS_TRY(with_file(part, false, growth, complete, &record));
  hrs_fault_pass(HRS_FAULT_SEAL);
  return sync_file(part);
}
