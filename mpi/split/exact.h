/* exact.h -- the split that gives v exactly. */
#ifndef HRS_MPI_SPLIT_EXACT_H
#define HRS_MPI_SPLIT_EXACT_H

#include "state.h"

extern const hrs_fit_method hrs_fit_exact;

/** By how much noise lowers the bound of the last exact dual. Work is scratch. Collective. */
hrs_status hrs_fit_exact_price(hrs_fit *fit, double step, double *price);

#endif
