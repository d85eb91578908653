/*
 * Checks of a fitted split: what /fit and /reconstruction say of each other and of /orders, and,
 * where v and the interactions are stored whole, all errors over all masks once more.
 *
 * Cost: n 2^n operations for the split and as many for the salient interactions; the curve has up
 * to n + 2 points of the same cost, so that it is recomputed for small n alone. Memory: both types.
 */
#include "check_fit.h"

#include <float.h>
#include <math.h>

enum { LARGEST_BITS = 27, LARGEST_CURVE_BITS = 18 };
enum { RMSE, LARGEST, UNFAITH, EXPLAINED, KEPT, QUALITIES };
/* A curve has the strength of the weakest interaction where a reconstruction has rho_unfaith. */
enum { STRENGTH = UNFAITH };

/* ---- /fit ----------------------------------------------------------------------------------- */

/* Networks that were fitted together have one loss, and the same in common. */
static hrs_status check_joint(hrs_check_row *r) {
  hrs_interactions_fit before = {0}, *here = &r->fit;
  hrs_interactions_sharing sharing = {0};
  const int points = hrs_curve_points(r->set->n);
  for (int p = 0; p < points; p++) {
    double top = r->sharing.top[p], pairs = ldexp(top, p);
    hrs_check_found(r, HRS_CHECK_SHARED, !(pairs >= 0 && top <= 1 && pairs == floor(pairs)), 0,
                    "top %d cannot be: %.17g", p, top);
  }
  if (r->row.network == 0 || r->k == 0) return HRS_OK;
  HRS_TRY(hrs_reading_record(r->set->file, HRS_INTERACTIONS_FIT, r->k - 1, &before));
  HRS_TRY(hrs_reading_record(r->set->file, HRS_INTERACTIONS_SHARING, r->k - 1, &sharing));
  const struct {
    const char *path;
    double here, before;
  } joint[] = {{"/fit/loss", here->loss, before.loss},
               {"/fit/lower_bound", here->lower_bound, before.lower_bound},
               {"/fit/gap", here->gap, before.gap},
               {"/fit/iterations", (double)here->iterations, (double)before.iterations}};
  for (int i = 0; i < 4; i++)
    hrs_check_found(r, HRS_CHECK_SHARED, fabs(joint[i].here - joint[i].before), 0,
                    "%s is %.17g, and %.17g of the network before", joint[i].path, joint[i].here,
                    joint[i].before);
  for (int p = 0; p < points; p++)
    hrs_check_found(r, HRS_CHECK_SHARED, fabs(r->sharing.top[p] - sharing.top[p]), 0,
                    "top %d is %.17g, and %.17g of the network before", p, r->sharing.top[p],
                    sharing.top[p]);
  /* Without salient ones the share is not a number. */
  double common = here->kept > 0 ? r->sharing.salient * here->kept : 0;
  double common_before = before.kept > 0 ? sharing.salient * before.kept : 0;
  hrs_check_found(r, HRS_CHECK_SHARED, fabs(common - common_before),
                  hrs_check_tolerance(r, here->kept + before.kept),
                  "%g salient interactions are common, and %g of the network before", common,
                  common_before);
  return HRS_OK;
}

static hrs_status check_certificate(hrs_check_row *r) {
  double l1 = r->fit.l1, loss = r->fit.loss, bound = r->fit.lower_bound, gap = r->fit.gap;
  double noise = r->fit.noise_bound, sum = 0;
  for (int type = 0; type < 2; type++)
    for (int m = 1; m <= r->set->n; m++)
      sum += r->row.orders[type][ALL_POSITIVE][m] - r->row.orders[type][ALL_NEGATIVE][m];
  double rounding = hrs_check_tolerance(r, sum);
  double wanted = loss > 0 ? fmax(0, 1 - bound / loss) : 0;
  hrs_check_found(r, HRS_CHECK_FIT, fabs(l1 - sum), rounding, "|I| add up to %.17g, l1 is %.17g",
                  sum, l1);
  hrs_check_found(r, HRS_CHECK_FIT, fabs(gap - wanted), hrs_check_tolerance(r, 1),
                  "the gap is %.17g, its bound and loss make it %.17g", gap, wanted);
  hrs_check_found(r, HRS_CHECK_FIT, fmax(0, r->off - noise), hrs_check_tolerance(r, r->scale),
                  "v is off by %.17g, beyond the noise of %.17g", r->off, noise);
  if (r->set->network) { /* what is strongest in any network is as strong as in each */
    hrs_check_found(r, HRS_CHECK_FIT, fmax(0, l1 - loss), rounding,
                    "the joint loss %.17g is below l1 %.17g", loss, l1);
    return check_joint(r);
  }
  hrs_check_found(r, HRS_CHECK_FIT, fabs(loss - l1), rounding, "the loss is %.17g, l1 %.17g", loss,
                  l1);
  return HRS_OK;
}

