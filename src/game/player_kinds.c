/*
 * Players that follow from the masked tensor's shape: elements, tokens, channels, and grids along
 * its places (axes.c), over all channels.
 */
#include "internal.h"

#include <stdio.h>
#include <string.h>

/* ---- along one axis ---- */

hrs_status hrs_players_number(hrs_players *players, const char *kind) {
  HRS_TRY(hrs_calloc(players->n, sizeof *players->names, &players->names));
  for (int i = 0; i < players->n; i++) {
    char name[64];
    snprintf(name, sizeof name, "%s %d", kind, i);
    HRS_TRY(hrs_strdup(name, &players->names[i]));
  }
  return HRS_OK;
}

/* Players are the positions along one axis. */
static hrs_status along_axis(hrs_players *players, int axis, const char *kind) {
  hrs_count outer, size, inner;
  hrs_axis_spans(players->map.rank, players->map.dim, axis, &outer, &size, &inner);
  HRS_TRY(hrs_narrow(size, "the number of players", &players->n));
  int32_t *label = players->map.data;
  for (hrs_count o = 0; o < outer; o++) {
    for (hrs_count k = 0; k < size; k++) {
      for (hrs_count i = 0; i < inner; i++)
        *label++ = (int32_t)k;
    }
  }
  return hrs_players_number(players, kind);
}

static hrs_status by_features(const char *spec, hrs_layout layout, hrs_players *players) {
  (void)spec;
  (void)layout;
  HRS_TRY(hrs_narrow(hrs_array_count(&players->map), "the number of features", &players->n));
  int32_t *label = players->map.data;
  for (int i = 0; i < players->n; i++)
    label[i] = i;
  return hrs_players_number(players, "feature");
}

/* Tokens are positions; what each has of its own stands behind them, if nothing else is said. */
static hrs_status by_tokens(const char *spec, hrs_layout layout, hrs_players *players) {
  (void)spec;
  const hrs_array *map = &players->map;
  int batch = hrs_batch_axes(map->rank, map->dim), count = map->rank - batch;
  char shape[HRS_SHAPE_TEXT];
  HRS_REQUIRE(count == 1 || (count == 2 && layout != HRS_LAYOUT_NO_CHANNELS), USAGE,
              "--players tokens needs a tensor of shape [1, tokens] or [1, tokens, features] (or "
              "[1, features, tokens] with --layout channels-first); it has shape %s%s",
              hrs_shape_text(map->rank, map->dim, shape, sizeof shape),
              count == 2 ? " and --layout no-channels" : "; for images and volumes, use grid:");
  bool last = count == 2 && layout == HRS_LAYOUT_CHANNELS_FIRST;
  return along_axis(players, last ? map->rank - 1 : batch, "token");
}

static hrs_status by_channels(const char *spec, hrs_layout layout, hrs_players *players) {
  (void)spec;
  const hrs_array *map = &players->map;
  hrs_axes axes;
  char shape[HRS_SHAPE_TEXT];
  HRS_TRY(hrs_axes_find("--players channels", map->rank, map->dim, layout, &axes));
  HRS_REQUIRE(axes.channels >= 0, USAGE, "--players channels: no channel axis in shape %s%s",
              hrs_shape_text(map->rank, map->dim, shape, sizeof shape),
              map->rank > 2 ? " with --layout no-channels" : "; use features");
  return along_axis(players, axes.channels, "channel");
}

/* ---- grids ---- */

enum { MOST_PLACES = 3 };

/* "4x4" as numbers, each at least 1: how many there are, 0 where it is nothing of the kind. */
static int read_parts(const char *text, hrs_count *parts) {
  for (int count = 1; count <= MOST_PLACES; count++) {
    char item[16];
    size_t length = strcspn(text, "x");
    if (length >= sizeof item) return 0;
    snprintf(item, sizeof item, "%.*s", (int)length, text);
    if (!hrs_parse_count(item, &parts[count - 1]) || parts[count - 1] < 1) return 0;
    if (!text[length]) return count;
    text += length + 1;
  }
  return 0;
}

/* The part that position `at` of `size` belongs to: part i starts at floor(size * i / parts). */
static hrs_count part_of(hrs_count at, hrs_count size, hrs_count parts) {
  hrs_count part = at * parts / size;
  while (size * (part + 1) / parts <= at)
    part++;
  return part;
}

