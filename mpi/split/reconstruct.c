/* Values from chosen interactions, and how far they are from v. */
#include "reconstruct.h"

#include "rows.h"

#include <math.h>

typedef struct selection {
  int network;
  double threshold;
  hrs_lattice *v;
} selection;

enum { KEPT, KEPT_SIZE, REST, KEPT_OR, SELECTION_SUMS };

/* Interactions that are kept into the state, as Möbius transforms of v_and and (with a minus)
 * v_or. */
static void choose(hrs_fit *fit, hrs_fit_chunk chunk, void *context, double *sum) {
  const selection *c = context;
  for (int type = 0; type < 2; type++) {
    const double *from = hrs_fit_at(hrs_fit_interactions(fit, c->network, type), chunk);
    double *to = hrs_fit_at(fit->state[type], chunk);
    for (hrs_count i = 0; i < chunk.count; i++) {
      double x = from[i];
      bool empty = chunk.first && i == 0, kept = fabs(x) >= c->threshold;
      to[i] = empty || kept ? (type ? -x : x) : 0;
      if (empty) continue;
      sum[KEPT] += kept;
      sum[KEPT_SIZE] += kept ? fabs(x) : 0;
      sum[REST] += kept ? 0 : x;
      sum[KEPT_OR] += kept && type ? x : 0;
    }
  }
}

static void add_values(hrs_fit *fit, hrs_fit_chunk chunk, void *context, double *sum) {
  (void)context;
  (void)sum;
  double *to = hrs_fit_at(fit->state[0], chunk);
  const double *from = hrs_fit_at(fit->state[1], chunk);
  for (hrs_count i = 0; i < chunk.count; i++)
    to[i] += from[i];
}

/* The values of the interactions that pass a threshold into state[0], phase A. v_or is 0 at the
 * empty set: its constant makes up for the sum of all I_or. */
static hrs_status reconstruct(hrs_fit *fit, selection *c, double *sums) {
  hrs_lattice *and_ = fit->state[0], *or_ = fit->state[1];
  hrs_lattice_reset(and_);
  hrs_lattice_reset(or_);
  HRS_TRY(hrs_fit_visit(fit, choose, c, SELECTION_SUMS, sums));
  double constant;
  HRS_TRY(hrs_lattice_get(hrs_fit_interactions(fit, c->network, true), 0, &constant));
  hrs_lattice_set(or_, 0, constant + sums[KEPT_OR]);
  HRS_TRY(hrs_lattice_transform(and_, hrs_kernel_get(HRS_KERNEL_ZETA), 1));
  HRS_TRY(hrs_lattice_transform(or_, hrs_kernel_get(HRS_KERNEL_OR_INVERSE), 1));
  HRS_TRY(hrs_fit_visit(fit, add_values, NULL, 0, NULL));
  return hrs_lattice_exchange(and_);
}

static double value_at(const hrs_lattice *v, hrs_fit_chunk chunk, hrs_count i) {
  const void *row = hrs_lattice_row(v, chunk.row);
  hrs_count at = chunk.from + i;
  return hrs_lattice_type(v) == HRS_F64 ? ((const double *)row)[at]
                                        : (double)((const float *)row)[at];
}

/* In units of the scale, a power of two: the squares of very large or small errors have no place in
 * a double. */
static void square_error(hrs_fit *fit, hrs_fit_chunk chunk, void *context, double *sum) {
  const selection *c = context;
  const double *values = hrs_fit_at(fit->state[0], chunk);
  for (hrs_count i = 0; i < chunk.count; i++) {
    double error = (values[i] - value_at(c->v, chunk, i)) / fit->scale;
    *sum += error * error;
  }
}

/* Largest error above and below. */
static void extremes(hrs_fit *fit, hrs_fit_chunk chunk, void *context, double *largest) {
  const selection *c = context;
  const double *values = hrs_fit_at(fit->state[0], chunk);
  for (hrs_count i = 0; i < chunk.count; i++) {
    double error = values[i] - value_at(c->v, chunk, i);
    if (!(error <= largest[0])) largest[0] = error;
    if (!(-error <= largest[1])) largest[1] = -error;
  }
}

hrs_status hrs_fit_reconstruct(hrs_fit *fit, int network, hrs_lattice *v, double threshold,
                               hrs_reconstruction *out) {
  selection c = {network, threshold, v};
  double sums[SELECTION_SUMS], square, largest[2] = {0, 0};
  HRS_TRY(reconstruct(fit, &c, sums));
  HRS_TRY(hrs_fit_visit(fit, square_error, &c, 1, &square));
  HRS_TRY(hrs_fit_largest(fit, extremes, &c, 2, largest));
  out->kept = sums[KEPT];
  square = ldexp(square, -fit->part.n);
  out->unfaith = square * fit->scale * fit->scale;
  out->rmse = sqrt(square) * fit->scale;
  out->max = largest[0] > largest[1] ? largest[0] : largest[1];
  double all = sums[KEPT_SIZE] + fabs(sums[REST]);
  out->explained = all > 0 ? sums[KEPT_SIZE] / all : 1;
  return HRS_OK;
}

hrs_status hrs_fit_centre(hrs_fit *fit, int network, hrs_lattice *v, double *constant) {
  selection c = {network, 0, v};
  double sums[SELECTION_SUMS], largest[2] = {0, 0}, value;
  /* With the constant at v(empty) the error is 0 there, so both extremes are at least 0. */
  HRS_TRY(reconstruct(fit, &c, sums));
  HRS_TRY(hrs_fit_largest(fit, extremes, &c, 2, largest));
  HRS_TRY(hrs_lattice_get(v, 0, &value));
  *constant = value - (largest[0] - largest[1]) / 2;
  return HRS_OK;
}
