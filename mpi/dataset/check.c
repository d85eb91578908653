/*
 * Recomputing what a data set says about itself, row by row.
 *
 * Bounds: a transform of n steps and its inverse, or a sum of 2^n terms, in storage of precision e
 * err by at most a small multiple of n e times the sum of all |I|; every tolerance here is
 * 4 (n + 4) e times such a sum, which also bounds |v|, and 2^n of the smallest numbers, which is
 * what 2^n roundings come to where numbers are as small as that. Stored copies of a number must
 * agree to the bit. Cost: n 2^n operations per array where a row is stored whole, else the length
 * of its list.
 */
#include "check_row.h"

#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST_BITS = 28 };

static const char *const names[HRS_CHECK_LIMIT] = {
    [HRS_CHECK_LIST] = "salient list: sorted, unique, in range",
    [HRS_CHECK_LIST_SUMS] = "salient list gives the salient sums by order",
    [HRS_CHECK_ORDER_SUMS] = "sums over all orders give v(N) - v(empty)",
    [HRS_CHECK_MEANS] = "sums by order give /orders/mean_effect",
    [HRS_CHECK_SHAPLEY] = "Shapley values add up to v(N) - v(empty)",
    [HRS_CHECK_INDEX_SETS] = "indices have all sets up to an order, in order",
    [HRS_CHECK_INDEX_SUMS] = "k-SII, STII, FSII add up to v(N) - v(empty)",
    [HRS_CHECK_INDEX_VALUES] = "/interactions/and gives interaction indices",
    [HRS_CHECK_ENDS] = "/values gives v(empty), v(N), mean effects",
    [HRS_CHECK_AND_SUMS] = "/interactions/and gives its sums by order",
    [HRS_CHECK_OR_SUMS] = "/interactions/or gives its sums by order",
    [HRS_CHECK_LIST_VALUES] = "salient list agrees with /interactions",
    [HRS_CHECK_PLAYERS] = "/interactions gives SV and BV",
    [HRS_CHECK_AND_MATCH] = "AND interactions give back /values",
    [HRS_CHECK_OR_MATCH] = "OR interactions give back /values",
    [HRS_CHECK_FIT] = "/fit: L1, bound and gap; v is off within the noise",
    [HRS_CHECK_SHARED] = "networks fitted together agree in what is common",
    [HRS_CHECK_CURVE] = "/reconstruction agrees with /orders and the list",
    [HRS_CHECK_SPLIT_MATCH] = "AND and OR together give back /values",
    [HRS_CHECK_RECONSTRUCTION] = "/reconstruction: errors over all masks",
};

const int hrs_dataset_checks = HRS_CHECK_LIMIT;

void hrs_dataset_check_start(hrs_dataset_check *checks) {
  memset(checks, 0, sizeof *checks * HRS_CHECK_LIMIT);
  for (int i = 0; i < HRS_CHECK_LIMIT; i++)
    checks[i].name = names[i];
}

double hrs_check_tolerance(const hrs_check_row *r, double scale) {
  double least = r->epsilon == FLT_EPSILON ? (double)FLT_TRUE_MIN : DBL_TRUE_MIN;
  return 4 * (r->set->n + 4) * r->epsilon * scale + ldexp(least, r->set->n);
}

double hrs_check_stored(const hrs_check_row *r, double value) {
  return r->fitted && r->set->precision == HRS_F32 ? (double)(float)value : value;
}

void hrs_check_found(hrs_check_row *r, hrs_check_name name, double error, double tolerance,
                     const char *format, ...) {
  hrs_dataset_check *check = &r->checks[name];
  double ratio = error == 0 ? 0 : tolerance > 0 && error == error ? error / tolerance : INFINITY;
  bool first = check->rows == 0;
  if (!r->touched[name]) check->rows++;
  r->touched[name] = true;
  if (ratio > check->worst || first) {
    check->worst = ratio > check->worst ? ratio : check->worst;
    check->error = error;
    check->tolerance = tolerance;
  }
  if (ratio <= 1) return;
  if (!r->failed[name]) check->failed++;
  r->failed[name] = true;
  if (check->detail[0]) return;
  int used = snprintf(check->detail, sizeof check->detail, "row %lld: ", (long long)r->k);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(check->detail + used, sizeof check->detail - (size_t)used, format, arguments);
  va_end(arguments);
}

