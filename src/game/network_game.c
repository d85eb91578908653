/*
 * Games of a network on a masked input (or a masked inner tensor).
 *
 * With `mask_at` there are two sessions: one gives the inner tensor at the unmasked sample, the
 * other goes from that tensor to the scores; the inputs are shared feeds of it, since a branch may
 * lead past the inner tensor.
 */
#include "network_state.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static int network_target(void *self, int t) {
  return ((const hrs_network_state *)self)->readouts.target[t];
}

static void network_destroy(void *self) {
  hrs_network_state *game = self;
  if (!game) return;
  for (int i = 0; game->inputs && i < game->n_inputs; i++)
    hrs_free(game->inputs[i]);
  hrs_free(game->inputs);
  for (int i = 0; game->samples && i < game->n_inputs; i++)
    hrs_array_destroy(&game->samples[i]);
  hrs_free(game->samples);
  hrs_players_destroy(&game->players);
  hrs_array_destroy(&game->baseline);
  if (game->inner) hrs_session_destroy(&game->inner);
  hrs_tables_destroy(&game->tables);
  if (game->tail) hrs_session_destroy(&game->tail);
  if (game->session) hrs_session_destroy(&game->session);
  hrs_masking_destroy(&game->masking);
  hrs_readouts_free(&game->readouts);
  hrs_free(game);
}

/* ---- making ---- */

static hrs_status create_session(hrs_network_state *game, const char *mask_at,
                                 hrs_count max_batch) {
  int extra = mask_at ? 1 : 0;
  hrs_feed *feeds;
  HRS_TRY(hrs_alloc(game->n_inputs + extra, sizeof *feeds, &feeds));
  if (mask_at)
    feeds[0] =
        hrs_feed_of(mask_at, game->masked.type, game->masked.rank, game->masked.dim, true, NULL);
  for (int i = 0; i < game->n_inputs; i++)
    feeds[i + extra] = hrs_feed_of_input(game->inputs[i], &game->samples[i], !mask_at && i == 0);
  hrs_status status =
      hrs_session_create(game->model, game->n_inputs + extra, feeds, game->readouts.n_fetches,
                         game->readouts.fetch, max_batch, &game->session);
  hrs_free(feeds);
  return status;
}

/* Inputs that are not masked may decide branches and shapes: as the first sample has them, once for
 * the run. Does every other sample decide alike? */
static hrs_status check_decisions(hrs_network_state *game) {
  if (!hrs_session_is_decided(game->session)) return HRS_OK;
  int first = game->masks_inner ? 0 : 1;
  for (hrs_count sample = 1; sample <= game->n_samples; sample++) {
    hrs_count at = sample % game->n_samples; /* in the end, the first one again */
    for (int i = first; i < game->n_inputs; i++)
      HRS_TRY(hrs_session_set_shared(game->session, 1 + i - first,
                                     hrs_sample_at(&game->samples[i], at)));
    HRS_TRY_CONTEXT(hrs_session_refold(game->session), "sample %lld of those chosen",
                    (long long)at);
  }
  return HRS_OK;
}

static hrs_status take_samples(hrs_network_state *game, hrs_network_game *spec) {
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
    HRS_REQUIRE(
        count == game->n_samples || count == 1, INPUT,
        "input '%s' has %lld sample%s, '%s' has %lld; the number must be the same (or 1 for "
        "all)",
        game->inputs[i], (long long)count, hrs_plural(count), game->inputs[0],
        (long long)game->n_samples);
  }
  return HRS_OK;
}

