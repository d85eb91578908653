/* The folder of a checkpoint, and the identity of the run that it is of. */
#include "checkpoint.h"

#include "digest.h"
#include "src/base/fault.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What files of the folder begin with: nothing else is removed. */
static const char *const ours[] = {"values-", "rows-", "fit-", "structure", "identity"};
enum { OURS = sizeof ours / sizeof *ours };

void hrs_checkpoint_file(const char *folder, char path[HRS_CHECKPOINT_PATH], const char *format,
                         ...) {
  va_list arguments;
  int used = snprintf(path, HRS_CHECKPOINT_PATH, "%s/", folder);
  va_start(arguments, format);
  vsnprintf(path + used, (size_t)(HRS_CHECKPOINT_PATH - used), format, arguments);
  va_end(arguments);
}

static hrs_status failed(const char *path) {
  HRS_FAIL(IO, "%s cannot be written: %s", path, strerror(errno));
}

static hrs_status sync_path(const char *path) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return failed(path);
  int error = fsync(file) == 0 || errno == EINVAL ? 0 : errno;
  close(file);
  errno = error;
  return error ? failed(path) : HRS_OK;
}

hrs_status hrs_checkpoint_create(const char *path) {
  unlink(path);
  int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
  if (file < 0) return failed(path);
  close(file);
  return HRS_OK;
}

hrs_status hrs_checkpoint_rename(const char *from, const char *to) {
  return rename(from, to) == 0 ? HRS_OK : failed(to);
}

void hrs_checkpoint_unlink(const char *path) {
  unlink(path);
}

/* ---- identity ------------------------------------------------------------------------------- */

bool hrs_checkpoint_is_there(const char *folder) {
  char path[HRS_CHECKPOINT_PATH];
  struct stat info;
  hrs_checkpoint_file(folder, path, "identity");
  return lstat(path, &info) == 0;
}

/* The identity, between a line with the version and one with the digest of all before it. */
static hrs_status write_identity(const char *path, const char *identity) {
  size_t size = strlen(identity) + 128;
  char *text;
  HRS_TRY(hrs_alloc((hrs_count)size, 1, &text));
  int used = snprintf(text, size, "format %d\n%s", HRS_CHECKPOINT_VERSION, identity);
  used += snprintf(text + used, size - (size_t)used, "digest %016llx\n",
                   (unsigned long long)hrs_digest(text, used, 0));
  hrs_status status = hrs_checkpoint_create(path);
  if (status == HRS_OK) {
    int file = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    errno = file < 0 ? errno : ENOSPC;
    if (file < 0 || hrs_fault_strikes(HRS_FAULT_WRITE) ||
        pwrite(file, text, (size_t)used, 0) != used)
      status = failed(path);
    if (file >= 0) close(file);
  }
  hrs_free(text);
  return status == HRS_OK ? sync_path(path) : status;
}

hrs_status hrs_checkpoint_make(const char *folder, const char *identity) {
  char path[HRS_CHECKPOINT_PATH], next[HRS_CHECKPOINT_PATH];
  if (mkdir(folder, 0777) != 0 && errno != EEXIST) return failed(folder);
  hrs_checkpoint_file(folder, path, "identity");
  hrs_checkpoint_file(folder, next, "identity.next");
  hrs_status status = write_identity(next, identity);
  if (status == HRS_OK) status = hrs_checkpoint_rename(next, path);
  if (status == HRS_OK) status = sync_path(folder);
  if (status != HRS_OK) {
    hrs_checkpoint_unlink(next);
    rmdir(folder); /* which is empty, or stays */
  }
  return status;
}

/* The value of a name's line: of `length` bytes; NULL where there is none. */
static const char *value_of(const char *text, const char *name, size_t name_length,
                            size_t *length) {
  for (const char *line = text; *line; line += strcspn(line, "\n") + 1) {
    const char *end = line + strcspn(line, "\n");
    if (!*end) return NULL;
    if ((size_t)(end - line) <= name_length || line[name_length] != '\t' ||
        strncmp(line, name, name_length) != 0)
      continue;
    *length = (size_t)(end - line) - name_length - 1;
    return line + name_length + 1;
  }
  return NULL;
}

