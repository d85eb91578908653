/*
 * Splits within bounds: |v_and + v_or - v| <= κ, and a spread of γ = (v_and - v_or)/2 between
 * networks.
 *
 * Unknowns are the interactions a, b' = P v_or and, weighted with w, copies of v_and and v_or, so
 * that loss and bounds are pointwise and only "these belong together" is left to the projection.
 * With M = F √λ E^T (singular values, Kronecker powers) the pairs (a, w v_and) are those with
 *
 *     (F^T a, E^T w v_and) = g (cos, sin),      cos = √(λ/(λ+w²)), sin = √(w²/(λ+w²)),
 *
 * again rotations and something pointwise; likewise P for (b', w v_or).
 *
 * Answers. The iterate z is sparse, but its reconstruction leaves the box by a little until the
 * end; blended with an exact split (which is found first, roughly) it is within. Where that is no
 * remedy, because there is no noise but a spread, the copies are: they are within always, though
 * not sparse.
 *
 * Dual: with π, ϖ the multipliers of the copies, y = -w (π + ϖ)/2 and x = -w (π - ϖ)/2, freed of
 * their means (constants cost nothing) and scaled so that (Z^T (y + x), P^-T (y - x)) is in the
 * dual ball: loss >= Σ_i <y_i, v_i> - κ_i ‖y_i‖₁ - 2 spread ‖x_i‖₁.
 */
#include "bounded.h"

#include "rows.h"

#include <math.h>
#include <string.h>

/* Weight of the values among the unknowns: w² = 0.01 reaches 1 % soonest at n = 10 and 12
 * (docs/design/interactions.md). */
static const double WEIGHT = 0.1;

enum { A, B, P, W };

static int slot_of(const hrs_fit *fit, int kind, int network) {
  return kind * fit->networks + network;
}

static hrs_lattice *work(const hrs_fit *fit, int kind, int network) {
  return fit->work[slot_of(fit, kind, network)];
}

static hrs_status back_to_a(hrs_lattice *lattice) {
  return lattice->phase == HRS_PHASE_B ? hrs_lattice_exchange(lattice) : HRS_OK;
}

/* ---- start ---------------------------------------------------------------------------------- */

static void take_split(hrs_fit *fit, hrs_fit_chunk chunk, void *context, double *sum) {
  (void)context;
  (void)sum;
  for (int network = 0; network < fit->networks; network++)
    for (int kind = A; kind <= B; kind++) {
      const double *from = hrs_fit_at(work(fit, kind, network), chunk);
      double *safe = hrs_fit_at(fit->safe[slot_of(fit, kind, network)], chunk);
      double *state = hrs_fit_at(fit->state[slot_of(fit, kind, network)], chunk);
      for (hrs_count i = 0; i < chunk.count; i++)
        safe[i] = state[i] = from[i];
    }
}

static void take_values(hrs_fit *fit, hrs_fit_chunk chunk, void *context, double *sum) {
  (void)context;
  (void)sum;
  for (int network = 0; network < fit->networks; network++)
    for (int kind = A; kind <= B; kind++) {
      const double *values = hrs_fit_at(work(fit, kind, network), chunk);
      double *copy = hrs_fit_at(fit->state[slot_of(fit, kind + P, network)], chunk);
      for (hrs_count i = 0; i < chunk.count; i++)
        copy[i] = WEIGHT * values[i];
    }
}

/* Interactions in work slots A and B become values there, phase B. */
static hrs_status to_values(hrs_fit *fit) {
  for (int network = 0; network < fit->networks; network++) {
    HRS_TRY(hrs_lattice_transform(work(fit, A, network), hrs_kernel_get(HRS_KERNEL_ZETA), 1));
    HRS_TRY(hrs_lattice_transform(work(fit, B, network), hrs_kernel_get(HRS_KERNEL_OR_INVERSE), 1));
  }
  return HRS_OK;
}

/* From the exact split in work slots A and B, and its last step. */
static hrs_status start(hrs_fit *fit, hrs_lattice *const *v, double *step) {
  (void)step;
  hrs_angles_set(fit->and_angles, fit->part.n, fit->and_.value, WEIGHT * WEIGHT);
  hrs_angles_set(fit->or_angles, fit->part.n, fit->or_.value, WEIGHT * WEIGHT);
  HRS_TRY(hrs_fit_visit(fit, take_split, NULL, 0, NULL));
  HRS_TRY(to_values(fit));
  for (int network = 0; network < fit->networks; network++) {
    HRS_TRY(back_to_a(work(fit, A, network)));
    HRS_TRY(back_to_a(work(fit, B, network)));
    HRS_TRY(hrs_fit_take_values(fit, fit->data[network], v[network]));
    hrs_lattice_reset(work(fit, P, network));
    hrs_lattice_reset(work(fit, W, network));
  }
  return hrs_fit_visit(fit, take_values, NULL, 0, NULL);
}

