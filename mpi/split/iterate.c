/*
 * The iteration of a split: a Douglas-Rachford iteration with Halpern's anchor and restarts.
 *
 * Idea. The loss is a sum of |x|, whose proximal map is a soft threshold; what the unknowns have to
 * fulfil is a subspace, whose projection is rotations of the lattice (exact.c, bounded.c).
 * One step takes the state s to s + 2 (P(2 z - s) - z), z = prox(s), and then part of the way back
 * to the anchor, 1/(k+2) at step k after a restart (Halpern; the residual then falls as 1/k, not
 * 1/√k). It restarts from where it is when the residual has fallen enough, or grows again, or
 * nothing has happened for long; from restart to restart progress is linear on a linear program.
 * The step length is chosen at restarts (next_step). docs/design/interactions.md has what was tried
 * besides.
 *
 * Same bits: each pass is pointwise, transforms are butterflies, and sums go row by row.
 */
#include "iterate.h"

#include "rows.h"

#include "mpi/lattice/comm.h"

#include <math.h>

typedef struct iteration {
  double step, least, most; /* the step may not leave [least, most] */
  int since;                /* steps since the restart */
  double first_residual, last_residual;
} iteration;

typedef struct advance_context {
  double step, back; /* back: share of the anchor */
} advance_context;

static void advance(hrs_fit *fit, hrs_fit_chunk chunk, void *context, double *sum) {
  const advance_context *c = context;
  const double *s[HRS_FIT_SLOTS];
  double z[HRS_FIT_SLOTS][HRS_FIT_CHUNK], square = 0;
  hrs_fit_prox_at(fit, c->step, chunk, s, z);
  for (int slot = 0; slot < fit->slots; slot++) {
    double *state = hrs_fit_at(fit->state[slot], chunk);
    square += hrs_split_advance(c->back, chunk.count, z[slot], hrs_fit_at(fit->work[slot], chunk),
                                hrs_fit_at(fit->anchor[slot], chunk), state);
  }
  *sum += square;
}

/* How far prox and dual have moved from the anchor, and how large they are: squares. */
static void measure_moves(hrs_fit *fit, hrs_fit_chunk chunk, void *context, double *sum) {
  double step = *(const double *)context;
  const double *s[HRS_FIT_SLOTS], *s0[HRS_FIT_SLOTS];
  double z[HRS_FIT_SLOTS][HRS_FIT_CHUNK], z0[HRS_FIT_SLOTS][HRS_FIT_CHUNK];
  hrs_fit_prox_at(fit, step, chunk, s, z);
  for (int slot = 0; slot < fit->slots; slot++)
    s0[slot] = hrs_fit_at(fit->anchor[slot], chunk);
  fit->method->prox(fit, step, chunk, s0, z0);
  for (int slot = 0; slot < fit->slots; slot++)
    for (hrs_count i = 0; i < chunk.count; i++) {
      double primal = z[slot][i] - z0[slot][i];
      double dual = (s[slot][i] - s0[slot][i] - primal) / step;
      double size = (s[slot][i] - z[slot][i]) / step;
      sum[0] += primal * primal;
      sum[1] += dual * dual;
      sum[2] += z[slot][i] * z[slot][i];
      sum[3] += size * size;
    }
}

typedef struct rescaling {
  double from, to;
} rescaling;

/* The same prox and dual with another step; and the anchor is here now. */
static void restart_at(hrs_fit *fit, hrs_fit_chunk chunk, void *context, double *sum) {
  (void)sum;
  const rescaling *r = context;
  const double *s[HRS_FIT_SLOTS];
  double z[HRS_FIT_SLOTS][HRS_FIT_CHUNK];
  hrs_fit_prox_at(fit, r->from, chunk, s, z);
  for (int slot = 0; slot < fit->slots; slot++) {
    double *state = hrs_fit_at(fit->state[slot], chunk);
    double *anchor = hrs_fit_at(fit->anchor[slot], chunk);
    for (hrs_count i = 0; i < chunk.count; i++)
      anchor[i] = state[i] = z[slot][i] + (state[i] - z[slot][i]) * (r->to / r->from);
  }
}

