/* Warnings of a run: one of each kind at its end, of the worst sample, however many samples and
 * ranks there are. */
#include "engine.h"

#include "mpi/lattice/comm.h"
#include "mpi/program/log.h"

#include <stdarg.h>
#include <stdio.h>

static void join(hrs_note *to, const hrs_note *from) {
  bool worse = from->worst > to->worst || (from->worst == to->worst && from->index < to->index);
  hrs_count rows = to->rows + from->rows;
  if (from->rows && (to->rows == 0 || worse)) *to = *from;
  to->rows = rows;
}

void hrs_engine_note(hrs_engine *engine, int kind, hrs_count sample, double worst,
                     const char *format, ...) {
  if (engine->again || engine->group_rank != 0) return;
  hrs_note note = {.rows = 1, .index = engine->problem->index[sample], .worst = worst};
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(note.text, sizeof note.text, format, arguments);
  va_end(arguments);
  join(&engine->fresh[kind], &note);
}

void hrs_engine_add_notes(hrs_engine *engine, const hrs_note *notes) {
  for (int kind = 0; kind < HRS_NOTES; kind++) {
    hrs_note note = notes[kind];
    note.text[sizeof note.text - 1] = '\0';
    join(&engine->notes[kind], &note);
  }
}

hrs_status hrs_engine_say_notes(hrs_engine *engine) {
  int ranks = hrs_comm_size(engine->world);
  hrs_note(*all)[HRS_NOTES], notes[HRS_NOTES] = {{0}};
  HRS_TRY(hrs_comm_alloc(engine->world, ranks, sizeof *all, &all));
  hrs_engine_add_notes(engine, engine->fresh);
  hrs_status status = hrs_comm_allgather(engine->world, engine->notes, sizeof *all, all);
  for (int rank = 0; rank < ranks && status == HRS_OK; rank++)
    for (int kind = 0; kind < HRS_NOTES; kind++)
      join(&notes[kind], &all[rank][kind]);
  for (int kind = 0; kind < HRS_NOTES; kind++) {
    char more[64] = "";
    if (!notes[kind].rows) continue;
    if (notes[kind].rows > 1)
      snprintf(more, sizeof more, " (and %lld more)", (long long)(notes[kind].rows - 1));
    hrs_warn("sample %lld%s: %s", (long long)notes[kind].index, more, notes[kind].text);
  }
  hrs_free(all);
  return status;
}
