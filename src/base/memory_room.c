/*
 * How much memory a process may still take. Linux gives out more than it has and kills whoever
 * touches too much, without a message; so limits are asked for beforehand.
 *
 * - The machine: MemAvailable of /proc/meminfo.
 * - Control groups, by which batch systems and containers set limits: the own group and all above
 *   it, for Slurm sets the limit on the job's, above those of its steps and tasks. Version 2 and
 *   version 1 of the interface, wherever they are mounted. Of what a group uses, cached files that
 *   nobody has touched for a while are given back when memory is short: they do not count.
 * - ulimit -v and -d, for each process alone.
 */
#include "memory_room.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* Files are read below another folder in tests. */
static FILE *open_below(const char *root, const char *path) {
  char full[PATH_MAX];
  int length = snprintf(full, sizeof full, "%s%s", root, path);
  return length > 0 && (size_t)length < sizeof full ? fopen(full, "r") : NULL;
}

/* "key: 12 kB" or "key 12" in a file of such lines; false where there is none. */
static bool read_entry(const char *root, const char *path, const char *key, hrs_count *out) {
  char line[512];
  size_t length = strlen(key);
  bool found = false;
  FILE *file = open_below(root, path);
  while (file && !found && fgets(line, sizeof line, file)) {
    if (strncmp(line, key, length) != 0) continue;
    char *at = line + length, *end;
    at += *at == ':';
    if (*at != ' ' && *at != '\t') continue;
    long long value = strtoll(at, &end, 10);
    found = end != at && value >= 0;
    *out = strncmp(end, " kB", 3) == 0 ? hrs_count_multiply(value, 1024) : value;
  }
  if (file) fclose(file);
  return found;
}

/* A file of one number; "max", and what is too large for any, is INT64_MAX. */
static bool read_number(const char *root, const char *folder, const char *name, hrs_count *out) {
  char path[PATH_MAX], line[64], *end;
  int length = snprintf(path, sizeof path, "%s/%s", folder, name);
  if (length < 0 || (size_t)length >= sizeof path) return false;
  FILE *file = open_below(root, path);
  bool found = file && fgets(line, sizeof line, file);
  if (file) fclose(file);
  if (!found) return false;
  *out = INT64_MAX;
  if (strncmp(line, "max", 3) == 0) return true;
  *out = strtoll(line, &end, 10); /* saturates */
  return end != line;
}

static void lower(hrs_memory_room *room, hrs_count bytes, const char *limit, const char *where) {
  if (bytes < 0) bytes = 0;
  if (bytes >= room->node) return;
  room->node = bytes;
  snprintf(room->limit, sizeof room->limit, "%s%s", limit, where);
}

/* ---- control groups ---- */

typedef struct group_interface {
  const char *used, *inactive; /* bytes in use, and the entry of memory.stat that does not count */
  const char *limit[3];
} group_interface;

static const group_interface version_1 = {
    "memory.usage_in_bytes", "total_inactive_file", {"memory.limit_in_bytes"}};
static const group_interface version_2 = {
    "memory.current", "inactive_file", {"memory.max", "memory.high"}};

/* Limits of one group. */
static void look_at(const char *root, const group_interface *interface, const char *folder,
                    hrs_memory_room *room) {
  hrs_count used, limit, inactive = 0;
  char path[PATH_MAX];
  if (!read_number(root, folder, interface->used, &used)) return;
  int length = snprintf(path, sizeof path, "%s/memory.stat", folder);
  if (length > 0 && (size_t)length < sizeof path)
    read_entry(root, path, interface->inactive, &inactive);
  used = inactive < used ? used - inactive : 0;
  for (int i = 0; interface->limit[i]; i++) {
    if (!read_number(root, folder, interface->limit[i], &limit) || limit == INT64_MAX) continue;
    char what[64];
    snprintf(what, sizeof what, "%s of the control group ", interface->limit[i]);
    lower(room, limit - used, what, folder);
  }
}

