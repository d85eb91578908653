/*
 * The run: rounds of groups over samples, then what needs all rows, then the end of the data set.
 *
 * In each round every group evaluates one sample for all targets, then all groups walk through the
 * targets in step, because writing is collective over the world. A group without a sample in the
 * last round, and ranks that are in no group, take part in the agreements and write nothing.
 */
#include "run.h"

#include "mpi/dataset/write.h"
#include "mpi/lattice/comm.h"
#include "mpi/program/kinds/interactions/salient.h"
#include "mpi/program/log.h"
#include "node.h"
#include "run_fit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Values that are no numbers, met while evaluating a sample. */
typedef struct nonfinite {
  hrs_count count;
  hrs_mask first;
} nonfinite;

/* Store a slice's values in a row, from element `at` on. */
static void store(hrs_lattice *lattice, hrs_count row, hrs_count at, hrs_subcube cube,
                  const double *values, nonfinite *bad) {
  hrs_count count = hrs_subcube_size(cube);
  void *data = hrs_lattice_row(lattice, row);
  bool narrow = hrs_lattice_type(lattice) == HRS_F32;
  for (hrs_count i = 0; i < count; i++) {
    double stored = narrow ? (double)(float)values[i] : values[i];
    if (!isfinite(stored)) {
      hrs_mask mask = hrs_subcube_mask(cube, i);
      if (bad->count++ == 0 || mask < bad->first) bad->first = mask;
    }
  }
  if (narrow)
    for (hrs_count i = 0; i < count; i++)
      ((float *)data)[at + i] = (float)values[i];
  else
    memcpy((double *)data + at, values, (size_t)count * sizeof *values);
}

/* Will it take a second or so before the first masks are evaluated? */
static bool starts_slowly(const hrs_run *run) {
  const double second = 5e9; /* multiply-adds */
  hrs_network_cost cost = hrs_game_network_cost(run->job->game);
  double tables = cost.tables * ldexp(1, run->job->n) / run->plan->ranks;
  double masks = ldexp(1, hrs_game_slice_bits(run->job->game));
  return tables + (cost.blocks + cost.tail) * masks > second;
}

static hrs_status evaluate_rows(hrs_run *run, nonfinite *bad) {
  hrs_lattice *any = run->lattices[0];
  bool narrow = hrs_lattice_type(any) == HRS_F32;
  int slice_bits = hrs_game_slice_bits(run->job->game);
  hrs_count row_size = hrs_lattice_row_size(any);
  if (row_size < (hrs_count)1 << slice_bits)
    for (slice_bits = 0; (hrs_count)1 << slice_bits < row_size;)
      slice_bits++;
  hrs_count slice = (hrs_count)1 << slice_bits, first = hrs_lattice_first_row(any);
  for (hrs_count row = first; row < first + hrs_lattice_row_count(any); row++) {
    hrs_subcube cube = hrs_lattice_row_cube(any, row);
    for (hrs_count at = 0; at < row_size; at += slice) {
      HRS_REQUIRE(!hrs_stop_wanted(), STOPPED,
                  "stopped by a signal after %lld of %lld mask%s of a rank; nothing was written",
                  (long long)run->progress.done, (long long)run->progress.total,
                  hrs_plural(run->progress.total));
      hrs_subcube part = hrs_subcube_part(cube, slice_bits, at >> slice_bits);
      double start = hrs_time();
      HRS_TRY(hrs_game_evaluate(run->job->game, part, run->slice));
      for (int t = 0; t < run->job->targets; t++) {
        hrs_run_range_add(&run->ranges[t], slice, run->slice + t * slice, narrow);
        store(run->lattices[t], row, at, part, run->slice + t * slice, bad);
      }
      hrs_progress_add(&run->progress, slice, hrs_time() - start);
    }
  }
  return HRS_OK;
}

