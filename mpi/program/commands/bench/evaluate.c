/* bench evaluate: masks per second, by full passes and with tables, beside the limit. */
#include "given.h"
#include "mpi/lattice/comm.h"
#include "mpi/program/machine/rates.h"
#include "parts.h"

#include <math.h>
#include <stdlib.h>

/* Masks one by one against the slice: the same values up to the rounding of other batch sizes. */
static hrs_status check_slice(hrs_game *game, hrs_subcube cube, const double *values) {
  enum { PROBES = 8 };
  hrs_count size = hrs_subcube_size(cube);
  int targets = hrs_game_targets(game);
  double *one;
  HRS_TRY(hrs_alloc(targets, sizeof *one, &one));
  hrs_status status = HRS_OK;
  for (int p = 0; p < PROBES && status == HRS_OK; p++) {
    hrs_count i = size * p / PROBES;
    hrs_mask mask = hrs_subcube_mask(cube, i);
    status = hrs_game_evaluate_masks(game, 1, &mask, one);
    for (int t = 0; t < targets && status == HRS_OK; t++) {
      double batch = values[t * size + i], error = fabs(one[t] - batch);
      if (!(error <= 1e-3 * (1 + fabs(batch))))
        status = hrs_error_set(HRS_STATUS_VERIFY, __FILE__, __LINE__,
                               "bench evaluate: mask %llu gives %.9g alone, %.9g in a batch",
                               (unsigned long long)mask, one[t], batch);
    }
  }
  hrs_free(one);
  return status;
}

/* What a rate is measured for: short turns, where a script sets it beside another program's. */
static hrs_status read_seconds(double *seconds) {
  const char *text = getenv("HARSANYI_BENCH_SECONDS");
  char *end = NULL;
  *seconds = text ? strtod(text, &end) : 2;
  HRS_REQUIRE(!text || (end != text && *end == 0 && *seconds > 0 && *seconds < 1e6), USAGE,
              "HARSANYI_BENCH_SECONDS=%s: it must be a positive number of seconds", text);
  return HRS_OK;
}

/* How many masks of its own rows this rank evaluates in a second, its tables being made. */
static hrs_status time_masks(const hrs_problem *problem, const hrs_partition *part, double seconds,
                             double *rate) {
  int rank = hrs_comm_rank(problem->comm), row_bits = problem->n - part->block_bits,
      bits = hrs_game_slice_bits(problem->game);
  if (bits > row_bits) bits = row_bits;
  hrs_count slice = (hrs_count)1 << bits, slices = (hrs_count)1 << (row_bits - bits);
  hrs_count first = hrs_partition_first(part, rank);
  hrs_count own = (hrs_partition_first(part, rank + 1) - first) * slices;
  double *values = NULL;
  hrs_status status = HRS_OK;
  double start = hrs_time(), now = start;
  hrs_count done = 0;
  HRS_GO(hrs_alloc(problem->targets * slice, sizeof *values, &values));
  for (hrs_count i = -1; own > 0 && (done == 0 || now - start < seconds); i++) {
    hrs_count at = i < 0 ? 0 : i % own; /* once before the clock starts */
    hrs_subcube row = hrs_partition_row_cube(part, HRS_PHASE_A, first + at / slices);
    hrs_subcube cube = hrs_subcube_part(row, bits, at % slices);
    HRS_GO(hrs_game_evaluate(problem->game, cube, values));
    if (i < 0) {
      HRS_GO(check_slice(problem->game, cube, values));
      start = hrs_time();
    }
    now = hrs_time();
    done = (i + 1) * slice;
  }
done:
  *rate = done > 0 ? (double)done / (now - start) : 0;
  hrs_free(values);
  return hrs_agree(problem->comm, status);
}

/* Seconds to make the tables of a sample, in memory that has been touched before. */
static hrs_status time_tables(const hrs_problem *problem, double *seconds) {
  for (int i = 0; i < 2; i++) {
    hrs_game_network_use(problem->game, HRS_EVALUATOR_LATTICE);
    double start = hrs_bench_begin(problem->comm);
    HRS_TRY(hrs_agree(problem->comm, hrs_game_prepare(problem->game)));
    *seconds = hrs_bench_slowest(problem->comm, hrs_time() - start);
  }
  return HRS_OK;
}

