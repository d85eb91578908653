/*
 * The sparsest split of v: how the problem is posed, exactly or within bounds, and what becomes of
 * its solution (conventions, scale, constants).
 *
 * Idea. The exact split comes first: it is the answer without noise, and where the bounds allow
 * more the bounded one starts from it. Cost: two transforms of each slot in an iteration
 * (iterate.c).
 */
#include "bounded.h"
#include "exact.h"
#include "iterate.h"
#include "reconstruct.h"
#include "rows.h"

#include <math.h>
#include <string.h>

static bool has_noise(const hrs_fit *fit, bool all) {
  int count = 0;
  for (int k = 0; k < fit->networks; k++)
    count += fit->options.noise[k] > 0;
  return all ? count == fit->networks : count > 0;
}

static hrs_status check(const hrs_fit *fit, bool *bounded) {
  const hrs_fit_options *o = &fit->options;
  bool noise = has_noise(fit, false);
  *bounded = noise || (fit->networks > 1 && isfinite(o->spread));
  HRS_REQUIRE(fit->bounded || !*bounded, USAGE, "a fit made without bounds is given some");
  HRS_REQUIRE(o->share.max >= 0 && o->share.sum >= 0 && o->share.max + o->share.sum > 0, USAGE,
              "weights %g of the maximum and %g of the sum: one must be positive", o->share.max,
              o->share.sum);
  HRS_REQUIRE(hrs_fit_can_go_on(o, noise, *bounded), USAGE,
              "what a fit is to go on from is no iterate of it");
  return HRS_OK;
}

/*
 * The exact split. With noise a rough one is enough to start from, unless some network has none;
 * and where the noise is so small that the exact split is the answer all the same, it is solved to
 * the end, and what the noise can lower the bound by is taken off. *done: that is all.
 */
static hrs_status solve_exact(hrs_fit *fit, hrs_lattice *const *v, hrs_fit_report *report,
                              double *step, bool *done) {
  static const double ROUGH = 0.01;
  double gap = fit->options.gap, price;
  bool rough = has_noise(fit, true) && gap < ROUGH, past = hrs_fit_is_past(fit, HRS_FIT_EXACTLY);
  if (!past) {
    HRS_TRY(
        hrs_fit_solve(fit, HRS_FIT_EXACTLY, &hrs_fit_exact, v, rough ? ROUGH : gap, report, step));
    if (!(*step > 0)) return HRS_OK;
  }
  if (has_noise(fit, false)) {
    if (!past) {
      HRS_TRY(hrs_fit_exact_price(fit, *step, &price));
      *done =
          price <= gap / 2 * report->loss && !(fit->networks > 1 && isfinite(fit->options.spread));
    }
    if (past || (*done && rough)) {
      *done = true;
      *step = 0;
      HRS_TRY(hrs_fit_solve(fit, HRS_FIT_REFINED, &hrs_fit_exact, v, gap / 2, report, step));
      HRS_TRY(hrs_fit_exact_price(fit, *step, &price));
    }
    if (*done) report->bound = report->bound > price ? report->bound - price : 0;
  }
  return fit->method->finish(fit, *step);
}

/* Work slots A and B into the state, or back. */
static void keep_split(hrs_fit *fit, bool back) {
  for (int slot = 0; slot < 2 * fit->networks; slot++)
    hrs_fit_copy(back ? fit->work[slot] : fit->state[slot],
                 back ? fit->state[slot] : fit->work[slot], 0, 1);
}

static hrs_status solve_within_bounds(hrs_fit *fit, hrs_lattice *const *v, hrs_fit_report *report,
                                      double *step) {
  HRS_TRY(
      hrs_fit_solve(fit, HRS_FIT_BOUNDEDLY, &hrs_fit_bounded, v, fit->options.gap, report, step));
  return *step > 0 ? fit->method->finish(fit, *step) : HRS_OK;
}

/* The exact split is in work slots A and B; is that all? Else it is where the bounded fit starts.
 */
static hrs_status solve_bounded(hrs_fit *fit, hrs_lattice *const *v, hrs_fit_report *report,
                                double *step) {
  fit->safe_loss = report->loss;
  /* The range destroys the split, which is kept in the state meanwhile. */
  keep_split(fit, false);
  HRS_TRY(hrs_fit_range(fit, &fit->safe_range));
  keep_split(fit, true);
  if (!has_noise(fit, false) && fit->safe_range <= 2 * fit->options.spread) return HRS_OK;
  return solve_within_bounds(fit, v, report, step);
}

