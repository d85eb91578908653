/*
 * hrs_butterfly: checks, and the table of engines.
 */
#include "lattice/engines.h"

static hrs_butterfly_run *const engines[] = {
    [HRS_BUTTERFLY_AUTO] = hrs_butterfly_blocked,
    [HRS_BUTTERFLY_REFERENCE] = hrs_butterfly_reference,
    [HRS_BUTTERFLY_BLOCKED] = hrs_butterfly_blocked,
};

hrs_status hrs_butterfly(hrs_kernel kernel, double scale, hrs_dtype type, void *data, int bits,
                         int first, int count, hrs_butterfly_engine engine) {
  HRS_REQUIRE(type == HRS_F64 || type == HRS_F32, USAGE,
              "butterfly: elements are %s, must be float64 or float32", hrs_dtype_name(type));
  HRS_REQUIRE(bits >= 0 && bits <= HRS_MAX_PLAYERS, USAGE,
              "butterfly: an array of 2^%d elements, must be 2^0 to 2^%d", bits, HRS_MAX_PLAYERS);
  HRS_REQUIRE(first >= 0 && count >= 0 && first <= bits && count <= bits - first, USAGE,
              "butterfly: bits [%d, %d+%d) are not among the %d bits of the array", first, first,
              count, bits);
  HRS_REQUIRE((unsigned)engine < sizeof engines / sizeof *engines, USAGE,
              "butterfly: no engine has the number %d", (int)engine);
  HRS_TRY(hrs_simd_check());
  hrs_butterfly_call call = {kernel, scale, type, data, bits, first, count};
  return engines[engine](&call);
}