/* ---- iteration ------------------------------------------------------------------------------ */

/* Nearest values whose sum is within the noise: both move by half of what it is off. */
static void keep_noise(const hrs_fit *fit, int network, hrs_fit_chunk chunk, double *p, double *w) {
  const double *v = hrs_fit_at(fit->data[network], chunk);
  double most = fit->options.noise[network];
  for (hrs_count i = 0; i < chunk.count; i++) {
    double off = (p[i] + w[i]) / WEIGHT - v[i];
    double within = off > most ? most : off < -most ? -most : off;
    double move = (within - off) * WEIGHT / 2;
    p[i] += move;
    w[i] += move;
  }
}

/* What is cut off above a middle's reach, less what is cut off below it: falls with the middle. */
static double balance(double spread, int networks, const double *gamma, double middle) {
  double sum = 0;
  for (int i = 0; i < networks; i++) {
    double above = gamma[i] - middle - spread, below = middle - spread - gamma[i];
    sum += (above > 0 ? above : 0) - (below > 0 ? below : 0);
  }
  return sum;
}

/* Nearest γ_i within `spread` of a common middle: the one at which the balance is 0. It is linear
 * between the points γ_i ± spread, so it is looked at there. */
static void keep_spread(double spread, int networks, double *gamma) {
  double left = -INFINITY, right = INFINITY, low = INFINITY, high = -INFINITY;
  for (int i = 0; i < networks; i++) {
    low = gamma[i] < low ? gamma[i] : low;
    high = gamma[i] > high ? gamma[i] : high;
  }
  if (high - low <= 2 * spread) return;
  for (int i = 0; i < 2 * networks; i++) {
    double point = i % 2 ? gamma[i / 2] - spread : gamma[i / 2] + spread;
    if (balance(spread, networks, gamma, point) >= 0)
      left = point > left ? point : left;
    else
      right = point < right ? point : right;
  }
  double over = balance(spread, networks, gamma, left);
  double under = balance(spread, networks, gamma, right);
  double middle = left + (right - left) * (over / (over - under));
  for (int i = 0; i < networks; i++) {
    double most = middle + spread, least = middle - spread;
    gamma[i] = gamma[i] > most ? most : gamma[i] < least ? least : gamma[i];
  }
}

static void keep_together(const hrs_fit *fit, hrs_fit_chunk chunk, double (*z)[HRS_FIT_CHUNK]) {
  int networks = fit->networks;
  double gamma[HRS_SHARE_NETWORKS], before[HRS_SHARE_NETWORKS];
  for (hrs_count i = 0; i < chunk.count; i++) {
    for (int k = 0; k < networks; k++)
      before[k] = gamma[k] = (z[slot_of(fit, P, k)][i] - z[slot_of(fit, W, k)][i]) / (2 * WEIGHT);
    keep_spread(fit->options.spread, networks, gamma);
    for (int k = 0; k < networks; k++) {
      z[slot_of(fit, P, k)][i] += (gamma[k] - before[k]) * WEIGHT;
      z[slot_of(fit, W, k)][i] -= (gamma[k] - before[k]) * WEIGHT;
    }
  }
}

static bool has_spread(const hrs_fit *fit) {
  return fit->networks > 1 && isfinite(fit->options.spread);
}

static void prox(const hrs_fit *fit, double step, hrs_fit_chunk chunk, const double *const *s,
                 double (*z)[HRS_FIT_CHUNK]) {
  hrs_fit_shrink(fit, step, chunk, s, z);
  for (int slot = 2 * fit->networks; slot < fit->slots; slot++)
    memcpy(z[slot], s[slot], (size_t)chunk.count * sizeof *z[slot]);
  for (int k = 0; k < fit->networks; k++)
    keep_noise(fit, k, chunk, z[slot_of(fit, P, k)], z[slot_of(fit, W, k)]);
  if (has_spread(fit)) keep_together(fit, chunk, z);
}

