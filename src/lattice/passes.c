/*
 * Which inner loops serve a kernel on this processor.
 */
#include "lattice/passes.h"

#include "lattice/butterfly.h"

static bool is_equal(const hrs_kernel *a, const hrs_kernel *b) {
  return a->k[0][0] == b->k[0][0] && a->k[0][1] == b->k[0][1] && a->k[1][0] == b->k[1][0] &&
         a->k[1][1] == b->k[1][1];
}

static int passes_index(const hrs_kernel *kernel) {
  for (int name = 0; name < HRS_KERNEL_LIMIT; name++) {
    hrs_kernel named = hrs_kernel_get((hrs_kernel_name)name);
    if (is_equal(kernel, &named)) return name;
  }
  static const int patterns[] = {
#define ENTRY(name, pattern) pattern,
      HRS_PATTERN_TABLE(ENTRY)
#undef ENTRY
  };
  int pattern = hrs_kernel_pattern(kernel);
  for (int i = 0; i < HRS_PATTERN_LIMIT; i++) {
    if (patterns[i] == pattern) return HRS_KERNEL_LIMIT + i;
  }
  return -1;
}

const hrs_passes *hrs_passes_get(const hrs_kernel *kernel) {
  const hrs_passes *table = hrs_passes_plain;
#ifdef HRS_HAVE_AVX2
  if (hrs_has_avx2()) table = hrs_passes_avx2;
#endif
  int index = passes_index(kernel);
  return index < 0 ? NULL : table + index;
}
