/* reconstruct.h -- values from chosen interactions, inside a fit. */
#ifndef HRS_MPI_SPLIT_RECONSTRUCT_H
#define HRS_MPI_SPLIT_RECONSTRUCT_H

#include "state.h"

/** The constant at which the largest errors above and below are the same, where the network's AND
 *  interaction of the empty set is v(empty) now. Collective. */
hrs_status hrs_fit_centre(hrs_fit *fit, int network, hrs_lattice *v, double *constant);

#endif
