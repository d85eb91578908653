/* masking.h -- masked copies of a tensor, one after the other, at the cost of what changes. */
#ifndef HRS_GAME_MASKING_H
#define HRS_GAME_MASKING_H

#include "internal.h"

/** Elements offset .. offset + length - 1, in bytes, belong to one player. */
typedef struct hrs_run {
  hrs_count offset, length;
} hrs_run;

/**
 * The tensor masked last is kept as `row`; for the next mask only the players that differ are
 * rewritten, and the row is copied out. In the order of a sub-cube two players change per mask on
 * average.
 */
typedef struct hrs_masking {
  int players;
  hrs_count bytes;  /* of one tensor */
  hrs_run *run;     /* sorted by player */
  hrs_count *first; /* [players + 1]: runs of player p are first[p] .. first[p+1]-1 */
  hrs_count n_runs;
  unsigned char *row;
  hrs_mask mask; /* of row */
  const unsigned char *sample, *baseline;
} hrs_masking;

/** For tensors of `count` elements of `size` bytes. */
hrs_status hrs_masking_create(int players, hrs_count count, size_t size, hrs_masking *out);
void hrs_masking_destroy(hrs_masking *masking);
/** Which elements belong to which player: label[count], -1 = background. */
hrs_status hrs_masking_set_labels(hrs_masking *masking, const int32_t *label, size_t size);
/** What stands for players that are present, and for those that are absent. Both must stay. */
void hrs_masking_set_tensors(hrs_masking *masking, const void *sample, const void *baseline);
/** The tensor with the players of `mask` present, written to out. */
void hrs_masking_write(hrs_masking *masking, hrs_mask mask, void *out);

#endif
