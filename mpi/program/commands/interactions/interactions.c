/* harsanyi interactions: the main job. */
#include "mpi/lattice/comm.h"
#include "mpi/program/commands/commands.h"
#include "mpi/program/engine/files.h"
#include "mpi/program/engine/invocation.h"
#include "mpi/program/engine/predict.h"
#include "mpi/program/engine/record.h"
#include "mpi/program/engine/restart.h"
#include "mpi/program/kinds/interactions/salient.h"
#include "mpi/program/log.h"
#include "recount.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct options {
  hrs_problem_options problem;
  hrs_interactions_options interactions;
  hrs_split_options split;
  hrs_resource_options resources;
  hrs_run_options run;
} options;

static const hrs_option_group groups[] = {{hrs_group_game, offsetof(options, problem)},
                                          {hrs_group_samples, offsetof(options, problem)},
                                          {hrs_group_table, offsetof(options, problem)},
                                          {hrs_group_players, offsetof(options, problem)},
                                          {hrs_group_output, offsetof(options, problem)},
                                          {hrs_group_compute, offsetof(options, interactions)},
                                          {hrs_group_split, offsetof(options, split)},
                                          {hrs_group_share, offsetof(options, split)},
                                          {hrs_group_keep, offsetof(options, interactions)},
                                          {hrs_group_out, offsetof(options, run)},
                                          {hrs_group_restart, offsetof(options, run)},
                                          {hrs_group_checkpoint, offsetof(options, run)},
                                          {hrs_group_resources, offsetof(options, resources)},
                                          {hrs_group_plan, offsetof(options, run)},
                                          {hrs_group_evaluator, offsetof(options, problem)},
                                          {hrs_group_nonfinite, offsetof(options, run)},
                                          {hrs_group_verify, offsetof(options, interactions)},
                                          {hrs_group_timing, offsetof(options, run)},
                                          {hrs_group_talk, offsetof(options, run)},
                                          {0}};

static const hrs_command_line line = {
    .usage = "[mpirun -n P] harsanyi interactions --model NET.onnx --samples FILE --out FILE.h5",
    .description =
        "Evaluates a game on all 2^n sets of its players and writes its AND/OR interactions "
        "(Harsanyi dividends), order strengths and Shapley values to one HDF5 file, read with "
        "`harsanyi show` or h5py. Results do not depend on the number of ranks.",
    .groups = groups,
};

/* What the data set will hold; the work has to outlive it. */
static hrs_status contents_of(const hrs_work *work, hrs_contents **out) {
  const hrs_problem *problem = work->problem;
  const hrs_settings *settings = work->settings;
  hrs_interactions_spec spec = {.n = problem->n,
                                .samples = problem->samples,
                                .rows = problem->samples * problem->targets,
                                .precision = work->resources->precision,
                                .values = settings->values,
                                .effect = settings->threshold.mode == HRS_THRESHOLD_DELTA,
                                .types = {settings->types[0], settings->types[1]},
                                .networks = problem->games,
                                .game = problem->record,
                                .game_attributes = problem->records,
                                .fit = settings->fit,
                                .keep_all = settings->keep == HRS_KEEP_ALL,
                                .indices = {settings->indices[0], settings->indices[1]},
                                .player_names = problem->players.names,
                                .row_player_names = problem->row_names,
                                .map = problem->players.map.data ? &problem->players.map : NULL,
                                .baseline = problem->baseline.data ? &problem->baseline : NULL,
                                .class_names = problem->class_names,
                                .classes = problem->class_names ? problem->classes : 0};
  memcpy(spec.orders, settings->orders, sizeof spec.orders);
  return hrs_interactions_contents(&spec, out);
}

static hrs_status check_verified(hrs_work *work) {
  if (!work->settings->verify) return HRS_OK;
  HRS_TRY(hrs_comm_reduce(work->engine->world, MPI_MAX, MPI_DOUBLE, &work->verified, 1));
  HRS_REQUIRE(work->verified <= 1, VERIFY,
              "--verify: the largest error of a dividend is %.3g times its tolerance",
              work->verified);
  hrs_log("all dividends verified against their known values: largest error %.2g of the tolerance",
          work->verified);
  return HRS_OK;
}

