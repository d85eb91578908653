/* memory_room.h -- how much memory may still be taken, as the system tells beforehand. */
#ifndef HRS_BASE_MEMORY_ROOM_H
#define HRS_BASE_MEMORY_ROOM_H

#include <harsanyi/base.h>

typedef struct hrs_memory_room {
  hrs_count node;     /* bytes for all processes of the machine, or of the job on it, together */
  char limit[320];    /* what sets that, for a message */
  hrs_count swap;     /* bytes on top of it on disk, slow */
  hrs_count process;  /* bytes for this process alone; INT64_MAX where nothing limits it */
  const char *ulimit; /* what sets that: "ulimit -v" or "ulimit -d" */
} hrs_memory_room;

/** Ask the machine, its control groups (both versions, the own one and those above it) and the
 *  limits of the process. `root` stands before the paths of /proc and /sys: "", but in tests. Not
 *  collective. */
void hrs_memory_room_find(const char *root, hrs_memory_room *room);

#endif
