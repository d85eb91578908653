/* move.h -- where Slice and Split begin, for those who look through them. */
#ifndef HRS_NETWORK_OPERATORS_MOVE_H
#define HRS_NETWORK_OPERATORS_MOVE_H

#include "network/operator.h"

/** After infer of a Slice: is output 0 a part of the input, with steps of 1? Then where it starts
 *  along each axis. */
bool hrs_slice_start(const hrs_call *call, hrs_count *start);
/** After infer of a Split: where an output starts along each axis. */
void hrs_split_start(const hrs_call *call, int output, hrs_count *start);

#endif
