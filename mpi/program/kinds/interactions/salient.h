/* salient.h -- lists of salient interactions, one for each row, as arrays one behind the other. */
#ifndef HRS_MPI_PROGRAM_KINDS_INTERACTIONS_SALIENT_H
#define HRS_MPI_PROGRAM_KINDS_INTERACTIONS_SALIENT_H

#include "mpi/dataset/dataset.h"

#include <harsanyi/mpi.h>

/** Make and write /salient: `lists[i]` is that of row rows[i]; each row k is listed by exactly one
 *  rank. Collective. Errors: IO. */
hrs_status hrs_salient_write(hrs_dataset *set, hrs_count count, const hrs_count *rows,
                             const hrs_salient *lists);

#endif
