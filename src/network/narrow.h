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

#include "network/session.h"

/** Elements [from, to) along each axis of a tensor; never empty. */
typedef struct hrs_part {
  hrs_count from[HRS_MAX_RANK], to[HRS_MAX_RANK];
} hrs_part;

hrs_part hrs_part_all(const hrs_tensor *tensor);
bool hrs_part_is_all(const hrs_tensor *tensor, const hrs_part *part);
bool hrs_part_holds(int rank, const hrs_part *large, const hrs_part *small);
hrs_count hrs_part_count(int rank, const hrs_part *part);
/** The smallest part that holds both. */
hrs_part hrs_part_join(int rank, const hrs_part *a, const hrs_part *b);

/** How a part of a result is made from parts of operands. */
typedef enum hrs_narrowing {
  HRS_NARROW_NEVER,
  HRS_NARROW_BROADCAST, /* element by element */
  HRS_NARROW_PRODUCT,
  HRS_NARROW_AXES,     /* the same part, all of the axes in `whole`; other operands as they are */
  HRS_NARROW_CHANNELS, /* the same part; the other operands are vectors along axis 1 */
  HRS_NARROW_REDUCE,   /* axes that become 1 are needed whole */
  HRS_NARROW_TRANSPOSE,
  HRS_NARROW_VIEW, /* the same bytes: made anew as a Reshape */
  HRS_NARROW_EXPAND,
  HRS_NARROW_EMBED,      /* a Gather of several indices, or of one that varies */
  HRS_NARROW_PICK_INDEX, /* from here on the result is itself a part of the first operand */
  HRS_NARROW_PICK
} hrs_narrowing;

/** What narrowing knows of a step. */
typedef struct hrs_narrowable {
  hrs_narrowing how;
  int axis;       /* that is indexed */
  unsigned whole; /* axes of the result, as bits, that no part of it leaves out anything of */
} hrs_narrowable;

hrs_narrowable hrs_narrowable_of(const hrs_session *session, const hrs_step *step);
/** The least part that holds this one and can be made alone. */
void hrs_part_close(const hrs_session *session, const hrs_step *step, hrs_narrowable how,
                    hrs_part *part);
/** The part of input `k` that a part of output `output`, which hrs_part_close has seen, is made of.
 */
hrs_part hrs_part_needed(const hrs_session *session, const hrs_step *step, hrs_narrowable how,
                         int output, const hrs_part *part, int k);

/** Narrow session->step, and count multiply_adds again. */
hrs_status hrs_session_narrow(hrs_session *session);

#endif
