/*
 * .npz archives: a zip of .npy files, stored or deflated. A deflated member cannot be entered in
 * the middle, so it is inflated whole at the first read and kept; only its header is read when the
 * file is opened.
 */
#include "npy.h"

#include <stdio.h>
#include <string.h>
#include <zip.h>

typedef struct npz_file {
  zip_t *archive;
  zip_uint64_t index;
  char *path;
  hrs_npy_header header;
  unsigned char *data; /* the member's elements, once read */
} npz_file;

static hrs_status open_archive(const char *path, zip_t **out) {
  int code = 0;
  *out = zip_open(path, ZIP_RDONLY, &code);
  if (*out) return HRS_OK;
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  hrs_status status =
      hrs_error_set(HRS_STATUS_INPUT, __FILE__, __LINE__,
                    "%s: cannot be opened as an .npz archive: %s (is it truncated?)", path,
                    zip_error_strerror(&error));
  zip_error_fini(&error);
  return status;
}

/* Members' names without ".npy", for messages. */
static void list_members(zip_t *archive, char *text, size_t size) {
  size_t used = 0;
  zip_int64_t count = zip_get_num_entries(archive, 0);
  text[0] = '\0';
  for (zip_int64_t i = 0; i < count && used < size; i++) {
    const char *name = zip_get_name(archive, (zip_uint64_t)i, 0);
    if (!name) continue;
    size_t length = strlen(name);
    if (length > 4 && strcmp(name + length - 4, ".npy") == 0) length -= 4;
    int wrote = snprintf(text + used, size - used, "%s%.*s", used ? ", " : "",
                         (int)(length < 80 ? length : 80), name);
    if (wrote < 0) break;
    used += (size_t)wrote;
  }
}

static zip_int64_t locate(zip_t *archive, const char *member) {
  char name[512];
  int length = snprintf(name, sizeof name, "%s.npy", member);
  zip_int64_t index = -1;
  if (length > 0 && (size_t)length < sizeof name) index = zip_name_locate(archive, name, 0);
  return index >= 0 ? index : zip_name_locate(archive, member, 0);
}

bool hrs_npz_has(const char *path, const char *member) {
  int code = 0;
  zip_t *archive = zip_open(path, ZIP_RDONLY, &code);
  if (!archive) return false;
  bool found = locate(archive, member) >= 0;
  zip_discard(archive);
  return found;
}

static hrs_status choose(npz_file *file, const char *path, const char *member) {
  char names[1024];
  list_members(file->archive, names, sizeof names);
  zip_int64_t count = zip_get_num_entries(file->archive, 0);
  HRS_REQUIRE(count > 0, INPUT, "%s is an archive without members", path);
  HRS_REQUIRE(member || count == 1, INPUT,
              "%s holds %lld arrays (%s); choose one of them as %s:NAME", path, (long long)count,
              names, path);
  zip_int64_t index = member ? locate(file->archive, member) : 0;
  HRS_REQUIRE(index >= 0, INPUT, "%s holds no array '%s'; it holds: %s", path, member, names);
  file->index = (zip_uint64_t)index;
  return HRS_OK;
}

static hrs_status zip_failure(const npz_file *file, zip_error_t *error) {
  HRS_FAIL(INPUT, "%s: cannot be unpacked: %s", file->path, zip_error_strerror(error));
}

/* Read exactly `count` bytes; a deflated stream may give them in parts. */
static hrs_status inflate_bytes(const npz_file *file, zip_file_t *stream, unsigned char *out,
                                hrs_count count) {
  for (hrs_count done = 0; done < count;) {
    hrs_count chunk = count - done < (1 << 30) ? count - done : 1 << 30;
    zip_int64_t got = zip_fread(stream, out + done, (zip_uint64_t)chunk);
    if (got < 0) return zip_failure(file, zip_file_get_error(stream));
    HRS_REQUIRE(got > 0, INPUT, "%s is truncated: it ends after %lld of %lld bytes", file->path,
                (long long)done, (long long)count);
    done += got;
  }
  return HRS_OK;
}

static hrs_status open_member(const npz_file *file, zip_file_t **out) {
  *out = zip_fopen_index(file->archive, file->index, 0);
  return *out ? HRS_OK : zip_failure(file, zip_get_error(file->archive));
}