/* ---- the list and the sums ------------------------------------------------------------------ */

/* Is entry i in its place behind entry i - 1? */
static bool in_order(const hrs_salient *list, hrs_count i) {
  double before = fabs(list->value[i - 1]), here = fabs(list->value[i]);
  if (before != here) return before > here;
  if (list->type[i - 1] != list->type[i]) return list->type[i - 1] < list->type[i];
  return list->mask[i - 1] < list->mask[i];
}

static hrs_status check_list(hrs_check_row *r) {
  const hrs_salient *list = &r->list;
  int n = r->set->n;
  uint8_t *order;
  HRS_TRY(hrs_alloc(list->count, 1, &order));
  hrs_status status = hrs_dataset_read(r->set, HRS_PATH_SALIENT_ORDER, -1,
                                       (hrs_count)r->set->offset[r->k], list->count, HRS_U8, order);
  hrs_check_found(r, HRS_CHECK_LIST, 0, 0, "nothing");
  for (hrs_count i = 0; i < list->count && status == HRS_OK; i++) {
    const char *wrong = NULL;
    if (list->type[i] > 1 || !r->has[list->type[i]])
      wrong = "has a type that was not computed";
    else if (list->mask[i] == 0 || list->mask[i] > hrs_mask_full(n))
      wrong = "has a mask out of range";
    else if (order[i] != hrs_order(list->mask[i]))
      wrong = "has an order that is not its mask's";
    else if (!isfinite(list->value[i]))
      wrong = "is not finite";
    else if (i > 0 && !in_order(list, i))
      wrong = "is not in order (falling |value|, type, mask)";
    if (!wrong) continue;
    hrs_check_found(r, HRS_CHECK_LIST, 1, 0, "entry %lld %s", (long long)i, wrong);
    break;
  }
  hrs_free(order);
  return status;
}

static hrs_status check_list_sums(hrs_check_row *r) {
  if (r->failed[HRS_CHECK_LIST]) return HRS_OK;
  double sums[2][3][HRS_MAX_PLAYERS + 1] = {{{0}}};
  double threshold = r->set->threshold[r->k];
  for (hrs_count i = 0; i < r->list.count; i++) {
    if (fabs(r->list.value[i]) < threshold) break;
    int order = hrs_order(r->list.mask[i]), type = r->list.type[i];
    sums[type][r->list.value[i] < 0 ? NEGATIVE : POSITIVE][order] += r->list.value[i];
    sums[type][COUNT][order]++;
  }
  static const char *const words[] = {"positive sum", "negative sum", "count"};
  for (int type = 0; type < 2; type++)
    for (int what = 0; what < 3 && r->has[type]; what++)
      for (int m = 0; m <= r->set->n; m++) {
        double listed = sums[type][what][m], stored = r->orders[type][what][m];
        /* A list cut at its limit holds less than there is. */
        double error =
            r->set->truncated[r->k] ? fmax(0, fabs(listed) - fabs(stored)) : fabs(listed - stored);
        double tolerance = what == COUNT ? 0 : hrs_check_tolerance(r, r->sum[type]);
        hrs_check_found(r, HRS_CHECK_LIST_SUMS, error, tolerance,
                        "%s of order %d, %s: %.17g listed, %.17g stored", words[what], m,
                        type == AND ? "AND" : "OR", listed, stored);
      }
  return HRS_OK;
}

static double sum_of_order(const hrs_check_row *r, int type, int m) {
  return r->orders[type][ALL_POSITIVE][m] + r->orders[type][ALL_NEGATIVE][m];
}

/* The mean of v(S) - v(empty) over the sets of k players, from the sums by order: a set of order m
 * is inside C(k,m) / C(n,m) of them, and meets all but C(n-k,m) / C(n,m). */
static double mean_effect(const hrs_check_row *r, int type, int k) {
  int n = r->set->n;
  double sum = 0;
  for (int m = 1; m <= n; m++) {
    double part = hrs_binomial(type == AND ? k : n - k, m) / hrs_binomial(n, m);
    sum += sum_of_order(r, type, m) * (type == AND ? part : 1 - part);
  }
  return sum;
}

