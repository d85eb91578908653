/* Players: every form on several shapes, maps, subsets, names, and what is refused. */
#include "scratch.h"

#include <harsanyi/game.h>

#include "game/masking.h"

#define DIM(...) ((const hrs_count[]){__VA_ARGS__})

static int32_t at(const hrs_players *players, hrs_count index) {
  return ((const int32_t *)players->map.data)[index];
}

static void features(void **state) {
  (void)state;
  hrs_players players;
  ASSERT_OK(hrs_players_create("features", 4, DIM(1, 1, 1, 5), HRS_LAYOUT_AUTO, NULL, 3, &players));
  assert_int_equal(players.n, 5);
  assert_false(players.per_sample);
  assert_int_equal(players.map.rank, 4);
  for (int i = 0; i < 5; i++)
    assert_int_equal(at(&players, i), i);
  assert_string_equal(players.names[4], "feature 4");
  hrs_players_destroy(&players);
  hrs_players_destroy(&players);
  hrs_players_destroy(NULL);
  ASSERT_FAILS(hrs_players_create("features", 2, DIM(1, 0), HRS_LAYOUT_AUTO, NULL, 1, &players),
               INPUT, "no elements");
}

static void tokens(void **state) {
  (void)state;
  const struct {
    int rank;
    hrs_count dim[3];
    int n;
    hrs_count inner;
  } good[] = {{2, {1, 7}, 7, 1}, {3, {1, 4, 3}, 4, 3}, {1, {6}, 6, 1}, {2, {5, 2}, 5, 2}};
  for (int k = 0; k < 4; k++) {
    hrs_players players;
    ASSERT_OK(hrs_players_create("tokens", good[k].rank, good[k].dim, HRS_LAYOUT_AUTO, NULL, 1,
                                 &players));
    assert_int_equal(players.n, good[k].n);
    for (hrs_count i = 0; i < hrs_array_count(&players.map); i++)
      assert_int_equal(at(&players, i), i / good[k].inner);
    assert_string_equal(players.names[3], "token 3");
    hrs_players_destroy(&players);
  }
  hrs_players players;
  ASSERT_FAILS(hrs_players_create("tokens", 4, DIM(1, 3, 8, 8), HRS_LAYOUT_AUTO, NULL, 1, &players),
               USAGE, "[1, 3, 8, 8]");
}

static void channels(void **state) {
  (void)state;
  hrs_players players;
  ASSERT_OK(hrs_players_create("channels", 4, DIM(1, 3, 2, 2), HRS_LAYOUT_AUTO, NULL, 1, &players));
  assert_int_equal(players.n, 3);
  for (int i = 0; i < 12; i++)
    assert_int_equal(at(&players, i), i / 4);
  assert_string_equal(players.names[2], "channel 2");
  hrs_players_destroy(&players);
  ASSERT_OK(hrs_players_create("channels", 4, DIM(1, 4, 4, 3), HRS_LAYOUT_AUTO, NULL, 1, &players));
  assert_int_equal(players.n, 3);
  for (int i = 0; i < 48; i++)
    assert_int_equal(at(&players, i), i % 3);
  hrs_players_destroy(&players);
  ASSERT_OK(hrs_players_create("channels", 4, DIM(1, 4, 4, 3), HRS_LAYOUT_CHANNELS_FIRST, NULL, 1,
                               &players));
  assert_int_equal(players.n, 4);
  hrs_players_destroy(&players);
  ASSERT_OK(hrs_players_create("channels", 3, DIM(3, 4, 4), HRS_LAYOUT_AUTO, NULL, 1, &players));
  assert_int_equal(players.n, 3);
  hrs_players_destroy(&players);
  ASSERT_FAILS(hrs_players_create("channels", 2, DIM(1, 6), HRS_LAYOUT_AUTO, NULL, 1, &players),
               USAGE, "channel");
}

/* ---- maps ---- */

