/*
 * Binomial coefficients and the numbering of sub-cubes.
 */
#include <harsanyi/lattice.h>

#include <math.h>

/* C(n, i) = C(n, i-1) (n-i+1) / i. Dividing by common factors first keeps every step an exact
 * integer, so that the result is exact as long as it is below 2^53. */
double hrs_binomial(int n, int k) {
  if (k < 0 || n < 0 || k > n) return 0.0;
  if (k > n - k) k = n - k;
  double result = 1.0;
  for (int i = 1; i <= k; i++) {
    int a = i, b = (int)fmod(result, (double)i);
    while (b) {
      int rest = a % b;
      a = b;
      b = rest;
    }
    /* a = gcd(result, i); what is left of i divides n-i+1 */
    double factor = result < 0x1p53 ? (double)((n - i + 1) / (i / a)) : (double)(n - i + 1) * a / i;
    result = result / a * factor;
  }
  return result;
}

hrs_mask hrs_subcube_mask(hrs_subcube cube, hrs_count index) {
  hrs_mask mask = cube.fixed, left = cube.free;
  for (hrs_mask rest = (hrs_mask)index; rest && left; rest >>= 1) {
    hrs_mask lowest = left & (~left + 1);
    if (rest & 1) mask |= lowest;
    left ^= lowest;
  }
  return mask;
}

hrs_subcube hrs_subcube_part(hrs_subcube cube, int bits, hrs_count index) {
  hrs_mask high = cube.free;
  for (int i = 0; i < bits && high; i++)
    high &= high - 1;
  hrs_subcube fixed = {cube.fixed, high};
  hrs_subcube part = {hrs_subcube_mask(fixed, index), cube.free ^ high};
  return part;
}
