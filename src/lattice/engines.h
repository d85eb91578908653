/*
 * engines.h -- what the engines of hrs_butterfly share. Internal to src/lattice.
 *
 * The meaning of one pair, the same in every engine so that their bits agree: a coefficient that is
 * exactly 0 leaves its element out (0 * infinity never arises, and -0 stays -0), every other is
 * multiplied, and the two products are added once. The result of the last bit of a call is
 * multiplied by `scale` where that is not 1.
 */
#ifndef HARSANYI_LATTICE_ENGINES_H
#define HARSANYI_LATTICE_ENGINES_H

#include "base/simd.h"

#include <harsanyi/lattice.h>

/** One call of hrs_butterfly, its arguments already checked. */
typedef struct hrs_butterfly_call {
  hrs_kernel kernel;
  double scale;
  hrs_dtype type;
  void *data;
  int bits, first, count;
} hrs_butterfly_call;

typedef hrs_status hrs_butterfly_run(const hrs_butterfly_call *call);

hrs_butterfly_run hrs_butterfly_reference;
hrs_butterfly_run hrs_butterfly_blocked;

/** Where the blocked engine cuts, in bits: 2^b elements. Results do not depend on it; tests set it
 * small to reach every path with small arrays. */
typedef struct hrs_blocking {
  int tile; /* part of a block, half of a first-level cache; HRS_LOWEST_BITS and up to six more */
  int low;  /* a block: inside a second-level cache; tile and up to three more */
  int near; /* up to here eight streams at a time are fast in place; low at least */
  int far;  /* and up to here fast enough to save a gathering sweep; near at least */
  int workspace; /* what streams are gathered in; gather + HRS_WIDE_FROM and low at least */
  int gather;    /* most bits of a gathering sweep; over HRS_WIDE_BITS for the fast path */
  int few;       /* so few bits are best done in place, at any distance; at most HRS_WIDE_BITS */
} hrs_blocking;

extern const hrs_blocking hrs_blocking_default;
hrs_status hrs_butterfly_blocked_by(const hrs_butterfly_call *call, const hrs_blocking *blocking,
                                    hrs_simd simd);

/** Which of k00, k01, k10, k11 are not zero: bits 0 to 3. */
int hrs_kernel_pattern(const hrs_kernel *kernel);

/** One row of the matrix times (x, y). `has_a` and `has_b` say which coefficients are not zero;
 *  where they and a, b are constants, no multiplication by 1 or -1 is left. */
static inline double hrs_kernel_row(int has_a, double a, int has_b, double b, double x, double y) {
  if (has_a && has_b) return a * x + b * y;
  return has_a ? a * x : has_b ? b * y : 0.0;
}

#endif
