/* checkpoint.h -- when all ranks together keep what is done. */
#ifndef HRS_MPI_PROGRAM_ENGINE_CHECKPOINT_H
#define HRS_MPI_PROGRAM_ENGINE_CHECKPOINT_H

#include "state.h"

/** Keep all rows that are done by now, and the values of an evaluation under way. A disk that is
 * full is a warning. Collective over the world, after the same rows on all ranks. */
hrs_status hrs_engine_checkpoint(hrs_engine *engine);
/** The same where it is time for it, by rank 0's clock. */
hrs_status hrs_engine_checkpoint_if_due(hrs_engine *engine);

#endif
