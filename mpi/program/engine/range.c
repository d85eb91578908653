/*
 * What precision makes of values: how far they reach, what storing them has rounded off, and
 * numbers that are beyond the range of their type.
 *
 * Storing v in single precision rounds it by 6e-8 of its size, not of its differences: with a large
 * constant in v nothing may be left of them. How much it was is known exactly, mask by mask. Sums
 * of finite values may be infinite. An overflow leaves an infinite interaction at the smallest sets
 * that it reaches, whatever infinities make of each other beyond; so the largest |I| tells.
 */
#include "engine.h"

#include "mpi/lattice/comm.h"

#include <float.h>
#include <math.h>

/* Rounding that is said, as a part of what v varies by: less than five digits are left. */
static const double COARSE = 1e-5;

void hrs_range_add(hrs_range *range, hrs_count count, const double *values, bool narrow) {
  double high = range->high, low = range->low, rounding = range->rounding;
  for (hrs_count i = 0; i < count; i++) {
    double x = values[i];
    high = x > high ? x : high;
    low = x < low ? x : low;
  }
  for (hrs_count i = 0; i < count && narrow; i++) {
    double off = fabs(values[i] - (double)(float)values[i]);
    rounding = off > rounding ? off : rounding;
  }
  *range = (hrs_range){high, low, rounding};
}

hrs_status hrs_engine_agree_ranges(hrs_engine *engine, hrs_count sample, bool again) {
  for (int t = 0; t < engine->problem->targets; t++) {
    hrs_range *range = &engine->ranges[t];
    double all[3] = {range->high, -range->low, range->rounding};
    HRS_TRY(hrs_comm_reduce(engine->group, MPI_MAX, MPI_DOUBLE, all, 3));
    *range = (hrs_range){all[0], -all[1], all[2]};
    double spread = range->high - range->low;
    if (!again && spread > 0 && range->rounding > COARSE * spread)
      hrs_engine_note(engine, HRS_NOTE_COARSE, sample, range->rounding / spread,
                      "--precision single rounds v by up to %.3g, and v varies only from %.9g to "
                      "%.9g; interactions and indices lose their digits to that: give --precision "
                      "double",
                      range->rounding, range->low, range->high);
  }
  return HRS_OK;
}

hrs_status hrs_engine_check(const hrs_engine *engine, hrs_count index, int target, const char *what,
                            hrs_dtype type, double number) {
  if (fabs(number) <= (type == HRS_F32 ? (double)FLT_MAX : DBL_MAX)) return HRS_OK;
  if (engine->allow_nonfinite) return HRS_OK;
  bool single = engine->resources->precision == HRS_F32;
  HRS_FAIL(
      NONFINITE,
      "sample %lld, target %d: %s of finite values go beyond the range of %s precision; %s, or "
      "give --allow-nonfinite to go on",
      (long long)index, target, what, single ? "single" : "double",
      single ? "give --precision double" : "divide the values by a constant");
}