static hrs_array label_map(hrs_dtype type, int rank, const hrs_count *dim, const double *label) {
  hrs_array map;
  ASSERT_OK(hrs_array_create(type, rank, dim, &map));
  ASSERT_OK(hrs_convert(HRS_F64, label, type, map.data, hrs_array_count(&map)));
  return map;
}

static void maps(void **state) {
  (void)state;
  hrs_count before = hrs_memory_current();
  const double label[] = {0, 1, -1, 2, 2, 0, 1, 0, 0, -1, 2, 1};
  const hrs_dtype types[] = {HRS_I64, HRS_F32, HRS_I8};
  for (int k = 0; k < 3; k++) {
    hrs_players players;
    hrs_array map = label_map(types[k], 2, DIM(2, 3), label);
    /* [2, 3] for every channel of [1, 2, 2, 3]; as it is; without the batch axis. */
    ASSERT_OK(
        hrs_players_create("map:m.npy", 4, DIM(1, 2, 2, 3), HRS_LAYOUT_AUTO, &map, 5, &players));
    assert_int_equal(players.n, 3);
    for (int i = 0; i < 12; i++)
      assert_int_equal(at(&players, i), (int)label[i % 6]);
    assert_string_equal(players.names[2], "player 2");
    hrs_players_destroy(&players);
    ASSERT_OK(hrs_players_create("map:m.npy", 2, DIM(2, 3), HRS_LAYOUT_AUTO, &map, 5, &players));
    hrs_players_destroy(&players);
    ASSERT_OK(hrs_players_create("map:m.npy", 3, DIM(1, 2, 3), HRS_LAYOUT_AUTO, &map, 5, &players));
    assert_int_equal(players.map.rank, 3);
    hrs_players_destroy(&players);
    hrs_array_destroy(&map);
    /* One for each of two samples, in the three forms. */
    map = label_map(types[k], 3, DIM(2, 2, 3), label);
    ASSERT_OK(hrs_players_create("map:m.npy", 3, DIM(1, 2, 3), HRS_LAYOUT_AUTO, &map, 2, &players));
    assert_true(players.per_sample);
    assert_int_equal(players.map.rank, 4);
    assert_int_equal(players.map.dim[0], 2);
    for (int i = 0; i < 12; i++)
      assert_int_equal(at(&players, i), (int)label[i]);
    hrs_players_destroy(&players);
    ASSERT_OK(hrs_players_create("map:m.npy", 4, DIM(1, 2, 3, 2), HRS_LAYOUT_CHANNELS_LAST, &map, 2,
                                 &players));
    assert_true(players.per_sample);
    for (int i = 0; i < 24; i++)
      assert_int_equal(at(&players, i), (int)label[i / 2]);
    hrs_players_destroy(&players);
    hrs_array_destroy(&map);
  }
  assert_int_equal(hrs_memory_current(), before);
}

