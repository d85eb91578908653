/*
 * offsets.h -- where buffers of known lives stand in one piece of memory: offsets are handed out
 * and taken back, and the largest end that was ever needed is the size of the piece.
 *
 * A buffer takes the smallest free piece that it fits; neighbouring free pieces join. Cost: buffers
 * x free pieces, of which there are few. It loses where a large buffer comes after many small ones
 * have cut the arena up; networks hardly do that.
 */
#ifndef HRS_BASE_OFFSETS_H
#define HRS_BASE_OFFSETS_H

#include <harsanyi/base.h>

typedef struct hrs_offsets_piece {
  hrs_count offset, bytes;
} hrs_offsets_piece;

/** All zero: empty. */
typedef struct hrs_offsets {
  hrs_offsets_piece *free; /* by rising offset */
  int n_free, room;
  hrs_count end; /* of the arena so far */
} hrs_offsets;

/** `bytes`, rounded up to what keeps offsets aligned. */
static inline hrs_count hrs_offsets_round(hrs_count bytes) {
  enum { ALIGNMENT = 64 };
  return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}
/** Offset of `bytes` (rounded) from now on. */
hrs_count hrs_offsets_take(hrs_offsets *arena, hrs_count bytes);
/** They are free again. Errors: NO_MEMORY. */
hrs_status hrs_offsets_give(hrs_offsets *arena, hrs_count offset, hrs_count bytes);
void hrs_offsets_free(hrs_offsets *arena);

#endif
