/*
 * Shapley and Banzhaf values straight from v: sums over the sets that hold a player, by folding.
 *
 * With x = w(|S|) v(S) in blocks of 64 runs by 64 lanes, the sums down the lanes and along the runs
 * are all that the twelve players of a block need: each is then 64 numbers, folded in half bit by
 * bit, where the upper half's sum is what the sets with that player add. The players of higher bits
 * are the same throughout a block and get its total. From v and not from the dividends, because
 * the dividends have already amplified the rounding (docs/theory).
 *
 * Cost: about one pass over the array; per element two multiplications and five additions.
 * Blocks are added with compensation, so that the error does not grow with their number.
 */
#include "analysis/block.h"
#include "lattice/simd.h"

#include <harsanyi/analysis.h>

#include <math.h>

enum { GROUP = 8 };

/* Sums of a block, down the lanes and along the runs: of the values weighted for the sets with a
 * player, of the values as they are, and of those weighted for all sets (of which the total is
 * enough). */
typedef struct block_sums {
  double with_lane[HRS_LANES], with_run[HRS_LANES];
  double one_lane[HRS_LANES], one_run[HRS_LANES];
  double all;
} block_sums;

/* Weights by lane, for each order of what stands above the lane. */
typedef struct weights {
  double with[HRS_LANES], all[HRS_LANES];
} weights;

static double sum_of(const double *x) {
  return ((x[0] + x[4]) + (x[2] + x[6])) + ((x[1] + x[5]) + (x[3] + x[7]));
}

/* One block, whose runs of order r have the weights w[r]. */
HRS_INLINE void add_block(const double *block, const weights *w, block_sums *s) {
  *s = (block_sums){{0}, {0}, {0}, {0}, 0};
  double all[GROUP] = {0};
  for (int run = 0; run < HRS_LANES; run++) {
    const double *x = block + run * HRS_LANES;
    const weights *u = w + hrs_order((hrs_mask)run);
    double with[GROUP] = {0}, one[GROUP] = {0};
    for (int lane = 0; lane < HRS_LANES; lane += GROUP) {
      for (int i = 0; i < GROUP; i++) {
        double value = x[lane + i], weighted = u->with[lane + i] * value;
        s->with_lane[lane + i] += weighted;
        s->one_lane[lane + i] += value;
        with[i] += weighted;
        one[i] += value;
        all[i] += u->all[lane + i] * value;
      }
    }
    s->with_run[run] = sum_of(with);
    s->one_run[run] = sum_of(one);
  }
  s->all = sum_of(all);
}

typedef void adder(const double *block, const weights *w, block_sums *s);

static void add_block_plain(const double *block, const weights *w, block_sums *s) {
  add_block(block, w, s);
}

HRS_TARGET_AVX2 static void add_block_avx2(const double *block, const weights *w, block_sums *s) {
  add_block(block, w, s);
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

static double value_of(exact_sum s) {
  return s.sum + s.lost;
}

/* Sums over the sets of a sub-cube that hold a player, by free bit, and over all of them. */
typedef struct folding {
  exact_sum set[HRS_MAX_PLAYERS], total;
} folding;

/* Fold 64 sums away: to[b] gets those whose index has bit b; returns the total. */
static double fold_64(const double *sums, exact_sum *to) {
  double x[HRS_LANES];
  for (int i = 0; i < HRS_LANES; i++)
    x[i] = sums[i];
  for (int b = HRS_LANE_BITS - 1; b >= 0; b--) {
    double upper[HRS_LANES];
    int half = 1 << b;
    for (int i = 0; i < half; i++) {
      upper[i] = x[half + i];
      x[i] += x[half + i];
    }
    for (int k = half / 2; k > 0; k /= 2) {
      for (int i = 0; i < k; i++)
        upper[i] += upper[k + i];
    }
    add(&to[b], upper[0]);
  }
  return x[0];
}

static void fold_block(folding *f, const double *lane_sums, const double *run_sums,
                       hrs_count block) {
  double total = fold_64(lane_sums, f->set);
  fold_64(run_sums, f->set + HRS_LANE_BITS);
  for (int b = HRS_BLOCK_BITS; block; b++, block >>= 1)
    if (block & 1) add(&f->set[b], total);
  add(&f->total, total);
}

/* w[t].with[lane] = w_{s-1} + w_s and w[t].all[lane] = w_s at s = t + |lane|; 0 beyond n. */
static void shapley_weights(int n, weights *w) {
  double by_order[HRS_MAX_PLAYERS + 1];
  for (int s = 0; s < n; s++)
    by_order[s] = 1 / (n * hrs_binomial(n - 1, s));
  by_order[n] = 0;
  for (int t = 0; t <= n; t++) {
    for (int lane = 0; lane < HRS_LANES; lane++) {
      int s = t + hrs_order((hrs_mask)lane);
      w[t].all[lane] = s <= n ? by_order[s] : 0;
      w[t].with[lane] = s > 0 && s <= n ? by_order[s - 1] + by_order[s] : 0;
    }
  }
}

hrs_status hrs_player_values(hrs_dtype type, const void *values, hrs_subcube cube, int n,
                             double *sum) {
  HRS_REQUIRE(type == HRS_F64 || type == HRS_F32, USAGE,
              "player values: elements are %s, must be float64 or float32", hrs_dtype_name(type));
  adder *add_one = hrs_has_avx2() ? add_block_avx2 : add_block_plain;
  const int bits = hrs_order(cube.free), base = hrs_order(cube.fixed);
  /* A short block is filled up with zeros, whose runs reach six orders further. */
  weights *w;
  HRS_TRY(hrs_calloc(n + 1 + HRS_LANE_BITS, sizeof *w, &w));
  shapley_weights(n, w);
  folding with = {{{0, 0}}, {0, 0}}, one = with;
  exact_sum all = {0, 0};
  double buffer[HRS_BLOCK];
  block_sums s;
  for (hrs_count b = 0; b < hrs_block_count(bits); b++) {
    const double *block = hrs_block_load(type, values, bits, b, buffer);
    add_one(block, w + base + hrs_order((hrs_mask)b), &s);
    fold_block(&with, s.with_lane, s.with_run, b);
    fold_block(&one, s.one_lane, s.one_run, b);
    add(&all, s.all);
  }
  hrs_free(w);
  const double scale = ldexp(1, 1 - n);
  for (int i = 0, bit = 0; i < n; i++) {
    bool is_free = cube.free >> i & 1, is_fixed = cube.fixed >> i & 1;
    exact_sum none = {0, 0};
    exact_sum shapley = is_free ? with.set[bit] : is_fixed ? with.total : none;
    exact_sum banzhaf = is_free ? one.set[bit] : is_fixed ? one.total : none;
    sum[i] += (shapley.sum - all.sum) + (shapley.lost - all.lost);
    sum[n + i] += scale * (2 * value_of(banzhaf) - value_of(one.total));
    bit += is_free;
  }
  return HRS_OK;
}
