/*
 * Arithmetic on numbers that come from outside. Whoever needs the right product asks for it
 * (hrs_multiply) and may fail; a plan, which only compares with what there is, takes the largest
 * count for what is larger (hrs_count_add, hrs_count_multiply).
 */
#include <harsanyi/base.h>

#include <limits.h>

hrs_status hrs_narrow(hrs_count value, const char *what, int *out) {
  HRS_REQUIRE(value >= INT_MIN && value <= INT_MAX, TOO_LARGE,
              "%s is %lld, more than fits an int (%d)", what, (long long)value, INT_MAX);
  *out = (int)value;
  return HRS_OK;
}

hrs_status hrs_multiply(hrs_count a, hrs_count b, const char *what, hrs_count *out) {
  HRS_REQUIRE(a >= 0 && b >= 0, INPUT, "%s: negative factor in %lld x %lld", what, (long long)a,
              (long long)b);
  HRS_REQUIRE(a == 0 || b <= INT64_MAX / a, INPUT, "%s: %lld x %lld is too large", what,
              (long long)a, (long long)b);
  *out = a * b;
  return HRS_OK;
}

hrs_count hrs_count_add(hrs_count a, hrs_count b) {
  return a > INT64_MAX - b ? INT64_MAX : a + b;
}

hrs_count hrs_count_multiply(hrs_count a, hrs_count b) {
  return a > 0 && b > INT64_MAX / a ? INT64_MAX : a * b;
}

const char *hrs_plural(hrs_count count) {
  return count == 1 ? "" : "s";
}
