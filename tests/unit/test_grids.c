/* Grids, tokens and channels on series, images and volumes of every layout, and what the shape
 * leaves open. */
#include "scratch.h"

#include <harsanyi/game.h>

#define DIM(...) ((const hrs_count[]){__VA_ARGS__})

enum { FIRST = HRS_LAYOUT_CHANNELS_FIRST, LAST = HRS_LAYOUT_CHANNELS_LAST };
enum { AUTO = HRS_LAYOUT_AUTO, NONE = HRS_LAYOUT_NO_CHANNELS };

/* A kind of players on a shape, and the axes (from `first` on) that it divides into `parts`. */
typedef struct division {
  const char *spec;
  int rank;
  hrs_count dim[6];
  int layout;
  int first, axes;
  hrs_count parts[3];
  const char *last; /* name of the last player */
} division;

/* From the definition: part i of R starts at floor(size i / R). */
static hrs_count part_of(hrs_count at, hrs_count size, hrs_count parts) {
  hrs_count part = -1;
  for (hrs_count i = 0; i < parts; i++) {
    if (size * i / parts <= at) part = i;
  }
  return part;
}

static hrs_count player_of(const division *d, hrs_count element) {
  hrs_count position[6], player = 0;
  for (int axis = d->rank - 1; axis >= 0; axis--) {
    position[axis] = element % d->dim[axis];
    element /= d->dim[axis];
  }
  for (int i = 0; i < d->axes; i++) {
    int axis = d->first + i;
    player = player * d->parts[i] + part_of(position[axis], d->dim[axis], d->parts[i]);
  }
  return player;
}

static void check(const division *d) {
  hrs_players players;
  ASSERT_OK(hrs_players_create(d->spec, d->rank, d->dim, (hrs_layout)d->layout, NULL, 1, &players));
  hrs_count n = 1;
  for (int i = 0; i < d->axes; i++)
    n *= d->parts[i];
  assert_int_equal(players.n, n);
  const int32_t *label = players.map.data;
  for (hrs_count i = 0; i < hrs_array_count(&players.map); i++)
    assert_int_equal(label[i], player_of(d, i));
  assert_string_equal(players.names[players.n - 1], d->last);
  hrs_players_destroy(&players);
}

static void divisions(void **state) {
  (void)state;
  const division all[] = {
      /* images */
      {"grid:4x4", 4, {1, 1, 28, 28}, AUTO, 2, 2, {4, 4}, "patch r3c3"},
      {"grid:5x3", 4, {1, 3, 32, 30}, AUTO, 2, 2, {5, 3}, "patch r4c2"},
      {"grid:3x5", 4, {1, 28, 20, 1}, AUTO, 1, 2, {3, 5}, "patch r2c4"},
      {"grid:4x2", 4, {1, 8, 8, 3}, AUTO, 1, 2, {4, 2}, "patch r3c1"},
      {"grid:4x2", 4, {1, 8, 8, 3}, FIRST, 2, 2, {4, 2}, "patch r3c1"},
      {"grid:3x3", 4, {1, 8, 8, 7}, LAST, 1, 2, {3, 3}, "patch r2c2"},
      {"grid:2x2", 3, {3, 4, 5}, AUTO, 1, 2, {2, 2}, "patch r1c1"},
      {"grid:8x9", 3, {1, 8, 9}, NONE, 1, 2, {8, 9}, "patch r7c8"},
      {"grid:3x2", 2, {7, 5}, NONE, 0, 2, {3, 2}, "patch r2c1"},
      {"channels", 4, {1, 8, 8, 3}, AUTO, 3, 1, {3}, "channel 2"},
      {"channels", 4, {1, 5, 3, 3}, FIRST, 1, 1, {5}, "channel 4"},
      /* series: a length alone, with channels in front, behind */
      {"grid:3", 2, {1, 10}, AUTO, 1, 1, {3}, "segment 2"},
      {"grid:3", 1, {10}, AUTO, 0, 1, {3}, "segment 2"},
      {"grid:4", 3, {1, 1, 10}, AUTO, 2, 1, {4}, "segment 3"},
      {"grid:4", 3, {1, 10, 1}, AUTO, 1, 1, {4}, "segment 3"},
      {"grid:4", 3, {1, 3, 10}, FIRST, 2, 1, {4}, "segment 3"},
      {"grid:4", 3, {1, 10, 3}, LAST, 1, 1, {4}, "segment 3"},
      {"channels", 3, {1, 6, 9}, FIRST, 1, 1, {6}, "channel 5"},
      {"channels", 3, {1, 6, 9}, LAST, 2, 1, {9}, "channel 8"},
      {"tokens", 2, {1, 7}, AUTO, 1, 1, {7}, "token 6"},
      {"tokens", 3, {1, 4, 3}, AUTO, 1, 1, {4}, "token 3"},
      {"tokens", 3, {1, 4, 3}, LAST, 1, 1, {4}, "token 3"},
      {"tokens", 3, {1, 4, 3}, FIRST, 2, 1, {3}, "token 2"},
      /* volumes */
      {"grid:2x3x2", 5, {1, 1, 5, 6, 7}, AUTO, 2, 3, {2, 3, 2}, "patch d1r2c1"},
      {"grid:2x3x2", 5, {1, 2, 3, 6, 5}, AUTO, 2, 3, {2, 3, 2}, "patch d1r2c1"},
      {"grid:2x1x4", 5, {1, 9, 6, 7, 1}, AUTO, 1, 3, {2, 1, 4}, "patch d1r0c3"},
      {"grid:2x1x4", 5, {1, 5, 6, 7, 2}, LAST, 1, 3, {2, 1, 4}, "patch d1r0c3"},
      {"grid:2x2x2", 4, {1, 5, 4, 3}, NONE, 1, 3, {2, 2, 2}, "patch d1r1c1"},
      {"channels", 5, {1, 16, 3, 4, 5}, FIRST, 1, 1, {16}, "channel 15"},
  };
  hrs_count before = hrs_memory_current();
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
    check(&all[i]);
  assert_int_equal(hrs_memory_current(), before);
}

