/* softmax.h -- over which axes Softmax, LogSoftmax and Hardmax go. */
#ifndef HRS_NETWORK_OPERATORS_SOFTMAX_H
#define HRS_NETWORK_OPERATORS_SOFTMAX_H

#include "network/operator.h"

/** Axes [*from, *to) of a tensor of this rank that are one row: before operator set 13 all from
 *  `axis` on, then `axis` alone. False where the attribute does not fit the rank. */
bool hrs_softmax_axes(const hrs_node *node, int rank, int *from, int *to);

#endif
