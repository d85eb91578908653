/*
 * Players of network games: label maps from files, subsets and names. Maps that follow from the
 * tensor's shape: player_kinds.c.
 *
 * A map has the masked tensor's shape (batch axis of 1 included) and says for each element which
 * player it belongs to, -1 for the background that is never masked.
 */
#include "internal.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- maps from files ---- */

/* Labels as i4, each a whole number from -1 on. */
static hrs_status read_labels(const char *spec, const hrs_array *map, int32_t *out) {
  hrs_count bad, count = hrs_array_count(map);
  hrs_status status = hrs_convert_whole(map->type, map->data, HRS_I32, out, count, &bad);
  if (status != HRS_OK)
    return hrs_error_context(status, "--players %s: element %lld of the map", spec, (long long)bad);
  for (hrs_count i = 0; i < count; i++)
    HRS_REQUIRE(out[i] >= -1, INPUT,
                "--players %s: element %lld of the map is %d; labels are whole numbers from 0 on, "
                "-1 for the background",
                spec, (long long)i, out[i]);
  return HRS_OK;
}

/* Number of players of one map; every label up to the largest must occur. */
static hrs_status count_labels(const char *spec, const int32_t *label, hrs_count count,
                               hrs_count sample, int *out) {
  int32_t largest = -1;
  for (hrs_count i = 0; i < count; i++) {
    if (label[i] > largest) largest = label[i];
  }
  HRS_REQUIRE(largest >= 0, INPUT, "--players %s: the map%s holds no player, only background (-1)",
              spec, sample > 0 ? " of a sample" : "");
  HRS_REQUIRE(largest < count, INPUT,
              "--players %s: the largest label is %d, but the map has only %lld elements; labels "
              "are 0, 1, 2, ... without gaps",
              spec, largest, (long long)count);
  unsigned char *seen;
  HRS_TRY(hrs_calloc(largest + 1, 1, &seen));
  for (hrs_count i = 0; i < count; i++) {
    if (label[i] >= 0) seen[label[i]] = 1;
  }
  int32_t missing = 0;
  while (missing <= largest && seen[missing])
    missing++;
  hrs_free(seen);
  HRS_REQUIRE(
      missing > largest, INPUT,
      "--players %s: label %d does not occur in the map (chosen sample %lld), though %d does; "
      "labels are 0, 1, 2, ... without gaps",
      spec, missing, (long long)sample, largest);
  *out = largest + 1;
  return HRS_OK;
}

/* Spread labels of all places over the channels of a map. */
static void spread(const int32_t *label, hrs_axes axes, int rank, const hrs_count *dim,
                   int32_t *out) {
  hrs_count outer = 1, places = 1, inner = 1;
  for (int i = 0; i < rank; i++)
    *(i < axes.first ? &outer : i < axes.first + axes.places ? &places : &inner) *= dim[i];
  for (hrs_count o = 0; o < outer; o++) {
    for (hrs_count p = 0; p < places; p++) {
      for (hrs_count i = 0; i < inner; i++)
        *out++ = label[p];
    }
  }
}

/* The shapes that one map may have: the masked tensor's, or the same without channels. Where the
 * layout is not known, both that may be meant count, so that neither is taken for something else.
 */
static hrs_status map_form(const char *spec, const hrs_array *map, int rank, const hrs_count *dim,
                           hrs_layout layout, hrs_count all, hrs_count chosen, hrs_axes *axes,
                           bool *per_sample) {
  int batch = hrs_batch_axes(rank, dim), places = rank - batch - 1, count = 1;
  hrs_shape shapes[3] = {{rank, dim}};
  char what[512];
  snprintf(what, sizeof what, "--players %s", spec);
  bool open = false;
  if (places >= 1 && places <= 3) {
    open = hrs_axes_find(what, rank, dim, layout, axes) != HRS_OK;
    if (open) {
      shapes[count++] = (hrs_shape){places, dim + batch + 1};
      shapes[count++] = (hrs_shape){places, dim + batch};
    } else if (axes->channels >= 0) {
      shapes[count++] = (hrs_shape){axes->places, dim + axes->first};
    }
  }
  HRS_TRY(hrs_beside_form(what, map, count, shapes, all, chosen, per_sample));
  if (open && !hrs_shape_fits(map->rank - *per_sample, map->dim + *per_sample, rank, dim))
    HRS_TRY(hrs_axes_find(what, rank, dim, layout, axes));
  return HRS_OK;
}

