/*
 * Games with known dividends: the option's text, and the simple ones. The planted AND-OR game has
 * a file of its own (and_or.c).
 */
#include "and_or.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void plain_destroy(void *self) {
  hrs_free(self);
}

/* ---- additive ---- */

typedef struct additive_game {
  int players;
  double weight[HRS_MAX_PLAYERS];
} additive_game;

static hrs_status additive_evaluate(void *self, hrs_subcube cube, double *values) {
  const additive_game *game = self;
  values[0] = 0;
  hrs_count size = 1;
  for (int i = 0; i < game->players; i++) {
    if (cube.fixed >> i & 1) values[0] += game->weight[i];
  }
  for (int i = 0; i < game->players; i++) {
    if (!(cube.free >> i & 1)) continue;
    for (hrs_count k = 0; k < size; k++)
      values[size + k] = values[k] + game->weight[i];
    size *= 2;
  }
  return HRS_OK;
}

static hrs_status additive_dividend(void *self, bool or_type, hrs_mask mask, double *out) {
  (void)or_type; /* a single player's AND and OR are the same function */
  const additive_game *game = self;
  *out = 0;
  for (int i = 0; i < game->players; i++) {
    if (mask == (hrs_mask)1 << i) *out = game->weight[i];
  }
  return HRS_OK;
}

static hrs_status additive_create(const hrs_closed_form_spec *spec, hrs_game **out) {
  static const hrs_game_methods methods = {
      .evaluate = additive_evaluate, .dividend = additive_dividend, .destroy = plain_destroy};
  additive_game *game;
  hrs_random random = {spec->seed, 0};
  HRS_TRY(hrs_calloc(1, sizeof *game, &game));
  game->players = spec->n;
  for (int i = 0; i < spec->n; i++)
    game->weight[i] = hrs_closed_form_coefficient(&random);
  return hrs_game_create(&methods, game, spec->n, 1, 1, 0, out);
}

/* ---- majority and airport: nothing to remember but n ---- */

static hrs_status count_only(const hrs_closed_form_spec *spec, const hrs_game_methods *methods,
                             hrs_game **out) {
  int *players;
  HRS_TRY(hrs_alloc(1, sizeof *players, &players));
  *players = spec->n;
  return hrs_game_create(methods, players, spec->n, 1, 1, 0, out);
}

static double signed_binomial(int exponent, int n, int k) {
  double value = k < 0 || k > n ? 0 : hrs_binomial(n, k);
  return exponent & 1 ? -value : value;
}

static hrs_status majority_evaluate(void *self, hrs_subcube cube, double *values) {
  int quota = *(const int *)self / 2 + 1 - hrs_order(cube.fixed);
  hrs_count size = hrs_subcube_size(cube);
  for (hrs_count i = 0; i < size; i++)
    values[i] = hrs_order((hrs_mask)i) >= quota;
  return HRS_OK;
}

/* v = [t >= q]. AND: sum over t >= q of (-1)^(s-t) C(s,t) = (-1)^(s-q) C(s-1,q-1). OR: minus the
 * AND of the flipped game [t <= n-q], which is (-1)^(s-n+q) C(s-1,n-q). */
static hrs_status majority_dividend(void *self, bool or_type, hrs_mask mask, double *out) {
  int n = *(const int *)self, quota = n / 2 + 1, order = hrs_order(mask);
  if (order == 0) {
    *out = 0;
  } else if (or_type) {
    *out = -signed_binomial(order + n - quota, order - 1, n - quota);
  } else {
    *out = signed_binomial(order + quota, order - 1, quota - 1);
  }
  return HRS_OK;
}

static hrs_status majority_create(const hrs_closed_form_spec *spec, hrs_game **out) {
  static const hrs_game_methods methods = {
      .evaluate = majority_evaluate, .dividend = majority_dividend, .destroy = plain_destroy};
  return count_only(spec, &methods, out);
}

static hrs_status airport_evaluate(void *self, hrs_subcube cube, double *values) {
  int n = *(const int *)self;
  hrs_count size = 1;
  values[0] = 0;
  for (int i = 0; i < n; i++) {
    if (cube.fixed >> i & 1) values[0] = i + 1;
  }
  double least = values[0];
  for (int i = 0; i < n; i++) {
    if (!(cube.free >> i & 1)) continue;
    /* A larger player outbids every set of smaller free ones. */
    for (hrs_count k = 0; k < size; k++)
      values[size + k] = least > i + 1 ? least : i + 1;
    size *= 2;
  }
  return HRS_OK;
}

/* v = sum over k of [T meets {k..n-1}]: an OR term for every k. */
static hrs_status airport_dividend(void *self, bool or_type, hrs_mask mask, double *out) {
  int n = *(const int *)self, lowest = 0;
  *out = 0;
  if (!mask) return HRS_OK;
  while (!(mask >> lowest & 1))
    lowest++;
  if (or_type) {
    *out = mask == (hrs_mask_full(n) & ~(((hrs_mask)1 << lowest) - 1));
  } else {
    *out = hrs_order(mask) & 1 ? lowest + 1 : -(lowest + 1);
  }
  return HRS_OK;
}

static hrs_status airport_create(const hrs_closed_form_spec *spec, hrs_game **out) {
  static const hrs_game_methods methods = {
      .evaluate = airport_evaluate, .dividend = airport_dividend, .destroy = plain_destroy};
  return count_only(spec, &methods, out);
}

/* ---- random: iid N(0,1) by Box and Muller's formula ---- */

