/* check_indices.h -- interaction indices: their sets, sums, and values from the dividends. */
#ifndef HRS_MPI_PROGRAM_KINDS_INTERACTIONS_CHECK_INDICES_H
#define HRS_MPI_PROGRAM_KINDS_INTERACTIONS_CHECK_INDICES_H

#include "check_row.h"

hrs_status hrs_check_indices(hrs_check_row *r);

#endif
