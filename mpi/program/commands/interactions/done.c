/* Rows that are done, on the first rank of a group. */
#include "done.h"

#include "mpi/dataset/write.h"

#include <string.h>

hrs_status hrs_done_create(hrs_count room, bool waits, hrs_done *done) {
  done->room = room;
  HRS_TRY(hrs_alloc(room, sizeof *done->k, &done->k));
  HRS_TRY(hrs_calloc(room, sizeof *done->list, &done->list));
  if (waits) HRS_TRY(hrs_calloc(room, sizeof *done->row, &done->row));
  return HRS_OK;
}

void hrs_done_destroy(hrs_done *done) {
  for (hrs_count i = 0; i < done->count; i++)
    hrs_salient_destroy(&done->list[i]);
  hrs_free(done->k);
  hrs_free(done->list);
  hrs_free(done->row);
  memset(done, 0, sizeof *done);
}

/* A pass over samples done before deals them anew: a group may get more than before. */
static hrs_status make_room(hrs_done *done) {
  if (done->count < done->room) return HRS_OK;
  hrs_count room = 2 * done->room + 1;
  HRS_TRY(hrs_realloc(&done->k, room, sizeof *done->k));
  HRS_TRY(hrs_realloc(&done->list, room, sizeof *done->list));
  if (done->row) HRS_TRY(hrs_realloc(&done->row, room, sizeof *done->row));
  done->room = room;
  return HRS_OK;
}

hrs_status hrs_done_restore(hrs_done *done, hrs_count k, const hrs_interactions_row *row,
                            hrs_salient *list) {
  HRS_TRY(make_room(done));
  hrs_count at = done->count++;
  done->k[at] = k;
  done->list[at] = *list;
  memset(list, 0, sizeof *list);
  if (done->row) done->row[at] = *row;
  return HRS_OK;
}

hrs_status hrs_done_add(hrs_done *done, hrs_dataset *set, hrs_count k,
                        const hrs_interactions_row *row, hrs_salient *list) {
  list->truncated = hrs_salient_lacks(list, row->threshold);
  if (!done->row) HRS_TRY(hrs_dataset_write_record(set, HRS_INTERACTIONS_ROW, k, row));
  return hrs_done_restore(done, k, row, list);
}

void hrs_done_forget(hrs_done *done, int targets, const bool *samples) {
  hrs_count kept = 0;
  for (hrs_count i = 0; i < done->count; i++) {
    if (samples[done->k[i] / targets]) {
      hrs_salient_destroy(&done->list[i]);
      continue;
    }
    done->k[kept] = done->k[i];
    done->list[kept] = done->list[i];
    if (done->row) done->row[kept] = done->row[i];
    kept++;
  }
  done->count = kept;
}
