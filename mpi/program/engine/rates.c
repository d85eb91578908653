/*
 * A short measurement of what a plan has to know of the machine.
 *
 * Evaluating: slice after slice of the rows, for half a second, into memory that has not been
 * touched, as in a run. Rows: the work rehearses one on a small lattice (work.h), with the ranks of
 * a group where there are as many as planned; else on one rank, without exchanges. Disk: a file
 * without a name, in the folder of the data set, piece after piece, each synced.
 */
#define _GNU_SOURCE
#include "rates.h"

#include "mpi/lattice/comm.h"
#include "mpi/program/log.h"
#include "src/base/smaller.h"
#include "state.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const double TO_EVALUATE = 0.5, TO_WRITE = 0.3; /* seconds */

/* What a run does with a slice of a target: look at the values, and keep them. */
static hrs_count keep(double *to, const double *values, hrs_count count, hrs_range *range) {
  hrs_count bad = 0;
  hrs_range_add(range, count, values, false);
  for (hrs_count i = 0; i < count; i++)
    bad += !isfinite(values[i]);
  memcpy(to, values, (size_t)count * sizeof *values);
  return bad;
}

/* Masks of this rank's rows into `memory`, of `room` values, until it is full or the time is over.
 */
static hrs_status time_masks(const hrs_problem *problem, const hrs_plan *plan, double *slice,
                             double *memory, hrs_count room, double *seconds) {
  int row_bits = problem->n - plan->part.block_bits;
  int bits = (int)hrs_smaller(row_bits, hrs_game_slice_bits(problem->game));
  hrs_count count = (hrs_count)1 << bits, slices = (hrs_count)1 << (row_bits - bits);
  hrs_count size = count * problem->targets, kept = 0, turns = 0, bad = 0;
  hrs_range range = {0};
  double start = 0, now = 0;
  while (turns < 2 || (now - start < TO_EVALUATE && kept + size <= room)) {
    hrs_count at = turns % (slices << plan->part.block_bits);
    hrs_subcube row = hrs_partition_row_cube(&plan->part, HRS_PHASE_A, at / slices);
    HRS_TRY(hrs_game_evaluate(problem->game, hrs_subcube_part(row, bits, at % slices), slice));
    for (int t = 0; t < problem->targets; t++)
      bad += keep(memory + kept + t * count, slice + t * count, count, &range);
    now = hrs_time();
    if (turns++ == 0) start = now; /* buffers are warm now */
    kept = turns == 1 ? 0 : kept + size;
  }
  if (bad) hrs_log("some of the values are NaN or infinite");
  *seconds = (now - start) / (double)((turns - 1) * count);
  return HRS_OK;
}

static hrs_status time_game(const hrs_problem *problem, const hrs_plan *plan, hrs_rates *rates) {
  double *slice, *memory = NULL, start = hrs_time();
  HRS_TRY(hrs_game_prepare(problem->game));
  rates->tables = hrs_time() - start;
  /* As much as a rank's lattices, up to 64 MiB, and two slices at least. */
  hrs_count count = (hrs_count)1 << hrs_game_slice_bits(problem->game);
  hrs_count room = hrs_smaller((hrs_count)1 << 23, plan->elements) * problem->targets;
  room = hrs_smaller(room, (hrs_count)1 << 23) + 2 * count * problem->targets;
  HRS_TRY(hrs_alloc(problem->targets * count, sizeof *slice, &slice));
  hrs_status status = hrs_alloc(room, sizeof *memory, &memory);
  if (status == HRS_OK) status = time_masks(problem, plan, slice, memory, room, &rates->mask);
  hrs_free(slice);
  hrs_free(memory);
  return status;
}

/* One group of as many ranks as planned, the first one's figures; the others of the world do the
 * same beside it. */
static hrs_status time_row(MPI_Comm comm, const hrs_plan *plan, const hrs_row_work *work,
                           hrs_row_times *times) {
  MPI_Comm group = MPI_COMM_SELF;
  int rank = hrs_comm_rank(comm);
  bool whole = !plan->machine.stated && hrs_comm_size(comm) > 1;
  bool member = !whole || rank / plan->ranks < plan->groups;
  if (whole)
    HRS_TRY(
        hrs_comm_split_guarded(comm, member ? rank / plan->ranks : MPI_UNDEFINED, rank, &group));
  hrs_status status = member ? work->rehearse(work->self, plan, group, times) : HRS_OK;
  hrs_comm_free(&group);
  return status;
}

static double time_disk(const char *out) {
  char folder[4096];
  const char *slash = out ? strrchr(out, '/') : NULL;
  snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - out) + 1 : 1, slash ? out : ".");
  enum { PIECE = 4 << 20 };
  char *piece;
  if (hrs_calloc(PIECE, 1, &piece) != HRS_OK) return 0;
  int file = open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
  double start = hrs_time(), now = start, bytes = 0;
  bool good = file >= 0;
  while (good && now - start < TO_WRITE) {
    good = write(file, piece, PIECE) == PIECE && fdatasync(file) == 0;
    bytes += PIECE;
    now = hrs_time();
  }
  if (file >= 0) close(file);
  hrs_free(piece);
  return good ? bytes / (now - start) : 0;
}

hrs_status hrs_rates_measure(MPI_Comm comm, const hrs_problem *problem, const hrs_plan *plan,
                             const hrs_row_work *work, const char *out, hrs_rates *rates) {
  *rates = (hrs_rates){0};
  /* Tables that do not fit are not made to measure how long they take. */
  rates->evaluates = plan->fits || hrs_machine_may_hold(&plan->machine, problem->game_bytes);
  hrs_status status = rates->evaluates ? time_game(problem, plan, rates) : HRS_OK;
  HRS_TRY(hrs_agree(comm, status));
  HRS_TRY(hrs_agree(comm, time_row(comm, plan, work, &rates->row)));
  double most[] = {rates->tables, rates->mask};
  HRS_TRY(hrs_comm_reduce(comm, MPI_MAX, MPI_DOUBLE, most, 2));
  rates->tables = most[0];
  rates->mask = most[1];
  if (hrs_comm_rank(comm) == 0) rates->disk = time_disk(out);
  return HRS_OK;
}