/* The same from an iterate of the bounded fit: the exact split is among its vectors. */
static hrs_status go_on_bounded(hrs_fit *fit, hrs_lattice *const *v, hrs_fit_report *report,
                                double *step) {
  fit->safe_loss = fit->options.from->safe_loss;
  fit->safe_range = fit->options.from->safe_range;
  *step = fit->options.from->step;
  return solve_within_bounds(fit, v, report, step);
}

/* Interactions of v: b = -P v_or, and the scale. */
static void rescale(hrs_fit *fit, hrs_fit_chunk chunk, void *context, double *sum) {
  (void)context;
  (void)sum;
  for (int slot = 0; slot < 2 * fit->networks; slot++) {
    double *x = hrs_fit_at(fit->work[slot], chunk);
    double factor = slot < fit->networks ? fit->scale : -fit->scale;
    for (hrs_count i = 0; i < chunk.count; i++)
      x[i] *= factor;
  }
}

/* P v_or of order 1 to the AND interactions: the same functions, with a minus. */
static hrs_status move_singles(hrs_fit *fit) {
  for (int k = 0; k < fit->networks; k++) {
    hrs_lattice *and_ = fit->work[k], *or_ = fit->work[fit->networks + k];
    for (int i = 0; i < fit->part.n; i++) {
      double x, y;
      HRS_TRY(hrs_lattice_get(and_, (hrs_mask)1 << i, &x));
      HRS_TRY(hrs_lattice_get(or_, (hrs_mask)1 << i, &y));
      hrs_lattice_set(and_, (hrs_mask)1 << i, x - y);
      hrs_lattice_set(or_, (hrs_mask)1 << i, 0);
    }
  }
  return HRS_OK;
}

/* Merging moves the networks' splits, each in its own way: it is undone where that leaves the
 * spread, for which the bound holds. The state is scratch. */
static hrs_status merge_singles(hrs_fit *fit) {
  bool spread = fit->networks > 1 && isfinite(fit->options.spread);
  double range;
  if (spread) {
    keep_split(fit, false);
    HRS_TRY(move_singles(fit));
    HRS_TRY(hrs_fit_range(fit, &range));
    for (int slot = 0; slot < 2 * fit->networks; slot++)
      hrs_lattice_reset(fit->work[slot]);
    keep_split(fit, true);
    if (range > 2 * fit->options.spread * (1 + 1e-9)) return HRS_OK;
  }
  return move_singles(fit);
}

static void sizes(hrs_fit *fit, hrs_fit_chunk chunk, void *context, double *sum) {
  (void)context;
  for (int slot = 0; slot < 2 * fit->networks; slot++) {
    const double *x = hrs_fit_at(fit->work[slot], chunk);
    for (hrs_count i = chunk.first; i < chunk.count; i++)
      sum[slot % fit->networks] += fabs(x[i]);
  }
}

/* The constant of a network's split: I_and(empty), and what v_or has at the empty set. */
static hrs_status set_constants(hrs_fit *fit, int network, hrs_lattice *v, bool merge) {
  hrs_lattice *and_ = hrs_fit_interactions(fit, network, false);
  hrs_lattice *or_ = hrs_fit_interactions(fit, network, true);
  double constant, part;
  HRS_TRY(hrs_lattice_get(and_, 0, &part));
  HRS_TRY(hrs_lattice_get(v, 0, &constant));
  part += constant / 2; /* what was split is v - v(empty) */
  hrs_lattice_set(and_, 0, constant);
  hrs_lattice_set(or_, 0, 0);
  if (fit->options.noise[network] > 0) HRS_TRY(hrs_fit_centre(fit, network, v, &constant));
  hrs_lattice_set(and_, 0, merge ? constant : part);
  hrs_lattice_set(or_, 0, merge ? 0 : constant - part);
  return HRS_OK;
}

