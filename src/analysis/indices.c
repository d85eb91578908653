/*
 * The interaction indices: weights, densities, combinations, coefficients; one table of four
 * functions for each.
 */
#include <harsanyi/analysis.h>

#include <float.h>
#include <math.h>

static const double PI = 3.14159265358979323846;

static double sign(int exponent) {
  return exponent % 2 ? -1 : 1;
}

/* Bernoulli numbers with B_1 = -1/2. */
static double bernoulli(int j) {
  static const double even[][2] = {{1, 1},
                                   {1, 6},
                                   {-1, 30},
                                   {1, 42},
                                   {-1, 30},
                                   {5, 66},
                                   {-691, 2730},
                                   {7, 6},
                                   {-3617, 510},
                                   {43867, 798},
                                   {-174611, 330},
                                   {854513, 138},
                                   {-236364091, 2730},
                                   {8553103, 6},
                                   {-23749461029, 870},
                                   {8615841276005, 14322},
                                   {-7709321041217, 510},
                                   {2577687858367, 6},
                                   {-26315271553053477373., 1919190},
                                   {2929993913841559, 6},
                                   {-261082718496449122051., 13530}};
  if (j == 1) return -0.5;
  return j % 2 ? 0 : even[j / 2][0] / even[j / 2][1];
}

/* ---- weights p_s(t) ------------------------------------------------------------------------- */

typedef struct sizes {
  int n, orders, s;
} sizes;

static double weight_sii(sizes z, int t) {
  return 1 / ((z.n - z.s + 1) * hrs_binomial(z.n - z.s, t));
}

static double weight_bii(sizes z, int t) {
  (void)t;
  return ldexp(1, z.s - z.n);
}

static double weight_chii(sizes z, int t) {
  return z.s / ((z.s + t) * hrs_binomial(z.n, z.s + t));
}

static double weight_moebius(sizes z, int t) {
  (void)z;
  return t == 0;
}

static double weight_co_moebius(sizes z, int t) {
  return t == z.n - z.s;
}

static double weight_walsh(sizes z, int t) {
  (void)t;
  return ldexp(sign(z.s), -z.n);
}

static double weight_stii(sizes z, int t) {
  return z.s < z.orders ? weight_moebius(z, t) : z.s / (z.n * hrs_binomial(z.n - 1, t));
}

static double weight_fsii(sizes z, int t) {
  return z.s * hrs_binomial(2 * z.s - 1, z.s) /
         ((z.n + z.s - 1) * hrs_binomial(z.n + z.s - 2, t + z.s - 1));
}

/* ---- densities r_s(x) ----------------------------------------------------------------------- */

/* Where an index takes its values: all over [0,1], or at one point. */
static const double EVERYWHERE = -1;

static double everywhere(sizes z) {
  (void)z;
  return EVERYWHERE;
}

static double at_0(sizes z) {
  (void)z;
  return 0;
}

static double at_half(sizes z) {
  (void)z;
  return 0.5;
}

static double at_1(sizes z) {
  (void)z;
  return 1;
}

static double stii_place(sizes z) {
  return z.s < z.orders ? 0 : EVERYWHERE;
}

static double density_one(sizes z, double x) {
  (void)z;
  (void)x;
  return 1;
}

static double density_chii(sizes z, double x) {
  return z.s * pow(x, z.s - 1);
}

static double density_stii(sizes z, double x) {
  return z.s < z.orders ? 1 : z.s * pow(1 - x, z.s - 1);
}

static double density_fsii(sizes z, double x) {
  return z.s * hrs_binomial(2 * z.s - 1, z.s) * pow(x * (1 - x), z.s - 1);
}

static double density_walsh(sizes z, double x) {
  (void)x;
  return ldexp(sign(z.s), -z.s);
}

/* ---- combinations a(s, t) ------------------------------------------------------------------- */

static double combine_bernoulli(int s, int t) {
  return bernoulli(t - s);
}

static double combine_halves(int s, int t) {
  return ldexp(sign(t - s), s - t);
}

