/* The Moebius transform of a game of two players, v = (0, 1, 2, 5): dividends 0, 1, 2, 2. */
#include <harsanyi/harsanyi.h>

#include <stdio.h>

int main(void) {
  double v[4] = {0, 1, 2, 5};
  hrs_status status =
      hrs_butterfly(hrs_kernel_get(HRS_KERNEL_MOBIUS), 1, HRS_F64, v, 2, 0, 2, HRS_BUTTERFLY_AUTO);
  if (status != HRS_OK) {
    fprintf(stderr, "%s\n", hrs_error_message());
    return hrs_status_exit_code(status);
  }
  printf("%g %g %g %g\n", v[0], v[1], v[2], v[3]);
  return 0;
}
