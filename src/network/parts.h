/*
 * parts.h -- boxes of tensors, and which part of its inputs a step reads for a part of its result.
 * Internal to src/network; the model stands in narrow.h.
 */
#ifndef HRS_NETWORK_PARTS_H
#define HRS_NETWORK_PARTS_H

#include "network/steps.h"

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

#endif