hrs_status hrs_players_map_form(const char *spec, const hrs_array *map, int rank,
                                const hrs_count *dim, hrs_layout layout, hrs_count all,
                                hrs_count chosen, bool *per_sample) {
  hrs_axes axes;
  return map_form(spec, map, rank, dim, layout, all, chosen, &axes, per_sample);
}

static hrs_status by_map(const char *spec, int rank, const hrs_count *dim, hrs_layout layout,
                         const hrs_array *map, hrs_count samples, hrs_players *out) {
  HRS_REQUIRE(map, INTERNAL, "--players %s: the map was not loaded", spec);
  hrs_axes axes;
  bool per_sample;
  HRS_TRY(map_form(spec, map, rank, dim, layout, samples, samples, &axes, &per_sample));
  bool no_channels = !hrs_shape_fits(map->rank - per_sample, map->dim + per_sample, rank, dim);
  hrs_count maps = per_sample ? samples : 1, shape[HRS_MAX_RANK + 1] = {maps};
  memcpy(shape + per_sample, dim, (size_t)rank * sizeof *dim);
  HRS_TRY(hrs_array_create(HRS_I32, rank + per_sample, shape, &out->map));
  out->per_sample = per_sample;
  hrs_count given = hrs_array_count(map) / (maps ? maps : 1);
  hrs_count full = hrs_array_count(&out->map) / (maps ? maps : 1);
  int32_t *label;
  HRS_TRY(hrs_alloc(hrs_array_count(map), sizeof *label, &label));
  hrs_status status = read_labels(spec, map, label);
  for (hrs_count s = 0; s < maps && status == HRS_OK; s++) {
    int n = 0;
    status = count_labels(spec, label + s * given, given, s, &n);
    if (status == HRS_OK && s > 0 && n != out->n)
      status = hrs_error_set(HRS_STATUS_INPUT, __FILE__, __LINE__,
                             "--players %s: the map of chosen sample %lld has %d player%s, that of "
                             "sample 0 of these %d; the number must be the same for all",
                             spec, (long long)s, n, hrs_plural(n), out->n);
    out->n = n;
    if (no_channels) {
      spread(label + s * given, axes, rank, dim, (int32_t *)out->map.data + s * full);
    } else {
      memcpy((int32_t *)out->map.data + s * full, label + s * given, (size_t)given * sizeof *label);
    }
  }
  hrs_free(label);
  HRS_TRY(status);
  return hrs_players_number(out, "player");
}

/* ---- the interface ---- */

static hrs_status create(const char *spec, int rank, const hrs_count *dim, hrs_layout layout,
                         const hrs_array *map, hrs_count samples, hrs_players *out) {
  if (strncmp(spec, "map:", 4) == 0) return by_map(spec, rank, dim, layout, map, samples, out);
  char shape[HRS_SHAPE_TEXT];
  HRS_TRY(hrs_array_create(HRS_I32, rank, dim, &out->map));
  HRS_REQUIRE(hrs_array_count(&out->map) > 0, INPUT,
              "--players %s: the tensor has no elements (shape %s)", spec,
              hrs_shape_text(rank, dim, shape, sizeof shape));
  return hrs_players_fill(spec, layout, out);
}

hrs_status hrs_players_create(const char *spec, int rank, const hrs_count *dim, hrs_layout layout,
                              const hrs_array *map, hrs_count samples, hrs_players *out) {
  memset(out, 0, sizeof *out);
  hrs_status status = create(spec, rank, dim, layout, map, samples, out);
  if (status != HRS_OK) {
    hrs_players_destroy(out);
    return hrs_error_trace(status, __FILE__, __LINE__);
  }
  return HRS_OK;
}

static void free_names(char **names, int n) {
  for (int i = 0; names && i < n; i++)
    hrs_free(names[i]);
  hrs_free(names);
}

