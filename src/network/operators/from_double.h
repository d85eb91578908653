/*
 * from_double.h -- hrs_to_<type>: what Cast gives for a double. C leaves open what a number becomes
 * that an integer type does not have: here it is the nearest one that the type has, and 0 for NaN.
 */
#ifndef HRS_NETWORK_OPERATORS_FROM_DOUBLE_H
#define HRS_NETWORK_OPERATORS_FROM_DOUBLE_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#define TEMPLATE "from_double_template.h"
#define TYPES NUMBER
#include "each_type.h"

#endif
