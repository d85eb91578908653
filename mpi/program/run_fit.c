/* --types and-or: the split of a row's values, and how well its interactions reconstruct them. */
#include "run_fit.h"

#include "mpi/lattice/comm.h"

#include <float.h>
#include <math.h>

hrs_status hrs_run_fit_create(hrs_run *run) {
  const hrs_job *job = run->job;
  if (!job->fit) return HRS_OK;
  return hrs_fit_create(run->group, &run->plan->part, run->options->chunk, job->sharing,
                        job->networks, hrs_job_fit_bounded(job, run->options), &run->fit);
}

static void tell(void *context, int steps, double gap) {
  hrs_run *run = context;
  hrs_progress_split(&run->progress, steps, run->options->fit_iterations, gap,
                     run->options->fit_gap);
}

hrs_status hrs_run_split(hrs_run *run, hrs_count sample, hrs_lattice *const *values, bool again) {
  const hrs_job *job = run->job;
  hrs_fit_options options = job->fitting;
  options.progress = tell;
  options.context = run;
  hrs_progress_split_start(&run->progress);
  for (int i = 0; i < job->networks; i++) {
    double empty, full;
    HRS_TRY(hrs_lattice_get(values[i], 0, &empty));
    HRS_TRY(hrs_lattice_get(values[i], hrs_mask_full(job->n), &full));
    run->noise[i] = options.noise[i] = run->options->noise * fabs(full - empty);
  }
  if (isfinite(options.spread)) options.spread *= run->delta;
  HRS_TRY(hrs_fit_run(run->fit, values, &options, job->conventions, &run->report));
  if (again) return HRS_OK;
  if (isnan(run->report.gap)) hrs_run_note_add(run, HRS_NOTE_NO_SPLIT, sample, 0, 0, 0, 0);
  if (run->report.gap > options.gap)
    hrs_run_note_add(run, HRS_NOTE_GAP, sample, run->report.gap, run->report.gap,
                     run->report.iterations, 0);
  return HRS_OK;
}

/* |I| of the 1st, 2nd, 4th, ... strongest interaction, 0 where there are fewer. */
static hrs_status find_strengths(hrs_run *run, int network, int points, double *strength) {
  hrs_count limit = (hrs_count)1 << (points - 1);
  hrs_salient lists[2] = {{0}};
  hrs_status status = HRS_OK;
  for (int type = 0; type < 2; type++)
    HRS_GO(hrs_lattice_select(hrs_fit_interactions(run->fit, network, type), (uint8_t)type,
                              DBL_TRUE_MIN, limit, &lists[type]));
  if (run->group_rank == 0) {
    status = hrs_salient_merge(&lists[0], &lists[1], DBL_TRUE_MIN, limit);
    for (int i = 0; i < points && status == HRS_OK; i++) {
      hrs_count k = (hrs_count)1 << i;
      strength[i] = k <= lists[0].count ? fabs(lists[0].value[k - 1]) : 0;
    }
  }
  HRS_GO(hrs_agree(run->group, status));
  HRS_GO(hrs_broadcast(run->group, 0, strength, points * (hrs_count)sizeof *strength));
  hrs_salient_destroy(&run->strongest[network]);
  if (run->job->networks > 1) {
    run->strongest[network] = lists[0];
    lists[0] = (hrs_salient){0};
  }
done:
  hrs_salient_destroy(&lists[0]);
  hrs_salient_destroy(&lists[1]);
  return status;
}

hrs_status hrs_run_reconstruct(hrs_run *run, int network, hrs_lattice *values, double threshold,
                               hrs_interactions_fit *out) {
  const hrs_fit_report *report = &run->report;
  *out = (hrs_interactions_fit){.l1 = report->l1[network],
                                .loss = report->loss,
                                .lower_bound = report->bound,
                                .gap = report->gap,
                                .noise_bound = run->noise[network],
                                .max_residual = report->residual[network],
                                .iterations = report->iterations};
  hrs_reconstruction r;
  HRS_TRY(hrs_fit_reconstruct(run->fit, network, values, threshold, &r));
  out->rmse = r.rmse;
  out->max = r.max;
  out->rho_unfaith = r.unfaith;
  out->explained = r.explained;
  out->kept = r.kept;
  run->thresholds[network] = threshold;
  int points = hrs_curve_points(run->job->n);
  double strength[HRS_CURVE_POINTS];
  HRS_TRY(find_strengths(run, network, points, strength));
  for (int point = 0; point < points; point++) {
    /* Past the last interaction the curve stays where it is. */
    if (point == 0 || strength[point] != strength[point - 1]) {
      double least = strength[point] > 0 ? strength[point] : DBL_TRUE_MIN;
      HRS_TRY(hrs_fit_reconstruct(run->fit, network, values, least, &r));
    }
    out->curve.kept[point] = r.kept;
    out->curve.rmse[point] = r.rmse;
    out->curve.max[point] = r.max;
    out->curve.explained[point] = r.explained;
    out->curve.strength[point] = strength[point];
  }
  return HRS_OK;
}
