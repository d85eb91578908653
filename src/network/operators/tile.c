/* Where kernels that hold a tile in registers may run. */
#include "network/operators/tile.h"

#include "base/simd.h"

#include <harsanyi/network.h>

#include <string.h>

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
