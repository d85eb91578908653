/* convolution.h -- what the ways to convolve share. */
#ifndef HRS_NETWORK_OPERATORS_CONVOLUTION_H
#define HRS_NETWORK_OPERATORS_CONVOLUTION_H

#include "window.h"

typedef struct hrs_conv {
  hrs_window window;
  hrs_count groups, in_channels, out_channels; /* channels of one group */
  hrs_count taps;                              /* in_channels * kernel size */
  hrs_count images;                            /* joined in one product */
  hrs_count block_offset;                      /* in the workspace, bytes */
  bool direct;                                 /* use conv_direct.h */
} hrs_conv;

/** Element-wise operators behind a convolution, done in place while its results are in the cache:
 *  apply(before_pool, ...) and, on what the max pool gives, apply(after_pool, ...). */
typedef struct hrs_conv_behind {
  hrs_status (*apply)(const void *operators, hrs_count n, float *data);
  const void *before_pool, *after_pool;
} hrs_conv_behind;

#endif
