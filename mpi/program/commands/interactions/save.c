/*
 * What is kept of rows that are done, beside their arrays: their salient interactions, which are
 * written at the end, and, where they wait for the global threshold, their results; and for all of
 * the run the largest |I| and the largest error so far.
 */
#include "save.h"

#include <string.h>

/* Of the run, and of each row; in the memory of the same program, which the identity sees to. */
typedef struct run_head {
  double running_max, verified;
  hrs_count row_bytes; /* of results that wait, or 0 */
} run_head;
typedef struct row_head {
  hrs_count listed, truncated;
} row_head;

hrs_count hrs_work_done(const void *self, const hrs_count **k) {
  const hrs_work *work = self;
  *k = work->done.k;
  return work->done.count;
}

hrs_status hrs_work_save(const void *self, hrs_count from, FILE *out) {
  const hrs_work *work = self;
  const hrs_done *done = &work->done;
  size_t row_bytes = done->row ? sizeof *done->row : 0;
  run_head run = {work->running_max, work->verified, (hrs_count)row_bytes};
  fwrite(&run, sizeof run, 1, out);
  for (hrs_count i = from; i < done->count; i++) {
    const hrs_salient *list = &done->list[i];
    row_head head = {list->count, list->truncated};
    size_t count = (size_t)list->count;
    fwrite(&head, sizeof head, 1, out);
    if (row_bytes) fwrite(&done->row[i], row_bytes, 1, out);
    fwrite(list->mask, sizeof *list->mask, count, out);
    fwrite(list->value, sizeof *list->value, count, out);
    fwrite(list->type, sizeof *list->type, count, out);
  }
  HRS_REQUIRE(!ferror(out), MEMORY, "no memory for rows that are to be kept");
  return HRS_OK;
}

/* Bytes that are read from their begin on. */
typedef struct source {
  const char *at;
  hrs_count left;
} source;

static bool take(source *from, void *out, hrs_count bytes) {
  if (bytes > from->left) return false;
  if (bytes > 0) memcpy(out, from->at, (size_t)bytes);
  from->at += bytes;
  from->left -= bytes;
  return true;
}

static hrs_status damaged(hrs_count k) {
  HRS_FAIL(INPUT,
           "the checkpoint is damaged: row %lld is not what a run keeps of one; give --force "
           "without --resume to begin anew",
           (long long)k);
}

static hrs_status take_list(source *from, int n, hrs_count k, const row_head *head,
                            hrs_salient *list) {
  enum { ENTRY = sizeof(hrs_mask) + sizeof(double) + 1 };
  if (head->listed < 0 || head->listed > from->left / ENTRY) return damaged(k);
  HRS_TRY(hrs_alloc(head->listed, sizeof *list->mask, &list->mask));
  HRS_TRY(hrs_alloc(head->listed, sizeof *list->value, &list->value));
  HRS_TRY(hrs_alloc(head->listed, sizeof *list->type, &list->type));
  list->count = head->listed;
  list->truncated = head->truncated != 0;
  bool good = take(from, list->mask, list->count * (hrs_count)sizeof *list->mask) &&
              take(from, list->value, list->count * (hrs_count)sizeof *list->value) &&
              take(from, list->type, list->count);
  for (hrs_count i = 0; i < list->count && good; i++)
    good = list->mask[i] <= hrs_mask_full(n) && list->type[i] <= 1;
  return good ? HRS_OK : damaged(k);
}

static hrs_status take_row(hrs_work *work, source *from, hrs_count k) {
  row_head head;
  hrs_interactions_row row;
  hrs_salient list = {0};
  bool waits = work->done.row != NULL;
  if (!take(from, &head, sizeof head) || (waits && !take(from, &row, sizeof row)))
    return damaged(k);
  hrs_status status = take_list(from, work->problem->n, k, &head, &list);
  if (status == HRS_OK) status = hrs_done_restore(&work->done, k, waits ? &row : NULL, &list);
  hrs_salient_destroy(&list);
  return status;
}

hrs_status hrs_work_load(void *self, hrs_count rows, const hrs_count *k, const void *data,
                         hrs_count bytes) {
  hrs_work *work = self;
  source from = {data, bytes};
  run_head run;
  hrs_count row_bytes = work->done.row ? (hrs_count)sizeof *work->done.row : 0;
  if (!take(&from, &run, sizeof run) || run.row_bytes != row_bytes) return damaged(k[0]);
  if (!(run.running_max <= work->running_max)) work->running_max = run.running_max;
  if (!(run.verified <= work->verified)) work->verified = run.verified;
  for (hrs_count i = 0; i < rows; i++)
    HRS_TRY(take_row(work, &from, k[i]));
  return from.left == 0 ? HRS_OK : damaged(k[0]);
}
