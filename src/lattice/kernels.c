/*
 * The named kernels.
 */
#include "lattice/engines.h"

static const hrs_kernel kernels[HRS_KERNEL_LIMIT] = {
#define ENTRY(name, a, b, c, d) [HRS_KERNEL_##name] = {{{a, b}, {c, d}}},
    HRS_KERNEL_TABLE(ENTRY)
#undef ENTRY
};

static const char *const texts[HRS_KERNEL_LIMIT] = {
    [HRS_KERNEL_MOBIUS] = "mobius",
    [HRS_KERNEL_ZETA] = "zeta",
    [HRS_KERNEL_MOBIUS_ADJOINT] = "mobius-adjoint",
    [HRS_KERNEL_ZETA_ADJOINT] = "zeta-adjoint",
    [HRS_KERNEL_OR] = "or",
    [HRS_KERNEL_OR_INVERSE] = "or-inverse",
    [HRS_KERNEL_OR_FROM_AND] = "or-from-and",
    [HRS_KERNEL_WALSH] = "walsh",
};

hrs_kernel hrs_kernel_get(hrs_kernel_name name) {
  return kernels[name];
}

const char *hrs_kernel_text(hrs_kernel_name name) {
  return texts[name];
}

hrs_kernel hrs_kernel_adjoint(hrs_kernel kernel) {
  hrs_kernel adjoint = {{{kernel.k[0][0], kernel.k[1][0]}, {kernel.k[0][1], kernel.k[1][1]}}};
  return adjoint;
}

int hrs_kernel_pattern(const hrs_kernel *kernel) {
  return (kernel->k[0][0] != 0) | (kernel->k[0][1] != 0) << 1 | (kernel->k[1][0] != 0) << 2 |
         (kernel->k[1][1] != 0) << 3;
}