hrs_status hrs_run_evaluate(hrs_run *run, hrs_count sample, bool again) {
  nonfinite bad = {0, ~(hrs_mask)0};
  for (int t = 0; t < run->job->targets; t++) {
    hrs_lattice_reset(run->lattices[t]);
    run->ranges[t] = (hrs_run_range){-INFINITY, INFINITY, 0};
  }
  if (starts_slowly(run)) hrs_progress_announce(&run->progress);
  hrs_status status = hrs_game_select(run->job->game, hrs_job_in_game(run->job, sample));
  if (run->team) {
    HRS_TRY(hrs_agree(run->group, status));
    status = hrs_agree(run->group, hrs_game_prepare(run->job->game));
  }
  if (status == HRS_OK) status = evaluate_rows(run, &bad);
  HRS_TRY(hrs_agree(run->group, status));
  HRS_TRY(hrs_comm_reduce(run->group, MPI_SUM, MPI_INT64_T, &bad.count, 1));
  HRS_TRY(hrs_comm_reduce(run->group, MPI_MIN, MPI_UINT64_T, &bad.first, 1));
  HRS_TRY(hrs_run_range_agree(run, sample, again));
  if (bad.count == 0) return HRS_OK;
  hrs_count index = run->job->index[sample];
  bool single = run->job->precision == HRS_F32;
  HRS_REQUIRE(run->options->allow_nonfinite, NONFINITE,
              "sample %lld: %lld value%s NaN or infinite%s, first at mask %llu (bit i = player i); "
              "give %s--allow-nonfinite to go on all the same",
              (long long)index, (long long)bad.count, bad.count == 1 ? " is" : "s are",
              single ? ", or beyond the range of single precision" : "",
              (unsigned long long)bad.first, single ? "--precision double, or " : "");
  if (!again)
    hrs_run_note_add(run, HRS_NOTE_NONFINITE, sample, (double)bad.count, (double)bad.count,
                     (double)bad.first, 0);
  return HRS_OK;
}

/* Samples of a list, NULL for all, in rounds. Collective over the world. */
static hrs_status do_rounds(hrs_run *run, const bool *wanted, bool again) {
  for (hrs_count round = 0; round < run->plan->rounds; round++) {
    hrs_count sample = round * run->plan->groups + run->group_index;
    bool active =
        run->group != MPI_COMM_NULL && sample < run->job->samples && (!wanted || wanted[sample]);
    int any = active;
    HRS_TRY(hrs_comm_reduce(run->world, MPI_MAX, MPI_INT, &any, 1));
    if (!any) continue;
    double start = hrs_time();
    hrs_status status = active ? hrs_run_evaluate(run, sample, again) : HRS_OK;
    HRS_TRY(hrs_agree(run->world, status));
    hrs_run_clock(run, HRS_RUN_evaluate, &start);
    for (int t = 0; t < run->job->targets; t++) {
      if (run->job->fit && t % run->job->networks == 0) {
        start = hrs_time();
        status = active ? hrs_run_split(run, sample, run->lattices + t, again) : HRS_OK;
        HRS_TRY(hrs_agree(run->world, status));
        hrs_run_clock(run, HRS_RUN_fit, &start);
      }
      HRS_TRY(hrs_run_row(run, sample, t, active ? run->lattices[t] : NULL, again));
    }
  }
  return HRS_OK;
}

/* Mean |v(N) - v(empty)| over all rows, from two masks each, dealt over the ranks. */
static hrs_status measure_delta(hrs_run *run) {
  bool spread = run->job->fit && isfinite(run->job->fitting.spread);
  if (run->threshold.mode != HRS_THRESHOLD_DELTA && !spread) return HRS_OK;
  const hrs_job *job = run->job;
  int rank = hrs_comm_rank(run->world), size = hrs_comm_size(run->world);
  hrs_count rows = job->samples * job->targets;
  double *deltas, *values = NULL;
  HRS_TRY(hrs_calloc(rows, sizeof *deltas, &deltas));
  hrs_status status = hrs_alloc(2 * job->targets, sizeof *values, &values);
  hrs_mask masks[2] = {0, hrs_mask_full(job->n)};
  for (hrs_count s = rank; s < job->samples && status == HRS_OK; s += size) {
    status = hrs_game_select(job->game, hrs_job_in_game(job, s));
    if (status == HRS_OK) status = hrs_game_evaluate_masks(job->game, 2, masks, values);
    for (int t = 0; t < job->targets && status == HRS_OK; t++)
      deltas[s * job->targets + t] = fabs(values[2 * t + 1] - values[2 * t]);
  }
  hrs_free(values);
  HRS_GO(hrs_agree(run->world, status));
  HRS_GO(hrs_comm_reduce(run->world, MPI_SUM, MPI_DOUBLE, deltas, rows));
  for (hrs_count i = 0; i < rows; i++)
    run->delta += deltas[i] / (double)rows;
done:
  hrs_free(deltas);
  return status;
}

