/*
 * Which inner loops serve a kernel and an instruction set.
 */
#include "lattice/passes.h"

#include "lattice/engines.h"

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

const hrs_passes *hrs_passes_get(const hrs_kernel *kernel, hrs_dtype type, hrs_simd simd) {
  static const hrs_passes *const tables[HRS_SIMD_LIMIT][2] = {
      [HRS_SIMD_PORTABLE] = {hrs_passes_plain_f64, hrs_passes_plain_f32},
#ifdef HRS_HAVE_X86
      [HRS_SIMD_AVX2] = {hrs_passes_avx2_f64, hrs_passes_avx2_f32},
      [HRS_SIMD_AVX512] = {hrs_passes_avx512_f64, hrs_passes_avx512_f32},
#endif
  };
  int index = passes_index(kernel);
  return index < 0 ? NULL : tables[simd][type == HRS_F32] + index;
}
