/* --types and-or: the split of a row's values, and how well its interactions reconstruct them. */
#include "fit.h"

#include "mpi/lattice/comm.h"

#include <float.h>
#include <math.h>

static void tell(void *context, int steps, double gap) {
  hrs_work *work = context;
  const hrs_split *split = &work->settings->split;
  hrs_progress_split(&work->engine->progress, steps, split->iterations, gap, split->gap);
}

hrs_status hrs_work_split(hrs_work *work, hrs_count sample, hrs_lattice *const *values) {
  const hrs_split *split = &work->settings->split;
  hrs_fit_report *report = &work->report;
  hrs_progress_split_start(&work->engine->progress);
  HRS_TRY(hrs_split_run(split, work->fit, values, work->delta, tell, work, report, work->noise));
  if (isnan(report->gap))
    hrs_engine_note(work->engine, HRS_NOTE_NO_SPLIT, sample, 0,
                    "values that are NaN or infinite have no split: its interactions are NaN");
  if (report->gap > split->gap)
    hrs_engine_note(work->engine, HRS_NOTE_GAP, sample, report->gap,
                    "the split is within %.3g of the sparsest after %d iterations, not within %g; "
                    "see --fit-iterations, --fit-gap",
                    report->gap, report->iterations, split->gap);
  return HRS_OK;
}

/* |I| of the 1st, 2nd, 4th, ... strongest interaction, 0 where there are fewer. */
static hrs_status find_strengths(hrs_work *work, int network, int points, double *strength) {
  hrs_count limit = (hrs_count)1 << (points - 1);
  hrs_salient lists[2] = {{0}};
  hrs_status status = HRS_OK;
  for (int type = 0; type < 2; type++)
    HRS_GO(hrs_lattice_select(hrs_fit_interactions(work->fit, network, type), (uint8_t)type,
                              DBL_TRUE_MIN, limit, &lists[type]));
  if (work->engine->group_rank == 0) {
    status = hrs_salient_merge(&lists[0], &lists[1], DBL_TRUE_MIN, limit);
    for (int i = 0; i < points && status == HRS_OK; i++) {
      hrs_count k = (hrs_count)1 << i;
      strength[i] = k <= lists[0].count ? fabs(lists[0].value[k - 1]) : 0;
    }
  }
  HRS_GO(hrs_agree(work->engine->group, status));
  HRS_GO(hrs_broadcast(work->engine->group, 0, strength, points * (hrs_count)sizeof *strength));
  hrs_salient_destroy(&work->strongest[network]);
  if (work->problem->games > 1) {
    work->strongest[network] = lists[0];
    lists[0] = (hrs_salient){0};
  }
done:
  hrs_salient_destroy(&lists[0]);
  hrs_salient_destroy(&lists[1]);
  return status;
}

hrs_status hrs_work_reconstruct(hrs_work *work, int network, hrs_lattice *values, double threshold,
                                hrs_interactions_fit *out) {
  const hrs_fit_report *report = &work->report;
  *out = (hrs_interactions_fit){.l1 = report->l1[network],
                                .loss = report->loss,
                                .lower_bound = report->bound,
                                .gap = report->gap,
                                .noise_bound = work->noise[network],
                                .max_residual = report->residual[network],
                                .iterations = report->iterations};
  hrs_reconstruction r;
  HRS_TRY(hrs_fit_reconstruct(work->fit, network, values, threshold, &r));
  out->rmse = r.rmse;
  out->max = r.max;
  out->rho_unfaith = r.unfaith;
  out->explained = r.explained;
  out->kept = r.kept;
  work->thresholds[network] = threshold;
  int points = hrs_curve_points(work->problem->n);
  double strength[HRS_CURVE_POINTS];
  HRS_TRY(find_strengths(work, network, points, strength));
  for (int point = 0; point < points; point++) {
    /* Past the last interaction the curve stays where it is. */
    if (point == 0 || strength[point] != strength[point - 1]) {
      double least = strength[point] > 0 ? strength[point] : DBL_TRUE_MIN;
      HRS_TRY(hrs_fit_reconstruct(work->fit, network, values, least, &r));
    }
    out->curve.kept[point] = r.kept;
    out->curve.rmse[point] = r.rmse;
    out->curve.max[point] = r.max;
    out->curve.explained[point] = r.explained;
    out->curve.strength[point] = strength[point];
  }
  return HRS_OK;
}
