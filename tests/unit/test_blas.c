/* Which kernels are wanted of OpenBLAS, from what it found and what the processor has. */
#include <harsanyi/network.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_faster_core(void **state) {
  (void)state;
  /* OpenBLAS 0.3.21 takes Xeons that it does not know for Haswell. */
  assert_string_equal(hrs_blas_faster_core("Haswell", true), "SkylakeX");
  assert_string_equal(hrs_blas_faster_core("Zen", true), "SkylakeX");
  assert_string_equal(hrs_blas_faster_core("Prescott", true), "SkylakeX");
  /* It knows better, or the processor has no wider vectors. */
  assert_null(hrs_blas_faster_core("SkylakeX", true));
  assert_null(hrs_blas_faster_core("Cooperlake", true));
  assert_null(hrs_blas_faster_core("SapphireRapids", true));
  assert_null(hrs_blas_faster_core("Haswell", false));
  assert_null(hrs_blas_faster_core("neoversen1", true));
}

/* What is loaded here is what the program would have chosen or is as good as any. */
static void test_here(void **state) {
  (void)state;
  const char *core = hrs_blas_faster_core(hrs_blas_core(), hrs_cpu_has_avx512());
  assert_true(!core || strcmp(core, hrs_blas_core()) != 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_faster_core),
                                     cmocka_unit_test(test_here)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
