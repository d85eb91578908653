/*
 * Games as shapiq stores them: JSON (shapiq_json.c), or an .npz with `values` [2^n], `coalitions`
 * [2^n, n] (which row is which set, in any order), `n_players` and `normalization_value`.
 */
#include "shapiq.h"
#include "../base/npy.h"
#include "internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct shapiq_game {
  int players;
  double *values; /* by mask */
} shapiq_game;

static hrs_status shapiq_evaluate(void *self, hrs_subcube cube, double *values) {
  const shapiq_game *game = self;
  hrs_count size = hrs_subcube_size(cube);
  hrs_mask mask = cube.fixed;
  for (hrs_count i = 0; i < size; i++, mask = hrs_subcube_next(cube, mask))
    values[i] = game->values[mask];
  return HRS_OK;
}

static void shapiq_destroy(void *self) {
  shapiq_game *game = self;
  if (!game) return;
  hrs_free(game->values);
  hrs_free(game);
}

static hrs_status load_member(const char *path, const char *member, hrs_dtype type,
                              hrs_array *out) {
  hrs_array_file *file;
  HRS_TRY(hrs_npz_open(path, member, &file));
  hrs_status status = hrs_array_file_read_all(file, out);
  hrs_array_file_close(&file);
  hrs_count bad = -1;
  if (status == HRS_OK)
    status =
        type == HRS_F64 ? hrs_array_convert(out, type) : hrs_array_convert_whole(out, type, &bad);
  if (bad >= 0)
    status = hrs_error_context(status, "%s: element %lld of %s", path, (long long)bad, member);
  return status;
}

static hrs_status check_shapes(const char *path, const hrs_array *values,
                               const hrs_array *coalitions, int *players) {
  char first[HRS_SHAPE_TEXT], second[HRS_SHAPE_TEXT];
  hrs_shape_text(values->rank, values->dim, first, sizeof first);
  hrs_shape_text(coalitions->rank, coalitions->dim, second, sizeof second);
  bool fits = values->rank == 1 && coalitions->rank == 2 && coalitions->dim[0] == values->dim[0];
  HRS_REQUIRE(fits, INPUT,
              "%s: values of shape %s and coalitions of shape %s; [2^n] and [2^n, n] were expected",
              path, first, second);
  hrs_count n = coalitions->dim[1];
  HRS_REQUIRE(n >= 1 && n <= HRS_MAX_PLAYERS, INPUT,
              "%s: its coalitions are of %lld players; 1 to %d are possible", path, (long long)n,
              HRS_MAX_PLAYERS);
  HRS_REQUIRE(
      values->dim[0] == (hrs_count)1 << n, INPUT,
      "%s holds %lld of the 2^%lld = %lld coalitions of its %lld players; the whole game is "
      "needed (in shapiq: game.precompute())",
      path, (long long)values->dim[0], (long long)n, 1LL << n, (long long)n);
  *players = (int)n;
  return HRS_OK;
}

static hrs_status check_stated_players(const char *path, int players) {
  if (!hrs_npz_has(path, "n_players")) return HRS_OK;
  hrs_array stated;
  HRS_TRY(load_member(path, "n_players", HRS_I64, &stated));
  bool agrees = hrs_array_count(&stated) == 1 && *(int64_t *)stated.data == players;
  hrs_array_destroy(&stated);
  HRS_REQUIRE(agrees, INPUT, "%s: n_players differs from the %d columns of its coalitions", path,
              players);
  return HRS_OK;
}

/* Values in order of masks. Every mask must come once: with 2^n rows, none twice. */
static hrs_status sort_values(const char *path, const hrs_array *values,
                              const hrs_array *coalitions, int players, double *sorted) {
  const uint8_t *member = coalitions->data;
  const double *value = values->data;
  unsigned char *seen;
  HRS_TRY(hrs_calloc(values->dim[0], 1, &seen));
  hrs_count twice = -1;
  for (hrs_count row = 0; row < values->dim[0]; row++, member += players) {
    hrs_mask mask = 0;
    for (int i = 0; i < players; i++)
      mask |= (hrs_mask)member[i] << i;
    if (seen[mask]) twice = row;
    seen[mask] = 1;
    sorted[mask] = value[row];
  }
  hrs_free(seen);
  HRS_REQUIRE(twice < 0, INPUT,
              "%s: row %lld of its coalitions repeats another, so some coalition is missing", path,
              (long long)twice);
  return HRS_OK;
}

static hrs_status load(const char *path, shapiq_game *game) {
  if (hrs_shapiq_is_json(path)) return hrs_shapiq_load_json(path, &game->players, &game->values);
  hrs_array values = {0}, coalitions = {0};
  hrs_status status;
  HRS_GO(load_member(path, "values", HRS_F64, &values));
  HRS_GO(load_member(path, "coalitions", HRS_BOOL, &coalitions));
  HRS_GO(check_shapes(path, &values, &coalitions, &game->players));
  HRS_GO(check_stated_players(path, game->players));
  HRS_GO(hrs_alloc(values.dim[0], sizeof *game->values, &game->values));
  HRS_GO(sort_values(path, &values, &coalitions, game->players, game->values));
done:
  hrs_array_destroy(&values);
  hrs_array_destroy(&coalitions);
  return status;
}

bool hrs_game_is_shapiq(const char *path) {
  return hrs_shapiq_is_json(path) ||
         (hrs_npz_has(path, "values") && hrs_npz_has(path, "coalitions"));
}

hrs_status hrs_game_shapiq(const char *path, hrs_game **out) {
  static const hrs_game_methods methods = {.evaluate = shapiq_evaluate, .destroy = shapiq_destroy};
  *out = NULL;
  shapiq_game *game;
  HRS_TRY(hrs_calloc(1, sizeof *game, &game));
  hrs_status status = load(path, game);
  if (status != HRS_OK) {
    shapiq_destroy(game);
    return hrs_error_context(status, "--table");
  }
  return hrs_game_create(&methods, game, game->players, 1, 1, 0, out);
}
