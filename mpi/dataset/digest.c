/* Digests, by the header of xxHash alone: there is nothing to link. */
#define XXH_INLINE_ALL
#include "digest.h"

#include <xxhash.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#if XXH_VERSION_NUMBER < 800
#error "XXH3 needs xxHash 0.8 or later"
#endif

uint64_t hrs_digest(const void *data, hrs_count bytes, uint64_t seed) {
  uint64_t digest = XXH3_64bits_withSeed(data, (size_t)bytes, seed);
  return digest ? digest : 1;
}

/* A wish to stop does not end it: what is done is to be kept just then. */
static hrs_status read_all(int file, const char *path, hrs_count size, XXH3_state_t *state) {
  enum { PIECE = 1 << 20 };
  char *piece;
  HRS_TRY(hrs_alloc(PIECE, 1, &piece));
  hrs_count at = 0;
  errno = 0;
  while (at < size) {
    ssize_t got = pread(file, piece, PIECE, (off_t)at);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    XXH3_128bits_update(state, piece, (size_t)got);
    at += got;
  }
  int error = errno;
  hrs_free(piece);
  HRS_REQUIRE(at == size, IO, "%s cannot be read again: %s", path,
              error ? strerror(error) : "it has become shorter");
  return HRS_OK;
}

hrs_status hrs_digest_file(const char *path, char text[HRS_DIGEST_TEXT]) {
  int file;
  hrs_count size;
  HRS_TRY(hrs_file_open(path, &file, &size));
  XXH3_state_t state;
  XXH3_128bits_reset(&state);
  hrs_status status = read_all(file, path, size, &state);
  close(file);
  XXH128_hash_t digest = XXH3_128bits_digest(&state);
  snprintf(text, HRS_DIGEST_TEXT, "%016llx%016llx", (unsigned long long)digest.high64,
           (unsigned long long)digest.low64);
  return status;
}
