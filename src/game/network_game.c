/*
 * Games of a network on a masked input (or a masked inner tensor).
 *
 * A sub-cube is evaluated in batches that start at fixed places in it, so that the bits of a value
 * depend on the sub-cube alone. Masked rows are written straight into the session's feed buffer,
 * and the scores of all targets are read from one run.
 *
 * With `mask_at` there are two sessions: one gives the inner tensor at the unmasked sample, the
 * other goes from that tensor to the scores; the inputs are shared feeds of it, since a branch may
 * lead past the inner tensor.
 */
#include "front.h"
#include "masking.h"
#include "scoring.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct network_game {
  const hrs_model *model;
  int n_inputs;
  char **inputs;
  hrs_array *samples; /* bound */
  hrs_count n_samples;
  hrs_players players;
  hrs_array baseline;
  bool masks_inner;
  hrs_session *inner;   /* inputs to the inner tensor, one instance; NULL without mask_at */
  hrs_session *session; /* feed 0 is the masked tensor */
  bool tabulates;       /* --evaluator lattice */
  hrs_front *front;     /* what is tabulated, and the session that goes on from there: */
  hrs_session *tail;    /* its feeds are the cuts; NULL, both: every mask is a forward pass */
  int tail_given;       /* its first feed that does not vary, as the session's feed 1 */
  const char *fetch;    /* the model's */
  char *mask_at;
  hrs_count max_batch, table_bytes;
  bool tabulated;         /* the tables are those of the current sample */
  const hrs_team *team;   /* that the tables are made with; NULL: alone */
  const int32_t *label;   /* [elements] of the masked tensor: players of the current sample */
  hrs_tensor_info masked; /* its type and shape */
  hrs_masking masking;
  hrs_scoring scoring;
  int n_targets;
  int *targets;   /* [samples, n_targets]; NULL: predicted */
  int *target;    /* [n_targets] of the current sample */
  double *scores; /* one output vector */
  double *values; /* [n_targets] of one mask */
  double *workspace;
  hrs_count sample; /* the current one, -1 at first */
} network_game;

/* ---- evaluation ---- */

static hrs_count sample_bytes(const hrs_array *samples) {
  return hrs_array_count(samples) / samples->dim[0] * (hrs_count)hrs_dtype_size(samples->type);
}

static const void *sample_at(const network_game *game, int input, hrs_count sample) {
  const hrs_array *samples = &game->samples[input];
  if (samples->dim[0] == 1) sample = 0;
  return (const char *)samples->data + sample * sample_bytes(samples);
}

/* Scores of instance b of the last run, as doubles. */
static hrs_status read_scores(network_game *game, const hrs_session *session, hrs_count b) {
  hrs_count step;
  const char *data = hrs_session_fetch(session, 0, &step);
  hrs_dtype type = hrs_session_fetch_info(session, 0)->type;
  HRS_TRY(hrs_convert(type, data + b * step * (hrs_count)hrs_dtype_size(type), HRS_F64,
                      game->scores, game->scoring.elements));
  return HRS_OK;
}

/* Values of `batch` instances of a session's last run, from element `first` of a sub-cube on. */
static hrs_status read_values(network_game *game, const hrs_session *session, hrs_count batch,
                              hrs_count first, hrs_count size, double *values) {
  for (hrs_count b = 0; b < batch; b++) {
    HRS_TRY(read_scores(game, session, b));
    hrs_scoring_values(&game->scoring, game->scores, game->n_targets, game->target, game->workspace,
                       game->values);
    for (int t = 0; t < game->n_targets; t++)
      values[t * size + first + b] = game->values[t];
  }
  return HRS_OK;
}