static void bad_maps(void **state) {
  (void)state;
  hrs_count before = hrs_memory_current();
  const struct {
    int rank;
    hrs_count dim[3];
    double label[12];
    const char *message;
  } bad[] = {
      {1, {4}, {0, 1, 3, 3}, "label 2 does not occur"},
      {1, {4}, {1, 1, 2, -1}, "label 0 does not occur"},
      {1, {4}, {-1, -1, -1, -1}, "holds no player"},
      {1, {4}, {0, 1, -2, 0}, "element 2 of the map is -2"},
      {1, {4}, {0, 0.5, 1, 0}, "element 1 of the map: 0.5 is no whole number"},
      {1, {4}, {0, 1e12, 1, 0}, "element 1"},
      {1, {4}, {0, 1000, 1, 0}, "largest label is 1000"},
      {1, {3}, {0, 1, 2}, "shape is [3]; the masked tensor's shape [1, 4] was expected"},
      {2, {2, 4}, {0, 1, 2, 3, 0, 1, 2, 2}, "chosen sample 1 has 3 players"},
      {2, {2, 4}, {0, 1, 2, 3, 0, 1, 3, 3}, "label 2 does not occur in the map (chosen sample 1)"},
      {2, {2, 3}, {0, 1, 2, 3, 0, 1}, "shape is [2, 3]"},
      {2, {3, 4}, {0}, "has 3 rows; expected are 2"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    hrs_array map = label_map(HRS_F64, bad[i].rank, bad[i].dim, bad[i].label);
    hrs_players players;
    ASSERT_FAILS(hrs_players_create("map:m.npy", 2, DIM(1, 4), HRS_LAYOUT_AUTO, &map, 2, &players),
                 INPUT, bad[i].message);
    assert_non_null(strstr(hrs_error_message(), "--players map:m.npy"));
    hrs_array_destroy(&map);
  }
  assert_int_equal(hrs_memory_current(), before);
}

/* One map for all samples, or one for each of all or of the chosen ones, from the shape alone. */
static void forms_of_maps(void **state) {
  (void)state;
  const struct {
    int rank;
    hrs_count dim[5];
    int per_sample; /* -1: refused */
    const char *message;
  } forms[] = {
      {2, {4, 5}, 0, NULL},
      {3, {1, 4, 5}, 0, NULL},
      {4, {1, 1, 4, 5}, 0, NULL},
      {4, {1, 3, 4, 5}, 0, NULL},
      {3, {9, 4, 5}, 1, NULL},
      {4, {9, 1, 4, 5}, 1, NULL},
      {4, {9, 3, 4, 5}, 1, NULL},
      {5, {9, 1, 3, 4, 5}, 1, NULL},
      {4, {3, 1, 4, 5}, 1, NULL},
      {4, {3, 3, 4, 5}, 1, NULL},
      {3, {3, 4, 5}, -1, "let its shape be [1, 3, 4, 5] for the former, [3, 1, 4, 5] for the"},
      {3, {8, 4, 5}, -1, "[8, 4, 5] has 8 rows; expected are 9, one for each sample, or 3"},
      {3, {9, 5, 4}, -1, "shape is [9, 5, 4]; the masked tensor's shape [1, 3, 4, 5]"},
  };
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
    hrs_array map = {.type = HRS_I32, .rank = forms[i].rank};
    memcpy(map.dim, forms[i].dim, sizeof forms[i].dim);
    bool per_sample = false;
    hrs_status status = hrs_players_map_form("map:m.npy", &map, 4, DIM(1, 3, 4, 5), HRS_LAYOUT_AUTO,
                                             9, 3, &per_sample);
    if (forms[i].per_sample < 0)
      ASSERT_FAILS(status, INPUT, forms[i].message);
    else
      assert_int_equal(status, HRS_OK);
    if (forms[i].per_sample >= 0) assert_int_equal(per_sample, forms[i].per_sample);
  }
}

/* ---- subsets and names ---- */

static void subsets(void **state) {
  (void)state;
  hrs_players players;
  ASSERT_OK(hrs_players_create("features", 2, DIM(1, 60), HRS_LAYOUT_AUTO, NULL, 1, &players));
  assert_int_equal(players.n, 60);
  const char *const bad[] = {"",          "60",
                             "3,3",       "-1",
                             "1,,2",      "1,2,",
                             "1x",        "a,b",
                             "0, 1",      "random:0",
                             "random:61", "random:5:x",
                             "random:",   "99999999999999999999999999999999999"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    ASSERT_FAILS(hrs_players_subset(&players, bad[i]), USAGE, "--subset");
    assert_int_equal(players.n, 60);
  }
  ASSERT_OK(hrs_players_subset(&players, "59,3,17"));
  assert_int_equal(players.n, 3);
  for (int i = 0; i < 60; i++)
    assert_int_equal(at(&players, i), i == 3 ? 0 : i == 17 ? 1 : i == 59 ? 2 : -1);
  assert_string_equal(players.names[2], "feature 59");
  char *names[] = {"age", "income", "tenure", "more"};
  ASSERT_FAILS(hrs_players_rename(&players, 4, names, "n.txt"), INPUT,
               "n.txt holds 4 names for 3 players");
  ASSERT_OK(hrs_players_rename(&players, 3, names, "n.txt"));
  assert_string_equal(players.names[1], "income");
  hrs_players_destroy(&players);
}

