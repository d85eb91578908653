/*
 * What one process does with a data set when the parallel file is closed: the attributes of /run,
 * the dimension scales by which h5py, xarray and HDFView know the axes, and `complete`.
 *
 * The mask axis has a scale without values or storage, as netCDF keeps dimensions that are no
 * variables: numbers 0 .. 2^n - 1 would be as large as a lattice. That is why this is not done in
 * parallel, where HDF5 gives every array its space at once.
 */
#include "dataset.h"

#include <hdf5_hl.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* netCDF's words for a dimension without values; its readers look for them. */
#define NO_VALUES "This is a netCDF dimension but not a netCDF variable. %10lld"

/* The path of each axis's scale. */
static const char *const scale_paths[HRS_AXIS_LIMIT] = {
    [HRS_AXIS_ROW] = "/row",
    [HRS_AXIS_PLAYER] = "/player",
    [HRS_AXIS_ORDER] = "/orders/order",
    [HRS_AXIS_MASK] = "/mask",
    [HRS_AXIS_CLASS] = "/classes/name",
    [HRS_AXIS_OFFSET] = "/salient/offset",
    [HRS_AXIS_ENTRY] = "/salient/mask",
};

static hrs_status make_mask_scale(hid_t file, int n) {
  hrs_status status = HRS_OK;
  herr_t error;
  hid_t space = H5I_INVALID_HID, properties = H5I_INVALID_HID, scale = H5I_INVALID_HID;
  hsize_t length = (hsize_t)1 << n;
  char name[80];
  snprintf(name, sizeof name, NO_VALUES, (long long)length);
  HRS_H5_GO(space, H5Screate_simple(1, &length, NULL), IO, "/mask");
  HRS_H5_GO(properties, H5Pcreate(H5P_DATASET_CREATE), IO, "/mask");
  H5Pset_obj_track_times(properties, false);
  H5Pset_alloc_time(properties, H5D_ALLOC_TIME_LATE);
  HRS_H5_GO(scale,
            H5Dcreate2(file, scale_paths[HRS_AXIS_MASK], H5T_STD_U8LE, space, H5P_DEFAULT,
                       properties, H5P_DEFAULT),
            IO, "/mask");
  HRS_H5_GO(error, H5DSset_scale(scale, name), IO, "/mask");
done:
  hrs_h5_close(scale);
  hrs_h5_close(properties);
  hrs_h5_close(space);
  return status;
}

/* Make an array a scale, or attach the scales of its axes. */
static hrs_status name_axes(hid_t file, const hrs_dataset_object *object) {
  hrs_status status = HRS_OK;
  herr_t error;
  hid_t array = H5I_INVALID_HID, scale = H5I_INVALID_HID;
  HRS_H5_GO(array, H5Dopen2(file, object->path, H5P_DEFAULT), IO, "%s", object->path);
  for (int i = 0; i < 2 && object->axis[i] != HRS_AXIS_NONE; i++) {
    const char *path = scale_paths[object->axis[i]];
    const char *text = hrs_dataset_axis_text(object->axis[i]);
    HRS_H5_GO(error, H5DSset_label(array, (unsigned)i, text), IO, "%s", object->path);
    if (strcmp(path, object->path) == 0) {
      HRS_H5_GO(error, H5DSset_scale(array, text), IO, "%s", object->path);
      break;
    }
    HRS_H5_GO(scale, H5Dopen2(file, path, H5P_DEFAULT), IO, "%s", path);
    HRS_H5_GO(error, H5DSattach_scale(array, scale, (unsigned)i), IO, "%s", object->path);
    hrs_h5_close(scale);
    scale = H5I_INVALID_HID;
  }
done:
  hrs_h5_close(scale);
  hrs_h5_close(array);
  return status;
}

static hrs_status name_all_axes(hid_t file, int n) {
  bool mask_made = false;
  for (int i = 0; i < HRS_PATH_LIMIT; i++) {
    const hrs_dataset_object *object = &hrs_dataset_objects[i];
    if (!hrs_h5_exists(file, object->path)) continue;
    if (object->axis[1] == HRS_AXIS_MASK && !mask_made) {
      HRS_TRY(make_mask_scale(file, n));
      mask_made = true;
    }
    HRS_TRY(name_axes(file, object));
  }
  return HRS_OK;
}

static hrs_status describe_run(hid_t file, int attributes, const hrs_run_attribute *run) {
  hid_t group = H5Gopen2(file, "/run", H5P_DEFAULT);
  hrs_status status = HRS_OK;
  if (group < 0) status = hrs_h5_error(HRS_STATUS_IO, __FILE__, __LINE__, "/run");
  for (int i = 0; i < attributes && status == HRS_OK; i++)
    status = run[i].text ? hrs_h5_set_text(group, run[i].name, run[i].text)
                         : hrs_h5_set_number(group, run[i].name, HRS_F64, run[i].number);
  hrs_h5_close(group);
  return status;
}

static hrs_status sync_file(const char *path) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  HRS_REQUIRE(file >= 0, IO, "%s: %s", path, strerror(errno));
  int error = fsync(file) == 0 ? 0 : errno;
  close(file);
  HRS_REQUIRE(error == 0 || error == EINVAL, IO, "%s: %s", path, strerror(error));
  return HRS_OK;
}

hrs_status hrs_dataset_reserve(const char *part) {
  enum { RESERVE = 256 << 10 };
  struct stat info;
  int file = open(part, O_WRONLY | O_CLOEXEC);
  HRS_REQUIRE(file >= 0 && fstat(file, &info) == 0, IO, "%s: %s", part, strerror(errno));
  int error = posix_fallocate(file, info.st_size, RESERVE);
  close(file);
  HRS_REQUIRE(error == 0, IO, "%s cannot be written: %s", part, strerror(error));
  return HRS_OK;
}

void hrs_dataset_give_up(const char *part) {
  if (truncate(part, 0) != 0) unlink(part);
}

hrs_status hrs_dataset_seal(const char *part, int n, int attributes, const hrs_run_attribute *run) {
  hrs_status status = HRS_OK;
  herr_t error;
  hid_t access = H5I_INVALID_HID, file = H5I_INVALID_HID;
  HRS_TRY(hrs_dataset_reserve(part));
  HRS_H5_GO(access, H5Pcreate(H5P_FILE_ACCESS), IO, "%s cannot be completed", part);
  H5Pset_file_locking(access, false, true);
  H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18);
  HRS_H5_GO(file, H5Fopen(part, H5F_ACC_RDWR, access), IO, "%s cannot be completed", part);
  HRS_GO(describe_run(file, attributes, run));
  HRS_GO(name_all_axes(file, n));
  HRS_H5_GO(error, H5Fflush(file, H5F_SCOPE_GLOBAL), IO, "%s cannot be completed", part);
  HRS_GO(hrs_h5_set_number(file, "complete", HRS_U8, 1));
  HRS_H5_GO(error, H5Fflush(file, H5F_SCOPE_GLOBAL), IO, "%s cannot be completed", part);
done:
  if (status != HRS_OK) hrs_dataset_give_up(part);
  if (file >= 0 && H5Fclose(file) < 0 && status == HRS_OK)
    status = hrs_h5_error(HRS_STATUS_IO, __FILE__, __LINE__, "%s cannot be completed", part);
  hrs_h5_close(access);
  HRS_TRY_CONTEXT(status, "%s", part);
  return sync_file(part);
}
