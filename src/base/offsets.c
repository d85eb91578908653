/* Offsets in one piece of memory for buffers that come and go. */
#include "base/offsets.h"

#include <string.h>

hrs_count hrs_offsets_take(hrs_offsets *arena, hrs_count bytes) {
  int best = -1;
  for (int i = 0; i < arena->n_free; i++)
    if (arena->free[i].bytes >= bytes &&
        (best < 0 || arena->free[i].bytes < arena->free[best].bytes))
      best = i;
  if (best < 0) {
    /* Nothing fits: extend the arena, from its last piece where that is free. */
    hrs_count offset = arena->end;
    if (arena->n_free > 0) {
      hrs_offsets_piece *tail = &arena->free[arena->n_free - 1];
      if (tail->offset + tail->bytes == arena->end) {
        offset = tail->offset;
        arena->n_free--;
      }
    }
    arena->end = offset + bytes;
    return offset;
  }
  hrs_offsets_piece *found = &arena->free[best];
  hrs_count offset = found->offset;
  found->offset += bytes;
  found->bytes -= bytes;
  if (found->bytes == 0) {
    arena->n_free--;
    memmove(found, found + 1, sizeof *found * (size_t)(arena->n_free - best));
  }
  return offset;
}

hrs_status hrs_offsets_give(hrs_offsets *arena, hrs_count offset, hrs_count bytes) {
  int at = 0;
  while (at < arena->n_free && arena->free[at].offset < offset)
    at++;
  hrs_offsets_piece *before = at > 0 ? &arena->free[at - 1] : NULL,
                    *after = at < arena->n_free ? &arena->free[at] : NULL;
  bool joins_before = before && before->offset + before->bytes == offset;
  bool joins_after = after && offset + bytes == after->offset;
  if (joins_before) {
    before->bytes += bytes;
    if (!joins_after) return HRS_OK;
    before->bytes += after->bytes;
    arena->n_free--;
    memmove(after, after + 1, sizeof *after * (size_t)(arena->n_free - at));
    return HRS_OK;
  }
  if (joins_after) {
    after->offset = offset;
    after->bytes += bytes;
    return HRS_OK;
  }
  if (arena->n_free == arena->room) {
    arena->room = arena->room ? 2 * arena->room : 32;
    HRS_TRY(hrs_realloc(&arena->free, arena->room, sizeof *arena->free));
  }
  memmove(&arena->free[at + 1], &arena->free[at],
          sizeof *arena->free * (size_t)(arena->n_free - at));
  arena->free[at] = (hrs_offsets_piece){offset, bytes};
  arena->n_free++;
  return HRS_OK;
}

void hrs_offsets_free(hrs_offsets *arena) {
  hrs_free(arena->free);
  *arena = (hrs_offsets){0};
}
