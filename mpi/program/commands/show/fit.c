/* What `harsanyi show` says of a fitted split, of how few interactions explain v, and of the mean
 * effects by order. */
#include "marks.h"
#include "parts.h"

#include <math.h>
#include <stdio.h>

/* Line by line up to all interactions; a power of two more adds nothing. */
static void print_curve(const hrs_interactions_file *set, const hrs_show_row *row) {
  const hrs_interactions_fit *f = &row->fit;
  double largest = f->curve.strength[0];
  hrs_show_heading("Sparsity: v from the strongest interactions alone");
  printf("  %9s %12s  %-*s %11s %11s %10s%s\n", "strongest", "weakest |I|", HRS_SHOW_BAR,
         "of the largest", "RMSE", "max error", "explained", set->network ? "   common" : "");
  for (int p = 0; p < hrs_curve_points(set->n) && largest > 0; p++) {
    double kept = f->curve.kept[p], share = f->curve.strength[p] / largest;
    if (p > 0 && kept == f->curve.kept[p - 1]) continue;
    if (share > 0)
      printf("  %9.0f %12.5g  ", kept, f->curve.strength[p]);
    else
      printf("  all %5.0f %12s  ", kept, "-");
    hrs_show_bar(share, 1, false, HRS_SHOW_POSITIVE);
    printf("%*s %11.4g %11.4g %9.2f%%", HRS_SHOW_BAR - (int)lround(share * HRS_SHOW_BAR), "",
           f->curve.rmse[p], f->curve.max[p], 100 * f->curve.explained[p]);
    if (set->network) printf(" %7.1f%%", 100 * row->sharing.top[p]);
    printf("\n");
  }
  if (largest == 0) printf("  v is constant: there are none\n");
}

void hrs_show_fit_text(const hrs_interactions_file *set, const hrs_show_row *row) {
  const hrs_interactions_fit *f = &row->fit;
  hrs_show_heading("Split of v into AND and OR");
  if (set->network)
    printf("  L1        %.6g of this network\n  loss      %.6g of all networks", f->l1, f->loss);
  else
    printf("  L1        %.6g", f->l1);
  printf("; no split has less than %.6g (gap %.2g), %lld steps\n", f->lower_bound, f->gap,
         (long long)f->iterations);
  printf("  residual  %.3g at most, %.3g allowed\n", f->max_residual, f->noise_bound);
  hrs_show_heading("Reconstruction of v from the salient interactions");
  printf("  kept      %.0f, which explain %.2f%%\n", f->kept, 100 * f->explained);
  if (set->network && isfinite(row->sharing.salient))
    printf("  common    %.1f%% of them are salient in all networks\n", 100 * row->sharing.salient);
  printf("  errors    RMSE %.5g, largest %.5g, rho_unfaith %.5g\n", f->rmse, f->max,
         f->rho_unfaith);
  print_curve(set, row);
}

/* The first order k past `after` with a mean effect below that of k - 1 by more than rounding; 0
 * where there is none. */
static int first_fall(const hrs_show_row *row, int n, int after) {
  double largest = 0;
  for (int k = 1; k <= n; k++)
    largest = fmax(largest, fabs(row->values.mean_effect[k]));
  for (int k = after + 1; k <= n; k++)
    if (row->values.mean_effect[k] < row->values.mean_effect[k - 1] - 1e-9 * largest) return k;
  return 0;
}

void hrs_show_means_text(const hrs_interactions_file *set, const hrs_show_row *row) {
  enum { A_LINE = 9 };
  hrs_show_heading("Mean of v(S) - v(empty) over the sets of k players");
  for (int first = 1; first <= set->n; first += A_LINE) {
    printf("  k from %2d ", first);
    for (int k = first; k <= set->n && k < first + A_LINE; k++)
      printf(" %8.4g", row->values.mean_effect[k]);
    printf("\n");
  }
  int fall = first_fall(row, set->n, 0);
  printf("  %s",
         fall ? "It falls at k =" : "It does not fall: a condition for sparse interactions");
  for (int shown = 0; fall; fall = first_fall(row, set->n, fall)) {
    if (shown++ == 6) {
      printf(" ...");
      break;
    }
    printf(" %d", fall);
  }
  printf("\n");
}
