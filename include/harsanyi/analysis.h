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
#pragma GCC visibility push(default)

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

/* ---- sets by order -------------------------------------------------------------------------- */

/** Number of sets of 1 to `orders` of n players. Not collective. */
hrs_count hrs_set_count(int n, int orders);
/** Those sets by order, then by mask: out[hrs_set_count(n, orders)]. Not collective. */
void hrs_set_list(int n, int orders, hrs_mask *out);
/** Where a set that is not empty stands in that list, whatever its `orders`. O(n). */
hrs_count hrs_set_position(int n, hrs_mask set);

/* ---- interaction indices -------------------------------------------------------------------- */

/*
 * Model. With the discrete derivative D_S(T) = Σ_{L⊆S} (-1)^{s-|L|} v(T ∪ L), every index here is a
 * *base* that weighs derivatives by the order of what they are taken at,
 *
 *     base(S) = Σ_{T⊆N∖S} p_s(t) D_S(T) = ∫ r_s(x) (K_x v)(S) dx,   K_x = [[1-x, x], [-1, 1]],
 *
 * and for some of them a combination of bases up to the highest order K,
 *
 *     I(S) = base(S) + Σ_{T⊃S, t<=K} a(s, t) base(T).
 *
 * The sum needs the sums of derivatives by order (hrs_fold), the integral whole transforms of the
 * lattice at the points of a quadrature: two ways to the same numbers. docs/theory has the proofs.
 */

/* X(name, text, default K): default 0 stands for all orders. Texts are shapiq's. */
#define HRS_INDEX_TABLE(X)                                                                         \
  X(SII, "SII", 2)                                                                                 \
  X(K_SII, "k-SII", 2)                                                                             \
  X(STII, "STII", 2)                                                                               \
  X(FSII, "FSII", 2)                                                                               \
  X(FBII, "FBII", 2)                                                                               \
  X(BII, "BII", 2)                                                                                 \
  X(CHII, "CHII", 2)                                                                               \
  X(MOEBIUS, "Moebius", 0)                                                                         \
  X(CO_MOEBIUS, "Co-Moebius", 0)                                                                   \
  X(WALSH, "Walsh", 0)

/** The indices of HRS_INDEX_TABLE. */
typedef enum hrs_index {
#define HRS_INDEX_ENUM(name, text, orders) HRS_INDEX_##name,
  HRS_INDEX_TABLE(HRS_INDEX_ENUM)
#undef HRS_INDEX_ENUM
      HRS_INDEX_LIMIT
} hrs_index;

/** "k-SII" and so on. */
const char *hrs_index_name(hrs_index index);
/** The highest order where none is given: 2, or all, and never more than n. */
int hrs_index_default_orders(hrs_index index, int n);
/** p_s(t) of an index of highest order K on n players; 1 <= s <= K, 0 outside 0 <= t <= n - s. */
double hrs_index_weight(hrs_index index, int n, int orders, int s, int t);
/** a(s, t) of an index of highest order K; 0 < s < t <= K. */
double hrs_index_aggregation(hrs_index index, int s, int t);
/** c_s(t) of an index of highest order K, with which I(S) = Σ_{T⊇S} c_s(t) m(T), m the dividends.
 *  From closed forms of its own, with nothing in common with p and a. */
double hrs_index_coefficient(hrs_index index, int orders, int s, int t);

/** The most that any value of an index up to order K can change where no v(T) changes by more than
 *  1: the largest Σ_T |factor of v(T)|, or a little above it. */
double hrs_index_sensitivity(hrs_index index, int n, int orders);

/** Room for the points of a quadrature. */
#define HRS_INDEX_POINTS 48

/** Points of a quadrature on [0,1] for the integrals of several indices: 0, 1/2 and 1, where an
 *  index takes its values at one of them (weight 0), and those of Gauss and Legendre. */
typedef struct hrs_index_points {
  int count;
  double x[HRS_INDEX_POINTS], weight[HRS_INDEX_POINTS];
} hrs_index_points;

/** The points that indices of highest orders orders[HRS_INDEX_LIMIT] (0: not wanted) need. */
void hrs_index_points_of(const int *orders, int n, hrs_index_points *out);
/** What K_x v at point q is multiplied by in the base of order s: weight times r_s(x_q). */
double hrs_index_density(hrs_index index, int orders, int s, const hrs_index_points *points, int q);

/**
 * From the sums of derivatives by order to an index.
 * Not collective. Errors: MEMORY.
 * @param sums    [1 + sets][n + 1] of hrs_fold_finish, of at least as many orders
 * @param values  [hrs_set_count(n, orders)]
 * @param error   the largest violation of the identities that tie the order s + 1 to the order s,
 *     Σ_{i∉S} base(S ∪ i) = Σ_t (t p_{s+1}(t-1) - (n-s-t) p_{s+1}(t)) Σ_{|T|=t} D_S(T),
 *   (for s = 0: Shapley values add up to v(N) - v(∅)); and for k-SII, STII and FSII, which divide
 *   v(N) - v(∅) among all their sets, that of this sum. An estimate of what rounding did.
 */
hrs_status hrs_index_from_sums(hrs_index index, int n, int orders, const double *sums,
                               double *values, double *error);
/** Bases to an index, in place: values[hrs_set_count(n, orders)]. Not collective. */
hrs_status hrs_index_aggregate(hrs_index index, int n, int orders, double *values);
/** Bytes that this takes beside the values. Not collective. */
hrs_count hrs_index_aggregate_bytes(hrs_index index, int n, int orders);
/** Does Σ_S I(S) = v(N) - v(∅) hold over all orders 1 to K? */
bool hrs_index_is_efficient(hrs_index index, int n, int orders);

/* ---- the pruned fold ------------------------------------------------------------------------ */

