/* Pieces by pwrite and pread, each behind its digest. */
#include "piece_file.h"

#include "digest.h"
#include "src/base/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* The seed of digests is the content of the identity, so that pieces which another run has left
 * under the same name are none. False where there is no identity. */
static bool seed_of(const char *folder, uint64_t *seed) {
  char path[HRS_CHECKPOINT_PATH], text[HRS_DIGEST_TEXT];
  hrs_checkpoint_file(folder, path, "identity");
  if (access(path, R_OK) != 0 || hrs_digest_file(path, text) != HRS_OK) return false;
  *seed = hrs_digest(text, (hrs_count)strlen(text), 0);
  return true;
}

bool hrs_piece_file_open(const char *folder, const char *name, bool make, hrs_piece_file *file) {
  file->descriptor = -1;
  hrs_checkpoint_file(folder, file->path, "%s", name);
  if (!seed_of(folder, &file->seed)) return false;
  int flags = O_RDWR | O_NOFOLLOW | O_CLOEXEC | (make ? O_CREAT : 0);
  file->descriptor = open(file->path, flags, 0666);
  return file->descriptor >= 0;
}

void hrs_piece_file_close(hrs_piece_file *file) {
  if (file->descriptor >= 0) close(file->descriptor);
  file->descriptor = -1;
}

static hrs_count size_of(const hrs_piece_part *part, int count) {
  hrs_count bytes = (hrs_count)sizeof(uint64_t);
  for (int i = 0; i < count; i++)
    bytes = hrs_count_add(bytes, part[i].bytes);
  return (bytes + 7) / 8 * 8;
}

static uint64_t digest_of(const hrs_piece_file *file, hrs_count number, const hrs_piece_part *part,
                          int count) {
  uint64_t digest = hrs_digest(&number, (hrs_count)sizeof number, file->seed);
  for (int i = 0; i < count; i++)
    digest = hrs_digest(part[i].data, part[i].bytes, digest);
  return digest;
}

/* Move all of the bytes at a place, in as many calls as it takes. */
static bool move(int descriptor, bool writes, char *data, hrs_count bytes, hrs_count at) {
  while (bytes > 0) {
    size_t most = bytes < 1 << 30 ? (size_t)bytes : (size_t)1 << 30;
    ssize_t moved = writes ? pwrite(descriptor, data, most, (off_t)at)
                           : pread(descriptor, data, most, (off_t)at);
    if (moved < 0 && errno == EINTR) continue;
    if (moved <= 0) return false;
    data += moved;
    bytes -= moved;
    at += moved;
  }
  return true;
}

static bool move_parts(const hrs_piece_file *file, bool writes, hrs_count number,
                       const hrs_piece_part *part, int count, uint64_t *digest) {
  hrs_count start = hrs_count_multiply(number, size_of(part, count)), at = start;
  bool good = true;
  /* The digest is written last: a piece whose bytes are not all there should seldom be read. */
  if (!writes) good = move(file->descriptor, writes, (char *)digest, (hrs_count)sizeof *digest, at);
  at += (hrs_count)sizeof *digest;
  for (int i = 0; i < count && good; i++) {
    good = move(file->descriptor, writes, part[i].data, part[i].bytes, at);
    at += part[i].bytes;
  }
  if (writes && good)
    good = move(file->descriptor, writes, (char *)digest, (hrs_count)sizeof *digest, start);
  return good;
}

hrs_status hrs_piece_file_write(const hrs_piece_file *file, hrs_count number,
                                const hrs_piece_part *part, int count) {
  uint64_t digest = digest_of(file, number, part, count);
  errno = ENOSPC;
  HRS_REQUIRE(!hrs_fault_strikes(HRS_FAULT_WRITE) &&
                  move_parts(file, true, number, part, count, &digest),
              IO, "%s cannot be written: %s", file->path, strerror(errno));
  return HRS_OK;
}

bool hrs_piece_file_read(const hrs_piece_file *file, hrs_count number, const hrs_piece_part *part,
                         int count) {
  uint64_t digest = 0;
  return !hrs_fault_strikes(HRS_FAULT_READ) &&
         move_parts(file, false, number, part, count, &digest) &&
         digest == digest_of(file, number, part, count);
}
