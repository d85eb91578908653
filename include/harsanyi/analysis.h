/*
 * analysis.h -- what is read off values and interactions: pure functions on arrays.
 *
 * Model. Sums over the whole lattice are taken one sub-cube (row) at a time: each function here
 * adds what one row contributes, and whoever holds the rows adds them in row order, so that results
 * do not depend on who holds which row.
 */
#ifndef HARSANYI_ANALYSIS_H
#define HARSANYI_ANALYSIS_H

#include <harsanyi/lattice.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Sums that hrs_order_sums takes for each order: salient positive, salient negative, salient
 *  count, all positive, all negative. */
enum { HRS_ORDER_SUMS = 5 };

/**
 * Order strengths of a sub-cube of interactions: for each order m = 0..|fixed|+|free| <= n,
 *   sum[0][m] += Σ max(I(S), 0),  sum[1][m] += Σ min(I(S), 0),  sum[2][m] += count
 *                 over |S| = m, S not empty, |I(S)| >= threshold;
 *   sum[3][m], sum[4][m]: the same two sums over all S of order m, S not empty.
 * Not collective.
 * @param type    HRS_F64 or HRS_F32
 * @param values  [2^|free|], in the sub-cube's order
 * @param n       players: sum is [HRS_ORDER_SUMS][n + 1], added to
 */
hrs_status hrs_order_sums(hrs_dtype type, const void *values, hrs_subcube cube, int n,
                          double threshold, double *sum);

/**
 * Shapley and Banzhaf values straight from v: what a sub-cube of values contributes to
 *   SV_i = Σ_{S∋i} w_{s-1} v(S) - Σ_{S∌i} w_s v(S),  w_s = 1 / (n C(n-1, s))
 *   BV_i = 2^{1-n} (Σ_{S∋i} v(S) - Σ_{S∌i} v(S))
 * Not collective. Cost: two to three passes over the values for both. Errors stay at the rounding
 * of the values (2^-52 max |v|), at any n.
 * @param sum  [2][n]: SV, then BV; added to
 */
hrs_status hrs_player_values(hrs_dtype type, const void *values, hrs_subcube cube, int n,
                             double *sum);

#ifdef __cplusplus
}
#endif
#endif
