/* rows.h -- passes of a fit over its rows, and what they measure. */
#ifndef HRS_MPI_SPLIT_ROWS_H
#define HRS_MPI_SPLIT_ROWS_H

#include "state.h"

/** What a chunk adds to sum[width]. */
typedef void hrs_fit_pass(hrs_fit *fit, hrs_fit_chunk chunk, void *context, double *sum);

/** Visit all chunks; with width > 0, sums over all rows in row order, the same bits on any number
 *  of ranks. Collective where width > 0. */
hrs_status hrs_fit_visit(hrs_fit *fit, hrs_fit_pass *pass, void *context, int width, double *sum);
/**
 * The same for sums over what stands in the middle (hrs_fit_to_middle): a pass adds element i of a
 * chunk to hrs_fit_middle_sum, which is that of its row of phase B, wherever the element is.
 * Collective.
 */
hrs_status hrs_fit_visit_middle(hrs_fit *fit, hrs_fit_pass *pass, void *context, int width,
                                double *sum);
static inline double *hrs_fit_middle_sum(const hrs_fit *fit, hrs_fit_chunk chunk, hrs_count i,
                                         int width, double *sum) {
  int tile_bits = fit->part.n - 2 * fit->part.block_bits;
  return fit->part.ranks > 1 ? sum : sum + ((chunk.from + i) >> tile_bits) * width;
}
/** Visit all chunks for the largest of what they put into *sum >= 0. Collective. */
hrs_status hrs_fit_largest(hrs_fit *fit, hrs_fit_pass *pass, void *context, int width,
                           double *largest);
/** Elements of a lattice from a chunk on. */
static inline double *hrs_fit_at(const hrs_lattice *lattice, hrs_fit_chunk chunk) {
  return (double *)hrs_lattice_row(lattice, chunk.row) + chunk.from;
}
/** Order of the elements of a chunk from `lane` (a multiple of HRS_FIT_LANES) on, without that of
 *  their low six bits. */
static inline int hrs_fit_base(hrs_fit_chunk chunk, hrs_count lane) {
  return hrs_order((hrs_mask)chunk.row) +
         hrs_order((hrs_mask)((chunk.from + lane) / HRS_FIT_LANES));
}
/** Prox of the state at a chunk; s gets the state's elements. */
void hrs_fit_prox_at(const hrs_fit *fit, double step, hrs_fit_chunk chunk, const double **s,
                     double (*z)[HRS_FIT_CHUNK]);

/** work = 2 prox(state) - state, projected. Collective. */
hrs_status hrs_fit_reflect(hrs_fit *fit, double step);
/** Largest dual gauge of work slots A and B over S not empty. Collective. */
hrs_status hrs_fit_gauge(hrs_fit *fit, double *gauge);
/** Joint norm of work slots A and B over S not empty. Collective. */
hrs_status hrs_fit_loss(hrs_fit *fit, double *loss);
/** (element - less) * factor as doubles, in a lattice of the fit. Not collective. */
void hrs_fit_copy(hrs_lattice *to, const hrs_lattice *from, double less, double factor);
/** (v - v(empty)) / scale: constants cost nothing and are put back in the end. Collective. */
hrs_status hrs_fit_take_values(const hrs_fit *fit, hrs_lattice *to, const hrs_lattice *v);
/** Joint shrinking of slots A and B, from s to z; the empty set stays. */
void hrs_fit_shrink(const hrs_fit *fit, double step, hrs_fit_chunk chunk, const double *const *s,
                    double (*z)[HRS_FIT_CHUNK]);

#endif
