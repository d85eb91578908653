/*
 * sums.h -- sums of many vectors that do not depend on who adds which.
 *
 * Model. Vectors are numbered. They are added in pairs, numbers 2i and 2i + 1, the sums of these in
 * pairs again, and so on: a tree that their numbers say. Whoever has a run of the vectors joins
 * what it can and is left with few *pieces*, the sums of 2^level vectors each; pieces of others are
 * added in the same way. So the same bits come out, however the vectors are dealt.
 */
#ifndef HARSANYI_SUMS_H
#define HARSANYI_SUMS_H

#include <harsanyi/base.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/** A sum that is under way. Memory: a vector for each bit of their number, or two. */
typedef struct hrs_sums hrs_sums;

/** For `count` vectors of `width` doubles, in all. Not collective. Errors: MEMORY, USAGE. */
hrs_status hrs_sums_create(hrs_count width, hrs_count count, hrs_sums **out);
/** Free it; NULL is fine. Not collective. */
void hrs_sums_destroy(hrs_sums **sums);
/** Begin a sum anew. Not collective. */
void hrs_sums_clear(hrs_sums *sums);
/** Add the sum x[width] of the 2^level vectors from number 2^level * index on (fewer, where they
 * end there). Numbers rise from call to call. Not collective. Errors: INTERNAL where they do not,
 *  MEMORY. */
hrs_status hrs_sums_add(hrs_sums *sums, int level, hrs_count index, const double *x);
/** Number of pieces that stand unjoined. Not collective. */
int hrs_sums_pieces(const hrs_sums *sums);
/** A piece, as hrs_sums_add takes it. Not collective. */
const double *hrs_sums_piece(const hrs_sums *sums, int i, int *level, hrs_count *index);
/** Doubles of a vector. Not collective. */
hrs_count hrs_sums_width(const hrs_sums *sums);
/** The level of the piece that is the sum of all. Not collective. */
int hrs_sums_level(const hrs_sums *sums);
/** The sum of all, x[width], once there is but one piece. Not collective. Errors: INTERNAL where
 *  vectors are missing. */
hrs_status hrs_sums_finish(const hrs_sums *sums, double *x);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
