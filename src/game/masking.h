/* masking.h -- masked copies of a tensor, for all masks of a sub-cube. */
#ifndef HRS_GAME_MASKING_H
#define HRS_GAME_MASKING_H

#include "internal.h"

/** Elements offset .. offset + length - 1, in bytes, belong to one player. */
typedef struct hrs_run {
  hrs_count offset, length;
} hrs_run;

typedef struct hrs_masking {
  int players;
  hrs_count bytes;  /* of one tensor */
  hrs_run *run;     /* sorted by player */
  hrs_count *first; /* [players + 1]: runs of player p are first[p] .. first[p+1]-1 */
  hrs_count n_runs;
  const unsigned char *sample, *baseline;
} hrs_masking;

/** For tensors of `count` elements of `size` bytes. */
hrs_status hrs_masking_create(int players, hrs_count count, size_t size, hrs_masking *out);
void hrs_masking_destroy(hrs_masking *masking);
/** Which elements belong to which player: label[count], -1 = background. */
hrs_status hrs_masking_set_labels(hrs_masking *masking, const int32_t *label, size_t size);
/** What stands for players that are present, and for those that are absent. Both must stay. */
void hrs_masking_set_tensors(hrs_masking *masking, const void *sample, const void *baseline);
/** The tensors with the players of each mask of a sub-cube present, one after the other. */
void hrs_masking_write(const hrs_masking *masking, hrs_subcube cube, void *out);

#endif
