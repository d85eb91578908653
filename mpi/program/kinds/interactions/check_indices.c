/* Checks of interaction indices. Cost: 3^n operations for one that has all orders, so not beyond
 * 2^28. */
#include "check_indices.h"

#include <math.h>

enum { LARGEST_WORK = 1 << 28 };

/* An index of the row, in memory. */
typedef struct index_values {
  hrs_index index;
  int orders;
  hrs_count count;
  hrs_mask *set;
  double *value;
} index_values;

static void check_index_sums(hrs_check_row *r, const index_values *x) {
  const char *name = hrs_index_name(x->index);
  if (!hrs_index_is_efficient(x->index, r->set->n, x->orders)) return;
  double sum = 0, size = 0, effect = r->set->v_full[r->k] - r->set->v_empty[r->k];
  for (hrs_count i = 0; i < x->count; i++) {
    sum += x->value[i];
    size += fabs(x->value[i]);
  }
  hrs_check_found(r, HRS_CHECK_INDEX_SUMS, fabs(sum - effect),
                  hrs_check_tolerance(r, r->scale + size),
                  "%s adds up to %.17g, v(N) - v(empty) is %.17g", name, sum, effect);
}

/* By the coefficients of the dividends, over all supersets of each set. */
static hrs_status check_index_values(hrs_check_row *r, const index_values *x) {
  const int n = r->set->n;
  double steps = 0, coefficient[HRS_MAX_PLAYERS + 1], *dividend;
  for (int s = 1; s <= x->orders; s++)
    steps += hrs_binomial(n, s) * ldexp(1, n - s);
  if (!hrs_reading_has(r->set->file, "/interactions/and") || r->fitted || steps > LARGEST_WORK)
    return HRS_OK;
  HRS_TRY(hrs_alloc((hrs_count)1 << n, sizeof *dividend, &dividend));
  hrs_status status = hrs_reading_read(r->set->file, "/interactions/and", r->k, 0,
                                       (hrs_count)1 << n, HRS_F64, dividend);
  for (hrs_count i = 0; i < x->count && status == HRS_OK; i++) {
    int s = hrs_order(x->set[i]);
    hrs_subcube above = {x->set[i], hrs_mask_full(n) & ~x->set[i]};
    hrs_mask mask = above.fixed;
    double value = 0, largest = 1;
    for (int t = s; t <= n; t++) {
      coefficient[t] = hrs_index_coefficient(x->index, x->orders, s, t);
      largest = fmax(largest, fabs(coefficient[t]));
    }
    for (hrs_count j = 0; j < hrs_subcube_size(above); j++, mask = hrs_subcube_next(above, mask))
      value += coefficient[hrs_order(mask)] * dividend[mask];
    hrs_check_found(r, HRS_CHECK_INDEX_VALUES, fabs(value - x->value[i]),
                    hrs_check_tolerance(r, largest * r->sum[AND]),
                    "%s of mask %llu: %.17g from the interactions, %.17g stored",
                    hrs_index_name(x->index), (unsigned long long)x->set[i], value, x->value[i]);
  }
  hrs_free(dividend);
  return status;
}

static hrs_status check_index(hrs_check_row *r, index_values *x) {
  hrs_mask *wanted;
  char path[HRS_PATH_SIZE];
  HRS_TRY(hrs_reading_read(r->set->file, hrs_interactions_index_path(x->index, "mask", path), -1, 0,
                           x->count, HRS_U64, x->set));
  HRS_TRY(hrs_reading_read(r->set->file, hrs_interactions_index_path(x->index, "value", path), r->k,
                           0, x->count, HRS_F64, x->value));
  HRS_TRY(hrs_alloc(x->count, sizeof *wanted, &wanted));
  hrs_set_list(r->set->n, x->orders, wanted);
  bool same = true;
  for (hrs_count i = 0; i < x->count; i++) {
    if (x->set[i] != wanted[i])
      hrs_check_found(r, HRS_CHECK_INDEX_SETS, 1, 0, "entry %lld of %s is mask %llu, not %llu",
                      (long long)i, hrs_index_name(x->index), (unsigned long long)x->set[i],
                      (unsigned long long)wanted[i]);
    same = same && x->set[i] == wanted[i];
  }
  hrs_free(wanted);
  if (!same) return HRS_OK;
  hrs_check_found(r, HRS_CHECK_INDEX_SETS, 0, 0, "nothing");
  check_index_sums(r, x);
  return check_index_values(r, x);
}

hrs_status hrs_check_indices(hrs_check_row *r) {
  hrs_status status = HRS_OK;
  for (int i = 0; i < HRS_INDEX_LIMIT && status == HRS_OK; i++) {
    index_values x = {.index = (hrs_index)i, .orders = r->set->orders[i]};
    if (!x.orders) continue;
    x.count = hrs_set_count(r->set->n, x.orders);
    status = hrs_alloc(x.count, sizeof *x.set, &x.set);
    if (status == HRS_OK) status = hrs_alloc(x.count, sizeof *x.value, &x.value);
    if (status == HRS_OK) status = check_index(r, &x);
    hrs_free(x.set);
    hrs_free(x.value);
  }
  return status;
}
