/* Numbers in texts. */
#include "parse.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

bool hrs_parse_count(const char *text, hrs_count *out) {
  char *end;
  if (!isdigit((unsigned char)text[0]) && !(text[0] == '-' && isdigit((unsigned char)text[1])))
    return false;
  errno = 0;
  long long value = strtoll(text, &end, 10);
  if (errno || *end) return false;
  *out = value;
  return true;
}

bool hrs_parse_seed(const char *text, uint64_t *out) {
  char *end;
  if (!isdigit((unsigned char)text[0])) return false;
  errno = 0;
  unsigned long long value = strtoull(text, &end, 10);
  if (errno || *end) return false;
  *out = value;
  return true;
}

bool hrs_parse_real(const char *text, double *out) {
  char *end;
  if (!*text || isspace((unsigned char)text[0])) return false;
  double value = strtod(text, &end);
  if (*end || !isfinite(value)) return false;
  *out = value;
  return true;
}
