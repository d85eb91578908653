/* conv.h -- what the ways to convolve share, and the one for single images (conv_direct.c). */
#ifndef HRS_NETWORK_OPERATORS_CONV_H
#define HRS_NETWORK_OPERATORS_CONV_H

#include "window.h"

typedef struct hrs_conv {
  hrs_window window;
  hrs_count groups, in_channels, out_channels; /* channels of one group */
  hrs_count taps;                              /* in_channels * kernel size */
  hrs_count images;                            /* joined in one product */
  hrs_count block_offset;                      /* in the workspace, bytes */
  bool direct;                                 /* use the functions below */
} hrs_conv;

/** Element-wise operators behind a convolution, done in place while its results are in the cache:
 *  apply(before_pool, ...) and, on what the max pool gives, apply(after_pool, ...). */
typedef struct hrs_conv_behind {
  hrs_status (*apply)(const void *operators, hrs_count n, float *data);
  const void *before_pool, *after_pool;
} hrs_conv_behind;

/** Does the direct kernel apply on this machine, and pay? Float only. */
bool hrs_conv_direct_fits(const hrs_conv *conv);
/** Bytes of workspace for a run. Errors: INPUT where they overflow. */
hrs_status hrs_conv_direct_workspace(const hrs_conv *conv, hrs_count *bytes);
/** Images that share weights and bias (which may be NULL). */
void hrs_conv_direct_run(const hrs_conv *conv, hrs_count images, const float *x,
                         const float *weight, const float *bias, float *out, void *workspace);

#endif