/* Rates of full passes and of the evaluator that was chosen, beside what they take. */
static hrs_status evaluate_network(const hrs_problem *problem, const hrs_partition *part,
                                   double seconds, double *rate, hrs_bench_report *r) {
  hrs_network_cost cost = hrs_game_network_cost(problem->game);
  double brute, tables = 0, masks = ldexp(1, problem->n), gemm = 0;
  hrs_game_network_use(problem->game, HRS_EVALUATOR_BRUTE);
  HRS_TRY(time_masks(problem, part, seconds, &brute));
  double own = masks / part->ranks, work = cost.tables + cost.blocks + cost.tail;
  *rate = brute;
  if (cost.cut) {
    HRS_TRY(time_tables(problem, &tables));
    HRS_TRY(time_masks(problem, part, seconds, rate));
    *rate = own / (tables + own / *rate);
    hrs_bench_add(r, "masks by full passes, one rank", brute, "per second");
    hrs_bench_add(r, "with tables against full passes", *rate / brute, "times as fast");
    hrs_bench_add(r, "tables of a sample", 1e3 * tables, "ms");
    hrs_bench_add(r, "tables", (double)cost.bytes / 0x1p20, "MiB");
  }
  HRS_TRY(hrs_agree(problem->comm, hrs_rate_products(&gemm)));
  hrs_bench_add(r, "multiply-adds per mask, full passes", cost.brute, "");
  hrs_bench_add(r, "multiply-adds per mask, with tables", work, "");
  hrs_bench_add(r, "multiply-adds of a rank, a sample", own * work / 1e9, "G");
  hrs_bench_add(r, "large matrix product, one core (limit)", gemm / 1e9, "G per second");
  hrs_bench_add(r, "full passes, of the limit", brute * cost.brute / gemm, "");
  hrs_bench_add(r, "of the limit", *rate * work / gemm, "");
  return HRS_OK;
}

static hrs_status evaluate_problem(const hrs_problem *problem, double seconds,
                                   hrs_bench_report *r) {
  int size = hrs_comm_size(problem->comm);
  hrs_partition part;
  HRS_TRY(hrs_partition_create(problem->n, -1, size, &part));
  double rate = 0;
  hrs_status status = problem->model && problem->games == 1
                          ? evaluate_network(problem, &part, seconds, &rate, r)
                          : time_masks(problem, &part, seconds, &rate);
  double all = rate;
  status = hrs_agree(problem->comm, status);
  if (status == HRS_OK) status = hrs_comm_reduce(problem->comm, MPI_SUM, MPI_DOUBLE, &all, 1);
  if (status == HRS_OK) {
    hrs_bench_add(r, "masks, all ranks", all, "per second");
    hrs_bench_add(r, "masks, one rank", rate, "per second");
  }
  return status;
}

/* Least time to read a network's file, from the disk's cache, into a checked graph. On rank 0,
 * which is the one that reads it. */
static hrs_status time_load(MPI_Comm comm, const char *path, double *best) {
  int rank = hrs_comm_rank(comm);
  *best = 1e300;
  for (int i = 0; i < 5 && rank == 0; i++) {
    hrs_model *model;
    double start = hrs_time();
    HRS_TRY(hrs_model_load(path, NULL, &model));
    double seconds = hrs_time() - start;
    *best = seconds < *best ? seconds : *best;
    hrs_model_destroy(&model);
  }
  return HRS_OK;
}

hrs_status hrs_bench_evaluate(int argc, char **argv, hrs_bench_options *o, hrs_bench_report *r) {
  hrs_bench_given given;
  double seconds, load;
  HRS_TRY(hrs_agree(o->comm, read_seconds(&seconds)));
  HRS_TRY(hrs_bench_given_create(o->comm, argc, argv, &given));
  o->n = given.problem.n;
  o->place = given.timing;
  given.timing = NULL;
  hrs_status status =
      given.repeat == 1 ? HRS_OK
                        : hrs_error_set(HRS_STATUS_USAGE, __FILE__, __LINE__,
                                        "--repeat: bench evaluate takes none; "
                                        "HARSANYI_BENCH_SECONDS says how long a rate is measured");
  if (status == HRS_OK && given.model) {
    status = hrs_agree(o->comm, time_load(o->comm, given.model, &load));
    hrs_bench_add(r, "load of the network's file", 1e3 * load, "ms");
  }
  hrs_bench_add(r, "until masks can be evaluated, samples and all", 1e3 * given.ready, "ms");
  if (status == HRS_OK) status = evaluate_problem(&given.problem, seconds, r);
  hrs_bench_given_destroy(&given);
  return status;
}
