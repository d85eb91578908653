/* Games from tables: bit orders, samples, sub-cubes, sizes; shapiq's archives. */
#include "moebius.h"

static const char *save(const char *name, int rank, const hrs_count *dim, hrs_dtype type,
                        const double *values) {
  hrs_array a;
  ASSERT_OK(hrs_array_create(type, rank, dim, &a));
  ASSERT_OK(hrs_convert(HRS_F64, values, type, a.data, hrs_array_count(&a)));
  const char *path = scratch_path(name);
  ASSERT_OK(hrs_array_save(path, &a));
  hrs_array_destroy(&a);
  return path;
}

static hrs_game *open_table(const char *path, hrs_bit_order order) {
  hrs_array_file *file;
  hrs_game *game;
  ASSERT_OK(hrs_array_file_open(path, &file));
  ASSERT_OK(hrs_game_table(file, order, &game));
  return game;
}

static void bit_orders(void **state) {
  (void)state;
  /* v(T) = sum of 10^i over players i: written down with player 0 lowest, then highest. */
  const double lsb[] = {0, 1, 10, 11, 100, 101, 110, 111};
  const double msb[] = {0, 100, 10, 110, 1, 101, 11, 111};
  const double *const tables[] = {lsb, msb};
  for (int order = 0; order < 2; order++) {
    const char *path = save("t.npy", 1, (hrs_count[]){8}, HRS_F64, tables[order]);
    hrs_game *game = open_table(path, order ? HRS_BITS_MSB : HRS_BITS_LSB);
    assert_int_equal(hrs_game_players(game), 3);
    assert_int_equal(hrs_game_samples(game), 1);
    assert_int_equal(hrs_game_targets(game), 1);
    assert_int_equal(hrs_game_target(game, 0), 0);
    double *values = all_values(game);
    assert_memory_equal(values, lsb, sizeof lsb);
    hrs_free(values);
    for (hrs_mask fixed = 0; fixed < 8; fixed++)
      check_subcubes(game, fixed, 7 & ~fixed);
    hrs_game_destroy(&game);
  }
}

static void samples_and_types(void **state) {
  (void)state;
  const hrs_dtype types[] = {HRS_F32, HRS_F16, HRS_I8, HRS_U64};
  double values[3 * 16];
  for (int i = 0; i < 48; i++)
    values[i] = i + 1;
  for (int k = 0; k < 4; k++) {
    hrs_game *game =
        open_table(save("s.npy", 2, (hrs_count[]){3, 16}, types[k], values), HRS_BITS_LSB);
    assert_int_equal(hrs_game_samples(game), 3);
    for (int s = 2; s >= 0; s--) {
      ASSERT_OK(hrs_game_select(game, s));
      double *got = all_values(game);
      assert_memory_equal(got, values + 16 * s, 16 * sizeof *got);
      hrs_free(got);
    }
    ASSERT_FAILS(hrs_game_select(game, 3), USAGE, "the game has 3");
    ASSERT_FAILS(hrs_game_select(game, -1), USAGE, "sample -1");
    double dividend;
    assert_false(hrs_game_knows_dividends(game));
    ASSERT_FAILS(hrs_game_dividend(game, false, 0, &dividend), USAGE, "not known");
    hrs_game_destroy(&game);
  }
}

/* Too large to be kept: read as asked for, in both orders. */
static void large(void **state) {
  (void)state;
  enum { N = 23 };
  hrs_array a;
  ASSERT_OK(hrs_array_create(HRS_F32, 1, (hrs_count[]){1 << N}, &a));
  for (int i = 0; i < 1 << N; i++)
    ((float *)a.data)[i] = (float)i;
  const char *path = scratch_path("large.npy");
  ASSERT_OK(hrs_array_save(path, &a));
  hrs_array_destroy(&a);
  for (int order = 0; order < 2; order++) {
    hrs_count before = hrs_memory_current();
    hrs_game *game = open_table(path, order ? HRS_BITS_MSB : HRS_BITS_LSB);
    assert_true(hrs_memory_current() - before < 1 << 16);
    check_subcubes(game, 0x100010, 0x00370f);
    const hrs_mask mask = 0x200007;
    double value;
    ASSERT_OK(hrs_game_evaluate_masks(game, 1, &mask, &value));
    assert_true(value == (order ? 0x700002 : 0x200007));
    hrs_game_destroy(&game);
  }
}

