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

static hrs_status set_evaluator(const char *text, hrs_evaluator *out) {
  bool brute = strcmp(text, "brute") == 0;
  HRS_REQUIRE(brute || strcmp(text, "lattice") == 0, USAGE,
              "--evaluator: '%s' is none of lattice, brute", text);
  *out = brute ? HRS_EVALUATOR_BRUTE : HRS_EVALUATOR_LATTICE;
  return HRS_OK;
}

static hrs_status build(hrs_job_builder *b) {
  const hrs_interactions_options *o = b->o;
  hrs_network_game spec = {.mask_at = o->mask_at, .output_node = o->output_node};
  HRS_TRY(hrs_job_set_output(o->output, &spec.output));
  HRS_TRY(hrs_job_set_scores(o->scores, &spec.scores));
  HRS_TRY(set_evaluator(o->evaluator, &spec.evaluator));
  spec.table_bytes = o->table_memory;
  HRS_REQUIRE(strcmp(o->layout, "auto") == 0 || hrs_job_layout(o->layout) != HRS_LAYOUT_AUTO, USAGE,
              "--layout: '%s' is none of auto, channels-first, channels-last, no-channels",
              o->layout);
  hrs_reader reader = hrs_comm_reader(&b->comm);
  HRS_TRY_CONTEXT(hrs_model_load(b->path, &reader, &b->job->model), "--model");
  HRS_TRY(hrs_job_load_inputs(b));
  HRS_TRY(hrs_job_load_labels(b));
  if (o->mask_at)
    HRS_TRY_CONTEXT(hrs_network_tensor_at(b->job->model, b->inputs, (const char *const *)b->names,
                                          b->samples, o->mask_at, &b->masked),
                    "--mask-at %s", o->mask_at);
  HRS_TRY(hrs_job_make_players(b));
  HRS_TRY(hrs_job_make_baseline(b));
  spec.model = b->job->model;
  spec.n_inputs = b->inputs;
  spec.inputs = (const char *const *)b->names;
  spec.samples = b->samples;
  HRS_TRY(hrs_job_make_targets(b, &spec));
  HRS_TRY(hrs_job_load_class_names(b));
  spec.n_targets = b->n_targets;
  spec.targets = b->targets;
  /* The data set wants players and baseline too: the game gets copies. */
  spec.players = (hrs_players){.n = b->job->n, .per_sample = b->job->players.per_sample};
  HRS_TRY(hrs_array_copy(&b->job->players.map, &spec.players.map));
  hrs_status status = hrs_array_copy(&b->job->baseline, &spec.baseline);
  if (status != HRS_OK) {
    hrs_array_destroy(&spec.players.map);
    return hrs_error_trace(status, __FILE__, __LINE__);
  }
  HRS_TRY(hrs_game_network(&spec, &b->job->game));
  b->job->classes = hrs_game_network_classes(b->job->game);
  b->job->output = hrs_game_network_output(b->job->game);
  b->job->scores = hrs_game_network_scores(b->job->game);
  HRS_TRY(hrs_strdup(o->mask_at ? o->mask_at : b->names[0], &b->job->masked));
  HRS_TRY(hrs_job_describe(b->job, "%s, %lld multiply-adds per mask", b->path,
                           (long long)hrs_game_network_multiply_adds(b->job->game)));
  hrs_network_cost cost = hrs_game_network_cost(b->job->game);
  b->job->game_bytes = hrs_game_network_bytes(b->job->game);
  b->job->shared_bytes = cost.bytes - cost.block_bytes;
  return HRS_OK;
}

static hrs_status build_one(MPI_Comm comm, const hrs_interactions_options *options,
                            const char *path, hrs_job *job) {
  hrs_job_builder b = {.comm = comm, .o = options, .path = path, .job = job};
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
static hrs_status build_other(MPI_Comm comm, const hrs_interactions_options *options, int i,
                              hrs_job *job, hrs_game **game) {
  const char *path = options->model.text[i];
  hrs_job other = {0};
  hrs_status status = build_one(comm, options, path, &other);
  if (status == HRS_OK && other.classes != job->classes)
    status = hrs_error_set(HRS_STATUS_INPUT, __FILE__, __LINE__,
                           "--model %s has %d classes, %s has %d: networks that share "
                           "interactions answer the same question",
                           path, other.classes, options->model.text[0], job->classes);
  if (status == HRS_OK) status = hrs_job_describe(job, "%s", other.description);
  if (status == HRS_OK) {
    /* Each network has its own kind of scores then. */
    if (other.scores != job->scores) job->scores = HRS_SCORES_AUTO;
    *game = other.game;
    other.game = NULL;
    job->more[i - 1] = other.model;
    other.model = NULL;
    job->game_bytes += other.game_bytes;
    job->shared_bytes += other.shared_bytes;
  }
  hrs_job_destroy(&other);
  return status;
}

hrs_status hrs_job_network(MPI_Comm comm, const hrs_interactions_options *options, hrs_job *job) {
  int count = options->model.count;
  hrs_game *games[HRS_JOINT_GAMES] = {NULL};
  HRS_REQUIRE(count == 1 || options->labels ||
                  (options->target && strcmp(options->target, "predicted") != 0),
              USAGE,
              "networks that share interactions may predict different classes: say which with "
              "--labels or --target INDEX");
  HRS_TRY(build_one(comm, options, options->model.text[0], job));
  if (count == 1) return HRS_OK;
  games[0] = job->game;
  job->game = NULL;
  hrs_status status = HRS_OK;
  for (int i = 1; i < count && status == HRS_OK; i++)
    status = build_other(comm, options, i, job, &games[i]);
  if (status == HRS_OK) return hrs_game_joint(count, games, &job->game);
  for (int i = 0; i < count; i++)
    hrs_game_destroy(&games[i]);
  return status;
}