/* The end of --threshold global: prune at the largest of all rows; rows whose list was cut short of
 * it are evaluated a second time, so that counts and sums stay exact. */
static hrs_status finish_global(hrs_run *run) {
  if (run->threshold.mode != HRS_THRESHOLD_GLOBAL) return HRS_OK;
  HRS_TRY(hrs_comm_reduce(run->world, MPI_MAX, MPI_DOUBLE, &run->running_max, 1));
  double threshold = run->threshold.coefficient * run->running_max;
  run->threshold = (hrs_threshold){HRS_THRESHOLD_FIXED, threshold};
  if (!(threshold > 0)) threshold = 5e-324;
  bool *again;
  HRS_TRY(hrs_calloc(run->job->samples, sizeof *again, &again));
  hrs_status status = HRS_OK;
  for (hrs_count i = 0; i < run->listed; i++) {
    hrs_salient *list = &run->lists[i], none = {0};
    /* The reconstruction of a split is one from what passes the threshold. */
    if (run->job->fit || hrs_salient_lacks(list, threshold)) {
      again[run->rows[i] / run->job->targets] = true;
      continue;
    }
    if (status == HRS_OK && run->job->keep != HRS_KEEP_TOP)
      status = hrs_salient_merge(list, &none, threshold, run->options->salient_limit);
    hrs_run_orders_from_list(run->job->n, list, threshold, &run->kept[i]);
    list->truncated = false;
  }
  HRS_GO(hrs_agree(run->world, status));
  HRS_GO(hrs_comm_reduce(run->world, MPI_LOR, MPI_C_BOOL, again, run->job->samples));
  HRS_GO(do_rounds(run, again, true));
  for (hrs_count i = 0; i < run->listed && status == HRS_OK; i++)
    status = hrs_dataset_write_record(run->set, HRS_INTERACTIONS_ROW, run->rows[i], &run->kept[i]);
  status = hrs_agree(run->world, status);
done:
  hrs_free(again);
  return status;
}

static hrs_status allocate(hrs_run *run) {
  const hrs_job *job = run->job;
  bool member = run->group != MPI_COMM_NULL;
  hrs_status status = hrs_calloc(job->targets, sizeof *run->lattices, &run->lattices);
  HRS_TRY(hrs_agree(run->world, status));
  if (!member) return hrs_agree(run->world, HRS_OK);
  for (int t = 0; t < job->targets && status == HRS_OK; t++)
    status = hrs_lattice_create(run->group, &run->plan->part, job->precision, run->options->chunk,
                                run->job->sharing, &run->lattices[t]);
  if (run->plan->keeps_values && status == HRS_OK)
    status = hrs_lattice_create(run->group, &run->plan->part, job->precision, run->options->chunk,
                                run->job->sharing, &run->and_lattice);
  hrs_count rows = run->plan->rounds * job->targets;
  int bits = job->n - run->plan->part.block_bits, slice_bits = hrs_game_slice_bits(job->game);
  if (slice_bits > bits) slice_bits = bits;
  if (status == HRS_OK)
    status = hrs_alloc((hrs_count)job->targets << slice_bits, sizeof *run->slice, &run->slice);
  if (status == HRS_OK) status = hrs_alloc(job->targets, sizeof *run->ranges, &run->ranges);
  status = hrs_agree(run->group, status);
  if (status == HRS_OK && job->model && run->plan->ranks > 1) {
    status = hrs_mpi_team_create(run->group, job->sharing == HRS_SHARE_AUTO, &run->team);
    if (status == HRS_OK) hrs_game_join(job->game, hrs_mpi_team_of(run->team));
  }
  if (status == HRS_OK) status = hrs_run_fit_create(run);
  if (run->group_rank == 0) {
    if (status == HRS_OK) status = hrs_alloc(rows, sizeof *run->rows, &run->rows);
    if (status == HRS_OK) status = hrs_calloc(rows, sizeof *run->lists, &run->lists);
    if (status == HRS_OK && run->threshold.mode == HRS_THRESHOLD_GLOBAL)
      status = hrs_calloc(rows, sizeof *run->kept, &run->kept);
  }
  return hrs_agree(run->world, status);
}