static hrs_status check_order_sums(hrs_check_row *r) {
  static const char *const words[] = {"AND", "OR", "AND and OR"};
  double effect = r->set->v_full[r->k] - r->set->v_empty[r->k], stored[HRS_MAX_PLAYERS + 1];
  HRS_TRY(hrs_dataset_read(r->set, HRS_PATH_MEAN_EFFECT, r->k, 0, r->set->n + 1, HRS_F64, stored));
  for (int type = 0; type < 2; type++) {
    if (!r->has[type] || (r->fitted && type == OR)) continue;
    double tolerance = hrs_check_tolerance(r, r->sum[type]) + 2 * r->off;
    for (int k = 0; k <= r->set->n; k++) {
      double mean = mean_effect(r, type, k) + (r->fitted ? mean_effect(r, OR, k) : 0);
      if (k == r->set->n)
        hrs_check_found(r, HRS_CHECK_ORDER_SUMS, fabs(mean - effect), tolerance,
                        "%s interactions add up to %.17g, v(N) - v(empty) is %.17g",
                        words[r->fitted ? 2 : type], mean, effect);
      hrs_check_found(r, HRS_CHECK_MEANS, fabs(mean - stored[k]), tolerance,
                      "order %d: %.17g from %s interactions, %.17g stored", k, mean,
                      words[r->fitted ? 2 : type], stored[k]);
    }
  }
  return HRS_OK;
}

static hrs_status check_shapley(hrs_check_row *r) {
  if (!r->set->has[HRS_PATH_SV]) return HRS_OK;
  double value[HRS_MAX_PLAYERS], sum = 0;
  double effect = r->set->v_full[r->k] - r->set->v_empty[r->k];
  HRS_TRY(hrs_dataset_read(r->set, HRS_PATH_SV, r->k, 0, r->set->n, HRS_F64, value));
  for (int i = 0; i < r->set->n; i++)
    sum += value[i];
  hrs_check_found(r, HRS_CHECK_SHAPLEY, fabs(sum - effect), hrs_check_tolerance(r, r->scale),
                  "they add up to %.17g, v(N) - v(empty) is %.17g", sum, effect);
  return HRS_OK;
}

/* Values summed by order, piece by piece. */
static hrs_status sum_values(const hrs_check_row *r, double *sum, double *first, double *last) {
  hrs_count size = (hrs_count)1 << r->set->n;
  double *value;
  HRS_TRY(hrs_alloc(HRS_CHECK_AT_A_TIME, sizeof *value, &value));
  hrs_status status = HRS_OK;
  for (hrs_count done = 0; done < size && status == HRS_OK; done += HRS_CHECK_AT_A_TIME) {
    hrs_count piece = size - done < HRS_CHECK_AT_A_TIME ? size - done : HRS_CHECK_AT_A_TIME;
    status = hrs_dataset_read(r->set, HRS_PATH_VALUES, r->k, done, piece, HRS_F64, value);
    for (hrs_count i = 0; i < piece && status == HRS_OK; i++)
      sum[hrs_order((hrs_mask)(done + i))] += value[i];
    if (done == 0) *first = value[0];
    *last = value[piece - 1];
  }
  hrs_free(value);
  return status;
}

static hrs_status check_ends(hrs_check_row *r) {
  if (!r->set->has[HRS_PATH_VALUES]) return HRS_OK;
  double first = 0, last = 0, sum[HRS_MAX_PLAYERS + 1] = {0}, stored[HRS_MAX_PLAYERS + 1];
  HRS_TRY(sum_values(r, sum, &first, &last));
  hrs_check_found(r, HRS_CHECK_ENDS, fabs(first - r->set->v_empty[r->k]), 0,
                  "v(empty) is %.17g there, %.17g in /samples", first, r->set->v_empty[r->k]);
  hrs_check_found(r, HRS_CHECK_ENDS, fabs(last - r->set->v_full[r->k]), 0,
                  "v(N) is %.17g there, %.17g in /samples", last, r->set->v_full[r->k]);
  HRS_TRY(hrs_dataset_read(r->set, HRS_PATH_MEAN_EFFECT, r->k, 0, r->set->n + 1, HRS_F64, stored));
  for (int k = 0; k <= r->set->n; k++) {
    double mean = sum[k] / hrs_binomial(r->set->n, k) - first;
    hrs_check_found(r, HRS_CHECK_ENDS, fabs(mean - stored[k]), hrs_check_tolerance(r, r->scale),
                    "the mean effect of order %d is %.17g, %.17g in /orders", k, mean, stored[k]);
  }
  return HRS_OK;
}

