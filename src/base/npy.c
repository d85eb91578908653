/* Files in the .npy format (npy_header.c), read by parts and written. */
#include "npy.h"

#include "npy_elements.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- plain files ---- */

typedef struct npy_file {
  int descriptor;
  char *path;
  hrs_npy_header header;
} npy_file;

static hrs_status read_bytes(void *self, hrs_count offset, hrs_count bytes, void *out) {
  const npy_file *file = self;
  return hrs_file_read_at(file->descriptor, file->path, offset, bytes, out);
}

static hrs_status npy_read_elements(void *self, hrs_count first, hrs_count count, void *out) {
  const npy_file *file = self;
  return hrs_npy_elements(&file->header, read_bytes, self, first, count, out);
}

static hrs_status npy_read(void *self, hrs_count first, hrs_count count, void *out) {
  const npy_file *file = self;
  return hrs_npy_rows(&file->header, read_bytes, self, first, count, out);
}

static void npy_close(void *self) {
  npy_file *file = self;
  if (!file) return;
  if (file->descriptor >= 0) close(file->descriptor);
  hrs_free(file->path);
  hrs_free(file);
}

static hrs_status npy_prepare(npy_file *file, const char *path, hrs_count size) {
  HRS_TRY(hrs_strdup(path, &file->path));
  unsigned char start[12];
  hrs_count count = size < (hrs_count)sizeof start ? size : (hrs_count)sizeof start;
  HRS_TRY(hrs_file_read_at(file->descriptor, path, 0, count, start));
  hrs_count whole = hrs_npy_header_size(start, count);
  if (whole > size) whole = size;
  if (whole > HRS_NPY_HEADER_LIMIT) whole = HRS_NPY_HEADER_LIMIT;
  if (whole < count) whole = count;
  unsigned char *bytes;
  HRS_TRY(hrs_alloc(whole, 1, &bytes));
  hrs_status status = hrs_file_read_at(file->descriptor, path, 0, whole, bytes);
  if (status == HRS_OK) status = hrs_npy_parse(path, bytes, whole, size, &file->header);
  hrs_free(bytes);
  return status;
}

hrs_status hrs_npy_open(const char *path, int descriptor, hrs_count size, hrs_array_file **out) {
  static const hrs_array_file_backend backend = {npy_read, npy_close, npy_read_elements};
  npy_file *file = NULL;
  hrs_status status = hrs_calloc(1, sizeof *file, &file);
  if (status != HRS_OK) {
    close(descriptor);
    return hrs_error_trace(status, __FILE__, __LINE__);
  }
  file->descriptor = descriptor;
  status = npy_prepare(file, path, size);
  if (status != HRS_OK) {
    npy_close(file);
    return hrs_error_trace(status, __FILE__, __LINE__);
  }
  return hrs_array_file_wrap(&backend, file, path, file->header.type, file->header.rank,
                             file->header.dim, out);
}

/* ---- writing ---- */

static const char *descr_of(hrs_dtype type) {
  static const char *const descr[] = {"",
#define ROW(name, bytes, text, long_text) text,
                                      HRS_DTYPE_TABLE(ROW)
#undef ROW
  };
  return descr[type];
}

static void write_npy(FILE *file, const hrs_array *array) {
  enum { ALIGN = 64 };
  char shape[HRS_SHAPE_TEXT] = "", header[2 * HRS_SHAPE_TEXT];
  size_t used = 0;
  for (int i = 0; i < array->rank; i++)
    used += (size_t)snprintf(shape + used, sizeof shape - used, i ? ", %lld" : "%lld",
                             (long long)array->dim[i]);
  size_t size = hrs_dtype_size(array->type);
  int length = snprintf(
      header, sizeof header, "{'descr': '%c%s', 'fortran_order': False, 'shape': (%s%s), }",
      size == 1 ? '|' : '<', descr_of(array->type), shape, array->rank == 1 ? "," : "");
  int padded = (10 + length + 1 + ALIGN - 1) / ALIGN * ALIGN - 10;
  unsigned char start[10] = {
      0, 0, 0, 0, 0, 0, 1, 0, (unsigned char)(padded % 256), (unsigned char)(padded / 256)};
  memcpy(start, hrs_npy_magic, sizeof hrs_npy_magic);
  fwrite(start, 1, sizeof start, file);
  fprintf(file, "%-*s\n", padded - 1, header);
  fwrite(array->data, size, (size_t)hrs_array_count(array), file);
}

hrs_status hrs_array_save(const char *path, const hrs_array *array) {
  HRS_REQUIRE(array->type != HRS_NONE, INTERNAL, "%s: no array to write", path);
  hrs_array plain = *array;
  hrs_status status = HRS_OK;
  if (array->type == HRS_BF16) { /* NumPy has no bfloat16, and float32 holds it exactly */
    HRS_TRY(hrs_array_copy(array, &plain));
    status = hrs_array_convert(&plain, HRS_F32);
  }
  hrs_writer *writer = NULL;
  if (status == HRS_OK) status = hrs_writer_create(path, NULL, true, &writer);
  if (status == HRS_OK) {
    write_npy(hrs_writer_stream(writer), &plain);
    status = hrs_writer_finish(&writer);
  }
  if (plain.data != array->data) hrs_array_destroy(&plain);
  return status;
}
