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
static double next_step(const hrs_fit *fit, const hrs_fit_iterate *it, const double *sums) {
  /* Moves smaller than that are rounding, which says nothing of the step. */
  static const double ROUNDING = 1e-22;
  double step = it->step, weight = fit->method->moves;
  if (sums[0] > ROUNDING * sums[2] && sums[1] > ROUNDING * sums[3])
    step = pow(sums[0] / sums[1], weight / 2) * pow(9 * sums[2] / sums[3], (1 - weight) / 2);
  step = step > 10 * it->step ? 10 * it->step : step < 0.1 * it->step ? 0.1 * it->step : step;
  return step > it->most ? it->most : step < it->least ? it->least : step;
}

static hrs_status restart(hrs_fit *fit, hrs_fit_iterate *it, bool adapt) {
  double sums[4], step = it->step;
  if (adapt) {
    HRS_TRY(hrs_fit_visit(fit, measure_moves, &it->step, 4, sums));
    step = next_step(fit, it, sums);
  }
  rescaling r = {it->step, step};
  HRS_TRY(hrs_fit_visit(fit, restart_at, &r, 0, NULL));
  it->step = step;
  it->since = 0;
  it->first = it->last = 0;
  return HRS_OK;
}

/* One step. */
static hrs_status iterate(hrs_fit *fit, hrs_fit_iterate *it) {
  advance_context context = {it->step, 1.0 / ((double)it->since + 2)};
  double residual;
  HRS_TRY(hrs_fit_reflect(fit, it->step));
  HRS_TRY(hrs_fit_visit(fit, advance, &context, 1, &residual));
  residual = sqrt(residual);
  if (it->since == 0) it->first = it->last = residual;
  bool much = residual <= 0.2 * it->first;
  bool turned = residual <= 0.8 * it->first && residual > it->last;
  bool stalled = (double)it->since > 0.36 * (double)it->done + 20;
  it->last = residual;
  if (it->since++ > 1 && (much || turned || stalled)) return restart(fit, it, true);
  return HRS_OK;
}

/* ---- where it may stop, and go on ------------------------------------------------------------ */

/* Where steps take long, each of them is a place to stop at; else to ask would take long. */
static bool may_stop(const hrs_fit *fit, bool certifies) {
  return certifies || fit->part.n >= 20;
}

/* State, anchor, and where the bounded fit has one, the exact split. */
static int list_vectors(const hrs_fit *fit, hrs_fit_stage stage, hrs_lattice **vectors) {
  int count = 0;
  for (int slot = 0; slot < fit->slots; slot++) {
    vectors[count++] = fit->state[slot];
    vectors[count++] = fit->anchor[slot];
  }
  for (int i = 0; i < 2 * fit->networks && stage == HRS_FIT_BOUNDEDLY; i++)
    vectors[count++] = fit->safe[i];
  return count;
}

/* Stop together, or not; what has been reached can be kept in both cases. */
static hrs_status look(hrs_fit *fit, hrs_fit_iterate *it) {
  const hrs_fit_options *o = &fit->options;
  hrs_lattice *vectors[HRS_FIT_VECTORS];
  hrs_status status = hrs_agree_or_stop(fit->comm, HRS_OK);
  if ((status != HRS_OK && status != HRS_STATUS_STOPPED) || !o->keep) return status;
  it->safe_loss = fit->safe_loss;
  it->safe_range = fit->safe_range;
  HRS_TRY(o->keep(o->context, it, list_vectors(fit, (hrs_fit_stage)it->stage, vectors), vectors));
  return status == HRS_OK ? HRS_OK : hrs_stop_check("splitting");
}

/* The problem is posed, its vectors are those of the iterate. */
static hrs_status go_on(hrs_fit *fit, hrs_fit_iterate *it) {
  const hrs_fit_options *o = &fit->options;
  hrs_lattice *vectors[HRS_FIT_VECTORS];
  *it = *o->from;
  return o->restore(o->context, list_vectors(fit, (hrs_fit_stage)it->stage, vectors), vectors);
}

bool hrs_fit_is_past(const hrs_fit *fit, hrs_fit_stage stage) {
  const hrs_fit_iterate *from = fit->options.from;
  return from && from->stage > (int64_t)stage;
}

bool hrs_fit_can_go_on(const hrs_fit_options *o, bool noise, bool bounded) {
  const hrs_fit_iterate *from = o->from;
  if (!from) return true;
  bool stage = from->stage == HRS_FIT_EXACTLY || (from->stage == HRS_FIT_REFINED && noise) ||
               (from->stage == HRS_FIT_BOUNDEDLY && bounded);
  return stage && from->done >= 0 && from->since >= 0 && from->since <= from->done &&
         from->iterations >= from->done && from->iterations <= o->iterations && from->step > 0 &&
         isfinite(from->step);
}

/* ---- all of it ------------------------------------------------------------------------------- */

/* Rounding allows no smaller gap to be asked for. */
static const double CERTAIN = 1e-13;

static bool time_to_certify(int64_t done) {
  return done && done % (done < 100 ? 10 : 25) == 0;
}

static hrs_status certify(hrs_fit *fit, hrs_fit_iterate *it) {
  double bound;
  HRS_TRY(fit->method->certify(fit, it->step, &it->loss, &bound));
  it->bound = bound > it->bound ? bound : it->bound;
  it->gap = it->loss > 0 ? 1 - it->bound / it->loss : 0;
  return HRS_OK;
}

/* The steps; *it is that of the answer afterwards. */
static hrs_status repeat(hrs_fit *fit, double gap, hrs_fit_iterate *it) {
  const hrs_fit_options *o = &fit->options;
  for (;; it->done++, it->iterations++) {
    bool last = it->iterations >= o->iterations, certifies = time_to_certify(it->done) || last;
    if (may_stop(fit, certifies)) HRS_TRY(look(fit, it));
    if (certifies) HRS_TRY(certify(fit, it));
    if (certifies && (it->gap <= gap || it->gap <= CERTAIN || last)) return HRS_OK;
    HRS_TRY(iterate(fit, it));
    if (o->progress) o->progress(o->context, (int)it->iterations + 1, it->gap);
  }
}

hrs_status hrs_fit_solve(hrs_fit *fit, hrs_fit_stage stage, const hrs_fit_method *method,
                         hrs_lattice *const *v, double gap, hrs_fit_report *report, double *step) {
  fit->method = method;
  fit->slots = method->slots * fit->networks;
  HRS_TRY(method->start(fit, v, step));
  report->bound = report->loss = report->gap = 0;
  if (!(*step > 0)) return HRS_OK; /* v is constant zero */
  hrs_fit_iterate it = {.stage = stage,
                        .iterations = report->iterations,
                        .step = *step,
                        .least = 1e-5 * *step,
                        .most = 1e5 * *step,
                        .gap = NAN};
  bool goes_on = fit->options.from && fit->options.from->stage == (int64_t)stage;
  HRS_TRY(goes_on ? go_on(fit, &it) : restart(fit, &it, false));
  HRS_TRY(repeat(fit, gap, &it));
  *step = it.step;
  report->loss = it.loss;
  report->bound = it.bound;
  report->gap = it.gap;
  report->iterations = (int)it.iterations;
  return HRS_OK;
}
