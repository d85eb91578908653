/*
 * conv_winograd.h -- convolutions of 3x3 with stride 1 in less than half of the multiply-adds.
 */
#ifndef HRS_NETWORK_OPERATORS_CONV_WINOGRAD_H
#define HRS_NETWORK_OPERATORS_CONV_WINOGRAD_H

#include "convolution.h"

/** A convolution made ready: weights transformed and packed. One block of memory, from hrs_alloc.
 */
typedef struct hrs_winograd hrs_winograd;

/** Does the kernel apply on this machine? Float only. */
bool hrs_winograd_fits(const hrs_conv *conv);
/** Where it fits: is it less work than with images side by side (conv_lanes.h)? */
bool hrs_winograd_pays(const hrs_conv *conv);
/** Can it take up this MaxPool, whose windows would be its tiles? */
bool hrs_winograd_takes_pool(const hrs_conv *conv, const hrs_window *pool);
/** Make a convolution ready.
 *  @param scale, bias  by output channel
 *  @param pools        a MaxPool that it takes up stands behind it */
hrs_status hrs_winograd_create(const hrs_conv *conv, const float *weight, const float *scale,
                               const float *bias, bool pools, hrs_winograd **out);
/** Bytes of the block, and of the workspace of a run. */
hrs_count hrs_winograd_bytes(const hrs_winograd *winograd);
hrs_count hrs_winograd_workspace(const hrs_winograd *winograd);
/** Convolve `images` images. What an image gives does not depend on those beside it. */
hrs_status hrs_winograd_run(const hrs_winograd *winograd, const hrs_conv_behind *behind,
                            hrs_count images, const float *x, float *out, void *workspace);

#endif