static hrs_status read_header(npz_file *file) {
  zip_stat_t info;
  zip_stat_init(&info);
  if (zip_stat_index(file->archive, file->index, 0, &info) != 0 || !(info.valid & ZIP_STAT_SIZE))
    return zip_failure(file, zip_get_error(file->archive));
  HRS_REQUIRE(info.size <= INT64_MAX / 2, INPUT, "%s claims an impossible size", file->path);
  hrs_count size = (hrs_count)info.size;
  unsigned char start[12], *bytes = NULL;
  zip_file_t *stream = NULL;
  hrs_status status;
  HRS_GO(open_member(file, &stream));
  hrs_count count = size < (hrs_count)sizeof start ? size : (hrs_count)sizeof start;
  HRS_GO(inflate_bytes(file, stream, start, count));
  hrs_count whole = hrs_npy_header_size(start, count);
  if (whole > size) whole = size;
  if (whole > HRS_NPY_HEADER_LIMIT) whole = HRS_NPY_HEADER_LIMIT;
  if (whole < count) whole = count;
  HRS_GO(hrs_alloc(whole, 1, &bytes));
  memcpy(bytes, start, (size_t)count);
  HRS_GO(inflate_bytes(file, stream, bytes + count, whole - count));
  HRS_GO(hrs_npy_parse(file->path, bytes, whole, size, &file->header));
done:
  if (stream) zip_fclose(stream);
  hrs_free(bytes);
  return status;
}

/* libzip compares the checksum where the stream ends, so ask for one byte more than there is. */
static hrs_status check_end(const npz_file *file, zip_file_t *stream) {
  unsigned char byte;
  zip_int64_t got = zip_fread(stream, &byte, 1);
  if (got < 0) return zip_failure(file, zip_file_get_error(stream));
  HRS_REQUIRE(got == 0, INPUT, "%s is damaged: it goes on after its data", file->path);
  return HRS_OK;
}

static hrs_status load(npz_file *file) {
  zip_file_t *stream = NULL;
  unsigned char *bytes = NULL;
  hrs_count skip = file->header.offset;
  hrs_status status;
  HRS_GO(hrs_alloc(file->header.bytes > skip ? file->header.bytes : skip, 1, &bytes));
  HRS_GO(open_member(file, &stream));
  HRS_GO(inflate_bytes(file, stream, bytes, skip));
  HRS_GO(inflate_bytes(file, stream, bytes, file->header.bytes));
  HRS_GO(check_end(file, stream));
  size_t size = hrs_dtype_size(file->header.type);
  if (file->header.swapped) hrs_npy_swap(bytes, file->header.bytes / (hrs_count)size, size);
  file->data = bytes;
  bytes = NULL;
done:
  if (stream) zip_fclose(stream);
  hrs_free(bytes);
  return status;
}

/* The member's data stand without its header. */
static hrs_status copy_bytes(void *self, hrs_count offset, hrs_count bytes, void *out) {
  const npz_file *file = self;
  memcpy(out, file->data + (offset - file->header.offset), (size_t)bytes);
  return HRS_OK;
}

static hrs_status npz_read_elements(void *self, hrs_count first, hrs_count count, void *out) {
  npz_file *file = self;
  if (!file->data) HRS_TRY(load(file));
  size_t size = hrs_dtype_size(file->header.type);
  if (file->header.fortran)
    return hrs_fortran_read(&file->header, copy_bytes, file, first, count, out);
  if (count > 0) memcpy(out, file->data + (size_t)first * size, (size_t)count * size);
  return HRS_OK;
}

static hrs_status npz_read(void *self, hrs_count first, hrs_count count, void *out) {
  const npz_file *file = self;
  hrs_count row = 1;
  for (int i = 1; i < file->header.rank; i++)
    row *= file->header.dim[i];
  return npz_read_elements(self, first * row, count * row, out);
}

static void npz_close(void *self) {
  npz_file *file = self;
  if (!file) return;
  if (file->archive) zip_discard(file->archive);
  hrs_free(file->path);
  hrs_free(file->data);
  hrs_free(file);
}

hrs_status hrs_npz_open(const char *path, const char *member, hrs_array_file **out) {
  static const hrs_array_file_backend backend = {npz_read, npz_close, npz_read_elements};
  npz_file *file;
  char shown[4096];
  hrs_status status;
  HRS_TRY(hrs_calloc(1, sizeof *file, &file));
  snprintf(shown, sizeof shown, member ? "%s:%s" : "%s", path, member);
  HRS_GO(hrs_strdup(shown, &file->path));
  HRS_GO(open_archive(path, &file->archive));
  HRS_GO(choose(file, path, member));
  HRS_GO(read_header(file));
  return hrs_array_file_wrap(&backend, file, shown, file->header.type, file->header.rank,
                             file->header.dim, out);
done:
  npz_close(file);
  return status;
}
