/*
 * From sums of derivatives to the values of an index, with an estimate of their rounding.
 *
 * Combinations of orders go over the subsets of each set, Σ_t C(n, t) 2^t steps; where that is more
 * than whole superset sums, one for each order, these are taken instead, if the lattice is small
 * enough to be had in one piece.
 */
#include <harsanyi/analysis.h>

#include <math.h>
#include <string.h>

enum { LARGEST_WHOLE = 24 };

static void weigh(hrs_index index, int n, int orders, const double *sums, double *values) {
  const double *row = sums + n + 1;
  for (int s = 1; s <= orders; s++) {
    double weight[HRS_MAX_PLAYERS + 1];
    for (int t = 0; t <= n - s; t++)
      weight[t] = hrs_index_weight(index, n, orders, s, t);
    hrs_count count = (hrs_count)hrs_binomial(n, s);
    for (hrs_count i = 0; i < count; i++, row += n + 1) {
      double value = 0;
      for (int t = 0; t <= n - s; t++)
        value += weight[t] * row[t];
      *values++ = value;
    }
  }
}

/* The largest error of the identities from each set to those with one player more. */
static double step_error(hrs_index index, int n, int orders, const double *sums,
                         const double *values, const hrs_mask *sets) {
  double largest = 0;
  hrs_count count = 1 + hrs_set_count(n, orders - 1);
  for (hrs_count i = 0; i < count; i++) {
    hrs_mask set = i ? sets[i - 1] : 0;
    int s = hrs_order(set);
    double up = 0, here = 0;
    for (int player = 0; player < n; player++)
      if (!(set >> player & 1)) up += values[hrs_set_position(n, set | (hrs_mask)1 << player)];
    for (int t = 0; t <= n - s; t++)
      here += (t * hrs_index_weight(index, n, orders, s + 1, t - 1) -
               (n - s - t) * hrs_index_weight(index, n, orders, s + 1, t)) *
              sums[i * (n + 1) + t];
    double error = fabs(up - here);
    if (!(error <= largest)) largest = error;
  }
  return largest;
}

hrs_status hrs_index_from_sums(hrs_index index, int n, int orders, const double *sums,
                               double *values, double *error) {
  HRS_ASSERT(orders >= 1 && orders <= n);
  hrs_count count = hrs_set_count(n, orders);
  hrs_mask *sets;
  HRS_TRY(hrs_alloc(count, sizeof *sets, &sets));
  hrs_set_list(n, orders, sets);
  weigh(index, n, orders, sums, values);
  *error = step_error(index, n, orders, sums, values, sets);
  hrs_free(sets);
  HRS_TRY(hrs_index_aggregate(index, n, orders, values));
  if (!hrs_index_is_efficient(index, n, orders)) return HRS_OK;
  double sum = 0;
  for (hrs_count i = 0; i < count; i++)
    sum += values[i];
  double rest = fabs(sum - (sums[n] - sums[0]));
  if (!(rest <= *error)) *error = rest;
  return HRS_OK;
}

/* By rising order of T: when a set is reached, only larger sets can still add to it. */
static void aggregate_subsets(hrs_index index, int n, int orders, const hrs_mask *sets,
                              double *values) {
  hrs_count count = hrs_set_count(n, orders);
  for (hrs_count i = n; i < count; i++) {
    int t = hrs_order(sets[i]);
    double value = values[i], a[HRS_MAX_PLAYERS + 1];
    for (int s = 1; s < t; s++)
      a[s] = hrs_index_aggregation(index, s, t);
    for (hrs_mask set = (sets[i] - 1) & sets[i]; set; set = (set - 1) & sets[i])
      values[hrs_set_position(n, set)] += a[hrs_order(set)] * value;
  }
}

static hrs_status aggregate_whole(hrs_index index, int n, int orders, const hrs_mask *sets,
                                  double *values) {
  hrs_count count = hrs_set_count(n, orders), first = n;
  double *base = NULL, *above = NULL;
  hrs_status status = hrs_alloc(count, sizeof *base, &base);
  if (status == HRS_OK) status = hrs_alloc((hrs_count)1 << n, sizeof *above, &above);
  if (status == HRS_OK) memcpy(base, values, (size_t)count * sizeof *base);
  for (int t = 2; t <= orders && status == HRS_OK; t++) {
    hrs_count end = hrs_set_count(n, t);
    memset(above, 0, sizeof *above << n);
    for (hrs_count i = first; i < end; i++)
      above[sets[i]] = base[i];
    status = hrs_butterfly(hrs_kernel_get(HRS_KERNEL_ZETA_ADJOINT), 1, HRS_F64, above, n, 0, n,
                           HRS_BUTTERFLY_AUTO);
    for (hrs_count i = 0; i < first; i++)
      values[i] += hrs_index_aggregation(index, hrs_order(sets[i]), t) * above[sets[i]];
    first = end;
  }
  hrs_free(base);
  hrs_free(above);
  return status;
}

static bool aggregates(hrs_index index, int orders) {
  return orders >= 2 && hrs_index_aggregation(index, 1, 2) != 0;
}

/* Is it cheaper by zeta-like sweeps over all sets than from set to subset? */
static bool is_whole(int n, int orders) {
  double by_subsets = 0, whole = orders * (n / 2.0 + 2) * ldexp(1, n);
  for (int t = 2; t <= orders; t++)
    by_subsets += hrs_binomial(n, t) * ldexp(t, t);
  return n <= LARGEST_WHOLE && whole < by_subsets;
}

hrs_count hrs_index_aggregate_bytes(hrs_index index, int n, int orders) {
  if (!aggregates(index, orders)) return 0;
  hrs_count sets = hrs_set_count(n, orders), number = (hrs_count)sizeof(double);
  return number * (is_whole(n, orders) ? 2 * sets + ((hrs_count)1 << n) : sets);
}

hrs_status hrs_index_aggregate(hrs_index index, int n, int orders, double *values) {
  if (!aggregates(index, orders)) return HRS_OK;
  hrs_mask *sets;
  HRS_TRY(hrs_alloc(hrs_set_count(n, orders), sizeof *sets, &sets));
  hrs_set_list(n, orders, sets);
  hrs_status status = HRS_OK;
  if (is_whole(n, orders))
    status = aggregate_whole(index, n, orders, sets, values);
  else
    aggregate_subsets(index, n, orders, sets, values);
  hrs_free(sets);
  return status;
}
