/*
 * The inner loops for x86 processors with AVX-512, stored in double.
 */
#include "base/simd.h"

#ifdef HRS_HAVE_X86
#define REAL double
#define SINGLE 0
#define TARGET HRS_TARGET_AVX512
#define TABLE hrs_passes_avx512_f64
#include "lattice/passes_template.h"
#endif
