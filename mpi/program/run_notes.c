/* Warnings of a run: one of each kind at its end, of the worst row, however many rows and ranks. */
#include "run.h"

#include "mpi/lattice/comm.h"
#include "mpi/program/log.h"

#include <stdio.h>

static void join(hrs_run_note *to, const hrs_run_note *from) {
  bool worse = from->worst > to->worst || (from->worst == to->worst && from->index < to->index);
  hrs_count rows = to->rows + from->rows;
  if (from->rows && (to->rows == 0 || worse)) *to = *from;
  to->rows = rows;
}

void hrs_run_note_add(hrs_run *run, hrs_run_note_kind kind, hrs_count sample, double worst,
                      double a, double b, double c) {
  hrs_run_note note = {1, run->job->index[sample], worst, {a, b, c}};
  if (run->group_rank == 0) join(&run->notes[kind], &note);
}

static const char *rows_like_it(char text[64], hrs_count rows) {
  text[0] = '\0';
  if (rows > 1) snprintf(text, 64, " (and %lld more)", (long long)(rows - 1));
  return text;
}

static void say(const hrs_run *run, hrs_run_note_kind kind, const hrs_run_note *note) {
  const double *d = note->detail;
  long long index = (long long)note->index;
  char more[64];
  rows_like_it(more, note->rows);
  switch (kind) {
  case HRS_NOTE_NONFINITE:
    hrs_warn("sample %lld%s: %.0f values are NaN or infinite, first at mask %.0f", index, more,
             d[0], d[1]);
    break;
  case HRS_NOTE_NO_SPLIT:
    hrs_warn("sample %lld%s: values that are NaN or infinite have no split: its interactions are "
             "NaN",
             index, more);
    break;
  case HRS_NOTE_GAP:
    hrs_warn("sample %lld%s: the split is within %.3g of the sparsest after %.0f iterations, not "
             "within %g; see --fit-iterations, --fit-gap",
             index, more, d[0], d[1], run->job->fitting.gap);
    break;
  case HRS_NOTE_COARSE:
    hrs_warn("sample %lld%s: --precision single rounds v by up to %.3g, and v varies only from "
             "%.9g to %.9g; interactions and indices lose their digits to that: give --precision "
             "double",
             index, more, d[0], d[1], d[2]);
    break;
  case HRS_NOTES:
    break;
  }
}

hrs_status hrs_run_notes_say(hrs_run *run) {
  int ranks = hrs_comm_size(run->world);
  hrs_run_note(*all)[HRS_NOTES], notes[HRS_NOTES] = {{0}};
  HRS_TRY(hrs_comm_alloc(run->world, ranks, sizeof *all, &all));
  hrs_status status = hrs_comm_allgather(run->world, run->notes, sizeof *all, all);
  for (int rank = 0; rank < ranks && status == HRS_OK; rank++)
    for (int kind = 0; kind < HRS_NOTES; kind++)
      join(&notes[kind], &all[rank][kind]);
  for (int kind = 0; kind < HRS_NOTES; kind++)
    if (notes[kind].rows) say(run, (hrs_run_note_kind)kind, &notes[kind]);
  hrs_free(all);
  return status;
}