/* ---- interactions that are stored whole ----------------------------------------------------- */

typedef struct entry {
  hrs_mask mask;
  double value;
} entry;

static int by_mask(const void *a, const void *b) {
  hrs_mask x = ((const entry *)a)->mask, y = ((const entry *)b)->mask;
  return x < y ? -1 : x > y;
}

/* The row's entries of one type by rising mask. */
static hrs_status sorted_entries(const hrs_check_row *r, int type, entry **out, hrs_count *count) {
  HRS_TRY(hrs_alloc(r->list.count, sizeof **out, out));
  *count = 0;
  for (hrs_count i = 0; i < r->list.count; i++)
    if (r->list.type[i] == type) (*out)[(*count)++] = (entry){r->list.mask[i], r->list.value[i]};
  qsort(*out, (size_t)*count, sizeof **out, by_mask);
  return HRS_OK;
}

/* Sums while the interactions of a type pass by. */
typedef struct passing {
  double sums[5][HRS_MAX_PLAYERS + 1];
  double equal[HRS_MAX_PLAYERS + 1]; /* as strong as the threshold once both are rounded */
} passing;

static void pass(hrs_check_row *r, int type, hrs_mask first, hrs_count count, const double *value,
                 passing *p, const entry **next, const entry *end) {
  double threshold = hrs_check_stored(r, r->set->threshold[r->k]);
  bool rounded = r->fitted && r->set->precision == HRS_F32;
  for (hrs_count i = 0; i < count; i++) {
    hrs_mask mask = first + (hrs_mask)i;
    double x = value[i];
    if (mask == 0) {
      r->empty[type] = x;
      continue;
    }
    int order = hrs_order(mask);
    p->sums[x < 0 ? ALL_NEGATIVE : ALL_POSITIVE][order] += x;
    if (rounded && fabs(x) == threshold) {
      p->equal[order]++;
    } else if (fabs(x) >= threshold) {
      p->sums[x < 0 ? NEGATIVE : POSITIVE][order] += x;
      p->sums[COUNT][order]++;
    }
    double sv = x / order, bv = ldexp(x, 1 - order);
    for (hrs_mask rest = type == AND || r->fitted ? mask : 0; rest; rest &= rest - 1) {
      int player = hrs_order((rest & -rest) - 1);
      r->players[0][player] += sv;
      r->players[1][player] += bv;
    }
    while (*next < end && (*next)->mask < mask)
      (*next)++;
    if (*next < end && (*next)->mask == mask)
      hrs_check_found(r, HRS_CHECK_LIST_VALUES, fabs(hrs_check_stored(r, (*next)->value) - x), 0,
                      "mask %llu is %.17g in the list, %.17g in /interactions",
                      (unsigned long long)mask, (*next)->value, x);
  }
}

static void compare_sums(hrs_check_row *r, int type, const passing *p) {
  static const char *const words[] = {"positive sum", "negative sum", "count",
                                      "sum of all positive", "sum of all negative"};
  hrs_check_name name = type == AND ? HRS_CHECK_AND_SUMS : HRS_CHECK_OR_SUMS;
  double empty = type == AND ? r->set->v_empty[r->k] : 0, threshold = r->set->threshold[r->k];
  if (!r->fitted)
    hrs_check_found(r, name, fabs(r->empty[type] - empty), 0, "I(empty) is %.17g, expected %.17g",
                    r->empty[type], empty);
  for (int what = 0; what < 5; what++)
    for (int m = 0; m <= r->set->n; m++) {
      /* Those as strong as the threshold may have been below it before they were rounded. */
      double open = p->equal[m] * (what == COUNT ? 1 : hrs_check_stored(r, threshold));
      double tolerance = what == COUNT ? 0 : hrs_check_tolerance(r, r->sum[type]);
      hrs_check_found(r, name, fabs(p->sums[what][m] - r->orders[type][what][m]),
                      tolerance + (what <= COUNT ? open : 0), "%s of order %d: %.17g, stored %.17g",
                      words[what], m, p->sums[what][m], r->orders[type][what][m]);
    }
}

