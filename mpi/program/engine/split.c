/* Options -> split, and the split of a row. */
#include "split.h"

#include "mpi/program/problem/problem.h"

#include <math.h>

static hrs_status check_share(const hrs_split_options *o, const hrs_problem_options *problem) {
  int count =
      problem->model.count > problem->table.count ? problem->model.count : problem->table.count;
  HRS_REQUIRE(o->share || !o->share_given, USAGE,
              "%s belongs to --share, by which several networks are fitted together: add it, or "
              "leave %s out",
              o->share_given, o->share_given);
  HRS_REQUIRE(o->alpha <= 1, USAGE, "--share-alpha %g is not between 0 and 1", o->alpha);
  HRS_REQUIRE(count <= 1 || o->share, USAGE,
              "%s is given %d times; with --types and-or --share they are fitted together",
              problem->model.count ? "--model" : "--table", count);
  HRS_REQUIRE(!o->share || (count >= 2 && count <= HRS_JOINT_GAMES), USAGE,
              "--share needs --model (or --table) 2 to %d times, not %d", HRS_JOINT_GAMES, count);
  return HRS_OK;
}

hrs_status hrs_split_make(const hrs_split_options *o, const hrs_problem_options *problem,
                          hrs_split *out) {
  HRS_TRY(check_share(o, problem));
  bool spreads = o->share && o->spread > 0;
  *out = (hrs_split){.networks = hrs_problem_games(problem),
                     .gap = o->gap,
                     .iterations = o->iterations,
                     .noise = o->noise,
                     .spread = spreads ? o->spread : INFINITY,
                     .bounded = o->noise > 0 || spreads,
                     .share = {0, 1},
                     .conventions = {o->merge == 0, o->empty == 0}};
  if (o->share) out->share = (hrs_share){o->form ? 1 : 1 - o->alpha, o->alpha};
  return HRS_OK;
}

hrs_status hrs_split_run(const hrs_split *split, hrs_fit *fit, hrs_lattice *const *values,
                         double delta, void (*progress)(void *, int, double), void *context,
                         hrs_fit_report *report, double *noise) {
  hrs_fit_options options = {.gap = split->gap,
                             .iterations = split->iterations,
                             .spread = isfinite(split->spread) ? split->spread * delta : INFINITY,
                             .share = split->share,
                             .progress = progress,
                             .context = context};
  hrs_mask full = hrs_mask_full(hrs_lattice_partition(values[0])->n);
  for (int i = 0; i < split->networks; i++) {
    double v_empty, v_full;
    HRS_TRY(hrs_lattice_get(values[i], 0, &v_empty));
    HRS_TRY(hrs_lattice_get(values[i], full, &v_full));
    noise[i] = options.noise[i] = split->noise * fabs(v_full - v_empty);
  }
  return hrs_fit_run(fit, values, &options, split->conventions, report);
}
