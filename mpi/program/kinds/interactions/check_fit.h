/* check_fit.h -- a fitted row: /fit, /reconstruction, and v from both types together. */
#ifndef HRS_MPI_PROGRAM_KINDS_INTERACTIONS_CHECK_FIT_H
#define HRS_MPI_PROGRAM_KINDS_INTERACTIONS_CHECK_FIT_H

#include "check_row.h"

hrs_status hrs_check_fit(hrs_check_row *r);

#endif
