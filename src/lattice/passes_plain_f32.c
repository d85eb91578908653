/*
 * The inner loops for any processor, stored in float.
 */
#define REAL float
#define SINGLE 1
#define LANES 4
#define TARGET
#define TABLE hrs_passes_plain_f32
#include "lattice/passes_template.h"
