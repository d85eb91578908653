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

#include "network/steps.h"

/** Build session->run. */
hrs_status hrs_session_fuse(hrs_session *session);

#endif