/* The path of this process in the hierarchy of memory. */
static bool own_group(const char *root, bool second, char *group, size_t size) {
  char line[PATH_MAX + 256];
  bool found = false;
  FILE *file = open_below(root, "/proc/self/cgroup");
  while (file && !found && fgets(line, sizeof line, file)) {
    line[strcspn(line, "\n")] = '\0';
    char *controllers = strchr(line, ':'),
         *path = controllers ? strchr(controllers + 1, ':') : NULL;
    if (!path) continue;
    *controllers++ = *path++ = '\0';
    if (second)
      found = *controllers == '\0';
    else
      for (char *word = strtok(controllers, ","); word && !found; word = strtok(NULL, ","))
        found = strcmp(word, "memory") == 0;
    if (found) snprintf(group, size, "%s", path);
  }
  if (file) fclose(file);
  return found;
}

/* Spaces and the like stand as octal numbers in /proc/self/mountinfo. */
static void decode(char *text) {
  char *out = text;
  for (const char *at = text; *at; at++) {
    int code = 0, used = 0;
    if (*at == '\\' && sscanf(at + 1, "%3o%n", (unsigned *)&code, &used) == 1 && used == 3) {
      *out++ = (char)code;
      at += 3;
    } else {
      *out++ = *at;
    }
  }
  *out = '\0';
}

/* The own group below a mount, and all above it that can be seen there. */
static void walk_up(const char *root, const group_interface *interface, const char *mounted,
                    const char *place, const char *group, hrs_memory_room *room) {
  char folder[PATH_MAX];
  size_t prefix = strcmp(mounted, "/") == 0 ? 0 : strlen(mounted), base = strlen(place);
  /* A container may see its own group as the mount's root, or as a path that it cannot follow. */
  bool below = strncmp(group, mounted, prefix) == 0 &&
               (group[prefix] == '/' || group[prefix] == '\0') && !strstr(group, "/..");
  int length = snprintf(folder, sizeof folder, "%s%s", place, below ? group + prefix : "");
  if (length < 0 || (size_t)length >= sizeof folder) return;
  for (;;) {
    size_t end = strlen(folder);
    while (end > base && folder[end - 1] == '/')
      folder[--end] = '\0';
    look_at(root, interface, folder, room);
    if (end <= base) return;
    *strrchr(folder, '/') = '\0';
  }
}

static void look_at_groups(const char *root, hrs_memory_room *room) {
  char line[3 * PATH_MAX], group[PATH_MAX];
  FILE *file = open_below(root, "/proc/self/mountinfo");
  while (file && fgets(line, sizeof line, file)) {
    /* number parent device root place options [tags] - type source options */
    char mounted[PATH_MAX], place[PATH_MAX], type[32], options[512];
    char *behind = strstr(line, " - ");
    if (!behind || sscanf(line, "%*s %*s %*s %4095s %4095s", mounted, place) != 2 ||
        sscanf(behind, " - %31s %*s %511s", type, options) != 2)
      continue;
    bool second = strcmp(type, "cgroup2") == 0;
    if (!second && (strcmp(type, "cgroup") != 0 || !strstr(options, "memory"))) continue;
    decode(mounted);
    decode(place);
    if (own_group(root, second, group, sizeof group))
      walk_up(root, second ? &version_2 : &version_1, mounted, place, group, room);
  }
  if (file) fclose(file);
}

/* ---- the whole ---- */

static void look_at_ulimit(const char *root, int which, const char *entry, const char *name,
                           hrs_memory_room *room) {
  struct rlimit limit;
  hrs_count used = 0;
  if (getrlimit(which, &limit) != 0 || limit.rlim_cur > (rlim_t)INT64_MAX) return;
  read_entry(root, "/proc/self/status", entry, &used);
  hrs_count left = (hrs_count)limit.rlim_cur > used ? (hrs_count)limit.rlim_cur - used : 0;
  if (left >= room->process) return;
  room->process = left;
  room->ulimit = name;
}

void hrs_memory_room_find(const char *root, hrs_memory_room *room) {
  hrs_count available;
  *room = (hrs_memory_room){.node = INT64_MAX, .process = INT64_MAX};
  if (read_entry(root, "/proc/meminfo", "MemAvailable", &available))
    lower(room, available, "free memory of the machine", "");
  read_entry(root, "/proc/meminfo", "SwapFree", &room->swap);
  look_at_groups(root, room);
  look_at_ulimit(root, RLIMIT_AS, "VmSize", "ulimit -v", room);
  look_at_ulimit(root, RLIMIT_DATA, "VmData", "ulimit -d", room);
}