/* From the tables, in parts that are a batch of the tail. */
static hrs_status evaluate_tail(network_game *game, hrs_subcube cube, hrs_count first,
                                hrs_count size, double *values) {
  int bits = 0;
  while (bits < hrs_order(cube.free) && (hrs_count)2 << bits <= hrs_session_max_batch(game->tail))
    bits++;
  hrs_count batch = (hrs_count)1 << bits, parts = hrs_subcube_size(cube) / batch;
  for (hrs_count part = 0; part < parts; part++) {
    for (int cut = 0; cut < hrs_front_cuts(game->front); cut++)
      HRS_TRY(hrs_front_expand(game->front, cut, hrs_subcube_part(cube, bits, part),
                               hrs_session_feed_buffer(game->tail, cut)));
    HRS_TRY(hrs_session_run(game->tail, batch));
    HRS_TRY(read_values(game, game->tail, batch, first + part * batch, size, values));
  }
  return HRS_OK;
}

static hrs_status network_prepare(void *self) {
  network_game *game = self;
  if (!game->front || !game->tabulates || game->tabulated) return HRS_OK;
  hrs_status status = game->session->stale ? hrs_session_refold(game->session) : HRS_OK;
  /* With a team, all ranks have to take part. */
  hrs_status filled = hrs_front_fill(game->front, game->label, game->masking.sample,
                                     game->masking.baseline, game->team);
  if (status == HRS_OK) status = filled;
  game->tabulated = status == HRS_OK;
  return status;
}

static void network_join(void *self, const hrs_team *team) {
  network_game *game = self;
  if (game->front) hrs_front_leave(game->front);
  game->tabulated = false;
  game->team = team;
}

/* Block by block where the front wants that. */
static hrs_status evaluate_blocks(network_game *game, hrs_subcube cube, double *values) {
  int bits = hrs_front_block_bits(game->front);
  hrs_count size = hrs_subcube_size(cube);
  if (bits == 0) return evaluate_tail(game, cube, 0, size, values);
  if (bits > hrs_order(cube.free)) bits = hrs_order(cube.free);
  for (hrs_count part = 0; part < size >> bits; part++) {
    hrs_subcube block = hrs_subcube_part(cube, bits, part);
    HRS_TRY(hrs_front_enter(game->front, block));
    HRS_TRY(evaluate_tail(game, block, part << bits, size, values));
  }
  return HRS_OK;
}

static hrs_status network_evaluate(void *self, hrs_subcube cube, double *values) {
  network_game *game = self;
  /* A few masks on their own, as for v(empty) and v(N), are not worth tables. */
  enum { FEW = 32 };
  hrs_count size = hrs_subcube_size(cube);
  if (!game->team && size >= FEW) HRS_TRY(network_prepare(game));
  if (game->tabulated && size >= FEW) return evaluate_blocks(game, cube, values);
  hrs_count most = hrs_session_max_batch(game->session);
  hrs_mask mask = cube.fixed;
  for (hrs_count first = 0; first < size; first += most) {
    hrs_count batch = size - first < most ? size - first : most;
    unsigned char *row = hrs_session_feed_buffer(game->session, 0);
    for (hrs_count b = 0; b < batch; b++, mask = hrs_subcube_next(cube, mask)) {
      hrs_masking_write(&game->masking, mask, row);
      row += game->masking.bytes;
    }
    HRS_TRY(hrs_session_run(game->session, batch));
    HRS_TRY(read_values(game, game->session, batch, first, size, values));
  }
  return HRS_OK;
}

/* ---- sessions ---- */

static hrs_feed feed_of(const char *name, hrs_dtype type, int rank, const hrs_count *dim,
                        bool varies, const void *data) {
  hrs_feed feed = {.name = name, .type = type, .rank = rank, .varies = varies, .data = data};
  memcpy(feed.dim, dim, (size_t)rank * sizeof *dim);
  return feed;
}

static hrs_feed feed_of_input(const char *name, const hrs_array *samples, bool varies) {
  return feed_of(name, samples->type, samples->rank - 1, samples->dim + 1, varies,
                 varies ? NULL : samples->data);
}