static hrs_status differs(const char *folder, int name_length, const char *name, const char *here,
                          size_t here_length, const char *there, size_t there_length) {
  static const char help[] = "give what that run was given, or --force without --resume, which "
                             "begins anew and removes what was done";
  bool contents = here && there && strchr(here, '{') && strchr(here, '{') < here + here_length;
  HRS_REQUIRE(!contents, INPUT,
              "%.*s: the content of the file is another than that of the run that %s is of; %s",
              name_length, name, folder, help);
  HRS_FAIL(INPUT, "%.*s is %.*s here and was %.*s in the run that %s is of; %s", name_length, name,
           here ? (int)here_length : 9, here ? here : "not given", there ? (int)there_length : 9,
           there ? there : "not given", folder, help);
}

/* All lines of `of`, against another's of the same names. */
static hrs_status compare_lines(const char *folder, const char *of, const char *with, bool here) {
  for (const char *line = of; *line; line += strcspn(line, "\n") + 1) {
    size_t name = strcspn(line, "\t\n"), length = strcspn(line + name + 1, "\n"), other_length = 0;
    const char *value = line + name + 1, *other = value_of(with, line, name, &other_length);
    if (other && length == other_length && strncmp(value, other, length) == 0) continue;
    return here ? differs(folder, (int)name, line, value, length, other, other_length)
                : differs(folder, (int)name, line, other, other_length, value, length);
  }
  return HRS_OK;
}

/* Cut the first and the last line off; false where the digest is not that of the rest. */
static bool check_identity(char *text, int *version, char **body) {
  unsigned long long digest;
  char *last = strstr(text, "\ndigest "), *first = strchr(text, '\n');
  for (char *next; last && (next = strstr(last + 1, "\ndigest "));)
    last = next;
  if (!last || !first || sscanf(text, "format %9d\n", version) != 1) return false;
  last++;
  if (sscanf(last, "digest %16llx\n", &digest) != 1) return false;
  if (hrs_digest(text, last - text, 0) != digest) return false;
  *last = '\0';
  *body = first + 1;
  return true;
}

hrs_status hrs_checkpoint_compare(const char *folder, const char *identity) {
  enum { MOST = 16 << 20 };
  char path[HRS_CHECKPOINT_PATH], *body = NULL;
  unsigned char *bytes = NULL;
  hrs_count size;
  int version = 0, file;
  hrs_checkpoint_file(folder, path, "identity");
  HRS_TRY(hrs_file_open(path, &file, &size));
  hrs_status status = HRS_OK;
  if (size > 0 && size <= MOST) {
    status = hrs_calloc(size + 1, 1, &bytes);
    if (status == HRS_OK) status = hrs_file_read_at(file, path, 0, size, bytes);
  }
  close(file);
  if (status == HRS_OK && (!bytes || !check_identity((char *)bytes, &version, &body)))
    status = hrs_error_set(HRS_STATUS_INPUT, __FILE__, __LINE__,
                           "%s is damaged: nothing can be resumed; give --force without --resume "
                           "to begin anew",
                           path);
  else if (status == HRS_OK && version != HRS_CHECKPOINT_VERSION)
    status = hrs_error_set(HRS_STATUS_INPUT, __FILE__, __LINE__,
                           "%s is of format %d and this program has format %d; resume it with the "
                           "program that made it, or give --force without --resume to begin anew",
                           path, version, HRS_CHECKPOINT_VERSION);
  if (status == HRS_OK) status = compare_lines(folder, identity, body, true);
  if (status == HRS_OK) status = compare_lines(folder, body, identity, false);
  hrs_free(bytes);
  return status;
}

/* ---- removal -------------------------------------------------------------------------------- */

static bool is_ours(const char *name, int which) {
  return strncmp(name, ours[which], strlen(ours[which])) == 0;
}

static void remove_files(DIR *entries, const char *folder, int which) {
  char path[HRS_CHECKPOINT_PATH];
  rewinddir(entries);
  for (struct dirent *entry; (entry = readdir(entries));) {
    if (!is_ours(entry->d_name, which)) continue;
    hrs_checkpoint_file(folder, path, "%s", entry->d_name);
    unlink(path);
  }
}

hrs_status hrs_checkpoint_remove(const char *folder) {
  DIR *entries = opendir(folder);
  if (!entries && errno == ENOENT) return HRS_OK;
  if (!entries) return failed(folder);
  for (int which = 0; which < OURS; which++) /* the identity last */
    remove_files(entries, folder, which);
  closedir(entries);
  HRS_REQUIRE(rmdir(folder) == 0, IO, "%s cannot be removed: %s", folder, strerror(errno));
  return HRS_OK;
}
