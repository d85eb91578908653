/*
 * mpi.h -- the distributed lattice, its transforms and reductions. The only header that includes
 * <mpi.h>.
 *
 * Model. The n bits of a mask are, from the top, (h: v bits)(q: v bits)(low: n-2v bits). The 2^n
 * elements form V = 2^v rows of 2^(n-v) elements, in one of two layouts:
 *
 *     phase A   row q holds all (h, low)     q fixed, the middle bits
 *     phase B   row h holds all (q, low)     h fixed, the top bits: a contiguous block
 *
 * In both, a row is a sub-cube of the lattice and element i of the row is its mask number i (see
 * hrs_subcube). A tile is the 2^(n-2v) elements that share (q, h); the exchange swaps tile (q, h)
 * of phase A with tile (h, q), which turns A into B and B into A, in place, by chunks between pairs
 * of ranks. A transform does all bits of each row, exchanges, and does the top v bits of each row:
 * one exchange a transform, from either phase. Rank r of P owns rows [V r / P, V (r+1) / P) in both
 * phases, for any P <= V.
 *
 * Same bits: what is computed in a row depends on the row alone, and sums over the lattice are
 * added row by row in row order, so results do not depend on the number of ranks or on the chunk.
 */
#ifndef HARSANYI_MPI_H
#define HARSANYI_MPI_H

#include <harsanyi/analysis.h>
#include <harsanyi/game.h>
#include <harsanyi/lattice.h>
#include <harsanyi/sums.h>

#include <mpi.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* ---- communication -------------------------------------------------------------------------- */

/**
 * Agree on a status: every rank gets HRS_OK, or the status and message of the lowest rank that
 * failed. Collective over comm.
 */
hrs_status hrs_agree(MPI_Comm comm, hrs_status status);
/** Broadcast any number of bytes. Collective over comm. */
hrs_status hrs_broadcast(MPI_Comm comm, int root, void *data, hrs_count bytes);
/** Rank 0's array to all others, whose `array` is overwritten (was empty). Collective. */
hrs_status hrs_broadcast_array(MPI_Comm comm, hrs_array *array);
/** Concatenate what the ranks have on rank 0, in rank order; `out` is allocated there, NULL
 *  elsewhere, and *total is set everywhere. Collective over comm. */
hrs_status hrs_gather(MPI_Comm comm, const void *data, hrs_count bytes, void **out,
                      hrs_count *total);
/** A reader that reads on rank 0 and broadcasts: collective over the communicator it points to,
 *  which must outlive it. */
hrs_reader hrs_comm_reader(MPI_Comm *comm);

/* ---- array files, HDF5 included ------------------------------------------------------------- */

/** Open FILE.npy, FILE.npz[:NAME] or FILE.h5:/dataset. Not collective. */
hrs_status hrs_input_open(const char *path, hrs_array_file **out);

/* ---- features of a network ------------------------------------------------------------------ */

/** First of the samples whose features a rank evaluates; that of rank `ranks` is their number. Not
 *  collective. */
hrs_count hrs_features_first(const hrs_features *features, int rank, int ranks);
/**
 * Evaluate features that were made alike on all ranks, and give each rank's sink those of its own
 * samples, hrs_features_first(rank) on, in sample order. What a sink is given does not depend on
 * the number of ranks. After each batch the ranks agree: where one fails, all end soon. Collective
 * over comm. Errors: INPUT, where ranks have other samples or batches; those of the sink, of
 * hrs_features_run; STOPPED.
 */
hrs_status hrs_features_visit(MPI_Comm comm, hrs_features *features, hrs_features_sink *sink,
                              void *context);

/* ---- partition ------------------------------------------------------------------------------ */

/** Which rank owns which rows; see the model above. */
typedef struct hrs_partition {
  int n;          /* players */
  int block_bits; /* v: there are V = 2^v rows */
  int ranks;      /* P <= V */
} hrs_partition;

/** v for n players: a function of n alone (table in docs/design/lattice.md). */
int hrs_partition_default_bits(int n);
/** Check and make a partition; block_bits -1 for the default. Errors: USAGE (block_bits over n/2),
 *  TOO_LARGE (more ranks than rows). Not collective. */
hrs_status hrs_partition_create(int n, int block_bits, int ranks, hrs_partition *out);
/** First row of a rank; that of rank P is V. */
static inline hrs_count hrs_partition_first(const hrs_partition *part, int rank) {
  return ((hrs_count)1 << part->block_bits) * rank / part->ranks;
}
/** The rank that owns a row. */
int hrs_partition_owner(const hrs_partition *part, hrs_count row);
/** Bytes that a rank sends in one exchange. */
hrs_count hrs_partition_volume(const hrs_partition *part, hrs_dtype type, int rank);

