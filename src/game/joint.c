/* Several games with the same players and samples as one: targets in turn, game by game. */
#include "internal.h"

#include <string.h>

typedef struct joint_game {
  int count, targets; /* of each game */
  hrs_game *games[HRS_JOINT_GAMES];
  double *values;
  hrs_count room; /* doubles in values */
} joint_game;

static hrs_status joint_select(void *self, hrs_count sample) {
  joint_game *joint = self;
  for (int i = 0; i < joint->count; i++)
    HRS_TRY(hrs_game_select(joint->games[i], sample));
  return HRS_OK;
}

static hrs_status joint_evaluate(void *self, hrs_subcube cube, double *values) {
  joint_game *joint = self;
  hrs_count size = hrs_subcube_size(cube), wanted = size * joint->targets;
  if (joint->room < wanted) {
    hrs_free(joint->values);
    joint->values = NULL;
    joint->room = 0;
    HRS_TRY(hrs_alloc(wanted, sizeof *joint->values, &joint->values));
    joint->room = wanted;
  }
  for (int i = 0; i < joint->count; i++) {
    HRS_TRY(hrs_game_evaluate(joint->games[i], cube, joint->values));
    for (int t = 0; t < joint->targets; t++)
      memcpy(values + (t * joint->count + i) * size, joint->values + t * size,
             (size_t)size * sizeof *values);
  }
  return HRS_OK;
}

static void joint_join(void *self, const hrs_team *team) {
  joint_game *joint = self;
  for (int i = 0; i < joint->count; i++)
    hrs_game_join(joint->games[i], team);
}

/* A rank that fails goes no further: the others hear of it in the next header that they meet, and
 * would take one of the next game's for it. */
static hrs_status joint_prepare(void *self) {
  joint_game *joint = self;
  for (int i = 0; i < joint->count; i++)
    HRS_TRY(hrs_game_prepare(joint->games[i]));
  return HRS_OK;
}

static int joint_target(void *self, int t) {
  joint_game *joint = self;
  return hrs_game_target(joint->games[t % joint->count], t / joint->count);
}

static void joint_destroy(void *self) {
  joint_game *joint = self;
  for (int i = 0; i < joint->count; i++)
    hrs_game_destroy(&joint->games[i]);
  hrs_free(joint->values);
  hrs_free(joint);
}

static hrs_status check(int count, hrs_game *const *games) {
  for (int i = 1; i < count; i++) {
    HRS_REQUIRE(hrs_game_players(games[i]) == hrs_game_players(games[0]), INPUT,
                "game %d has %d player%s, the first one %d: to share interactions they must have "
                "the same",
                i + 1, hrs_game_players(games[i]), hrs_plural(hrs_game_players(games[i])),
                hrs_game_players(games[0]));
    HRS_REQUIRE(hrs_game_samples(games[i]) == hrs_game_samples(games[0]), INPUT,
                "game %d has %lld sample%s, the first one %lld", i + 1,
                (long long)hrs_game_samples(games[i]), hrs_plural(hrs_game_samples(games[i])),
                (long long)hrs_game_samples(games[0]));
    HRS_REQUIRE(hrs_game_targets(games[i]) == hrs_game_targets(games[0]), INPUT,
                "game %d has %d target%s, the first one %d", i + 1, hrs_game_targets(games[i]),
                hrs_plural(hrs_game_targets(games[i])), hrs_game_targets(games[0]));
  }
  return HRS_OK;
}

hrs_status hrs_game_joint(int count, hrs_game **games, hrs_game **out) {
  static const hrs_game_methods methods = {.select = joint_select,
                                           .evaluate = joint_evaluate,
                                           .join = joint_join,
                                           .prepare = joint_prepare,
                                           .target = joint_target,
                                           .destroy = joint_destroy};
  *out = NULL;
  HRS_ASSERT(count >= 1 && count <= HRS_JOINT_GAMES);
  joint_game *joint;
  hrs_status status = hrs_calloc(1, sizeof *joint, &joint);
  if (status == HRS_OK) status = check(count, games);
  if (status != HRS_OK) {
    hrs_free(joint);
    for (int i = 0; i < count; i++)
      hrs_game_destroy(&games[i]);
    return status;
  }
  int players = hrs_game_players(games[0]), slice = hrs_game_slice_bits(games[0]);
  joint->count = count;
  joint->targets = hrs_game_targets(games[0]);
  memcpy(joint->games, games, (size_t)count * sizeof *games);
  memset(games, 0, (size_t)count * sizeof *games);
  return hrs_game_create(&methods, joint, players, hrs_game_samples(joint->games[0]),
                         count * joint->targets, slice, out);
}