static void refused(void **state) {
  (void)state;
  const struct {
    const char *spec;
    int rank;
    hrs_count dim[6];
    int layout;
    const char *message;
  } all[] = {
      {"grid:", 4, {1, 3, 8, 8}, AUTO, "expected grid:RxC"},
      {"grid:4x", 4, {1, 3, 8, 8}, AUTO, "expected grid:RxC"},
      {"grid:0x3", 4, {1, 3, 8, 8}, AUTO, "expected grid:RxC"},
      {"grid:4x4x", 4, {1, 3, 8, 8}, AUTO, "expected grid:RxC"},
      {"grid:1x1x1x1", 4, {1, 3, 8, 8}, AUTO, "expected grid:RxC"},
      {"grid:-1x4", 4, {1, 3, 8, 8}, AUTO, "expected grid:RxC"},
      {"grid:4x 4", 4, {1, 3, 8, 8}, AUTO, "expected grid:RxC"},
      {"grid:99999999999999999999x4", 4, {1, 3, 8, 8}, AUTO, "expected grid:RxC"},
      {"grid:9223372036854775807x2", 4, {1, 3, 8, 8}, AUTO, "expected grid:RxC"},
      {"grid:9x2", 4, {1, 3, 8, 8}, AUTO, "only 8 rows (shape [1, 3, 8, 8], channels first)"},
      {"grid:2x9", 4, {1, 8, 8, 3}, AUTO, "only 8 columns (shape [1, 8, 8, 3], channels last)"},
      {"grid:9x2x2", 5, {1, 1, 8, 8, 8}, AUTO, "only 8 slices"},
      {"grid:11", 2, {1, 10}, AUTO, "only 10 positions"},
      /* as many numbers as places */
      {"grid:4", 4, {1, 3, 8, 8}, AUTO, "an image: grid:RxC"},
      {"grid:2x2x2", 4, {1, 3, 8, 8}, AUTO, "an image: grid:RxC"},
      {"grid:2x2", 5, {1, 1, 8, 8, 8}, AUTO, "a volume: grid:DxRxC"},
      {"grid:2x2", 2, {1, 9}, AUTO, "a series: grid:C"},
      {"grid:2x2", 3, {1, 3, 10}, FIRST, "a series: grid:C"},
      {"grid:1x5", 3, {1, 1, 10}, AUTO, "a series: grid:C"},
      {"grid:2x2", 6, {1, 2, 3, 4, 5, 6}, FIRST, "has 4"},
      {"grid:2x2", 5, {1, 2, 3, 4, 5}, NONE, "has 4"},
      /* layouts that the shape leaves open */
      {"grid:4", 3, {1, 6, 9}, AUTO, "--layout channels-first"},
      {"grid:2x3", 3, {1, 6, 9}, AUTO, "no-channels ([rows, columns])"},
      {"channels", 3, {1, 6, 9}, AUTO, "channels-last ([length, channels])"},
      {"grid:2x2", 4, {1, 64, 3, 3}, AUTO, "channels-last ([rows, columns, channels])"},
      {"channels", 4, {1, 64, 1, 1}, AUTO, "--layout channels-first"},
      {"grid:2x2x2", 5, {1, 16, 3, 8, 8}, AUTO, "map:FILE"},
      {"grid:2x2x2", 5, {1, 16, 4, 4, 4}, AUTO, "--layout channels-first"},
      {"channels", 2, {1, 6}, AUTO, "no channel axis"},
      {"channels", 3, {1, 6, 9}, NONE, "no channel axis"},
      {"tokens", 4, {1, 3, 8, 8}, AUTO, "[1, 3, 8, 8]"},
      {"tokens", 3, {1, 8, 8}, NONE, "--layout no-channels"},
      {"superpixels", 4, {1, 3, 8, 8}, AUTO, "features, grid:RxC"},
      {"features2", 4, {1, 3, 8, 8}, AUTO, "features, grid:RxC"},
  };
  hrs_count before = hrs_memory_current();
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
    hrs_players players;
    ASSERT_FAILS(hrs_players_create(all[i].spec, all[i].rank, all[i].dim, (hrs_layout)all[i].layout,
                                    NULL, 1, &players),
                 USAGE, all[i].message);
    assert_null(players.map.data);
  }
  assert_int_equal(hrs_memory_current(), before);
}

