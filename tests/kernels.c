/*
 * Linked to the tests in C: they run with the kernels of OpenBLAS that the program would run with,
 * on processors that OpenBLAS does not know. Before main, because a library that is loaded keeps
 * its kernels. OPENBLAS_CORETYPE, where it is set, stands.
 */
#include <harsanyi/network.h>

#include <stdlib.h>
#include <unistd.h>

__attribute__((constructor)) static void choose_kernels(int argc, char **argv) {
  static const char *const variable = "OPENBLAS_CORETYPE";
  const char *core = hrs_blas_faster_core(hrs_blas_core(), hrs_cpu_has_avx512());
  (void)argc;
  if (core && !getenv(variable) && setenv(variable, core, 0) == 0) execv("/proc/self/exe", argv);
}
