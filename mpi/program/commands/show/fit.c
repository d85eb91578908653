/* What `harsanyi show` says of a fitted split, of how few interactions explain v, and of the mean
 * effects by order. */
#include "show.h"

#include <math.h>
#include <stdio.h>

hrs_status hrs_show_fit_read(const hrs_dataset_reading *set, hrs_count k, hrs_show_fit *out) {
  const struct {
    hrs_dataset_path path;
    double *to;
  } numbers[] = {{HRS_PATH_FIT_L1, &out->l1},
                 {HRS_PATH_FIT_LOSS, &out->loss},
                 {HRS_PATH_FIT_BOUND, &out->lower_bound},
                 {HRS_PATH_FIT_GAP, &out->gap},
                 {HRS_PATH_FIT_ITERATIONS, &out->iterations},
                 {HRS_PATH_FIT_NOISE, &out->noise_bound},
                 {HRS_PATH_FIT_RESIDUAL, &out->max_residual},
                 {HRS_PATH_RECONSTRUCTION_RMSE, &out->rmse},
                 {HRS_PATH_RECONSTRUCTION_MAX, &out->max},
                 {HRS_PATH_RECONSTRUCTION_UNFAITH, &out->rho_unfaith},
                 {HRS_PATH_RECONSTRUCTION_EXPLAINED, &out->explained},
                 {HRS_PATH_RECONSTRUCTION_KEPT, &out->kept}},
    columns[] = {
        {HRS_PATH_CURVE_STRENGTH, out->curve.strength},   {HRS_PATH_CURVE_KEPT, out->curve.kept},
        {HRS_PATH_CURVE_RMSE, out->curve.rmse},           {HRS_PATH_CURVE_MAX, out->curve.max},
        {HRS_PATH_CURVE_EXPLAINED, out->curve.explained}, {HRS_PATH_SHARED_TOP, out->shared_top}};
  out->points = hrs_curve_points(set->n);
  out->shared = set->has[HRS_PATH_SHARED_SALIENT];
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    HRS_TRY(hrs_dataset_read(set, numbers[i].path, -1, k, 1, HRS_F64, numbers[i].to));
  for (size_t i = 0; i < sizeof columns / sizeof *columns - !out->shared; i++)
    HRS_TRY(hrs_dataset_read(set, columns[i].path, k, 0, out->points, HRS_F64, columns[i].to));
  if (out->shared)
    HRS_TRY(
        hrs_dataset_read(set, HRS_PATH_SHARED_SALIENT, -1, k, 1, HRS_F64, &out->shared_salient));
  return HRS_OK;
}

/* Line by line up to all interactions; a power of two more adds nothing. */
static void print_curve(const hrs_show_fit *f) {
  double largest = f->curve.strength[0];
  hrs_show_heading("Sparsity: v from the strongest interactions alone");
  printf("  %9s %12s  %-*s %11s %11s %10s%s\n", "strongest", "weakest |I|", HRS_SHOW_BAR,
         "of the largest", "RMSE", "max error", "explained", f->shared ? "   common" : "");
  for (int p = 0; p < f->points && largest > 0; p++) {
    double kept = f->curve.kept[p], share = f->curve.strength[p] / largest;
    if (p > 0 && kept == f->curve.kept[p - 1]) continue;
    if (share > 0)
      printf("  %9.0f %12.5g  ", kept, f->curve.strength[p]);
    else
      printf("  all %5.0f %12s  ", kept, "-");
    hrs_show_bar(share);
    printf("%*s %11.4g %11.4g %9.2f%%", HRS_SHOW_BAR - (int)lround(share * HRS_SHOW_BAR), "",
           f->curve.rmse[p], f->curve.max[p], 100 * f->curve.explained[p]);
    if (f->shared) printf(" %7.1f%%", 100 * f->shared_top[p]);
    printf("\n");
  }
  if (largest == 0) printf("  v is constant: there are none\n");
}

void hrs_show_fit_text(const hrs_show_fit *f) {
  hrs_show_heading("Split of v into AND and OR");
  if (f->shared)
    printf("  L1        %.6g of this network\n  loss      %.6g of all networks", f->l1, f->loss);
  else
    printf("  L1        %.6g", f->l1);
  printf("; no split has less than %.6g (gap %.2g), %.0f steps\n", f->lower_bound, f->gap,
         f->iterations);
  printf("  residual  %.3g at most, %.3g allowed\n", f->max_residual, f->noise_bound);
  hrs_show_heading("Reconstruction of v from the salient interactions");
  printf("  kept      %.0f, which explain %.2f%%\n", f->kept, 100 * f->explained);
  if (f->shared && isfinite(f->shared_salient))
    printf("  common    %.1f%% of them are salient in all networks\n", 100 * f->shared_salient);
  printf("  errors    RMSE %.5g, largest %.5g, rho_unfaith %.5g\n", f->rmse, f->max,
         f->rho_unfaith);
  print_curve(f);
}

int hrs_show_first_fall(const hrs_show_row *row, int n, int after) {
  double largest = 0;
  for (int k = 1; k <= n; k++)
    largest = fmax(largest, fabs(row->mean_effect[k]));
  for (int k = after + 1; k <= n; k++)
    if (row->mean_effect[k] < row->mean_effect[k - 1] - 1e-9 * largest) return k;
  return 0;
}

void hrs_show_means_text(const hrs_dataset_reading *set, const hrs_show_row *row) {
  enum { A_LINE = 9 };
  hrs_show_heading("Mean of v(S) - v(empty) over the sets of k players");
  for (int first = 1; first <= set->n; first += A_LINE) {
    printf("  k from %2d ", first);
    for (int k = first; k <= set->n && k < first + A_LINE; k++)
      printf(" %8.4g", row->mean_effect[k]);
    printf("\n");
  }
  int fall = hrs_show_first_fall(row, set->n, 0);
  printf("  %s",
         fall ? "It falls at k =" : "It does not fall: a condition for sparse interactions");
  for (int shown = 0; fall; fall = hrs_show_first_fall(row, set->n, fall)) {
    if (shown++ == 6) {
      printf(" ...");
      break;
    }
    printf(" %d", fall);
  }
  printf("\n");
}
