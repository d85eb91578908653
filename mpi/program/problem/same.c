/*
 * Is it the same problem on all ranks? Each rank reads a table, loads a plug-in and parses its
 * options for itself: a stale copy on one node would give wrong numbers without a word, and another
 * number of samples would let ranks wait for each other for ever.
 *
 * What steers the run is compared with rank 0's, and so are a few values. Plug-ins may differ in
 * last bits between processors, so equal means to one part in a million.
 */
#include "problem.h"

#include "mpi/lattice/comm.h"

#include <math.h>
#include <string.h>

enum { PROBES = 4 };

typedef enum fact { PLAYERS, SAMPLES, TARGETS, CLASSES, SLICE, FACTS } fact;
static const char *const names[FACTS] = {"players", "samples", "targets", "classes",
                                         "bits in a slice"};

static hrs_status same_facts(const hrs_problem *problem) {
  const hrs_count own[FACTS] = {problem->n, problem->samples, problem->targets, problem->classes,
                                hrs_game_slice_bits(problem->game)};
  hrs_count first[FACTS];
  memcpy(first, own, sizeof first);
  HRS_TRY(hrs_broadcast(problem->comm, 0, first, sizeof first));
  hrs_status status = HRS_OK;
  for (int i = 0; i < FACTS && status == HRS_OK; i++)
    if (own[i] != first[i])
      status = hrs_error_set(HRS_STATUS_INPUT, __FILE__, __LINE__,
                             "rank %d: %s has %lld %s here and %lld on rank 0; are the files the "
                             "same on all nodes?",
                             hrs_comm_rank(problem->comm), problem->description, (long long)own[i],
                             names[i], (long long)first[i]);
  return hrs_agree(problem->comm, status);
}

/* `size`: the largest of the values, beside which a difference that cancels to 0 is rounding. */
static bool is_same(double a, double b, double size) {
  return a == b || (isnan(a) && isnan(b)) ||
         fabs(a - b) <= 1e-6 * fmax(fabs(a), fabs(b)) + 1e-12 * size;
}

/* A few values of a sample. */
static hrs_status same_values(const hrs_problem *problem, hrs_count sample, double *own,
                              double *first) {
  hrs_mask full = hrs_mask_full(problem->n);
  const hrs_mask masks[PROBES] = {0, full, full & 0x5555555555555555u, full & 0xccccccccccccccccu};
  hrs_count count = (hrs_count)PROBES * problem->targets;
  hrs_status status = hrs_game_select(problem->game, hrs_problem_in_game(problem, sample));
  if (status == HRS_OK) status = hrs_game_evaluate_masks(problem->game, PROBES, masks, own);
  HRS_TRY(hrs_agree(problem->comm, status));
  memcpy(first, own, (size_t)count * sizeof *first);
  HRS_TRY(hrs_broadcast(problem->comm, 0, first, count * (hrs_count)sizeof *first));
  double size = 0;
  for (hrs_count i = 0; i < count; i++)
    if (isfinite(first[i])) size = fmax(size, fabs(first[i]));
  for (hrs_count i = 0; i < count && status == HRS_OK; i++)
    if (!is_same(own[i], first[i], size))
      status =
          hrs_error_set(HRS_STATUS_INPUT, __FILE__, __LINE__,
                        "rank %d: %s has other values here than on rank 0: %.9g, not %.9g, at "
                        "mask %llu of sample %lld; are the files the same on all nodes?",
                        hrs_comm_rank(problem->comm), problem->description, own[i], first[i],
                        (unsigned long long)masks[i % PROBES], (long long)problem->index[sample]);
  return hrs_agree(problem->comm, status);
}

hrs_status hrs_problem_compare(hrs_problem *problem) {
  /* Networks are read by rank 0, but their buffers depend on the processor: the plan takes the
   * largest. */
  hrs_count bytes[2] = {problem->game_bytes, problem->shared_bytes};
  HRS_TRY(hrs_comm_reduce(problem->comm, MPI_MAX, MPI_INT64_T, bytes, 2));
  problem->game_bytes = bytes[0];
  problem->shared_bytes = bytes[1];
  HRS_TRY(same_facts(problem));
  if (problem->model || hrs_comm_size(problem->comm) == 1) return HRS_OK;
  hrs_count count = (hrs_count)PROBES * problem->targets;
  double *values;
  HRS_TRY(hrs_comm_alloc(problem->comm, 2 * count, sizeof *values, &values));
  hrs_status status = same_values(problem, 0, values, values + count);
  if (status == HRS_OK) status = same_values(problem, problem->samples - 1, values, values + count);
  hrs_free(values);
  return status;
}
