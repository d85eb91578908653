/* bench fit: the split of one row's values, beside the rotations that it consists of. */
#include "given.h"
#include "parts.h"

#include "mpi/lattice/comm.h"

#include <math.h>

/* Checksum of the interactions of all networks: of the split's bits. */
static hrs_status add_checksum(const hrs_fit *fit, int networks, hrs_bench_report *r) {
  uint64_t sum = 0, one;
  for (int i = 0; i < 2 * networks; i++) {
    HRS_TRY(hrs_lattice_checksum(hrs_fit_interactions(fit, i / 2, i % 2), &one));
    sum += (uint64_t)(i + 1) * one;
  }
  hrs_bench_add_checksum(r, "checksum of the interactions", sum);
  return HRS_OK;
}

static hrs_status measure(const hrs_bench_given *given, double delta, hrs_fit *fit, hrs_lattice **v,
                          hrs_bench_report *r) {
  const hrs_split *split = &given->split;
  MPI_Comm comm = hrs_lattice_comm(v[0]);
  hrs_fit_report report;
  hrs_bench_times times = {0};
  double noise[HRS_SHARE_NETWORKS], rotations = 1e300;
  for (int i = 0; i < given->repeat; i++) {
    double start = hrs_bench_begin(comm);
    HRS_TRY(hrs_split_run(split, fit, v, delta, NULL, NULL, &report, noise));
    HRS_TRY(hrs_bench_repeat(comm, hrs_time() - start, &times));
  }
  HRS_TRY(add_checksum(fit, given->problem.games, r));
  for (int i = 0; i < 10; i++) {
    double start = hrs_bench_begin(comm);
    HRS_TRY(hrs_fit_rotate(fit, split->bounded));
    double here = hrs_bench_slowest(comm, hrs_time() - start);
    rotations = here < rotations ? here : rotations;
  }
  double seconds = times.least;
  double steps = report.iterations > 0 ? report.iterations : 1;
  HRS_REQUIRE(report.bound <= report.loss * (1 + 1e-9), VERIFY,
              "bench fit: the bound %.17g is above the loss %.17g", report.bound, report.loss);
  hrs_bench_add_times(r, "fit", &times);
  hrs_bench_add(r, "steps", report.iterations, "");
  hrs_bench_add(r, "a step", 1e3 * seconds / steps, "ms");
  hrs_bench_add(r, "rotations of a step alone (limit)", 1e3 * rotations, "ms");
  hrs_bench_add(r, "step over limit", seconds / steps / rotations, "");
  hrs_bench_add(r, "loss (L1)", report.loss, "");
  hrs_bench_add(r, "lower bound", report.bound, "");
  hrs_bench_add(r, "gap", report.gap, "");
  hrs_bench_add(r, "largest residual", report.residual[0], "");
  return HRS_OK;
}

/* Mean |v(N) - v(empty)| of the networks. */
static hrs_status measure_delta(hrs_lattice **v, int networks, int n, double *delta) {
  *delta = 0;
  for (int i = 0; i < networks; i++) {
    double empty, full;
    HRS_TRY(hrs_lattice_get(v[i], 0, &empty));
    HRS_TRY(hrs_lattice_get(v[i], hrs_mask_full(n), &full));
    *delta += fabs(full - empty) / networks;
  }
  return HRS_OK;
}

static hrs_status run(const hrs_bench_given *given, hrs_bench_report *r) {
  const hrs_problem *problem = &given->problem;
  const hrs_resources *resources = &given->resources;
  MPI_Comm comm = problem->comm;
  hrs_partition part;
  hrs_lattice *v[HRS_SHARE_NETWORKS] = {NULL};
  hrs_fit *fit = NULL;
  double delta;
  HRS_TRY(hrs_agree(comm, hrs_partition_create(problem->n, -1, hrs_comm_size(comm), &part)));
  hrs_count bytes = hrs_fit_bytes(&part, resources->chunk, problem->games, given->split.bounded);
  HRS_TRY(hrs_bench_require(comm, &part, HRS_F64, resources->chunk, resources->sharing,
                            problem->games, hrs_count_add(bytes, problem->game_bytes)));
  hrs_status status = HRS_OK;
  for (int i = 0; i < problem->games; i++)
    HRS_GO(hrs_lattice_create(comm, &part, HRS_F64, resources->chunk, resources->sharing, &v[i]));
  HRS_GO(hrs_bench_given_evaluate(given, problem->games, v));
  HRS_GO(hrs_fit_create(comm, &part, resources->chunk, resources->sharing, problem->games,
                        given->split.bounded, &fit));
  HRS_GO(measure_delta(v, problem->games, problem->n, &delta));
  HRS_GO(measure(given, delta, fit, v, r));
done:
  hrs_fit_destroy(&fit);
  for (int i = 0; i < problem->games; i++)
    hrs_lattice_destroy(&v[i]);
  return status;
}

hrs_status hrs_bench_fit(int argc, char **argv, hrs_bench_options *o, hrs_bench_report *r) {
  hrs_bench_given given;
  HRS_TRY(hrs_bench_given_create(o->comm, argc, argv, &given));
  o->n = given.problem.n;
  o->place = given.timing;
  given.timing = NULL;
  hrs_status status = run(&given, r);
  hrs_bench_given_destroy(&given);
  return status;
}
