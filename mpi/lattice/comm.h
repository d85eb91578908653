/*
 * comm.h -- every collective of the library and the program.
 *
 * Model. A rank that fails leaves the path that the others are on: what it does next is to agree on
 * its failure, somewhere up its callers, while the others may stand in any collective further down.
 * So each function here begins with the same header, hrs_agree's: one MPI_Allreduce of the first
 * rank that failed. Headers match wherever ranks are. On a guarded communicator a failed header is
 * final: it is remembered, and whoever comes later is told at once, without communication. So all
 * ranks unwind, each from where it was, and none waits.
 *
 * A guarded communicator may have parts (hrs_comm_split_guarded). A rank that fails on its way
 * knows not whether its part still waits for it or is past that: so a header on the whole begins
 * with one on each part, for all ranks.
 *
 * What cannot carry a header (HDF5 on a common file, messages between two ranks, memory that ranks
 * share) stands directly behind one, with nothing between that can fail on some ranks alone.
 *
 * MPI_COMM_SELF means this process alone and needs no MPI at all: nothing here calls it then, so
 * commands for one process run without MPI_Init.
 */
#ifndef HRS_MPI_LATTICE_COMM_H
#define HRS_MPI_LATTICE_COMM_H

#include <harsanyi/mpi.h>

/** This rank, and how many there are. Not collective. */
int hrs_comm_rank(MPI_Comm comm);
int hrs_comm_size(MPI_Comm comm);

/** A guarded duplicate of `comm`, for one job; MPI_COMM_SELF is its own. Collective. */
hrs_status hrs_comm_guard(MPI_Comm comm, MPI_Comm *out);
/** MPI_Comm_split; MPI_COMM_NULL where the color is MPI_UNDEFINED. Not guarded: for what has the
 *  same course on all ranks, whatever fails. Collective. */
hrs_status hrs_comm_split(MPI_Comm comm, int color, int key, MPI_Comm *out);
/** The same as a part of `comm`: guarded where that is. Collective. */
hrs_status hrs_comm_split_guarded(MPI_Comm comm, int color, int key, MPI_Comm *out);
/** The ranks of this rank's node, not guarded. HARSANYI_NODE_RANKS=k takes each k of them for a
 *  node, so that a test has several. Collective. */
hrs_status hrs_comm_split_node(MPI_Comm comm, int key, MPI_Comm *out);
/** Free what the functions above gave; MPI_COMM_NULL is fine, and becomes of it. Collective. */
void hrs_comm_free(MPI_Comm *comm);

/** The end of a job: hrs_agree, after which the message is everywhere that of the rank that failed
 *  first, with all that its callers have put in front of it by now; and with the rank and its node,
 *  where a lack of memory or a file is not rank 0's. Collective. */
hrs_status hrs_agree_finally(MPI_Comm comm, hrs_status status);

/**
 * hrs_agree where stopping early is no failure: STOPPED counts as HRS_OK, and then all ranks stop
 * if one of them has a reason to (hrs_stop_reason), or none. The communicator stays sound, so that
 * what is done can be kept; all have the same reason from then on. Errors: STOPPED, on all ranks.
 * Collective.
 */
hrs_status hrs_agree_or_stop(MPI_Comm comm, hrs_status status);

/** See that a text is rank 0's on all ranks. Errors: USAGE, "rank R: WHAT: ...". Collective. */
hrs_status hrs_comm_same_text(MPI_Comm comm, const char *what, const char *text);
/** hrs_alloc on every rank, or on none: where one has no memory, all fail and *out is NULL.
 *  Collective. */
hrs_status hrs_comm_alloc(MPI_Comm comm, hrs_count count, size_t size, void *out /* T** */);

/** Element by element `op` over the ranks, in place, on every rank. Collective. */
hrs_status hrs_comm_reduce(MPI_Comm comm, MPI_Op op, MPI_Datatype type, void *data,
                           hrs_count count);
/** Equal pieces of all ranks, in rank order, on every rank. Collective. */
hrs_status hrs_comm_allgather(MPI_Comm comm, const void *mine, int bytes, void *all);
/** counts[r] numbers of each rank r at all + places[r] on rank 0; `mine` is this rank's count.
 *  Collective. */
hrs_status hrs_comm_gather_parts(MPI_Comm comm, const double *part, int mine, double *all,
                                 const int *counts, const int *places);
/** Wait for all. Collective. */
hrs_status hrs_comm_barrier(MPI_Comm comm);

#endif
