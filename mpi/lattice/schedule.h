/*
 * schedule.h -- the exchange without its data: who swaps which tiles with whom, when, and in which
 * messages. Functions of numbers alone, none collective, so that the exchange can be walked for any
 * number of ranks (tests/mpi/test_schedule.c), and a plan can count what it will send.
 *
 * Model. A pair's tiles are a rectangle: the rows of the lower rank by those of the higher, each of
 * which is a column to the other. It goes in swaps, one after the other, which are rectangles too,
 * and each swap in messages. Both ranks of a pair come to the same list.
 */
#ifndef HRS_MPI_LATTICE_SCHEDULE_H
#define HRS_MPI_LATTICE_SCHEDULE_H

#include <harsanyi/mpi.h>

/** Steps of an exchange: in step 0 a rank swaps its own tiles, in each other those of a partner. */
int hrs_schedule_steps(int ranks);
/** The partner of a rank in a step: itself in step 0, -1 where it pauses. */
int hrs_schedule_partner(int ranks, int rank, int step);
/** The step in which a rank has a partner. */
int hrs_schedule_step(int ranks, int rank, int partner);

/** Hooks that the rectangle of a pair is cut into; each is two swaps. */
enum { HRS_SCHEDULE_HOOKS = 16, HRS_SCHEDULE_SWAPS = 2 * HRS_SCHEDULE_HOOKS };

/** Some rows and columns of a pair's rectangle; rows are those of the lower rank. */
typedef struct hrs_swap {
  hrs_count row, rows, column, columns;
} hrs_swap;

/** Number k of the swaps of a rectangle: of each hook the columns that are left of some rows, then
 *  the rows that are left of as many columns. It may be empty. */
hrs_swap hrs_schedule_swap(hrs_count rows, hrs_count columns, int k);
/** Whole tiles in a message of a swap, of which two fit into a chunk; 0 where tiles are too large
 *  for that, and each goes in pieces of a chunk. */
hrs_count hrs_schedule_tiles(const hrs_swap *swap, hrs_count tile_bytes, hrs_count chunk);

/** The chunk that all ranks use where `chunk` is asked for (0: the default): no larger than
 *  messages can fill it or writing asks for (1 MiB), nor than the data of the smallest rank, and
 *  whole elements. */
hrs_count hrs_schedule_chunk(const hrs_partition *part, hrs_dtype type, hrs_count chunk);
/** Messages that a rank sends in one exchange where it shares no memory with others; with those
 *  that it does, it exchanges two empty ones instead. */
hrs_count hrs_schedule_messages(const hrs_partition *part, hrs_dtype type, hrs_count chunk,
                                int rank);

#endif
