/*
 * bench lattice: v of one sample on all masks and the AND interactions, over all ranks, as a run
 * has them, without what a run makes of them. What studies of scaling measure.
 *
 * Verified: where dividends are known in closed form, all of them; of any game some, which are
 * added up by the definition. The checksums are those of any number of ranks, chunk and way of
 * sharing, so whoever calls can compare them.
 */
#include "given.h"
#include "mpi/lattice/comm.h"
#include "mpi/lattice/counters.h"
#include "mpi/lattice/schedule.h"
#include "mpi/program/machine/node.h"
#include "parts.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* Sets whose dividends are added up from v, each of so many players at most. */
enum { PROBES = 8, PROBE_ORDER = 5 };

typedef struct probe {
  hrs_mask mask;
  double dividend;
  double size; /* sum of |v|: the scale of its rounding */
} probe;

/* Players far apart, so that bits of all kinds take part: inside tiles, across and between ranks.
 */
static hrs_mask probe_mask(int n, int which) {
  hrs_mask mask = 0;
  for (int j = 0; j < PROBE_ORDER; j++)
    mask |= (hrs_mask)1 << (which + j * (n / PROBE_ORDER + 1)) % n;
  return mask;
}

/* The dividend by its definition, from v in the lattice. */
static hrs_status add_up(const hrs_lattice *v, probe *p) {
  hrs_mask part = p->mask;
  for (bool more = true; more; part = (part - 1) & p->mask) {
    double value;
    HRS_TRY(hrs_lattice_get(v, part, &value));
    p->dividend += hrs_order(p->mask & ~part) % 2 ? -value : value;
    p->size += fabs(value);
    more = part != 0;
  }
  return HRS_OK;
}

static hrs_status check_probe(const hrs_lattice *interactions, const probe *p, double epsilon) {
  double got;
  HRS_TRY(hrs_lattice_get(interactions, p->mask, &got));
  HRS_REQUIRE(fabs(got - p->dividend) <= 64 * epsilon * p->size, VERIFY,
              "bench lattice: the interaction of set %llu is %.17g, by its definition %.17g",
              (unsigned long long)p->mask, got, p->dividend);
  return HRS_OK;
}

/* Largest error of this rank's dividends against those known. */
static hrs_status check_row(hrs_game *game, const hrs_lattice *lattice, hrs_count row,
                            double *worst) {
  hrs_subcube cube = hrs_lattice_row_cube(lattice, row);
  const void *data = hrs_lattice_row(lattice, row);
  bool narrow = hrs_lattice_type(lattice) == HRS_F32;
  hrs_mask mask = cube.fixed;
  for (hrs_count i = 0; i < hrs_subcube_size(cube); i++) {
    double known, got = narrow ? (double)((const float *)data)[i] : ((const double *)data)[i];
    HRS_TRY(hrs_game_dividend(game, false, mask, &known));
    double error = fabs(got - known);
    if (!(error <= *worst)) *worst = error;
    mask = hrs_subcube_next(cube, mask);
  }
  return HRS_OK;
}

static hrs_status check_all(hrs_game *game, const hrs_lattice *lattice, double tolerance,
                            hrs_bench_report *r) {
  MPI_Comm comm = hrs_lattice_comm(lattice);
  double worst = 0;
  hrs_status status = HRS_OK;
  hrs_count first = hrs_lattice_first_row(lattice), count = hrs_lattice_row_count(lattice);
  for (hrs_count row = first; row < first + count && status == HRS_OK; row++)
    status = check_row(game, lattice, row, &worst);
  HRS_TRY(hrs_agree(comm, status));
  HRS_TRY(hrs_comm_reduce(comm, MPI_MAX, MPI_DOUBLE, &worst, 1));
  HRS_REQUIRE(worst <= tolerance, VERIFY,
              "bench lattice: the largest error of a dividend is %.3g, its tolerance %.3g", worst,
              tolerance);
  hrs_bench_add(r, "largest error of a dividend", worst, "");
  return HRS_OK;
}

