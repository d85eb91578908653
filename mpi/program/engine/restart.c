/* Going on from what runs before have done: restart.h has the model. */
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

/* ---- what checkpoints need ------------------------------------------------------------------- */

/* Before anything is in it; from then on FILE.h5.part stays. */
hrs_status hrs_restart_make(hrs_engine *engine) {
  hrs_restart *restart = engine->restart;
  if (restart->kept || hrs_comm_rank(engine->world) != 0) return HRS_OK;
  if (!restart->identity)
    HRS_TRY(hrs_identity_create(restart->invocation, restart->problem, restart->plan,
                                &restart->identity));
  HRS_TRY(hrs_checkpoint_make(restart->folder, restart->identity));
  hrs_dataset_keep(restart->set);
  restart->kept = true;
  return HRS_OK;
}

/* One warning, whoever has the trouble, and however often. */
void hrs_restart_warn(hrs_restart *restart, const char *reason) {
  if (!restart->warned)
    hrs_warn("a checkpoint could not be written (%s); the run goes on, and what it has kept before "
             "holds",
             reason);
  restart->warned = true;
}
