/* Arrays in files behind one handle; which kind a file is, is told by its first bytes. */
#include "fault.h"
#include "npy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CONVERT_BYTES = 1 << 20 };

struct hrs_array_file {
  hrs_array_file_backend backend;
  void *self;
  char *path;
  hrs_dtype type;
  int rank;
  hrs_count dim[HRS_MAX_RANK];
  hrs_count row;  /* elements of a row of the first axis */
  hrs_count rows; /* 1 where rank is 0 */
};

static hrs_status wrap(hrs_array_file *file, const char *path, hrs_dtype type, int rank,
                       const hrs_count *dim) {
  HRS_TRY(hrs_strdup(path, &file->path));
  HRS_REQUIRE(hrs_dtype_size(type) > 0, INPUT, "%s: unknown element type", path);
  HRS_REQUIRE(rank >= 0 && rank <= HRS_MAX_RANK, INPUT, "%s has %d axes; at most %d are supported",
              path, rank, HRS_MAX_RANK);
  file->type = type;
  file->rank = rank;
  file->row = 1;
  for (int i = 0; i < rank; i++) {
    file->dim[i] = dim[i];
    if (i > 0)
      HRS_TRY_CONTEXT(hrs_multiply(file->row, dim[i], "elements of a row", &file->row), "%s", path);
  }
  file->rows = rank > 0 ? dim[0] : 1;
  hrs_count whole;
  HRS_TRY_CONTEXT(hrs_multiply(file->row, file->rows, "elements", &whole), "%s", path);
  HRS_TRY_CONTEXT(hrs_multiply(whole, (hrs_count)hrs_dtype_size(type), "bytes", &whole), "%s",
                  path);
  return HRS_OK;
}

hrs_status hrs_array_file_wrap(const hrs_array_file_backend *backend, void *self, const char *path,
                               hrs_dtype type, int rank, const hrs_count *dim,
                               hrs_array_file **out) {
  *out = NULL;
  hrs_array_file *file;
  hrs_status status = hrs_calloc(1, sizeof *file, &file);
  if (status != HRS_OK) {
    if (backend->close) backend->close(self);
    return hrs_error_trace(status, __FILE__, __LINE__);
  }
  file->backend = *backend;
  file->self = self;
  status = wrap(file, path, type, rank, dim);
  if (status != HRS_OK) {
    hrs_array_file_close(&file);
    return hrs_error_trace(status, __FILE__, __LINE__);
  }
  *out = file;
  return HRS_OK;
}

void hrs_array_file_close(hrs_array_file **file) {
  if (!file || !*file) return;
  if ((*file)->backend.close) (*file)->backend.close((*file)->self);
  hrs_free((*file)->path);
  hrs_free(*file);
  *file = NULL;
}

hrs_dtype hrs_array_file_type(const hrs_array_file *file) {
  return file->type;
}

int hrs_array_file_rank(const hrs_array_file *file) {
  return file->rank;
}

const hrs_count *hrs_array_file_dim(const hrs_array_file *file) {
  return file->dim;
}

const char *hrs_array_file_path(const hrs_array_file *file) {
  return file->path;
}

/* Elements in the file's own type. A backend that knows rows alone gives whole rows. */
static hrs_status read_native(hrs_array_file *file, hrs_count first, hrs_count count, void *out) {
  HRS_REQUIRE(!hrs_fault_strikes(HRS_FAULT_READ), IO, "%s: cannot be read: %s", file->path,
              strerror(EIO));
  if (file->backend.read_elements)
    return file->backend.read_elements(file->self, first, count, out);
  hrs_count row = file->row;
  if (first % row == 0 && count % row == 0)
    return file->backend.read(file->self, first / row, count / row, out);
  hrs_count first_row = first / row, last_row = (first + count - 1) / row;
  size_t size = hrs_dtype_size(file->type);
  char *rows;
  HRS_TRY(hrs_alloc((last_row - first_row + 1) * row, size, &rows));
  hrs_status status = file->backend.read(file->self, first_row, last_row - first_row + 1, rows);
  if (status == HRS_OK)
    memcpy(out, rows + (size_t)(first - first_row * row) * size, (size_t)count * size);
  hrs_free(rows);
  return status;
}

/* Through a small buffer where the types differ; in whole rows where they are smaller than it. */
static hrs_status read_converted(hrs_array_file *file, hrs_count first, hrs_count count,
                                 hrs_dtype type, char *out) {
  size_t from = hrs_dtype_size(file->type), to = hrs_dtype_size(type);
  hrs_count chunk = CONVERT_BYTES / (hrs_count)from;
  if (!file->backend.read_elements)
    chunk = chunk < file->row ? file->row : chunk / file->row * file->row;
  if (chunk > count) chunk = count;
  void *buffer;
  HRS_TRY(hrs_alloc(chunk, from, &buffer));
  hrs_status status = HRS_OK;
  for (hrs_count done = 0; done < count && status == HRS_OK; done += chunk) {
    hrs_count here = count - done < chunk ? count - done : chunk;
    status = read_native(file, first + done, here, buffer);
    if (status == HRS_OK)
      status = hrs_convert(file->type, buffer, type, out + (size_t)done * to, here);
  }
  hrs_free(buffer);
  return status;
}