static void belong(hrs_fit *fit, hrs_fit_chunk chunk, void *context, double *sum) {
  (void)context;
  (void)sum;
  for (int network = 0; network < fit->networks; network++)
    for (int kind = A; kind <= B; kind++) {
      const hrs_angles *angles = kind == A ? fit->and_angles : fit->or_angles;
      double *x = hrs_fit_at(work(fit, kind, network), chunk);
      double *y = hrs_fit_at(work(fit, kind + P, network), chunk);
      for (hrs_count from = 0; from < chunk.count; from += HRS_FIT_LANES) {
        hrs_count count = chunk.count - from < HRS_FIT_LANES ? chunk.count - from : HRS_FIT_LANES;
        const double *cosine = angles->cosine[hrs_fit_base(chunk, from)];
        const double *sine = angles->sine[hrs_fit_base(chunk, from)];
        hrs_split_together(count, cosine, sine, x + from, y + from);
      }
    }
}

static hrs_status rotate(hrs_fit *fit) {
  for (int k = 0; k < fit->networks; k++) {
    HRS_TRY(hrs_fit_to_middle(work(fit, A, k), hrs_kernel_adjoint(fit->and_.left)));
    HRS_TRY(hrs_fit_to_middle(work(fit, P, k), hrs_kernel_adjoint(fit->and_.right)));
    HRS_TRY(hrs_fit_to_middle(work(fit, B, k), hrs_kernel_adjoint(fit->or_.left)));
    HRS_TRY(hrs_fit_to_middle(work(fit, W, k), hrs_kernel_adjoint(fit->or_.right)));
  }
  return HRS_OK;
}

static hrs_status rotate_back(hrs_fit *fit) {
  for (int k = 0; k < fit->networks; k++) {
    HRS_TRY(hrs_fit_from_middle(work(fit, A, k), fit->and_.left));
    HRS_TRY(hrs_fit_from_middle(work(fit, P, k), fit->and_.right));
    HRS_TRY(hrs_fit_from_middle(work(fit, B, k), fit->or_.left));
    HRS_TRY(hrs_fit_from_middle(work(fit, W, k), fit->or_.right));
  }
  return HRS_OK;
}

static hrs_status project(hrs_fit *fit) {
  HRS_TRY(rotate(fit));
  HRS_TRY(hrs_fit_visit(fit, belong, NULL, 0, NULL));
  return rotate_back(fit);
}

/* ---- the bound ------------------------------------------------------------------------------ */

typedef struct dual {
  double step;
  double mean[2 * HRS_SHARE_NETWORKS];
} dual;

/* y + x into slot A, y - x into slot B; their sums. */
static void take_dual(hrs_fit *fit, hrs_fit_chunk chunk, void *context, double *sum) {
  const dual *d = context;
  const double *s[HRS_FIT_SLOTS];
  double z[HRS_FIT_SLOTS][HRS_FIT_CHUNK];
  hrs_fit_prox_at(fit, d->step, chunk, s, z);
  for (int network = 0; network < fit->networks; network++)
    for (int kind = A; kind <= B; kind++) {
      double *to = hrs_fit_at(work(fit, kind, network), chunk);
      int copy = slot_of(fit, kind + P, network);
      for (hrs_count i = 0; i < chunk.count; i++) {
        to[i] = -WEIGHT * (s[copy][i] - z[copy][i]) / d->step;
        sum[slot_of(fit, kind, network)] += to[i];
      }
    }
}

/* Take the means off, and what rounding has left where x or its sum over the networks must be 0;
 * the value of the dual point. */
static void value_dual(hrs_fit *fit, hrs_fit_chunk chunk, void *context, double *sum) {
  const dual *d = context;
  double *a[HRS_SHARE_NETWORKS], *b[HRS_SHARE_NETWORKS];
  const double *v[HRS_SHARE_NETWORKS];
  for (int k = 0; k < fit->networks; k++) {
    a[k] = hrs_fit_at(work(fit, A, k), chunk);
    b[k] = hrs_fit_at(work(fit, B, k), chunk);
    v[k] = hrs_fit_at(fit->data[k], chunk);
  }
  for (hrs_count i = 0; i < chunk.count; i++) {
    double x[HRS_SHARE_NETWORKS], y[HRS_SHARE_NETWORKS], common = 0;
    for (int k = 0; k < fit->networks; k++) {
      double and_part = a[k][i] - d->mean[slot_of(fit, A, k)];
      double or_part = b[k][i] - d->mean[slot_of(fit, B, k)];
      y[k] = (and_part + or_part) / 2;
      x[k] = has_spread(fit) ? (and_part - or_part) / 2 : 0;
      common += x[k] / fit->networks;
    }
    for (int k = 0; k < fit->networks; k++) {
      x[k] -= common;
      a[k][i] = y[k] + x[k];
      b[k][i] = y[k] - x[k];
      *sum += y[k] * v[k][i] - fit->options.noise[k] * fabs(y[k]);
      if (has_spread(fit)) *sum -= 2 * fit->options.spread * fabs(x[k]);
    }
  }
}