/* Every input of the model must have values. */
static hrs_status check_inputs(const hrs_network_state *game) {
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
static hrs_status prepare_masking(hrs_network_state *game, const char *mask_at) {
  if (mask_at) {
    HRS_TRY_CONTEXT(hrs_network_create_inner(game->model, game->n_inputs,
                                             (const char *const *)game->inputs, game->samples,
                                             mask_at, &game->inner),
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

static hrs_status prepare(hrs_network_state *game, hrs_network_game *spec) {
  game->model = spec->model;
  game->sample = -1;
  HRS_TRY(take_samples(game, spec));
  HRS_TRY(check_inputs(game));
  HRS_TRY(prepare_masking(game, spec->mask_at));
  HRS_TRY(hrs_readouts_find(&game->readouts, spec));
  HRS_TRY(create_session(game, spec->mask_at, spec->max_batch));
  HRS_TRY(hrs_readouts_check(&game->readouts, spec, game->session));
  HRS_TRY(check_decisions(game));
  game->table_bytes = spec->table_bytes > 0 ? spec->table_bytes : HRS_TABLE_BYTES;
  game->max_batch = spec->max_batch;
  game->tabulates = spec->evaluator == HRS_EVALUATOR_LATTICE;
  game->label = game->players.map.data;
  if (game->tabulates) HRS_TRY(hrs_network_plan_tables(game, game->label));
  return hrs_readouts_bind(&game->readouts, spec, game->session, game->n_samples);
}

/* Slices of at least one whole batch. */
static int slice_bits(hrs_count batch) {
  int bits = 12;
  while (bits < HRS_MAX_PLAYERS && (hrs_count)1 << bits < batch)
    bits++;
  return bits;
}

static const hrs_game_methods methods = {.select = hrs_network_select,
                                         .evaluate = hrs_network_evaluate,
                                         .join = hrs_network_join,
                                         .prepare = hrs_network_prepare,
                                         .target = network_target,
                                         .destroy = network_destroy};

hrs_status hrs_game_network(hrs_network_game *spec, hrs_game **out) {
  *out = NULL;
  hrs_network_state *game = NULL;
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
  return hrs_game_create(&methods, game, game->players.n, game->n_samples, game->readouts.n_targets,
                         slice_bits(hrs_session_max_batch(game->session)), out);
}

/* ---- what callers may ask ---- */

static const hrs_network_state *network_of(const hrs_game *game) {
  return game->methods.evaluate == hrs_network_evaluate ? game->self : NULL;
}

int hrs_game_network_classes(const hrs_game *game) {
  const hrs_network_state *network = network_of(game);
  return network ? network->readouts.of[0].scoring.classes : 0;
}

hrs_output hrs_game_network_output(const hrs_game *game) {
  const hrs_network_state *network = network_of(game);
  return network ? network->readouts.of[0].scoring.output : HRS_OUTPUT_RAW;
}

hrs_scores hrs_game_network_scores(const hrs_game *game) {
  const hrs_network_state *network = network_of(game);
  return network ? network->readouts.of[0].scoring.scores : HRS_SCORES_AUTO;
}

hrs_count hrs_game_network_multiply_adds(const hrs_game *game) {
  const hrs_network_state *network = network_of(game);
  return network ? hrs_session_multiply_adds(network->session) : 0;
}

hrs_network_cost hrs_game_network_cost(const hrs_game *game) {
  const hrs_network_state *network = network_of(game);
  hrs_network_cost cost = {0};
  if (!network) return cost;
  cost.brute = cost.tail = (double)hrs_session_multiply_adds(network->session);
  if (!network->tables) return cost;
  hrs_tables_cost tables = hrs_tables_costs(network->tables);
  cost.tables = ldexp(tables.tables, -network->players.n);
  cost.blocks = tables.blocks;
  cost.tail = cost.brute - tables.steps + tables.expansion;
  cost.bytes = tables.bytes;
  cost.block_bytes = tables.block_bytes;
  cost.block_bits = hrs_tables_block_bits(network->tables);
  cost.cut = hrs_tables_cut_name(network->tables, 0);
  cost.cuts = hrs_tables_cuts(network->tables);
  return cost;
}

void hrs_game_network_use(hrs_game *game, hrs_evaluator evaluator) {
  if (game->methods.evaluate != hrs_network_evaluate) return;
  hrs_network_state *network = game->self;
  network->tabulates = evaluator == HRS_EVALUATOR_LATTICE;
  network->tabulated = false;
}

hrs_count hrs_game_network_bytes(const hrs_game *game) {
  const hrs_network_state *network = network_of(game);
  if (!network) return 0;
  hrs_count tabulated = 0;
  if (network->tail)
    tabulated = network->planned_bytes + hrs_tables_costs(network->tables).bytes +
                hrs_tables_scratch(network->tables, hrs_session_max_batch(network->tail)) +
                hrs_session_bytes(network->tail);
  return tabulated + hrs_session_bytes(network->session) +
         (network->inner ? hrs_session_bytes(network->inner) : 0);
}
