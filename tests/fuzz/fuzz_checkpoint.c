/*
 * Fuzzing of what a run that is resumed reads from the folder of a checkpoint: the identity, logs
 * of finished rows, and what is kept of a row. The first byte of the input says what the others
 * are:
 *
 *   I, i  the file `identity`          L, l  a log of rows
 *   W, w  what is kept of two rows, where results wait for the global threshold, and where not
 *
 * Of i, l the digests are made right first: what has been damaged is refused by its digest, and the
 * rest of the code sees it here alone. Built and run as fuzz_model is (fuzz_model.c), from
 * corpus_checkpoint.
 */
#include "mpi/dataset/digest.h"
#include "mpi/dataset/row_log.h"
#include "mpi/program/commands/interactions/save.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_BYTES = 1 << 16, ROWS = 12, HEAD = 32 };

static const char mine[] = "program\t1.0.0 (abc)\nplayers\t4\n--table\t{0123456789abcdef}\n";

static void store(const char *path, const void *data, size_t size) {
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (file < 0 || write(file, data, size) != (ssize_t)size || close(file) != 0) abort();
}

/* ---- identity ---- */

/* The text, and a last line with its digest. */
static size_t seal(char *text, size_t size) {
  if (size == 0 || text[size - 1] != '\n') text[size++] = '\n';
  return size + (size_t)sprintf(text + size, "digest %016llx\n",
                                (unsigned long long)hrs_digest(text, (hrs_count)size, 0));
}

static hrs_status read_identity(const char *folder, char *text, size_t size, bool sealed) {
  char path[HRS_CHECKPOINT_PATH];
  hrs_checkpoint_file(folder, path, "identity");
  store(path, text, sealed ? seal(text, size) : size);
  return hrs_checkpoint_compare(folder, mine);
}

/* ---- rows ---- */

/* Right digests for all batches whose lengths fit (row_log.c has the layout). */
static void mend_log(char *log, size_t size) {
  int64_t head[4];
  for (size_t at = 0; size - at >= HEAD; at += HEAD + 8 * (size_t)head[1] + (size_t)head[2]) {
    memcpy(head, log + at, HEAD);
    int64_t left = (int64_t)(size - at - HEAD);
    if (head[1] < 1 || head[1] > left / 8 || head[2] < 0 || head[2] > left - 8 * head[1]) return;
    hrs_count k[MOST_BYTES / 8];
    memcpy(k, log + at + HEAD, 8 * (size_t)head[1]);
    uint64_t digest = hrs_digest(&head[1], 16, (uint64_t)head[0]);
    digest = hrs_digest(k, 8 * head[1], digest);
    digest = hrs_digest(log + at + HEAD + 8 * head[1], head[2], digest);
    memcpy(log + at + 24, &digest, 8);
  }
}

/* A work as far as rows are given to it. */
static hrs_status load(const hrs_count *k, hrs_count rows, const char *data, hrs_count bytes,
                       bool waits) {
  const hrs_problem problem = {.n = 4, .targets = 1, .samples = ROWS};
  hrs_work work = {.problem = &problem};
  hrs_status status = hrs_done_create(ROWS, waits, &work.done);
  if (status == HRS_OK) status = hrs_work_load(&work, rows, k, data, bytes);
  hrs_done_destroy(&work.done);
  return status;
}

static hrs_status read_log(const char *folder, char *log, size_t size, bool mended) {
  char path[HRS_CHECKPOINT_PATH];
  hrs_row_batches found;
  if (mended) mend_log(log, size);
  hrs_checkpoint_file(folder, path, "rows-0-0");
  store(path, log, size);
  hrs_status status = hrs_row_batches_find(folder, ROWS, &found);
  for (hrs_count i = 0; i < found.count && status == HRS_OK; i++) {
    hrs_count *k;
    char *data;
    status = hrs_row_batch_read(folder, &found.batch[i], &k, &data);
    if (status != HRS_OK) break;
    status = load(k, found.batch[i].rows, data, found.batch[i].bytes, false);
    hrs_free(k);
    hrs_free(data);
  }
  hrs_row_batches_destroy(&found);
  return status;
}

/* A batch that is appended is found and read as it was. */
static hrs_status read_batch(const char *folder, const char *data, size_t size, bool waits) {
  const hrs_count rows[] = {3, 7};
  hrs_row_log log;
  hrs_row_batches found;
  hrs_count *k = NULL;
  char *kept = NULL;
  hrs_row_log_begin(folder, 0, 1, &log);
  if (hrs_row_log_append(&log, 2, rows, data, (hrs_count)size) != HRS_OK) abort();
  if (hrs_row_batches_find(folder, ROWS, &found) != HRS_OK || found.count != 1) abort();
  if (hrs_row_batch_read(folder, &found.batch[0], &k, &kept) != HRS_OK) abort();
  if (memcmp(k, rows, sizeof rows) != 0 || memcmp(kept, data, size) != 0) abort();
  hrs_status status = load(k, 2, kept, (hrs_count)size, waits);
  hrs_free(k);
  hrs_free(kept);
  hrs_row_batches_destroy(&found);
  return status;
}

static hrs_status read_input(const char *folder, const uint8_t *data, size_t size) {
  static char bytes[MOST_BYTES + 64];
  if (size == 0) return HRS_OK;
  char kind = (char)data[0];
  size = size - 1 < MOST_BYTES ? size - 1 : MOST_BYTES;
  memcpy(bytes, data + 1, size);
  if (kind == 'I' || kind == 'i') return read_identity(folder, bytes, size, kind == 'i');
  if (kind == 'L' || kind == 'l') return read_log(folder, bytes, size, kind == 'l');
  return read_batch(folder, bytes, size, kind == 'W');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const char *place = getenv("TMPDIR");
  char folder[256];
  snprintf(folder, sizeof folder, "%s/harsanyi-fuzz-%ld", place ? place : "/tmp", (long)getpid());
  if (mkdir(folder, 0700) != 0) abort();
  hrs_count before = hrs_memory_current();
  hrs_status status = read_input(folder, data, size);
  if (status == HRS_STATUS_INTERNAL || (status != HRS_OK && !*hrs_error_message())) abort();
  if (hrs_checkpoint_remove(folder) != HRS_OK || access(folder, F_OK) == 0) abort();
  if (hrs_memory_current() != before) abort();
  return 0;
}
