/*
 * The inner loops for x86 processors with AVX2. Fused multiply-adds are left off, so that the bits
 * are those of every other processor.
 */
#include "lattice/passes.h"

#ifdef HRS_HAVE_AVX2
#define TARGET HRS_TARGET_AVX2
#define TABLE hrs_passes_avx2
#include "lattice/passes_template.h"
#endif