/* A set's interaction is shared by its players, be it AND or OR. */
static hrs_status compare_players(hrs_check_row *r) {
  static const hrs_dataset_path paths[2] = {HRS_PATH_SV, HRS_PATH_BV};
  if (!r->set->has[HRS_PATH_AND] || r->failed[HRS_CHECK_LIST]) return HRS_OK;
  for (int which = 0; which < 2; which++) {
    double stored[HRS_MAX_PLAYERS];
    if (!r->set->has[paths[which]]) continue;
    HRS_TRY(hrs_dataset_read(r->set, paths[which], r->k, 0, r->set->n, HRS_F64, stored));
    for (int i = 0; i < r->set->n; i++)
      hrs_check_found(r, HRS_CHECK_PLAYERS, fabs(stored[i] - r->players[which][i]),
                      hrs_check_tolerance(r, r->sum[AND]) + 2 * r->off,
                      "%s of player %d: %.17g from the interactions, %.17g stored",
                      which ? "BV" : "SV", i, r->players[which][i], stored[i]);
  }
  return HRS_OK;
}

static hrs_status check_interactions(hrs_check_row *r, int type) {
  hrs_dataset_path path = type == AND ? HRS_PATH_AND : HRS_PATH_OR;
  if (!r->set->has[path] || r->failed[HRS_CHECK_LIST]) return HRS_OK;
  hrs_count size = (hrs_count)1 << r->set->n, listed = 0;
  double *value = NULL;
  entry *entries = NULL;
  passing *p = NULL;
  hrs_status status = hrs_alloc(HRS_CHECK_AT_A_TIME, sizeof *value, &value);
  if (status == HRS_OK) status = hrs_calloc(1, sizeof *p, &p);
  if (status == HRS_OK) status = sorted_entries(r, type, &entries, &listed);
  const entry *next = entries;
  for (hrs_count done = 0; done < size && status == HRS_OK; done += HRS_CHECK_AT_A_TIME) {
    hrs_count piece = size - done < HRS_CHECK_AT_A_TIME ? size - done : HRS_CHECK_AT_A_TIME;
    status = hrs_dataset_read(r->set, path, r->k, done, piece, HRS_F64, value);
    if (status == HRS_OK) pass(r, type, (hrs_mask)done, piece, value, p, &next, entries + listed);
  }
  if (status == HRS_OK) compare_sums(r, type, p);
  hrs_free(p);
  hrs_free(entries);
  hrs_free(value);
  return status;
}

/* v(T) from the interactions of one type against /values, for all T: with Z the zeta transform of
 * I without the empty set, v(T) - v(empty) = Z(T) for AND and Z(N) - Z(N \ T) for OR. */
static hrs_status check_match(hrs_check_row *r, int type) {
  hrs_dataset_path path = type == AND ? HRS_PATH_AND : HRS_PATH_OR;
  if (!r->set->has[path] || !r->set->has[HRS_PATH_VALUES] || r->set->n > LARGEST_BITS || r->fitted)
    return HRS_OK;
  hrs_count size = (hrs_count)1 << r->set->n;
  double *zeta = NULL, *value = NULL;
  hrs_status status = hrs_alloc(size, sizeof *zeta, &zeta);
  if (status == HRS_OK) status = hrs_alloc(HRS_CHECK_AT_A_TIME, sizeof *value, &value);
  if (status == HRS_OK) status = hrs_dataset_read(r->set, path, r->k, 0, size, HRS_F64, zeta);
  if (status == HRS_OK) {
    zeta[0] = 0;
    status = hrs_butterfly(hrs_kernel_get(HRS_KERNEL_ZETA), 1, HRS_F64, zeta, r->set->n, 0,
                           r->set->n, HRS_BUTTERFLY_AUTO);
  }
  double tolerance = hrs_check_tolerance(r, r->sum[type]), empty = r->set->v_empty[r->k];
  for (hrs_count done = 0; done < size && status == HRS_OK; done += HRS_CHECK_AT_A_TIME) {
    hrs_count piece = size - done < HRS_CHECK_AT_A_TIME ? size - done : HRS_CHECK_AT_A_TIME;
    status = hrs_dataset_read(r->set, HRS_PATH_VALUES, r->k, done, piece, HRS_F64, value);
    for (hrs_count i = 0; i < piece && status == HRS_OK; i++) {
      hrs_count mask = done + i;
      double v = empty + (type == AND ? zeta[mask] : zeta[size - 1] - zeta[size - 1 - mask]);
      hrs_check_found(r, type == AND ? HRS_CHECK_AND_MATCH : HRS_CHECK_OR_MATCH, fabs(v - value[i]),
                      tolerance, "at mask %lld the interactions give %.17g, /values has %.17g",
                      (long long)mask, v, value[i]);
    }
  }
  hrs_free(value);
  hrs_free(zeta);
  return status;
}

