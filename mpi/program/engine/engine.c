/* The rounds of groups over samples: engine.h has the model. */
#include "engine.h"

#include "checkpoint.h"
#include "mpi/lattice/comm.h"
#include "mpi/program/log.h"
#include "pieces.h"
#include "restart.h"
#include "src/base/smaller.h"

static void announce(const hrs_engine *engine) {
  const hrs_problem *problem = engine->problem;
  const hrs_plan *plan = engine->plan;
  hrs_log("%s: %d player%s, %lld sample%s, %d target%s; %d rank%s in %d group%s",
          problem->description, problem->n, hrs_plural(problem->n), (long long)problem->samples,
          hrs_plural(problem->samples), problem->targets, hrs_plural(problem->targets), plan->world,
          hrs_plural(plan->world), plan->groups, hrs_plural(plan->groups));
  if (plan->idle)
    hrs_log("%d rank%s idle: %d block%s and %lld sample%s keep %d busy", plan->idle,
            plan->idle == 1 ? " is" : "s are", 1 << plan->part.block_bits,
            hrs_plural(1 << plan->part.block_bits), (long long)problem->samples,
            hrs_plural(problem->samples), plan->world - plan->idle);
}

/* Of a rank in a group. Collective over the group. */
static hrs_status allocate(hrs_engine *engine) {
  const hrs_problem *problem = engine->problem;
  const hrs_resources *resources = engine->resources;
  const hrs_partition *part = &engine->plan->part;
  hrs_status status = hrs_calloc(problem->targets, sizeof *engine->values, &engine->values);
  HRS_TRY(hrs_agree(engine->group, status));
  for (int t = 0; t < problem->targets; t++)
    HRS_TRY(hrs_lattice_create(engine->group, part, resources->precision, resources->chunk,
                               resources->sharing, &engine->values[t]));
  int bits = problem->n - part->block_bits, slice_bits = hrs_game_slice_bits(problem->game);
  if (slice_bits > bits) slice_bits = bits;
  status =
      hrs_alloc((hrs_count)problem->targets << slice_bits, sizeof *engine->slice, &engine->slice);
  if (status == HRS_OK)
    status = hrs_alloc(problem->targets, sizeof *engine->ranges, &engine->ranges);
  if (status == HRS_OK) status = hrs_pieces_create(engine, &engine->pieces);
  HRS_TRY(hrs_agree(engine->group, status));
  if (!problem->model || engine->plan->ranks == 1) return HRS_OK;
  HRS_TRY(hrs_mpi_team_create(engine->group, resources->sharing == HRS_SHARE_AUTO, &engine->team));
  hrs_game_join(problem->game, hrs_mpi_team_of(engine->team));
  return HRS_OK;
}

hrs_status hrs_engine_create(MPI_Comm world, const hrs_problem *problem,
                             const hrs_resources *resources, const hrs_plan *plan,
                             bool allow_nonfinite, hrs_times *times, hrs_engine *engine) {
  int rank = hrs_comm_rank(world);
  *engine = (hrs_engine){.world = world,
                         .group = MPI_COMM_NULL,
                         .group_index = rank / plan->ranks,
                         .problem = problem,
                         .resources = resources,
                         .plan = plan,
                         .allow_nonfinite = allow_nonfinite,
                         .times = times};
  bool member = engine->group_index < plan->groups;
  HRS_TRY(hrs_comm_split_guarded(world, member ? engine->group_index : MPI_UNDEFINED, rank,
                                 &engine->group));
  if (member) engine->group_rank = hrs_comm_rank(engine->group);
  announce(engine);
  hrs_progress_start(&engine->progress, plan->masks, plan->world - plan->idle, rank == 0);
  return hrs_agree(world, member ? allocate(engine) : HRS_OK);
}

void hrs_engine_destroy(hrs_engine *engine) {
  hrs_progress_end(&engine->progress);
  hrs_pieces_destroy(&engine->pieces);
  for (int t = 0; engine->values && t < engine->problem->targets; t++)
    hrs_lattice_destroy(&engine->values[t]);
  hrs_free(engine->values);
  hrs_free(engine->slice);
  hrs_free(engine->ranges);
  if (engine->team) hrs_game_join(engine->problem->game, NULL);
  hrs_mpi_team_destroy(&engine->team);
  hrs_comm_free(&engine->group);
}

/* What is said of tasks that progress looks at by what they count. */
static const char *const doing[HRS_TASKS] = {
    [HRS_TASK_TRANSFORM] = "transforming",
    [HRS_TASK_REDUCE] = "reducing",
    [HRS_TASK_WRITE] = "writing",
    [HRS_TASK_VERIFY] = "verifying",
    [HRS_TASK_CHECKSUMS] = "adding up bits",
    [HRS_TASK_CHECKPOINT] = "keeping what is done",
    [HRS_TASK_CLOSE] = "completing the file",
};

