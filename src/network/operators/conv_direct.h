/* conv_direct.h -- convolutions of single images. */
#ifndef HRS_NETWORK_OPERATORS_CONV_DIRECT_H
#define HRS_NETWORK_OPERATORS_CONV_DIRECT_H

#include "convolution.h"

/** Does the direct kernel apply on this machine, and pay? Float only. */
bool hrs_conv_direct_fits(const hrs_conv *conv);
/** Bytes of workspace for a run. Errors: INPUT where they overflow. */
hrs_status hrs_conv_direct_workspace(const hrs_conv *conv, hrs_count *bytes);
/** Images that share weights and bias (which may be NULL). */
void hrs_conv_direct_run(const hrs_conv *conv, hrs_count images, const float *x,
                         const float *weight, const float *bias, float *out, void *workspace);

#endif
