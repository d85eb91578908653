/*
 * The inner loops for any processor.
 */
#define TARGET
#define TABLE hrs_passes_plain
#include "lattice/passes_template.h"
