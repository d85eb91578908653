/*
 * bench indices: the time of each index, and how it compares with the time of as many additions as
 * it needs, done one after the other by a plain loop x[i] += c over the same array.
 *
 * The game is a sum of terms that are there when all of some players are: its dividends are known,
 * so every number of every index is, and all are compared before times are reported.
 */
#include "parts.h"

#include "mpi/lattice/comm.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { TERMS = 24, VALUES_OF_PLAYERS = 2 };

typedef struct planted {
  int n;
  hrs_mask set[TERMS];
  double effect[TERMS];
} planted;

static void plant(int n, planted *game) {
  game->n = n;
  for (int i = 0; i < TERMS; i++) {
    uint64_t x = (uint64_t)(i + 1) * 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    uint64_t y = (x ^ x >> 27) * 0x94d049bb133111ebu;
    game->set[i] = (x & y) >> (64 - n);
    game->effect[i] = (double)(y >> 58) / 8 - 4;
  }
}

static void fill_lattice(const planted *game, hrs_lattice *v) {
  hrs_count first = hrs_lattice_first_row(v);
  for (hrs_count row = first; row < first + hrs_lattice_row_count(v); row++) {
    hrs_subcube cube = hrs_lattice_row_cube(v, row);
    double *x = hrs_lattice_row(v, row);
    hrs_mask mask = cube.fixed;
    for (hrs_count i = 0; i < hrs_lattice_row_size(v); i++, mask = hrs_subcube_next(cube, mask)) {
      x[i] = 0;
      for (int t = 0; t < TERMS; t++)
        x[i] += game->set[t] & ~mask ? 0 : game->effect[t];
    }
  }
}

/* On rank 0: every value from the planted dividends. */
static hrs_status check(const planted *game, hrs_index index, const char *name, int orders,
                        const double *values) {
  hrs_count count = hrs_set_count(game->n, orders);
  double coefficient[HRS_MAX_PLAYERS + 1][HRS_MAX_PLAYERS + 1];
  hrs_mask *set;
  hrs_status status = HRS_OK;
  HRS_TRY(hrs_alloc(count, sizeof *set, &set));
  hrs_set_list(game->n, orders, set);
  for (int s = 1; s <= orders; s++)
    for (int t = s; t <= game->n; t++)
      coefficient[s][t] = hrs_index_coefficient(index, orders, s, t);
  for (hrs_count i = 0; i < count && status == HRS_OK; i++) {
    double wanted = 0;
    for (int t = 0; t < TERMS; t++)
      if (!(set[i] & ~game->set[t]))
        wanted += coefficient[hrs_order(set[i])][hrs_order(game->set[t])] * game->effect[t];
    if (!(fabs(values[i] - wanted) <= 1e-9))
      status = hrs_error_set(HRS_STATUS_VERIFY, __FILE__, __LINE__,
                             "bench indices: %s of mask %llu is %.12g, not %.12g", name,
                             (unsigned long long)set[i], values[i], wanted);
  }
  hrs_free(set);
  return status;
}

static hrs_status players_of_row(void *context, hrs_dtype type, const void *values,
                                 hrs_subcube cube, double *sum) {
  const int *n = context;
  return hrs_player_values(type, values, cube, *n, sum);
}

/* SV and BV come together. */
static hrs_status time_players(const planted *game, const hrs_lattice *v, int repeat, int rank,
                               double *best) {
  double sums[VALUES_OF_PLAYERS * HRS_MAX_PLAYERS];
  int n = game->n;
  *best = HUGE_VAL;
  for (int i = 0; i < repeat; i++) {
    double start = hrs_bench_begin(hrs_lattice_comm(v));
    HRS_TRY(hrs_lattice_sum(v, VALUES_OF_PLAYERS * n, players_of_row, &n, sums));
    *best = fmin(*best, hrs_bench_slowest(hrs_lattice_comm(v), hrs_time() - start));
  }
  if (rank != 0) return HRS_OK;
  HRS_TRY(check(game, HRS_INDEX_SII, "SV", 1, sums));
  return check(game, HRS_INDEX_BII, "BV", 1, sums + n);
}

