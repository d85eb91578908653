/*
 * Array files of every kind behind one handle: .npy and .npz by libharsanyi, FILE.h5:/dataset here.
 * An HDF5 file is opened by the calling rank alone, and read in a process of its own (h5_reader.h).
 */
#include "h5_reader.h"

#include <harsanyi/mpi.h>

#include <string.h>
#include <strings.h>

typedef struct hdf5_input {
  hrs_h5_reader *reader;
  char *name; /* in the file */
  hrs_h5_array array;
} hdf5_input;

static hrs_status read_elements(void *self, hrs_count first, hrs_count count, void *out) {
  hdf5_input *input = self;
  return hrs_h5_reader_read(input->reader, input->name, first, count, input->array.type, out);
}

static hrs_status read_rows(void *self, hrs_count first, hrs_count count, void *out) {
  const hdf5_input *input = self;
  hrs_count row = 1;
  for (int i = 1; i < input->array.rank; i++)
    row *= input->array.dim[i];
  return read_elements(self, first * row, count * row, out);
}

static void close_input(void *self) {
  hdf5_input *input = self;
  hrs_h5_reader_close(&input->reader);
  hrs_free(input->name);
  hrs_free(input);
}

/* What there is is listed only where it is of use: the file may be damaged anywhere. */
static hrs_status refuse(const hdf5_input *input, const char *file, const char *problem) {
  char list[512];
  hrs_h5_reader_list(input->reader, list, sizeof list);
  HRS_FAIL(INPUT, "%s: %s%s; there are: %s", file, input->name, problem, list);
}

static hrs_status open_array(hdf5_input *input, const char *file) {
  HRS_TRY(hrs_h5_reader_open(file, &input->reader));
  if (!*input->name) return refuse(input, file, "say which data set, as in FILE.h5:/NAME");
  HRS_TRY(hrs_h5_reader_find(input->reader, input->name, &input->array));
  if (input->array.kind == HRS_H5_NOTHING) return refuse(input, file, " is no data set in it");
  if (input->array.kind == HRS_H5_NO_ARRAY)
    return refuse(input, file, " is no data set (a group?)");
  HRS_REQUIRE(input->array.kind == HRS_H5_NUMBERS, INPUT,
              "%s:%s holds %s; integers or floats of at most 8 bytes were expected", file,
              input->name, input->array.what);
  return HRS_OK;
}

static hrs_status open_hdf5(const char *path, const char *file, const char *name,
                            hrs_array_file **out) {
  static const hrs_array_file_backend backend = {read_rows, close_input, read_elements};
  hdf5_input *input;
  HRS_TRY(hrs_calloc(1, sizeof *input, &input));
  hrs_status status = hrs_strdup(name, &input->name);
  if (status == HRS_OK) status = open_array(input, file);
  if (status != HRS_OK) {
    close_input(input);
    return status;
  }
  return hrs_array_file_wrap(&backend, input, path, input->array.type, input->array.rank,
                             input->array.dim, out);
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

hrs_count hrs_input_child_bytes(const char *path) {
  return end_of_hdf5_name(path) ? HRS_H5_CHILD_BYTES : 0;
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
