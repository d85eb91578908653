/*
 * Exact splits: v_and + v_or = v.
 *
 * M P^-1 = U diag(√d) V^T, with M the Möbius matrix of one bit, gives M = U √d C^-1 and P = V C^-1
 * with C^-1 = V^T P; and so for their Kronecker powers, with D the products of d. In the rotated
 * coordinates â = U^T a, b̂ = V^T P v_or a split is exact where, for each set on its own,
 *
 *     sin â + cos b̂ = ω := cos C^-1 v,      cos = √(D/(1+D)), sin = √(1/(1+D)).
 *
 * So the nearest exact split is two rotations away, one subtraction for each set, and two rotations
 * back; nothing in it amplifies rounding, at any n.
 *
 * Dual: σ = U (sin η), τ = V (cos η) for any η; then <σ,a> + <τ,P v_or> = <η,ω> for every exact
 * split, a bound of the loss once (σ, τ) is scaled into the dual ball. The empty set costs nothing
 * and must have weight 0: both its weights are <e,η>, e = sin U^T (first unit vector), and so η is
 * made orthogonal to e.
 */
#include "exact.h"

#include "rows.h"

#include <math.h>

/* e by order, and <e,e>. */
static double empty_set_weights(const hrs_fit *fit, double lanes[][HRS_FIT_LANES]) {
  int n = fit->part.n;
  const double *u = fit->exact.left.k[0];
  double square = 0;
  for (int base = 0; base <= n; base++)
    for (int lane = 0; lane < HRS_FIT_LANES; lane++) {
      int s = base + hrs_order((hrs_mask)lane);
      double e = s > n ? 0 : pow(u[0], n - s) * pow(u[1], s) * fit->exact_angles->sine[base][lane];
      lanes[base][lane] = e;
      if (lane == 0) square += hrs_binomial(n, s) * e * e;
    }
  return square;
}

/* Work slots A and B of all networks into the coordinates of the angles. */
static hrs_status rotate(hrs_fit *fit) {
  for (int i = 0; i < fit->networks; i++) {
    HRS_TRY(hrs_fit_to_middle(fit->work[i], hrs_kernel_adjoint(fit->exact.left)));
    HRS_TRY(hrs_fit_to_middle(fit->work[fit->networks + i], hrs_kernel_adjoint(fit->exact.right)));
  }
  return HRS_OK;
}

static hrs_status rotate_back(hrs_fit *fit) {
  for (int i = 0; i < fit->networks; i++) {
    HRS_TRY(hrs_fit_from_middle(fit->work[i], fit->exact.left));
    HRS_TRY(hrs_fit_from_middle(fit->work[fit->networks + i], fit->exact.right));
  }
  return HRS_OK;
}

/* ---- start ---------------------------------------------------------------------------------- */

static void weigh(hrs_fit *fit, hrs_fit_chunk chunk, void *context, double *sum) {
  (void)context;
  (void)sum;
  for (int network = 0; network < fit->networks; network++) {
    double *omega = hrs_fit_at(fit->data[network], chunk);
    double *a = hrs_fit_at(fit->work[network], chunk);
    double *b = hrs_fit_at(fit->work[fit->networks + network], chunk);
    for (hrs_count i = 0; i < chunk.count; i++) {
      const double *cosine = fit->exact_angles->cosine[hrs_fit_base(chunk, i)];
      const double *sine = fit->exact_angles->sine[hrs_fit_base(chunk, i)];
      omega[i] *= cosine[i % HRS_FIT_LANES];
      a[i] = sine[i % HRS_FIT_LANES] * omega[i];
      b[i] = cosine[i % HRS_FIT_LANES] * omega[i];
    }
  }
}

static void take_work(hrs_fit *fit, hrs_fit_chunk chunk, void *context, double *sum) {
  (void)context;
  for (int slot = 0; slot < fit->slots; slot++) {
    const double *work = hrs_fit_at(fit->work[slot], chunk);
    double *state = hrs_fit_at(fit->state[slot], chunk);
    for (hrs_count i = 0; i < chunk.count; i++) {
      state[i] = work[i];
      *sum += fabs(work[i]);
    }
  }
}

