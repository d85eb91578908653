/* bench fit: the split of one row's values, beside the rotations that it consists of. */
#include "bench.h"

#include "mpi/lattice/comm.h"
#include "mpi/program/run_fit.h"

#include <math.h>

/* Values of the first sample and target into a lattice. */
static hrs_status evaluate(hrs_job *job, hrs_lattice **lattices) {
  int bits = hrs_game_slice_bits(job->game);
  hrs_count row_size = hrs_lattice_row_size(lattices[0]);
  while ((hrs_count)1 << bits > row_size)
    bits--;
  hrs_count slice = (hrs_count)1 << bits, first = hrs_lattice_first_row(lattices[0]);
  hrs_count last = first + hrs_lattice_row_count(lattices[0]);
  double *values;
  HRS_TRY(hrs_alloc(job->targets * slice, sizeof *values, &values));
  hrs_status status = HRS_OK;
  for (hrs_count row = first; row < last && status == HRS_OK; row++)
    for (hrs_count at = 0; at < row_size && status == HRS_OK; at += slice) {
      hrs_subcube cube = hrs_lattice_row_cube(lattices[0], row);
      status = hrs_game_evaluate(job->game, hrs_subcube_part(cube, bits, at >> bits), values);
      for (int i = 0; i < job->networks; i++) {
        double *x = (double *)hrs_lattice_row(lattices[i], row) + at;
        for (hrs_count j = 0; j < slice; j++)
          x[j] = values[i * slice + j];
      }
    }
  hrs_free(values);
  return status;
}

static hrs_status measure(const hrs_job *job, hrs_fit *fit, hrs_lattice **v, double noise,
                          hrs_bench_report *r) {
  hrs_fit_options options = job->fitting;
  hrs_fit_report report;
  double delta = 0;
  for (int i = 0; i < job->networks; i++) {
    double empty, full;
    HRS_TRY(hrs_lattice_get(v[i], 0, &empty));
    HRS_TRY(hrs_lattice_get(v[i], hrs_mask_full(job->n), &full));
    options.noise[i] = noise * fabs(full - empty);
    delta += fabs(full - empty) / job->networks;
  }
  if (isfinite(options.spread)) options.spread *= delta;
  double start = hrs_bench_begin(hrs_lattice_comm(v[0]));
  HRS_TRY(hrs_fit_run(fit, v, &options, job->conventions, &report));
  double seconds = hrs_bench_slowest(hrs_lattice_comm(v[0]), hrs_time() - start), rotations = 1e300;
  for (int i = 0; i < 10; i++) {
    start = hrs_bench_begin(hrs_lattice_comm(v[0]));
    HRS_TRY(hrs_fit_rotate(fit, noise > 0 || isfinite(options.spread)));
    double here = hrs_bench_slowest(hrs_lattice_comm(v[0]), hrs_time() - start);
    rotations = here < rotations ? here : rotations;
  }
  double steps = report.iterations > 0 ? report.iterations : 1;
  HRS_REQUIRE(report.bound <= report.loss * (1 + 1e-9), VERIFY,
              "bench fit: the bound %.17g is above the loss %.17g", report.bound, report.loss);
  hrs_bench_add(r, "fit", seconds, "s");
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

static hrs_status run(hrs_job *job, const hrs_interactions_options *o, hrs_bench_report *r) {
  hrs_partition part;
  hrs_lattice *v[HRS_SHARE_NETWORKS] = {NULL};
  hrs_fit *fit = NULL;
  int ranks = hrs_comm_size(job->comm);
  hrs_status status = hrs_partition_create(job->n, -1, ranks, &part);
  HRS_GO(hrs_agree(job->comm, status));
  for (int i = 0; i < job->networks; i++)
    HRS_GO(hrs_lattice_create(job->comm, &part, HRS_F64, o->chunk, job->sharing, &v[i]));
  HRS_GO(hrs_agree(job->comm, evaluate(job, v)));
  HRS_GO(hrs_fit_create(job->comm, &part, o->chunk, job->sharing, job->networks,
                        hrs_job_fit_bounded(job, o), &fit));
  HRS_GO(measure(job, fit, v, o->noise, r));
done:
  hrs_fit_destroy(&fit);
  for (int i = 0; i < job->networks; i++)
    hrs_lattice_destroy(&v[i]);
  return status;
}

hrs_status hrs_bench_fit(int argc, char **argv, hrs_bench_options *o, hrs_bench_report *r) {
  hrs_interactions_options values = {0};
  hrs_job job;
  HRS_TRY(hrs_options_parse(&hrs_interactions_line, argc, argv, &values, NULL, NULL));
  values.types = "and-or";
  HRS_TRY(hrs_job_create(o->comm, &values, &job));
  o->n = job.n;
  o->place = job.timing;
  job.timing = NULL;
  hrs_status status = run(&job, &values, r);
  hrs_job_destroy(&job);
  return status;
}
