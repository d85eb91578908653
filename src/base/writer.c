/*
 * A file that is written from its beginning to its end: complete under its name, or not there.
 *
 * Idea: a stream to a file of another name in the same folder. It gets its name (place.c) once all
 * of it is known to be on disk; until then nothing that was there is touched.
 */
#include "fault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct hrs_writer {
  hrs_place *place;
  char *temporary;
  FILE *stream;
};

/* A name of its own length, for one made of the file's name could be too long. */
static hrs_status open_temporary(hrs_writer *w) {
  enum { ATTEMPTS = 1000, ROOM = 64 };
  const char *path = hrs_place_path(w->place), *slash = strrchr(path, '/');
  int folder = slash ? (int)(slash + 1 - path) : 0, file = -1;
  HRS_TRY(hrs_alloc(folder + ROOM, 1, &w->temporary));
  for (int i = 0; file < 0 && i < ATTEMPTS; i++) {
    snprintf(w->temporary, (size_t)folder + ROOM, "%.*sharsanyi-%ld-%d.part", folder, path,
             (long)getpid(), i);
    file = open(w->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (file < 0 && errno != EEXIST) break;
  }
  HRS_REQUIRE(file >= 0, IO, "%s cannot be written: %s: %s", hrs_place_name(w->place), w->temporary,
              strerror(errno));
  w->stream = fdopen(file, "wb");
  if (!w->stream) {
    close(file);
    unlink(w->temporary);
  }
  HRS_REQUIRE(w->stream, MEMORY, "%s: out of memory", hrs_place_name(w->place));
  return HRS_OK;
}

static void destroy(hrs_writer **writer) {
  hrs_place_destroy(&(*writer)->place);
  hrs_free((*writer)->temporary);
  hrs_free(*writer);
  *writer = NULL;
}

hrs_status hrs_writer_begin(hrs_place **place, hrs_writer **out) {
  hrs_writer *w = NULL;
  hrs_status status = hrs_calloc(1, sizeof *w, &w);
  if (status == HRS_OK) {
    w->place = *place;
    *place = NULL;
    status = open_temporary(w);
    if (status != HRS_OK) destroy(&w);
  }
  hrs_place_destroy(place);
  *out = w;
  return status;
}

hrs_status hrs_writer_create(const char *path, const char *option, bool force, hrs_writer **out) {
  hrs_place *place;
  *out = NULL;
  HRS_TRY(hrs_place_create(path, option, force, &place));
  return hrs_writer_begin(&place, out);
}

FILE *hrs_writer_stream(const hrs_writer *writer) {
  return writer->stream;
}

hrs_status hrs_stream_check(FILE *stream, const char *name) {
  errno = 0;
  bool good = !hrs_fault_strikes(HRS_FAULT_WRITE) && fflush(stream) == 0 && !ferror(stream);
  HRS_REQUIRE(good, IO, "%s cannot be written: %s", name,
              errno ? strerror(errno) : "an earlier piece was not (a full disk, a closed pipe?)");
  return HRS_OK;
}

/* Close, whatever came before; the first failure counts. */
static hrs_status close_stream(hrs_writer *w) {
  const char *name = hrs_place_name(w->place);
  hrs_status status = hrs_stream_check(w->stream, name);
  /* Not every file system knows fsync. */
  hrs_fault_pass(HRS_FAULT_FLUSH);
  int error = fsync(fileno(w->stream)) != 0 && errno != EINVAL && errno != ENOSYS ? errno : 0;
  if (fclose(w->stream) != 0) error = errno;
  HRS_TRY(status);
  HRS_REQUIRE(error == 0, IO, "%s cannot be written: %s", name, strerror(error));
  return HRS_OK;
}

hrs_status hrs_writer_finish(hrs_writer **writer) {
  hrs_writer *w = *writer;
  hrs_status status = close_stream(w);
  if (status == HRS_OK)
    status = hrs_place_fill(w->place, w->temporary);
  else
    unlink(w->temporary);
  destroy(writer);
  return status;
}

void hrs_writer_abort(hrs_writer **writer) {
  if (!*writer) return;
  fclose((*writer)->stream);
  unlink((*writer)->temporary);
  destroy(writer);
}