/* What the best fit of order t - 1 makes of the game that is 1 on the supersets of T alone. */
static double combine_fsii(int s, int t) {
  return sign(t - s) * s / (t - 1 + s) * hrs_binomial(t - 1, s) /
         hrs_binomial(2 * t - 2, t - 1 + s);
}

/* ---- coefficients of dividends c_s(t) ------------------------------------------------------- */

static double of_sii(sizes z, int t) {
  return 1. / (t - z.s + 1);
}

static double of_k_sii(sizes z, int t) {
  double sum = 0;
  for (int j = 0; j <= z.orders - z.s && j <= t - z.s; j++)
    sum += bernoulli(j) * hrs_binomial(t - z.s, j) / (t - z.s - j + 1);
  return sum;
}

static double of_moebius(sizes z, int t) {
  return t == z.s;
}

static double of_stii(sizes z, int t) {
  return z.s < z.orders ? of_moebius(z, t) : 1 / hrs_binomial(t, z.orders);
}

static double of_fsii(sizes z, int t) {
  int k = z.orders, s = z.s;
  if (t <= k) return of_moebius(z, t);
  return sign(k - s) * s / (k + s) * hrs_binomial(k, s) * hrs_binomial(t - 1, k) /
         hrs_binomial(t + k - 1, k + s);
}

static double of_fbii(sizes z, int t) {
  int k = z.orders, s = z.s;
  if (t <= k) return of_moebius(z, t);
  return ldexp(sign(k - s), s - t) * hrs_binomial(t - s - 1, k - s);
}

static double of_bii(sizes z, int t) {
  return ldexp(1, z.s - t);
}

static double of_chii(sizes z, int t) {
  return (double)z.s / t;
}

static double of_co_moebius(sizes z, int t) {
  (void)z;
  (void)t;
  return 1;
}

static double of_walsh(sizes z, int t) {
  return ldexp(sign(z.s), -t);
}

/* ---- the table ------------------------------------------------------------------------------ */

typedef struct definition {
  double (*weight)(sizes z, int t);
  double (*place)(sizes z);
  double (*density)(sizes z, double x);
  double (*combine)(int s, int t); /* NULL: the bases are the index */
  double (*coefficient)(sizes z, int t);
  bool efficient; /* over all orders up to K, v(N) - v(empty) is divided without rest */
} definition;

static const definition definitions[HRS_INDEX_LIMIT] = {
    [HRS_INDEX_SII] = {weight_sii, everywhere, density_one, NULL, of_sii, false},
    [HRS_INDEX_K_SII] = {weight_sii, everywhere, density_one, combine_bernoulli, of_k_sii, true},
    [HRS_INDEX_STII] = {weight_stii, stii_place, density_stii, NULL, of_stii, true},
    [HRS_INDEX_FSII] = {weight_fsii, everywhere, density_fsii, combine_fsii, of_fsii, true},
    [HRS_INDEX_FBII] = {weight_bii, at_half, density_one, combine_halves, of_fbii, false},
    [HRS_INDEX_BII] = {weight_bii, at_half, density_one, NULL, of_bii, false},
    [HRS_INDEX_CHII] = {weight_chii, everywhere, density_chii, NULL, of_chii, false},
    [HRS_INDEX_MOEBIUS] = {weight_moebius, at_0, density_one, NULL, of_moebius, false},
    [HRS_INDEX_CO_MOEBIUS] = {weight_co_moebius, at_1, density_one, NULL, of_co_moebius, false},
    [HRS_INDEX_WALSH] = {weight_walsh, at_half, density_walsh, NULL, of_walsh, false},
};

static const struct {
  const char *name;
  int orders;
} words[HRS_INDEX_LIMIT] = {
#define ROW(name, text, orders) {text, orders},
    HRS_INDEX_TABLE(ROW)
#undef ROW
};

const char *hrs_index_name(hrs_index index) {
  return words[index].name;
}

int hrs_index_default_orders(hrs_index index, int n) {
  int orders = words[index].orders;
  return orders && orders < n ? orders : n;
}