/* The session behind the front: its feeds are the cuts, and what else the network is given. */
static hrs_status create_tail(network_game *game) {
  int cuts = hrs_front_cuts(game->front), count = cuts;
  const char *masked = game->masks_inner ? game->mask_at : game->inputs[0];
  bool is_cut = false;
  hrs_feed *feeds;
  HRS_TRY(hrs_alloc(cuts + 1 + game->n_inputs, sizeof *feeds, &feeds));
  for (int k = 0; k < cuts; k++) {
    const hrs_tensor *cut = hrs_front_cut(game->front, k);
    feeds[k] =
        feed_of(hrs_front_cut_name(game->front, k), cut->type, cut->rank, cut->dim, true, NULL);
    is_cut |= strcmp(feeds[k].name, masked) == 0;
  }
  /* The masked tensor's shape may be asked for behind the cuts; its values are not. */
  if (!is_cut)
    feeds[count++] = feed_of(masked, game->masked.type, game->masked.rank, game->masked.dim, false,
                             game->baseline.data);
  game->tail_given = count;
  for (int i = game->masks_inner ? 0 : 1; i < game->n_inputs; i++)
    feeds[count++] = feed_of_input(game->inputs[i], &game->samples[i], false);
  hrs_status status =
      hrs_session_create(game->model, count, feeds, 1, &game->fetch, game->max_batch, &game->tail);
  hrs_free(feeds);
  return status;
}

/* Find what can be tabulated with these players, and make the session for the rest. */
static hrs_status create_front(network_game *game, const int32_t *label) {
  if (game->tail) hrs_session_destroy(&game->tail);
  hrs_front_destroy(&game->front);
  HRS_TRY(hrs_front_plan(game->session, game->players.n, label, game->table_bytes, &game->front));
  return game->front ? create_tail(game) : HRS_OK;
}

/* ---- samples ---- */

/* The inner tensor at an unmasked sample; valid until the next one. */
static hrs_status run_inner(network_game *game, hrs_count sample, const void **out) {
  for (int i = 0; i < game->n_inputs; i++)
    memcpy(hrs_session_feed_buffer(game->inner, i), sample_at(game, i, sample),
           (size_t)sample_bytes(&game->samples[i]));
  hrs_count step;
  HRS_TRY(hrs_session_run(game->inner, 1));
  *out = hrs_session_fetch(game->inner, 0, &step);
  return HRS_OK;
}

static hrs_status predict(network_game *game, int *out) {
  memcpy(hrs_session_feed_buffer(game->session, 0), game->masking.sample,
         (size_t)game->masking.bytes);
  HRS_TRY(hrs_session_run(game->session, 1));
  HRS_TRY(read_scores(game, game->session, 0));
  *out = hrs_scoring_predict(&game->scoring, game->scores);
  return HRS_OK;
}

static hrs_status choose_targets(network_game *game, hrs_count sample) {
  if (!game->targets) return predict(game, &game->target[0]);
  memcpy(game->target, game->targets + sample * game->n_targets,
         (size_t)game->n_targets * sizeof *game->target);
  return HRS_OK;
}

static const void *per_sample(const hrs_array *array, bool varies, hrs_count sample,
                              hrs_count count) {
  size_t size = hrs_dtype_size(array->type);
  return (const char *)array->data + (varies ? (size_t)(sample * count) * size : 0);
}

static hrs_status network_select(void *self, hrs_count sample) {
  network_game *game = self;
  if (sample == game->sample) return HRS_OK;
  game->sample = -1;
  size_t size = hrs_dtype_size(game->masked.type);
  hrs_count count = game->masking.bytes / (hrs_count)size;
  const void *unmasked = sample_at(game, 0, sample);
  if (game->masks_inner) HRS_TRY(run_inner(game, sample, &unmasked));
  bool varies = game->baseline.rank > game->masked.rank;
  hrs_masking_set_tensors(&game->masking, unmasked,
                          per_sample(&game->baseline, varies, sample, count));
  const int32_t *label = per_sample(&game->players.map, game->players.per_sample, sample, count);
  if (label != game->label || !game->masking.run)
    HRS_TRY(hrs_masking_set_labels(&game->masking, label, size));
  if (label != game->label && game->tabulates) HRS_TRY(create_front(game, label));
  game->label = label;
  int first = game->masks_inner ? 0 : 1;
  for (int i = first; i < game->n_inputs; i++) {
    const void *given = sample_at(game, i, sample);
    HRS_TRY(hrs_session_set_shared(game->session, 1 + i - first, given));
    if (game->tail)
      HRS_TRY(hrs_session_set_shared(game->tail, game->tail_given + i - first, given));
  }
  game->tabulated = false;
  HRS_TRY(choose_targets(game, sample));
  game->sample = sample;
  return HRS_OK;
}

