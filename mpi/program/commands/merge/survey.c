/*
 * All files, seen once by rank 0: each is compared with the first, so that all are alike. A file is
 * open only while it is looked at. No sample may come twice.
 */
#include "parts.h"

#include "mpi/lattice/comm.h"
#include "mpi/program/log.h"

#include <stdlib.h>
#include <string.h>

/* ---- the same sample twice ------------------------------------------------------------------ */

/* A row's sample, and which file has it. */
typedef struct place {
  int64_t index;
  int file;
} place;

typedef struct survey {
  hrs_merge *merge;
  place *place;
  hrs_count places;
  char *samples; /* what --samples says of the first file, */
  int other;     /* and the first one of which it says something else */
  int foreign;   /* files that were computed otherwise, the first of them in words */
  char text[HRS_MERGE_TEXT];
} survey;

static int by_sample(const void *a, const void *b) {
  const place *x = a, *y = b;
  if (x->index != y->index) return x->index < y->index ? -1 : 1;
  return (x->file > y->file) - (x->file < y->file);
}

static hrs_status note_samples(survey *s, int i, const hrs_merge_file *file) {
  char *samples = NULL;
  HRS_TRY(hrs_merge_option(file, "--samples", i ? &samples : &s->samples));
  bool same = samples && s->samples ? strcmp(samples, s->samples) == 0 : samples == s->samples;
  if (i > 0 && !same && !s->other) s->other = i;
  hrs_free(samples);
  return HRS_OK;
}

static hrs_status take_samples(survey *s, int i, const hrs_merge_file *file) {
  hrs_count rows = s->merge->source[i].rows;
  int64_t *index = NULL;
  HRS_TRY(note_samples(s, i, file));
  HRS_TRY(hrs_realloc(&s->place, hrs_count_add(s->places, rows), sizeof *s->place));
  HRS_TRY(hrs_alloc(rows, sizeof *index, &index));
  hrs_status status =
      hrs_reading_read(file->reading, "/samples/index", -1, 0, rows, HRS_I64, index);
  for (hrs_count k = 0; k < rows && status == HRS_OK; k++)
    s->place[s->places++] = (place){index[k], i};
  hrs_free(index);
  return status;
}

static hrs_status check_samples(survey *s) {
  const char *const *path = s->merge->path;
  if (s->places) qsort(s->place, (size_t)s->places, sizeof *s->place, by_sample);
  for (hrs_count i = 1; i < s->places; i++) {
    const place *a = &s->place[i - 1], *b = &s->place[i];
    HRS_REQUIRE(
        a->index != b->index || a->file == b->file, INPUT,
        "sample %lld is in %s and in %s; each may come once: leave one of the files out, or "
        "compute it without that sample (--select)",
        (long long)b->index, path[a->file], path[b->file]);
  }
  if (s->other)
    hrs_warn("--samples of %s is not that of %s: they are taken for one file of samples under two "
             "names, and /samples/index has their numbers in it",
             path[s->other], path[0]);
  return HRS_OK;
}

/* ---- the files ------------------------------------------------------------------------------ */

static hrs_status measure(survey *s, int i, const hrs_merge_file *file) {
  const hrs_reading *reading = file->reading;
  hrs_merge_source *to = &s->merge->source[i];
  const hrs_found *index = hrs_reading_find(reading, "/samples/index");
  HRS_ASSERT(index);
  HRS_TRY(hrs_reading_count(reading, "n_samples", 1, (hrs_count)1 << 53, &to->samples));
  to->rows = index->stored.dim[0];
  to->first = s->merge->rows;
  const hrs_merge_source *first = s->merge->source;
  HRS_REQUIRE(to->rows % to->samples == 0 && to->rows / to->samples == first->rows / first->samples,
              INPUT, "%s has %lld rows of %lld samples, and %s %lld rows of %lld", reading->path,
              (long long)to->rows, (long long)to->samples, s->merge->path[0],
              (long long)first->rows, (long long)first->samples);
  HRS_TRY(hrs_multiply(hrs_count_add(s->merge->rows, to->rows), 1, "rows", &s->merge->rows));
  s->merge->samples += to->samples;
  return HRS_OK;
}

static hrs_status take(survey *s, int i, const hrs_merge_file *file) {
  hrs_merge *merge = s->merge;
  char text[HRS_MERGE_TEXT];
  if (i > 0) {
    HRS_TRY(hrs_merge_compare(&merge->first, file));
    HRS_TRY(hrs_merge_compare_origins(&merge->first, file, text));
    if (*text && s->foreign++ == 0) memcpy(s->text, text, sizeof text);
  }
  HRS_TRY(measure(s, i, file));
  HRS_TRY(take_samples(s, i, file));
  HRS_TRY(hrs_merge_give(merge, i, file));
  return file->as->take ? file->as->take(merge, i, file) : HRS_OK;
}

static hrs_status look_at(survey *s, int i) {
  hrs_merge *merge = s->merge;
  hrs_merge_file file;
  HRS_TRY(hrs_stop_check("looking at %s", merge->path[i]));
  HRS_TRY(hrs_merge_open(merge, i, &file));
  if (i == 0) {
    merge->first = file;
    return take(s, i, &merge->first);
  }
  hrs_status status = take(s, i, &file);
  hrs_merge_close(&file);
  return status;
}

static hrs_status look(survey *s) {
  hrs_merge *merge = s->merge;
  for (int i = 0; i < merge->files; i++)
    HRS_TRY(look_at(s, i));
  HRS_TRY(check_samples(s));
  if (s->foreign)
    hrs_warn("%s%s: last bits may be others than those of one run", s->text,
             s->foreign > 1 ? ", and so were others" : "");
  return merge->first.as->settle ? merge->first.as->settle(merge) : HRS_OK;
}

hrs_status hrs_merge_survey(hrs_merge *merge) {
  survey s = {.merge = merge};
  hrs_status status = merge->rank == 0 ? look(&s) : HRS_OK;
  hrs_free(s.samples);
  hrs_free(s.place);
  HRS_TRY(hrs_agree(merge->comm, status));
  hrs_count numbers[2] = {merge->rows, merge->samples};
  HRS_TRY(hrs_broadcast(merge->comm, 0, numbers, sizeof numbers));
  merge->rows = numbers[0];
  merge->samples = numbers[1];
  HRS_TRY(hrs_broadcast(merge->comm, 0, merge->source,
                        merge->files * (hrs_count)sizeof *merge->source));
  return hrs_broadcast(merge->comm, 0, &merge->interactions.settings,
                       sizeof merge->interactions.settings);
}
