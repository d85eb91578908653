/*
 * Interaction indices of a distributed lattice, each by the cheaper of two ways.
 *
 * Fold. Every rank folds its rows; where its share begins or ends inside a pair, the halves stay
 * apart. Rank 0 takes the pieces of all ranks in rank order and joins them: a reduction of tiny
 * arrays, no exchange. All indices that are folded share one fold, at the highest of their orders.
 * (K² + 3K + 1) 2^n additions.
 *
 * Transforms. For each point x of the quadrature, a copy of v is transformed by K_x, and each rank
 * adds what its sets contribute. n 2^n additions, a copy, a sweep and an exchange for each point,
 * and a second lattice. The points are shared by all indices that are made so: n/2 + 1 of Gauss and
 * Legendre for SII, k-SII, STII, FSII and CHII, a single one for the others.
 *
 * By that count Moebius, Co-Moebius, BII, FBII and Walsh are folded while K² + 3K + 1 <= n + 2 (up
 * to order 3 at n = 20), and the others always; but a fold that would hold more than FOLD_BYTES
 * leaves the caches and the plan's memory, and transforms are taken then too.
 */
#include <harsanyi/mpi.h>

#include "comm.h"
#include "counters.h"
#include "lattice.h"

#include <math.h>

static const double FOLD_BYTES = 0x1p26;

/* Masks whose value the inverse transform is asked for: N, and every other player. */
enum { SAMPLES = 2 };
static const hrs_mask samples[SAMPLES] = {~(hrs_mask)0, 0x5555555555555555u};

/* ---- which way ------------------------------------------------------------------------------ */

bool hrs_index_folds(hrs_index index, int n, int row_bits, int orders, double *additions) {
  int alone[HRS_INDEX_LIMIT] = {0};
  hrs_index_points points;
  alone[index] = orders;
  hrs_index_points_of(alone, n, &points);
  double fold = hrs_fold_additions(n, orders), transforms = points.count * ldexp(n + 2, n);
  bool folds = fold <= transforms && hrs_fold_bytes(n, row_bits, orders) <= FOLD_BYTES;
  if (additions) *additions = folds ? fold : transforms;
  return folds;
}

/* The highest order among the indices that are folded, and the orders of all others. */
static int share_out(const int *orders, int n, int row_bits, int *transformed) {
  int folded = 0;
  for (int i = 0; i < HRS_INDEX_LIMIT; i++) {
    bool folds = orders[i] && hrs_index_folds((hrs_index)i, n, row_bits, orders[i], NULL);
    transformed[i] = folds ? 0 : orders[i];
    if (folds && orders[i] > folded) folded = orders[i];
  }
  return folded;
}

hrs_count hrs_lattice_indices_bytes(const int *orders, int n, int row_bits, int ranks,
                                    hrs_count lattice_bytes) {
  int transformed[HRS_INDEX_LIMIT];
  int folded = share_out(orders, n, row_bits, transformed);
  hrs_count all = 0, made = 0, own = 0, bytes = 0;
  bool any = false;
  for (int i = 0; i < HRS_INDEX_LIMIT; i++) {
    hrs_count sets = hrs_set_count(n, orders[i]);
    all += sets;
    /* Numbers that ranks sent, or the list of sets; after that what combining orders takes. */
    hrs_count here = orders[i] ? hrs_index_aggregate_bytes((hrs_index)i, n, orders[i]) : 0;
    here = here > 8 * sets ? here : 8 * sets;
    made = here > made ? here : made;
    if (!transformed[i]) continue;
    any = true;
    own += sets / ranks + ((hrs_count)1 << row_bits);
  }
  /* Results, and what making one index at a time takes. */
  bytes += 8 * all + made;
  if (folded)
    bytes += 8 * (1 + hrs_set_count(n, folded)) * (n + 1) +
             2 * (hrs_count)hrs_fold_bytes(n, row_bits, folded);
  if (any) bytes += lattice_bytes + 8 * own;
  return bytes;
}

/* ---- by the fold ---------------------------------------------------------------------------- */

enum { TAG_HEAD = 31, TAG_PIECE };

static hrs_status fold_rows(const hrs_lattice *v, hrs_fold *fold) {
  hrs_count first = hrs_lattice_first_row(v);
  for (hrs_count row = first; row < first + hrs_lattice_row_count(v); row++) {
    HRS_TRY(hrs_fold_row(fold, hrs_lattice_type(v), hrs_lattice_row(v, row), row));
    hrs_count_passed(hrs_lattice_row_bytes(v));
  }
  return HRS_OK;
}

