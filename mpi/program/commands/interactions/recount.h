/* recount.h -- the end of --threshold global, once the largest |I| of all rows is known. */
#ifndef HRS_MPI_PROGRAM_COMMANDS_INTERACTIONS_RECOUNT_H
#define HRS_MPI_PROGRAM_COMMANDS_INTERACTIONS_RECOUNT_H

#include "work.h"

/** Prune all lists, do again the samples whose lists do not reach so far, and write the rows, which
 *  have waited for it. Collective over the world. */
hrs_status hrs_work_recount(hrs_work *work);

#endif
