/*
 * piece_file.h -- a file in a checkpoint's folder that several processes write at once: pieces of
 * one size at places that their numbers say, each with a digest.
 *
 * Model. Whoever has a piece writes it, where and when he likes, without a word to others; there is
 * nothing in the file but pieces. A piece that was not written, or half, or is of another run, has
 * the wrong digest: it is as if it were not there. So no order of writes matters, and no moment to
 * die. Nothing here is collective.
 */
#ifndef HRS_MPI_DATASET_PIECE_FILE_H
#define HRS_MPI_DATASET_PIECE_FILE_H

#include "checkpoint.h"

/** Some of the bytes of a piece, which lie somewhere in memory. */
typedef struct hrs_piece_part {
  void *data;
  hrs_count bytes;
} hrs_piece_part;

typedef struct hrs_piece_file {
  int descriptor; /* -1: not open */
  char path[HRS_CHECKPOINT_PATH];
  uint64_t seed; /* of digests: the identity's */
} hrs_piece_file;

/** Open a file of the folder, and make it, if `make`, once there is an identity. False where there
 *  is none of both, and *file is closed. Errors of the system count as that. */
bool hrs_piece_file_open(const char *folder, const char *name, bool make, hrs_piece_file *file);
void hrs_piece_file_close(hrs_piece_file *file);
/** Write piece `number`, of `count` parts. Errors: IO. */
hrs_status hrs_piece_file_write(const hrs_piece_file *file, hrs_count number,
                                const hrs_piece_part *part, int count);
/** Read it into the parts; false where it is not there, whatever they hold then. */
bool hrs_piece_file_read(const hrs_piece_file *file, hrs_count number, const hrs_piece_part *part,
                         int count);

#endif
