/* transpose.h -- swaps of tiles across the diagonal. */
#ifndef HRS_MPI_LATTICE_TRANSPOSE_H
#define HRS_MPI_LATTICE_TRANSPOSE_H

#include <harsanyi/base.h>

/** Swap tile [i][j] of one matrix with tile [j][i] of another, i < rows, j < columns; both have
 *  rows of `row` bytes. a == b: transpose a square matrix in place. */
void hrs_swap_across(char *a, char *b, hrs_count row, hrs_count tile, hrs_count rows,
                     hrs_count columns);

#endif
