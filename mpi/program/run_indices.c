/* --indices: the list, its limits, and the indices of a row. */
#include "run_indices.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Most numbers of an index in a row: all orders of 24 players. They are collected on one rank. */
static const hrs_count MOST_SETS = (hrs_count)1 << 24;

static const char *const player_values[2] = {"SV", "BV"};

/* ---- the list ------------------------------------------------------------------------------- */

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

/* ---- of a row ------------------------------------------------------------------------------- */

static hrs_status fold_row(void *context, hrs_dtype type, const void *values, hrs_subcube cube,
                           double *sum) {
  const int *n = context;
  return hrs_player_values(type, values, cube, *n, sum);
}

static hrs_status values_of_players(const hrs_run *run, const hrs_lattice *v,
                                    hrs_interactions_row *row) {
  int n = run->job->n;
  double sums[2 * HRS_MAX_PLAYERS];
  HRS_TRY(hrs_lattice_sum(v, 2 * n, fold_row, &n, sums));
  for (int which = 0; which < 2; which++)
    memcpy(row->indices[which], sums + which * n, sizeof(double) * (size_t)n);
  for (int i = 0; i < 2 * n; i++)
    HRS_TRY(hrs_run_check_range(run, row, "values of players", HRS_F64, sums[i]));
  return HRS_OK;
}

/* One index of row k: what storing v has rounded off comes to its error. */
static hrs_status write_index(hrs_run *run, hrs_count k, const hrs_interactions_row *row,
                              hrs_index index, const double *values, double error) {
  const hrs_job *job = run->job;
  int orders = job->orders[index];
  for (hrs_count i = 0; i < hrs_set_count(job->n, orders); i++)
    HRS_TRY(hrs_run_check_range(run, row, hrs_index_name(index), HRS_F64, values[i]));
  double rounding = run->ranges[k % job->targets].rounding;
  if (rounding > 0) error += rounding * hrs_index_sensitivity(index, job->n, orders);
  return hrs_interactions_write_index(run->set, k, index, values, error);
}

static hrs_status write_all(hrs_run *run, hrs_count k, const hrs_interactions_row *row,
                            double *const *values, const double *error) {
  for (int i = 0; i < HRS_INDEX_LIMIT; i++)
    if (run->job->orders[i]) HRS_TRY(write_index(run, k, row, (hrs_index)i, values[i], error[i]));
  return HRS_OK;
}

hrs_status hrs_run_indices(hrs_run *run, hrs_count k, const hrs_lattice *v, bool again,
                           hrs_interactions_row *row) {
  const hrs_job *job = run->job;
  if (job->indices[0] || job->indices[1]) HRS_TRY(values_of_players(run, v, row));
  bool any = false;
  for (int i = 0; i < HRS_INDEX_LIMIT; i++)
    any = any || job->orders[i];
  if (!any || again) return HRS_OK;
  double *values[HRS_INDEX_LIMIT] = {NULL}, error[HRS_INDEX_LIMIT];
  hrs_status status = HRS_OK;
  for (int i = 0; i < HRS_INDEX_LIMIT && run->group_rank == 0 && status == HRS_OK; i++)
    if (job->orders[i])
      status = hrs_alloc(hrs_set_count(job->n, job->orders[i]), sizeof *values[i], &values[i]);
  status = hrs_agree(run->group, status);
  if (status == HRS_OK) status = hrs_lattice_indices(v, job->sharing, job->orders, values, error);
  if (status == HRS_OK && run->group_rank == 0) status = write_all(run, k, row, values, error);
  for (int i = 0; i < HRS_INDEX_LIMIT; i++)
    hrs_free(values[i]);
  return hrs_agree(run->group, status);
}