/**
 * Sums of derivatives by order, Σ_{|T|=t} D_S(T) for all sets S of at most K players and all t,
 * straight from v. Bit by bit, a pair (x, y) of polynomials in z becomes x + z y where the player
 * is not in S and y - x where it is; sets of more than K players are never begun. Cost:
 * (K² + 3K + 1) 2^n additions. Rows are added in order; how they are joined depends on their
 * numbers alone, so pieces that were folded elsewhere give the same bits.
 */
typedef struct hrs_fold hrs_fold;

/** For lattices of n players in rows like `row` (which bits are free), and sets of 0 <= `orders` <=
 *  n players. Not collective. Errors: MEMORY. */
hrs_status hrs_fold_create(hrs_subcube row, int n, int orders, hrs_fold **out);
/** Free it; NULL is fine. */
void hrs_fold_destroy(hrs_fold **fold);
/** Add row `number`; rows come in rising order. values[2^|free|], HRS_F64 or HRS_F32. */
hrs_status hrs_fold_row(hrs_fold *fold, hrs_dtype type, const void *values, hrs_count number);
/** Number of pieces that have not been joined yet. */
int hrs_fold_pieces(const hrs_fold *fold);
/** A piece: 2^level rows from number 2^level * index on. */
const double *hrs_fold_piece(const hrs_fold *fold, int i, int *level, hrs_count *index);
/** Doubles of a piece of a level. */
hrs_count hrs_fold_piece_size(const hrs_fold *fold, int level);
/** Add a piece of another fold of the same rows; pieces come in rising order. */
hrs_status hrs_fold_add(hrs_fold *fold, int level, hrs_count index, const double *piece);
/** After all rows: sums[1 + hrs_set_count(n, orders)][n + 1], first the empty set, then by order
 *  and mask; 0 where t > n - s. Errors: INTERNAL where rows are missing. */
hrs_status hrs_fold_finish(hrs_fold *fold, double *sums);
/** Additions that a fold takes, and bytes that it holds at most. Not collective. */
double hrs_fold_additions(int n, int orders);
/** Bytes that folding rows of 2^row_bits masks holds at a time, at most. */
double hrs_fold_bytes(int n, int row_bits, int orders);

/* ---- one interaction in several networks ---------------------------------------------------- */

/** Most networks of a joint fit. */
enum { HRS_SHARE_NETWORKS = 8 };

/** Weights of the joint norm |x| = max * max_i |x_i| + sum * Σ_i |x_i|, not both 0. */
typedef struct hrs_share {
  double max, sum;
} hrs_share;

/** The joint norm of x[networks], `stride` elements apart. Not collective. */
double hrs_share_norm(hrs_share share, int networks, const double *x, hrs_count stride);
/** Least g such that x / g is in the dual ball of the joint norm. Not collective. */
double hrs_share_gauge(hrs_share share, int networks, const double *x, hrs_count stride);
/** Proximal map of step * |x|, in place: argmin_z step |z| + ½ ‖z - x‖². Not collective. */
void hrs_share_shrink(hrs_share share, double step, int networks, double *x, hrs_count stride);

/* ---- pointwise steps of a split's iteration (docs/design/interactions.md) -------------------- */

/* None is collective; arrays do not overlap. */

/** Soft threshold: z = argmin_z soft |z| + ½ (z - s)². */
void hrs_split_shrink(double soft, hrs_count count, const double *s, double *z);
/** out = 2 z - s. */
void hrs_split_reflect(hrs_count count, const double *s, const double *z, double *out);
/** s = back * anchor + (1 - back) (s + 2 (projected - z)); returns ‖projected - z‖². */
double hrs_split_advance(double back, hrs_count count, const double *z, const double *projected,
                         const double *anchor, double *s);
/** Nearest (a, b) with sine a + cosine b = omega, where sine² + cosine² = 1. */
void hrs_split_exact(hrs_count count, const double *cosine, const double *sine, const double *omega,
                     double *a, double *b);
/** Nearest (x, y) along (cosine, sine). */
void hrs_split_together(hrs_count count, const double *cosine, const double *sine, double *x,
                        double *y);

/* ---- interactions learnt under noise --------------------------------------------------------- */

/*
 * Model (docs/theory). Weights w of the AND triggers are learnt on all 2^n masks while the trigger
 * of T is disturbed by noise of variance 2^|T| σ². With J the zeta transform, the least expected
 * loss towards the weights w* is at
 *
 *     ŵ(σ²) = M̂ w*,   M̂ = (JᵀJ + 2^n σ² D)^{-1} JᵀJ,   D = diag(2^|T|).
 *
 * JᵀJ / 2^n and D are Kronecker powers, so M̂ = from^{⊗n} diag(λ_|S| / (λ_|S| + σ²)) to^{⊗n}: a
 * transform, a factor for each order, a transform back.
 */

/** λ_s = μ₊^{n-s} μ₋^s, μ± = (5/4 ± √(17/16)) / 2, of the eigenvector S, |S| = s. Not collective.
 */
double hrs_learning_eigenvalue(int n, int s);
/** The 2x2 matrix `to`, or `from`, its inverse. Not collective. */
hrs_kernel hrs_learning_kernel(bool from);
/** Multiply coordinates, HRS_F64, on a sub-cube by λ_|S| / (λ_|S| + σ²). Not collective. */
void hrs_learning_filter(int n, double sigma2, hrs_subcube cube, double *values);
/**
 * Norms of the rows of M̂: that of row T depends on |T| = t alone, norm[t], t = 0..n. The quotient
 * of orders t and t + 1 tends to 1 as σ² falls, and to √10 as it grows. Not collective. Cost:
 * O(n^5).
 */
void hrs_learning_norms(int n, double sigma2, double *norm);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
