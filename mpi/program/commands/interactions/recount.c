/*
 * --threshold global, after the last row: the threshold is the largest |I| of all rows, which most
 * rows were reduced without knowing. Their lists reach further down, so they are pruned and sums
 * taken from them. A list that was cut at its limit before it reached so far is no basis for exact
 * counts: its sample is evaluated a second time, and so are all samples of a split, whose
 * reconstruction is one from what passes the threshold.
 *
 * The cost is that of the samples done again: none where lists are long enough. They are dealt over
 * all groups anew, and whoever does a row keeps it.
 */
#include "recount.h"

#include "mpi/dataset/write.h"
#include "mpi/lattice/comm.h"
#include "mpi/program/kinds/interactions/salient.h"
#include "row.h"

/* Which samples of this group have to be done again. */
static void mark(const hrs_work *work, double threshold, bool *again) {
  const hrs_done *done = &work->done;
  for (hrs_count i = 0; i < done->count; i++)
    if (work->settings->fit || hrs_salient_lacks(&done->list[i], threshold))
      again[done->k[i] / work->problem->targets] = true;
}

/* Lists that reach far enough: what passes the threshold, and its sums. */
static hrs_status prune(hrs_work *work, double threshold) {
  hrs_done *done = &work->done;
  for (hrs_count i = 0; i < done->count; i++) {
    hrs_salient none = {0};
    if (work->settings->keep != HRS_KEEP_TOP)
      HRS_TRY(hrs_salient_merge(&done->list[i], &none, threshold, work->settings->salient_limit));
    hrs_salient_sums(work->problem->n, &done->list[i], threshold, &done->row[i]);
    done->list[i].truncated = false;
  }
  return HRS_OK;
}

static hrs_status do_again(hrs_work *work, const bool *again, hrs_count *samples) {
  hrs_count count = 0;
  for (hrs_count i = 0; i < work->problem->samples; i++)
    if (again[i]) samples[count++] = i;
  hrs_row_work second = hrs_work_of(work);
  return hrs_engine_run(work->engine, &second, samples, count, true);
}

hrs_status hrs_work_recount(hrs_work *work) {
  MPI_Comm world = work->engine->world;
  if (work->threshold.mode != HRS_THRESHOLD_GLOBAL) return HRS_OK;
  HRS_TRY(hrs_comm_reduce(world, MPI_MAX, MPI_DOUBLE, &work->running_max, 1));
  double threshold = work->threshold.coefficient * work->running_max;
  work->threshold = (hrs_threshold){HRS_THRESHOLD_FIXED, threshold};
  threshold = hrs_threshold_positive(threshold);
  bool *again = NULL;
  hrs_count *samples = NULL;
  hrs_status status = hrs_calloc(work->problem->samples, sizeof *again, &again);
  if (status == HRS_OK) status = hrs_alloc(work->problem->samples, sizeof *samples, &samples);
  HRS_GO(hrs_agree(world, status));
  mark(work, threshold, again);
  HRS_GO(hrs_comm_reduce(world, MPI_LOR, MPI_C_BOOL, again, work->problem->samples));
  hrs_done_forget(&work->done, work->problem->targets, again);
  HRS_GO(hrs_agree(world, prune(work, threshold)));
  HRS_GO(do_again(work, again, samples));
  for (hrs_count i = 0; i < work->done.count && status == HRS_OK; i++)
    status = hrs_dataset_write_record(work->set, HRS_INTERACTIONS_ROW, work->done.k[i],
                                      &work->done.row[i]);
  status = hrs_agree(world, status);
done:
  hrs_free(again);
  hrs_free(samples);
  return status;
}
