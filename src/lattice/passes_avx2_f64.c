/*
 * The inner loops for x86 processors with AVX2, stored in double.
 */
#include "base/simd.h"

#ifdef HRS_HAVE_X86
#define REAL double
#define SINGLE 0
#define TARGET HRS_TARGET_AVX2
#define TABLE hrs_passes_avx2_f64
#include "lattice/passes_template.h"
#endif