static hrs_status find_bound(hrs_fit *fit, double step, double *bound) {
  dual d = {.step = step};
  double value, gauge;
  HRS_TRY(hrs_fit_visit(fit, take_dual, &d, 2 * fit->networks, d.mean));
  for (int slot = 0; slot < 2 * fit->networks; slot++)
    d.mean[slot] = ldexp(d.mean[slot], -fit->part.n);
  HRS_TRY(hrs_fit_visit(fit, value_dual, &d, 1, &value));
  for (int k = 0; k < fit->networks; k++) {
    HRS_TRY(hrs_lattice_transform(work(fit, A, k), hrs_kernel_get(HRS_KERNEL_ZETA_ADJOINT), 1));
    HRS_TRY(hrs_lattice_transform(work(fit, B, k), hrs_kernel_get(HRS_KERNEL_OR_INVERSE), 1));
  }
  HRS_TRY(hrs_fit_gauge(fit, &gauge));
  for (int k = 0; k < fit->networks; k++) {
    hrs_lattice_reset(work(fit, A, k));
    hrs_lattice_reset(work(fit, B, k));
  }
  *bound = value > 0 && gauge > 0 ? value / gauge : 0;
  return HRS_OK;
}

/* ---- answers -------------------------------------------------------------------------------- */

typedef struct answer {
  double step;
  bool copies;  /* interactions of the copies, not of the sparse iterate */
  double blend; /* share of the exact split */
} answer;

/* The interactions, or the copies, of the iterate into slots A and B. */
static void take_answer(hrs_fit *fit, hrs_fit_chunk chunk, void *context, double *sum) {
  (void)sum;
  const answer *c = context;
  const double *s[HRS_FIT_SLOTS];
  double z[HRS_FIT_SLOTS][HRS_FIT_CHUNK];
  hrs_fit_prox_at(fit, c->step, chunk, s, z);
  for (int slot = 0; slot < 2 * fit->networks; slot++) {
    double *to = hrs_fit_at(fit->work[slot], chunk);
    const double *safe = hrs_fit_at(fit->safe[slot], chunk);
    const double *from = z[c->copies ? slot + 2 * fit->networks : slot];
    for (hrs_count i = 0; i < chunk.count; i++)
      to[i] = c->copies ? from[i] / WEIGHT : (1 - c->blend) * from[i] + c->blend * safe[i];
  }
}

static hrs_status make_answer(hrs_fit *fit, const answer *c) {
  answer copy = *c;
  for (int slot = 0; slot < 2 * fit->networks; slot++)
    hrs_lattice_reset(fit->work[slot]);
  HRS_TRY(hrs_fit_visit(fit, take_answer, &copy, 0, NULL));
  for (int k = 0; k < fit->networks && c->copies; k++) {
    HRS_TRY(hrs_lattice_transform(work(fit, A, k), hrs_kernel_get(HRS_KERNEL_MOBIUS), 1));
    HRS_TRY(hrs_lattice_transform(work(fit, B, k), hrs_kernel_get(HRS_KERNEL_OR), 1));
  }
  return HRS_OK;
}

static void range_of(hrs_fit *fit, hrs_fit_chunk chunk, void *context, double *largest) {
  (void)context;
  for (hrs_count i = 0; i < chunk.count; i++) {
    double low = INFINITY, high = -INFINITY;
    for (int k = 0; k < fit->networks; k++) {
      double gamma =
          (hrs_fit_at(work(fit, A, k), chunk)[i] - hrs_fit_at(work(fit, B, k), chunk)[i]) / 2;
      low = gamma < low ? gamma : low;
      high = gamma > high ? gamma : high;
    }
    *largest = high - low > *largest ? high - low : *largest;
  }
}

static void add_values(hrs_fit *fit, hrs_fit_chunk chunk, void *context, double *sum) {
  (void)context;
  (void)sum;
  for (int k = 0; k < fit->networks; k++) {
    double *a = hrs_fit_at(work(fit, A, k), chunk);
    const double *b = hrs_fit_at(work(fit, B, k), chunk);
    for (hrs_count i = 0; i < chunk.count; i++)
      a[i] += b[i];
  }
}

