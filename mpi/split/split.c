/*
 * The sparsest split: a Douglas-Rachford iteration with Halpern's anchor and restarts.
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
#include "split.h"

#include "mpi/lattice/comm.h"

#include <math.h>
#include <string.h>

/* ---- memory --------------------------------------------------------------------------------- */

static int lattice_count(int networks, bool bounded) {
  return networks * (bounded ? 3 * 4 + 3 : 3 * 2 + 1);
}

hrs_count hrs_fit_bytes(hrs_count elements, hrs_count chunk, int networks, bool bounded) {
  hrs_count bytes = elements * (hrs_count)sizeof(double);
  hrs_count exchanged = networks * (bounded ? 4 + 1 : 2 + 1) + 2;
  hrs_count scratch = 2 * (chunk < bytes ? chunk : bytes);
  return bytes * lattice_count(networks, bounded) + scratch * exchanged;
}

hrs_status hrs_fit_create(MPI_Comm comm, const hrs_partition *part, hrs_count chunk,
                          hrs_sharing sharing, int networks, bool bounded, hrs_fit **out) {
  *out = NULL;
  HRS_REQUIRE(networks >= 1 && networks <= HRS_SHARE_NETWORKS, USAGE,
              "a fit of %d networks: there may be 1 to %d", networks, HRS_SHARE_NETWORKS);
  hrs_fit *fit;
  HRS_TRY(hrs_comm_alloc(comm, 1, sizeof *fit, &fit));
  memset(fit, 0, sizeof *fit);
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
    for (int i = 0; i < 3; i++) {
      /* The anchor never leaves its rank, the state's first two are scratch in the end. */
      bool moves = i == 2 || (i == 0 && slot < 2);
      HRS_GO(hrs_lattice_create(comm, part, HRS_F64, moves ? chunk : 1,
                                moves ? sharing : HRS_SHARE_OFF, three[i]));
    }
  }
  for (int i = 0; i < networks; i++)
    HRS_GO(hrs_lattice_create(comm, part, HRS_F64, chunk, sharing, &fit->data[i]));
  for (int i = 0; i < 2 * networks && bounded; i++)
    HRS_GO(hrs_lattice_create(comm, part, HRS_F64, 1, HRS_SHARE_OFF, &fit->safe[i]));
  status = hrs_alloc(hrs_lattice_row_count(fit->state[0]) * 2 * HRS_SHARE_NETWORKS,
                     sizeof *fit->parts, &fit->parts);
  status = hrs_agree(comm, status);
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
  hrs_free(fit->parts);
  hrs_free(fit->exact_angles);
  hrs_free(fit->and_angles);
  hrs_free(fit->or_angles);
  hrs_free(fit);
  *handle = NULL;
}

/* ---- the iteration -------------------------------------------------------------------------- */

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

static hrs_status check_stop(const hrs_fit *fit) {
  hrs_status status = HRS_OK;
  if (hrs_stop_wanted())
    status = hrs_error_set(HRS_STATUS_STOPPED, __FILE__, __LINE__,
                           "stopped by a signal while splitting; no data set was left");
  return hrs_agree(fit->comm, status);
}

/* Rounding allows no smaller gap to be asked for. */
static const double CERTAIN = 1e-13;

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
  it.least = 1e-5 * it.step;
  it.most = 1e5 * it.step;
  report->bound = report->loss = report->gap = 0;
  double certified = NAN;
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
      certified = report->gap;
      if (report->gap <= gap || report->gap <= CERTAIN || last) break;
    }
    HRS_TRY(iterate(fit, &it, done));
    if (fit->options.progress)
      fit->options.progress(fit->options.context, report->iterations + 1, certified);
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

static bool has_noise(const hrs_fit *fit, bool all) {
  int count = 0;
  for (int k = 0; k < fit->networks; k++)
    count += fit->options.noise[k] > 0;
  return all ? count == fit->networks : count > 0;
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
  bool rough = has_noise(fit, true) && gap < ROUGH;
  *done = false;
  HRS_TRY(solve(fit, &hrs_fit_exact, v, rough ? ROUGH : gap, report, step));
  if (!(*step > 0)) return HRS_OK;
  if (has_noise(fit, false)) {
    HRS_TRY(hrs_fit_exact_price(fit, *step, &price));
    *done =
        price <= gap / 2 * report->loss && !(fit->networks > 1 && isfinite(fit->options.spread));
    if (*done && rough) {
      *step = 0;
      HRS_TRY(solve(fit, &hrs_fit_exact, v, gap / 2, report, step));
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
  HRS_TRY(solve(fit, &hrs_fit_bounded, v, fit->options.gap, report, step));
  return *step > 0 ? fit->method->finish(fit, *step) : HRS_OK;
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
  HRS_TRY(check(fit, options, &bounded));
  for (int k = 0; k < fit->networks; k++)
    HRS_ASSERT(hrs_lattice_phase(v[k]) == HRS_PHASE_A);
  fit->options = *options;
  memset(report, 0, sizeof *report);
  for (int slot = 0; slot < HRS_FIT_SLOTS && fit->work[slot]; slot++) {
    hrs_lattice_reset(fit->work[slot]);
    hrs_lattice_reset(fit->state[slot]);
  }
  HRS_TRY(choose_scale(fit, v, &largest));
  if (!isfinite(largest)) return give_up(fit, report);
  HRS_TRY(solve_exact(fit, v, report, &step, &done));
  if (bounded && !done && step > 0) HRS_TRY(solve_bounded(fit, v, report, &step));
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
