/*
 * Logs of finished rows.
 *
 * Idea: each process appends to its own file, so nothing is gathered, and nobody waits. A batch is
 * a head, the numbers of its rows, and the data; the head has a digest of itself and all that
 * follows, so that a tail that was cut off, or never came to the disk, is passed over. Which arrays
 * of the data set belong to it is the caller's business: they are on disk before.
 *
 * Cost: two writes and one sync a batch; reading is one pass over all logs.
 */
#include "row_log.h"

#include "digest.h"
#include "src/base/fault.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const uint64_t MAGIC = 0x31776f7273726168; /* "harsrow1" */

typedef struct head {
  uint64_t magic;
  int64_t rows, bytes;
  uint64_t digest; /* of the other fields, the rows and the data */
} head;

static uint64_t digest_of(const head *h, const hrs_count *k, const void *data) {
  uint64_t digest = hrs_digest(&h->rows, 2 * sizeof h->rows, h->magic);
  digest = hrs_digest(k, h->rows * (hrs_count)sizeof *k, digest);
  return hrs_digest(data, h->bytes, digest);
}

static void path_of(const char *folder, int part, int number, char path[HRS_CHECKPOINT_PATH]) {
  hrs_checkpoint_file(folder, path, "rows-%d-%d", part, number);
}

/* ---- writing -------------------------------------------------------------------------------- */

void hrs_row_log_begin(const char *folder, int part, int number, hrs_row_log *log) {
  *log = (hrs_row_log){.end = 0};
  path_of(folder, part, number, log->path);
}

static bool put(int file, const void *data, hrs_count bytes, hrs_count at) {
  const char *from = data;
  while (bytes > 0) {
    size_t piece = bytes < (hrs_count)1 << 30 ? (size_t)bytes : (size_t)1 << 30;
    ssize_t done = pwrite(file, from, piece, (off_t)at);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) {
      errno = done < 0 ? errno : ENOSPC;
      return false;
    }
    from += done;
    at += done;
    bytes -= done;
  }
  return true;
}

