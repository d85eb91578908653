/*
 * wish.h -- a wish to stop becomes that of all ranks.
 *
 * Model. Batch systems may signal one process alone, and clocks differ. So a rank that has the wish
 * says so to rank 0, and rank 0 tells all: whoever asks for it (hrs_stop_wanted) next knows. That
 * makes ranks stop at about the same time; that they stop at the same place is agreed on by
 * hrs_agree_or_stop (comm.h).
 *
 * The messages are those of a communicator of their own, and need no rank to be anywhere.
 */
#ifndef HRS_MPI_LATTICE_WISH_H
#define HRS_MPI_LATTICE_WISH_H

#include <harsanyi/mpi.h>

/** From now on the ranks of comm share their wishes. Once in a process; collective. */
hrs_status hrs_wish_share(MPI_Comm comm);
/** No longer: all messages that were sent have been received afterwards. Nothing to do where
 *  nothing is shared. Collective, whatever has failed. */
void hrs_wish_end(void);

#endif
