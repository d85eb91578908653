/*
 * The sparsest split: a Douglas-Rachford iteration with Halpern's anchor and restarts.
 *
 * Idea. The loss is a sum of |x|, whose proximal map is a soft threshold; what the unknowns have to
 * fulfil is a subspace, whose projection is rotations of the lattice (fit_exact.c, fit_bounded.c).
 * One step takes the state s to s + 2 (P(2 z - s) - z), z = prox(s), and then part of the way back
 * to the anchor, 1/(k+2) at step k after a restart (Halpern; the residual then falls as 1/k, not
 * 1/√k). It restarts from where it is when the residual has fallen enough, or grows again, or
 * nothing has happened for long; from restart to restart progress is linear on a linear program. At
 * a restart the step length becomes the ratio of what primal and dual have moved since the last
 * one. docs/design has what was tried besides.
 *
 * Same bits: each pass is pointwise, transforms are butterflies, and sums go row by row.
 */
#include "fit.h"

#include "stop.h"

#include <math.h>
#include <string.h>

/* ---- memory --------------------------------------------------------------------------------- */

static int lattice_count(int networks, bool bounded) {
  return networks * (bounded ? 3 * 4 + 3 : 3 * 2 + 1);
}

hrs_count hrs_fit_bytes(hrs_count elements, hrs_count chunk, int networks, bool bounded) {
  hrs_count bytes = elements * (hrs_count)sizeof(double);
  hrs_count exchanged = networks * (bounded ? 2 * 4 + 1 : 2 * 2 + 1);
  hrs_count scratch = 2 * (chunk < bytes ? chunk : bytes);
  return bytes * lattice_count(networks, bounded) + scratch * exchanged;
}

hrs_status hrs_fit_create(MPI_Comm comm, const hrs_partition *part, hrs_count chunk,
                          hrs_sharing sharing, int networks, bool bounded, hrs_fit **out) {
  *out = NULL;
  HRS_REQUIRE(networks >= 1 && networks <= HRS_SHARE_NETWORKS, USAGE,
              "a fit of %d networks: there may be 1 to %d", networks, HRS_SHARE_NETWORKS);
  hrs_fit *fit;
  HRS_TRY(hrs_agree(comm, hrs_calloc(1, sizeof *fit, &fit)));
  fit->comm = comm;
  fit->part = *part;
  fit->networks = networks;
  fit->bounded = bounded;
  hrs_kernel mobius = hrs_kernel_get(HRS_KERNEL_MOBIUS), or_kernel = hrs_kernel_get(HRS_KERNEL_OR);
  fit->exact = hrs_factors_of(hrs_kernel_product(mobius, hrs_kernel_get(HRS_KERNEL_OR_INVERSE)));
  fit->and_ = hrs_factors_of(mobius);
  fit->or_ = hrs_factors_of(or_kernel);
  hrs_angles **angles[] = {&fit->exact_angles, &fit->and_angles, &fit->or_angles};
  hrs_status status = HRS_OK;
  for (int i = 0; i < 3 && status == HRS_OK; i++)
    status = hrs_alloc(1, sizeof **angles[i], angles[i]);
  HRS_GO(hrs_agree(comm, status));
  hrs_angles_set(fit->exact_angles, part->n, fit->exact.value, 1);
  for (int slot = 0; slot < (bounded ? 4 : 2) * networks; slot++) {
    hrs_lattice **three[] = {&fit->state[slot], &fit->anchor[slot], &fit->work[slot]};
    for (int i = 0; i < 3; i++)
      HRS_GO(hrs_lattice_create(comm, part, HRS_F64, i == 1 ? 1 : chunk,
                                i == 1 ? HRS_SHARE_OFF : sharing, three[i]));
  }
  for (int i = 0; i < networks; i++)
    HRS_GO(hrs_lattice_create(comm, part, HRS_F64, chunk, sharing, &fit->data[i]));
  for (int i = 0; i < 2 * networks && bounded; i++)
    HRS_GO(hrs_lattice_create(comm, part, HRS_F64, 1, HRS_SHARE_OFF, &fit->safe[i]));
done:
  if (status != HRS_OK) hrs_fit_destroy(&fit);
  *out = fit;
  return status;
}

