/*
 * Options -> a network game: files read by rank 0 and sent to all, samples chosen, players and
 * baseline laid over the masked tensor, targets chosen.
 *
 * The parts are made by samples.c, players.c and scores.c.
 *
 * Every rank runs the same code on the same bytes, so where a check fails it fails everywhere, and
 * the collective reads inside never meet a rank that has left.
 */
#include "network.h"
#include "builder.h"

#include <stdio.h>
#include <string.h>

static hrs_status build(hrs_problem_builder *b) {
  const hrs_problem_options *o = b->o;
  hrs_network_game spec = {.mask_at = o->mask_at,
                           .output_node = o->output_node,
                           .output = (hrs_output)o->output,
                           .scores = (hrs_scores)o->scores,
                           .evaluator = (hrs_evaluator)o->evaluator,
                           .table_bytes = o->table_memory};
  hrs_reader reader = hrs_comm_reader(&b->comm);
  HRS_TRY_CONTEXT(hrs_model_load(b->path, &reader, &b->problem->model), "--model");
  HRS_TRY(hrs_problem_load_inputs(b));
  HRS_TRY(hrs_problem_load_labels(b));
  if (o->mask_at)
    HRS_TRY_CONTEXT(hrs_network_tensor_at(b->problem->model, b->inputs,
                                          (const char *const *)b->names, b->samples, o->mask_at,
                                          &b->masked),
                    "--mask-at %s", o->mask_at);
  HRS_TRY(hrs_problem_make_players(b));
  HRS_TRY(hrs_problem_make_baseline(b));
  spec.model = b->problem->model;
  spec.n_inputs = b->inputs;
  spec.inputs = (const char *const *)b->names;
  spec.samples = b->samples;
  HRS_TRY(hrs_problem_make_targets(b, &spec));
  HRS_TRY(hrs_problem_load_class_names(b));
  spec.n_targets = b->n_targets;
  spec.targets = b->targets;
  /* The data set wants players and baseline too: the game gets copies. */
  spec.players = (hrs_players){.n = b->problem->n, .per_sample = b->problem->players.per_sample};
  HRS_TRY(hrs_array_copy(&b->problem->players.map, &spec.players.map));
  hrs_status status = hrs_array_copy(&b->problem->baseline, &spec.baseline);
  if (status != HRS_OK) {
    hrs_array_destroy(&spec.players.map);
    return hrs_error_trace(status, __FILE__, __LINE__);
  }
  HRS_TRY(hrs_game_network(&spec, &b->problem->game));
  b->problem->classes = hrs_game_network_classes(b->problem->game);
  b->problem->output = hrs_game_network_output(b->problem->game);
  b->problem->scores = hrs_game_network_scores(b->problem->game);
  HRS_TRY(hrs_strdup(o->mask_at ? o->mask_at : b->names[0], &b->problem->masked));
  HRS_TRY(hrs_problem_describe(b->problem, "%s, %lld multiply-adds per mask", b->path,
                               (long long)hrs_game_network_multiply_adds(b->problem->game)));
  hrs_network_cost cost = hrs_game_network_cost(b->problem->game);
  b->problem->game_bytes = hrs_game_network_bytes(b->problem->game);
  b->problem->shared_bytes = cost.bytes - cost.block_bytes;
  return HRS_OK;
}

static hrs_status build_one(MPI_Comm comm, const hrs_problem_options *options, const char *path,
                            bool plan, hrs_problem *problem) {
  hrs_problem_builder b = {
      .comm = comm, .o = options, .path = path, .plan = plan, .problem = problem};
  hrs_status status = build(&b);
  for (int i = 0; i < HRS_OPTION_REPEATS; i++) {
    hrs_free(b.names[i]);
    hrs_array_destroy(&b.samples[i]);
  }
  hrs_free(b.targets);
  hrs_array_destroy(&b.masked);
  return status;
}

/* Another network of a joint fit: its game and its model, all else as the first one's. */
static hrs_status build_other(MPI_Comm comm, const hrs_problem_options *options, int i, bool plan,
                              hrs_problem *problem, hrs_game **game) {
  const char *path = options->model.text[i];
  hrs_problem other = {0};
  hrs_status status = build_one(comm, options, path, plan, &other);
  if (status == HRS_OK && other.classes != problem->classes)
    status = hrs_error_set(HRS_STATUS_INPUT, __FILE__, __LINE__,
                           "--model %s has %d classes, %s has %d: networks that share "
                           "interactions answer the same question",
                           path, other.classes, options->model.text[0], problem->classes);
  if (status == HRS_OK) status = hrs_problem_describe(problem, "%s", other.description);
  if (status == HRS_OK) {
    /* Each network has its own kind of scores then. */
    if (other.scores != problem->scores) problem->scores = HRS_SCORES_AUTO;
    *game = other.game;
    other.game = NULL;
    problem->more[i - 1] = other.model;
    other.model = NULL;
    problem->game_bytes += other.game_bytes;
    problem->shared_bytes += other.shared_bytes;
  }
  hrs_problem_destroy(&other);
  return status;
}

hrs_status hrs_problem_network(MPI_Comm comm, const hrs_problem_options *options, bool plan,
                               hrs_problem *problem) {
  int count = options->model.count;
  hrs_game *games[HRS_JOINT_GAMES] = {NULL};
  HRS_REQUIRE(count == 1 || options->labels ||
                  (options->target && strcmp(options->target, "predicted") != 0),
              USAGE,
              "networks that share interactions may predict different classes: say which with "
              "--labels or --target INDEX");
  HRS_TRY(build_one(comm, options, options->model.text[0], plan, problem));
  if (count == 1) return HRS_OK;
  games[0] = problem->game;
  problem->game = NULL;
  hrs_status status = HRS_OK;
  for (int i = 1; i < count && status == HRS_OK; i++)
    status = build_other(comm, options, i, plan, problem, &games[i]);
  if (status == HRS_OK) return hrs_game_joint(count, games, &problem->game);
  for (int i = 0; i < count; i++)
    hrs_game_destroy(&games[i]);
  return status;
}
