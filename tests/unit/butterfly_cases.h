/*
 * butterfly_cases.h -- kernels, engines and arrays for the tests of butterflies.
 */
#ifndef HRS_TESTS_BUTTERFLY_CASES_H
#define HRS_TESTS_BUTTERFLY_CASES_H

#include <harsanyi/lattice.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static const hrs_butterfly_engine engines[] = {HRS_BUTTERFLY_AUTO, HRS_BUTTERFLY_REFERENCE,
                                               HRS_BUTTERFLY_BLOCKED};
enum { ENGINES = 3 };

/* Matrices without a name, with every number of zeros. */
static const hrs_kernel unnamed[] = {
    {{{0.75, -0.5}, {0.25, 1.5}}},
    {{{0, 0.5}, {-1.5, 0.25}}},
    {{{0.5, 0}, {0.75, -1}}},
    {{{-0.5, 1.25}, {0, 0.5}}},
    {{{0.5, -1.5}, {1, 0}}},
    {{{2, 0}, {0, 0.5}}},
    {{{0, 1}, {1, 0}}},
    {{{1, 1}, {0, 0}}},
    {{{0, 0}, {0, 3}}},
};
enum { UNNAMED = sizeof unnamed / sizeof *unnamed, KERNELS = HRS_KERNEL_LIMIT + UNNAMED };

static inline hrs_kernel kernel_number(int i) {
  return i < HRS_KERNEL_LIMIT ? hrs_kernel_get((hrs_kernel_name)i) : unnamed[i - HRS_KERNEL_LIMIT];
}

static uint64_t random_state;

static inline double random_value(void) {
  random_state += 0x9e3779b97f4a7c15u;
  uint64_t z = random_state;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return (double)((z ^ z >> 31) >> 11) * 0x1p-52 - 1;
}

static inline void fill(double *x, hrs_count size, uint64_t seed) {
  random_state = seed;
  for (hrs_count i = 0; i < size; i++)
    x[i] = random_value();
}

static inline double *new_doubles(hrs_count size) {
  double *x;
  assert_int_equal(hrs_alloc(size, sizeof *x, &x), HRS_OK);
  return x;
}

static inline void apply(hrs_kernel k, double scale, double *x, int bits, int first, int count,
                         hrs_butterfly_engine engine) {
  assert_int_equal(hrs_butterfly(k, scale, HRS_F64, x, bits, first, count, engine), HRS_OK);
}

static inline int no_memory_is_left(void **state) {
  (void)state;
  return hrs_memory_current() != 0;
}

#endif
