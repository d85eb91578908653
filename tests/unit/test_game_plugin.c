/* Plug-ins: the worked example, and everything that can be wrong with one. */
#include "moebius.h"

#include <stdlib.h>

static char spec[1024];

static const char *example(const char *argument) {
  snprintf(spec, sizeof spec, "%s%s", HRS_PLUGIN_EXAMPLE, argument);
  return spec;
}

static void worked_example(void **state) {
  (void)state;
  hrs_count before = hrs_memory_current();
  hrs_game *game;
  ASSERT_OK(hrs_game_plugin(example(":51/50,49,1"), &game));
  assert_int_equal(hrs_game_players(game), 3);
  double *values = all_values(game);
  const double wanted[] = {0, 0, 0, 1, 0, 1, 0, 1};
  assert_memory_equal(values, wanted, sizeof wanted);
  /* Shapley values of the votes 50, 49, 1 at a quota of 51 are 2/3, 1/6, 1/6. */
  double shapley[3] = {0};
  for (hrs_mask set = 1; set < 8; set++) {
    for (int i = 0; i < 3; i++) {
      if (set >> i & 1) shapley[i] += (double)and_of(values, set) / hrs_order(set);
    }
  }
  assert_true(shapley[0] > 0.666 && shapley[0] < 0.667);
  assert_true(shapley[1] > 0.166 && shapley[1] < 0.167 && shapley[2] == shapley[1]);
  hrs_free(values);
  hrs_game_destroy(&game);
  assert_int_equal(hrs_memory_current(), before);
}

/* More masks than go into one call. */
static void many_masks(void **state) {
  (void)state;
  hrs_game *game;
  ASSERT_OK(hrs_game_plugin(example(":40/1,2,3,4,5,6,7,8,9,10,11,12,13,14"), &game));
  double *values = all_values(game);
  for (hrs_mask mask = 0; mask < 1 << 14; mask++) {
    int sum = 0;
    for (int i = 0; i < 14; i++)
      sum += mask >> i & 1 ? i + 1 : 0;
    assert_true(values[mask] == (sum >= 40));
  }
  hrs_free(values);
  check_subcubes(game, 0x1002, 0x2ff5);
  hrs_game_destroy(&game);
}

static void wrong_arguments(void **state) {
  (void)state;
  hrs_count before = hrs_memory_current();
  hrs_game *game;
  ASSERT_FAILS(hrs_game_plugin(example(""), &game), INPUT, "QUOTA/WEIGHT");
  ASSERT_FAILS(hrs_game_plugin(example(":1/a"), &game), INPUT, "argument '1/a'");
  ASSERT_FAILS(hrs_game_plugin(example(":a:b"), &game), INPUT, "argument 'a:b'");
  ASSERT_FAILS(hrs_game_plugin("/nowhere/x.so:1", &game), INPUT, "no file /nowhere/x.so");
  ASSERT_FAILS(hrs_game_plugin("", &game), INPUT, "no file");
  ASSERT_FAILS(hrs_game_plugin(scratch_write("text.so", "text", 4), &game), INPUT,
               "cannot be loaded as a shared object");
  assert_null(game);
  assert_int_equal(hrs_memory_current(), before);
}

/* A shared object from a few lines of C, or NULL where there is no compiler. */
static const char *compile(const char *name, const char *code) {
  static const char head[] = "#include <stddef.h>\n#include <stdint.h>\n"
                             "struct p { int abi; int (*open)(const char *, int *, void **, char "
                             "*, size_t); int (*evaluate)(void *, size_t, const uint64_t *, "
                             "double *, char *, size_t); void (*close)(void *); };\n"
                             "static int o(const char *a, int *n, void **s, char *e, size_t z) { "
                             "*n = 3; *s = 0; (void)a; (void)e; (void)z; return 0; }\n"
                             "static int many(const char *a, int *n, void **s, char *e, size_t z) "
                             "{ *n = 41; *s = 0; (void)a; (void)e; (void)z; return 0; }\n"
                             "static int bad(void *s, size_t c, const uint64_t *m, double *v, "
                             "char *e, size_t z) { (void)s; (void)c; (void)m; (void)v; "
                             "for (size_t i = 0; i < z; i++) e[i] = 'x'; return 7; }\n";
  char source[2048], command[1024];
  int size = snprintf(source, sizeof source, "%s%s\n", head, code);
  const char *path = scratch_path(name);
  scratch_write("plugin.c", source, (size_t)size);
  snprintf(command, sizeof command, "cc -shared -fPIC -o '%s' '%s' 2>&1", path,
           scratch_path("plugin.c"));
  return system(command) == 0 ? path : NULL;
}

static void wrong_objects(void **state) {
  (void)state;
  const struct {
    const char *name, *code, *message;
  } bad[] = {
      {"symbol.so", "int other;", "no symbol 'hrs_plugin'"},
      {"abi.so", "const struct p hrs_plugin = {2, o, bad, 0};", "version 2 of the plug-in ABI"},
      {"null.so", "const struct p hrs_plugin = {1, o, 0, 0};", "leaves open or evaluate NULL"},
      {"many.so", "const struct p hrs_plugin = {1, many, bad, 0};", "41 players"},
  };
  hrs_game *game;
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    const char *path = compile(bad[i].name, bad[i].code);
    if (!path) {
      print_message("SKIPPED: there is no C compiler 'cc'\n");
      skip();
    }
    ASSERT_FAILS(hrs_game_plugin(path, &game), INPUT, bad[i].message);
  }
  /* It fails when it is asked, with a message that it forgot to end. */
  ASSERT_OK(
      hrs_game_plugin(compile("fails.so", "const struct p hrs_plugin = {1, o, bad, 0};"), &game));
  double values[8];
  ASSERT_FAILS(hrs_game_evaluate(game, (hrs_subcube){0, 7}, values), INPUT, "failed (7): xxx");
  hrs_game_destroy(&game);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(worked_example),
      cmocka_unit_test(many_masks),
      cmocka_unit_test(wrong_arguments),
      cmocka_unit_test(wrong_objects),
  };
  return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
