/* Paths of families, and coordinates. */
#include "kind.h"

#include <stdio.h>
#include <string.h>

bool hrs_object_is_family(const hrs_object *object) {
  return strstr(object->path, "%s") != NULL;
}

bool hrs_object_path(const char *pattern, const char *name, char path[HRS_PATH_SIZE]) {
  const char *gap = strstr(pattern, "%s");
  int before = gap ? (int)(gap - pattern) : (int)strlen(pattern);
  return snprintf(path, HRS_PATH_SIZE, "%.*s%s%s", before, pattern, gap ? name : "",
                  gap ? gap + 2 : "") < HRS_PATH_SIZE;
}

void hrs_numbers_count(const hrs_count *dim, const hrs_count *length, int64_t *out) {
  (void)length;
  for (hrs_count i = 0; i < dim[0]; i++)
    out[i] = i;
}

void hrs_numbers_powers(const hrs_count *dim, const hrs_count *length, int64_t *out) {
  (void)length;
  for (hrs_count i = 0; i < dim[0]; i++)
    out[i] = (int64_t)1 << i;
}
