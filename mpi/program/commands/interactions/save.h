/* save.h -- rows that are done, for a checkpoint, and back from it: hrs_row_work's done, save and
 * load. */
#ifndef HRS_MPI_PROGRAM_COMMANDS_INTERACTIONS_SAVE_H
#define HRS_MPI_PROGRAM_COMMANDS_INTERACTIONS_SAVE_H

#include "state.h"

#include <stdio.h>

hrs_count hrs_work_done(const void *self, const hrs_count **k);
hrs_status hrs_work_save(const void *self, hrs_count from, FILE *out);
hrs_status hrs_work_load(void *self, hrs_count rows, const hrs_count *k, const void *data,
                         hrs_count bytes);

#endif
