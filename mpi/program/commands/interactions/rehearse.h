/* rehearse.h -- how long a row takes, measured on a small lattice, for the plan. */
#ifndef HRS_MPI_PROGRAM_COMMANDS_INTERACTIONS_REHEARSE_H
#define HRS_MPI_PROGRAM_COMMANDS_INTERACTIONS_REHEARSE_H

#include "state.h"

/** hrs_row_work.rehearse of hrs_work. */
hrs_status hrs_work_rehearse(const void *self, const hrs_plan *plan, MPI_Comm comm,
                             hrs_row_times *out);

#endif
