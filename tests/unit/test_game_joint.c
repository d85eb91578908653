/* Several games as one: targets in turn, and a game that fails to prepare is the last one asked. */
#include "moebius.h"

#include <string.h>

/* A game of two players whose values say which game it is. */
typedef struct counted {
  int number, prepared;
  bool fails;
} counted;

static hrs_status evaluate(void *self, hrs_subcube cube, double *values) {
  const counted *game = self;
  for (hrs_count i = 0; i < hrs_subcube_size(cube); i++)
    values[i] = 10 * game->number + (double)hrs_subcube_mask(cube, i);
  return HRS_OK;
}

static hrs_status prepare(void *self) {
  counted *game = self;
  game->prepared++;
  HRS_REQUIRE(!game->fails, MEMORY, "no memory for game %d", game->number);
  return HRS_OK;
}

static hrs_game *joint_of(counted *states, int count) {
  static const hrs_game_methods methods = {.evaluate = evaluate, .prepare = prepare};
  hrs_game *games[HRS_JOINT_GAMES], *joint;
  for (int i = 0; i < count; i++)
    ASSERT_OK(hrs_game_create(&methods, &states[i], 2, 1, 1, 0, &games[i]));
  ASSERT_OK(hrs_game_joint(count, games, &joint));
  return joint;
}

static void values_in_turn(void **state) {
  (void)state;
  counted states[3] = {{.number = 1}, {.number = 2}, {.number = 3}};
  hrs_game *joint = joint_of(states, 3);
  double values[12];
  const double wanted[] = {10, 11, 12, 13, 20, 21, 22, 23, 30, 31, 32, 33};
  ASSERT_OK(hrs_game_evaluate(joint, (hrs_subcube){0, 3}, values));
  assert_memory_equal(values, wanted, sizeof wanted);
  ASSERT_OK(hrs_game_prepare(joint));
  for (int i = 0; i < 3; i++)
    assert_int_equal(states[i].prepared, 1);
  hrs_game_destroy(&joint);
}

/* Preparing is collective: a rank that failed in one game must meet the others' next agreement with
 * its failure, and not with the next game. */
static void failure_is_the_last(void **state) {
  (void)state;
  counted states[3] = {{.number = 1}, {.number = 2, .fails = true}, {.number = 3}};
  hrs_game *joint = joint_of(states, 3);
  assert_int_equal(hrs_game_prepare(joint), HRS_STATUS_MEMORY);
  assert_non_null(strstr(hrs_error_message(), "game 2"));
  assert_int_equal(states[0].prepared, 1);
  assert_int_equal(states[1].prepared, 1);
  assert_int_equal(states[2].prepared, 0);
  hrs_game_destroy(&joint);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(values_in_turn),
                                     cmocka_unit_test(failure_is_the_last)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
