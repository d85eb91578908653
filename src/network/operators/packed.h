/*
 * packed.h -- rows times a constant matrix of floats, with a bias: the product of dense layers,
 * whose weights are put in order once, when a session is made.
 *
 * Why not BLAS alone: it packs the weights anew in each call, passes over the result once more for
 * the bias, and is made for large matrices. Layers of networks that are evaluated at many masks are
 * often thin (16 to 128 columns), and there this kernel is up to twice as fast.
 *
 * Each row's result depends on that row alone, whatever rows stand beside it.
 */
#ifndef HRS_NETWORK_OPERATORS_PACKED_H
#define HRS_NETWORK_OPERATORS_PACKED_H

#include "tile.h"

/** A matrix [k, n] and a bias [n], in the order in which the kernel reads them. */
typedef struct hrs_packed {
  hrs_count k, n;
  const float *bias, *panel;
  /* Not set by hrs_packed_fill: */
  bool adds; /* to what stands in the place of the result, instead of to the bias */
  bool relu; /* negative results become 0 */
} hrs_packed;

/** Floats that the packed weights take, with the bias. Errors: where they overflow. */
hrs_status hrs_packed_floats(hrs_count k, hrs_count n, hrs_count *floats);

/**
 * Pack weight[i * row + j * column], i < k, j < n.
 * @param bias  n numbers; NULL: zeros
 * @param room  hrs_packed_floats of them, that live as long as *out
 */
void hrs_packed_fill(hrs_count k, hrs_count n, const float *weight, hrs_count row, hrs_count column,
                     const float *bias, float *room, hrs_packed *out);

/** to[m, n] = from[m, k] * weights + bias, rows of both without gaps. Only where
 *  hrs_tile_available. */
void hrs_packed_run(const hrs_packed *packed, hrs_count m, const float *from, float *to);

/** Most numbers of a matrix for which hrs_packed_once is faster than BLAS. */
enum { HRS_PACKED_ONCE = 4096 };
/** to[m, n] = from[m, k] * weight[k, n] for a small matrix that is used once. */
void hrs_packed_once(hrs_count m, hrs_count n, hrs_count k, const float *from, const float *weight,
                     float *to);

#endif
