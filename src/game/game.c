/* The handle of a game: checks what is asked for and passes it on to the kind. */
#include "internal.h"

enum { DEFAULT_SLICE_BITS = 12 };

static hrs_status check(int players, hrs_count samples, int targets) {
  HRS_REQUIRE(players >= 1 && players <= HRS_MAX_PLAYERS, INPUT,
              "the game has %d players; it must have 1 to %d", players, HRS_MAX_PLAYERS);
  HRS_REQUIRE(samples >= 1, INPUT, "the game has no sample");
  HRS_REQUIRE(targets >= 1, INPUT, "the game has no target");
  return HRS_OK;
}

static hrs_status create(const hrs_game_methods *methods, void *self, int players,
                         hrs_count samples, int targets, int slice_bits, hrs_game **out) {
  HRS_TRY(check(players, samples, targets));
  hrs_game *game;
  HRS_TRY(hrs_calloc(1, sizeof *game, &game));
  game->methods = *methods;
  game->self = self;
  game->players = players;
  game->samples = samples;
  game->targets = targets;
  game->slice_bits = slice_bits > 0 ? slice_bits : DEFAULT_SLICE_BITS;
  if (game->slice_bits > players) game->slice_bits = players;
  *out = game;
  return HRS_OK;
}

hrs_status hrs_game_create(const hrs_game_methods *methods, void *self, int players,
                           hrs_count samples, int targets, int slice_bits, hrs_game **out) {
  *out = NULL;
  hrs_status status = create(methods, self, players, samples, targets, slice_bits, out);
  if (status != HRS_OK) {
    if (methods->destroy) methods->destroy(self);
    return hrs_error_trace(status, __FILE__, __LINE__);
  }
  status = hrs_game_select(*out, 0);
  if (status != HRS_OK) hrs_game_destroy(out);
  return status;
}

void hrs_game_destroy(hrs_game **game) {
  if (!game || !*game) return;
  if ((*game)->methods.destroy) (*game)->methods.destroy((*game)->self);
  hrs_free(*game);
  *game = NULL;
}

int hrs_game_players(const hrs_game *game) {
  return game->players;
}

hrs_count hrs_game_samples(const hrs_game *game) {
  return game->samples;
}

int hrs_game_targets(const hrs_game *game) {
  return game->targets;
}

int hrs_game_slice_bits(const hrs_game *game) {
  return game->slice_bits;
}

hrs_status hrs_game_select(hrs_game *game, hrs_count sample) {
  HRS_REQUIRE(sample >= 0 && sample < game->samples, USAGE,
              "sample %lld wanted; the game has %lld (numbered from 0)", (long long)sample,
              (long long)game->samples);
  if (game->methods.select) HRS_TRY(game->methods.select(game->self, sample));
  return HRS_OK;
}

void hrs_game_join(hrs_game *game, const hrs_team *team) {
  if (game->methods.join) game->methods.join(game->self, team);
}

hrs_status hrs_game_prepare(hrs_game *game) {
  return game->methods.prepare ? game->methods.prepare(game->self) : HRS_OK;
}

int hrs_game_target(const hrs_game *game, int t) {
  return game->methods.target ? game->methods.target(game->self, t) : t;
}

hrs_status hrs_game_evaluate(hrs_game *game, hrs_subcube cube, double *values) {
  HRS_ASSERT((cube.fixed & cube.free) == 0);
  HRS_ASSERT(((cube.fixed | cube.free) & ~hrs_mask_full(game->players)) == 0);
  HRS_TRY(game->methods.evaluate(game->self, cube, values));
  return HRS_OK;
}

hrs_status hrs_game_evaluate_masks(hrs_game *game, hrs_count count, const hrs_mask *masks,
                                   double *values) {
  double *one;
  HRS_TRY(hrs_alloc(game->targets, sizeof *one, &one));
  hrs_status status = HRS_OK;
  for (hrs_count i = 0; i < count && status == HRS_OK; i++) {
    status = hrs_game_evaluate(game, (hrs_subcube){masks[i], 0}, one);
    for (int t = 0; t < game->targets && status == HRS_OK; t++)
      values[t * count + i] = one[t];
  }
  hrs_free(one);
  return status;
}

bool hrs_game_knows_dividends(const hrs_game *game) {
  return game->methods.dividend != NULL;
}

hrs_status hrs_game_dividend(hrs_game *game, bool or_type, hrs_mask mask, double *out) {
  HRS_REQUIRE(game->methods.dividend, USAGE, "this game's dividends are not known in closed form");
  HRS_ASSERT((mask & ~hrs_mask_full(game->players)) == 0);
  HRS_TRY(game->methods.dividend(game->self, or_type, mask, out));
  return HRS_OK;
}