/* ---- a row ---------------------------------------------------------------------------------- */

/* What the lattice was stored in; where none is kept, numbers that are all exact in single
 * precision tell (then the wider bound is taken, which is never wrong). */
static double storage_epsilon(const hrs_dataset_reading *set) {
  if (set->precision != HRS_NONE) return set->precision == HRS_F32 ? FLT_EPSILON : DBL_EPSILON;
  for (hrs_count k = 0; k < set->rows; k++)
    if ((double)(float)set->v_empty[k] != set->v_empty[k] ||
        (double)(float)set->v_full[k] != set->v_full[k])
      return DBL_EPSILON;
  return FLT_EPSILON;
}

static hrs_status read_orders(hrs_check_row *r) {
  r->scale = INFINITY;
  r->fitted = r->set->has[HRS_PATH_FIT_RESIDUAL];
  if (r->fitted)
    HRS_TRY(hrs_dataset_read(r->set, HRS_PATH_FIT_RESIDUAL, -1, r->k, 1, HRS_F64, &r->off));
  for (int type = 0; type < 2; type++) {
    r->has[type] = r->set->has[hrs_dataset_orders(type, 0)];
    if (!r->has[type]) continue;
    for (int what = 0; what < 5; what++)
      HRS_TRY(hrs_dataset_read(r->set, hrs_dataset_orders(type, what), r->k, 0, r->set->n + 1,
                               HRS_F64, r->orders[type][what]));
    r->sum[type] = fabs(r->set->v_empty[r->k]);
    for (int m = 1; m <= r->set->n; m++)
      r->sum[type] += r->orders[type][ALL_POSITIVE][m] - r->orders[type][ALL_NEGATIVE][m];
    if (r->sum[type] < r->scale) r->scale = r->sum[type];
  }
  if (r->fitted) r->scale = r->sum[AND] = r->sum[OR] = r->sum[AND] + r->sum[OR] + r->off;
  return HRS_OK;
}

hrs_status hrs_dataset_check_row(const hrs_dataset_reading *set, hrs_count k,
                                 hrs_dataset_check *checks) {
  hrs_check_row r = {.set = set, .checks = checks, .k = k, .epsilon = storage_epsilon(set)};
  HRS_ASSERT(set->complete && k >= 0 && k < set->rows);
  HRS_TRY(read_orders(&r));
  hrs_count first = (hrs_count)set->offset[k], count = (hrs_count)set->offset[k + 1] - first;
  HRS_TRY(hrs_dataset_read_salient(set, first, count, &r.list));
  hrs_status status = check_list(&r);
  if (status == HRS_OK) status = check_list_sums(&r);
  if (status == HRS_OK) status = check_order_sums(&r);
  if (status == HRS_OK) status = check_shapley(&r);
  if (status == HRS_OK) status = hrs_check_indices(&r);
  if (status == HRS_OK) status = check_ends(&r);
  for (int type = 0; type < 2 && status == HRS_OK; type++) {
    status = check_interactions(&r, type);
    if (status == HRS_OK) status = check_match(&r, type);
  }
  if (status == HRS_OK) status = compare_players(&r);
  if (status == HRS_OK && r.fitted) status = hrs_check_fit(&r);
  hrs_salient_destroy(&r.list);
  return status;
}
