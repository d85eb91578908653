/* random.h -- random numbers that are a pure function of seed and counter, the same everywhere. */
#ifndef HRS_BASE_RANDOM_H
#define HRS_BASE_RANDOM_H

#include <harsanyi/base.h>

/** The finaliser of SplitMix64: a bijection of 64 bits that passes for random. */
static inline uint64_t hrs_mix64(uint64_t x) {
  x ^= x >> 30;
  x *= UINT64_C(0xbf58476d1ce4e5b9);
  x ^= x >> 27;
  x *= UINT64_C(0x94d049bb133111eb);
  return x ^ (x >> 31);
}

/** Random bits number `counter` of the stream `seed`. */
static inline uint64_t hrs_random_bits(uint64_t seed, uint64_t counter) {
  return hrs_mix64(hrs_mix64(seed + UINT64_C(0x9e3779b97f4a7c15)) +
                   (counter + 1) * UINT64_C(0x9e3779b97f4a7c15));
}

/** A stream of them. */
typedef struct hrs_random {
  uint64_t seed, counter;
} hrs_random;

static inline uint64_t hrs_random_next(hrs_random *random) {
  return hrs_random_bits(random->seed, random->counter++);
}

/** Uniform in 0..limit-1, without bias. */
static inline uint64_t hrs_random_below(hrs_random *random, uint64_t limit) {
  uint64_t rest = (UINT64_MAX - limit + 1) % limit; /* 2^64 mod limit */
  uint64_t bits;
  do
    bits = hrs_random_next(random);
  while (bits < rest);
  return bits % limit;
}

#endif
