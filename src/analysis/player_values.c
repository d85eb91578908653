/*
 * Shapley and Banzhaf values straight from v, by folding.
 *
 * Both are Σ_{S∋i} p_{s-1} v(S) - Σ_{S∌i} p_s v(S) with weights p by order: 1 / (n C(n-1, s)) and
 * 2^(1-n). So each element counts as x = p_{s-1} v(S) for the players that it holds and as
 * y = p_s v(S) against the others. With a block as 64 runs of 64 lanes, the sums of x and y down
 * the lanes and along the runs are all that its twelve players need: each is then 64 numbers,
 * folded in half bit by bit, where the upper half's x and the lower half's y belong to the player
 * of that bit. The players of higher bits are the same throughout a block and get its totals.
 * From v and not from the dividends, because these have already amplified the rounding
 * (docs/theory); and as a difference of two means, because a sum over all sets taken off again
 * would cost digits.
 *
 * Cost: less than two passes over the array; four additions and two multiplications per element.
 * Blocks are added with compensation, so that the error does not grow with their number.
 */
#include "analysis/block.h"
#include "base/simd.h"

#include <harsanyi/analysis.h>

#include <math.h>
#include <string.h>

enum { GROUP = 8 };

/* p_{s-1} and p_s at s = t + |lane|, for one order t of what stands above the lanes. */
typedef struct weights {
  double in[HRS_LANES], out[HRS_LANES];
} weights;

/* Sums of a block. */
typedef struct block_sums {
  double lane[HRS_RUN_ORDERS][HRS_LANES]; /* down the lanes, of v, by order of the run */
  double in[HRS_LANES], out[HRS_LANES];   /* along the runs, weighted by p_{s-1} and p_s */
  double plain[HRS_LANES];                /* along the runs, of v */
} block_sums;

HRS_INLINE void sum_lanes(const double *block, const hrs_runs *runs, block_sums *s) {
  for (int order = 0; order < HRS_RUN_ORDERS; order++) {
    for (int lane = 0; lane < HRS_LANES; lane += GROUP) {
      hrs_sums sums = {0};
      for (int r = runs->start[order]; r < runs->start[order + 1]; r++)
        hrs_sums_add(&sums, block + runs->run[r] * HRS_LANES + lane);
      hrs_sums_store(&sums, s->lane[order] + lane);
    }
  }
}

/* Runs of order r have the weights w[r]. */
HRS_INLINE void sum_runs(const double *block, const hrs_runs *runs, const weights *w,
                         block_sums *s) {
  for (int r = 0; r < runs->start[HRS_RUN_ORDERS]; r++) {
    const int run = runs->run[r];
    const weights *u = w + hrs_order((hrs_mask)run);
    hrs_sums in = {0}, out = {0}, plain = {0};
    for (int lane = 0; lane < HRS_LANES; lane += GROUP) {
      const double *x = block + run * HRS_LANES + lane;
      hrs_sums_add_products(&in, u->in + lane, x);
      hrs_sums_add_products(&out, u->out + lane, x);
      hrs_sums_add(&plain, x);
    }
    s->in[run] = hrs_sums_total(&in);
    s->out[run] = hrs_sums_total(&out);
    s->plain[run] = hrs_sums_total(&plain);
  }
}

typedef void summer(const double *block, const hrs_runs *runs, const weights *w, block_sums *s);

static void sum_block_any(const double *block, const hrs_runs *runs, const weights *w,
                          block_sums *s) {
  sum_runs(block, runs, w, s);
  sum_lanes(block, runs, s);
}

HRS_TARGET_AVX2 static void sum_block_avx2(const double *block, const hrs_runs *runs,
                                           const weights *w, block_sums *s) {
  sum_runs(block, runs, w, s);
  sum_lanes(block, runs, s);
}

/* A sum and what rounding took from it (Neumaier). */
typedef struct exact_sum {
  double sum, lost;
} exact_sum;

static void add(exact_sum *to, double x) {
  double sum = to->sum + x;
  to->lost += fabs(to->sum) >= fabs(x) ? (to->sum - sum) + x : (x - sum) + to->sum;
  to->sum = sum;
}

/* What the sets of a sub-cube say of a player: of one that they all hold, of one that none holds,
 * and of each free one. */
typedef struct folding {
  exact_sum held, missing, free[HRS_MAX_PLAYERS];
} folding;

/* Sum of x[2^bits], whose contents are lost. */
static double fold(double *restrict x, int bits) {
  for (int half = 1 << bits >> 1; half; half /= 2) {
    for (int i = 0; i < half; i++)
      x[i] += x[half + i];
  }
  return x[0];
}

/* The six players of 64 sums; x and y hold their totals at [0] in the end. */
static void fold_64(double *restrict x, double *restrict y, exact_sum *to) {
  double part[HRS_LANES / 2];
  for (int b = HRS_LANE_BITS - 1; b >= 0; b--) {
    const int half = 1 << b;
    for (int i = 0; i < half; i++) {
      part[i] = x[half + i] - y[i];
      x[i] += x[half + i];
      y[i] += y[half + i];
    }
    add(&to[b], fold(part, b));
  }
}