void hrs_engine_begin(hrs_engine *engine, hrs_task task) {
  hrs_times_begin(engine->times, task);
  hrs_progress_task(&engine->progress, doing[task]);
}

void hrs_engine_expect(hrs_engine *engine, int times) {
  hrs_progress_expect(&engine->progress, hrs_count_multiply(engine->plan->lattice_bytes, times));
}

hrs_status hrs_engine_agree(hrs_engine *engine, hrs_status status) {
  status = hrs_agree_or_stop(engine->world, status);
  if (status != HRS_STATUS_STOPPED) return status;
  const hrs_problem *problem = engine->problem;
  double evaluated = (double)engine->evaluated;
  HRS_TRY(hrs_comm_reduce(engine->world, MPI_SUM, MPI_DOUBLE, &evaluated, 1));
  /* Where little time is left, what was kept before is not put at risk. */
  if (!hrs_stop_hurries(hrs_stop_reason())) HRS_TRY(hrs_engine_checkpoint(engine));
  HRS_FAIL(STOPPED, "stopped by %s with %lld of %lld sample%s %s, %.3g masks evaluated in all; %s",
           hrs_stop_text(hrs_stop_reason()), (long long)engine->finished,
           (long long)problem->samples, hrs_plural(problem->samples),
           engine->again ? "done, some of them again" : "done", evaluated,
           hrs_engine_is_kept(engine) ? "--resume goes on" : "nothing was written");
}

/* Rows of a sample that were done before. */
static int rows_done(const hrs_engine *engine, hrs_count sample) {
  int targets = engine->problem->targets, done = 0;
  for (int t = 0; t < targets; t++)
    done += hrs_engine_has_row(engine, sample * targets + t);
  return done;
}

/* All samples that something is left to do of. */
static hrs_status list_samples(const hrs_engine *engine, hrs_count **samples, hrs_count *count) {
  *count = 0;
  HRS_TRY(hrs_comm_alloc(engine->world, engine->problem->samples, sizeof **samples, samples));
  for (hrs_count i = 0; i < engine->problem->samples; i++)
    if (rows_done(engine, i) < engine->problem->targets) (*samples)[(*count)++] = i;
  return HRS_OK;
}

/* Samples are dealt by their place in the list, a group each in every round: so a list of those
 * that are left to do keeps all groups busy. */
static hrs_status run_list(hrs_engine *engine, const hrs_row_work *work, const hrs_count *samples,
                           hrs_count count) {
  const hrs_plan *plan = engine->plan;
  hrs_progress *progress = &engine->progress;
  hrs_count rounds = (count + plan->groups - 1) / plan->groups;
  double beside = 0; /* seconds of what is not evaluating */
  engine->finished = 0;
  progress->samples = count;
  for (hrs_count first = 0, round = 0; first < count; first += plan->groups, round++) {
    hrs_count at = first + engine->group_index;
    bool active = engine->group != MPI_COMM_NULL && at < count;
    hrs_count sample = active ? samples[at] : 0;
    progress->sample = at + 1;
    progress->beside = round ? beside / (double)round * (double)(rounds - round) : 0;
    hrs_engine_begin(engine, HRS_TASK_EVALUATE);
    bool again = engine->again || (active && rows_done(engine, sample) > 0);
    hrs_status status = active ? hrs_engine_evaluate(engine, sample, again) : HRS_OK;
    HRS_TRY(hrs_engine_agree(engine, status));
    hrs_pieces_close(engine);
    double start = hrs_time();
    HRS_TRY(work->sample(work->self, engine, sample, active ? engine->values : NULL));
    engine->finished = hrs_smaller(first + plan->groups, count);
    beside += hrs_time() - start;
  }
  progress->samples = 0;
  return HRS_OK;
}

hrs_status hrs_engine_run(hrs_engine *engine, const hrs_row_work *work, const hrs_count *samples,
                          hrs_count count, bool again) {
  engine->again = again;
  engine->work = work;
  if (samples) {
    const hrs_plan *plan = engine->plan;
    hrs_count rounds = (count + plan->groups - 1) / plan->groups;
    hrs_progress_more(&engine->progress,
                      hrs_count_multiply(rounds * plan->needs.evaluations, plan->elements));
    return run_list(engine, work, samples, count);
  }
  hrs_count *all;
  HRS_TRY(list_samples(engine, &all, &count));
  hrs_progress_left(&engine->progress, count, engine->problem->samples);
  hrs_status status = run_list(engine, work, all, count);
  hrs_free(all);
  return status;
}

hrs_status hrs_engine_end(hrs_engine *engine) {
  hrs_progress_clear(&engine->progress);
  return hrs_engine_say_notes(engine);
}