/* A map that says a player per place holds for all channels of it. */
static void maps_of_places(void **state) {
  (void)state;
  const struct {
    int rank;
    hrs_count dim[5];
    int layout;
    int places, map_rank;
    hrs_count map_dim[4], inner; /* inner: elements of a place that follow each other */
  } all[] = {
      {3, {1, 2, 6}, FIRST, 6, 1, {6}, 1},
      {3, {1, 6, 2}, LAST, 6, 1, {6}, 2},
      {4, {1, 2, 2, 3}, AUTO, 6, 2, {2, 3}, 1},
      {4, {1, 2, 3, 2}, LAST, 6, 2, {2, 3}, 2},
      {5, {1, 2, 3, 2, 1}, FIRST, 6, 3, {3, 2, 1}, 1},
      {5, {1, 3, 2, 1, 2}, LAST, 6, 3, {3, 2, 1}, 2},
  };
  const int32_t number[6] = {0, 2, -1, 1, 1, 0};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
    hrs_array map;
    hrs_players players;
    ASSERT_OK(hrs_array_create(HRS_I32, all[i].map_rank, all[i].map_dim, &map));
    memcpy(map.data, number, sizeof number);
    ASSERT_OK(hrs_players_create("map:m.npy", all[i].rank, all[i].dim, (hrs_layout)all[i].layout,
                                 &map, 4, &players));
    assert_int_equal(players.n, 3);
    for (hrs_count k = 0; k < hrs_array_count(&players.map); k++)
      assert_int_equal(((int32_t *)players.map.data)[k], number[k / all[i].inner % all[i].places]);
    hrs_players_destroy(&players);
    hrs_array_destroy(&map);
  }
  hrs_array map;
  hrs_players players;
  ASSERT_OK(hrs_array_create(HRS_I32, 1, DIM(6), &map));
  ASSERT_FAILS(hrs_players_create("map:m.npy", 3, DIM(1, 2, 6), HRS_LAYOUT_AUTO, &map, 4, &players),
               USAGE, "--layout");
  hrs_array_destroy(&map);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(divisions),
      cmocka_unit_test(refused),
      cmocka_unit_test(maps_of_places),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
