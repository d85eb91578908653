/* bounded.h -- the split that may miss v within bounds. */
#ifndef HRS_MPI_SPLIT_BOUNDED_H
#define HRS_MPI_SPLIT_BOUNDED_H

#include "state.h"

extern const hrs_fit_method hrs_fit_bounded;

/** Largest difference of γ between networks, for interactions in work slots A and B, which become
 *  values in phase B. Collective. */
hrs_status hrs_fit_range(hrs_fit *fit, double *range);

#endif
