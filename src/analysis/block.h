/*
 * block.h -- how sums over a sub-cube are cut: blocks of 64 runs of 64 elements. Internal to
 * src/analysis.
 *
 * Element i of a block stands in run i / 64 at lane i % 64, and its order is that of the block plus
 * that of the run plus that of the lane: two small numbers where each element would need its own.
 */
#ifndef HARSANYI_ANALYSIS_BLOCK_H
#define HARSANYI_ANALYSIS_BLOCK_H

#include <harsanyi/lattice.h>

enum { HRS_LANE_BITS = 6, HRS_LANES = 64, HRS_BLOCK_BITS = 12, HRS_BLOCK = 4096 };

/** The blocks of an array of 2^bits elements. */
static inline hrs_count hrs_block_count(int bits) {
  return bits > HRS_BLOCK_BITS ? (hrs_count)1 << (bits - HRS_BLOCK_BITS) : 1;
}

/** Block `index` as doubles: where they stand, or converted into `buffer`. A block shorter than a
 *  whole one is filled up with zeros, which add nothing to any sum. */
static inline const double *hrs_block_load(hrs_dtype type, const void *values, int bits,
                                           hrs_count index, double *buffer) {
  const hrs_count from = index << HRS_BLOCK_BITS;
  if (type == HRS_F64 && bits >= HRS_BLOCK_BITS) return (const double *)values + from;
  hrs_count size = bits < HRS_BLOCK_BITS ? (hrs_count)1 << bits : HRS_BLOCK;
  for (hrs_count i = 0; i < size; i++)
    buffer[i] = type == HRS_F64 ? ((const double *)values)[from + i]
                                : (double)((const float *)values)[from + i];
  for (hrs_count i = size; i < HRS_BLOCK; i++)
    buffer[i] = 0;
  return buffer;
}

#endif