static int network_target(void *self, int t) {
  return ((const network_game *)self)->target[t];
}

static void network_destroy(void *self) {
  network_game *game = self;
  if (!game) return;
  for (int i = 0; game->inputs && i < game->n_inputs; i++)
    hrs_free(game->inputs[i]);
  hrs_free(game->inputs);
  hrs_free(game->mask_at);
  for (int i = 0; game->samples && i < game->n_inputs; i++)
    hrs_array_destroy(&game->samples[i]);
  hrs_free(game->samples);
  hrs_players_destroy(&game->players);
  hrs_array_destroy(&game->baseline);
  if (game->inner) hrs_session_destroy(&game->inner);
  hrs_front_destroy(&game->front);
  if (game->tail) hrs_session_destroy(&game->tail);
  if (game->session) hrs_session_destroy(&game->session);
  hrs_masking_destroy(&game->masking);
  hrs_free(game->targets);
  hrs_free(game->target);
  hrs_free(game->scores);
  hrs_free(game->values);
  hrs_free(game->workspace);
  hrs_free(game);
}

/* ---- making ---- */

/* A session from the inputs to one inner tensor, for one instance. */
static hrs_status create_inner(const hrs_model *model, int n_inputs, const char *const *inputs,
                               const hrs_array *samples, const char *name, hrs_session **out) {
  hrs_feed *feeds;
  HRS_TRY(hrs_alloc(n_inputs, sizeof *feeds, &feeds));
  for (int i = 0; i < n_inputs; i++)
    feeds[i] = feed_of_input(inputs[i], &samples[i], true);
  hrs_status status = hrs_session_create(model, n_inputs, feeds, 1, &name, 1, out);
  hrs_free(feeds);
  return status;
}

static hrs_status create_session(network_game *game, const char *mask_at, const char *fetch,
                                 hrs_count max_batch) {
  int extra = mask_at ? 1 : 0;
  hrs_feed *feeds;
  HRS_TRY(hrs_alloc(game->n_inputs + extra, sizeof *feeds, &feeds));
  if (mask_at)
    feeds[0] = feed_of(mask_at, game->masked.type, game->masked.rank, game->masked.dim, true, NULL);
  for (int i = 0; i < game->n_inputs; i++)
    feeds[i + extra] = feed_of_input(game->inputs[i], &game->samples[i], !mask_at && i == 0);
  hrs_status status = hrs_session_create(game->model, game->n_inputs + extra, feeds, 1, &fetch,
                                         max_batch, &game->session);
  hrs_free(feeds);
  return status;
}

static hrs_status take_samples(network_game *game, hrs_network_game *spec) {
  HRS_REQUIRE(spec->n_inputs >= 1, USAGE, "no input of the network was given (--samples)");
  HRS_TRY(hrs_calloc(spec->n_inputs, sizeof *game->samples, &game->samples));
  HRS_TRY(hrs_calloc(spec->n_inputs, sizeof *game->inputs, &game->inputs));
  game->n_inputs = spec->n_inputs;
  for (int i = 0; i < spec->n_inputs; i++) {
    game->samples[i] = spec->samples[i];
    spec->samples[i] = (hrs_array){0};
  }
  for (int i = 0; i < spec->n_inputs; i++) {
    const char *name = spec->inputs[i];
    HRS_TRY(hrs_strdup(name, &game->inputs[i]));
    HRS_TRY(hrs_network_bind(game->model, name, &game->samples[i]));
  }
  game->n_samples = game->samples[0].dim[0];
  for (int i = 1; i < game->n_inputs; i++) {
    hrs_count count = game->samples[i].dim[0];
    HRS_REQUIRE(count == game->n_samples || count == 1, INPUT,
                "input '%s' has %lld samples, '%s' has %lld; the number must be the same (or 1 for "
                "all)",
                game->inputs[i], (long long)count, game->inputs[0], (long long)game->n_samples);
  }
  return HRS_OK;
}