/* What a run is given, from its options. */
typedef struct job {
  const options *o;
  const hrs_invocation *invocation;
  hrs_problem problem;
  hrs_resources resources;
  hrs_settings settings;
  hrs_plan plan;
  hrs_times times;
  hrs_place *timing; /* of --timing, on rank 0 */
} job;

/* /run, and the end of the data set; times are the largest of all ranks. Collective. */
static hrs_status finish(job *j, hrs_engine *engine, hrs_dataset **set) {
  const hrs_plan *plan = &j->plan;
  const hrs_run_options *o = &j->o->run;
  hrs_record record;
  double read = (double)engine->restart->read;
  hrs_engine_begin(engine, HRS_TASK_CLOSE);
  HRS_TRY(hrs_comm_reduce(engine->world, MPI_SUM, MPI_DOUBLE, &read, 1));
  HRS_TRY(hrs_record_create(engine->world, j->invocation, j->problem.description, j->times.start,
                            &record));
  hrs_record_number(&record, "resumed", hrs_restart_times(engine->restart));
  hrs_record_number(&record, "masks_resumed", read);
  hrs_record_number(&record, "checkpoints", (double)engine->restart->checkpoints);
  hrs_status status = hrs_engine_record(engine, &record);
  if (status == HRS_OK) status = hrs_record_finish(&record, set);
  bool written = status == HRS_OK;
  if (written && hrs_comm_rank(engine->world) == 0) hrs_restart_remove(engine->restart);
  hrs_progress_end(&engine->progress);
  if (written && (o->timing || o->verbose))
    status = hrs_engine_tell_times(engine, &record, &j->timing);
  if (written)
    hrs_log("%lld masks evaluated in %.2f s (%.3g/s) on %d rank%s; %.2f s in all; %s written",
            (long long)engine->tally.masks,
            engine->tally.timing.task[HRS_TASK_EVALUATE].seconds_max,
            hrs_record_get(&record, "masks_per_second"), plan->world, hrs_plural(plan->world),
            hrs_record_get(&record, "seconds_total"), o->out);
  hrs_record_destroy(&record);
  return hrs_agree(engine->world, status);
}

/* From the first row, or the first that is left, to the last. Collective. */
static hrs_status do_rows(hrs_work *work, hrs_engine *engine, hrs_dataset *set) {
  hrs_row_work row_work = hrs_work_of(work);
  HRS_TRY(hrs_work_start(work, engine, set));
  HRS_TRY(hrs_engine_load(engine, &row_work));
  /* First ranks alone have loaded; thresholds steer what all ranks of a group do together. */
  HRS_TRY(hrs_comm_reduce(engine->world, MPI_MAX, MPI_DOUBLE, &work->running_max, 1));
  HRS_TRY(hrs_engine_run(engine, &row_work, NULL, 0, false));
  HRS_TRY(hrs_work_recount(work));
  HRS_TRY(hrs_engine_end(engine));
  HRS_TRY(check_verified(work));
  hrs_engine_begin(engine, HRS_TASK_WRITE);
  return hrs_salient_write(set, work->done.count, work->done.k, work->done.list);
}

/* With the data set's place, which is there unless there is nothing to do. Collective. */
static hrs_status run_in_place(MPI_Comm comm, job *j, hrs_work *work, hrs_dataset **set) {
  hrs_engine engine = {.group = MPI_COMM_NULL};
  hrs_restart restart;
  hrs_status status;
  HRS_GO(
      hrs_restart_create(comm, j->invocation, &j->o->run, &j->problem, &j->plan, *set, &restart));
  if (hrs_dataset_replaced(*set)) hrs_warn("%s is replaced", hrs_dataset_replaced(*set));
  HRS_GO(hrs_dataset_begin(set));
  HRS_GO(hrs_engine_create(comm, &j->problem, &j->resources, &j->plan, j->o->run.allow_nonfinite,
                           &j->times, &engine));
  engine.restart = &restart;
  HRS_GO(do_rows(work, &engine, *set));
  HRS_GO(finish(j, &engine, set));
done:
  status = hrs_agree(comm, status); /* whoever failed alone says so before it closes the file */
  if (status != HRS_OK) {
    hrs_progress_end(&engine.progress);
    if (restart.kept && engine.restart)
      hrs_log("what was done by the last checkpoint is kept in %s; --resume goes on with it",
              restart.folder);
    hrs_dataset_abort(set);
  }
  hrs_work_destroy(work);
  hrs_engine_destroy(&engine);
  hrs_restart_destroy(&restart);
  return status;
}