/* What an exchange took, as counted while it ran, of the rank with most. */
static hrs_status describe(const hrs_bench_given *given, const hrs_lattice *v, hrs_counters counted,
                           hrs_bench_report *r) {
  MPI_Comm comm = hrs_lattice_comm(v);
  const hrs_partition *part = hrs_lattice_partition(v);
  hrs_dtype type = hrs_lattice_type(v);
  int least, nodes, rank = hrs_comm_rank(comm);
  HRS_TRY(hrs_node_ranks(comm, &least, &nodes));
  HRS_REQUIRE(counted.sent == hrs_partition_volume(part, type, rank), VERIFY,
              "bench lattice: an exchange sent %lld bytes, not %lld", (long long)counted.sent,
              (long long)hrs_partition_volume(part, type, rank));
  hrs_count bytes = hrs_lattice_row_count(v) * hrs_lattice_row_size(v);
  hrs_count most[] = {bytes * (hrs_count)hrs_dtype_size(type), counted.sent, counted.messages};
  HRS_TRY(hrs_comm_reduce(comm, MPI_MAX, MPI_INT64_T, most, 3));
  hrs_bench_add(r, "nodes", nodes, "");
  hrs_bench_add(r, "lattice of a rank", (double)most[0], "bytes");
  hrs_bench_add(r, "chunk", (double)hrs_schedule_chunk(part, type, given->resources.chunk),
                "bytes");
  hrs_bench_add(r, "sent by a rank, an exchange", (double)most[1], "bytes");
  hrs_bench_add(r, "messages of a rank, an exchange", (double)most[2], "");
  return HRS_OK;
}

static hrs_status measure(const hrs_bench_given *given, hrs_lattice *v, hrs_bench_report *r) {
  MPI_Comm comm = hrs_lattice_comm(v);
  hrs_game *game = given->problem.game;
  int n = given->problem.n;
  probe probes[PROBES] = {{0}};
  hrs_bench_times evaluate = {0}, transform = {0};
  hrs_counters counted = {0};
  uint64_t values, interactions;
  double start, scale = 1;
  for (int i = 0; i < given->repeat; i++) {
    start = hrs_bench_begin(comm);
    HRS_TRY(hrs_bench_given_evaluate(given, 1, &v));
    HRS_TRY(hrs_bench_repeat(comm, hrs_time() - start, &evaluate));
    if (i == 0) {
      HRS_TRY(hrs_lattice_checksum(v, &values));
      HRS_TRY(hrs_lattice_max(v, &scale));
      for (int p = 0; p < PROBES; p++) {
        probes[p].mask = probe_mask(n, p);
        HRS_TRY(add_up(v, &probes[p]));
      }
    }
    start = hrs_bench_begin(comm);
    counted = hrs_counted;
    HRS_TRY(hrs_lattice_transform(v, hrs_kernel_get(HRS_KERNEL_MOBIUS), 1));
    counted.sent = hrs_counted.sent - counted.sent;
    counted.messages = hrs_counted.messages - counted.messages;
    HRS_TRY(hrs_bench_repeat(comm, hrs_time() - start, &transform));
  }
  HRS_TRY(hrs_lattice_checksum(v, &interactions));
  double epsilon = hrs_lattice_type(v) == HRS_F64 ? DBL_EPSILON : FLT_EPSILON;
  for (int p = 0; p < PROBES; p++)
    HRS_TRY(check_probe(v, &probes[p], epsilon));
  double tolerance = 8 * pow(2, n / 2.0) * epsilon * (scale > 1 ? scale : 1);
  if (hrs_game_knows_dividends(game)) HRS_TRY(check_all(game, v, tolerance, r));
  hrs_bench_add_times(r, "evaluate", &evaluate);
  hrs_bench_add_times(r, "transform", &transform);
  hrs_bench_add_checksum(r, "checksum of v", values);
  hrs_bench_add_checksum(r, "checksum of the interactions", interactions);
  return describe(given, v, counted, r);
}

static hrs_status run(const hrs_bench_given *given, hrs_bench_report *r) {
  const hrs_resources *resources = &given->resources;
  MPI_Comm comm = given->problem.comm;
  hrs_partition part;
  hrs_lattice *v;
  HRS_TRY(hrs_partition_create(given->problem.n, -1, hrs_comm_size(comm), &part));
  HRS_TRY(hrs_bench_require(comm, &part, resources->precision, resources->chunk, resources->sharing,
                            1, given->problem.game_bytes));
  HRS_TRY(hrs_lattice_create(comm, &part, resources->precision, resources->chunk,
                             resources->sharing, &v));
  /* Memory is touched before clocks run. */
  hrs_count bytes = hrs_lattice_row_size(v) * (hrs_count)hrs_dtype_size(resources->precision);
  hrs_count first = hrs_lattice_first_row(v);
  memset(hrs_lattice_row(v, first), 0, (size_t)(hrs_lattice_row_count(v) * bytes));
  hrs_status status = measure(given, v, r);
  hrs_lattice_destroy(&v);
  return status;
}

hrs_status hrs_bench_lattice(int argc, char **argv, hrs_bench_options *o, hrs_bench_report *r) {
  hrs_bench_given given;
  HRS_TRY(hrs_bench_given_create(o->comm, argc, argv, &given));
  o->n = given.problem.n;
  o->place = given.timing;
  given.timing = NULL;
  hrs_status status = run(&given, r);
  hrs_bench_given_destroy(&given);
  return status;
}