static void destroy(hrs_run *run) {
  for (int t = 0; run->lattices && t < run->job->targets; t++)
    hrs_lattice_destroy(&run->lattices[t]);
  hrs_lattice_destroy(&run->and_lattice);
  for (hrs_count i = 0; i < run->listed; i++)
    hrs_salient_destroy(&run->lists[i]);
  hrs_fit_destroy(&run->fit);
  for (int i = 0; i < HRS_SHARE_NETWORKS; i++)
    hrs_salient_destroy(&run->strongest[i]);
  hrs_free(run->lattices);
  hrs_free(run->slice);
  hrs_free(run->ranges);
  hrs_free(run->rows);
  hrs_free(run->lists);
  hrs_free(run->kept);
  hrs_game_join(run->job->game, NULL);
  hrs_mpi_team_destroy(&run->team);
  hrs_comm_free(&run->group);
}

static const char *const phase_names[] = {
#define NAME(name) #name,
    HRS_PHASE_TABLE(NAME)
#undef NAME
};

/* --timing: what the data set's /run says of times, as JSON. */
static hrs_status write_timing(const hrs_run *run, double total) {
  if (!run->job->timing) return HRS_OK;
  hrs_writer *out;
  HRS_TRY(hrs_writer_begin(&run->job->timing, &out));
  FILE *file = hrs_writer_stream(out);
  fprintf(file, "{\"ranks\": %d, \"groups\": %d, \"masks\": %lld, \"total\": %.6f",
          run->plan->world, run->plan->groups, (long long)run->job->samples << run->job->n, total);
  for (int i = 0; i < HRS_RUN_PHASES; i++)
    fprintf(file, ", \"%s\": %.6f", phase_names[i], run->seconds[i]);
  fprintf(file, "}\n");
  return hrs_writer_finish(&out);
}

/* Write /run and close. Times are the largest of all ranks. */
static hrs_status finish(hrs_run *run, const char *command_line, const char *echo, double start) {
  int rank = hrs_comm_rank(run->world);
  double total = hrs_time() - start, peak = (double)hrs_memory_peak();
  double resident = (double)hrs_node_resident_peak();
  HRS_TRY(hrs_comm_reduce(run->world, MPI_MAX, MPI_DOUBLE, run->seconds, HRS_RUN_PHASES));
  HRS_TRY(hrs_comm_reduce(run->world, MPI_MAX, MPI_DOUBLE, &total, 1));
  HRS_TRY(hrs_comm_reduce(run->world, MPI_MAX, MPI_DOUBLE, &peak, 1));
  HRS_TRY(hrs_comm_reduce(run->world, MPI_MAX, MPI_DOUBLE, &resident, 1));
  char *hosts = NULL, mpi[MPI_MAX_LIBRARY_VERSION_STRING], when[64], names[HRS_RUN_PHASES][32];
  int length;
  HRS_TRY(hrs_node_names(run->world, &hosts));
  MPI_Get_library_version(mpi, &length);
  mpi[strcspn(mpi, "\n,")] = '\0';
  time_t now = time(NULL);
  strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
  double seconds = run->seconds[HRS_RUN_evaluate];
  double masks = (double)run->job->samples * ldexp(run->plan->evaluations, run->job->n);
  hrs_run_attribute attributes[24 + HRS_RUN_PHASES] = {
      {"command_line", command_line, 0},
      {"options", echo, 0},
      {"game", run->job->description, 0},
      {"program_version", hrs_version(), 0},
      {"git", hrs_git(), 0},
      {"mpi_version", mpi, 0},
      {"blas_core", hrs_blas_core(), 0},
      {"simd", hrs_simd_name(), 0},
      {"finished", when, 0},
      {"hosts", hosts ? hosts : "", 0},
      {"ranks", NULL, run->plan->world},
      {"groups", NULL, run->plan->groups},
      {"ranks_per_sample", NULL, run->plan->ranks},
      {"blocks", NULL, ldexp(1, run->plan->part.block_bits)},
      {"seconds_total", NULL, total},
      {"masks_per_second", NULL, seconds > 0 ? masks / seconds : 0},
      {"planned_bytes_per_rank", NULL, (double)run->plan->rank_bytes},
      {"peak_bytes_per_rank", NULL, peak},
      {"peak_resident_bytes_per_rank", NULL, resident}};
  int count = 0;
  while (attributes[count].name)
    count++;
  for (int i = 0; i < HRS_RUN_PHASES; i++) {
    snprintf(names[i], sizeof names[i], "seconds_%s", phase_names[i]);
    attributes[count++] = (hrs_run_attribute){names[i], NULL, run->seconds[i]};
  }
  hrs_status status = hrs_dataset_finish(&run->set, count, attributes);
  hrs_free(hosts);
  HRS_TRY(status);
  if (rank == 0) status = write_timing(run, total);
  hrs_log("%lld masks evaluated in %.2f s (%.3g/s) on %d rank%s; %.2f s in all; %s written",
          (long long)masks, seconds, seconds > 0 ? masks / seconds : 0, run->plan->world,
          run->plan->world == 1 ? "" : "s", total, run->options->out);
  return hrs_agree(run->world, status);
}

