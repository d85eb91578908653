/*
 * Order strengths of a sub-cube.
 *
 * Runs of one order are taken together (in a block, C(6, r) of the 64 have order r), so that for
 * eight lanes at a time all sums of the loop stay in registers. Each lane has sums of its own for
 * each order of what stands above it; at the end the lanes are sorted by their own order.
 *
 * Cost: about one pass over the array, and 5 * 64 additions per block and order of a run.
 */
#include "analysis/block.h"
#include "base/simd.h"

#include <harsanyi/analysis.h>

#include <math.h>

enum { GROUP = 8 };

/* Sums by lane. */
typedef struct lanes {
  double sum[HRS_ORDER_SUMS][HRS_LANES];
} lanes;

/* Add a block, whose runs of order r go to to[r]. */
HRS_INLINE void add_block(const double *restrict block, const hrs_runs *by_order, double threshold,
                          lanes *restrict to) {
  for (int order = 0; order < HRS_RUN_ORDERS; order++) {
    for (int lane = 0; lane < HRS_LANES; lane += GROUP) {
      double part[HRS_ORDER_SUMS][GROUP] = {{0}};
      for (int r = by_order->start[order]; r < by_order->start[order + 1]; r++) {
        const double *x = block + by_order->run[r] * HRS_LANES + lane;
        for (int i = 0; i < GROUP; i++) {
          double positive = x[i] > 0 ? x[i] : 0, negative = x[i] < 0 ? x[i] : 0;
          part[0][i] += positive >= threshold ? positive : 0;
          part[1][i] += -negative >= threshold ? negative : 0;
          part[2][i] += fabs(x[i]) >= threshold ? 1 : 0;
          part[3][i] += positive;
          part[4][i] += negative;
        }
      }
      for (int what = 0; what < HRS_ORDER_SUMS; what++) {
        for (int i = 0; i < GROUP; i++)
          to[order].sum[what][lane + i] += part[what][i];
      }
    }
  }
}

typedef void adder(const double *block, const hrs_runs *by_order, double threshold, lanes *to);

static void add_block_plain(const double *block, const hrs_runs *by_order, double threshold,
                            lanes *to) {
  add_block(block, by_order, threshold, to);
}

HRS_TARGET_AVX2 static void add_block_avx2(const double *block, const hrs_runs *by_order,
                                           double threshold, lanes *to) {
  add_block(block, by_order, threshold, to);
}

hrs_status hrs_order_sums(hrs_dtype type, const void *values, hrs_subcube cube, int n,
                          double threshold, double *sum) {
  HRS_REQUIRE(type == HRS_F64 || type == HRS_F32, USAGE,
              "order sums: elements are %s, must be float64 or float32", hrs_dtype_name(type));
  adder *add = hrs_has_avx2() ? add_block_avx2 : add_block_plain;
  const int bits = hrs_order(cube.free), base = hrs_order(cube.fixed);
  const int width = bits < HRS_LANE_BITS ? 1 << bits : HRS_LANES;
  const hrs_runs by_order = hrs_runs_by_order(bits);
  const int high_bits = bits > HRS_BLOCK_BITS ? bits - HRS_BLOCK_BITS : 0;
  lanes *above;
  HRS_TRY(hrs_calloc(high_bits + HRS_RUN_ORDERS, sizeof *above, &above));
  double buffer[HRS_BLOCK];
  for (hrs_count b = 0; b < hrs_block_count(bits); b++) {
    const double *block = hrs_block_load(type, values, bits, b, buffer);
    add(block, &by_order, threshold, above + hrs_order((hrs_mask)b));
  }
  /* Order 0 is the empty set alone, which counts nowhere; orders above n have no runs. */
  for (int high = 0; high < high_bits + HRS_RUN_ORDERS; high++) {
    for (int lane = 0; lane < width; lane++) {
      int order = base + high + hrs_order((hrs_mask)lane);
      for (int what = 0; order > 0 && order <= n && what < HRS_ORDER_SUMS; what++)
        sum[what * (n + 1) + order] += above[high].sum[what][lane];
    }
  }
  hrs_free(above);
  return HRS_OK;
}
