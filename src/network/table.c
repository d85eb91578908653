/* The operator table: all families in one list, and the BLAS library behind the dense ones. */
#include "base/simd.h"
#include "network/operator.h"
#include "network/operators/families.h"
#include "network/operators/tile.h"

#include <cblas.h>
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

bool hrs_tile_available(void) {
#ifdef HRS_HAVE_TILES
  static const char *const cores[] = {"Haswell", "Zen", "SkylakeX", "Cooperlake", "SapphireRapids"};
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return false;
  for (size_t i = 0; i < sizeof cores / sizeof *cores; i++)
    if (strcmp(hrs_blas_core(), cores[i]) == 0) return true;
#endif
  return false;
}

bool hrs_tile_wide(void) {
  return hrs_simd_get() == HRS_SIMD_AVX512;
}
