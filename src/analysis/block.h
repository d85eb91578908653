/*
 * block.h -- how sums over a sub-cube are cut: blocks of 64 runs of 64 elements. Internal to
 * src/analysis.
 *
 * Element i of a block stands in run i / 64 at lane i % 64, and its order is that of the block plus
 * that of the run plus that of the lane: two small numbers where each element would need its own.
 */
#ifndef HARSANYI_ANALYSIS_BLOCK_H
#define HARSANYI_ANALYSIS_BLOCK_H

#include "base/simd.h"

#include <harsanyi/lattice.h>

enum {
  HRS_LANE_BITS = 6,
  HRS_LANES = 64,
  HRS_BLOCK_BITS = 12,
  HRS_BLOCK = 4096,
  HRS_RUN_ORDERS = 7 /* orders of a run: 0 to 6 */
};

/** The blocks of an array of 2^bits elements. */
static inline hrs_count hrs_block_count(int bits) {
  return bits > HRS_BLOCK_BITS ? (hrs_count)1 << (bits - HRS_BLOCK_BITS) : 1;
}

/** Block `index` as doubles: where they stand, or converted into `buffer`. A block shorter than a
 *  whole one is filled up with zeros, which add nothing to any sum. */
static inline const double *hrs_block_load(hrs_dtype type, const void *values, int bits,
                                           hrs_count index, double *buffer) {
  const hrs_count from = index << HRS_BLOCK_BITS;
  if (type == HRS_F64 && bits >= HRS_BLOCK_BITS) {
    /* A block is not read in order: fetch it so. */
    const double *block = (const double *)values + from;
    for (hrs_count i = 0; i < HRS_BLOCK && index + 1 < hrs_block_count(bits); i += 8)
      hrs_prefetch(block + HRS_BLOCK + i);
    return block;
  }
  hrs_count size = bits < HRS_BLOCK_BITS ? (hrs_count)1 << bits : HRS_BLOCK;
  for (hrs_count i = 0; i < size; i++)
    buffer[i] = type == HRS_F64 ? ((const double *)values)[from + i]
                                : (double)((const float *)values)[from + i];
  for (hrs_count i = size; i < HRS_BLOCK; i++)
    buffer[i] = 0;
  return buffer;
}

/** Runs by order: those of order r are run[start[r]] to run[start[r + 1] - 1]. */
typedef struct hrs_runs {
  int start[HRS_RUN_ORDERS + 1];
  int run[HRS_LANES];
} hrs_runs;

/** The runs of a block of an array of 2^bits elements; of a short block those that it has. */
hrs_runs hrs_runs_by_order(int bits);

#endif
