/* pool.h -- what a pool's attributes say, for those who compute it in another way (conv_fuse.c,
 * tables of activations): they are read once, when shapes are inferred. */
#ifndef HRS_NETWORK_OPERATORS_POOL_H
#define HRS_NETWORK_OPERATORS_POOL_H

#include "window.h"

/** The window of a MaxPool, AveragePool or LpPool whose shapes have been inferred. */
const hrs_window *hrs_pool_window(const hrs_node *node);
/** By what an AveragePool divides the sum at an output position. */
hrs_count hrs_pool_divisor(const hrs_node *node, hrs_count at);

#endif
