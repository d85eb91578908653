/*
 * fuse.h -- several steps of a session run as one. Internal to src/network.
 *
 * The steps that a session resolved stay as they are, with slots for all their values: the fused
 * steps are a second list, session->run, which hrs_session_run follows and for which buffers are
 * planned. A value inside a fusion has one reader and is no fetch; it keeps its slot, which is
 * never written. Weights, biases and statistics must be constants of the network: what depends on a
 * feed, shared or not, is not fused.
 *
 * Fused results differ from those of the single steps in rounding only.
 */
#ifndef HRS_NETWORK_FUSE_H
#define HRS_NETWORK_FUSE_H

#include "network/session.h"

enum { HRS_FUSION_AFTER = 4 };

/**
 * A product (dense layer or convolution), what scales and shifts its channels, and the element-wise
 * operators behind it: result = after(scale[c] * product + shift[c]).
 */
typedef struct hrs_fusion {
  const hrs_step *head;
  int axis;           /* of the channels in the result */
  hrs_count channels; /* its length */
  float *scale, *shift;
  int n_after;
  const hrs_step *after[HRS_FUSION_AFTER];
  int out; /* slot of the result */
} hrs_fusion;

/** Build session->run. */
hrs_status hrs_session_fuse(hrs_session *session);

/** The data of a slot if it is a constant of the network, of floats; else NULL. */
const float *hrs_fuse_constant(const hrs_session *session, int slot);
/** Apply the element-wise operators to n results, in place. */
hrs_status hrs_fusion_apply(const hrs_step *const *after, int n_after, hrs_count n, float *data);

/** Can a step be the head of a fusion? If so, set axis and channels, and the bias as the shift
 * (with memory for scale and shift from hrs_alloc). */
hrs_status hrs_dense_head(const hrs_session *session, const hrs_step *step, hrs_fusion *out,
                          bool *is);
/** The fused step, to be freed with hrs_step_destroy. */
hrs_status hrs_dense_fuse(hrs_session *session, const hrs_fusion *fusion, hrs_step **out);

#endif