void hrs_fit_destroy(hrs_fit **handle) {
  if (!handle || !*handle) return;
  hrs_fit *fit = *handle;
  for (int slot = 0; slot < HRS_FIT_SLOTS; slot++) {
    hrs_lattice_destroy(&fit->state[slot]);
    hrs_lattice_destroy(&fit->anchor[slot]);
    hrs_lattice_destroy(&fit->work[slot]);
  }
  for (int i = 0; i < HRS_SHARE_NETWORKS; i++)
    hrs_lattice_destroy(&fit->data[i]);
  for (int i = 0; i < 2 * HRS_SHARE_NETWORKS; i++)
    hrs_lattice_destroy(&fit->safe[i]);
  hrs_free(fit->exact_angles);
  hrs_free(fit->and_angles);
  hrs_free(fit->or_angles);
  hrs_free(fit);
  *handle = NULL;
}

/* ---- the iteration -------------------------------------------------------------------------- */

typedef struct iteration {
  double step;
  int since; /* steps since the restart */
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

/* How far prox and dual have moved from the anchor: squares. */
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
      sum[0] += primal * primal;
      sum[1] += dual * dual;
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

static hrs_status restart(hrs_fit *fit, iteration *it, bool adapt) {
  double moves[2], factor = 1;
  if (adapt) {
    HRS_TRY(hrs_fit_visit(fit, measure_moves, &it->step, 2, moves));
    if (moves[0] > 0 && moves[1] > 0) factor = sqrt(moves[0] / moves[1]) / it->step;
    factor = factor > 10 ? 10 : factor < 0.1 ? 0.1 : factor;
  }
  rescaling r = {it->step, it->step * factor};
  HRS_TRY(hrs_fit_visit(fit, restart_at, &r, 0, NULL));
  *it = (iteration){.step = r.to};
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

static hrs_status check_stop(const hrs_fit *fit) {
  hrs_status status = HRS_OK;
  if (hrs_stop_wanted())
    status = hrs_error_set(HRS_STATUS_STOPPED, __FILE__, __LINE__,
                           "stopped by a signal while splitting; nothing was written");
  return hrs_agree(fit->comm, status);
}

static bool time_to_certify(int done) {
  return done && done % (done < 100 ? 10 : 25) == 0;
}

/* Iterate until certified; report->iterations counts on. */
static hrs_status solve(hrs_fit *fit, const hrs_fit_method *method, hrs_lattice *const *v,
                        double gap, hrs_fit_report *report, double *step) {
  fit->method = method;
  fit->slots = method->slots * fit->networks;
  iteration it = {.step = *step};
  HRS_TRY(method->start(fit, v, &it.step));
  report->bound = report->loss = report->gap = 0;
  *step = it.step;
  if (!(it.step > 0)) return HRS_OK; /* v is constant zero */
  HRS_TRY(restart(fit, &it, false));
  for (int done = 0;; done++, report->iterations++) {
    bool last = report->iterations >= fit->options.iterations;
    *step = it.step;
    if (time_to_certify(done) || last) {
      double bound;
      HRS_TRY(check_stop(fit));
      HRS_TRY(method->certify(fit, it.step, &report->loss, &bound));
      report->bound = bound > report->bound ? bound : report->bound;
      report->gap = report->loss > 0 ? 1 - report->bound / report->loss : 0;
      if (report->gap <= gap || last) break;
    }
    HRS_TRY(iterate(fit, &it, done));
  }
  return HRS_OK;
}
/* ---- one fit -------------------------------------------------------------------------------- */

static hrs_status check(const hrs_fit *fit, const hrs_fit_options *o, bool *bounded) {
  *bounded = fit->networks > 1 && isfinite(o->spread);
  for (int k = 0; k < fit->networks; k++)
    *bounded = *bounded || o->noise[k] > 0;
  HRS_REQUIRE(fit->bounded || !*bounded, USAGE, "a fit made without bounds is given some");
  HRS_REQUIRE(o->share.max >= 0 && o->share.sum >= 0 && o->share.max + o->share.sum > 0, USAGE,
              "weights %g of the maximum and %g of the sum: one must be positive", o->share.max,
              o->share.sum);
  return HRS_OK;
}

/* The exact split is in work slots A and B; is that all? Else it is where the bounded fit starts.
 */
static hrs_status solve_bounded(hrs_fit *fit, hrs_lattice *const *v, hrs_fit_report *report,
                                double *step) {
  bool noise = false;
  for (int k = 0; k < fit->networks; k++)
    noise = noise || fit->options.noise[k] > 0;
  hrs_count slots = 2 * fit->networks;
  fit->safe_loss = report->loss;
  /* The range destroys the split, which is kept in the state meanwhile. */
  for (int slot = 0; slot < slots; slot++)
    hrs_fit_copy(fit->state[slot], fit->work[slot], 0);
  HRS_TRY(hrs_fit_range(fit, &fit->safe_range));
  for (int slot = 0; slot < slots; slot++)
    hrs_fit_copy(fit->work[slot], fit->state[slot], 0);
  if (!noise && fit->safe_range <= 2 * fit->options.spread) return HRS_OK;
  HRS_TRY(solve(fit, &hrs_fit_bounded, v, fit->options.gap, report, step));
  return *step > 0 ? fit->method->finish(fit, *step) : HRS_OK;
}

static void negate_or(hrs_fit *fit, hrs_fit_chunk chunk, void *context, double *sum) {
  (void)context;
  (void)sum;
  for (int k = 0; k < fit->networks; k++) {
    double *b = hrs_fit_at(fit->work[fit->networks + k], chunk);
    for (hrs_count i = 0; i < chunk.count; i++)
      b[i] = -b[i];
  }
}

/* The same interactions with OR ones of order 1 among the AND ones. */
static hrs_status merge_singles(hrs_fit *fit) {
  for (int k = 0; k < fit->networks; k++) {
    hrs_lattice *and_ = hrs_fit_interactions(fit, k, false);
    hrs_lattice *or_ = hrs_fit_interactions(fit, k, true);
    for (int i = 0; i < fit->part.n; i++) {
      double x, y;
      HRS_TRY(hrs_lattice_get(and_, (hrs_mask)1 << i, &x));
      HRS_TRY(hrs_lattice_get(or_, (hrs_mask)1 << i, &y));
      hrs_lattice_set(and_, (hrs_mask)1 << i, x + y);
      hrs_lattice_set(or_, (hrs_mask)1 << i, 0);
    }
  }
  return HRS_OK;
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

/* b = -P v_or, constants, singles; what the report says. The state is scratch from here on. */
static hrs_status complete(hrs_fit *fit, hrs_lattice *const *v, hrs_fit_conventions conventions,
                           hrs_fit_report *report) {
  HRS_TRY(hrs_fit_visit(fit, negate_or, NULL, 0, NULL));
  if (conventions.merge_singles) HRS_TRY(merge_singles(fit));
  for (int k = 0; k < fit->networks; k++) {
    hrs_reconstruction all;
    HRS_TRY(set_constants(fit, k, v[k], conventions.merge_empty));
    HRS_TRY(hrs_fit_reconstruct(fit, k, v[k], 0, &all));
    report->residual[k] = all.max;
  }
  HRS_TRY(hrs_fit_visit(fit, sizes, NULL, fit->networks, report->l1));
  HRS_TRY(hrs_fit_loss(fit, &report->loss));
  report->gap = report->loss > 0 ? 1 - report->bound / report->loss : 0;
  if (report->gap < 0) report->gap = 0; /* by rounding, or where merging has helped */
  return HRS_OK;
}

hrs_status hrs_fit_run(hrs_fit *fit, hrs_lattice *const *v, const hrs_fit_options *options,
                       hrs_fit_conventions conventions, hrs_fit_report *report) {
  bool bounded;
  double step = 0;
  HRS_TRY(check(fit, options, &bounded));
  fit->options = *options;
  memset(report, 0, sizeof *report);
  for (int slot = 0; slot < HRS_FIT_SLOTS && fit->work[slot]; slot++) {
    hrs_lattice_reset(fit->work[slot]);
    hrs_lattice_reset(fit->state[slot]);
  }
  /* A rough exact split is enough to start from, unless it may be the answer. */
  bool noise = false;
  for (int k = 0; k < fit->networks; k++)
    noise = noise || options->noise[k] > 0;
  double gap = noise && options->gap < 0.01 ? 0.01 : options->gap;
  HRS_TRY(solve(fit, &hrs_fit_exact, v, gap, report, &step));
  if (step > 0) HRS_TRY(fit->method->finish(fit, step));
  if (bounded && step > 0) HRS_TRY(solve_bounded(fit, v, report, &step));
  return complete(fit, v, conventions, report);
}

hrs_lattice *hrs_fit_interactions(const hrs_fit *fit, int network, bool or_type) {
  return fit->work[or_type ? fit->networks + network : network];
}

hrs_status hrs_fit_rotate(hrs_fit *fit, bool bounded) {
  const hrs_fit_method *method = bounded ? &hrs_fit_bounded : &hrs_fit_exact;
  HRS_REQUIRE(fit->bounded || !bounded, USAGE, "a fit made without bounds has no such rotations");
  HRS_TRY(method->rotate(fit));
  return method->rotate_back(fit);
}