static hrs_status check_verified(hrs_run *run) {
  if (!run->options->verify) return HRS_OK;
  HRS_TRY(hrs_comm_reduce(run->world, MPI_MAX, MPI_DOUBLE, &run->verified, 1));
  HRS_REQUIRE(run->verified <= 1, VERIFY,
              "--verify: the largest error of a dividend is %.3g times its tolerance",
              run->verified);
  hrs_log("all dividends verified against their known values: largest error %.2g of the tolerance",
          run->verified);
  return HRS_OK;
}

hrs_status hrs_job_run(MPI_Comm comm, hrs_job *job, const hrs_plan *plan,
                       const hrs_interactions_options *options, const char *command_line,
                       const char *echo) {
  double start = hrs_time();
  int rank = hrs_comm_rank(comm);
  hrs_run run = {.world = comm,
                 .job = job,
                 .plan = plan,
                 .options = options,
                 .threshold = job->threshold,
                 .group = MPI_COMM_NULL};
  run.group_index = rank / plan->ranks;
  bool member = run.group_index < plan->groups;
  HRS_TRY(hrs_comm_split_guarded(comm, member ? run.group_index : MPI_UNDEFINED, rank, &run.group));
  if (member) run.group_rank = hrs_comm_rank(run.group);
  hrs_log("%s: %d player%s, %lld sample%s, %d target%s; %d rank%s in %d group%s", job->description,
          job->n, hrs_plural(job->n), (long long)job->samples, hrs_plural(job->samples),
          job->targets, hrs_plural(job->targets), plan->world, hrs_plural(plan->world),
          plan->groups, hrs_plural(plan->groups));
  if (plan->idle)
    hrs_log("%d rank%s idle: %d block%s and %lld sample%s keep %d busy", plan->idle,
            plan->idle == 1 ? " is" : "s are", 1 << plan->part.block_bits,
            hrs_plural(1 << plan->part.block_bits), (long long)job->samples,
            hrs_plural(job->samples), plan->world - plan->idle);
  if (plan->evaluations > 1)
    hrs_log("there is no memory for v beside AND: v is evaluated %d times, to the same numbers",
            plan->evaluations);
  hrs_progress_start(&run.progress, plan->masks, plan->world - plan->idle, rank == 0);
  hrs_contents *contents = NULL;
  hrs_status status = HRS_OK;
  HRS_GO(hrs_agree(comm, hrs_job_contents(job, options, &contents)));
  HRS_GO(hrs_dataset_create(comm, options->out, options->force, &contents, &run.set));
  if (hrs_dataset_replaced(run.set)) hrs_warn("%s is replaced", hrs_dataset_replaced(run.set));
  HRS_GO(allocate(&run));
  HRS_GO(measure_delta(&run));
  HRS_GO(do_rounds(&run, NULL, false));
  HRS_GO(finish_global(&run));
  hrs_progress_end(&run.progress);
  HRS_GO(hrs_run_notes_say(&run));
  HRS_GO(check_verified(&run));
  HRS_GO(hrs_salient_write(run.set, run.listed, run.rows, run.lists));
  HRS_GO(finish(&run, command_line, echo, start));
done:
  hrs_contents_destroy(&contents);
  status = hrs_agree(comm, status); /* whoever failed alone says so before it closes the file */
  if (status != HRS_OK) {
    hrs_progress_end(&run.progress);
    hrs_dataset_abort(&run.set);
  }
  destroy(&run);
  return status;
}