/* Every input of the model must have values. */
static hrs_status check_inputs(const network_game *game) {
  for (int k = 0; k < hrs_model_inputs(game->model); k++) {
    const char *name = hrs_model_input(game->model, k)->name;
    bool given = false;
    for (int i = 0; i < game->n_inputs; i++)
      given |= strcmp(name, game->inputs[i]) == 0;
    HRS_REQUIRE(given, USAGE,
                "the network's input '%s' has no values; give them with --input %s=FILE", name,
                name);
  }
  return HRS_OK;
}

static bool has_shape(const hrs_array *array, bool per_sample, hrs_count samples,
                      const hrs_tensor_info *info) {
  int lead = per_sample ? 1 : 0;
  if (array->rank != info->rank + lead || (lead && array->dim[0] != samples)) return false;
  return memcmp(array->dim + lead, info->dim, (size_t)info->rank * sizeof info->dim[0]) == 0;
}

/* The masked tensor, and the players and baseline that must fit it. */
static hrs_status prepare_masking(network_game *game, const char *mask_at) {
  if (mask_at) {
    HRS_TRY_CONTEXT(create_inner(game->model, game->n_inputs, (const char *const *)game->inputs,
                                 game->samples, mask_at, &game->inner),
                    "--mask-at %s", mask_at);
    game->masked = *hrs_session_fetch_info(game->inner, 0);
    game->masks_inner = true;
  } else {
    const hrs_array *samples = &game->samples[0];
    game->masked = (hrs_tensor_info){.type = samples->type, .rank = samples->rank - 1};
    memcpy(game->masked.dim, samples->dim + 1, sizeof game->masked.dim - sizeof samples->dim[0]);
  }
  const hrs_tensor_info *masked = &game->masked;
  char found[HRS_SHAPE_TEXT], wanted[HRS_SHAPE_TEXT];
  hrs_shape_text(masked->rank, masked->dim, wanted, sizeof wanted);
  HRS_REQUIRE(
      game->players.n >= 1 && game->players.n <= HRS_MAX_PLAYERS, USAGE,
      "--players gives %d players; 1 to %d are possible: choose some with --subset, or make "
      "the players larger (a coarser grid, a map)",
      game->players.n, HRS_MAX_PLAYERS);
  const hrs_array *map = &game->players.map, *baseline = &game->baseline;
  HRS_REQUIRE(has_shape(map, game->players.per_sample, game->n_samples, masked), INPUT,
              "--players: the map's shape is %s; the masked tensor's is %s",
              hrs_shape_text(map->rank, map->dim, found, sizeof found), wanted);
  HRS_REQUIRE(has_shape(baseline, baseline->rank > masked->rank, game->n_samples, masked), INPUT,
              "--baseline has shape %s; the masked tensor's is %s",
              hrs_shape_text(baseline->rank, baseline->dim, found, sizeof found), wanted);
  HRS_TRY(hrs_array_convert(&game->baseline, masked->type));
  hrs_count count = 1;
  for (int i = 0; i < masked->rank; i++)
    count *= masked->dim[i];
  return hrs_masking_create(game->players.n, count, hrs_dtype_size(masked->type), &game->masking);
}