static void send_pieces(MPI_Comm comm, const hrs_fold *fold) {
  hrs_count pieces = hrs_fold_pieces(fold);
  MPI_Send(&pieces, 1, MPI_INT64_T, 0, TAG_HEAD, comm);
  for (int i = 0; i < pieces; i++) {
    int level;
    hrs_count head[2];
    const double *piece = hrs_fold_piece(fold, i, &level, &head[1]);
    head[0] = level;
    MPI_Send(head, 2, MPI_INT64_T, 0, TAG_HEAD, comm);
    /* FOLD_BYTES keeps pieces far below 2^31 numbers. */
    MPI_Send(piece, (int)hrs_fold_piece_size(fold, level), MPI_DOUBLE, 0, TAG_PIECE, comm);
  }
}

/* On rank 0. All messages are taken in, also after a failure: nobody is left waiting. */
static hrs_status take_pieces(MPI_Comm comm, hrs_fold *fold, double *piece) {
  int ranks;
  hrs_status status = HRS_OK;
  ranks = hrs_comm_size(comm);
  for (int rank = 1; rank < ranks; rank++) {
    hrs_count pieces, head[2];
    MPI_Recv(&pieces, 1, MPI_INT64_T, rank, TAG_HEAD, comm, MPI_STATUS_IGNORE);
    for (hrs_count i = 0; i < pieces; i++) {
      MPI_Recv(head, 2, MPI_INT64_T, rank, TAG_HEAD, comm, MPI_STATUS_IGNORE);
      int level = (int)head[0];
      MPI_Recv(piece, (int)hrs_fold_piece_size(fold, level), MPI_DOUBLE, rank, TAG_PIECE, comm,
               MPI_STATUS_IGNORE);
      if (status == HRS_OK) status = hrs_fold_add(fold, level, head[1], piece);
    }
  }
  return status;
}

/* From all pieces to the indices, on rank 0. */
static hrs_status finish_fold(hrs_fold *fold, int n, int folded, const int *orders,
                              double *const *values, double *error) {
  double *sums;
  HRS_TRY(hrs_alloc((1 + hrs_set_count(n, folded)) * (n + 1), sizeof *sums, &sums));
  hrs_status status = hrs_fold_finish(fold, sums);
  for (int i = 0; i < HRS_INDEX_LIMIT; i++)
    if (orders[i] && status == HRS_OK)
      status = hrs_index_from_sums((hrs_index)i, n, orders[i], sums, values[i], &error[i]);
  hrs_free(sums);
  return status;
}

static hrs_status by_fold(const hrs_lattice *v, int folded, const int *orders,
                          double *const *values, double *error) {
  MPI_Comm comm = hrs_lattice_comm(v);
  const hrs_partition *part = hrs_lattice_partition(v);
  int rank = hrs_comm_rank(comm);
  hrs_fold *fold;
  double *piece = NULL;
  hrs_status status = hrs_fold_create(hrs_lattice_row_cube(v, 0), part->n, folded, &fold);
  if (status == HRS_OK && rank == 0)
    status = hrs_alloc(hrs_fold_piece_size(fold, part->block_bits), sizeof *piece, &piece);
  if (status == HRS_OK) status = fold_rows(v, fold);
  HRS_GO(hrs_agree(comm, status));
  if (rank == 0) {
    status = take_pieces(comm, fold, piece);
    if (status == HRS_OK) status = finish_fold(fold, part->n, folded, orders, values, error);
  } else {
    send_pieces(comm, fold);
  }
  status = hrs_agree(comm, status);
done:
  hrs_free(piece);
  hrs_fold_destroy(&fold);
  return status;
}

/* ---- by transforms -------------------------------------------------------------------------- */

typedef struct transforms {
  const hrs_lattice *v;
  hrs_lattice *work;
  int n;
  const int *orders;
  hrs_index_points points;
  double *own[HRS_INDEX_LIMIT]; /* of the sets in this rank's rows, by rising mask */
  hrs_count count[HRS_INDEX_LIMIT];
  double error[HRS_INDEX_LIMIT];
  double sample[SAMPLES]; /* v there */
} transforms;

/* The next larger set of at most `orders` players. */
static inline hrs_mask next_set(hrs_mask set, int orders) {
  return set + (hrs_order(set) < orders ? 1 : set & -set);
}

