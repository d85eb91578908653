/* pow_small_template.h -- the exponents of layer normalisation and of squares written as powers
 * (each_type.h). */
#define VERB pow_square
#define VALUE ((void)y, x * x)
#include "binary_template.h"

#define VERB pow_cube
#define VALUE ((void)y, x * x * x)
#include "binary_template.h"
