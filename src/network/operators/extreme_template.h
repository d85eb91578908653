/* extreme_template.h -- maxima and minima of one type of elements (each_type.h), or NaN where one
 * is. */
#define VERB max
#define START LOWEST
#define LIFT x
#define JOIN y > x || IS_NAN(y) ? y : x
#include "fold_template.h"

#define VERB min
#define START HIGHEST
#define LIFT x
#define JOIN y < x || IS_NAN(y) ? y : x
#include "fold_template.h"