/* ---- the distributed lattice ---------------------------------------------------------------- */

/** Which bits of the masks are whole within a row; see the model above. */
typedef enum hrs_phase { HRS_PHASE_A, HRS_PHASE_B } hrs_phase;

/** One array of 2^n elements, spread over the ranks of a communicator. */
typedef struct hrs_lattice hrs_lattice;

/** May ranks of a node reach each other's data, so that they exchange without messages? */
typedef enum hrs_sharing { HRS_SHARE_AUTO, HRS_SHARE_OFF } hrs_sharing;

/** Most bytes of an exchange's chunk. */
#define HRS_LARGEST_CHUNK ((hrs_count)1 << 30)

/**
 * Allocate a lattice, phase A, not initialised, with its two exchange chunks.
 * Collective over comm, which must outlive it.
 * @param type     HRS_F64 or HRS_F32
 * @param chunk    the most bytes of a chunk, 0 for 8 MiB; at most HRS_LARGEST_CHUNK
 * @param sharing  HRS_SHARE_AUTO: where the system allows it
 * Errors: MEMORY, USAGE.
 */
hrs_status hrs_lattice_create(MPI_Comm comm, const hrs_partition *part, hrs_dtype type,
                              hrs_count chunk, hrs_sharing sharing, hrs_lattice **out);
/** Collective only in the sense that no rank may use it afterwards. */
void hrs_lattice_destroy(hrs_lattice **lattice);

/** Its partition. Not collective. */
const hrs_partition *hrs_lattice_partition(const hrs_lattice *lattice);
/** The communicator it was made on. Not collective. */
MPI_Comm hrs_lattice_comm(const hrs_lattice *lattice);
/** HRS_F64 or HRS_F32. Not collective. */
hrs_dtype hrs_lattice_type(const hrs_lattice *lattice);
/** The phase it stands in. Not collective. */
hrs_phase hrs_lattice_phase(const hrs_lattice *lattice);
/** Say that the data is (again) in phase A, as after filling it anew. */
void hrs_lattice_reset(hrs_lattice *lattice);
/** Make `to`, of the same communicator, partition and type, equal to `from`, phase included. Not
 *  collective: each rank copies its own rows. Errors: INTERNAL for lattices that differ. */
hrs_status hrs_lattice_copy(const hrs_lattice *from, hrs_lattice *to);
/** This rank's rows are [first, first + count). */
hrs_count hrs_lattice_first_row(const hrs_lattice *lattice);
/** Number of this rank's rows. */
hrs_count hrs_lattice_row_count(const hrs_lattice *lattice);
/** Elements of a row: 2^(n-v). */
hrs_count hrs_lattice_row_size(const hrs_lattice *lattice);
/** Data of one of this rank's rows (by its number in the whole lattice). */
void *hrs_lattice_row(const hrs_lattice *lattice, hrs_count row);
/** The sub-cube that a row of any lattice so cut stands for in a phase. */
hrs_subcube hrs_partition_row_cube(const hrs_partition *part, hrs_phase phase, hrs_count row);
/** The same in the current phase of a lattice. */
hrs_subcube hrs_lattice_row_cube(const hrs_lattice *lattice, hrs_count row);

/** Swap phases. Collective. Volume: hrs_partition_volume. */
hrs_status hrs_lattice_exchange(hrs_lattice *lattice);
/** A whole transform and the phase that comes with it; every element times `scale`. Collective. */
hrs_status hrs_lattice_transform(hrs_lattice *lattice, hrs_kernel kernel, double scale);
/** Interactions learnt under noise of variance 2^|T| σ² (analysis.h): from their coordinates, what
 *  hrs_lattice_transform made of w* with the kernel `to`, to ŵ(σ²) in `out`, a lattice like it.
 *  Collective. Errors: USAGE for a lattice that is not HRS_F64; INTERNAL for lattices that differ.
 */
hrs_status hrs_lattice_learnt(const hrs_lattice *coordinates, double sigma2, hrs_lattice *out);
/** Element at a mask, on every rank. Collective. */
hrs_status hrs_lattice_get(const hrs_lattice *lattice, hrs_mask mask, double *out);
/** Set the element at a mask (on the rank that has it). Not collective. */
void hrs_lattice_set(hrs_lattice *lattice, hrs_mask mask, double value);
/** Is it the same, bit by bit, on its communicator; a checksum that does not depend on the
 *  partition or phase (a sum of hashes of (mask, bits)). Collective. */
