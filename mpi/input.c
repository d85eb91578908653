/*
 * Array files of every kind behind one handle: .npy and .npz by libharsanyi, FILE.h5:/dataset here.
 * An HDF5 file is opened by the calling rank alone and read by rows; HDF5 converts byte order.
 */
#include "h5.h"

#include <harsanyi/mpi.h>

#include <stdio.h>
#include <string.h>
#include <strings.h>

typedef struct hdf5_input {
  hid_t file, array, memory_type;
  int rank;
  hsize_t dim[HRS_MAX_RANK];
  char *path;
} hdf5_input;

static hrs_status read_block(hdf5_input *input, const hsize_t *start, const hsize_t *count,
                             void *out) {
  hrs_status status = HRS_OK;
  herr_t error;
  hid_t file_space = H5I_INVALID_HID, memory_space = H5I_INVALID_HID;
  HRS_H5_GO(file_space, H5Dget_space(input->array), INPUT, "%s", input->path);
  if (input->rank > 0) {
    HRS_H5_GO(error, H5Sselect_hyperslab(file_space, H5S_SELECT_SET, start, NULL, count, NULL),
              INPUT, "%s", input->path);
    HRS_H5_GO(memory_space, H5Screate_simple(input->rank, count, NULL), INPUT, "%s", input->path);
  } else {
    HRS_H5_GO(memory_space, H5Screate(H5S_SCALAR), INPUT, "%s", input->path);
  }
  HRS_H5_GO(error,
            H5Dread(input->array, input->memory_type, memory_space, file_space, H5P_DEFAULT, out),
            INPUT, "%s cannot be read", input->path);
done:
  hrs_h5_close(memory_space);
  hrs_h5_close(file_space);
  return status;
}

/* A range in C order is a few blocks: from each position on, as many whole rows as fit of the
 * first axis whose rows begin there. */
static hrs_status read_elements(void *self, hrs_count first, hrs_count count, void *out) {
  hdf5_input *input = self;
  hsize_t at = (hsize_t)first, left = (hsize_t)count, step[HRS_MAX_RANK + 1];
  char *target = out;
  step[input->rank] = 1;
  for (int i = input->rank - 1; i >= 0; i--)
    step[i] = i + 1 < input->rank ? step[i + 1] * input->dim[i + 1] : 1;
  while (left > 0) {
    int axis = 0;
    while (axis < input->rank - 1 && (at % step[axis] != 0 || left < step[axis]))
      axis++;
    hsize_t start[HRS_MAX_RANK] = {0}, length[HRS_MAX_RANK] = {0}, rest = at, read = 1;
    for (int i = 0; i <= axis && i < input->rank; i++) {
      start[i] = rest / step[i];
      rest %= step[i];
      length[i] = 1;
    }
    if (input->rank > 0) {
      hsize_t rows = left / step[axis], there = input->dim[axis] - start[axis];
      length[axis] = rows < there ? rows : there;
      read = length[axis] * step[axis];
      for (int i = axis + 1; i < input->rank; i++)
        length[i] = input->dim[i];
    }
    HRS_TRY(read_block(input, start, length, target));
    target += read * H5Tget_size(input->memory_type);
    at += read;
    left -= read;
  }
  return HRS_OK;
}

static hrs_status read_rows(void *self, hrs_count first, hrs_count count, void *out) {
  hdf5_input *input = self;
  hrs_count row = 1;
  for (int i = 1; i < input->rank; i++)
    row *= (hrs_count)input->dim[i];
  return read_elements(self, first * row, count * row, out);
}

static void close_input(void *self) {
  hdf5_input *input = self;
  hrs_h5_close(input->memory_type);
  hrs_h5_close(input->array);
  hrs_h5_close(input->file);
  hrs_free(input->path);
  hrs_free(input);
}

static const char *class_text(H5T_class_t class) {
  static const char *const text[] = {[H5T_INTEGER] = "integers",
                                     [H5T_FLOAT] = "floats",
                                     [H5T_TIME] = "times",
                                     [H5T_STRING] = "strings",
                                     [H5T_BITFIELD] = "bit fields",
                                     [H5T_OPAQUE] = "opaque bytes",
                                     [H5T_COMPOUND] = "compounds",
                                     [H5T_REFERENCE] = "references",
                                     [H5T_ENUM] = "an enumeration",
                                     [H5T_VLEN] = "variable-length lists",
                                     [H5T_ARRAY] = "arrays per element"};
  return class >= 0 && (size_t) class < sizeof text / sizeof *text ? text[class] : "unknown";
}

/* The element type that a stored type is read as: integers and floats of up to eight bytes by
 * their size, half floats as float32, and h5py's booleans (an enumeration of one byte). */