hrs_status hrs_row_log_append(hrs_row_log *log, hrs_count rows, const hrs_count *k,
                              const void *data, hrs_count bytes) {
  if (!log->made) HRS_TRY(hrs_checkpoint_create(log->path));
  log->made = true;
  head h = {.magic = MAGIC, .rows = rows, .bytes = bytes};
  h.digest = digest_of(&h, k, data);
  int file = open(log->path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
  HRS_REQUIRE(file >= 0, IO, "%s: %s", log->path, strerror(errno));
  hrs_count ks = rows * (hrs_count)sizeof *k, at = log->end;
  errno = EIO;
  bool good = !hrs_fault_strikes(HRS_FAULT_WRITE) && put(file, &h, sizeof h, at) &&
              put(file, k, ks, at + (hrs_count)sizeof h) &&
              put(file, data, bytes, at + (hrs_count)sizeof h + ks) && fdatasync(file) == 0;
  int error = errno;
  close(file);
  HRS_REQUIRE(good, IO, "%s cannot be written: %s", log->path, strerror(error));
  log->end += (hrs_count)sizeof h + ks + bytes;
  return HRS_OK;
}

/* ---- reading -------------------------------------------------------------------------------- */

/* The head at a place in a log of `size` bytes, if it is one: lengths that fit into the file. */
static bool read_head(int file, hrs_count at, hrs_count size, head *h) {
  if (size - at < (hrs_count)sizeof *h) return false;
  if (pread(file, h, sizeof *h, (off_t)at) != (ssize_t)sizeof *h) return false;
  hrs_count left = size - at - (hrs_count)sizeof *h;
  return h->magic == MAGIC && h->rows > 0 && h->bytes >= 0 &&
         h->rows <= left / (hrs_count)sizeof(hrs_count) &&
         h->bytes <= left - h->rows * (hrs_count)sizeof(hrs_count);
}

/* The rows and the data of a batch. *good is false where the digest is another. */
static hrs_status read_batch(int file, const char *path, hrs_count at, const head *h, hrs_count **k,
                             char **data, bool *good) {
  hrs_count ks = h->rows * (hrs_count)sizeof **k;
  *k = NULL;
  *data = NULL;
  HRS_TRY(hrs_alloc(h->rows, sizeof **k, k));
  HRS_TRY(hrs_alloc(h->bytes ? h->bytes : 1, 1, data));
  HRS_TRY(hrs_file_read_at(file, path, at + (hrs_count)sizeof *h, ks, *k));
  HRS_TRY(hrs_file_read_at(file, path, at + (hrs_count)sizeof *h + ks, h->bytes, *data));
  *good = digest_of(h, *k, *data) == h->digest;
  return HRS_OK;
}

/* Are these rows that there are, each of them for the first time? */
static bool are_new(const hrs_row_batches *found, hrs_count all, hrs_count rows,
                    const hrs_count *k) {
  for (hrs_count i = 0; i < rows; i++)
    if (k[i] < 0 || k[i] >= all || found->done[k[i]] || (i > 0 && k[i] <= k[i - 1])) return false;
  return true;
}

static hrs_status add(hrs_row_batches *found, hrs_row_batch batch, const hrs_count *k) {
  HRS_TRY(hrs_realloc(&found->batch, found->count + 1, sizeof *found->batch));
  found->batch[found->count++] = batch;
  for (hrs_count i = 0; i < batch.rows; i++)
    found->done[k[i]] = true;
  return HRS_OK;
}

static hrs_status scan(int file, const char *path, hrs_count size, hrs_count all, int part,
                       int number, hrs_row_batches *found) {
  head h;
  for (hrs_count at = 0; read_head(file, at, size, &h);) {
    hrs_count *k;
    char *data;
    bool good = false;
    hrs_status status = read_batch(file, path, at, &h, &k, &data, &good);
    if (status == HRS_OK && good && are_new(found, all, h.rows, k))
      status = add(found, (hrs_row_batch){part, number, at, h.rows, h.bytes}, k);
    hrs_free(k);
    hrs_free(data);
    HRS_TRY(status);
    if (!good) break;
    at += (hrs_count)sizeof h + h.rows * (hrs_count)sizeof *k + h.bytes;
  }
  return HRS_OK;
}

static hrs_status open_log(const char *path, int *file, hrs_count *size) {
  struct stat info;
  *file = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  bool good = *file >= 0 && fstat(*file, &info) == 0 && S_ISREG(info.st_mode);
  *size = good ? info.st_size : 0;
  if (!good && *file >= 0) close(*file);
  HRS_REQUIRE(good, IO, "%s cannot be read", path);
  return HRS_OK;
}

static hrs_status scan_log(const char *folder, hrs_count all, int part, int number,
                           hrs_row_batches *found) {
  char path[HRS_CHECKPOINT_PATH];
  int file;
  hrs_count size;
  path_of(folder, part, number, path);
  HRS_TRY(open_log(path, &file, &size));
  hrs_status status = scan(file, path, size, all, part, number, found);
  close(file);
  return status;
}

hrs_status hrs_row_batches_find(const char *folder, hrs_count rows, hrs_row_batches *out) {
  enum { MOST = 1 << 24 };
  *out = (hrs_row_batches){0};
  HRS_TRY(hrs_calloc(rows, sizeof *out->done, &out->done));
  DIR *entries = opendir(folder);
  HRS_REQUIRE(entries, IO, "%s cannot be read: %s", folder, strerror(errno));
  hrs_status status = HRS_OK;
  for (struct dirent *entry; status == HRS_OK && (entry = readdir(entries));) {
    int part, number, used = 0;
    if (sscanf(entry->d_name, "rows-%8d-%8d%n", &part, &number, &used) != 2 || entry->d_name[used])
      continue;
    if (part < 0 || part >= MOST || number < 0) continue;
    if (part >= out->next_part) out->next_part = part + 1;
    status = scan_log(folder, rows, part, number, out);
  }
  closedir(entries);
  return status;
}

void hrs_row_batches_destroy(hrs_row_batches *batches) {
  hrs_free(batches->batch);
  hrs_free(batches->done);
  *batches = (hrs_row_batches){0};
}

hrs_status hrs_row_batch_read(const char *folder, const hrs_row_batch *batch, hrs_count **k,
                              char **data) {
  char path[HRS_CHECKPOINT_PATH];
  int file;
  hrs_count size;
  bool good = false;
  head h;
  *k = NULL;
  *data = NULL;
  path_of(folder, batch->part, batch->number, path);
  HRS_TRY(open_log(path, &file, &size));
  hrs_status status = HRS_OK;
  if (read_head(file, batch->offset, size, &h) && h.rows == batch->rows && h.bytes == batch->bytes)
    status = read_batch(file, path, batch->offset, &h, k, data, &good);
  close(file);
  if (status == HRS_OK && !good)
    status = hrs_error_set(HRS_STATUS_IO, __FILE__, __LINE__,
                           "%s is not what it was when the run was resumed", path);
  if (status == HRS_OK) return HRS_OK;
  hrs_free(*k);
  hrs_free(*data);
  *k = NULL;
  *data = NULL;
  return status;
}
