/*
 * mpi_test.h -- cmocka under mpirun: every rank runs every test, rank 0 alone prints, and a check
 * that fails on one rank fails on all, so that nobody is left waiting in a collective call.
 */
#ifndef HRS_MPI_TEST_H
#define HRS_MPI_TEST_H

#include <harsanyi/mpi.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static inline int mpi_rank(MPI_Comm comm) {
  int rank;
  MPI_Comm_rank(comm, &rank);
  return rank;
}

static inline int mpi_size(MPI_Comm comm) {
  int size;
  MPI_Comm_size(comm, &size);
  return size;
}

/** Does it hold on all ranks? Those where it does not say so. Collective over MPI_COMM_WORLD. */
static inline bool mpi_all(bool mine, const char *file, int line, const char *text) {
  int holds = mine, all;
  if (!mine)
    fprintf(stderr, "rank %d: %s:%d: %s (%s)\n", mpi_rank(MPI_COMM_WORLD), file, line, text,
            hrs_error_message());
  MPI_Allreduce(&holds, &all, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
  return all;
}
/** Collective over MPI_COMM_WORLD. */
#define mpi_assert(condition) assert_true(mpi_all((condition), __FILE__, __LINE__, #condition))
#define mpi_assert_ok(call) mpi_assert((call) == HRS_OK)

/** A call that is not what is tested. */
static inline void must(hrs_status status) {
  if (status == HRS_OK) return;
  fprintf(stderr, "%s\n", hrs_error_message());
  abort();
}

static inline bool mpi_test_begin(int *argc, char ***argv) {
  MPI_Init(argc, argv);
  bool speaks = mpi_rank(MPI_COMM_WORLD) == 0;
  /* cmocka reports on both streams; failed checks of other ranks are told by mpi_assert. */
  return speaks || freopen("/dev/null", "w", stdout);
}

static inline int mpi_test_end(int failed) {
  if (hrs_memory_current() != 0) {
    fprintf(stderr, "%lld bytes are not freed\n", (long long)hrs_memory_current());
    failed++;
  }
  MPI_Finalize();
  return failed;
}

/** Run a group; memory that is still allocated at the end is a failure. */
#define mpi_test_main(tests)                                                                       \
  int main(int argc, char **argv) {                                                                \
    if (!mpi_test_begin(&argc, &argv)) return 1;                                                   \
    return mpi_test_end(cmocka_run_group_tests(tests, NULL, NULL));                                \
  }

#endif