hrs_status hrs_lattice_checksum(const hrs_lattice *lattice, uint64_t *out);

/* ---- sums over ranks, for what knows no MPI ----------------------------------------------------
 */

/** Join the pieces that ranks have of a sum, which is complete everywhere then; NULL: only agree on
 *  the status. Collective. Errors: those of any rank; INTERNAL where vectors are missing; MEMORY.
 */
hrs_status hrs_mpi_sums_join(MPI_Comm comm, hrs_status status, hrs_sums *sums);
/** The same as an hrs_probe_join, whose context is an MPI_Comm *. Collective. */
hrs_status hrs_mpi_probe_join(void *comm, hrs_status status, hrs_sums *sums);

/* ---- reductions ----------------------------------------------------------------------------- */

/** What one row adds to `sum` (width doubles, zero before). `values` is in the lattice's type. */
typedef hrs_status (*hrs_row_function)(void *context, hrs_dtype type, const void *values,
                                       hrs_subcube cube, double *sum);
/** Sum over all rows, added in row order: the same bits for any number of ranks; result on every
 *  rank. Collective. Memory: V * width doubles on rank 0. */
hrs_status hrs_lattice_sum(const hrs_lattice *lattice, int width, hrs_row_function function,
                           void *context, double *sum);
/** Largest |x| over all masks but the empty one; 0 for n = 0. On every rank. Collective. */
hrs_status hrs_lattice_max(const hrs_lattice *lattice, double *out);

/**
 * Interaction indices of v, which stands in phase A and stays as it is. Each is made in the cheaper
 * of two ways: low orders by hrs_fold, whose pieces rank 0 joins; high ones by whole transforms of
 * a second lattice of the same size. Which way, and every bit, depends on n, on the rows and on
 * what is asked for, not on the number of ranks. Collective. Errors: MEMORY.
 * @param orders  [HRS_INDEX_LIMIT] highest order of each index, 1..n, or 0: not wanted
 * @param values  [HRS_INDEX_LIMIT] on rank 0: [hrs_set_count(n, orders)] by order, then mask
 * @param error   [HRS_INDEX_LIMIT] on rank 0: estimate of rounding. By the fold, that of
 *   hrs_index_from_sums. By transforms, the error with which the inverse transforms give back v at
 *   N and at the set of every other player, each weighted as its transform is; and, where the index
 *   divides v(N) - v(∅) among its sets, that of their sum.
 */
hrs_status hrs_lattice_indices(const hrs_lattice *v, hrs_sharing sharing, const int *orders,
                               double *const *values, double *error);
/** Is an index made by the fold (true) or by transforms, in rows of 2^row_bits? Its cost in
 *  additions, in all, goes to *additions unless that is NULL. Not collective. */
bool hrs_index_folds(hrs_index index, int n, int row_bits, int orders, double *additions);
/** Bytes that hrs_lattice_indices needs on rank 0, of `ranks`, where one lattice takes
 *  lattice_bytes on each. Not collective. */
hrs_count hrs_lattice_indices_bytes(const int *orders, int n, int row_bits, int ranks,
                                    hrs_count lattice_bytes);

/** A list of interactions, by falling |value|, then type, then mask. */
typedef struct hrs_salient {
  hrs_count count;
  hrs_mask *mask;
  uint8_t *type; /* 0 AND, 1 OR */
  double *value;
  bool truncated; /* more passed the threshold than are listed */
} hrs_salient;

/** Free a list and reset it to empty. */
void hrs_salient_destroy(hrs_salient *list);
/** May a list lack entries that pass the threshold, because it was cut at its limit? */
bool hrs_salient_lacks(const hrs_salient *list, double threshold);
/**
 * The interactions with |I| >= threshold, S not empty, at most `limit` of them (the largest, ties
 * by mask), sorted, on rank 0 of the lattice's communicator; elsewhere the list stays empty.
 * `truncated` is set everywhere. Collective. Memory: 32 bytes per listed entry on rank 0.
 */
hrs_status hrs_lattice_select(const hrs_lattice *lattice, uint8_t type, double threshold,
                              hrs_count limit, hrs_salient *out);
/** Merge two sorted lists into `into`, keep those with |value| >= threshold and at most `limit`.
 *  Empties `other`. Not collective. */
hrs_status hrs_salient_merge(hrs_salient *into, hrs_salient *other, double threshold,
                             hrs_count limit);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
