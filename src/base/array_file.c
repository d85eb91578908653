/* Arrays in files behind one handle, whatever the kind of file. */
#include "fault.h"

#include <errno.h>
#include <string.h>

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
