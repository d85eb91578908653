/*
 * Arrays that are given beside the samples, as label maps and baselines are: one for all samples,
 * or a row for each.
 *
 * Leading axes of length 1 say nothing: [H, W], [1, H, W] and [1, 1, H, W] are one shape. What
 * stands behind an axis of as many rows as there are samples is compared in the same way. An array
 * that can be read in both ways with different meanings is refused.
 */
#include "internal.h"

#include <stdio.h>

bool hrs_shape_fits(int a_rank, const hrs_count *a, int b_rank, const hrs_count *b) {
  for (; a_rank > 0 && *a == 1; a_rank--)
    a++;
  for (; b_rank > 0 && *b == 1; b_rank--)
    b++;
  if (a_rank != b_rank) return false;
  for (int i = 0; i < a_rank; i++) {
    if (a[i] != b[i]) return false;
  }
  return true;
}

static bool fits_any(int rank, const hrs_count *dim, int shapes, const hrs_shape *shape) {
  for (int i = 0; i < shapes; i++) {
    if (hrs_shape_fits(rank, dim, shape[i].rank, shape[i].dim)) return true;
  }
  return false;
}

/* "one for each of 24 samples (or of 3 chosen ones)" */
static const char *rows_text(hrs_count all, hrs_count chosen, char *text, size_t size) {
  if (all == chosen)
    snprintf(text, size, "%lld, one for each sample", (long long)all);
  else
    snprintf(text, size, "%lld, one for each sample, or %lld, one for each chosen one",
             (long long)all, (long long)chosen);
  return text;
}

hrs_status hrs_beside_form(const char *what, const hrs_array *given, int shapes,
                           const hrs_shape *shape, hrs_count all, hrs_count chosen,
                           bool *per_sample) {
  char found[HRS_SHAPE_TEXT], wanted[HRS_SHAPE_TEXT], rest[HRS_SHAPE_TEXT], rows[128];
  hrs_count count = given->rank ? given->dim[0] : 1;
  int behind = given->rank ? given->rank - 1 : 0;
  bool one = fits_any(given->rank, given->dim, shapes, shape);
  bool each = given->rank > 0 && fits_any(behind, given->dim + 1, shapes, shape);
  bool fitting = each && (count == all || count == chosen);
  *per_sample = !one;
  hrs_shape_text(given->rank, given->dim, found, sizeof found);
  rows_text(all, chosen, rows, sizeof rows);
  HRS_REQUIRE(!one || !fitting || count == 1, INPUT,
              "%s: an array of shape %s may be one for all samples or %lld of them, one for each; "
              "let its shape be [1, %s for the former, [%lld, 1, %s for the latter",
              what, found, (long long)count, found + 1, (long long)count,
              hrs_shape_text(behind, given->dim + 1, rest, sizeof rest) + 1);
  if (one || fitting) return HRS_OK;
  HRS_REQUIRE(!each, INPUT, "%s: an array of shape %s has %lld rows; expected are %s", what, found,
              (long long)count, rows);
  HRS_FAIL(INPUT,
           "%s: the array's shape is %s; the masked tensor's shape %s was expected%s, or this "
           "behind an axis of %s",
           what, found, hrs_shape_text(shape[0].rank, shape[0].dim, wanted, sizeof wanted),
           shapes > 1 ? " (or the same without channels)" : "", rows);
}