/* ---- /reconstruction without the values ----------------------------------------------------- */

static void find_qualities(const hrs_check_row *r, double out[QUALITIES]) {
  out[RMSE] = r->fit.rmse;
  out[LARGEST] = r->fit.max;
  out[UNFAITH] = r->fit.rho_unfaith;
  out[EXPLAINED] = r->fit.explained;
  out[KEPT] = r->fit.kept;
}

/* The shares and numbers that a reconstruction has by the sums over orders. */
static void check_salient(hrs_check_row *r) {
  double q[QUALITIES], kept = 0, size = 0, rest = 0;
  find_qualities(r, q);
  for (int type = 0; type < 2; type++)
    for (int m = 1; m <= r->set->n; m++) {
      double positive = r->row.orders[type][POSITIVE][m],
             negative = r->row.orders[type][NEGATIVE][m];
      kept += r->row.orders[type][COUNT][m];
      size += positive - negative;
      rest += r->row.orders[type][ALL_POSITIVE][m] - positive;
      rest += r->row.orders[type][ALL_NEGATIVE][m] - negative;
    }
  double all = size + fabs(rest), explained = all > 0 ? size / all : 1;
  hrs_check_found(r, HRS_CHECK_CURVE, fabs(q[KEPT] - kept), 0, "kept is %g, /orders counts %g",
                  q[KEPT], kept);
  hrs_check_found(r, HRS_CHECK_CURVE, fabs(q[EXPLAINED] - explained),
                  all > 0 ? hrs_check_tolerance(r, r->scale) / all : 0,
                  "explained is %.17g, by the sums over orders %.17g", q[EXPLAINED], explained);
  double square = q[RMSE] * q[RMSE]; /* infinite, where rmse is very large */
  hrs_check_found(r, HRS_CHECK_CURVE, q[UNFAITH] == square ? 0 : fabs(q[UNFAITH] - square),
                  hrs_check_tolerance(r, q[UNFAITH]), "rho_unfaith is %.17g, rmse %.17g",
                  q[UNFAITH], q[RMSE]);
  hrs_check_found(r, HRS_CHECK_CURVE, fmax(0, q[RMSE] - q[LARGEST]),
                  hrs_check_tolerance(r, q[RMSE]), "rmse is %.17g, the largest error %.17g",
                  q[RMSE], q[LARGEST]);
}

typedef struct curve {
  int points;
  const double *at[QUALITIES];
} curve;

static curve find_curve(const hrs_check_row *r) {
  return (curve){.points = hrs_curve_points(r->set->n),
                 .at = {[RMSE] = r->fit.curve.rmse,
                        [LARGEST] = r->fit.curve.max,
                        [STRENGTH] = r->fit.curve.strength,
                        [EXPLAINED] = r->fit.curve.explained,
                        [KEPT] = r->fit.curve.kept}};
}

/* |I| of the strongest interactions against the list, where that goes on beyond them. */
static void check_strengths(hrs_check_row *r, const curve *c) {
  const hrs_salient *list = &r->list;
  for (int p = 0; p < c->points; p++) {
    hrs_count place = (hrs_count)1 << p, as_strong = 0;
    double strength = c->at[STRENGTH][p];
    if (place > list->count) {
      double last = list->count ? fabs(list->value[list->count - 1]) : r->set->threshold[r->k];
      hrs_check_found(r, HRS_CHECK_CURVE, fmax(0, strength - last), 0,
                      "strength %d is %.17g, the list ends with %.17g", p, strength, last);
      continue;
    }
    hrs_check_found(r, HRS_CHECK_CURVE, fabs(strength - fabs(list->value[place - 1])), 0,
                    "strength %d is %.17g, entry %lld of the list %.17g", p, strength,
                    (long long)place - 1, list->value[place - 1]);
    while (as_strong < list->count && fabs(list->value[as_strong]) >= strength)
      as_strong++;
    if (as_strong < list->count)
      hrs_check_found(r, HRS_CHECK_CURVE, fabs(c->at[KEPT][p] - (double)as_strong), 0,
                      "kept %d is %g, the list has %lld", p, c->at[KEPT][p], (long long)as_strong);
  }
}

