/*
 * Interactions learnt under noise: eigenvalues and eigenvectors of G relative to D, in closed form.
 *
 * Of one bit, JᵀJ = 2 G with G = [[1, 1/2], [1/2, 1/2]], and D = diag(1, 2). The symmetric matrix
 * H = D^{-1/2} G D^{-1/2} = [[1, c], [c, 1/4]], c = 1 / √8, has the eigenvalues μ±, and a rotation
 * V has its eigenvectors as columns. So `to` is Vᵀ D^{1/2} and `from` is D^{-1/2} V.
 *
 * Row norms. F = V^{⊗n} f(λ) Vᵀ^{⊗n} at (T, U) depends on how many players are in both, in one
 * alone and in none: each bit gives a factor p + q z, a power of z stands for the order of S, and
 * f(λ_s) for z^s. There are O(n²) such classes of U for each order of T, and a polynomial for each.
 */
#include <harsanyi/analysis.h>

#include <math.h>
#include <string.h>

static double mu(bool small) {
  double root = sqrt(17.0) / 4;
  /* The product of both is det H = 1/8: no digits are lost to the difference. */
  double large = (1.25 + root) / 2;
  return small ? 0.125 / large : large;
}

/* V: column 0 belongs to the larger eigenvalue. */
static void eigenvectors(double v[2][2]) {
  double x = sqrt(0.125), y = mu(false) - 1; /* (H - μ₊) (x, y) = 0 */
  double length = hypot(x, y);
  v[0][0] = v[1][1] = x / length;
  v[1][0] = y / length;
  v[0][1] = -v[1][0];
}

double hrs_learning_eigenvalue(int n, int s) {
  return pow(mu(false), n - s) * pow(mu(true), s);
}

hrs_kernel hrs_learning_kernel(bool from) {
  double v[2][2];
  eigenvectors(v);
  double root = sqrt(2);
  if (from) return (hrs_kernel){{{v[0][0], v[0][1]}, {v[1][0] / root, v[1][1] / root}}};
  return (hrs_kernel){{{v[0][0], v[1][0] * root}, {v[0][1], v[1][1] * root}}};
}

static void factors(int n, double sigma2, double *factor) {
  for (int s = 0; s <= n; s++) {
    double lambda = hrs_learning_eigenvalue(n, s);
    factor[s] = lambda / (lambda + sigma2);
  }
}

void hrs_learning_filter(int n, double sigma2, hrs_subcube cube, double *values) {
  double factor[HRS_MAX_PLAYERS + 1];
  factors(n, sigma2, factor);
  hrs_mask mask = cube.fixed;
  for (hrs_count i = 0; i < hrs_subcube_size(cube); i++) {
    values[i] *= factor[hrs_order(mask)];
    mask = hrs_subcube_next(cube, mask);
  }
}

/* ---- row norms ------------------------------------------------------------------------------- */

/* Multiply a polynomial of degree *degree by (p + q z)^times. */
static void multiply(double *polynomial, int *degree, double p, double q, int times) {
  for (; times > 0; times--) {
    polynomial[++*degree] = 0;
    for (int i = *degree; i > 0; i--)
      polynomial[i] = p * polynomial[i] + q * polynomial[i - 1];
    polynomial[0] *= p;
  }
}

/* F at T and U: players in both, in one alone, in none. */
static double entry(const double *factor, double v[2][2], int both, int one, int none) {
  double polynomial[HRS_MAX_PLAYERS + 1] = {1}, sum = 0;
  int degree = 0;
  multiply(polynomial, &degree, v[0][0] * v[0][0], v[0][1] * v[0][1], none);
  multiply(polynomial, &degree, v[0][0] * v[1][0], v[0][1] * v[1][1], one);
  multiply(polynomial, &degree, v[1][0] * v[1][0], v[1][1] * v[1][1], both);
  for (int s = 0; s <= degree; s++)
    sum += factor[s] * polynomial[s];
  return sum;
}

void hrs_learning_norms(int n, double sigma2, double *norm) {
  double factor[HRS_MAX_PLAYERS + 1], v[2][2];
  factors(n, sigma2, factor);
  eigenvectors(v);
  for (int t = 0; t <= n; t++) {
    double square = 0;
    for (int both = 0; both <= t; both++)
      for (int beside = 0; beside <= n - t; beside++) { /* |U| = both + beside */
        double f = entry(factor, v, both, t - both + beside, n - t - beside);
        square +=
            hrs_binomial(t, both) * hrs_binomial(n - t, beside) * ldexp(f * f, both + beside - t);
      }
    norm[t] = sqrt(square);
  }
}
