/* The operator table: all families in one list. */
#include "network/operator.h"
#include "network/operators/families.h"

#include <string.h>

#define FAMILY(name) hrs_operators_##name,
static const hrs_operator *const families[] = {HRS_OPERATOR_FAMILIES(FAMILY) NULL};
#undef FAMILY

const hrs_operator *hrs_operator_find(const char *name, int opset) {
  for (const hrs_operator *const *family = families; *family; family++)
    for (const hrs_operator *row = *family; row->name; row++)
      if (opset >= row->since && opset <= row->until && strcmp(row->name, name) == 0) return row;
  return NULL;
}

const hrs_operator *hrs_operator_at(int index) {
  if (index < 0) return NULL;
  for (const hrs_operator *const *family = families; *family; family++)
    for (const hrs_operator *row = *family; row->name; row++)
      if (index-- == 0) return row;
  return NULL;
}
