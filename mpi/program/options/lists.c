/* Lists of numbers and ranges: --select, --target. */
#include "lists.h"

#include <stdlib.h>
#include <string.h>

static hrs_status bad(const char *text, const char *what) {
  HRS_FAIL(USAGE, "%s: '%s' is no list of numbers and ranges such as 0:50,77 (50 left out)", what,
           text);
}

hrs_status hrs_parse_list(const char *text, const char *what, hrs_count limit, hrs_count **out,
                          hrs_count *count) {
  *out = NULL;
  *count = 0;
  hrs_status status = HRS_OK;
  for (const char *at = text; status == HRS_OK; at++) {
    char *end;
    long long first = strtoll(at, &end, 10), last = first;
    bool good = end != at && first >= 0 && first < INT64_MAX;
    if (good) last++;
    if (good && *end == ':') {
      at = end + 1;
      last = strtoll(at, &end, 10);
      good = end != at;
      if (good && last <= first) {
        status = hrs_error_set(HRS_STATUS_USAGE, __FILE__, __LINE__,
                               "%s: %lld:%lld in '%s' is empty; a range goes from its first number "
                               "up to the second, which is left out (1:3 is 1,2)",
                               what, first, last, text);
        break;
      }
    }
    if (!good || (*end && *end != ',')) {
      status = bad(text, what);
      break;
    }
    if (last > limit) {
      status = hrs_error_set(HRS_STATUS_USAGE, __FILE__, __LINE__,
                             "%s: %lld is out of range, there are %lld (numbered from 0)", what,
                             last - 1, (long long)limit);
      break;
    }
    status = hrs_realloc(out, *count + (last - first), sizeof **out);
    for (long long i = first; i < last && status == HRS_OK; i++)
      (*out)[(*count)++] = i;
    at = end;
    if (!*at) break;
  }
  if (status != HRS_OK) {
    hrs_free(*out);
    *out = NULL;
  }
  return status;
}

hrs_status hrs_parse_choice(const char *text, const char *what, hrs_count limit, hrs_count **out,
                            hrs_count *count) {
  HRS_TRY(hrs_parse_list(text, what, limit, out, count));
  bool *chosen = NULL;
  hrs_status status = hrs_calloc(limit, sizeof *chosen, &chosen);
  for (hrs_count i = 0; i < *count && status == HRS_OK; i++) {
    if (chosen[(*out)[i]])
      status = hrs_error_set(HRS_STATUS_USAGE, __FILE__, __LINE__, "%s: %lld comes twice in '%s'",
                             what, (long long)(*out)[i], text);
    else
      chosen[(*out)[i]] = true;
  }
  hrs_free(chosen);
  if (status != HRS_OK) {
    hrs_free(*out);
    *out = NULL;
  }
  return status;
}
