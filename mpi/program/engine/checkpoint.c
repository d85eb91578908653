/* Checkpoints: what has been done since the last one, rows and pieces of values. */
#include "checkpoint.h"

#include "engine.h"
#include "mpi/lattice/comm.h"
#include "pieces.h"
#include "restart.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A failure of some ranks is none of the run: *good tells all of them. Collective. */
static hrs_status all_good(hrs_engine *engine, hrs_status status, bool *good) {
  enum { TEXT = 512 };
  int size = hrs_comm_size(engine->world), rank = hrs_comm_rank(engine->world);
  int first = status == HRS_OK ? size : rank;
  char reason[TEXT] = "";
  if (status != HRS_OK) snprintf(reason, sizeof reason, "%s", hrs_error_message());
  HRS_TRY(hrs_comm_reduce(engine->world, MPI_MIN, MPI_INT, &first, 1));
  *good = first == size;
  if (*good) return HRS_OK;
  HRS_TRY(hrs_broadcast(engine->world, first, reason, sizeof reason));
  hrs_restart_warn(engine->restart, reason);
  return HRS_OK;
}

/* Rows of the work that are in no log yet, by a group's first rank. */
static hrs_status append_rows(hrs_engine *engine) {
  hrs_restart *restart = engine->restart;
  const hrs_row_work *work = engine->work;
  const hrs_count *k;
  hrs_count done = work->done(work->self, &k), rows = done - restart->saved;
  char *data = NULL;
  size_t bytes = 0;
  if (!restart->begun)
    hrs_row_log_begin(restart->folder, restart->found.next_part, engine->group_index,
                      &restart->log);
  restart->begun = true;
  FILE *stream = open_memstream(&data, &bytes);
  HRS_REQUIRE(stream, MEMORY, "no memory for %lld rows", (long long)rows);
  fwrite(engine->fresh, sizeof engine->fresh, 1, stream);
  hrs_status status = work->save(work->self, restart->saved, stream);
  bool good = fclose(stream) == 0;
  if (status == HRS_OK && !good)
    status = hrs_error_set(HRS_STATUS_MEMORY, __FILE__, __LINE__, "no memory for %lld rows",
                           (long long)rows);
  if (status == HRS_OK)
    status = hrs_row_log_append(&restart->log, rows, k + restart->saved, data, (hrs_count)bytes);
  free(data);
  HRS_TRY(status);
  restart->saved = done;
  hrs_engine_add_notes(engine, engine->fresh);
  memset(engine->fresh, 0, sizeof engine->fresh);
  return HRS_OK;
}

/* Rows of this rank that are done and in no log. */
static hrs_count unsaved(const hrs_engine *engine) {
  const hrs_count *k;
  bool first = engine->group != MPI_COMM_NULL && engine->group_rank == 0;
  return first ? engine->work->done(engine->work->self, &k) - engine->restart->saved : 0;
}

/* Rows are in a log only when their arrays are on disk, of all ranks. */
static hrs_status keep_rows(hrs_engine *engine, bool some, bool *good) {
  HRS_TRY(all_good(engine, hrs_dataset_sync(engine->restart->set), good));
  if (!*good) return HRS_OK;
  HRS_TRY(all_good(engine, some ? append_rows(engine) : HRS_OK, good));
  if (*good && engine->group_rank == 0) hrs_pieces_drop(engine);
  return HRS_OK;
}

static hrs_status checkpoint(hrs_engine *engine) {
  enum { ROWS, PIECES, WHAT };
  hrs_restart *restart = engine->restart;
  hrs_count rows = unsaved(engine);
  hrs_count any[WHAT] = {rows, hrs_pieces_wait(engine)};
  bool good;
  HRS_TRY(hrs_comm_reduce(engine->world, MPI_MAX, MPI_INT64_T, any, WHAT));
  if (any[ROWS] == 0 && any[PIECES] == 0) return HRS_OK;
  HRS_TRY(all_good(engine, hrs_restart_make(engine), &good));
  if (!good) return HRS_OK;
  restart->kept = true;
  if (any[PIECES]) HRS_TRY(all_good(engine, hrs_pieces_keep(engine), &good));
  if (any[ROWS]) HRS_TRY(keep_rows(engine, rows > 0, &good));
  restart->checkpoints += good;
  return HRS_OK;
}

hrs_status hrs_engine_checkpoint(hrs_engine *engine) {
  hrs_restart *restart = engine->restart;
  if (!restart || restart->every <= 0 || engine->again) return HRS_OK;
  hrs_task task = hrs_times_begin(engine->times, HRS_TASK_CHECKPOINT);
  hrs_status status = checkpoint(engine);
  hrs_times_return(engine->times, task);
  restart->last = hrs_time();
  return status;
}

hrs_status hrs_engine_checkpoint_if_due(hrs_engine *engine) {
  const hrs_restart *restart = engine->restart;
  if (!restart || restart->every <= 0 || engine->again) return HRS_OK;
  bool due = hrs_time() - restart->last >= restart->every;
  HRS_TRY(hrs_broadcast(engine->world, 0, &due, sizeof due));
  return due ? hrs_engine_checkpoint(engine) : HRS_OK;
}
