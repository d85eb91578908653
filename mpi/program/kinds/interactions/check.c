/*
 * Recomputing what a data set says about itself, row by row: the list, the sums, and interactions
 * that are stored whole. Cost: n 2^n operations per array where a row is stored whole, else the
 * length of its list.
 */
#include "check.h"

#include "check_fit.h"
#include "check_indices.h"
#include "check_row.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

enum { LARGEST_BITS = 28 };

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
  hrs_status status = hrs_reading_read(r->set->file, "/salient/order", -1,
                                       (hrs_count)r->set->offset[r->k], list->count, HRS_U8, order);
  hrs_check_found(r, HRS_CHECK_LIST, 0, 0, "nothing");
  for (hrs_count i = 0; i < list->count && status == HRS_OK; i++) {
    const char *wrong = NULL;
    if (list->type[i] > 1 || !r->set->types[list->type[i]])
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

static void check_list_sums(hrs_check_row *r) {
  if (r->failed[HRS_CHECK_LIST]) return;
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
    for (int what = 0; what < 3 && r->set->types[type]; what++)
      for (int m = 0; m <= r->set->n; m++) {
        double listed = sums[type][what][m], stored = r->row.orders[type][what][m];
        /* A list cut at its limit holds less than there is. */
        double error =
            r->set->truncated[r->k] ? fmax(0, fabs(listed) - fabs(stored)) : fabs(listed - stored);
        double tolerance = what == COUNT ? 0 : hrs_check_tolerance(r, r->sum[type]);
        hrs_check_found(r, HRS_CHECK_LIST_SUMS, error, tolerance,
                        "%s of order %d, %s: %.17g listed, %.17g stored", words[what], m,
                        type == AND ? "AND" : "OR", listed, stored);
      }
}

static double sum_of_order(const hrs_check_row *r, int type, int m) {
  return r->row.orders[type][ALL_POSITIVE][m] + r->row.orders[type][ALL_NEGATIVE][m];
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

static void check_order_sums(hrs_check_row *r) {
  static const char *const words[] = {"AND", "OR", "AND and OR"};
  double effect = r->set->v_full[r->k] - r->set->v_empty[r->k];
  const double *stored = r->row.mean_effect;
  for (int type = 0; type < 2; type++) {
    if (!r->set->types[type] || (r->fitted && type == OR)) continue;
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
}

static void check_shapley(hrs_check_row *r) {
  if (!hrs_reading_has(r->set->file, "/indices/SV")) return;
  double sum = 0;
  double effect = r->set->v_full[r->k] - r->set->v_empty[r->k];
  for (int i = 0; i < r->set->n; i++)
    sum += r->row.indices[0][i];
  hrs_check_found(r, HRS_CHECK_SHAPLEY, fabs(sum - effect), hrs_check_tolerance(r, r->scale),
                  "they add up to %.17g, v(N) - v(empty) is %.17g", sum, effect);
}

/* Values summed by order, piece by piece. */
static hrs_status sum_values(const hrs_check_row *r, double *sum, double *first, double *last) {
  hrs_count size = (hrs_count)1 << r->set->n;
  double *value;
  HRS_TRY(hrs_alloc(HRS_CHECK_AT_A_TIME, sizeof *value, &value));
  hrs_status status = HRS_OK;
  for (hrs_count done = 0; done < size && status == HRS_OK; done += HRS_CHECK_AT_A_TIME) {
    hrs_count piece = size - done < HRS_CHECK_AT_A_TIME ? size - done : HRS_CHECK_AT_A_TIME;
    status = hrs_reading_read(r->set->file, "/values", r->k, done, piece, HRS_F64, value);
    for (hrs_count i = 0; i < piece && status == HRS_OK; i++)
      sum[hrs_order((hrs_mask)(done + i))] += value[i];
    if (done == 0) *first = value[0];
    *last = value[piece - 1];
  }
  hrs_free(value);
  return status;
}

static hrs_status check_ends(hrs_check_row *r) {
  if (!hrs_reading_has(r->set->file, "/values")) return HRS_OK;
  double first = 0, last = 0, sum[HRS_MAX_PLAYERS + 1] = {0};
  const double *stored = r->row.mean_effect;
  HRS_TRY(sum_values(r, sum, &first, &last));
  hrs_check_found(r, HRS_CHECK_ENDS, fabs(first - r->set->v_empty[r->k]), 0,
                  "v(empty) is %.17g there, %.17g in /samples", first, r->set->v_empty[r->k]);
  hrs_check_found(r, HRS_CHECK_ENDS, fabs(last - r->set->v_full[r->k]), 0,
                  "v(N) is %.17g there, %.17g in /samples", last, r->set->v_full[r->k]);
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
      hrs_check_found(r, name, fabs(p->sums[what][m] - r->row.orders[type][what][m]),
                      tolerance + (what <= COUNT ? open : 0), "%s of order %d: %.17g, stored %.17g",
                      words[what], m, p->sums[what][m], r->row.orders[type][what][m]);
    }
}

/* A set's interaction is shared by its players, be it AND or OR. */
static void compare_players(hrs_check_row *r) {
  static const char *const paths[2] = {"/indices/SV", "/indices/BV"};
  if (!hrs_reading_has(r->set->file, "/interactions/and") || r->failed[HRS_CHECK_LIST]) return;
  for (int which = 0; which < 2; which++) {
    const double *stored = r->row.indices[which];
    if (!hrs_reading_has(r->set->file, paths[which])) continue;
    for (int i = 0; i < r->set->n; i++)
      hrs_check_found(r, HRS_CHECK_PLAYERS, fabs(stored[i] - r->players[which][i]),
                      hrs_check_tolerance(r, r->sum[AND]) + 2 * r->off,
                      "%s of player %d: %.17g from the interactions, %.17g stored",
                      which ? "BV" : "SV", i, r->players[which][i], stored[i]);
  }
}

static hrs_status check_interactions(hrs_check_row *r, int type) {
  const char *path = type == AND ? "/interactions/and" : "/interactions/or";
  if (!hrs_reading_has(r->set->file, path) || r->failed[HRS_CHECK_LIST]) return HRS_OK;
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
    status = hrs_reading_read(r->set->file, path, r->k, done, piece, HRS_F64, value);
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
  const char *path = type == AND ? "/interactions/and" : "/interactions/or";
  if (!hrs_reading_has(r->set->file, path) || !hrs_reading_has(r->set->file, "/values") ||
      r->set->n > LARGEST_BITS || r->fitted)
    return HRS_OK;
  hrs_count size = (hrs_count)1 << r->set->n;
  double *zeta = NULL, *value = NULL;
  hrs_status status = hrs_alloc(size, sizeof *zeta, &zeta);
  if (status == HRS_OK) status = hrs_alloc(HRS_CHECK_AT_A_TIME, sizeof *value, &value);
  if (status == HRS_OK) status = hrs_reading_read(r->set->file, path, r->k, 0, size, HRS_F64, zeta);
  if (status == HRS_OK) {
    zeta[0] = 0;
    status = hrs_butterfly(hrs_kernel_get(HRS_KERNEL_ZETA), 1, HRS_F64, zeta, r->set->n, 0,
                           r->set->n, HRS_BUTTERFLY_AUTO);
  }
  double tolerance = hrs_check_tolerance(r, r->sum[type]), empty = r->set->v_empty[r->k];
  for (hrs_count done = 0; done < size && status == HRS_OK; done += HRS_CHECK_AT_A_TIME) {
    hrs_count piece = size - done < HRS_CHECK_AT_A_TIME ? size - done : HRS_CHECK_AT_A_TIME;
    status = hrs_reading_read(r->set->file, "/values", r->k, done, piece, HRS_F64, value);
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
static double storage_epsilon(const hrs_interactions_file *set) {
  if (set->precision != HRS_NONE) return set->precision == HRS_F32 ? FLT_EPSILON : DBL_EPSILON;
  for (hrs_count k = 0; k < set->rows; k++)
    if ((double)(float)set->v_empty[k] != set->v_empty[k] ||
        (double)(float)set->v_full[k] != set->v_full[k])
      return DBL_EPSILON;
  return FLT_EPSILON;
}

static hrs_status read_row(hrs_check_row *r) {
  const hrs_reading *file = r->set->file;
  HRS_TRY(hrs_reading_record(file, HRS_INTERACTIONS_ROW, r->k, &r->row));
  HRS_TRY(hrs_reading_record(file, HRS_INTERACTIONS_FIT, r->k, &r->fit));
  HRS_TRY(hrs_reading_record(file, HRS_INTERACTIONS_SHARING, r->k, &r->sharing));
  r->scale = INFINITY;
  r->fitted = r->set->fitted;
  r->off = r->fit.max_residual;
  for (int type = 0; type < 2; type++) {
    if (!r->set->types[type]) continue;
    r->sum[type] = fabs(r->row.v_empty);
    for (int m = 1; m <= r->set->n; m++)
      r->sum[type] += r->row.orders[type][ALL_POSITIVE][m] - r->row.orders[type][ALL_NEGATIVE][m];
    if (r->sum[type] < r->scale) r->scale = r->sum[type];
  }
  if (r->fitted) r->scale = r->sum[AND] = r->sum[OR] = r->sum[AND] + r->sum[OR] + r->off;
  return hrs_interactions_list(r->set, r->k, &r->list);
}

static hrs_status check_all(hrs_check_row *r) {
  HRS_TRY(check_list(r));
  check_list_sums(r);
  check_order_sums(r);
  check_shapley(r);
  HRS_TRY(hrs_check_indices(r));
  HRS_TRY(check_ends(r));
  for (int type = 0; type < 2; type++) {
    HRS_TRY(check_interactions(r, type));
    HRS_TRY(check_match(r, type));
  }
  compare_players(r);
  return r->fitted ? hrs_check_fit(r) : HRS_OK;
}

const int hrs_interactions_checks = HRS_CHECK_LIMIT;

void hrs_interactions_check_start(hrs_check *checks) {
  hrs_check_start(checks);
}

hrs_status hrs_interactions_check(const hrs_interactions_file *set, hrs_count k,
                                  hrs_check *checks) {
  hrs_check_row *r;
  HRS_ASSERT(set->file->complete && k >= 0 && k < set->rows);
  HRS_TRY(hrs_calloc(1, sizeof *r, &r));
  r->set = set;
  r->checks = checks;
  r->k = k;
  r->epsilon = storage_epsilon(set);
  hrs_status status = read_row(r);
  if (status == HRS_OK) status = check_all(r);
  hrs_salient_destroy(&r->list);
  hrs_free(r);
  return status;
}
