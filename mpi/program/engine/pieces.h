/*
 * pieces.h -- the values of an evaluation under way, kept in the checkpoint.
 *
 * Model. A row of the lattice is cut into pieces at places that do not depend on the ranks: so many
 * slices that they are 2^16 masks, or the whole row. Each rank keeps the pieces that it has
 * evaluated, of all targets, for itself, whenever so many seconds have passed (--checkpoint-every),
 * in the file values-SAMPLE (mpi/dataset/piece_file.h): nothing here is collective. A run that is
 * resumed finds in it what any rank has kept, and evaluates the rest.
 *
 * The checkpoint's folder is made by rank 0 alone, when it is first due, or has done its own part
 * and half of the time is over. Ranks that are due before it is there try again at the next piece.
 */
#ifndef HRS_MPI_PROGRAM_ENGINE_PIECES_H
#define HRS_MPI_PROGRAM_ENGINE_PIECES_H

#include "state.h"

/** What is told of a piece's values beside them. */
typedef struct hrs_piece_head {
  hrs_count bad;      /* values that are NaN or infinite, */
  hrs_mask first_bad; /* and the first mask of one */
  hrs_range range[];  /* [targets] */
} hrs_piece_head;

/** Memory for the pieces of this rank's rows. By ranks in a group. Errors: MEMORY. */
hrs_status hrs_pieces_create(const hrs_engine *engine, hrs_pieces **out);
/** Free it; NULL is fine. */
void hrs_pieces_destroy(hrs_pieces **pieces);

/** The evaluation of a sample begins: read what is there of it. */
void hrs_pieces_begin(hrs_engine *engine, hrs_count sample);
/** Masks of a piece; pieces of a row. */
hrs_count hrs_pieces_size(const hrs_pieces *pieces);
/** Piece `i` of this rank, i = 0.. by rows and then by masks: what is told of it, to be filled in
 *  where it is not done; and is it done? */
hrs_piece_head *hrs_pieces_head(const hrs_pieces *pieces, hrs_count i);
bool hrs_pieces_is_done(const hrs_pieces *pieces, hrs_count i);
/** It is done now, and stands in engine->values; keep what is due. */
void hrs_pieces_done(hrs_engine *engine, hrs_count i);
/** All of this rank's are. */
void hrs_pieces_all_done(hrs_engine *engine);
/** engine->values is about to hold something else: nothing more of it can be kept. */
void hrs_pieces_close(hrs_engine *engine);

/** Is there something that could be kept and is not? */
bool hrs_pieces_wait(const hrs_engine *engine);
/** Keep it, where there is a checkpoint. Errors: IO. */
hrs_status hrs_pieces_keep(hrs_engine *engine);
/** The rows of the sample that was closed last are safe: its pieces are not needed any more. By a
 *  group's first rank. */
void hrs_pieces_drop(hrs_engine *engine);

#endif