void hrs_players_destroy(hrs_players *players) {
  if (!players) return;
  hrs_array_destroy(&players->map);
  free_names(players->names, players->n);
  memset(players, 0, sizeof *players);
}

/* Mark `count` players drawn from the seed: a selection sampling in rising order. */
static hrs_status choose_random(const char *spec, int n, unsigned char *chosen) {
  int count = 0, used = 0;
  uint64_t seed = 0;
  bool read = sscanf(spec, "random:%9d%n", &count, &used) == 1;
  if (read && spec[used] == ':') {
    read = hrs_parse_seed(spec + used + 1, &seed);
  } else {
    read = read && !spec[used];
  }
  HRS_REQUIRE(read, USAGE, "--subset %s: expected random:COUNT:SEED", spec);
  HRS_REQUIRE(count >= 1 && count <= n, USAGE, "--subset %s: there %s %d player%s to choose from",
              spec, n == 1 ? "is" : "are", n, hrs_plural(n));
  hrs_random random = {seed, 0};
  for (int i = 0, left = count; i < n; i++) {
    chosen[i] = hrs_random_below(&random, (uint64_t)(n - i)) < (uint64_t)left;
    left -= chosen[i];
  }
  return HRS_OK;
}

static hrs_status choose_listed(const char *spec, int n, unsigned char *chosen) {
  const char *at = spec;
  for (;;) {
    char item[32];
    size_t length = strcspn(at, ",");
    snprintf(item, sizeof item, "%.*s", (int)(length < 31 ? length : 31), at);
    hrs_count player = -1;
    HRS_REQUIRE(length < sizeof item && hrs_parse_count(item, &player), USAGE,
                "--subset %s: '%s' is no player number (0,3,5 or random:COUNT:SEED is expected)",
                spec, item);
    HRS_REQUIRE(player >= 0 && player < n, USAGE,
                "--subset %s: there is no player %s; there are %d, numbered from 0", spec, item, n);
    HRS_REQUIRE(!chosen[player], USAGE, "--subset %s: player %s comes twice", spec, item);
    chosen[player] = 1;
    if (!at[length]) return HRS_OK;
    at += length + 1;
  }
}

hrs_status hrs_players_subset(hrs_players *players, const char *spec) {
  unsigned char *chosen;
  int32_t *fresh = NULL; /* new number of each old player */
  HRS_TRY(hrs_calloc(players->n, 1, &chosen));
  hrs_status status;
  HRS_GO(hrs_alloc(players->n, sizeof *fresh, &fresh));
  HRS_GO(strncmp(spec, "random:", 7) == 0 ? choose_random(spec, players->n, chosen)
                                          : choose_listed(spec, players->n, chosen));
  int n = 0;
  for (int i = 0; i < players->n; i++) {
    fresh[i] = chosen[i] ? n : -1;
    if (chosen[i]) {
      players->names[n++] = players->names[i];
    } else {
      hrs_free(players->names[i]);
    }
  }
  int32_t *label = players->map.data;
  hrs_count count = hrs_array_count(&players->map);
  for (hrs_count i = 0; i < count; i++) {
    if (label[i] >= 0) label[i] = fresh[label[i]];
  }
  players->n = n;
done:
  hrs_free(chosen);
  hrs_free(fresh);
  return status;
}

hrs_status hrs_players_rename(hrs_players *players, hrs_count count, char *const *names,
                              const char *path) {
  HRS_REQUIRE(count == players->n, INPUT,
              "--player-names %s holds %lld name%s for %d player%s (one name per line; or a line "
              "for each sample, the names between tabs)",
              path, (long long)count, hrs_plural(count), players->n, hrs_plural(players->n));
  char **copies;
  HRS_TRY(hrs_calloc(count, sizeof *copies, &copies));
  for (hrs_count i = 0; i < count; i++) {
    hrs_status status = hrs_strdup(names[i], &copies[i]);
    if (status != HRS_OK) {
      free_names(copies, players->n);
      return hrs_error_trace(status, __FILE__, __LINE__);
    }
  }
  free_names(players->names, players->n);
  players->names = copies;
  return HRS_OK;
}
