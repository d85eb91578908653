/*
 * The joint norm of one interaction in several networks, w_max max_i |x_i| + w_sum Σ_i |x_i|: its
 * proximal map and the gauge of its dual ball. With one network both are those of |x|.
 */
#include <harsanyi/analysis.h>

#include <math.h>

double hrs_share_norm(hrs_share share, int networks, const double *x, hrs_count stride) {
  double largest = 0, sum = 0;
  for (int i = 0; i < networks; i++) {
    double size = fabs(x[i * stride]);
    largest = size > largest ? size : largest;
    sum += size;
  }
  return share.max * largest + share.sum * sum;
}

/* |x_i|, largest first. */
static void sort_sizes(int networks, const double *x, hrs_count stride, double *size) {
  for (int i = 0; i < networks; i++) {
    double here = fabs(x[i * stride]);
    int at = i;
    for (; at > 0 && size[at - 1] < here; at--)
      size[at] = size[at - 1];
    size[at] = here;
  }
}

/*
 * The dual ball is the sum of the box |σ_i| <= w_sum and of the cross-polytope Σ|σ_i| <= w_max. So
 * σ/g is in it where Σ_{i<=k} |σ|_(i) <= g (w_max + k w_sum) for the k largest, for each k.
 */
double hrs_share_gauge(hrs_share share, int networks, const double *x, hrs_count stride) {
  double size[HRS_SHARE_NETWORKS], sum = 0, gauge = 0;
  sort_sizes(networks, x, stride, size);
  for (int k = 0; k < networks; k++) {
    sum += size[k];
    double here = sum / (share.max + (k + 1) * share.sum);
    gauge = here > gauge ? here : gauge;
  }
  return gauge;
}

/*
 * Prox of step * norm: first that of the sum (soft threshold), then that of the maximum, which cuts
 * the largest ones down to a common level so that what is cut off adds up to step * w_max.
 */
void hrs_share_shrink(hrs_share share, double step, int networks, double *x, hrs_count stride) {
  double size[HRS_SHARE_NETWORKS], soft = step * share.sum, cut = step * share.max;
  sort_sizes(networks, x, stride, size);
  double sum = 0, level = 0;
  for (int k = 0; k < networks; k++) {
    double here = size[k] > soft ? size[k] - soft : 0;
    sum += here;
    double next = (sum - cut) / (k + 1);
    level = next > level ? next : level;
  }
  for (int i = 0; i < networks; i++) {
    double value = x[i * stride], left = fabs(value) - soft;
    left = left > 0 ? left : 0;
    left = left < level ? left : level;
    x[i * stride] = value < 0 ? -left : left;
  }
}
