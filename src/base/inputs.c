/* The files that this process has read, so that none of them is taken for an output, and so that a
 * run that is resumed can be asked whether they are the same. */
#include "inputs.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static hrs_input *list;
static int count, room;

static bool is_file(const hrs_input *input, const struct stat *info) {
  return input->device == (uint64_t)info->st_dev && input->inode == (uint64_t)info->st_ino;
}

/* Under each of its names: options are searched for them. */
static bool is_listed(const char *path, const struct stat *info) {
  for (int i = 0; i < count; i++)
    if (is_file(&list[i], info) && strcmp(list[i].path, path) == 0) return true;
  return false;
}

hrs_status hrs_input_note(const char *path) {
  struct stat info;
  if (stat(path, &info) != 0 || is_listed(path, &info)) return HRS_OK;
  if (count == room) {
    /* Not of hrs_alloc: it stays until the process ends. */
    int more = room ? 2 * room : 64;
    hrs_input *larger = realloc(list, (size_t)more * sizeof *larger);
    HRS_REQUIRE(larger, MEMORY, "%s: out of memory", path);
    list = larger;
    room = more;
  }
  char *name = malloc(strlen(path) + 1);
  HRS_REQUIRE(name, MEMORY, "%s: out of memory", path);
  strcpy(name, path);
  list[count++] = (hrs_input){.path = name,
                              .device = (uint64_t)info.st_dev,
                              .inode = (uint64_t)info.st_ino,
                              .size = info.st_size,
                              .seconds = info.st_mtim.tv_sec,
                              .nanoseconds = info.st_mtim.tv_nsec};
  return HRS_OK;
}

bool hrs_input_is(const char *path) {
  struct stat info;
  if (stat(path, &info) != 0) return false;
  for (int i = 0; i < count; i++)
    if (is_file(&list[i], &info)) return true;
  return false;
}

const hrs_input *hrs_input_get(int i) {
  return i < count ? &list[i] : NULL;
}

bool hrs_input_is_unchanged(const hrs_input *input) {
  struct stat info;
  return stat(input->path, &info) == 0 && is_file(input, &info) && input->size == info.st_size &&
         input->seconds == info.st_mtim.tv_sec && input->nanoseconds == info.st_mtim.tv_nsec;
}