static void bad_shapes(void **state) {
  (void)state;
  hrs_count before = hrs_memory_current();
  static const double zeros[64];
  const struct {
    int rank;
    hrs_count dim[3];
    const char *message;
  } bad[] = {
      {1, {12}, "8 (n = 3) or 16 (n = 4)"},
      {2, {2, 12}, "12 values per sample, no power of two"},
      {1, {1}, "1 value per"},
      {1, {0}, "0 values per"},
      {2, {0, 8}, "no sample"},
      {0, {0}, "[2^n] or [samples, 2^n]"},
      {3, {2, 2, 4}, "[2, 2, 4]"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    const char *path = save("bad.npy", bad[i].rank, bad[i].dim, HRS_F64, zeros);
    hrs_array_file *file;
    hrs_game *game;
    ASSERT_OK(hrs_array_file_open(path, &file));
    ASSERT_FAILS(hrs_game_table(file, HRS_BITS_LSB, &game), INPUT, bad[i].message);
    assert_non_null(strstr(hrs_error_message(), path));
    assert_null(game);
  }
  assert_int_equal(hrs_memory_current(), before);
}

static hrs_status no_read(void *self, hrs_count first, hrs_count count, void *out) {
  (void)self;
  (void)first;
  (void)count;
  (void)out;
  HRS_FAIL(IO, "the disk is gone");
}

static void failures_of_files(void **state) {
  (void)state;
  const hrs_array_file_backend backend = {.read = no_read};
  hrs_array_file *file;
  hrs_game *game;
  hrs_count before = hrs_memory_current();
  ASSERT_OK(hrs_array_file_wrap(&backend, NULL, "gone", HRS_F64, 1, (hrs_count[]){16}, &file));
  ASSERT_FAILS(hrs_game_table(file, HRS_BITS_LSB, &game), IO, "gone");
  ASSERT_OK(
      hrs_array_file_wrap(&backend, NULL, "vast", HRS_F64, 1, (hrs_count[]){1LL << 41}, &file));
  ASSERT_FAILS(hrs_game_table(file, HRS_BITS_LSB, &game), INPUT, "41 players");
  assert_int_equal(hrs_memory_current(), before);
}

/* ---- shapiq ---- */

static void golden_games(void **state) {
  (void)state;
  const char *folder = getenv("HARSANYI_GOLDEN");
  if (!folder) {
    print_message("SKIPPED: HARSANYI_GOLDEN is not set\n");
    skip();
  }
  const char *const names[] = {"adult14_1", "sentiment14_1"};
  for (int k = 0; k < 2; k++) {
    char path[512], member[600];
    snprintf(path, sizeof path, "%s/games/%s.npz", folder, names[k]);
    assert_true(hrs_game_is_shapiq(path));
    hrs_game *game;
    ASSERT_OK(hrs_game_shapiq(path, &game));
    assert_int_equal(hrs_game_players(game), 14);
    double *values = all_values(game);
    hrs_array raw, coalitions;
    snprintf(member, sizeof member, "%s:values", path);
    ASSERT_OK(hrs_array_load(member, &raw));
    snprintf(member, sizeof member, "%s:coalitions", path);
    ASSERT_OK(hrs_array_load(member, &coalitions));
    for (int row = 0; row < 1 << 14; row++) {
      int mask = 0;
      for (int i = 13; i >= 0; i--)
        mask = 2 * mask + ((const unsigned char *)coalitions.data)[14 * row + i];
      assert_true(values[mask] == ((const double *)raw.data)[row]);
    }
    check_subcubes(game, 0x1050, 0x0faf);
    hrs_array_destroy(&raw);
    hrs_array_destroy(&coalitions);
    hrs_free(values);
    hrs_game_destroy(&game);
  }
}

static void no_shapiq(void **state) {
  (void)state;
  hrs_game *game;
  assert_false(hrs_game_is_shapiq("/nowhere.npz"));
  assert_false(hrs_game_is_shapiq(scratch_write("x.npz", "PK\5\6", 4)));
  ASSERT_FAILS(hrs_game_shapiq(scratch_path("x.npz"), &game), INPUT, "x.npz");
  assert_null(game);
}

/* ---- the handle ---- */

static int destroyed;
static void count_destroy(void *self) {
  (void)self;
  destroyed++;
}

static hrs_status constant(void *self, hrs_subcube cube, double *values) {
  (void)self;
  for (hrs_count i = 0; i < hrs_subcube_size(cube); i++)
    values[i] = 1;
  return HRS_OK;
}

static void handles(void **state) {
  (void)state;
  const hrs_game_methods methods = {.evaluate = constant, .destroy = count_destroy};
  hrs_game *game;
  ASSERT_FAILS(hrs_game_create(&methods, NULL, 0, 1, 1, 0, &game), INPUT, "0 players");
  ASSERT_FAILS(hrs_game_create(&methods, NULL, 41, 1, 1, 0, &game), INPUT, "41 players");
  ASSERT_FAILS(hrs_game_create(&methods, NULL, 4, 0, 1, 0, &game), INPUT, "no sample");
  assert_int_equal(destroyed, 3);
  ASSERT_OK(hrs_game_create(&methods, NULL, 40, 2, 1, 0, &game));
  assert_int_equal(hrs_game_slice_bits(game), 12);
  ASSERT_OK(hrs_game_select(game, 1));
  double value;
  ASSERT_OK(hrs_game_evaluate(game, (hrs_subcube){1, 0}, &value));
  assert_int_equal(hrs_game_evaluate(game, (hrs_subcube){1, 1}, &value), HRS_STATUS_INTERNAL);
  assert_int_equal(hrs_game_evaluate(game, (hrs_subcube){(hrs_mask)1 << 40, 0}, &value),
                   HRS_STATUS_INTERNAL);
  hrs_game_destroy(&game);
  hrs_game_destroy(&game);
  hrs_game_destroy(NULL);
  assert_int_equal(destroyed, 4);
}

/* The form of newer versions: {"metadata": {"n_players": n}, "data": {"0,1": v, ...}}. */
static void shapiq_json(void **state) {
  (void)state;
  static const struct {
    const char *text, *message; /* NULL: v(mask) = mask */
  } cases[] = {
      {"{\"object_name\": \"Game\", \"metadata\": {\"n_players\": 2, \"names\": [\"a\\\"b\", [], "
       "{}]},\n"
       " \"data\": {\"0,1\": 3.0, \"1\": 2e0, \"empty\": -0.0, \"0\": 1}}\n",
       NULL},
      {"{\"data\": {\"empty\": 0, \"0\": 1, \"1\": 2, \"1,0\": 3}, \"x\": true, \"y\": null,"
       "\"metadata\": {\"n_players\": 2}}",
       NULL},
      {"{\"metadata\": {\"n_players\": 2}, \"data\": {\"empty\": 0, \"0\": 1, \"1\": 2}}",
       "3 of the 2^2 = 4 sets"},
      {"{\"metadata\": {\"n_players\": 2}, \"data\": {\"empty\": 0, \"0\": 1, \"0\": 2}}",
       "'0' comes twice"},
      {"{\"metadata\": {\"n_players\": 2}, \"data\": {\"empty\": 0, \"2\": 1, \"0\": 2}}",
       "'2' is no set of the players 0 to 1"},
      {"{\"metadata\": {\"n_players\": 2}, \"data\": {\"empty\": 0, \"0,0\": 1, \"0\": 2}}",
       "'0,0' is no set"},
      {"{\"metadata\": {\"n_players\": 39}, \"data\": {\"empty\": 0}}", "2^39"},
      {"{\"metadata\": {\"n_players\": 41}, \"data\": {}}", "n_players is 41"},
      {"{\"metadata\": {\"n_players\": 1.5}, \"data\": {}}", "n_players is 1.5"},
      {"{\"metadata\": {}, \"data\": {}}", "n_players in"},
      {"{\"metadata\": {\"n_players\": 1}}", "the object \"data\""},
      {"{\"metadata\": {\"n_players\": 0x1}, \"data\": {}}", "a number was expected"},
      {"{\"metadata\": {\"n_players\": 1} \"data\": {}}", "a comma was expected at byte 30"},
      {"{\"metadata\": {\"n_players\": 1}, \"data\": {\"empty\": 0, \"0\": 1", "a closing brace"},
      {"{\"a}", "the end of a string"},
      {"{\"x\": [[[}", "a number was expected"},
      {"{} {}", "the end of the file"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const char *path = scratch_write("game.json", cases[i].text, strlen(cases[i].text));
    hrs_game *game = NULL;
    assert_true(hrs_game_is_shapiq(path));
    hrs_count before = hrs_memory_current();
    hrs_status status = hrs_game_shapiq(path, &game);
    if (cases[i].message) {
      assert_int_equal(status, HRS_STATUS_INPUT);
      if (!strstr(hrs_error_message(), cases[i].message))
        fail_msg("'%s' lacks '%s'", hrs_error_message(), cases[i].message);
    } else {
      double values[4];
      ASSERT_OK(status);
      assert_int_equal(hrs_game_players(game), 2);
      ASSERT_OK(hrs_game_evaluate(game, (hrs_subcube){0, 3}, values));
      for (int mask = 0; mask < 4; mask++)
        assert_true(values[mask] == mask);
      hrs_game_destroy(&game);
    }
    assert_int_equal(hrs_memory_current(), before);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(shapiq_json),       cmocka_unit_test(bit_orders),
      cmocka_unit_test(samples_and_types), cmocka_unit_test(large),
      cmocka_unit_test(bad_shapes),        cmocka_unit_test(failures_of_files),
      cmocka_unit_test(golden_games),      cmocka_unit_test(no_shapiq),
      cmocka_unit_test(handles),
  };
  return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
