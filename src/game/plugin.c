/* Games in shared objects, by the C ABI of plugin.h. */
#include "internal.h"

#include <harsanyi/plugin.h>

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BATCH = 4096, ERROR_SIZE = 1024 };

typedef struct plugin_game {
  char *path;
  void *library;
  const hrs_plugin_v1 *plugin;
  void *self;
  bool opened;
  uint64_t masks[BATCH];
} plugin_game;

static hrs_status plugin_evaluate(void *self, hrs_subcube cube, double *values) {
  plugin_game *game = self;
  hrs_count size = hrs_subcube_size(cube);
  hrs_mask mask = cube.fixed;
  for (hrs_count first = 0; first < size; first += BATCH) {
    hrs_count count = size - first < BATCH ? size - first : BATCH;
    for (hrs_count i = 0; i < count; i++, mask = hrs_subcube_next(cube, mask))
      game->masks[i] = mask;
    char error[ERROR_SIZE] = "";
    int code = game->plugin->evaluate(game->self, (size_t)count, game->masks, values + first, error,
                                      sizeof error);
    error[sizeof error - 1] = '\0';
    HRS_REQUIRE(code == 0, INPUT, "--plugin %s: its evaluate function failed (%d)%s%s", game->path,
                code, *error ? ": " : "", error);
  }
  return HRS_OK;
}

static void plugin_destroy(void *self) {
  plugin_game *game = self;
  if (!game) return;
  if (game->opened && game->plugin->close) game->plugin->close(game->self);
  if (game->library) dlclose(game->library);
  hrs_free(game->path);
  hrs_free(game);
}

/* "FILE.so:ARGUMENT": the shortest part up to a colon that is a file, else the text up to the
 * first colon. The argument may hold colons. */
static hrs_status split(const char *spec, char **path, const char **argument) {
  size_t first = strcspn(spec, ":");
  struct stat info;
  for (size_t end = first;; end += 1 + strcspn(spec + end + 1, ":")) {
    HRS_TRY(hrs_strndup(spec, end, path));
    if (stat(*path, &info) == 0) {
      *argument = spec[end] ? spec + end + 1 : "";
      return HRS_OK;
    }
    hrs_free(*path);
    *path = NULL;
    if (!spec[end]) break;
  }
  HRS_FAIL(INPUT, "--plugin %s: there is no file %.*s", spec, (int)first, spec);
}

static hrs_status load(plugin_game *game) {
  char local[4096];
  HRS_REQUIRE(strlen(game->path) < sizeof local - 2, INPUT, "--plugin: the path is too long");
  int file;
  hrs_count size;
  HRS_TRY_CONTEXT(hrs_file_open(game->path, &file, &size), "--plugin");
  close(file);
  /* Without a slash the loader would search the system's folders. */
  snprintf(local, sizeof local, "%s%s", strchr(game->path, '/') ? "" : "./", game->path);
  game->library = dlopen(local, RTLD_NOW | RTLD_LOCAL);
  HRS_REQUIRE(game->library, INPUT, "--plugin %s cannot be loaded as a shared object: %s",
              game->path, dlerror());
  game->plugin = dlsym(game->library, "hrs_plugin");
  HRS_REQUIRE(game->plugin, INPUT,
              "--plugin %s has no symbol 'hrs_plugin' (see harsanyi/plugin.h; it must be a "
              "const hrs_plugin_v1 and not static)",
              game->path);
  HRS_REQUIRE(game->plugin->abi == HRS_PLUGIN_ABI, INPUT,
              "--plugin %s was built for version %d of the plug-in ABI; this program has version "
              "%d: build it anew with this program's harsanyi/plugin.h",
              game->path, game->plugin->abi, HRS_PLUGIN_ABI);
  HRS_REQUIRE(game->plugin->open && game->plugin->evaluate, INPUT,
              "--plugin %s leaves open or evaluate NULL", game->path);
  return HRS_OK;
}

static hrs_status open_game(plugin_game *game, const char *argument, int *players) {
  char error[ERROR_SIZE] = "";
  *players = 0;
  int code = game->plugin->open(argument, players, &game->self, error, sizeof error);
  error[sizeof error - 1] = '\0';
  HRS_REQUIRE(code == 0, INPUT, "--plugin %s with argument '%s' failed to open (%d)%s%s",
              game->path, argument, code, *error ? ": " : "", error);
  game->opened = true;
  HRS_REQUIRE(*players >= 1 && *players <= HRS_MAX_PLAYERS, INPUT,
              "--plugin %s with argument '%s' speaks of %d players; 1 to %d are possible",
              game->path, argument, *players, HRS_MAX_PLAYERS);
  return HRS_OK;
}

hrs_status hrs_game_plugin(const char *spec, hrs_game **out) {
  static const hrs_game_methods methods = {.evaluate = plugin_evaluate, .destroy = plugin_destroy};
  *out = NULL;
  plugin_game *game;
  const char *argument = "";
  int players = 0;
  hrs_status status;
  HRS_TRY(hrs_calloc(1, sizeof *game, &game));
  HRS_GO(split(spec, &game->path, &argument));
  HRS_GO(load(game));
  HRS_GO(open_game(game, argument, &players));
  return hrs_game_create(&methods, game, players, 1, 1, 0, out);
done:
  plugin_destroy(game);
  return status;
}