/* All players of a block; the arrays' contents are lost. */
static void fold_block(folding *f, int bits, hrs_count block, double *lane_in, double *lane_out,
                       double *run_in, double *run_out) {
  fold_64(lane_in, lane_out, f->free);
  fold_64(run_in, run_out, f->free + HRS_LANE_BITS);
  const double held = lane_in[0], missing = -lane_out[0];
  for (int b = HRS_BLOCK_BITS; b < bits; b++)
    add(&f->free[b], block >> (b - HRS_BLOCK_BITS) & 1 ? held : missing);
  add(&f->held, held);
  add(&f->missing, missing);
}

static void fold_shapley(folding *f, int bits, hrs_count block, const weights *w, block_sums *s) {
  double in[HRS_LANES] = {0}, out[HRS_LANES] = {0};
  for (int order = 0; order < HRS_RUN_ORDERS; order++) {
    for (int lane = 0; lane < HRS_LANES; lane++) {
      in[lane] += w[order].in[lane] * s->lane[order][lane];
      out[lane] += w[order].out[lane] * s->lane[order][lane];
    }
  }
  fold_block(f, bits, block, in, out, s->in, s->out);
}

static void fold_banzhaf(folding *f, int bits, hrs_count block, block_sums *s) {
  double lane_in[HRS_LANES] = {0}, lane_out[HRS_LANES], run_out[HRS_LANES];
  for (int order = 0; order < HRS_RUN_ORDERS; order++) {
    for (int lane = 0; lane < HRS_LANES; lane++)
      lane_in[lane] += s->lane[order][lane];
  }
  memcpy(lane_out, lane_in, sizeof lane_out);
  memcpy(run_out, s->plain, sizeof run_out);
  fold_block(f, bits, block, lane_in, lane_out, s->plain, run_out);
}

/* For the orders first..last of what stands above the lanes; 0 where there is no such set. Rows may
 * be short and many: no more than they need, and binomial coefficients one from the other. */
static void shapley_weights(int n, int first, int last, weights *w) {
  double p[HRS_MAX_PLAYERS], sets = 1;
  for (int s = 0; s < n; s++) {
    p[s] = 1 / (n * sets);
    sets = sets * (n - 1 - s) / (s + 1);
  }
  for (int t = first; t <= last; t++) {
    for (int lane = 0; lane < HRS_LANES; lane++) {
      int s = t + hrs_order((hrs_mask)lane);
      w[t].in[lane] = s > 0 && s <= n ? p[s - 1] : 0;
      w[t].out[lane] = s < n ? p[s] : 0;
    }
  }
}

static void add_players(const folding *f, hrs_subcube cube, int n, double scale, double *sum) {
  const exact_sum *free = f->free;
  for (int i = 0; i < n; i++) {
    const exact_sum *part = cube.free >> i & 1    ? free++
                            : cube.fixed >> i & 1 ? &f->held
                                                  : &f->missing;
    sum[i] += scale * (part->sum + part->lost);
  }
}

hrs_status hrs_player_values(hrs_dtype type, const void *values, hrs_subcube cube, int n,
                             double *sum) {
  HRS_REQUIRE(type == HRS_F64 || type == HRS_F32, USAGE,
              "player values: elements are %s, must be float64 or float32", hrs_dtype_name(type));
  summer *sum_block = hrs_has_avx2() ? sum_block_avx2 : sum_block_any;
  const int bits = hrs_order(cube.free), base = hrs_order(cube.fixed);
  const hrs_runs runs = hrs_runs_by_order(bits);
  weights *w;
  HRS_TRY(hrs_alloc(n + HRS_RUN_ORDERS, sizeof *w, &w));
  int above_lanes = bits > HRS_BLOCK_BITS ? bits - HRS_LANE_BITS : HRS_RUN_ORDERS - 1;
  shapley_weights(n, base, base + above_lanes, w);
  folding shapley = {{0, 0}, {0, 0}, {{0, 0}}}, banzhaf = shapley;
  double buffer[HRS_BLOCK];
  block_sums sums;
  memset(&sums, 0, sizeof sums); /* of a short block, the runs that it lacks stay 0 */
  for (hrs_count b = 0; b < hrs_block_count(bits); b++) {
    const double *block = hrs_block_load(type, values, bits, b, buffer);
    const weights *above = w + base + hrs_order((hrs_mask)b);
    sum_block(block, &runs, above, &sums);
    fold_shapley(&shapley, bits, b, above, &sums);
    fold_banzhaf(&banzhaf, bits, b, &sums);
  }
  hrs_free(w);
  add_players(&shapley, cube, n, 1, sum);
  add_players(&banzhaf, cube, n, ldexp(1, 1 - n), sum + n);
  return HRS_OK;
}
