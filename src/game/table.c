/*
 * Games whose values stand in a file.
 *
 * A sub-cube's masks lie in the file as runs: the lowest free bits of the *index* make them
 * contiguous. With HRS_BITS_MSB the index is the mask read backwards, so the file is walked in the
 * order of the reversed sub-cube and the values are put where they belong. A sample of up to
 * 2^CACHE_BITS values is read once and kept; beyond that only what is asked for is read.
 */
#include "internal.h"

#include <string.h>

enum { CACHE_BITS = 22 };

typedef struct table_game {
  hrs_array_file *file;
  int players;
  bool reversed;
  hrs_count sample;
  double *cache; /* the current sample, in the file's order; NULL where it is too large */
} table_game;

static hrs_mask reverse(hrs_mask mask, int players) {
  hrs_mask result = 0;
  for (int i = 0; i < players; i++)
    result |= (mask >> i & 1) << (players - 1 - i);
  return result;
}

static hrs_status table_select(void *self, hrs_count sample) {
  table_game *game = self;
  game->sample = sample;
  if (game->players > CACHE_BITS) return HRS_OK;
  hrs_count size = (hrs_count)1 << game->players;
  if (!game->cache) HRS_TRY(hrs_alloc(size, sizeof *game->cache, &game->cache));
  HRS_TRY(hrs_array_file_read_elements(game->file, sample * size, size, HRS_F64, game->cache));
  return HRS_OK;
}

static hrs_status read_run(table_game *game, hrs_mask index, hrs_count count, double *out) {
  if (game->cache) {
    memcpy(out, game->cache + index, (size_t)count * sizeof *out);
    return HRS_OK;
  }
  hrs_count row = (hrs_count)1 << game->players;
  return hrs_array_file_read_elements(game->file, game->sample * row + (hrs_count)index, count,
                                      HRS_F64, out);
}

/* Length of the runs of a sub-cube of indices: 2^(number of free bits from bit 0 on). */
static hrs_count run_length(hrs_mask free) {
  hrs_count length = 1;
  for (; free & 1; free >>= 1)
    length *= 2;
  return length;
}

static hrs_status evaluate_in_order(table_game *game, hrs_subcube cube, double *values) {
  hrs_count size = hrs_subcube_size(cube), run = run_length(cube.free);
  hrs_subcube starts = {cube.fixed, cube.free & ~(hrs_mask)(run - 1)};
  hrs_mask index = starts.fixed;
  for (hrs_count i = 0; i < size; i += run) {
    HRS_TRY(read_run(game, index, run, values + i));
    index = hrs_subcube_next(starts, index);
  }
  return HRS_OK;
}

static hrs_status evaluate_reversed(table_game *game, hrs_subcube cube, double *values) {
  hrs_subcube mirror = {reverse(cube.fixed, game->players), reverse(cube.free, game->players)};
  hrs_count size = hrs_subcube_size(cube);
  int bits = hrs_order(cube.free);
  double *found;
  HRS_TRY(hrs_alloc(size, sizeof *found, &found));
  hrs_status status = evaluate_in_order(game, mirror, found);
  for (hrs_count i = 0; i < size && status == HRS_OK; i++)
    values[reverse((hrs_mask)i, bits)] = found[i];
  hrs_free(found);
  return status;
}

static hrs_status table_evaluate(void *self, hrs_subcube cube, double *values) {
  table_game *game = self;
  HRS_TRY(game->reversed ? evaluate_reversed(game, cube, values)
                         : evaluate_in_order(game, cube, values));
  return HRS_OK;
}

static void table_destroy(void *self) {
  table_game *game = self;
  if (!game) return;
  hrs_array_file_close(&game->file);
  hrs_free(game->cache);
  hrs_free(game);
}

static hrs_status count_players(const hrs_array_file *file, int *players, hrs_count *samples) {
  const char *path = hrs_array_file_path(file);
  int rank = hrs_array_file_rank(file);
  const hrs_count *dim = hrs_array_file_dim(file);
  char shape[HRS_SHAPE_TEXT];
  HRS_REQUIRE(rank == 1 || rank == 2, INPUT,
              "--table %s has shape %s; a table of values has shape [2^n] or [samples, 2^n]", path,
              hrs_shape_text(rank, dim, shape, sizeof shape));
  hrs_count length = dim[rank - 1];
  *samples = rank == 2 ? dim[0] : 1;
  HRS_REQUIRE(*samples > 0, INPUT, "--table %s holds no sample (shape %s)", path,
              hrs_shape_text(rank, dim, shape, sizeof shape));
  HRS_REQUIRE(length > 1, INPUT,
              "--table %s holds %lld value%s per sample; a game of n players has 2^n, n at least 1",
              path, (long long)length, hrs_plural(length));
  int n = 0;
  while (n < 62 && (hrs_count)1 << (n + 1) <= length)
    n++;
  HRS_REQUIRE((hrs_count)1 << n == length, INPUT,
              "--table %s holds %lld values per sample, no power of two; a game of n players has "
              "2^n: %lld (n = %d) or %lld (n = %d)",
              path, (long long)length, 1LL << n, n, n < 62 ? 1LL << (n + 1) : INT64_MAX, n + 1);
  HRS_REQUIRE(n <= HRS_MAX_PLAYERS, INPUT, "--table %s is of %d players; at most %d are possible",
              path, n, HRS_MAX_PLAYERS);
  *players = n;
  return HRS_OK;
}

hrs_status hrs_game_table(hrs_array_file *file, hrs_bit_order order, hrs_game **out) {
  static const hrs_game_methods methods = {
      .select = table_select, .evaluate = table_evaluate, .destroy = table_destroy};
  *out = NULL;
  int players = 0;
  hrs_count samples = 0;
  table_game *game = NULL;
  hrs_status status;
  HRS_GO(count_players(file, &players, &samples));
  HRS_GO(hrs_calloc(1, sizeof *game, &game));
  game->file = file;
  game->players = players;
  game->reversed = order == HRS_BITS_MSB;
  return hrs_game_create(&methods, game, players, samples, 1, 0, out);
done:
  hrs_array_file_close(&file);
  return status;
}