static hrs_status prepare_targets(network_game *game, const hrs_network_game *spec) {
  int classes = game->scoring.classes;
  bool all = spec->n_targets == HRS_TARGETS_ALL;
  HRS_REQUIRE(all || !spec->targets || spec->n_targets >= 1, USAGE, "no target was given");
  game->n_targets = all ? classes : (spec->targets ? spec->n_targets : 1);
  HRS_TRY(hrs_calloc(game->n_targets, sizeof *game->target, &game->target));
  HRS_TRY(hrs_alloc(game->n_targets, sizeof *game->values, &game->values));
  HRS_TRY(hrs_alloc(game->scoring.elements, sizeof *game->scores, &game->scores));
  HRS_TRY(hrs_alloc(game->scoring.elements, sizeof *game->workspace, &game->workspace));
  if (!all && !spec->targets) return HRS_OK;
  hrs_count count;
  HRS_TRY(hrs_multiply(game->n_samples, game->n_targets, "targets", &count));
  HRS_TRY(hrs_alloc(count, sizeof *game->targets, &game->targets));
  for (hrs_count i = 0; i < count; i++) {
    int target = all ? (int)(i % classes) : spec->targets[i];
    HRS_REQUIRE(target >= 0 && target < classes, USAGE,
                "target %d of sample %lld is out of range: the network has %d %s, numbered from 0 "
                "(--target, --labels)",
                target, (long long)(i / game->n_targets), classes,
                game->scoring.output == HRS_OUTPUT_RAW ? "output elements" : "classes");
    game->targets[i] = target;
  }
  return HRS_OK;
}

static hrs_status prepare(network_game *game, hrs_network_game *spec) {
  const char *fetch;
  game->model = spec->model;
  game->sample = -1;
  HRS_TRY(take_samples(game, spec));
  HRS_TRY(check_inputs(game));
  HRS_TRY(prepare_masking(game, spec->mask_at));
  HRS_TRY(hrs_scoring_find(&game->scoring, spec, &fetch));
  HRS_TRY(create_session(game, spec->mask_at, fetch, spec->max_batch));
  game->fetch = fetch;
  if (spec->mask_at) HRS_TRY(hrs_strdup(spec->mask_at, &game->mask_at));
  game->table_bytes = spec->table_bytes > 0 ? spec->table_bytes : HRS_TABLE_BYTES;
  game->max_batch = spec->max_batch;
  game->tabulates = spec->evaluator == HRS_EVALUATOR_LATTICE;
  game->label = game->players.map.data;
  if (game->tabulates) HRS_TRY(create_front(game, game->label));
  HRS_TRY(hrs_scoring_bind(&game->scoring, hrs_session_fetch_info(game->session, 0)));
  return prepare_targets(game, spec);
}

/* Slices of at least one whole batch. */
static int slice_bits(hrs_count batch) {
  int bits = 12;
  while (bits < HRS_MAX_PLAYERS && (hrs_count)1 << bits < batch)
    bits++;
  return bits;
}

static const hrs_game_methods methods = {.select = network_select,
                                         .evaluate = network_evaluate,
                                         .join = network_join,
                                         .prepare = network_prepare,
                                         .target = network_target,
                                         .destroy = network_destroy};

hrs_status hrs_game_network(hrs_network_game *spec, hrs_game **out) {
  *out = NULL;
  network_game *game = NULL;
  hrs_status status = hrs_calloc(1, sizeof *game, &game);
  if (status == HRS_OK) {
    game->players = spec->players;
    game->baseline = spec->baseline;
    spec->players = (hrs_players){0};
    spec->baseline = (hrs_array){0};
    status = prepare(game, spec);
  }
  for (int i = 0; i < spec->n_inputs; i++)
    hrs_array_destroy(&spec->samples[i]);
  hrs_players_destroy(&spec->players);
  hrs_array_destroy(&spec->baseline);
  if (status != HRS_OK) {
    network_destroy(game);
    return hrs_error_trace(status, __FILE__, __LINE__);
  }
  return hrs_game_create(&methods, game, game->players.n, game->n_samples, game->n_targets,
                         slice_bits(hrs_session_max_batch(game->session)), out);
}

/* ---- what callers may ask ---- */

static const network_game *network_of(const hrs_game *game) {
  return game->methods.evaluate == network_evaluate ? game->self : NULL;
}

int hrs_game_network_classes(const hrs_game *game) {
  const network_game *network = network_of(game);
  return network ? network->scoring.classes : 0;
}

hrs_output hrs_game_network_output(const hrs_game *game) {
  const network_game *network = network_of(game);
  return network ? network->scoring.output : HRS_OUTPUT_RAW;
}

