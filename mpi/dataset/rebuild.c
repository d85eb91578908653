/*
 * The structure of a file, made anew.
 *
 * Idea: a file is built by the same calls in the same order, and so to the same bytes at the same
 * places. Whatever a run that died has done to its structure, as in the middle of adding arrays or
 * of completing it, a second file is built beside it, and all of that which is no value is copied
 * over: the first is again as it was when its run began, with the values that have been written. A
 * kill in the middle of it changes nothing, for it is done again.
 *
 * Cost: what is copied is small; of the second file little more than that takes space on disk.
 */
#include "rebuild.h"

#include "build.h"
#include "checkpoint.h"
#include "h5.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Bytes of values, to be left alone. */
typedef struct span {
  hrs_count first, end;
} span;

static int by_first(const void *a, const void *b) {
  const span *x = a, *y = b;
  return x->first < y->first ? -1 : x->first > y->first;
}

static hrs_status open_serially(const char *path, hid_t *file) {
  hrs_status status = HRS_OK;
  hid_t access = H5I_INVALID_HID;
  hrs_h5_quiet();
  HRS_H5_GO(access, H5Pcreate(H5P_FILE_ACCESS), IO, "%s", path);
  H5Pset_file_locking(access, false, true);
  HRS_H5_GO(*file, H5Fopen(path, H5F_ACC_RDONLY, access), IO, "%s", path);
done:
  hrs_h5_close(access);
  return status;
}

static hrs_status offset_in(hid_t file, const char *path, const char *array, hrs_count *out) {
  hrs_status status = HRS_OK;
  hid_t object = H5I_INVALID_HID;
  HRS_H5_GO(object, H5Dopen2(file, array, H5P_DEFAULT), IO, "%s: %s", path, array);
  haddr_t at = H5Dget_offset(object);
  *out = at == HADDR_UNDEF ? -1 : (hrs_count)at;
done:
  hrs_h5_close(object);
  return status;
}

hrs_status hrs_dataset_offset(const char *path, const char *array, hrs_count *out) {
  hid_t file = H5I_INVALID_HID;
  hrs_status status = open_serially(path, &file);
  if (status == HRS_OK) status = offset_in(file, path, array, out);
  if (status == HRS_OK && *out < 0)
    status = hrs_error_set(HRS_STATUS_IO, __FILE__, __LINE__, "%s: %s has no place", path, array);
  hrs_h5_close(file);
  return status;
}

/* Is it an array whose values a run writes, once it is made? */
static bool is_written(const hrs_contents_array *array) {
  const hrs_object *object = array->object;
  return !(object->when & HRS_WHEN_LATER) &&
         (object->source == HRS_SOURCE_RUN || object->source == HRS_SOURCE_BULK);
}

static hrs_status find_values(const char *path, const hrs_contents *contents, span *spans,
                              int *count) {
  hid_t file = H5I_INVALID_HID;
  hrs_status status = open_serially(path, &file);
  *count = 0;
  for (int i = 0; i < contents->arrays && status == HRS_OK; i++) {
    const hrs_contents_array *array = &contents->array[i];
    hrs_count at = -1;
    if (!is_written(array)) continue;
    status = offset_in(file, path, array->path, &at);
    hrs_count bytes = hrs_contents_count(array) * (hrs_count)hrs_dtype_size(array->type);
    if (status == HRS_OK && at >= 0 && bytes > 0) spans[(*count)++] = (span){at, at + bytes};
  }
  hrs_h5_close(file);
  qsort(spans, (size_t)*count, sizeof *spans, by_first);
  return status;
}

/* Copy bytes [at, end) of one file to the same place in another. */
static bool copy(int from, int to, hrs_count at, hrs_count end) {
  char piece[1 << 16];
  while (at < end) {
    size_t bytes = end - at < (hrs_count)sizeof piece ? (size_t)(end - at) : sizeof piece;
    ssize_t got = pread(from, piece, bytes, (off_t)at);
    if (got <= 0) return false;
    if (pwrite(to, piece, (size_t)got, (off_t)at) != got) return false;
    at += got;
  }
  return true;
}

static hrs_status copy_structure(const char *part, const char *scratch, const span *spans,
                                 int count) {
  struct stat fresh, old;
  int from = open(scratch, O_RDONLY | O_CLOEXEC), to = open(part, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  bool good = from >= 0 && to >= 0 && fstat(from, &fresh) == 0 && fstat(to, &old) == 0;
  bool whole = good && old.st_size >= fresh.st_size;
  hrs_count at = 0;
  errno = whole ? EIO : errno;
  for (int i = 0; i < count && whole && good; i++) {
    good = copy(from, to, at, spans[i].first);
    at = spans[i].end;
  }
  if (whole && good)
    good = copy(from, to, at, fresh.st_size) && ftruncate(to, fresh.st_size) == 0 && fsync(to) == 0;
  int error = errno;
  if (from >= 0) close(from);
  if (to >= 0) close(to);
  HRS_REQUIRE(good, IO, "%s: %s", part, strerror(error));
  HRS_REQUIRE(whole, INPUT,
              "%s is shorter than its run had made it: nothing can be resumed; give --force "
              "without --resume to begin anew",
              part);
  return HRS_OK;
}

hrs_status hrs_dataset_rebuild(const char *part, const char *scratch,
                               const hrs_contents *contents) {
  span *spans;
  int count;
  HRS_TRY(hrs_alloc(contents->arrays ? contents->arrays : 1, sizeof *spans, &spans));
  hrs_status status = hrs_checkpoint_create(scratch);
  if (status == HRS_OK) status = hrs_dataset_build_bare(scratch, contents);
  if (status == HRS_OK) status = find_values(scratch, contents, spans, &count);
  if (status == HRS_OK) status = copy_structure(part, scratch, spans, count);
  hrs_checkpoint_unlink(scratch);
  hrs_free(spans);
  return status == HRS_OK ? hrs_dataset_fill(part) : status;
}
