/* rows.h -- row kernels that fused steps share with operators. */
#ifndef HRS_NETWORK_OPERATORS_ROWS_H
#define HRS_NETWORK_OPERATORS_ROWS_H

#include <harsanyi/base.h>

/** y = (x - mean) / sqrt(variance + epsilon) * scale + bias for each row of n; bias may be NULL. */
void hrs_layer_normalize_f32(hrs_count rows, hrs_count n, float epsilon, const float *x,
                             const float *scale, const float *bias, float *y);

#endif