static hrs_status time_index(const planted *game, const hrs_lattice *v, hrs_sharing sharing,
                             hrs_index index, int orders, int repeat, int rank, double *best) {
  int all[HRS_INDEX_LIMIT] = {0};
  double *values[HRS_INDEX_LIMIT] = {NULL}, error[HRS_INDEX_LIMIT];
  all[index] = orders;
  hrs_status status = HRS_OK;
  HRS_TRY(hrs_comm_alloc(hrs_lattice_comm(v), rank == 0 ? hrs_set_count(game->n, orders) : 0,
                         sizeof *values[index], &values[index]));
  *best = HUGE_VAL;
  for (int i = 0; i < repeat && status == HRS_OK; i++) {
    double start = hrs_bench_begin(hrs_lattice_comm(v));
    status = hrs_lattice_indices(v, sharing, all, values, error);
    *best = fmin(*best, hrs_bench_slowest(hrs_lattice_comm(v), hrs_time() - start));
  }
  if (status == HRS_OK && rank == 0)
    status = check(game, index, hrs_index_name(index), orders, values[index]);
  hrs_free(values[index]);
  return hrs_agree(hrs_lattice_comm(v), status);
}

/* Time, additions per value, and the time of one of them in times that of a plain one. */
static void report_index(hrs_bench_report *r, const char *name, const char *way, double seconds,
                         double additions, double plain) {
  char text[64];
  snprintf(text, sizeof text, "%s, %s", name, way);
  hrs_bench_add(r, text, seconds * 1e3, "ms");
  hrs_bench_add(r, "  additions per value", additions, "");
  hrs_bench_add(r, "  against as many plain additions", seconds / (additions * plain),
                "times as long");
}

static hrs_status run(const hrs_bench_options *o, hrs_lattice *v, hrs_bench_report *r) {
  hrs_sharing sharing = (hrs_sharing)o->shm;
  hrs_count own = hrs_lattice_row_count(v) * hrs_lattice_row_size(v);
  int rank = hrs_comm_rank(o->comm), row_bits = o->n - hrs_lattice_partition(v)->block_bits;
  /* The unit first: the lattice is filled after it. */
  double plain =
      hrs_bench_pass(o->comm, hrs_lattice_row(v, hrs_lattice_first_row(v)), 1, own, 3 * o->repeat);
  planted game;
  plant(o->n, &game);
  fill_lattice(&game, v);
  hrs_bench_add(r, "one plain pass of additions (the unit)", plain * 1e3, "ms");
  double seconds;
  HRS_TRY(hrs_agree(o->comm, time_players(&game, v, o->repeat, rank, &seconds)));
  report_index(r, "SV and BV", "fold", seconds, 4, plain);
  for (int i = 0; i < HRS_INDEX_LIMIT; i++) {
    hrs_index index = (hrs_index)i;
    int orders = hrs_index_default_orders(index, o->n);
    double additions;
    bool folds = hrs_index_folds(index, o->n, row_bits, orders, &additions);
    char name[32];
    snprintf(name, sizeof name, "%s:%d", hrs_index_name(index), orders);
    HRS_TRY(time_index(&game, v, sharing, index, orders, o->repeat, rank, &seconds));
    report_index(r, name, folds ? "fold" : "transform", seconds, ldexp(additions, -o->n), plain);
  }
  return HRS_OK;
}

hrs_status hrs_bench_indices(const hrs_bench_options *o, hrs_bench_report *r) {
  int size = hrs_comm_size(o->comm);
  HRS_REQUIRE(o->n <= 24, USAGE,
              "--n %d: all orders of more than 24 players are not collected by bench indices",
              o->n);
  hrs_partition part;
  HRS_TRY(hrs_partition_create(o->n, -1, size, &part));
  hrs_lattice *v;
  /* One index at a time: its results, and a lattice beside v where it is made by transforms. */
  HRS_TRY(hrs_bench_require(o->comm, &part, HRS_F64, o->chunk, (hrs_sharing)o->shm, 2,
                            (hrs_count)24 << o->n));
  HRS_TRY(hrs_lattice_create(o->comm, &part, HRS_F64, o->chunk, (hrs_sharing)o->shm, &v));
  hrs_status status = run(o, v, r);
  hrs_lattice_destroy(&v);
  return status;
}