hrs_status hrs_array_file_read_elements(hrs_array_file *file, hrs_count first, hrs_count count,
                                        hrs_dtype type, void *out) {
  hrs_count whole = file->rows * file->row;
  HRS_REQUIRE(first >= 0 && count >= 0 && first <= whole && count <= whole - first, INTERNAL,
              "%s: elements %lld to %lld wanted of %lld", file->path, (long long)first,
              (long long)(first + count), (long long)whole);
  if (count == 0) return HRS_OK;
  HRS_TRY(type == file->type ? read_native(file, first, count, out)
                             : read_converted(file, first, count, type, out));
  return HRS_OK;
}

hrs_status hrs_array_file_read(hrs_array_file *file, hrs_count first, hrs_count count,
                               hrs_dtype type, void *out) {
  HRS_REQUIRE(first >= 0 && count >= 0 && first <= file->rows && count <= file->rows - first,
              INTERNAL, "%s: rows %lld to %lld wanted of %lld", file->path, (long long)first,
              (long long)(first + count), (long long)file->rows);
  HRS_TRY(hrs_array_file_read_elements(file, first * file->row, count * file->row, type, out));
  return HRS_OK;
}

hrs_status hrs_array_file_read_all(hrs_array_file *file, hrs_array *out) {
  HRS_TRY_CONTEXT(hrs_array_create(file->type, file->rank, file->dim, out), "%s", file->path);
  hrs_status status = hrs_array_file_read(file, 0, file->rows, file->type, out->data);
  if (status != HRS_OK) hrs_array_destroy(out);
  return status;
}

/* ---- opening ---- */

/* What a file is instead, where it is none of ours. */
static hrs_status refuse(const char *path, const unsigned char *start, hrs_count count) {
  static const struct {
    const char *magic;
    size_t length;
    const char *what;
  } known[] = {
      {"\x89HDF\r\n\x1a\n", 8, "an HDF5 file; name the array in it as FILE.h5:/dataset"},
      {"version https://git-lfs", 23, "a git-LFS pointer, not the file itself; run 'git lfs pull'"},
      {"\x1f\x8b", 2, "a gzip file; unpack it first"},
      {"\x80\x02", 2, "a Python pickle; store the array with numpy.save"},
      {"\x80\x04", 2, "a Python pickle; store the array with numpy.save"},
      {"MATLAB 5.0", 10, "a MATLAB file; store the array with numpy.save"},
  };
  HRS_REQUIRE(count > 0, INPUT, "%s is empty; a .npy or .npz file was expected", path);
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
    if ((size_t)count >= known[i].length && memcmp(start, known[i].magic, known[i].length) == 0)
      HRS_FAIL(INPUT, "%s is %s", path, known[i].what);
  }
  HRS_FAIL(INPUT, "%s is no .npy or .npz file (store arrays with numpy.save)", path);
}

static hrs_status open_existing(const char *path, const char *member, hrs_array_file **out) {
  unsigned char start[64];
  int descriptor;
  hrs_count size;
  HRS_TRY(hrs_file_open(path, &descriptor, &size));
  hrs_count count = size < (hrs_count)sizeof start ? size : (hrs_count)sizeof start;
  hrs_status status = hrs_file_read_at(descriptor, path, 0, count, start);
  if (status == HRS_OK && count >= 6 && memcmp(start, "\x93NUMPY", 6) == 0 && !member)
    return hrs_npy_open(path, descriptor, size, out);
  close(descriptor);
  HRS_TRY(status);
  if (count >= 4 && memcmp(start, "PK", 2) == 0) return hrs_npz_open(path, member, out);
  HRS_REQUIRE(count < 6 || memcmp(start, "\x93NUMPY", 6) != 0, INPUT,
              "%s is a single .npy array; it has no member '%s'", path, member);
  return refuse(path, start, count);
}

hrs_status hrs_array_file_open(const char *path, hrs_array_file **out) {
  *out = NULL;
  struct stat info;
  const char *colon = strrchr(path, ':');
  if (colon && stat(path, &info) != 0) {
    char *file;
    HRS_TRY(hrs_strndup(path, (size_t)(colon - path), &file));
    hrs_status status = HRS_OK;
    bool exists = stat(file, &info) == 0;
    if (exists) status = open_existing(file, colon + 1, out);
    hrs_free(file);
    if (exists) return status;
  }
  return open_existing(path, NULL, out);
}

hrs_status hrs_array_load(const char *path, hrs_array *out) {
  memset(out, 0, sizeof *out);
  hrs_array_file *file;
  HRS_TRY(hrs_array_file_open(path, &file));
  hrs_status status = hrs_array_file_read_all(file, out);
  hrs_array_file_close(&file);
  return status;
}
