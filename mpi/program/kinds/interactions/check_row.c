/*
 * What is compared, and by how much it may be off.
 *
 * A transform of n steps and its inverse, or a sum of 2^n terms, in storage of precision e err by
 * at most a small multiple of n e times the sum of all |I|; every tolerance here is 4 (n + 4) e
 * times such a sum, which also bounds |v|, and 2^n of the smallest numbers, which is what 2^n
 * roundings come to where numbers are as small as that. Stored copies of a number must agree to the
 * bit.
 */
#include "check_row.h"

#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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

void hrs_check_start(hrs_check *checks) {
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
  hrs_check *check = &r->checks[name];
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
