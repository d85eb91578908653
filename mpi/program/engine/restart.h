/*
 * restart.h -- what lets a run that ended early be gone on with: when something is kept, and what
 * of finished rows.
 *
 * Model. Rows depend on model and sample alone, never on ranks, and their arrays stand in
 * FILE.h5.part anyhow. So all that is kept of them beside it is that they are done, and what the
 * work still needs at the end. At a checkpoint all ranks see their arrays to disk first; then each
 * group's first rank appends to a log of its own. A run that is resumed leaves rows out that are in
 * a log, and its groups' first ranks take over what was kept of them, batch by batch.
 */
#ifndef HRS_MPI_PROGRAM_ENGINE_RESTART_H
#define HRS_MPI_PROGRAM_ENGINE_RESTART_H

#include "invocation.h"
#include "mpi/dataset/dataset.h"
#include "mpi/dataset/row_log.h"
#include "plan.h"
#include "state.h"

typedef struct hrs_restart {
  const hrs_invocation *invocation;
  const hrs_problem *problem;
  const hrs_plan *plan;
  hrs_dataset *set;
  char folder[HRS_CHECKPOINT_PATH];
  char *identity;     /* of rank 0, once it is needed */
  double every, last; /* seconds between checkpoints, 0: there are none; when the last one was */
  bool
      kept; /* there is a checkpoint, so FILE.h5.part stays; rank 0 knows, others by the next one */
  bool warned;           /* that one could not be written */
  bool begun;            /* the log */
  hrs_row_batches found; /* of runs before, and which rows were done; the same on all ranks */
  hrs_row_log log;       /* of a group's first rank */
  hrs_count saved;       /* rows of the work on this rank that are in a log */
  hrs_count checkpoints; /* of this run */
  hrs_count read;        /* masks of this rank whose values were kept by a run before */
} hrs_restart;

/**
 * After hrs_dataset_take: where a run is resumed, see that it is this one, and find what it has
 * done. All but `out` must outlive it. Collective. Destroy it whatever the outcome. Errors: INPUT,
 * another run; IO.
 */
hrs_status hrs_restart_create(MPI_Comm comm, const hrs_invocation *invocation,
                              const hrs_run_options *options, const hrs_problem *problem,
                              const hrs_plan *plan, hrs_dataset *set, hrs_restart *out);
void hrs_restart_destroy(hrs_restart *restart);
/** Once the data set has its name, nothing of a checkpoint is needed. By rank 0. */
void hrs_restart_remove(const hrs_restart *restart);
/** Rows that runs before have done. Not collective. */
hrs_count hrs_restart_rows(const hrs_restart *restart);
/** How often the run was resumed by now. Not collective. */
int hrs_restart_times(const hrs_restart *restart);

/** Give the work what was kept of rows before. Collective over the world. Errors: IO, INPUT. */
hrs_status hrs_engine_load(hrs_engine *engine, const hrs_row_work *work);
/** Make the checkpoint's folder, unless that is done: by rank 0; nothing on others. Not collective.
 *  Errors: IO. */
hrs_status hrs_restart_make(hrs_engine *engine);
/** Warn, once, that something could not be kept. */
void hrs_restart_warn(hrs_restart *restart, const char *reason);
/** Is a row done, so that it is left out? Not in a second pass. Not collective. */
bool hrs_engine_has_row(const hrs_engine *engine, hrs_count k);
/** Is there a checkpoint? Not collective. */
bool hrs_engine_is_kept(const hrs_engine *engine);
#endif
