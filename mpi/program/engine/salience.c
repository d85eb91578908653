/* --keep and --threshold: words and numbers. */
#include "salience.h"

#include "mpi/program/options/options.h"

#include <float.h>
#include <stdio.h>
#include <string.h>

/* "NAME:VALUE" with one of the words; VALUE may be missing. */
static hrs_status cut(const char *option, const char *text, const char *words, int *number,
                      const char **value) {
  const char *colon = strchr(text, ':');
  char name[64];
  snprintf(name, sizeof name, "%.*s", colon ? (int)(colon - text) : (int)strlen(text), text);
  HRS_TRY(hrs_text_choice(name, option, words, number));
  *value = colon ? colon + 1 : NULL;
  return HRS_OK;
}

hrs_status hrs_threshold_parse(const char *text, hrs_threshold *threshold) {
  static const double usual[] = {0.05, 0.05, 0.03};
  int which = 0;
  const char *value = NULL;
  double alone;
  if (hrs_text_number(text, "", &alone) == HRS_OK)
    HRS_FAIL(USAGE, "--threshold: '%s' does not say of what; say sample:%s, global:%s or delta:%s",
             text, text, text, text);
  HRS_TRY(cut("--threshold", text, "sample|global|delta", &which, &value));
  threshold->mode = (hrs_threshold_mode)which;
  threshold->coefficient = usual[which];
  if (value) HRS_TRY(hrs_text_number(value, "--threshold", &threshold->coefficient));
  HRS_REQUIRE(threshold->coefficient >= 0, USAGE, "--threshold: %s is negative", value);
  return HRS_OK;
}

double hrs_threshold_positive(double threshold) {
  return threshold > DBL_TRUE_MIN ? threshold : DBL_TRUE_MIN;
}

hrs_status hrs_keep_parse(const char *text, int n, hrs_keep *keep, hrs_count *top) {
  if (!text) {
    *keep = (hrs_count)1 << n > 65536 ? HRS_KEEP_SALIENT : HRS_KEEP_ALL;
    return HRS_OK;
  }
  int which = 0;
  const char *value = NULL;
  HRS_TRY(cut("--keep", text, "salient|top|all", &which, &value));
  *keep = (hrs_keep)which;
  HRS_REQUIRE((value != NULL) == (*keep == HRS_KEEP_TOP), USAGE,
              "--keep: '%s' should be salient, top:K or all", text);
  if (value) HRS_TRY(hrs_text_count(value, "--keep top", top));
  HRS_REQUIRE(!value || *top >= 1, USAGE, "--keep: '%s' keeps nothing; K is at least 1", text);
  return HRS_OK;
}