static hrs_dtype element_type(hid_t stored) {
  static const hrs_dtype integers[2][4] = {{HRS_U8, HRS_U16, HRS_U32, HRS_U64},
                                           {HRS_I8, HRS_I16, HRS_I32, HRS_I64}};
  size_t size = H5Tget_size(stored);
  switch (H5Tget_class(stored)) {
  case H5T_FLOAT:
    return size == 8 ? HRS_F64 : size == 4 || size == 2 ? HRS_F32 : HRS_NONE;
  case H5T_INTEGER: {
    bool with_sign = H5Tget_sign(stored) == H5T_SGN_2;
    return size == 1   ? integers[with_sign][0]
           : size == 2 ? integers[with_sign][1]
           : size == 4 ? integers[with_sign][2]
           : size == 8 ? integers[with_sign][3]
                       : HRS_NONE;
  }
  case H5T_ENUM:
    return size == 1 && H5Tget_nmembers(stored) == 2 ? HRS_BOOL : HRS_NONE;
  default:
    return HRS_NONE;
  }
}

static hrs_status open_array(hdf5_input *input, const char *file, const char *name,
                             hrs_dtype *type) {
  hrs_status status = HRS_OK;
  hid_t stored = H5I_INVALID_HID, space = H5I_INVALID_HID;
  char list[512];
  HRS_TRY(hrs_h5_open(file, &input->file));
  HRS_TRY(hrs_h5_list(input->file, list, sizeof list));
  HRS_REQUIRE(*name, INPUT, "%s: say which data set, as in %s:/NAME; there are: %s", file, file,
              list);
  HRS_REQUIRE(hrs_h5_exists(input->file, name), INPUT, "%s has no data set %s; there are: %s", file,
              name, list);
  input->array = H5Dopen2(input->file, name, H5P_DEFAULT);
  HRS_REQUIRE(input->array >= 0, INPUT, "%s: %s is no data set (a group?); there are: %s", file,
              name, list);
  HRS_H5_GO(stored, H5Dget_type(input->array), INPUT, "%s", input->path);
  HRS_H5_GO(space, H5Dget_space(input->array), INPUT, "%s", input->path);
  *type = element_type(stored);
  if (*type == HRS_NONE) {
    status = hrs_error_set(HRS_STATUS_INPUT, __FILE__, __LINE__,
                           "%s holds %s of %zu bytes; integers or floats of at most 8 bytes were "
                           "expected",
                           input->path, class_text(H5Tget_class(stored)), H5Tget_size(stored));
    goto done;
  }
  HRS_H5_GO(input->memory_type,
            *type == HRS_BOOL ? H5Tget_native_type(stored, H5T_DIR_ASCEND)
                              : H5Tcopy(hrs_h5_memory_type(*type)),
            INPUT, "%s", input->path);
  if (H5Sget_simple_extent_type(space) == H5S_NULL) {
    status = hrs_error_set(HRS_STATUS_INPUT, __FILE__, __LINE__, "%s has no elements", input->path);
    goto done;
  }
  HRS_H5_GO(input->rank, H5Sget_simple_extent_ndims(space), INPUT, "%s", input->path);
  if (input->rank > HRS_MAX_RANK) {
    status = hrs_error_set(HRS_STATUS_INPUT, __FILE__, __LINE__,
                           "%s has %d axes; at most %d are supported", input->path, input->rank,
                           HRS_MAX_RANK);
    goto done;
  }
  H5Sget_simple_extent_dims(space, input->dim, NULL);
done:
  hrs_h5_close(space);
  hrs_h5_close(stored);
  return status;
}

static hrs_status open_hdf5(const char *path, const char *file, const char *name,
                            hrs_array_file **out) {
  static const hrs_array_file_backend backend = {read_rows, close_input, read_elements};
  hdf5_input *input;
  hrs_dtype type = HRS_NONE;
  HRS_TRY(hrs_calloc(1, sizeof *input, &input));
  input->file = input->array = input->memory_type = H5I_INVALID_HID;
  hrs_status status = hrs_strdup(path, &input->path);
  if (status == HRS_OK) status = open_array(input, file, name, &type);
  if (status != HRS_OK) {
    close_input(input);
    return status;
  }
  hrs_count dim[HRS_MAX_RANK] = {0};
  for (int i = 0; i < input->rank; i++)
    dim[i] = (hrs_count)input->dim[i];
  return hrs_array_file_wrap(&backend, input, path, type, input->rank, dim, out);
}

/* Where "FILE.h5" ends in a path: at its end or before a colon. NULL: no HDF5 file by its name. */
static const char *end_of_hdf5_name(const char *path) {
  static const char *const endings[] = {".h5", ".hdf5"};
  const char *last = NULL;
  for (const char *c = path; *c; c++)
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
      size_t length = strlen(endings[i]);
      if (strncasecmp(c, endings[i], length) == 0 && (c[length] == '\0' || c[length] == ':'))
        last = c + length;
    }
  return last;
}

hrs_status hrs_input_open(const char *path, hrs_array_file **out) {
  *out = NULL;
  const char *end = end_of_hdf5_name(path);
  if (!end) return hrs_array_file_open(path, out);
  char *file;
  HRS_TRY(hrs_strndup(path, (size_t)(end - path), &file));
  hrs_status status = open_hdf5(path, file, *end == ':' ? end + 1 : end, out);
  hrs_free(file);
  return status;
}
