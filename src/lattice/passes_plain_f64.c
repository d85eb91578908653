/*
 * The inner loops for any processor, stored in double.
 */
#define REAL double
#define SINGLE 0
#define TARGET
#define TABLE hrs_passes_plain_f64
#include "lattice/passes_template.h"