/* Singles, scale, constants; what the report says. The state is scratch from here on. */
static hrs_status complete(hrs_fit *fit, hrs_lattice *const *v, hrs_fit_conventions conventions,
                           hrs_fit_report *report) {
  if (conventions.merge_singles) HRS_TRY(merge_singles(fit));
  HRS_TRY(hrs_fit_visit(fit, rescale, NULL, 0, NULL));
  report->bound *= fit->scale;
  for (int k = 0; k < fit->networks; k++) {
    hrs_reconstruction all;
    HRS_TRY(set_constants(fit, k, v[k], conventions.merge_empty));
    HRS_TRY(hrs_fit_reconstruct(fit, k, v[k], 0, &all));
    report->residual[k] = all.max;
  }
  HRS_TRY(hrs_fit_visit(fit, sizes, NULL, fit->networks, report->l1));
  HRS_TRY(hrs_fit_loss(fit, &report->loss));
  report->gap = report->loss > 0 ? 1 - report->bound / report->loss : 0;
  if (report->gap < 0) report->gap = 0; /* by rounding */
  return HRS_OK;
}

/* Largest |v - v(empty)| of all networks; NaN where a value is none. */
static void largest_value(hrs_fit *fit, hrs_fit_chunk chunk, void *context, double *largest) {
  (void)context;
  for (int k = 0; k < fit->networks; k++) {
    const double *v = hrs_fit_at(fit->data[k], chunk);
    for (hrs_count i = 0; i < chunk.count; i++) {
      double size = fabs(v[i]);
      if (!(size <= *largest)) *largest = isfinite(size) ? size : INFINITY;
    }
  }
}

/* The power of two that values are divided by, so that any scale is as good as any other. */
static hrs_status choose_scale(hrs_fit *fit, hrs_lattice *const *v, double *largest) {
  fit->scale = 1;
  *largest = 0;
  for (int k = 0; k < fit->networks; k++)
    HRS_TRY(hrs_fit_take_values(fit, fit->data[k], v[k]));
  HRS_TRY(hrs_fit_largest(fit, largest_value, NULL, 1, largest));
  int exponent = 0;
  if (*largest > 0 && isfinite(*largest)) frexp(*largest, &exponent);
  exponent = exponent > 1000 ? 1000 : exponent < -1000 ? -1000 : exponent;
  fit->scale = ldexp(1, exponent);
  for (int k = 0; k < fit->networks; k++)
    fit->options.noise[k] /= fit->scale;
  fit->options.spread /= fit->scale;
  return HRS_OK;
}

static void set_nan(hrs_fit *fit, hrs_fit_chunk chunk, void *context, double *sum) {
  (void)context;
  (void)sum;
  for (int slot = 0; slot < 2 * fit->networks; slot++)
    for (hrs_count i = 0; i < chunk.count; i++)
      hrs_fit_at(fit->work[slot], chunk)[i] = NAN;
}

/* Values that are no numbers have no split. */
static hrs_status give_up(hrs_fit *fit, hrs_fit_report *report) {
  report->loss = report->bound = report->gap = NAN;
  for (int k = 0; k < fit->networks; k++)
    report->l1[k] = report->residual[k] = NAN;
  return hrs_fit_visit(fit, set_nan, NULL, 0, NULL);
}

hrs_status hrs_fit_run(hrs_fit *fit, hrs_lattice *const *v, const hrs_fit_options *options,
                       hrs_fit_conventions conventions, hrs_fit_report *report) {
  bool bounded, done = false;
  double step = 0, largest;
  fit->options = *options;
  HRS_TRY(check(fit, &bounded));
  for (int k = 0; k < fit->networks; k++)
    HRS_ASSERT(hrs_lattice_phase(v[k]) == HRS_PHASE_A);
  memset(report, 0, sizeof *report);
  for (int slot = 0; slot < HRS_FIT_SLOTS && fit->work[slot]; slot++) {
    hrs_lattice_reset(fit->work[slot]);
    hrs_lattice_reset(fit->state[slot]);
  }
  HRS_TRY(choose_scale(fit, v, &largest));
  if (!isfinite(largest)) return give_up(fit, report);
  if (hrs_fit_is_past(fit, HRS_FIT_REFINED)) {
    HRS_TRY(go_on_bounded(fit, v, report, &step));
  } else {
    HRS_TRY(solve_exact(fit, v, report, &step, &done));
    if (bounded && !done && step > 0) HRS_TRY(solve_bounded(fit, v, report, &step));
  }
  return complete(fit, v, conventions, report);
}

hrs_status hrs_fit_rotate(hrs_fit *fit, bool bounded) {
  const hrs_fit_method *method = bounded ? &hrs_fit_bounded : &hrs_fit_exact;
  HRS_REQUIRE(fit->bounded || !bounded, USAGE, "a fit made without bounds has no such rotations");
  HRS_TRY(method->rotate(fit));
  return method->rotate_back(fit);
}