static hrs_status run(MPI_Comm comm, job *j, hrs_work *work) {
  const hrs_run_options *o = &j->o->run;
  hrs_dataset *set = NULL;
  hrs_contents *contents = NULL;
  hrs_status status = hrs_agree(comm, contents_of(work, &contents));
  if (status == HRS_OK)
    status = hrs_dataset_take(comm, o->out, o->force, o->resume, &contents, &set);
  if (status == HRS_OK && set)
    status = run_in_place(comm, j, work, &set);
  else if (status == HRS_OK)
    hrs_log("--resume: %s is complete; there is nothing left to do", o->out);
  hrs_contents_destroy(&contents);
  return status;
}

/* Measure on all ranks, and print. Collective. */
static hrs_status print_plan(MPI_Comm comm, hrs_work *work, const job *j) {
  hrs_rates rates;
  hrs_row_work row_work = hrs_work_of(work);
  hrs_contents *contents = NULL;
  HRS_TRY(hrs_rates_measure(comm, work->problem, &j->plan, &row_work, j->o->run.out, &rates));
  hrs_status status = hrs_agree(comm, contents_of(work, &contents));
  if (status == HRS_OK && hrs_comm_rank(comm) == 0)
    hrs_plan_print(work->problem, &j->plan, work->resources->precision, &rates,
                   hrs_contents_bytes(contents));
  hrs_contents_destroy(&contents);
  return status;
}

/* Plan, and do what is planned. */
static hrs_status plan_and_run(MPI_Comm comm, job *j) {
  hrs_work work = {.settings = &j->settings,
                   .problem = &j->problem,
                   .resources = &j->resources,
                   .checksums = j->o->run.timing != NULL};
  hrs_row_work row_work = hrs_work_of(&work);
  hrs_machine machine;
  HRS_TRY(hrs_machine_find(comm, &j->o->run, j->resources.sharing == HRS_SHARE_AUTO, &machine));
  hrs_status status = hrs_plan_create(&j->problem, &j->resources, &row_work, &machine, &j->plan);
  HRS_TRY(hrs_agree(comm, status));
  if (j->o->run.plan) HRS_TRY(print_plan(comm, &work, j));
  if (status == HRS_OK) status = hrs_plan_check(&j->problem, &j->plan);
  HRS_TRY(hrs_agree(comm, status));
  return j->o->run.plan ? HRS_OK : run(comm, j, &work);
}

static hrs_status solve_job(MPI_Comm comm, job *j) {
  const options *o = j->o;
  hrs_times_start(&j->times);
  HRS_TRY(hrs_settings_make(&o->interactions, &o->split, &o->problem, &j->settings));
  HRS_TRY(hrs_resources_make(&o->resources, &j->resources));
  HRS_TRY(hrs_problem_create(comm, &o->problem, j->resources.sharing, o->run.plan, &j->problem));
  hrs_status status = hrs_settings_settle(&o->interactions, j->problem.game, &j->settings);
  status = hrs_agree(comm, status);
  if (status == HRS_OK) status = hrs_files_check(comm, &o->run, &j->timing);
  if (status == HRS_OK) status = plan_and_run(comm, j);
  hrs_place_destroy(&j->timing);
  hrs_problem_destroy(&j->problem);
  return status;
}

static hrs_status solve(MPI_Comm comm, const void *parsed, const hrs_invocation *invocation) {
  const options *o = parsed;
  HRS_REQUIRE(o->run.plan || o->run.out, USAGE,
              "--out FILE.h5 is missing: where the data set goes");
  HRS_TRY(hrs_machine_check_options(&o->run));
  return solve_job(comm, &(job){.o = o, .invocation = invocation});
}

hrs_status hrs_command_interactions(MPI_Comm comm, int argc, char **argv) {
  options o = {0};
  return hrs_command_run(comm, &line, argc, argv, &o, &o.run, solve);
}
