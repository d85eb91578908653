/*
 * narrow.h -- steps of a session that are computed as far as they are read. Internal to
 * src/network.
 *
 * Model. A *part* of a tensor is a box: a range of each axis. A Gather with one index, a Slice or a
 * Split reads a part of its input. From there parts go backward: an element-wise operator needs the
 * same part of its operands, a matrix product the same rows of the one and the same columns of the
 * other, and so on (parts.c). Where the readers of a tensor need all of it between them, it stays
 * whole; else its step is made anew for each part (narrow.c), with a Slice where an operand is
 * there as a whole or as a larger part.
 *
 * A session is left as it was unless the new steps are less work in all. Results differ in rounding
 * only, where a kernel adds up in another order for fewer rows.
 */
#ifndef HRS_NETWORK_NARROW_H
#define HRS_NETWORK_NARROW_H

#include "network/steps.h"

/** Narrow session->step, and count multiply_adds again. */
hrs_status hrs_session_narrow(hrs_session *session);

#endif
