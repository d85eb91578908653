/*
 * fusion.h -- what a fused step stands for, and what the pass (fuse.h) and the kernels that a fused
 * step has as its head share. Internal to src/network.
 */
#ifndef HRS_NETWORK_FUSION_H
#define HRS_NETWORK_FUSION_H

#include "network/steps.h"

enum { HRS_FUSION_AFTER = 4 };

/** Element-wise operators, one after the other. */
typedef struct hrs_fusion_list {
  int n;
  const hrs_step *step[HRS_FUSION_AFTER];
} hrs_fusion_list;

/**
 * A product (dense layer or convolution), what scales and shifts its channels, and the element-wise
 * operators and the pool behind it: result = after(scale[c] * product + shift[c]).
 */
typedef struct hrs_fusion {
  const hrs_step *head;
  int axis;           /* of the channels in the result */
  hrs_count channels; /* its length */
  float *scale, *shift;
  hrs_fusion_list after;
  const hrs_step *pool; /* a MaxPool behind a convolution; NULL: none */
  hrs_fusion_list later;
  int out; /* slot of the result */
} hrs_fusion;

/** What the pass knows of a session. */
typedef struct hrs_fuser {
  hrs_session *s;
  int *uses, *reader; /* by slot: how many inputs and fetches it is, and the last step of these */
  bool *taken;        /* by step: part of a fusion */
} hrs_fuser;

/** The data of a slot if it is a constant of the network, of floats; else NULL. */
const float *hrs_fuse_constant(const hrs_session *session, int slot);
/**
 * Put a BatchNormalization, whose statistics are constants, into factors and shifts by channel:
 * y = (x - mean) * scale / sqrt(variance + epsilon) + bias. False where it does not fit.
 */
bool hrs_fuse_normalization(const hrs_session *session, const hrs_step *step, hrs_count channels,
                            float *scale, float *shift);
/** Apply a hrs_fusion_list to n results, in place. */
hrs_status hrs_fusion_apply(const void *list, hrs_count n, float *data);

/** Can a step be the head of a fusion? If so, set axis and channels, and the bias as the shift
 * (with memory for scale and shift from hrs_alloc). */
hrs_status hrs_dense_head(const hrs_session *session, const hrs_step *step, hrs_fusion *out,
                          bool *is);
/** The fused step, to be freed with hrs_step_destroy. */
hrs_status hrs_dense_fuse(hrs_session *session, const hrs_fusion *fusion, hrs_step **out);

/** The same for convolutions; and may a step be the pool behind one? */
hrs_status hrs_conv_head(const hrs_session *session, const hrs_step *step, hrs_fusion *out,
                         bool *is);
bool hrs_conv_takes_pool(const hrs_session *session, const hrs_fusion *fusion,
                         const hrs_step *pool);
hrs_status hrs_conv_fuse(hrs_session *session, const hrs_fusion *fusion, hrs_step **out);

/** A row kernel in place of the steps from number `at` on that it stands for, which are marked as
 *  taken (rows.c); *out is NULL where none fits. */
hrs_status hrs_rows_fuse(hrs_fuser *fuser, int at, hrs_step **out);

#endif
