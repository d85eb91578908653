/*
 * loop.h -- strided loops over several operands in N dimensions: broadcasting, transposes, slices,
 * reductions. A loop is a list of axes, outermost first, each with its length and one stride (in
 * elements) per operand. Axes of length 1 vanish and axes that every operand walks contiguously
 * are merged, so that the innermost row, which a body handles in one call, is as long as it can be.
 * Instances are one more axis in front, with each tensor's step as its stride.
 */
#ifndef HRS_NETWORK_OPERATORS_LOOP_H
#define HRS_NETWORK_OPERATORS_LOOP_H

#include "network/operator.h"

enum { HRS_LOOP_RANK = 2 * HRS_MAX_RANK + 2, HRS_LOOP_OPERANDS = 4 };

typedef struct hrs_loop {
  int rank, operands;
  hrs_count dim[HRS_LOOP_RANK];
  hrs_count stride[HRS_LOOP_RANK][HRS_LOOP_OPERANDS];
} hrs_loop;

/** One row: n elements, operand k at pointer[k] + i * stride[k] elements. */
typedef void (*hrs_loop_body)(hrs_count n, char *const *pointer, const hrs_count *stride,
                              const void *context);

/** Start a loop without axes. */
void hrs_loop_start(hrs_loop *loop, int operands);
/** Add an axis inside the ones that are there; axes are merged as they come. */
void hrs_loop_axis(hrs_loop *loop, hrs_count dim, const hrs_count *stride);
/** Add an axis of a loop with two operands (target, source) or three. */
void hrs_loop_axis2(hrs_loop *loop, hrs_count dim, hrs_count target, hrs_count source);
void hrs_loop_axis3(hrs_loop *loop, hrs_count dim, hrs_count target, hrs_count a, hrs_count b);
/** Call the body for every row. size[k]: bytes of an element of operand k. */
void hrs_loop_run(const hrs_loop *loop, void *const *base, const size_t *size, hrs_loop_body body,
                  const void *context);
/** Copy elements of `size` bytes (1, 2, 4 or 8) from operand 1 to operand 0: any combination of
 *  strides, negative and zero ones included. Contiguous rows and transposes are fast. */
void hrs_loop_copy(const hrs_loop *loop, void *target, const void *source, size_t size);

/** C-order strides of a shape. */
void hrs_strides(int rank, const hrs_count *dim, hrs_count *stride);
/** Strides of a tensor seen with the (broadcast) rank and shape of another: 0 where it repeats. */
void hrs_broadcast_strides(const hrs_tensor *tensor, int rank, const hrs_count *dim,
                           hrs_count *stride);
/** Loop over the instances and all elements of `out`, every input being broadcast to it. Operand 0
 *  is out, operand k is in[k - 1]. */
void hrs_loop_broadcast(hrs_loop *loop, hrs_count batch, const hrs_tensor *out, int n_in,
                        const hrs_tensor *const *in);

#endif
