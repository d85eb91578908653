/* Checkpoints of finished rows, and going on from them: restart.h has the model. */
#include "restart.h"

#include "engine.h"
#include "identity.h"
#include "mpi/lattice/comm.h"
#include "mpi/program/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what runs before have done ------------------------------------------------------------- */

/* By rank 0. */
static hrs_status look(hrs_restart *restart) {
  const char *folder = restart->folder;
  HRS_TRY(hrs_identity_create(restart->invocation, restart->problem, restart->plan,
                              &restart->identity));
  HRS_TRY(hrs_checkpoint_compare(folder, restart->identity));
  return hrs_row_batches_find(folder, restart->problem->samples * restart->problem->targets,
                              &restart->found);
}

/* What rank 0 has found, on all ranks. Collective. */
static hrs_status share(MPI_Comm comm, hrs_restart *restart) {
  hrs_row_batches *found = &restart->found;
  hrs_count rows = restart->problem->samples * restart->problem->targets, *count = &found->count;
  HRS_TRY(hrs_broadcast(comm, 0, &found->next_part, sizeof found->next_part));
  HRS_TRY(hrs_broadcast(comm, 0, count, sizeof *count));
  hrs_status status = HRS_OK;
  if (hrs_comm_rank(comm) != 0) {
    status = hrs_calloc(rows, sizeof *found->done, &found->done);
    if (status == HRS_OK) status = hrs_calloc(*count + 1, sizeof *found->batch, &found->batch);
  }
  HRS_TRY(hrs_agree(comm, status));
  HRS_TRY(hrs_broadcast(comm, 0, found->done, rows * (hrs_count)sizeof *found->done));
  return hrs_broadcast(comm, 0, found->batch, *count * (hrs_count)sizeof *found->batch);
}

hrs_status hrs_restart_create(MPI_Comm comm, const hrs_invocation *invocation,
                              const hrs_run_options *options, const hrs_problem *problem,
                              const hrs_plan *plan, hrs_dataset *set, hrs_restart *out) {
  *out = (hrs_restart){.invocation = invocation,
                       .problem = problem,
                       .plan = plan,
                       .set = set,
                       .every = options->checkpoint_every,
                       .last = hrs_time(),
                       .kept = set->begins == HRS_CLAIM_RESUMED};
  snprintf(out->folder, sizeof out->folder, "%s", set->folder);
  if (!out->kept) {
    if (options->resume) hrs_log("--resume: there is nothing to go on with; the run begins");
    return HRS_OK;
  }
  HRS_TRY(hrs_agree(comm, hrs_comm_rank(comm) == 0 ? look(out) : HRS_OK));
  HRS_TRY(share(comm, out));
  hrs_count rows = problem->samples * problem->targets;
  hrs_log("--resume: %lld of %lld row%s %s done before", (long long)hrs_restart_rows(out),
          (long long)rows, hrs_plural(rows), hrs_restart_rows(out) == 1 ? "was" : "were");
  return HRS_OK;
}

void hrs_restart_destroy(hrs_restart *restart) {
  hrs_row_batches_destroy(&restart->found);
  hrs_free(restart->identity);
  *restart = (hrs_restart){0};
}

void hrs_restart_remove(const hrs_restart *restart) {
  if (hrs_checkpoint_remove(restart->folder) != HRS_OK) hrs_warn("%s", hrs_error_message());
}

hrs_count hrs_restart_rows(const hrs_restart *restart) {
  hrs_count rows = 0;
  for (hrs_count i = 0; i < restart->found.count; i++)
    rows += restart->found.batch[i].rows;
  return rows;
}

int hrs_restart_times(const hrs_restart *restart) {
  return restart->found.next_part;
}

bool hrs_engine_has_row(const hrs_engine *engine, hrs_count k) {
  const hrs_restart *restart = engine->restart;
  return restart && !engine->again && restart->found.done && restart->found.done[k];
}

bool hrs_engine_is_kept(const hrs_engine *engine) {
  return engine->restart && engine->restart->kept;
}

static hrs_status load_batch(hrs_engine *engine, const hrs_row_work *work,
                             const hrs_row_batch *batch) {
  hrs_note notes[HRS_NOTES];
  hrs_count *k;
  char *data;
  HRS_TRY(hrs_row_batch_read(engine->restart->folder, batch, &k, &data));
  hrs_status status = HRS_OK;
  if (batch->bytes < (hrs_count)sizeof notes) {
    status = hrs_error_set(HRS_STATUS_INPUT, __FILE__, __LINE__, "%s: a batch of rows is too short",
                           engine->restart->folder);
  } else {
    memcpy(notes, data, sizeof notes);
    hrs_engine_add_notes(engine, notes);
    status = work->load(work->self, batch->rows, k, data + sizeof notes,
                        batch->bytes - (hrs_count)sizeof notes);
  }
  hrs_free(k);
  hrs_free(data);
  return status;
}

hrs_status hrs_engine_load(hrs_engine *engine, const hrs_row_work *work) {
  hrs_restart *restart = engine->restart;
  const hrs_row_batches *found = &restart->found;
  hrs_status status = HRS_OK;
  bool first = engine->group != MPI_COMM_NULL && engine->group_rank == 0;
  for (hrs_count i = engine->group_index; first && i < found->count && status == HRS_OK;
       i += engine->plan->groups) {
    status = load_batch(engine, work, &found->batch[i]);
    restart->saved += found->batch[i].rows;
  }
  return hrs_agree(engine->world, status);
}

/* ---- checkpoints ---------------------------------------------------------------------------- */

/* The folder, before anything is in it; from then on FILE.h5.part stays. By rank 0. */
static hrs_status make_folder(hrs_restart *restart) {
  if (!restart->identity)
    HRS_TRY(hrs_identity_create(restart->invocation, restart->problem, restart->plan,
                                &restart->identity));
  return hrs_checkpoint_make(restart->folder, restart->identity);
}

/* One warning, whoever has the trouble, and however often. */
static void warn(hrs_restart *restart, const char *reason) {
  if (!restart->warned)
    hrs_warn("a checkpoint could not be written (%s); the run goes on, and what it has kept before "
             "holds",
             reason);
  restart->warned = true;
}

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
  warn(engine->restart, reason);
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

static hrs_status checkpoint(hrs_engine *engine) {
  hrs_restart *restart = engine->restart;
  int rank = hrs_comm_rank(engine->world);
  bool good;
  hrs_count rows = unsaved(engine), any = rows;
  HRS_TRY(hrs_comm_reduce(engine->world, MPI_MAX, MPI_INT64_T, &any, 1));
  if (any == 0) return HRS_OK;
  /* Rows are in a log only when their arrays are on disk, of all ranks. */
  HRS_TRY(all_good(engine, hrs_dataset_sync(restart->set), &good));
  if (!good) return HRS_OK;
  if (!restart->kept) {
    HRS_TRY(all_good(engine, rank == 0 ? make_folder(restart) : HRS_OK, &good));
    if (!good) return HRS_OK;
    hrs_dataset_keep(restart->set);
    restart->kept = true;
  }
  HRS_TRY(all_good(engine, rows ? append_rows(engine) : HRS_OK, &good));
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
