/*
 * A worked example of a game in C, for harsanyi's --plugin option: a weighted vote.
 *
 *   gcc -shared -fPIC -o vote.so plugin_example.c
 *   harsanyi interactions --plugin vote.so:51/50,49,1 --out vote.h5
 *
 * The argument is QUOTA/WEIGHT,WEIGHT,...: v(T) = 1 where the weights of T reach the quota, else 0.
 * The values must depend on the masks alone: every MPI rank loads the plug-in for itself and asks
 * for the masks of its own part, in any order.
 */
#include <harsanyi/plugin.h>

#include <stdio.h>
#include <stdlib.h>

enum { MOST_PLAYERS = 40 };

struct vote {
  int players;
  double quota;
  double weight[MOST_PLAYERS];
};

static int parse(const char *text, struct vote *vote) {
  char *end;
  vote->quota = strtod(text, &end);
  if (end == text || *end != '/') return 0;
  do {
    const char *start = end + 1;
    if (vote->players == MOST_PLAYERS) return 0;
    vote->weight[vote->players++] = strtod(start, &end);
    if (end == start) return 0;
  } while (*end == ',');
  return *end == '\0';
}

static int open_vote(const char *argument, int *players, void **self, char *error,
                     size_t error_size) {
  struct vote *vote = calloc(1, sizeof *vote);
  if (!vote) {
    snprintf(error, error_size, "out of memory");
    return 1;
  }
  if (!parse(argument, vote)) {
    snprintf(error, error_size, "expected QUOTA/WEIGHT,WEIGHT,... with at most %d weights",
             MOST_PLAYERS);
    free(vote);
    return 1;
  }
  *players = vote->players;
  *self = vote;
  return 0;
}

static int evaluate_vote(void *self, size_t count, const uint64_t *masks, double *values,
                         char *error, size_t error_size) {
  const struct vote *vote = self;
  (void)error;
  (void)error_size;
  for (size_t i = 0; i < count; i++) {
    double sum = 0;
    for (int p = 0; p < vote->players; p++) {
      if (masks[i] >> p & 1) sum += vote->weight[p];
    }
    values[i] = sum >= vote->quota;
  }
  return 0;
}

extern const hrs_plugin_v1 hrs_plugin;
const hrs_plugin_v1 hrs_plugin = {HRS_PLUGIN_ABI, open_vote, evaluate_vote, free};
