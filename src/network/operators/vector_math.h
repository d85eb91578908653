/*
 * vector_math.h -- exp, sigmoid, tanh and erf in float, exp and log(1 + x) in double, without
 * branches, so that loops over them become vector code. The polynomials are minimax fits of ours.
 * Largest errors, in units in the last place, stand beside each function;
 * tests/unit/test_vector_math.c measures them.
 */
#ifndef HRS_NETWORK_OPERATORS_VECTOR_MATH_H
#define HRS_NETWORK_OPERATORS_VECTOR_MATH_H

#include <math.h>
#include <stdint.h>
#include <string.h>

static inline double hrs_double_of_bits(uint64_t bits) {
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static inline uint64_t hrs_bits_of_double(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static inline float hrs_float_of_bits(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static inline uint32_t hrs_bits_of_float(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

/** e^x, at most 1 unit off; subnormal results, infinities and NaN as expf gives them. */
static inline float hrs_exp_f32(float x) {
  /* Adding 1.5 * 2^23 rounds to an integer, which then stands in the low bits. */
  const float magic = 0x1.8p23f;
  float y = x < -105.0f ? -105.0f : x;
  y = y > 90.0f ? 90.0f : y;
  float shifted = y * 1.44269504f + magic, n = shifted - magic;
  /* ln 2 in two parts, the first with few bits: n times it is exact. */
  float r = (y - n * 0.693359375f) - n * -2.12194440e-4f;
  float p = 0.001381459638f;
  p = p * r + 0.008368717091f;
  p = p * r + 0.041668388093f;
  p = p * r + 0.166665206294f;
  p = p * r + 0.499999934476f;
  float value = (p * r) * r + r + 1.0f;
  /* 2^n in two factors: n may be below the smallest normal exponent or just above the largest. */
  uint32_t k = hrs_bits_of_float(shifted) - 0x4b400000u;
  uint32_t half = (uint32_t)((int32_t)k >> 1);
  return value * hrs_float_of_bits((half + 127u) << 23) *
         hrs_float_of_bits((k - half + 127u) << 23);
}

/** e^x in double precision, at most 1.5 units off; subnormal results, infinities and NaN as exp
 *  gives them. Taylor's series to the 13th power, whose rest is 2e-17; its even and its
 *  odd half do not wait for each other. */
static inline double hrs_exp_f64(double x) {
  const double magic = 0x1.8p52;
  double y = x < -760.0 ? -760.0 : x;
  y = y > 720.0 ? 720.0 : y;
  double shifted = y * 0x1.71547652b82fep0 + magic, n = shifted - magic;
  double r = (y - n * 0x1.62e42fefa0000p-1) - n * 0x1.cf79abc9e3b3ap-40;
  double z = r * r;
  double odd = 1 / 6227020800.0;
  odd = odd * z + 1 / 39916800.0;
  odd = odd * z + 1 / 362880.0;
  odd = odd * z + 1 / 5040.0;
  odd = odd * z + 1 / 120.0;
  odd = odd * z + 1 / 6.0;
  double even = 1 / 479001600.0;
  even = even * z + 1 / 3628800.0;
  even = even * z + 1 / 40320.0;
  even = even * z + 1 / 720.0;
  even = even * z + 1 / 24.0;
  even = even * z + 0.5;
  double p = odd * r + even;
  double value = p * z + r + 1.0;
  /* As above; the sum keeps the shift one of unsigned numbers, which vectors have. */
  uint64_t k = hrs_bits_of_double(shifted) - UINT64_C(0x4338000000000000);
  uint64_t half = ((k + 4096) >> 1) - 2048;
  return value * hrs_double_of_bits((half + 1023) << 52) *
         hrs_double_of_bits((k - half + 1023) << 52);
}

/** log(1 + x) for x >= 0, at most 2 units off; infinity and NaN as log1p gives them. */
static inline double hrs_log1p_f64(double x) {
  const uint64_t root = UINT64_C(0x3fe6a09e667f3bcd), one = UINT64_C(0x3ff0000000000000);
  const uint64_t fraction = (UINT64_C(1) << 52) - 1, magic = UINT64_C(0x4330000000000000);
  double u = 1.0 + x;
  /* What rounding took from u: of x where that is small, else of 1. */
  double lost = x < 1.0 ? x - (u - 1.0) : 1.0 - (u - x);
  /* u = 2^k m, with m between the roots of 1/2 and 2. */
  uint64_t bits = hrs_bits_of_double(u) + (one - root);
  double k = (hrs_double_of_bits((bits >> 52) | magic) - 0x1p52) - 1023.0;
  double m = hrs_double_of_bits((bits & fraction) + root), f = m - 1.0;
  /* log m = 2 artanh s, by its series; 2s = f - s f keeps the digits of f. */
  double s = f / (2.0 + f), z = s * s;
  double p = 1 / 21.0;
  p = p * z + 1 / 19.0;
  p = p * z + 1 / 17.0;
  p = p * z + 1 / 15.0;
  p = p * z + 1 / 13.0;
  p = p * z + 1 / 11.0;
  p = p * z + 1 / 9.0;
  p = p * z + 1 / 7.0;
  p = p * z + 1 / 5.0;
  p = p * z + 1 / 3.0;
  double rest = 2.0 * s * (z * p) - s * f;
  double value = k * 0x1.62e42fefa0000p-1 + (f + (rest + (k * 0x1.cf79abc9e3b3ap-40 + lost / u)));
  return x > 0x1.fffffffffffffp1023 ? x : value;
}

/** 1 / (1 + e^-x), at most 3 units off where the result is normal. */
static inline float hrs_sigmoid_f32(float x) {
  return 1.0f / (1.0f + hrs_exp_f32(-x));
}

/** tanh x, at most 2 units off. */
static inline float hrs_tanh_f32(float x) {
  float size = fabsf(x), z = x * x;
  float p = -0.005717036561f;
  p = p * z + 0.020650579004f;
  p = p * z - 0.053743495261f;
  p = p * z + 0.133314912485f;
  p = p * z - 0.333332839236f;
  float small = (p * z) * size + size;
  float large = 1.0f - 2.0f / (hrs_exp_f32(2.0f * size) + 1.0f);
  return copysignf(size > 0.625f ? large : small, x);
}

/** erf x, at most 2 units off. */
static inline float hrs_erf_f32(float x) {
  float size = fabsf(x), z = x * x;
  float p = 8.316772614e-05f;
  p = p * z - 8.130012010e-04f;
  p = p * z + 5.199906607e-03f;
  p = p * z - 2.685894148e-02f;
  p = p * z + 1.128368719e-01f;
  p = p * z - 3.761263319e-01f;
  p = p * z + 1.283791666e-01f;
  float small = p * size + size;
  /* log erfc(t) as a polynomial; beyond 4, erf is 1. */
  float t = size > 4.0f ? 4.0f : size;
  float q = -2.109505819e-05f;
  q = q * t + 4.344627037e-04f;
  q = q * t - 4.171063430e-03f;
  q = q * t + 2.511942839e-02f;
  q = q * t - 1.082800909e-01f;
  q = q * t - 6.333469051e-01f;
  q = q * t - 1.129514931e+00f;
  q = q * t + 1.746845463e-04f;
  float large = 1.0f - hrs_exp_f32(q);
  return copysignf(size > 0.925f ? large : small, x);
}

/* By the type of x: for doubles what libm gives. */
#define HRS_EXP(x) _Generic((x), float : hrs_exp_f32, default : (exp))(x)
#define HRS_TANH(x) _Generic((x), float : hrs_tanh_f32, default : (tanh))(x)
#define HRS_ERF(x) _Generic((x), float : hrs_erf_f32, default : (erf))(x)

#endif