/* The first such set from `mask` on. */
static hrs_mask first_set(hrs_mask mask, int orders) {
  while (hrs_order(mask) > orders)
    mask += mask & -mask;
  return mask ? mask : 1;
}

static hrs_mask row_start(const hrs_lattice *lattice, hrs_count row) {
  return (hrs_mask)row << (hrs_lattice_partition(lattice)->n -
                           hrs_lattice_partition(lattice)->block_bits);
}

static hrs_status set_up(transforms *t, hrs_sharing sharing) {
  hrs_count chunk, first = hrs_lattice_first_row(t->v);
  hrs_lattice_scratch(t->v, &chunk);
  HRS_TRY(hrs_lattice_create(hrs_lattice_comm(t->v), hrs_lattice_partition(t->v),
                             hrs_lattice_type(t->v), chunk / 2, sharing, &t->work));
  hrs_mask begin = row_start(t->v, first);
  hrs_mask end = row_start(t->v, first + hrs_lattice_row_count(t->v));
  hrs_status status = HRS_OK;
  for (int i = 0; i < HRS_INDEX_LIMIT && status == HRS_OK; i++) {
    if (!t->orders[i]) continue;
    for (hrs_mask set = first_set(begin, t->orders[i]); set < end;
         set = next_set(set, t->orders[i]))
      t->count[i]++;
    status = hrs_calloc(t->count[i], sizeof *t->own[i], &t->own[i]);
  }
  for (int i = 0; i < SAMPLES; i++)
    HRS_TRY(hrs_lattice_get(t->v, samples[i] & hrs_mask_full(t->n), &t->sample[i]));
  return hrs_agree(hrs_lattice_comm(t->v), status);
}

static double element(hrs_dtype type, const void *values, hrs_count i) {
  return type == HRS_F64 ? ((const double *)values)[i] : (double)((const float *)values)[i];
}

/* What point q adds to the sets of this rank. */
static void collect(transforms *t, int q) {
  hrs_dtype type = hrs_lattice_type(t->work);
  hrs_count first = hrs_lattice_first_row(t->work);
  for (int i = 0; i < HRS_INDEX_LIMIT; i++) {
    double density[HRS_MAX_PLAYERS + 1] = {0}, any = 0, *to = t->own[i];
    for (int s = 1; s <= t->orders[i]; s++) {
      density[s] = hrs_index_density((hrs_index)i, t->orders[i], s, &t->points, q);
      any += fabs(density[s]);
    }
    if (any == 0) continue;
    for (hrs_count row = first; row < first + hrs_lattice_row_count(t->work); row++) {
      const void *values = hrs_lattice_row(t->work, row);
      hrs_mask begin = row_start(t->work, row), end = row_start(t->work, row + 1);
      for (hrs_mask set = first_set(begin, t->orders[i]); set < end;
           set = next_set(set, t->orders[i]))
        *to++ += density[hrs_order(set)] * element(type, values, (hrs_count)(set - begin));
    }
  }
}

/* v(T) = Σ_S Π_{i∈S} ([i∈T] - x) (K_x v)(S), what a row adds to it. */
typedef struct way_back {
  double in[HRS_MAX_PLAYERS + 1], out[HRS_MAX_PLAYERS + 1]; /* powers of 1 - x and of -x */
} way_back;

static hrs_status go_back(void *context, hrs_dtype type, const void *values, hrs_subcube cube,
                          double *sum) {
  const way_back *w = context;
  hrs_mask mask = cube.fixed;
  for (hrs_count j = 0; j < hrs_subcube_size(cube); j++) {
    double x = element(type, values, j);
    for (int i = 0; i < SAMPLES; i++)
      sum[i] += w->in[hrs_order(mask & samples[i])] * w->out[hrs_order(mask & ~samples[i])] * x;
    mask = hrs_subcube_next(cube, mask);
  }
  return HRS_OK;
}

/* The error of the round trip at point q, to each index as far as it uses that point. */
static hrs_status measure(transforms *t, int q) {
  way_back w = {.in = {1}, .out = {1}};
  double sum[SAMPLES], worst = 0;
  for (int i = 1; i <= t->n; i++) {
    w.in[i] = w.in[i - 1] * (1 - t->points.x[q]);
    w.out[i] = w.out[i - 1] * -t->points.x[q];
  }
  HRS_TRY(hrs_lattice_sum(t->work, SAMPLES, go_back, &w, sum));
  for (int i = 0; i < SAMPLES; i++) {
    double error = fabs(sum[i] - t->sample[i]);
    if (!(error <= worst)) worst = error;
  }
  for (int i = 0; i < HRS_INDEX_LIMIT; i++) {
    double largest = 0;
    for (int s = 1; s <= t->orders[i]; s++)
      largest =
          fmax(largest, fabs(hrs_index_density((hrs_index)i, t->orders[i], s, &t->points, q)));
    if (largest > 0) t->error[i] += largest * worst;
  }
  return HRS_OK;
}