/* The exact split of least squares; the first step is three times its mean |interaction|. */
static hrs_status start(hrs_fit *fit, hrs_lattice *const *v, double *step) {
  hrs_kernel to_omega =
      hrs_kernel_product(hrs_kernel_adjoint(fit->exact.right), hrs_kernel_get(HRS_KERNEL_OR));
  for (int i = 0; i < fit->networks; i++) {
    HRS_TRY(hrs_fit_take_values(fit, fit->data[i], v[i]));
    HRS_TRY(hrs_fit_to_middle(fit->data[i], to_omega));
    fit->work[i]->phase = fit->work[fit->networks + i]->phase = fit->data[i]->phase;
  }
  HRS_TRY(hrs_fit_visit(fit, weigh, NULL, 0, NULL));
  HRS_TRY(rotate_back(fit));
  double sum;
  HRS_TRY(hrs_fit_visit(fit, take_work, NULL, 1, &sum));
  *step = 3 * sum / (fit->slots * ldexp(1, fit->part.n));
  return HRS_OK;
}

/* ---- iteration ------------------------------------------------------------------------------ */

static void prox(const hrs_fit *fit, double step, hrs_fit_chunk chunk, const double *const *s,
                 double (*z)[HRS_FIT_CHUNK]) {
  hrs_fit_shrink(fit, step, chunk, s, z);
}

static void make_exact(hrs_fit *fit, hrs_fit_chunk chunk, void *context, double *sum) {
  (void)context;
  (void)sum;
  for (int network = 0; network < fit->networks; network++) {
    const double *omega = hrs_fit_at(fit->data[network], chunk);
    double *a = hrs_fit_at(fit->work[network], chunk);
    double *b = hrs_fit_at(fit->work[fit->networks + network], chunk);
    for (hrs_count from = 0; from < chunk.count; from += HRS_FIT_LANES) {
      hrs_count count = chunk.count - from < HRS_FIT_LANES ? chunk.count - from : HRS_FIT_LANES;
      const double *cosine = fit->exact_angles->cosine[hrs_fit_base(chunk, from)];
      const double *sine = fit->exact_angles->sine[hrs_fit_base(chunk, from)];
      hrs_split_exact(count, cosine, sine, omega + from, a + from, b + from);
    }
  }
}

static hrs_status project(hrs_fit *fit) {
  HRS_TRY(rotate(fit));
  HRS_TRY(hrs_fit_visit(fit, make_exact, NULL, 0, NULL));
  return rotate_back(fit);
}

/* ---- certificate ---------------------------------------------------------------------------- */

/* (state - prox) / step: a point of the dual ball, 0 at the empty set. */
static void take_dual(hrs_fit *fit, hrs_fit_chunk chunk, void *context, double *sum) {
  (void)sum;
  double step = *(const double *)context, z[HRS_FIT_SLOTS][HRS_FIT_CHUNK];
  const double *s[HRS_FIT_SLOTS];
  hrs_fit_prox_at(fit, step, chunk, s, z);
  for (int slot = 0; slot < fit->slots; slot++) {
    double *work = hrs_fit_at(fit->work[slot], chunk);
    for (hrs_count i = 0; i < chunk.count; i++)
      work[i] = (s[slot][i] - z[slot][i]) / step;
  }
}

typedef struct dual {
  double e[HRS_MAX_PLAYERS + 1][HRS_FIT_LANES];
  double along[HRS_SHARE_NETWORKS]; /* <e,η> / <e,e> */
} dual;

/* η into slot A; sums <e,η> of each network. */
static void make_eta(hrs_fit *fit, hrs_fit_chunk chunk, void *context, double *sum) {
  const dual *d = context;
  for (int network = 0; network < fit->networks; network++) {
    double *a = hrs_fit_at(fit->work[network], chunk);
    const double *b = hrs_fit_at(fit->work[fit->networks + network], chunk);
    for (hrs_count i = 0; i < chunk.count; i++) {
      int base = hrs_fit_base(chunk, i), lane = (int)(i % HRS_FIT_LANES);
      a[i] =
          fit->exact_angles->sine[base][lane] * a[i] + fit->exact_angles->cosine[base][lane] * b[i];
      hrs_fit_middle_sum(fit, chunk, i, fit->networks, sum)[network] += d->e[base][lane] * a[i];
    }
  }
}