hrs_scores hrs_game_network_scores(const hrs_game *game) {
  const network_game *network = network_of(game);
  return network ? network->scoring.scores : HRS_SCORES_AUTO;
}

hrs_count hrs_game_network_multiply_adds(const hrs_game *game) {
  const network_game *network = network_of(game);
  return network ? hrs_session_multiply_adds(network->session) : 0;
}

hrs_network_cost hrs_game_network_cost(const hrs_game *game) {
  const network_game *network = network_of(game);
  hrs_network_cost cost = {0};
  if (!network) return cost;
  cost.brute = cost.tail = (double)hrs_session_multiply_adds(network->session);
  if (!network->front) return cost;
  hrs_front_cost front = hrs_front_costs(network->front);
  cost.tables = ldexp(front.tables, -network->players.n);
  cost.blocks = front.blocks;
  cost.tail = cost.brute - front.steps + front.expansion;
  cost.bytes = front.bytes;
  cost.block_bits = hrs_front_block_bits(network->front);
  cost.cut = hrs_front_cut_name(network->front, 0);
  cost.cuts = hrs_front_cuts(network->front);
  return cost;
}

void hrs_game_network_use(hrs_game *game, hrs_evaluator evaluator) {
  if (game->methods.evaluate != network_evaluate) return;
  network_game *network = game->self;
  network->tabulates = evaluator == HRS_EVALUATOR_LATTICE;
  network->tabulated = false;
}

hrs_count hrs_game_network_bytes(const hrs_game *game) {
  const network_game *network = network_of(game);
  if (!network) return 0;
  hrs_count tabulated =
      network->tail ? hrs_front_costs(network->front).bytes + hrs_session_bytes(network->tail) : 0;
  return tabulated + hrs_session_bytes(network->session) +
         (network->inner ? hrs_session_bytes(network->inner) : 0);
}

static hrs_status tensor_at(const hrs_model *model, int n_inputs, const char *const *inputs,
                            const hrs_array *bound, const char *name, hrs_array *out) {
  hrs_session *session = NULL;
  HRS_TRY(create_inner(model, n_inputs, inputs, bound, name, &session));
  const hrs_tensor_info *info = hrs_session_fetch_info(session, 0);
  hrs_count dim[HRS_MAX_RANK + 1] = {bound[0].dim[0]}, step;
  memcpy(dim + 1, info->dim, sizeof info->dim);
  hrs_status status;
  HRS_GO(hrs_array_create(info->type, info->rank + 1, dim, out));
  size_t bytes = (size_t)(hrs_array_count(out) / dim[0]) * hrs_dtype_size(info->type);
  for (hrs_count s = 0; s < dim[0]; s++) {
    for (int i = 0; i < n_inputs; i++) {
      size_t size = (size_t)sample_bytes(&bound[i]);
      hrs_count at = bound[i].dim[0] == 1 ? 0 : s;
      memcpy(hrs_session_feed_buffer(session, i), (const char *)bound[i].data + (size_t)at * size,
             size);
    }
    HRS_GO(hrs_session_run(session, 1));
    memcpy((char *)out->data + (size_t)s * bytes, hrs_session_fetch(session, 0, &step), bytes);
  }
done:
  hrs_session_destroy(&session);
  return status;
}

hrs_status hrs_network_tensor_at(const hrs_model *model, int n_inputs, const char *const *inputs,
                                 const hrs_array *samples, const char *name, hrs_array *out) {
  memset(out, 0, sizeof *out);
  hrs_array *bound; /* the caller's data under the shapes that the model wants */
  HRS_TRY(hrs_alloc(n_inputs, sizeof *bound, &bound));
  hrs_status status = HRS_OK;
  for (int i = 0; i < n_inputs && status == HRS_OK; i++) {
    bound[i] = samples[i];
    status = hrs_network_bind_shape(model, inputs[i], &bound[i]);
  }
  if (status == HRS_OK) status = tensor_at(model, n_inputs, inputs, bound, name, out);
  hrs_free(bound);
  if (status != HRS_OK) hrs_array_destroy(out);
  return status;
}
