/* Guarded communicators: failures that are final, wherever the other ranks stand. */
#include "mpi_test.h"

#include "mpi/lattice/comm.h"
#include "src/base/fault.h"

#include <string.h>

static hrs_status failure(void) {
  return hrs_error_set(HRS_STATUS_INPUT, __FILE__, __LINE__, "a file is damaged");
}

/* The last rank fails before what all others do together. */
static hrs_status walk(MPI_Comm comm, bool fails) {
  int64_t number = 1;
  char all[64];
  void *gathered = NULL;
  hrs_count total;
  if (fails) return hrs_agree(comm, failure());
  HRS_TRY(hrs_broadcast(comm, 0, &number, sizeof number));
  HRS_TRY(hrs_comm_reduce(comm, MPI_SUM, MPI_INT64_T, &number, 1));
  HRS_TRY(hrs_comm_allgather(comm, "x", 1, all));
  HRS_TRY(hrs_gather(comm, all, 1, &gathered, &total));
  hrs_free(gathered);
  return hrs_comm_barrier(comm);
}

static void failures_are_final(void **state) {
  (void)state;
  int rank = mpi_rank(MPI_COMM_WORLD), last = mpi_size(MPI_COMM_WORLD) - 1;
  MPI_Comm comm;
  mpi_assert_ok(hrs_comm_guard(MPI_COMM_WORLD, &comm));
  mpi_assert_ok(walk(comm, false));
  hrs_status status = walk(comm, rank == last);
  mpi_assert(rank == last ||
             (status == HRS_STATUS_INPUT && strcmp(hrs_error_message(), "a file is damaged") == 0));
  /* Whatever comes, in whatever order, and without the others. */
  int64_t number = 7;
  status =
      rank % 2 ? hrs_comm_reduce(comm, MPI_MAX, MPI_INT64_T, &number, 1) : hrs_comm_barrier(comm);
  mpi_assert(status != HRS_OK || rank == last);
  mpi_assert(rank == last || (hrs_agree(comm, HRS_OK) == HRS_STATUS_INPUT && number == 7));
  if (rank == last) status = hrs_error_context(failure(), "--samples");
  status = hrs_agree_finally(comm, status);
  mpi_assert(status == HRS_STATUS_INPUT &&
             strstr(hrs_error_message(), "--samples: a file is damaged"));
  hrs_comm_free(&comm);
  mpi_assert_ok(hrs_comm_guard(MPI_COMM_WORLD, &comm));
  mpi_assert_ok(walk(comm, false));
  hrs_comm_free(&comm);
}

/* A rank fails in its part, or past it: its part's others still stand in it, or do not. */
static void failures_of_parts(void **state) {
  (void)state;
  int rank = mpi_rank(MPI_COMM_WORLD), size = mpi_size(MPI_COMM_WORLD);
  for (int past = 0; past < 2; past++) {
    MPI_Comm comm, part;
    mpi_assert_ok(hrs_comm_guard(MPI_COMM_WORLD, &comm));
    bool member = rank < size - size / 3;
    mpi_assert_ok(hrs_comm_split_guarded(comm, member ? rank % 2 : MPI_UNDEFINED, rank, &part));
    bool fails = rank == size / 2 && member;
    hrs_status status = member ? walk(part, fails && !past) : HRS_OK;
    if (status == HRS_OK) status = hrs_agree(comm, fails && past ? failure() : HRS_OK);
    status = hrs_agree_finally(comm, status);
    mpi_assert(status == HRS_STATUS_INPUT && strstr(hrs_error_message(), "a file is damaged"));
    hrs_comm_free(&part);
    hrs_comm_free(&comm);
  }
}

/* On a communicator of the caller's an agreement is one, and the next one is another. */
static void others_recover(void **state) {
  (void)state;
  int rank = mpi_rank(MPI_COMM_WORLD);
  hrs_status status = hrs_agree(MPI_COMM_WORLD, rank == 0 ? failure() : HRS_OK);
  mpi_assert(status == HRS_STATUS_INPUT);
  mpi_assert_ok(hrs_agree(MPI_COMM_WORLD, HRS_OK));
}

static void alone(void **state) {
  (void)state;
  MPI_Comm comm, part;
  int64_t number = 5;
  mpi_assert_ok(hrs_comm_guard(MPI_COMM_SELF, &comm));
  mpi_assert(comm == MPI_COMM_SELF && hrs_comm_rank(comm) == 0 && hrs_comm_size(comm) == 1);
  mpi_assert_ok(walk(comm, false));
  mpi_assert_ok(hrs_comm_reduce(comm, MPI_SUM, MPI_INT64_T, &number, 1));
  mpi_assert_ok(hrs_comm_split_guarded(comm, 0, 0, &part));
  mpi_assert(part == MPI_COMM_SELF && number == 5);
  mpi_assert(walk(comm, true) == HRS_STATUS_INPUT);
}

static void memory_of_all_or_none(void **state) {
  (void)state;
  MPI_Comm comm;
  double *block = NULL;
  mpi_assert_ok(hrs_comm_guard(MPI_COMM_WORLD, &comm));
  mpi_assert(hrs_comm_alloc(comm, 8, sizeof *block, &block) == HRS_OK && block);
  hrs_free(block);
  if (mpi_rank(comm) == 0) hrs_fault_arm(HRS_FAULT_ALLOC, 1);
  mpi_assert(hrs_comm_alloc(comm, 8, sizeof *block, &block) == HRS_STATUS_MEMORY && !block);
  hrs_comm_free(&comm);
}

static const struct CMUnitTest tests[] = {cmocka_unit_test(failures_are_final),
                                          cmocka_unit_test(failures_of_parts),
                                          cmocka_unit_test(others_recover), cmocka_unit_test(alone),
                                          cmocka_unit_test(memory_of_all_or_none)};
mpi_test_main(tests)
