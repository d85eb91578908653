/*
 * conv_lanes.h -- convolutions of many small images: each lane of a vector is another image.
 */
#ifndef HRS_NETWORK_OPERATORS_CONV_LANES_H
#define HRS_NETWORK_OPERATORS_CONV_LANES_H

#include "convolution.h"

/** A convolution made ready: weights packed, taps listed. One block of memory, from hrs_alloc. */
typedef struct hrs_lanes hrs_lanes;

/** Does the kernel apply on this machine, and pay? Float only. */
bool hrs_lanes_fits(const hrs_conv *conv);
/**
 * Make a convolution ready.
 * @param scale, bias  by output channel
 * @param pool         window of a MaxPool behind it; NULL: none
 */
hrs_status hrs_lanes_create(const hrs_conv *conv, const float *weight, const float *scale,
                            const float *bias, const hrs_window *pool, hrs_lanes **out);
/** Bytes of the block, and of the workspace of a run. */
hrs_count hrs_lanes_bytes(const hrs_lanes *lanes);
hrs_count hrs_lanes_workspace(const hrs_lanes *lanes);
/** Convolve `images` images. What an image gives does not depend on those beside it. */
hrs_status hrs_lanes_run(const hrs_lanes *lanes, const hrs_conv_behind *behind, hrs_count images,
                         const float *x, float *out, void *workspace);

#endif
