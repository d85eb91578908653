/* pick.h -- random numbers for tests: the same ones in each run, from a seed that a failure can
 * name. */
#ifndef HRS_TESTS_PICK_H
#define HRS_TESTS_PICK_H

#include <stdint.h>

static uint64_t seed = 1;

/** Uniform in low ... high, about. */
static inline int64_t pick(int64_t low, int64_t high) {
  seed = seed * 6364136223846793005u + 1442695040888963407u;
  return low + (int64_t)((seed >> 33) % (uint64_t)(high - low + 1));
}

/** A multiple of 1/1000 between -1 and 1. */
static inline float number(void) {
  return (float)pick(-1000, 1000) / 1000;
}

#endif
