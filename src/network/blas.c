/* Which kernels OpenBLAS runs with. */
#include <harsanyi/network.h>

#include <cblas.h>
#include <string.h>

void hrs_blas_single_thread(void) {
  openblas_set_num_threads(1);
}

const char *hrs_blas_core(void) {
  return openblas_get_corename();
}

const char *hrs_blas_faster_core(const char *core, bool avx512) {
  /* Kernels of 256 bits, or less: what OpenBLAS takes for processors that it does not know. */
  static const char *const narrow[] = {"Haswell",     "Zen",    "Excavator", "Sandybridge",
                                       "Nehalem",     "Core2",  "Prescott",  "Barcelona",
                                       "Piledriver",  "Atom",   "Penryn",    "Dunnington",
                                       "Steamroller", "Bobcat", "Bulldozer", "Katmai"};
  for (size_t i = 0; avx512 && i < sizeof narrow / sizeof *narrow; i++)
    if (strcmp(core, narrow[i]) == 0) return "SkylakeX";
  return NULL;
}

bool hrs_cpu_has_avx512(void) {
#if defined(__GNUC__) && defined(__x86_64__)
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl");
#else
  return false;
#endif
}