/* The parts of all ranks, by rising mask, to rank 0's values by order. */
static hrs_status gather_index(const transforms *t, hrs_index index, double *values) {
  int n = t->n, orders = t->orders[index];
  double *all = NULL;
  hrs_count bytes;
  hrs_status status = hrs_gather(hrs_lattice_comm(t->v), t->own[index],
                                 t->count[index] * (hrs_count)sizeof *all, (void **)&all, &bytes);
  if (!all || status != HRS_OK) return status;
  hrs_count place[HRS_MAX_PLAYERS + 1], count = hrs_set_count(n, orders);
  for (int s = 1; s <= orders; s++)
    place[s] = hrs_set_count(n, s - 1);
  hrs_mask set = 1;
  for (hrs_count i = 0; i < count; i++, set = next_set(set, orders))
    values[place[hrs_order(set)]++] = all[i];
  hrs_free(all);
  return hrs_index_aggregate(index, n, orders, values);
}

static hrs_status finish_transforms(transforms *t, double *const *values, double *error) {
  MPI_Comm comm = hrs_lattice_comm(t->v);
  double empty;
  int rank = hrs_comm_rank(comm);
  HRS_TRY(hrs_lattice_get(t->v, 0, &empty));
  for (int i = 0; i < HRS_INDEX_LIMIT; i++) {
    if (!t->orders[i]) continue;
    hrs_status status = gather_index(t, (hrs_index)i, rank == 0 ? values[i] : NULL);
    HRS_TRY(hrs_agree(comm, status));
    if (rank != 0) continue;
    error[i] = t->error[i];
    if (!hrs_index_is_efficient((hrs_index)i, t->n, t->orders[i])) continue;
    double sum = 0;
    hrs_count count = hrs_set_count(t->n, t->orders[i]);
    for (hrs_count j = 0; j < count; j++)
      sum += values[i][j];
    double rest = fabs(sum - (t->sample[0] - empty));
    if (!(rest <= error[i])) error[i] = rest;
  }
  return HRS_OK;
}

static hrs_status by_transforms(const hrs_lattice *v, hrs_sharing sharing, const int *orders,
                                double *const *values, double *error) {
  transforms t = {.v = v, .n = hrs_lattice_partition(v)->n, .orders = orders};
  hrs_index_points_of(orders, t.n, &t.points);
  hrs_status status = set_up(&t, sharing);
  for (int q = 0; q < t.points.count && status == HRS_OK; q++) {
    double x = t.points.x[q];
    status = hrs_agree(hrs_lattice_comm(v), hrs_lattice_copy(v, t.work));
    if (status == HRS_OK)
      status = hrs_lattice_transform(t.work, (hrs_kernel){{{1 - x, x}, {-1, 1}}}, 1);
    if (status == HRS_OK) collect(&t, q);
    if (status == HRS_OK) status = measure(&t, q);
  }
  if (status == HRS_OK) status = finish_transforms(&t, values, error);
  hrs_lattice_destroy(&t.work);
  for (int i = 0; i < HRS_INDEX_LIMIT; i++)
    hrs_free(t.own[i]);
  return status;
}

hrs_status hrs_lattice_indices(const hrs_lattice *v, hrs_sharing sharing, const int *orders,
                               double *const *values, double *error) {
  const hrs_partition *part = hrs_lattice_partition(v);
  int transformed[HRS_INDEX_LIMIT], foldable[HRS_INDEX_LIMIT];
  HRS_ASSERT(hrs_lattice_phase(v) == HRS_PHASE_A);
  int folded = share_out(orders, part->n, part->n - part->block_bits, transformed);
  bool any = false;
  for (int i = 0; i < HRS_INDEX_LIMIT; i++) {
    HRS_ASSERT(orders[i] >= 0 && orders[i] <= part->n);
    foldable[i] = orders[i] - transformed[i];
    any = any || transformed[i];
  }
  if (folded) HRS_TRY(by_fold(v, folded, foldable, values, error));
  return any ? by_transforms(v, sharing, transformed, values, error) : HRS_OK;
}
