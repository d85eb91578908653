/* stop.h -- a wish to stop early, from a signal. */
#ifndef HRS_MPI_STOP_H
#define HRS_MPI_STOP_H

#include <stdbool.h>

/** Take SIGTERM, SIGINT, SIGUSR1, SIGXCPU and, unless it is ignored, SIGHUP as a wish to stop at
 * the next batch. */
void hrs_stop_install(void);
/** Was there one on this rank? */
bool hrs_stop_wanted(void);

#endif