static hrs_status check_curve(hrs_check_row *r) {
  curve c = find_curve(r);
  int64_t point[HRS_CURVE_POINTS];
  HRS_TRY(hrs_reading_read(r->set->file, "/reconstruction/curve/point", -1, 0, c.points, HRS_I64,
                           point));
  for (int p = 0; p < c.points; p++) {
    double largest = c.at[LARGEST][p], explained = c.at[EXPLAINED][p];
    bool same = p > 0 && c.at[STRENGTH][p] == c.at[STRENGTH][p - 1], good = point[p] == 1LL << p;
    if (p > 0)
      good =
          good && c.at[KEPT][p] >= c.at[KEPT][p - 1] && c.at[STRENGTH][p] <= c.at[STRENGTH][p - 1];
    if (c.at[STRENGTH][p] > 0) good = good && c.at[KEPT][p] >= (double)point[p];
    for (int i = 0; i < QUALITIES && same; i++)
      good = good && c.at[i][p] == c.at[i][p - 1];
    good = good && explained >= 0 && explained <= 1 && c.at[RMSE][p] >= 0 &&
           c.at[RMSE][p] <= largest + hrs_check_tolerance(r, largest);
    hrs_check_found(r, HRS_CHECK_CURVE, !good, 0, "point %d of the curve cannot be", p);
  }
  if (!r->failed[HRS_CHECK_LIST]) check_strengths(r, &c);
  return HRS_OK;
}

/* ---- from the interactions ------------------------------------------------------------------ */

/* Lattices of both types, and what is left of v at each mask. */
typedef struct split {
  hrs_count size;
  double *type[2], *value;
  double all; /* Σ |I| kept + |Σ I of the others| of the last reconstruction */
} split;

static hrs_status select_type(const hrs_check_row *r, split *s, int type, double threshold,
                              double *size, double *rest, double *kept) {
  double *x = s->type[type];
  HRS_TRY(hrs_reading_read(r->set->file, type == AND ? "/interactions/and" : "/interactions/or",
                           r->k, 0, s->size, HRS_F64, x));
  x[0] = 0;
  for (hrs_count i = 1; i < s->size; i++)
    if (fabs(x[i]) >= threshold) {
      *size += fabs(x[i]);
      *kept += x[i] != 0;
    } else {
      *rest += x[i];
      x[i] = 0;
    }
  return hrs_butterfly(hrs_kernel_get(HRS_KERNEL_ZETA), 1, HRS_F64, x, r->set->n, 0, r->set->n,
                       HRS_BUTTERFLY_AUTO);
}

/* v(T) = I_and(empty) + I_or(empty) + Z_and(T) + Z_or(N) - Z_or(N \ T), with Z the zeta transforms
 * of the interactions that are at least as strong as the threshold. */
static hrs_status reconstruct(const hrs_check_row *r, split *s, double threshold, double *quality) {
  double size = 0, rest = 0, square = 0, largest = 0, least = hrs_check_stored(r, threshold);
  double unit = r->scale > 0 ? r->scale : 1; /* the squares of large numbers overflow */
  quality[KEPT] = 0;
  HRS_TRY(select_type(r, s, AND, least, &size, &rest, &quality[KEPT]));
  HRS_TRY(select_type(r, s, OR, least, &size, &rest, &quality[KEPT]));
  double constant = r->empty[AND] + r->empty[OR] + s->type[OR][s->size - 1];
  for (hrs_count done = 0; done < s->size; done += HRS_CHECK_AT_A_TIME) {
    hrs_count piece = s->size - done < HRS_CHECK_AT_A_TIME ? s->size - done : HRS_CHECK_AT_A_TIME;
    HRS_TRY(hrs_reading_read(r->set->file, "/values", r->k, done, piece, HRS_F64, s->value));
    for (hrs_count i = 0; i < piece; i++) {
      hrs_count mask = done + i;
      double v = constant + s->type[AND][mask] - s->type[OR][s->size - 1 - mask];
      double error = fabs(v - s->value[i]);
      square += error / unit * (error / unit);
      largest = error > largest ? error : largest;
    }
  }
  quality[RMSE] = sqrt(ldexp(square, -r->set->n)) * unit;
  quality[UNFAITH] = quality[RMSE] * quality[RMSE];
  quality[LARGEST] = largest;
  s->all = size + fabs(rest);
  quality[EXPLAINED] = s->all > 0 ? size / s->all : 1;
  return HRS_OK;
}

