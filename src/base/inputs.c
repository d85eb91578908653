/* The files that this process has read, so that none of them is taken for an output. */
#include <harsanyi/base.h>

#include <stdlib.h>
#include <sys/stat.h>

static struct identity {
  dev_t device;
  ino_t inode;
} * list;
static int count, room;

static bool is_listed(const struct stat *info) {
  for (int i = 0; i < count; i++)
    if (list[i].device == info->st_dev && list[i].inode == info->st_ino) return true;
  return false;
}

hrs_status hrs_input_note(const char *path) {
  struct stat info;
  if (stat(path, &info) != 0 || is_listed(&info)) return HRS_OK;
  if (count == room) {
    /* Not of hrs_alloc: it stays until the process ends. */
    int more = room ? 2 * room : 64;
    struct identity *larger = realloc(list, (size_t)more * sizeof *larger);
    HRS_REQUIRE(larger, MEMORY, "%s: out of memory", path);
    list = larger;
    room = more;
  }
  list[count++] = (struct identity){info.st_dev, info.st_ino};
  return HRS_OK;
}

bool hrs_input_is(const char *path) {
  struct stat info;
  return stat(path, &info) == 0 && is_listed(&info);
}
