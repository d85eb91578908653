/*
 * The inner loops for x86 processors with AVX2, stored in float.
 */
#include "base/simd.h"

#ifdef HRS_HAVE_X86
#define REAL float
#define SINGLE 1
#define LANES 8
#define TARGET HRS_TARGET_AVX2
#define TABLE hrs_passes_avx2_f32
#include "lattice/passes_template.h"
#endif
