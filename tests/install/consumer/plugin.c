/* A plug-in that calls the library: the game of a closed form, whose text is the argument. */
#include <harsanyi/game.h>
#include <harsanyi/plugin.h>

#include <stdio.h>

static int failed(hrs_status status, char *error, size_t size) {
  if (status != HRS_OK) snprintf(error, size, "%s", hrs_error_message());
  return (int)status;
}

static int open_game(const char *argument, int *players, void **self, char *error, size_t size) {
  hrs_game *game;
  hrs_status status = hrs_game_closed_form(argument, &game);
  if (status == HRS_OK) {
    *players = hrs_game_players(game);
    *self = game;
  }
  return failed(status, error, size);
}

static int evaluate(void *self, size_t count, const uint64_t *masks, double *values, char *error,
                    size_t size) {
  return failed(hrs_game_evaluate_masks(self, (hrs_count)count, masks, values), error, size);
}

static void close_game(void *self) {
  hrs_game *game = self;
  hrs_game_destroy(&game);
}

extern const hrs_plugin_v1 hrs_plugin;
const hrs_plugin_v1 hrs_plugin = {HRS_PLUGIN_ABI, open_game, evaluate, close_game};