/* σ and τ, rotated, into slots A and B; sums <η,ω> of each network. */
static void make_dual(hrs_fit *fit, hrs_fit_chunk chunk, void *context, double *sum) {
  const dual *d = context;
  for (int network = 0; network < fit->networks; network++) {
    const double *omega = hrs_fit_at(fit->data[network], chunk);
    double *a = hrs_fit_at(fit->work[network], chunk);
    double *b = hrs_fit_at(fit->work[fit->networks + network], chunk);
    for (hrs_count i = 0; i < chunk.count; i++) {
      int base = hrs_fit_base(chunk, i), lane = (int)(i % HRS_FIT_LANES);
      double eta = a[i] - d->along[network] * d->e[base][lane];
      hrs_fit_middle_sum(fit, chunk, i, fit->networks, sum)[network] += eta * omega[i];
      a[i] = fit->exact_angles->sine[base][lane] * eta;
      b[i] = fit->exact_angles->cosine[base][lane] * eta;
    }
  }
}

/* Dual of the state into slots A and B, phase A: its value and its gauge. */
static hrs_status find_dual(hrs_fit *fit, double step, double *value, double *gauge) {
  dual d;
  double square = empty_set_weights(fit, d.e), values[HRS_SHARE_NETWORKS];
  HRS_TRY(hrs_fit_visit(fit, take_dual, &step, 0, NULL));
  HRS_TRY(rotate(fit));
  HRS_TRY(hrs_fit_visit_middle(fit, make_eta, &d, fit->networks, d.along));
  for (int network = 0; network < fit->networks; network++)
    d.along[network] /= square;
  HRS_TRY(hrs_fit_visit_middle(fit, make_dual, &d, fit->networks, values));
  *value = 0;
  for (int network = 0; network < fit->networks; network++)
    *value += values[network];
  HRS_TRY(rotate_back(fit));
  return hrs_fit_gauge(fit, gauge);
}

static hrs_status certify(hrs_fit *fit, double step, double *loss, double *bound) {
  double value, gauge;
  HRS_TRY(find_dual(fit, step, &value, &gauge));
  *bound = value > 0 && gauge > 0 ? value / gauge : 0;
  HRS_TRY(hrs_fit_reflect(fit, step));
  return hrs_fit_loss(fit, loss);
}

/* κ |y| of all networks, y = M^T σ in slot A. */
static void price_of(hrs_fit *fit, hrs_fit_chunk chunk, void *context, double *sum) {
  (void)context;
  for (int network = 0; network < fit->networks; network++) {
    const double *y = hrs_fit_at(fit->work[network], chunk);
    for (hrs_count i = 0; i < chunk.count; i++)
      *sum += fit->options.noise[network] * fabs(y[i]);
  }
}

hrs_status hrs_fit_exact_price(hrs_fit *fit, double step, double *price) {
  double value, gauge;
  HRS_TRY(find_dual(fit, step, &value, &gauge));
  for (int network = 0; network < fit->networks; network++)
    HRS_TRY(
        hrs_lattice_transform(fit->work[network], hrs_kernel_get(HRS_KERNEL_MOBIUS_ADJOINT), 1));
  HRS_TRY(hrs_fit_visit(fit, price_of, NULL, 1, price));
  *price = gauge > 0 ? *price / gauge : 0;
  for (int slot = 0; slot < fit->slots; slot++)
    hrs_lattice_reset(fit->work[slot]);
  return HRS_OK;
}

static hrs_status finish(hrs_fit *fit, double step) {
  return hrs_fit_reflect(fit, step);
}

const hrs_fit_method hrs_fit_exact = {2,      0.6,         start,   prox,  project,
                                      rotate, rotate_back, certify, finish};