static void random_subsets(void **state) {
  (void)state;
  int times[12] = {0};
  char first[12] = "";
  for (int seed = 0; seed < 600; seed++) {
    char spec[32];
    hrs_players players;
    ASSERT_OK(hrs_players_create("features", 1, DIM(12), HRS_LAYOUT_AUTO, NULL, 1, &players));
    snprintf(spec, sizeof spec, "random:5:%d", seed);
    ASSERT_OK(hrs_players_subset(&players, spec));
    assert_int_equal(players.n, 5);
    int next = 0;
    for (int i = 0; i < 12; i++) {
      if (at(&players, i) < 0) continue;
      assert_int_equal(at(&players, i), next++);
      times[i]++;
      if (seed == 0) first[i] = 1;
    }
    assert_int_equal(next, 5);
    hrs_players_destroy(&players);
  }
  /* 250 times each on average, with a standard deviation of 12. */
  for (int i = 0; i < 12; i++)
    assert_in_range(times[i], 190, 310);
  hrs_players players;
  ASSERT_OK(hrs_players_create("features", 1, DIM(12), HRS_LAYOUT_AUTO, NULL, 1, &players));
  ASSERT_OK(hrs_players_subset(&players, "random:5"));
  for (int i = 0; i < 12; i++)
    assert_int_equal(at(&players, i) >= 0, first[i]);
  hrs_players_destroy(&players);
}

/* ---- masked rows ---- */

/* A row that follows random masks against one made element by element. */
static void masking(void **state) {
  (void)state;
  const size_t sizes[] = {1, 2, 4, 8};
  hrs_random random = {3, 0};
  for (int k = 0; k < 40; k++) {
    enum { MOST = 500 };
    size_t size = sizes[k % 4];
    int count = 1 + (int)hrs_random_below(&random, MOST), n = 1 + (int)hrs_random_below(&random, 9);
    int32_t label[MOST];
    unsigned char sample[8 * MOST], baseline[8 * MOST];
    for (int i = 0; i < count; i++)
      label[i] = i && hrs_random_below(&random, 4)
                     ? label[i - 1]
                     : (int32_t)hrs_random_below(&random, (uint64_t)n + 1) - 1;
    for (size_t i = 0; i < size * (size_t)count; i++) {
      sample[i] = (unsigned char)hrs_random_next(&random);
      baseline[i] = (unsigned char)hrs_random_next(&random);
    }
    hrs_masking m;
    ASSERT_OK(hrs_masking_create(n, count, size, &m));
    ASSERT_OK(hrs_masking_set_labels(&m, label, size));
    hrs_masking_set_tensors(&m, sample, baseline);
    for (int round = 0; round < 20; round++) {
      hrs_mask free = hrs_random_next(&random) & hrs_random_next(&random) & hrs_mask_full(n);
      hrs_subcube cube = {.fixed = hrs_random_next(&random) & hrs_mask_full(n) & ~free,
                          .free = free};
      unsigned char *out = NULL;
      ASSERT_OK(hrs_alloc(hrs_subcube_size(cube) * count, size, &out));
      hrs_masking_write(&m, cube, out);
      for (hrs_count at = 0; at < hrs_subcube_size(cube); at++) {
        hrs_mask mask = hrs_subcube_mask(cube, at);
        for (int i = 0; i < count; i++) {
          bool present = label[i] < 0 || (mask >> label[i] & 1);
          assert_memory_equal(out + (size_t)(at * count + i) * size,
                              (present ? sample : baseline) + (size_t)i * size, size);
        }
      }
      hrs_free(out);
    }
    hrs_masking_destroy(&m);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(features), cmocka_unit_test(tokens),         cmocka_unit_test(channels),
      cmocka_unit_test(maps),     cmocka_unit_test(bad_maps),       cmocka_unit_test(forms_of_maps),
      cmocka_unit_test(subsets),  cmocka_unit_test(random_subsets), cmocka_unit_test(masking),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
