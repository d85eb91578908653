/* Files that come from outside: opened as regular ones or not at all, read in pieces. */
#include "fault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Between two pieces somebody looks whether to stop. */
enum { PIECE = 64 << 20 };

static const char *kind_text(mode_t mode) {
  return S_ISDIR(mode)    ? "a folder"
         : S_ISFIFO(mode) ? "a pipe"
         : S_ISSOCK(mode) ? "a socket"
         : S_ISCHR(mode)  ? "a device"
         : S_ISBLK(mode)  ? "a block device"
                          : "something else";
}

static hrs_status check_kind(const char *path, mode_t mode) {
  HRS_REQUIRE(S_ISREG(mode), INPUT, "%s is %s; a regular file was expected%s", path,
              kind_text(mode), S_ISDIR(mode) ? "" : " (store what it gives in one)");
  return HRS_OK;
}

hrs_status hrs_file_open(const char *path, int *descriptor, hrs_count *size) {
  *descriptor = -1;
  HRS_TRY(hrs_input_note(path));
  /* O_NONBLOCK: opening a pipe that nobody writes, or some devices, would wait for ever. */
  HRS_REQUIRE(!hrs_fault_strikes(HRS_FAULT_READ), IO, "%s: cannot be read: %s", path,
              strerror(EIO));
  int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  int error = errno;
  struct stat info;
  /* What cannot be opened at all, as a socket, is named for what it is. */
  if (file < 0 && stat(path, &info) == 0) HRS_TRY(check_kind(path, info.st_mode));
  HRS_REQUIRE(file >= 0, INPUT, "%s: cannot be opened: %s", path, strerror(error));
  hrs_status status = HRS_OK;
  if (fstat(file, &info) != 0)
    status = hrs_error_set(HRS_STATUS_INPUT, __FILE__, __LINE__, "%s: %s", path, strerror(errno));
  else
    status = check_kind(path, info.st_mode);
  if (status != HRS_OK) {
    close(file);
    return status;
  }
  *descriptor = file;
  *size = info.st_size;
  return HRS_OK;
}

hrs_status hrs_file_read_at(int descriptor, const char *path, hrs_count offset, hrs_count bytes,
                            void *out) {
  char *at = out;
  while (bytes > 0) {
    HRS_TRY(hrs_stop_check("reading %s", path));
    ssize_t got = pread(descriptor, at, bytes < PIECE ? (size_t)bytes : PIECE, (off_t)offset);
    if (got < 0 && errno == EINTR) continue;
    HRS_REQUIRE(got >= 0, IO, "%s: cannot be read: %s", path, strerror(errno));
    HRS_REQUIRE(got > 0, INPUT, "%s ended at byte %lld, %lld too early (is it being written?)",
                path, (long long)offset, (long long)bytes);
    at += got;
    offset += got;
    bytes -= got;
  }
  return HRS_OK;
}

/* ---- files that other files name ---- */

/* It comes with the file and not from the user: it must stay below the file's folder. */
static hrs_status check_location(const char *folder, const char *location, const char *what) {
  HRS_REQUIRE(*location, INPUT, "%s lies in another file, but the file does not say which", what);
  HRS_REQUIRE(location[0] != '/' && location[0] != '\\' && !strchr(location, ':'), INPUT,
              "%s lies in '%s', an absolute path: only files in its own folder, %s, are read", what,
              location, folder);
  for (const char *part = location; *part;) {
    size_t length = strcspn(part, "/\\");
    HRS_REQUIRE(!(length == 2 && part[0] == '.' && part[1] == '.'), INPUT,
                "%s lies in '%s': only files in its own folder, %s, are read", what, location,
                folder);
    part += length;
    if (*part) part++;
  }
  return HRS_OK;
}

/* A symbolic link may still lead out of the folder. */
static hrs_status check_inside(const char *folder_path, const char *path, const char *what) {
  char *folder = realpath(folder_path, NULL), *file = realpath(path, NULL);
  size_t length = folder ? strlen(folder) : 0;
  bool inside = !folder || !file ||
                (strncmp(file, folder, length) == 0 &&
                 (file[length] == '/' || (length > 0 && folder[length - 1] == '/')));
  free(folder);
  free(file);
  HRS_REQUIRE(inside, INPUT,
              "%s lies in '%s', a link that leads out of its own folder, %s: copy the file there",
              what, path, folder_path);
  return HRS_OK;
}

hrs_status hrs_file_beside(const char *file, const char *location, const char *what, char **out) {
  const char *slash = strrchr(file, '/');
  size_t length = slash ? (size_t)(slash + 1 - file) : 0, size = length + strlen(location) + 1;
  char *path = NULL, *folder = NULL;
  hrs_status status;
  *out = NULL;
  HRS_GO(length ? hrs_strndup(file, length, &folder) : hrs_strdup(".", &folder));
  HRS_GO(check_location(folder, location, what));
  HRS_GO(hrs_alloc((hrs_count)size, 1, &path));
  snprintf(path, size, "%.*s%s", (int)length, file, location);
  HRS_GO(check_inside(folder, path, what));
  *out = path;
  path = NULL;
done:
  hrs_free(path);
  hrs_free(folder);
  return status;
}