/* In single precision interactions may have become as strong as the threshold, or 0. */
static bool comparable(const hrs_check_row *r, double found, double kept) {
  return r->set->precision != HRS_F32 || found == kept;
}

/* Two numbers that are made of interactions and divided by `unit`. */
static void compare(hrs_check_row *r, const char *what, double found, double stored, double unit) {
  hrs_check_found(r, HRS_CHECK_RECONSTRUCTION, fabs(found - stored),
                  unit > 0 ? hrs_check_tolerance(r, r->scale) / unit : 0,
                  "%s is %.17g, stored %.17g", what, found, stored);
}

static hrs_status check_values(hrs_check_row *r, split *s) {
  double q[QUALITIES], stored[QUALITIES];
  curve c = find_curve(r);
  HRS_TRY(reconstruct(r, s, 0, q));
  hrs_check_found(
      r, HRS_CHECK_SPLIT_MATCH, fabs(q[LARGEST] - r->off), hrs_check_tolerance(r, r->scale),
      "the interactions are off by up to %.17g, max_residual is %.17g", q[LARGEST], r->off);
  HRS_TRY(reconstruct(r, s, r->set->threshold[r->k], q));
  find_qualities(r, stored);
  if (comparable(r, q[KEPT], stored[KEPT])) {
    compare(r, "rmse of the salient interactions", q[RMSE], stored[RMSE], 1);
    compare(r, "max of the salient interactions", q[LARGEST], stored[LARGEST], 1);
  }
  for (int p = 0; p < c.points && r->set->n <= LARGEST_CURVE_BITS; p++) {
    if (p > 0 && c.at[STRENGTH][p] == c.at[STRENGTH][p - 1]) continue;
    HRS_TRY(reconstruct(r, s, fmax(c.at[STRENGTH][p], DBL_TRUE_MIN), q));
    if (!comparable(r, q[KEPT], c.at[KEPT][p])) continue;
    compare(r, "rmse of the curve", q[RMSE], c.at[RMSE][p], 1);
    compare(r, "max of the curve", q[LARGEST], c.at[LARGEST][p], 1);
    compare(r, "explained of the curve", q[EXPLAINED], c.at[EXPLAINED][p], s->all);
  }
  return HRS_OK;
}

hrs_status hrs_check_fit(hrs_check_row *r) {
  HRS_TRY(check_certificate(r));
  check_salient(r);
  HRS_TRY(check_curve(r));
  if (!hrs_reading_has(r->set->file, "/interactions/and") ||
      !hrs_reading_has(r->set->file, "/interactions/or") || r->failed[HRS_CHECK_LIST])
    return HRS_OK;
  double constant = r->empty[AND] + r->empty[OR], empty = r->set->v_empty[r->k];
  hrs_check_found(r, HRS_CHECK_SPLIT_MATCH, fabs(constant - empty),
                  r->off + hrs_check_tolerance(r, r->scale),
                  "I(empty) of both types is %.17g, v(empty) %.17g", constant, empty);
  if (!hrs_reading_has(r->set->file, "/values") || r->set->n > LARGEST_BITS) return HRS_OK;
  split s = {.size = (hrs_count)1 << r->set->n};
  hrs_status status = hrs_alloc(s.size, sizeof *s.type[AND], &s.type[AND]);
  if (status == HRS_OK) status = hrs_alloc(s.size, sizeof *s.type[OR], &s.type[OR]);
  if (status == HRS_OK) status = hrs_alloc(HRS_CHECK_AT_A_TIME, sizeof *s.value, &s.value);
  if (status == HRS_OK) status = check_values(r, &s);
  hrs_free(s.value);
  hrs_free(s.type[OR]);
  hrs_free(s.type[AND]);
  return status;
}
