/* Ranks of a node share weights: the same numbers, less memory, and blocks that can be freed. */
#include "mpi_test.h"

#include "mpi/lattice/shared.h"

#include <string.h>

enum { COUNT = 2 << 20 }; /* floats: 8 MiB */

static float *make(int add) {
  float *block;
  if (hrs_alloc(COUNT, sizeof *block, &block) != HRS_OK) return NULL;
  for (int i = 0; i < COUNT; i++)
    block[i] = (float)(i % 1000 + add);
  return block;
}

/* From element `first` on, since only that is shared. */
static bool holds(const float *block, int first, int add) {
  for (int i = first; i < COUNT; i++)
    if (block[i] != (float)(i % 1000 + add)) return false;
  return true;
}

static void weights_are_shared(void **state) {
  (void)state;
  int rank = mpi_rank(MPI_COMM_WORLD), size;
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  float *same = make(0), *other = make(rank);
  mpi_assert(same && other);
  hrs_count bytes = COUNT * (hrs_count)sizeof(float), few = 16 << 10;
  hrs_memory_constant(same, same + 100, bytes - 100 * (hrs_count)sizeof(float));
  hrs_memory_constant(other, other, bytes);
  hrs_count before = hrs_memory_current();
  mpi_assert_ok(hrs_shared_constants(MPI_COMM_WORLD));
  /* Of the equal block one copy is left, but for incomplete pages at its ends. */
  hrs_count saved = before - hrs_memory_current();
  mpi_assert(size > 1 && rank > 0 ? saved > bytes - few && saved <= bytes : saved == 0);
  same[0] = -1;
  mpi_assert(holds(same, 1, 0) && holds(other, 0, rank));
  hrs_free(same);
  hrs_free(other);
  hrs_constant *list;
  mpi_assert(hrs_memory_constants(&list) == 0);
  /* Where it stood is this rank's own again. */
  float *fresh = make(rank + 1);
  mpi_assert(fresh);
  MPI_Barrier(MPI_COMM_WORLD);
  mpi_assert(holds(fresh, 0, rank + 1));
  hrs_free(fresh);
}

static void little_is_left_alone(void **state) {
  (void)state;
  float *block;
  hrs_constant *list;
  mpi_assert_ok(hrs_calloc(1000, sizeof *block, &block));
  hrs_memory_constant(block, block, 4000);
  mpi_assert(hrs_memory_constants(&list) == 0);
  mpi_assert_ok(hrs_shared_constants(MPI_COMM_WORLD));
  hrs_free(block);
}

static const struct CMUnitTest tests[] = {cmocka_unit_test(weights_are_shared),
                                          cmocka_unit_test(little_is_left_alone)};
mpi_test_main(tests)