static double normal(uint64_t seed, hrs_mask mask) {
  const double turn = 6.283185307179586;
  uint64_t first = hrs_random_bits(seed, 2 * mask), second = hrs_random_bits(seed, 2 * mask + 1);
  double radius = ((double)(first >> 11) + 0.5) * 0x1p-53; /* in (0, 1) */
  double angle = (double)(second >> 11) * 0x1p-53;
  return sqrt(-2 * log(radius)) * cos(turn * angle);
}

static hrs_status random_evaluate(void *self, hrs_subcube cube, double *values) {
  uint64_t seed = *(const uint64_t *)self;
  hrs_count size = hrs_subcube_size(cube);
  hrs_mask mask = cube.fixed;
  for (hrs_count i = 0; i < size; i++, mask = hrs_subcube_next(cube, mask))
    values[i] = normal(seed, mask);
  return HRS_OK;
}

static hrs_status random_create(const hrs_closed_form_spec *spec, hrs_game **out) {
  static const hrs_game_methods methods = {.evaluate = random_evaluate, .destroy = plain_destroy};
  uint64_t *seed;
  HRS_TRY(hrs_alloc(1, sizeof *seed, &seed));
  *seed = spec->seed;
  return hrs_game_create(&methods, seed, spec->n, 1, 1, 0, out);
}

/* ---- the option ---- */

enum { KEY_N = 1, KEY_TERMS = 2, KEY_SEED = 4 };

static const struct {
  const char *name;
  int keys;
  hrs_status (*create)(const hrs_closed_form_spec *spec, hrs_game **out);
} forms[] = {
    {"and-or", KEY_N | KEY_TERMS | KEY_SEED, hrs_closed_form_and_or},
    {"additive", KEY_N | KEY_SEED, additive_create},
    {"majority", KEY_N, majority_create},
    {"airport", KEY_N, airport_create},
    {"random", KEY_N | KEY_SEED, random_create},
};

static const struct {
  const char *name;
  int key;
} keys[] = {{"n", KEY_N}, {"terms", KEY_TERMS}, {"seed", KEY_SEED}};

const char *hrs_game_closed_form_help(void) {
  return "and-or:n=N[,terms=K][,seed=S]  K AND terms and K OR terms of orders 1..6 (K 10, S 1)\n"
         "additive:n=N[,seed=S]          a sum of weights\n"
         "majority:n=N                   1 for more than half of the players\n"
         "airport:n=N                    the largest player number present, counted from 1\n"
         "random:n=N[,seed=S]            independent normal values\n";
}

/* An item "key=value" of the text, cut out. */
static hrs_status parse_item(const char *text, const char *item, int allowed, int *seen,
                             hrs_closed_form_spec *spec) {
  const char *value = strchr(item, '=');
  int key = 0;
  for (size_t i = 0; value && i < sizeof keys / sizeof keys[0]; i++) {
    if (strlen(keys[i].name) == (size_t)(value - item) &&
        strncmp(keys[i].name, item, (size_t)(value - item)) == 0)
      key = keys[i].key & allowed;
  }
  HRS_REQUIRE(key, USAGE, "--closed-form %s: '%s' is not one of %s%s%s", text, item, "n=N",
              allowed & KEY_TERMS ? ", terms=K" : "", allowed & KEY_SEED ? ", seed=S" : "");
  HRS_REQUIRE(!(*seen & key), USAGE, "--closed-form %s: '%s' comes a second time", text, item);
  *seen |= key;
  value++;
  hrs_count number = 0;
  if (key == KEY_SEED) {
    HRS_REQUIRE(hrs_parse_seed(value, &spec->seed), USAGE,
                "--closed-form %s: seed '%s' is not a number from 0 to 2^64 - 1", text, value);
    return HRS_OK;
  }
  bool parsed = hrs_parse_count(value, &number);
  int limit = key == KEY_N ? HRS_MAX_PLAYERS : HRS_CLOSED_FORM_MAX_TERMS;
  HRS_REQUIRE(parsed && number >= 1 && number <= limit, USAGE,
              "--closed-form %s: %s '%s' is not a number from 1 to %d", text,
              key == KEY_N ? "n" : "terms", value, limit);
  *(key == KEY_N ? &spec->n : &spec->terms) = (int)number;
  return HRS_OK;
}

static hrs_status parse_items(const char *text, const char *items, int allowed,
                              hrs_closed_form_spec *spec) {
  int seen = 0;
  while (*items) {
    char item[64];
    size_t length = strcspn(items, ",");
    HRS_REQUIRE(length < sizeof item, USAGE, "--closed-form %s: '%.40s...' is too long", text,
                items);
    memcpy(item, items, length);
    item[length] = '\0';
    HRS_TRY(parse_item(text, item, allowed, &seen, spec));
    items += length + (items[length] == ',');
  }
  HRS_REQUIRE(seen & KEY_N, USAGE, "--closed-form %s: the number of players is missing (n=N)",
              text);
  return HRS_OK;
}

hrs_status hrs_game_closed_form(const char *text, hrs_game **out) {
  *out = NULL;
  size_t length = strcspn(text, ":");
  hrs_closed_form_spec spec = {.text = text, .seed = 1};
  for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
    if (strlen(forms[i].name) != length || strncmp(forms[i].name, text, length) != 0) continue;
    HRS_TRY(parse_items(text, text + length + (text[length] == ':'), forms[i].keys, &spec));
    return forms[i].create(&spec, out);
  }
  HRS_FAIL(USAGE,
           "--closed-form %s: there is no game of this name; there are and-or, additive, "
           "majority, airport and random (`harsanyi interactions --help`)",
           text);
}