double hrs_index_weight(hrs_index index, int n, int orders, int s, int t) {
  return t < 0 || t > n - s ? 0 : definitions[index].weight((sizes){n, orders, s}, t);
}

double hrs_index_aggregation(hrs_index index, int s, int t) {
  return definitions[index].combine ? definitions[index].combine(s, t) : 0;
}

double hrs_index_coefficient(hrs_index index, int orders, int s, int t) {
  return definitions[index].coefficient((sizes){0, orders, s}, t);
}

bool hrs_index_is_efficient(hrs_index index, int n, int orders) {
  return definitions[index].efficient || (index == HRS_INDEX_MOEBIUS && orders == n);
}

/* Σ_T |p_s(t)| Σ_L 1 for a set of order s. */
static double base_sensitivity(hrs_index index, int n, int orders, int s) {
  double sum = 0;
  for (int t = 0; t <= n - s; t++)
    sum += fabs(hrs_index_weight(index, n, orders, s, t)) * hrs_binomial(n - s, t);
  return ldexp(sum, s);
}

double hrs_index_sensitivity(hrs_index index, int n, int orders) {
  double base[HRS_MAX_PLAYERS + 1], most = 0;
  for (int s = 1; s <= orders; s++)
    base[s] = base_sensitivity(index, n, orders, s);
  for (int s = 1; s <= orders; s++) {
    double sum = base[s];
    for (int t = s + 1; t <= orders; t++)
      sum += fabs(hrs_index_aggregation(index, s, t)) * hrs_binomial(n - s, t - s) * base[t];
    most = fmax(most, sum);
  }
  return most;
}

/* ---- quadrature ----------------------------------------------------------------------------- */

/* Node i of the rule of Gauss and Legendre with `count` nodes on [0,1], by Newton's method on the
 * Legendre polynomial. */
static void gauss_legendre(int count, int i, double *x, double *weight) {
  double z = cos(PI * (i + 0.75) / (count + 0.5)), slope = 1;
  for (int step = 0; step < 100; step++) {
    double p = 1, before = 0;
    for (int j = 0; j < count; j++) {
      double next = ((2 * j + 1) * z * p - j * before) / (j + 1);
      before = p;
      p = next;
    }
    slope = count * (z * p - before) / (z * z - 1);
    double change = p / slope;
    z -= change;
    if (fabs(change) < 2 * DBL_EPSILON) break;
  }
  *x = (1 - z) / 2;
  *weight = 1 / ((1 - z * z) * slope * slope);
}

void hrs_index_points_of(const int *orders, int n, hrs_index_points *out) {
  static const double places[] = {0, 0.5, 1};
  bool needed[3] = {false, false, false};
  int degree = -1;
  for (int index = 0; index < HRS_INDEX_LIMIT; index++)
    for (int s = 1; s <= orders[index]; s++) {
      double place = definitions[index].place((sizes){n, orders[index], s});
      for (int i = 0; i < 3; i++)
        needed[i] = needed[i] || place == places[i];
      if (place != EVERYWHERE) continue;
      int here = index == HRS_INDEX_FSII ? n + s - 2 : n - 1;
      degree = here > degree ? here : degree;
    }
  out->count = 0;
  for (int i = 0; i < 3; i++) {
    if (!needed[i]) continue;
    out->x[out->count] = places[i];
    out->weight[out->count++] = 0;
  }
  int count = degree / 2 + 1;
  for (int i = 0; degree >= 0 && i < count; i++, out->count++)
    gauss_legendre(count, i, &out->x[out->count], &out->weight[out->count]);
}

double hrs_index_density(hrs_index index, int orders, int s, const hrs_index_points *points,
                         int q) {
  const sizes z = {0, orders, s};
  const definition *d = &definitions[index];
  double place = d->place(z), x = points->x[q];
  if (points->weight[q] > 0) return place == EVERYWHERE ? points->weight[q] * d->density(z, x) : 0;
  return place == x ? d->density(z, x) : 0;
}