/*
 * How far primal and dual have moved since the last restart says which step suits what still moves;
 * the ratio of their sizes suits the whole. Late, the many interactions near 0 move their duals
 * alone: by the moves the step would then fall by orders of magnitude, and the others would stand
 * still. By the sizes it would stay where those near 0 need long.
 */
static double next_step(const hrs_fit *fit, const iteration *it, const double *sums) {
  /* Moves smaller than that are rounding, which says nothing of the step. */
  static const double ROUNDING = 1e-22;
  double step = it->step, weight = fit->method->moves;
  if (sums[0] > ROUNDING * sums[2] && sums[1] > ROUNDING * sums[3])
    step = pow(sums[0] / sums[1], weight / 2) * pow(9 * sums[2] / sums[3], (1 - weight) / 2);
  step = step > 10 * it->step ? 10 * it->step : step < 0.1 * it->step ? 0.1 * it->step : step;
  return step > it->most ? it->most : step < it->least ? it->least : step;
}

static hrs_status restart(hrs_fit *fit, iteration *it, bool adapt) {
  double sums[4], step = it->step;
  if (adapt) {
    HRS_TRY(hrs_fit_visit(fit, measure_moves, &it->step, 4, sums));
    step = next_step(fit, it, sums);
  }
  rescaling r = {it->step, step};
  HRS_TRY(hrs_fit_visit(fit, restart_at, &r, 0, NULL));
  *it = (iteration){.step = step, .least = it->least, .most = it->most};
  return HRS_OK;
}

/* One step; `done` counts all steps so far. */
static hrs_status iterate(hrs_fit *fit, iteration *it, int done) {
  advance_context context = {it->step, 1.0 / (it->since + 2)};
  double residual;
  HRS_TRY(hrs_fit_reflect(fit, it->step));
  HRS_TRY(hrs_fit_visit(fit, advance, &context, 1, &residual));
  residual = sqrt(residual);
  if (it->since == 0) it->first_residual = it->last_residual = residual;
  bool much = residual <= 0.2 * it->first_residual;
  bool turned = residual <= 0.8 * it->first_residual && residual > it->last_residual;
  bool stalled = it->since > 0.36 * done + 20;
  it->last_residual = residual;
  if (it->since++ > 1 && (much || turned || stalled)) return restart(fit, it, true);
  return HRS_OK;
}

/* Where steps take long, each of them is a place to stop at; else to ask would take long. */
static bool may_stop(const hrs_fit *fit, bool certifies) {
  return certifies || fit->part.n >= 20;
}

/* Rounding allows no smaller gap to be asked for. */
static const double CERTAIN = 1e-13;

static bool time_to_certify(int done) {
  return done && done % (done < 100 ? 10 : 25) == 0;
}

hrs_status hrs_fit_solve(hrs_fit *fit, const hrs_fit_method *method, hrs_lattice *const *v,
                         double gap, hrs_fit_report *report, double *step) {
  fit->method = method;
  fit->slots = method->slots * fit->networks;
  iteration it = {.step = *step};
  HRS_TRY(method->start(fit, v, &it.step));
  it.least = 1e-5 * it.step;
  it.most = 1e5 * it.step;
  report->bound = report->loss = report->gap = 0;
  double certified = NAN;
  *step = it.step;
  if (!(it.step > 0)) return HRS_OK; /* v is constant zero */
  HRS_TRY(restart(fit, &it, false));
  for (int done = 0;; done++, report->iterations++) {
    bool last = report->iterations >= fit->options.iterations;
    bool certifies = time_to_certify(done) || last;
    *step = it.step;
    if (may_stop(fit, certifies)) HRS_TRY(hrs_agree_or_stop(fit->comm, HRS_OK));
    if (certifies) {
      double bound;
      HRS_TRY(method->certify(fit, it.step, &report->loss, &bound));
      report->bound = bound > report->bound ? bound : report->bound;
      report->gap = report->loss > 0 ? 1 - report->bound / report->loss : 0;
      certified = report->gap;
      if (report->gap <= gap || report->gap <= CERTAIN || last) break;
    }
    HRS_TRY(iterate(fit, &it, done));
    if (fit->options.progress)
      fit->options.progress(fit->options.context, report->iterations + 1, certified);
  }
  return HRS_OK;
}
