/* --indices: the list, and its limits. */
#include "list_indices.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Most numbers of an index in a row: all orders of 24 players. They are collected on one rank. */
static const hrs_count MOST_SETS = (hrs_count)1 << 24;

static const char *const player_values[2] = {"SV", "BV"};

static void list_names(char *text, size_t size) {
  size_t used = (size_t)snprintf(text, size, "SV, BV");
  for (int i = 0; i < HRS_INDEX_LIMIT; i++)
    used += (size_t)snprintf(text + used, size - used, ", %s", hrs_index_name((hrs_index)i));
}

/* One word of the list: NAME or NAME:K. */
static hrs_status parse_word(char *word, bool players[2], int *orders) {
  char *colon = strchr(word, ':');
  if (colon) *colon = '\0';
  for (int i = 0; i < 2; i++) {
    if (strcmp(word, player_values[i]) != 0) continue;
    HRS_REQUIRE(!colon, USAGE, "--indices: '%s:%s': %s are values of single players, without order",
                word, colon + 1, word);
    HRS_REQUIRE(!players[i], USAGE, "--indices: %s is given twice", word);
    players[i] = true;
    return HRS_OK;
  }
  for (int i = 0; i < HRS_INDEX_LIMIT; i++) {
    if (strcmp(word, hrs_index_name((hrs_index)i)) != 0) continue;
    HRS_REQUIRE(!orders[i], USAGE, "--indices: %s is given twice; the highest order includes all",
                word);
    orders[i] = -1;
    if (!colon) return HRS_OK;
    char *end;
    long order = strtol(colon + 1, &end, 10);
    HRS_REQUIRE(end != colon + 1 && !*end && order >= 1 && order <= HRS_MAX_PLAYERS, USAGE,
                "--indices: '%s:%s': after the colon stands the highest order, 1 to the number of "
                "players",
                word, colon + 1);
    orders[i] = (int)order;
    return HRS_OK;
  }
  char names[160];
  list_names(names, sizeof names);
  HRS_FAIL(USAGE, "--indices: '%s' is none of %s", word, names);
}

hrs_status hrs_indices_parse(const char *text, bool players[2], int *orders) {
  players[0] = players[1] = false;
  memset(orders, 0, HRS_INDEX_LIMIT * sizeof *orders);
  if (strcmp(text, "none") == 0) return HRS_OK;
  char copy[512], *rest = copy;
  HRS_REQUIRE(strlen(text) < sizeof copy, USAGE, "--indices: the list is too long");
  memcpy(copy, text, strlen(text) + 1);
  for (char *word; (word = strtok_r(rest, ",", &rest));)
    HRS_TRY(parse_word(word, players, orders));
  return HRS_OK;
}

/* The highest order whose sets are few enough. */
static int highest(int n) {
  int orders = 1;
  while (orders < n && hrs_set_count(n, orders + 1) <= MOST_SETS)
    orders++;
  return orders;
}

hrs_status hrs_indices_settle(int n, int *orders) {
  for (int i = 0; i < HRS_INDEX_LIMIT; i++) {
    const char *name = hrs_index_name((hrs_index)i);
    bool given = orders[i] > 0;
    if (orders[i] == 0) continue;
    HRS_REQUIRE(orders[i] <= n, USAGE,
                "--indices: %s:%d: the highest order is at most the number of players, %d", name,
                orders[i], n);
    if (!given) orders[i] = hrs_index_default_orders((hrs_index)i, n);
    HRS_REQUIRE(hrs_set_count(n, orders[i]) <= MOST_SETS, TOO_LARGE,
                "--indices: %s%s of %d players has %lld sets in each row, and at most %lld are "
                "collected; give %s:%d or a lower order (dividends of all orders: --keep all)",
                name, given ? ", to that order," : ", to all orders,", n,
                (long long)hrs_set_count(n, orders[i]), (long long)MOST_SETS, name, highest(n));
  }
  return HRS_OK;
}