static hrs_status name_patches(hrs_players *players, int places, const hrs_count *parts) {
  if (places == 1) return hrs_players_number(players, "segment");
  HRS_TRY(hrs_calloc(players->n, sizeof *players->names, &players->names));
  hrs_count rows = parts[places - 2], columns = parts[places - 1];
  for (int i = 0; i < players->n; i++) {
    char name[96], depth[32] = "";
    if (places == 3) snprintf(depth, sizeof depth, "d%lld", (long long)(i / columns / rows));
    snprintf(name, sizeof name, "patch %sr%lldc%lld", depth, (long long)(i / columns % rows),
             (long long)(i % columns));
    HRS_TRY(hrs_strdup(name, &players->names[i]));
  }
  return HRS_OK;
}

/* The number of axes that the grid divides is that of the tensor's places. */
static hrs_status check_grid(const char *spec, const hrs_array *map, hrs_axes axes, int count,
                             const hrs_count *parts) {
  static const char *const kinds[] = {"a series: grid:C", "an image: grid:RxC",
                                      "a volume: grid:DxRxC"};
  static const char *const layouts[] = {", channels first", ", channels last", ", no channels"};
  int which = axes.channels < 0 ? 2 : axes.channels > axes.first ? 1 : 0;
  char shape[HRS_SHAPE_TEXT];
  hrs_shape_text(map->rank, map->dim, shape, sizeof shape);
  HRS_REQUIRE(count == axes.places, USAGE,
              "--players %s: a tensor of shape %s%s is divided as %s (--layout sets which axis "
              "holds channels)",
              spec, shape, layouts[which], kinds[axes.places - 1]);
  for (int i = 0; i < count; i++) {
    static const char *const names[] = {"slices", "rows", "columns"};
    hrs_count size = map->dim[axes.first + i];
    HRS_REQUIRE(parts[i] <= size, USAGE,
                "--players %s: there are only %lld %s (shape %s%s); use a coarser grid, or "
                "map:FILE.npy",
                spec, (long long)size, count == 1 ? "positions" : names[MOST_PLACES - count + i],
                shape, layouts[which]);
  }
  return HRS_OK;
}

static hrs_status by_grid(const char *spec, hrs_layout layout, hrs_players *players) {
  const hrs_array *map = &players->map;
  hrs_count parts[MOST_PLACES], patches = 1;
  int count = read_parts(spec + strlen("grid:"), parts);
  HRS_REQUIRE(count > 0, USAGE,
              "--players %s: expected grid:RxC with R rows and C columns, for example grid:4x4; "
              "grid:C for series, grid:DxRxC for volumes",
              spec);
  hrs_axes axes;
  char what[64];
  snprintf(what, sizeof what, "--players %s", spec);
  HRS_TRY(hrs_axes_find(what, map->rank, map->dim, layout, &axes));
  HRS_TRY(check_grid(spec, map, axes, count, parts));
  for (int i = 0; i < count; i++)
    HRS_TRY(hrs_multiply(patches, parts[i], "patches", &patches));
  HRS_TRY(hrs_narrow(patches, "the number of patches", &players->n));
  /* Axis by axis, the number so far becomes that of a finer grid. */
  hrs_count elements = hrs_array_count(map);
  int32_t *label = map->data;
  memset(label, 0, (size_t)elements * sizeof *label);
  for (int i = 0; i < count; i++) {
    hrs_count outer, size, inner;
    hrs_axis_spans(map->rank, map->dim, axes.first + i, &outer, &size, &inner);
    for (hrs_count e = 0; e < elements; e++)
      label[e] = (int32_t)(label[e] * parts[i] + part_of(e / inner % size, size, parts[i]));
  }
  return name_patches(players, count, parts);
}

static const struct {
  const char *name;
  hrs_status (*fill)(const char *spec, hrs_layout layout, hrs_players *players);
} kinds[] = {{"features", by_features},
             {"tokens", by_tokens},
             {"channels", by_channels},
             {"grid:", by_grid}};

hrs_status hrs_players_fill(const char *spec, hrs_layout layout, hrs_players *players) {
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    size_t length = strlen(kinds[i].name);
    bool open = kinds[i].name[length - 1] == ':';
    if (open ? strncmp(spec, kinds[i].name, length) : strcmp(spec, kinds[i].name)) continue;
    return kinds[i].fill(spec, layout, players);
  }
  HRS_FAIL(USAGE,
           "--players %s is not known; use features, grid:RxC (grid:C, grid:DxRxC), tokens, "
           "channels or map:FILE.npy",
           spec);
}
