/*
 * .npz archives: a zip of .npy files, stored or deflated. A deflated member cannot be entered in
 * the middle. It is inflated from its start, and what nobody asked for goes by through a small
 * buffer, so rows that are read in order take no memory but their own. Where reading jumps back,
 * the row of the first axis that is wanted is kept (the whole of an array of one axis).
 *
 * Cost: one pass over the member, to compare its checksum before any part of it is believed, and
 * one more from its start to what is read; another for each jump out of the row that is kept. It
 * loses where rows are read in falling order.
 */
#include "npy.h"

#include "npy_elements.h"

#include <stdio.h>
#include <string.h>
#include <zip.h>

typedef struct npz_file {
  zip_t *archive;
  zip_uint64_t index;
  char *path;
  hrs_npy_header header;
  bool checked;        /* the member agrees with its checksum */
  zip_file_t *stream;  /* it is being inflated; NULL: not begun */
  hrs_count at;        /* bytes of the data that came out of it so far */
  unsigned char *kept; /* bytes [from, to) of the data, if any */
  hrs_count from, to;
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

static void end_stream(npz_file *file) {
  if (file->stream) zip_fclose(file->stream);
  file->stream = NULL;
}

/* Let bytes go by. */
static hrs_status pass(const npz_file *file, hrs_count bytes) {
  unsigned char buffer[1 << 16];
  for (hrs_count done = 0; done < bytes; done += (hrs_count)sizeof buffer) {
    hrs_count left = bytes - done;
    HRS_TRY(inflate_bytes(file, file->stream, buffer,
                          left < (hrs_count)sizeof buffer ? left : (hrs_count)sizeof buffer));
  }
  return HRS_OK;
}

/* Begin anew, in front of the data. */
static hrs_status begin_stream(npz_file *file) {
  end_stream(file);
  HRS_TRY(open_member(file, &file->stream));
  file->at = 0;
  return pass(file, file->header.offset);
}

/* The data from `offset` on, which is not behind what came out already unless the stream is to
 * begin anew. The end is looked at whenever it is reached. */
static hrs_status inflate_at(npz_file *file, hrs_count offset, hrs_count bytes, void *out) {
  bool whole = offset == 0 && bytes == file->header.bytes;
  if (!file->checked && !whole) {
    HRS_TRY(begin_stream(file));
    HRS_TRY(pass(file, file->header.bytes));
    HRS_TRY(check_end(file, file->stream));
    file->checked = true;
    end_stream(file);
  }
  if (!file->stream || file->at > offset) HRS_TRY(begin_stream(file));
  hrs_count between = offset - file->at;
  file->at = INT64_MAX; /* where a failure leaves it, nobody knows */
  HRS_TRY(pass(file, between));
  HRS_TRY(inflate_bytes(file, file->stream, out, bytes));
  file->at = offset + bytes;
  if (file->at == file->header.bytes) {
    HRS_TRY(check_end(file, file->stream));
    file->checked = true;
  }
  return HRS_OK;
}

/* Keep the rows of the first axis that [offset, offset + bytes) lies in; all of an array that has
 * no such rows, or not one behind the other. */
static hrs_status keep(npz_file *file, hrs_count offset, hrs_count bytes) {
  const hrs_npy_header *header = &file->header;
  bool rows = header->rank > 1 && header->dim[0] > 0 && !header->fortran;
  hrs_count row = rows ? header->bytes / header->dim[0] : header->bytes;
  hrs_free(file->kept);
  file->kept = NULL;
  file->from = offset / row * row;
  file->to = (offset + bytes + row - 1) / row * row;
  HRS_TRY(hrs_alloc(file->to - file->from, 1, &file->kept));
  hrs_status status = inflate_at(file, file->from, file->to - file->from, file->kept);
  if (status != HRS_OK) {
    hrs_free(file->kept);
    file->kept = NULL;
  }
  return status;
}

/* Bytes of the member, whose data begin behind its header. */
static hrs_status read_bytes(void *self, hrs_count place, hrs_count bytes, void *out) {
  npz_file *file = self;
  hrs_count offset = place - file->header.offset;
  if (bytes == 0) return HRS_OK;
  bool kept = file->kept && offset >= file->from && offset + bytes <= file->to;
  if (!kept && (!file->stream || offset >= file->at)) return inflate_at(file, offset, bytes, out);
  if (!kept) HRS_TRY(keep(file, offset, bytes));
  memcpy(out, file->kept + (offset - file->from), (size_t)bytes);
  return HRS_OK;
}

static hrs_status npz_read_elements(void *self, hrs_count first, hrs_count count, void *out) {
  const npz_file *file = self;
  return hrs_npy_elements(&file->header, read_bytes, self, first, count, out);
}

static hrs_status npz_read(void *self, hrs_count first, hrs_count count, void *out) {
  const npz_file *file = self;
  return hrs_npy_rows(&file->header, read_bytes, self, first, count, out);
}

static void npz_close(void *self) {
  npz_file *file = self;
  if (!file) return;
  end_stream(file);
  if (file->archive) zip_discard(file->archive);
  hrs_free(file->path);
  hrs_free(file->kept);
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
