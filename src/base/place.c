/*
 * Where a file that is written goes, and how it gets its name.
 *
 * Idea: a file is made under another name in the same folder, and named by one call of the system
 * when it is complete. So under its own name there is the old file or the new one, never half of
 * one, whenever the process ends. Replacing is rename. Not replacing is a call that fails where the
 * name is taken, so that a file which appears at the last moment is safe too: renameat2 where the
 * file system has it; else link, as on NFS; else an empty file that only the first of all can
 * create, and that rename replaces.
 */
#ifdef __linux__
#define _GNU_SOURCE /* renameat2 */
#endif

#include "fault.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct hrs_place {
  char *path; /* behind a symbolic link */
  char *name; /* for messages: the option and the path as given */
  bool force;
};

/* Room for names beside the path. */
enum { LONGEST = 4096 - 64 };

/* ---- folders -------------------------------------------------------------------------------- */

static void folder_of(const char *path, char folder[LONGEST]) {
  const char *slash = strrchr(path, '/');
  if (!slash)
    snprintf(folder, LONGEST, ".");
  else
    snprintf(folder, LONGEST, "%.*s", slash == path ? 1 : (int)(slash - path), path);
}

/* A new name is safe on disk only when its folder is. */
static void sync_folder(const char *path) {
  char folder[LONGEST];
  folder_of(path, folder);
  int file = open(folder, O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  fsync(file);
  close(file);
}

/* ---- before --------------------------------------------------------------------------------- */

static bool ends_with(const char *text, const char *end) {
  size_t length = strlen(text), n = strlen(end);
  return length >= n && strcmp(text + length - n, end) == 0;
}

static hrs_status check_text(const char *path, const char *option) {
  HRS_REQUIRE(*path && strlen(path) < LONGEST, USAGE,
              "%s: a path of %zu characters; a file name was expected", option ? option : "file",
              strlen(path));
  return HRS_OK;
}

/* Names of unfinished files are the program's own. */
static hrs_status check_name(const hrs_place *place, const char *path) {
  const char *slash = strrchr(path, '/'), *last = slash ? slash + 1 : path;
  HRS_REQUIRE(*last && strcmp(last, ".") != 0 && strcmp(last, "..") != 0, USAGE,
              "%s is a folder; give a file name", place->name);
  HRS_REQUIRE(!ends_with(last, ".part") && !ends_with(last, ".part.lock"), USAGE,
              "%s: .part and .part.lock are for unfinished files; give another name", place->name);
  return HRS_OK;
}

static hrs_status check_folder(const hrs_place *place) {
  char folder[LONGEST];
  struct stat info;
  folder_of(place->path, folder);
  HRS_REQUIRE(stat(folder, &info) == 0, IO, "%s cannot be written: the folder %s: %s", place->name,
              folder, strerror(errno));
  HRS_REQUIRE(S_ISDIR(info.st_mode), IO, "%s cannot be written: %s is no folder", place->name,
              folder);
  return HRS_OK;
}

/* The file behind a symbolic link is what --force replaces, and where it lies. */
static hrs_status follow(hrs_place *place, const char *path) {
  char *target = realpath(path, NULL);
  HRS_REQUIRE(target, USAGE, "%s is a symbolic link that leads to no file (%s); remove it",
              place->name, strerror(errno));
  hrs_status status = HRS_OK;
  HRS_GO(check_text(target, place->name));
  HRS_GO(check_name(place, target));
  hrs_free(place->path);
  HRS_GO(hrs_strdup(target, &place->path));
done:
  free(target);
  return status;
}

static hrs_status check_existing(hrs_place *place, const char *path) {
  struct stat info;
  bool there = lstat(path, &info) == 0;
  if (!there) {
    HRS_REQUIRE(errno == ENOENT || errno == ENOTDIR, IO, "%s: %s", place->name, strerror(errno));
    return HRS_OK;
  }
  if (S_ISLNK(info.st_mode)) {
    HRS_TRY(follow(place, path));
    HRS_REQUIRE(stat(path, &info) == 0, IO, "%s: %s", place->name, strerror(errno));
  }
  HRS_REQUIRE(!S_ISDIR(info.st_mode), USAGE, "%s is a folder; give a file name", place->name);
  HRS_REQUIRE(S_ISREG(info.st_mode), USAGE,
              "%s is no regular file (a device, a pipe?); give the name of a file", place->name);
  HRS_REQUIRE(place->force, USAGE, "%s exists; give --force to replace it", place->name);
  return HRS_OK;
}

static hrs_status settle(hrs_place *place, const char *path, const char *option) {
  HRS_TRY(check_text(path, option));
  size_t size = strlen(path) + (option ? strlen(option) + 1 : 0) + 1;
  HRS_TRY(hrs_alloc((hrs_count)size, 1, &place->name));
  snprintf(place->name, size, "%s%s%s", option ? option : "", option ? " " : "", path);
  HRS_TRY(hrs_strdup(path, &place->path));
  HRS_TRY(check_name(place, path));
  HRS_TRY(check_existing(place, path));
  return check_folder(place);
}

hrs_status hrs_place_create(const char *path, const char *option, bool force, hrs_place **out) {
  hrs_place *place;
  *out = NULL;
  HRS_TRY(hrs_calloc(1, sizeof *place, &place));
  place->force = force;
  hrs_status status = settle(place, path, option);
  if (status != HRS_OK) hrs_place_destroy(&place);
  *out = place;
  return status;
}

void hrs_place_destroy(hrs_place **place) {
  if (!*place) return;
  hrs_free((*place)->path);
  hrs_free((*place)->name);
  hrs_free(*place);
  *place = NULL;
}

const char *hrs_place_path(const hrs_place *place) {
  return place->path;
}

const char *hrs_place_name(const hrs_place *place) {
  return place->name;
}

bool hrs_path_is_same(const char *a, const char *b) {
  char folder[2][LONGEST];
  struct stat one, two;
  if (stat(a, &one) != 0 || stat(b, &two) != 0) {
    const char *name[2] = {strrchr(a, '/'), strrchr(b, '/')};
    if (strcmp(name[0] ? name[0] + 1 : a, name[1] ? name[1] + 1 : b) != 0) return false;
    folder_of(a, folder[0]);
    folder_of(b, folder[1]);
    if (stat(folder[0], &one) != 0 || stat(folder[1], &two) != 0) return false;
  }
  return one.st_dev == two.st_dev && one.st_ino == two.st_ino;
}

/* ---- naming --------------------------------------------------------------------------------- */

/* Is this what a file system answers that does not know a call? */
static bool is_unknown(int error) {
  return error == EINVAL || error == ENOSYS || error == EOPNOTSUPP || error == ENOTSUP ||
         error == EPERM;
}

/* A lost answer of a file server is asked for again, and the second one is "exists". */
static bool is_linked(const char *from, const char *to) {
  struct stat one, two;
  return lstat(from, &one) == 0 && lstat(to, &two) == 0 && one.st_dev == two.st_dev &&
         one.st_ino == two.st_ino;
}

/* Give a file a name that must be free. Returns an error of the system, or 0. */
static int name_new(const char *from, const char *to) {
#ifdef RENAME_NOREPLACE
  if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) return 0;
  if (!is_unknown(errno)) return errno;
#endif
  if (link(from, to) == 0 || (errno == EEXIST && is_linked(from, to)))
    return unlink(from) == 0 ? 0 : errno;
  if (!is_unknown(errno)) return errno;
  int file = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (file < 0) return errno;
  close(file);
  if (rename(from, to) == 0) return 0;
  int error = errno;
  unlink(to);
  return error;
}

/* Replace what is there, which keeps its permissions. */
static int name_over(const char *from, const char *to) {
  struct stat info;
  if (lstat(to, &info) == 0) {
    if (!S_ISREG(info.st_mode)) return EEXIST;
    if (chmod(from, info.st_mode & 0777) != 0) return errno;
  }
  return rename(from, to) == 0 ? 0 : errno;
}

hrs_status hrs_place_fill(const hrs_place *place, const char *temporary) {
  hrs_fault_pass(HRS_FAULT_RENAME);
  int error = place->force ? name_over(temporary, place->path) : name_new(temporary, place->path);
  hrs_fault_pass(HRS_FAULT_RENAME);
  HRS_REQUIRE(error != EEXIST, IO,
              "%s: something of that name has appeared meanwhile and is not replaced; the result "
              "is complete and is called %s",
              place->name, temporary);
  HRS_REQUIRE(error == 0, IO, "%s: %s; the result is complete and is called %s", place->name,
              strerror(error), temporary);
  sync_folder(place->path);
  return HRS_OK;
}
