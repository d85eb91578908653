/* reduce.h -- over which axes a reduction goes. */
#ifndef HRS_NETWORK_OPERATORS_REDUCE_H
#define HRS_NETWORK_OPERATORS_REDUCE_H

#include "network/operator.h"

/** Axes of the input as bits, of a reduction whose shapes have been inferred. */
unsigned hrs_reduced_axes(const hrs_node *node);

#endif