/* Largest of the residual and of minus the residual, shifted so that both are positive. */
static void residual_of(hrs_fit *fit, hrs_fit_chunk chunk, void *context, double *largest) {
  const double *offset = context;
  for (int k = 0; k < fit->networks; k++) {
    const double *a = hrs_fit_at(work(fit, A, k), chunk);
    const double *v = hrs_fit_at(fit->data[k], chunk);
    for (hrs_count i = 0; i < chunk.count; i++) {
      double off = a[i] - v[i] - offset[k];
      if (off > largest[2 * k]) largest[2 * k] = off;
      if (-off > largest[2 * k + 1]) largest[2 * k + 1] = -off;
    }
  }
}

/* How far the values of the split in slots A and B are off, once a constant has centred them, and
 * the largest difference of γ between networks. Slots end in phase A as scratch. */
static hrs_status measure(hrs_fit *fit, double *residual, double *range) {
  double largest[2 * HRS_SHARE_NETWORKS] = {0}, offset[HRS_SHARE_NETWORKS];
  *range = 0;
  HRS_TRY(to_values(fit));
  if (has_spread(fit)) HRS_TRY(hrs_fit_largest(fit, range_of, NULL, 1, range));
  HRS_TRY(hrs_fit_visit(fit, add_values, NULL, 0, NULL));
  for (int k = 0; k < fit->networks; k++) {
    HRS_TRY(back_to_a(work(fit, A, k)));
    hrs_lattice_reset(work(fit, B, k));
    double value, v;
    HRS_TRY(hrs_lattice_get(work(fit, A, k), 0, &value));
    HRS_TRY(hrs_lattice_get(fit->data[k], 0, &v));
    offset[k] = value - v; /* so that 0 is between the smallest and the largest */
  }
  HRS_TRY(hrs_fit_largest(fit, residual_of, offset, 2 * fit->networks, largest));
  for (int k = 0; k < fit->networks; k++)
    residual[k] = (largest[2 * k] + largest[2 * k + 1]) / 2;
  return HRS_OK;
}

/* Share of the exact split that brings the iterate within the bounds. */
static double blend_for(const hrs_fit *fit, const double *residual, double range) {
  double blend = 0, most = 2 * fit->options.spread;
  for (int k = 0; k < fit->networks; k++) {
    double noise = fit->options.noise[k];
    /* A little less than the noise, so that rounding does not carry it over. */
    double here = residual[k] > noise * (1 - 1e-9) ? 1 - noise * (1 - 1e-9) / residual[k] : 0;
    blend = here > blend ? here : blend;
  }
  if (!has_spread(fit) || range <= most) return blend;
  if (fit->safe_range > most) return 1;
  double here = (range - most) / (range - fit->safe_range);
  return here > blend ? here : blend;
}

static hrs_status certify(hrs_fit *fit, double step, double *loss, double *bound) {
  answer sparse = {step, false, 0}, copies = {step, true, 0};
  double residual[HRS_SHARE_NETWORKS], range, sparse_loss, copies_loss = INFINITY;
  HRS_TRY(find_bound(fit, step, bound));
  HRS_TRY(make_answer(fit, &sparse));
  HRS_TRY(hrs_fit_loss(fit, &sparse_loss));
  HRS_TRY(measure(fit, residual, &range));
  double blend = blend_for(fit, residual, range);
  *loss = (1 - blend) * sparse_loss + blend * fit->safe_loss;
  bool safe = !has_spread(fit) || fit->safe_range <= 2 * fit->options.spread;
  if (has_spread(fit) || blend == 1) {
    HRS_TRY(make_answer(fit, &copies));
    HRS_TRY(hrs_fit_loss(fit, &copies_loss));
  }
  fit->blend = blend;
  fit->copies = copies_loss < *loss || !safe;
  if (fit->copies) *loss = copies_loss;
  for (int slot = 0; slot < fit->slots; slot++)
    hrs_lattice_reset(fit->work[slot]);
  return HRS_OK;
}

static hrs_status finish(hrs_fit *fit, double step) {
  answer c = {step, fit->copies, fit->blend};
  HRS_TRY(make_answer(fit, &c));
  for (int slot = 0; slot < 2 * fit->networks; slot++)
    HRS_TRY(back_to_a(fit->work[slot]));
  return HRS_OK;
}

hrs_status hrs_fit_range(hrs_fit *fit, double *range) {
  *range = 0;
  HRS_TRY(to_values(fit));
  return hrs_fit_largest(fit, range_of, NULL, 1, range);
}

/* Sizes are those of the copies, mostly, and say nothing of the interactions. */
const hrs_fit_method hrs_fit_bounded = {4,      1,           start,   prox,  project,
                                        rotate, rotate_back, certify, finish};
