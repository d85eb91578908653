/* The distributed lattice: layouts, exchange, transforms, against the definition and against P = 1.
 */
#include "mpi_test.h"

#include <math.h>
#include <string.h>

/* Any number per mask, the same on every rank. */
static double value_of(hrs_mask mask) {
  uint64_t x = (mask + 1) * 0x9e3779b97f4a7c15u;
  x = (x ^ x >> 29) * 0xbf58476d1ce4e5b9u;
  return (double)(int64_t)(x ^ x >> 32) * 0x1p-63;
}

static void fill(hrs_lattice *lattice) {
  hrs_lattice_reset(lattice);
  for (hrs_count r = 0; r < hrs_lattice_row_count(lattice); r++) {
    hrs_count row = hrs_lattice_first_row(lattice) + r;
    hrs_subcube cube = hrs_lattice_row_cube(lattice, row);
    for (hrs_count i = 0; i < hrs_lattice_row_size(lattice); i++)
      hrs_lattice_set(lattice, hrs_subcube_mask(cube, i), value_of(hrs_subcube_mask(cube, i)));
  }
}

/* Does every element stand where its mask says? */
static bool is_in_place(const hrs_lattice *lattice) {
  hrs_dtype type = hrs_lattice_type(lattice);
  for (hrs_count r = 0; r < hrs_lattice_row_count(lattice); r++) {
    hrs_count row = hrs_lattice_first_row(lattice) + r;
    hrs_subcube cube = hrs_lattice_row_cube(lattice, row);
    const void *data = hrs_lattice_row(lattice, row);
    for (hrs_count i = 0; i < hrs_lattice_row_size(lattice); i++) {
      double wanted = value_of(hrs_subcube_mask(cube, i));
      if (type == HRS_F64 ? ((const double *)data)[i] != wanted
                          : ((const float *)data)[i] != (float)wanted)
        return false;
    }
  }
  return true;
}

/* Largest number of ranks that a lattice of n players can use here. */
static int ranks_for(int n) {
  int most = 1 << hrs_partition_default_bits(n), size = mpi_size(MPI_COMM_WORLD);
  return size < most ? size : most;
}

/* The first `ranks` ranks of the world; MPI_COMM_NULL on the others. */
static MPI_Comm some_ranks(int ranks) {
  MPI_Comm comm;
  int rank = mpi_rank(MPI_COMM_WORLD);
  MPI_Comm_split(MPI_COMM_WORLD, rank < ranks ? 0 : MPI_UNDEFINED, rank, &comm);
  return comm;
}

static void partition_covers_all_rows(void **state) {
  (void)state;
  for (int n = 1; n <= 40; n++)
    for (int ranks = 1; ranks <= 9 && ranks <= 1 << hrs_partition_default_bits(n); ranks++) {
      hrs_partition part;
      assert_int_equal(hrs_partition_create(n, -1, ranks, &part), HRS_OK);
      hrs_count rows = (hrs_count)1 << part.block_bits;
      assert_int_equal(hrs_partition_first(&part, 0), 0);
      assert_int_equal(hrs_partition_first(&part, ranks), rows);
      for (hrs_count row = 0; row < rows; row += rows / 16 + 1) {
        int owner = hrs_partition_owner(&part, row);
        assert_true(hrs_partition_first(&part, owner) <= row);
        assert_true(row < hrs_partition_first(&part, owner + 1));
      }
    }
  hrs_partition part;
  assert_int_equal(hrs_partition_create(10, 6, 1, &part), HRS_STATUS_USAGE);
  assert_int_equal(hrs_partition_create(10, 2, 5, &part), HRS_STATUS_TOO_LARGE);
  assert_int_equal(hrs_partition_create(0, -1, 1, &part), HRS_STATUS_USAGE);
  assert_int_equal(hrs_partition_create(41, -1, 1, &part), HRS_STATUS_USAGE);
}

static void check_exchange(int n, int block_bits, hrs_dtype type, hrs_count chunk,
                           hrs_sharing sharing) {
  int ranks = ranks_for(n);
  if (block_bits >= 0 && ranks > 1 << block_bits) ranks = 1 << block_bits;
  MPI_Comm comm = some_ranks(ranks);
  bool right = true;
  if (comm != MPI_COMM_NULL) {
    hrs_partition part;
    hrs_lattice *lattice = NULL;
    uint64_t sums[3];
    right = hrs_partition_create(n, block_bits, ranks, &part) == HRS_OK &&
            hrs_lattice_create(comm, &part, type, chunk, sharing, &lattice) == HRS_OK;
    if (right) {
      fill(lattice);
      right = is_in_place(lattice);
      must(hrs_lattice_checksum(lattice, &sums[0]));
      right = right && hrs_lattice_exchange(lattice) == HRS_OK;
      right = right && hrs_lattice_phase(lattice) == HRS_PHASE_B && is_in_place(lattice);
      must(hrs_lattice_checksum(lattice, &sums[1]));
      right = right && hrs_lattice_exchange(lattice) == HRS_OK;
      right = right && hrs_lattice_phase(lattice) == HRS_PHASE_A && is_in_place(lattice);
      must(hrs_lattice_checksum(lattice, &sums[2]));
      right = right && sums[0] == sums[1] && sums[1] == sums[2];
    }
    hrs_lattice_destroy(&lattice);
    MPI_Comm_free(&comm);
  }
  mpi_assert(right);
}

static void exchange_moves_every_tile(void **state) {
  (void)state;
  /* Chunks smaller than a tile, not a multiple of it, and of one element. */
  static const hrs_count chunks[] = {8, 24, 100, 1000, 1 << 20};
  for (int sharing = 0; sharing < 2; sharing++) {
    for (int n = 1; n <= 13; n++)
      check_exchange(n, -1, HRS_F64, 0, (hrs_sharing)sharing);
    check_exchange(5, 0, HRS_F64, 0, (hrs_sharing)sharing);
  }
  for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++) {
    check_exchange(12, -1, HRS_F64, chunks[i], HRS_SHARE_OFF);
    check_exchange(14, 3, HRS_F64, chunks[i], HRS_SHARE_OFF);
    check_exchange(12, 6, HRS_F32, chunks[i], HRS_SHARE_OFF);
  }
}

/* The transform by its definition: every element from all others, in long double. */
static long double by_definition(int n, hrs_kernel kernel, hrs_mask s) {
  long double sum = 0;
  for (hrs_mask t = 0; t <= hrs_mask_full(n); t++) {
    long double weight = 1;
    for (int i = 0; i < n && weight != 0; i++)
      weight *= (long double)kernel.k[s >> i & 1][t >> i & 1];
    if (weight != 0) sum += weight * (long double)value_of(t);
  }
  return sum;
}

static void transforms_agree_with_the_definition(void **state) {
  (void)state;
  hrs_kernel general = {{{0.5, -0.25}, {1.5, 0.75}}};
  for (int n = 1; n <= 9; n++)
    for (int which = 0; which <= HRS_KERNEL_LIMIT; which++) {
      hrs_kernel kernel =
          which < HRS_KERNEL_LIMIT ? hrs_kernel_get((hrs_kernel_name)which) : general;
      int ranks = ranks_for(n);
      MPI_Comm comm = some_ranks(ranks);
      double worst = 0;
      if (comm != MPI_COMM_NULL) {
        hrs_partition part;
        hrs_lattice *lattice;
        if (hrs_partition_create(n, -1, ranks, &part) != HRS_OK ||
            hrs_lattice_create(comm, &part, HRS_F64, 0, HRS_SHARE_AUTO, &lattice) != HRS_OK)
          abort();
        fill(lattice);
        must(hrs_lattice_transform(lattice, kernel, -2));
        for (hrs_mask s = 0; s <= hrs_mask_full(n); s++) {
          double value;
          must(hrs_lattice_get(lattice, s, &value));
          double error = fabs(value + 2 * (double)by_definition(n, kernel, s));
          worst = error > worst || isnan(error) ? error : worst;
        }
        hrs_lattice_destroy(&lattice);
        MPI_Comm_free(&comm);
      }
      mpi_assert(worst <= 1e-12);
    }
}

/* Checksum after AND, then after OR, on a communicator; 0 where this rank is not in it. */
static void transform_checksums(MPI_Comm comm, int n, hrs_dtype type, hrs_count chunk,
                                hrs_sharing sharing, uint64_t sums[3], double reductions[3]) {
  hrs_partition part;
  hrs_lattice *lattice;
  if (hrs_partition_create(n, -1, mpi_size(comm), &part) != HRS_OK ||
      hrs_lattice_create(comm, &part, type, chunk, sharing, &lattice) != HRS_OK)
    abort();
  fill(lattice);
  must(hrs_lattice_transform(lattice, hrs_kernel_get(HRS_KERNEL_MOBIUS), 1));
  must(hrs_lattice_checksum(lattice, &sums[0]));
  must(hrs_lattice_max(lattice, &reductions[0]));
  must(hrs_lattice_transform(lattice, hrs_kernel_get(HRS_KERNEL_OR_FROM_AND), -1));
  must(hrs_lattice_checksum(lattice, &sums[1]));
  must(hrs_lattice_max(lattice, &reductions[1]));
  must(hrs_lattice_transform(lattice, hrs_kernel_get(HRS_KERNEL_WALSH), 0.25));
  must(hrs_lattice_checksum(lattice, &sums[2]));
  must(hrs_lattice_get(lattice, 5, &reductions[2]));
  hrs_lattice_destroy(&lattice);
}

static void same_bits_for_every_rank_count(void **state) {
  (void)state;
  for (int n = 6; n <= 18; n += 3)
    for (int type = 0; type < 2; type++) {
      hrs_dtype dtype = type ? HRS_F32 : HRS_F64;
      uint64_t alone[3];
      double reduced[3];
      transform_checksums(MPI_COMM_SELF, n, dtype, 0, HRS_SHARE_OFF, alone, reduced);
      for (int ranks = 1; ranks <= ranks_for(n); ranks++)
        for (int small = 0; small < 2; small++) {
          MPI_Comm comm = some_ranks(ranks);
          uint64_t sums[3];
          double together[3];
          bool same = true;
          if (comm != MPI_COMM_NULL) {
            transform_checksums(comm, n, dtype, small ? 1000 : 0,
                                small ? HRS_SHARE_OFF : HRS_SHARE_AUTO, sums, together);
            same = memcmp(sums, alone, sizeof sums) == 0 &&
                   memcmp(together, reduced, sizeof together) == 0;
            MPI_Comm_free(&comm);
          }
          mpi_assert(same);
        }
    }
}

static void volumes_are_as_predicted(void **state) {
  (void)state;
  hrs_partition part;
  assert_int_equal(hrs_partition_create(20, -1, 3, &part), HRS_OK);
  hrs_count total = 0;
  for (int rank = 0; rank < 3; rank++)
    total += hrs_partition_volume(&part, HRS_F64, rank);
  /* Of 1024 rows: 341, 341, 342. What is sent is all but the own squares. */
  hrs_count own = 341 * 341 + 341 * 341 + 342 * 342;
  assert_int_equal(total, (1024 * 1024 - own) * 8);
}

static void memory_is_data_and_two_chunks(void **state) {
  (void)state;
  int ranks = ranks_for(16);
  MPI_Comm comm = some_ranks(ranks);
  bool right = true;
  if (comm != MPI_COMM_NULL) {
    hrs_partition part;
    hrs_lattice *lattice;
    hrs_count chunk = 4096;
    if (hrs_partition_create(16, -1, ranks, &part) != HRS_OK ||
        hrs_lattice_create(comm, &part, HRS_F64, chunk, HRS_SHARE_AUTO, &lattice) != HRS_OK)
      abort();
    hrs_count data = hrs_lattice_row_count(lattice) * hrs_lattice_row_size(lattice) * 8;
    fill(lattice);
    hrs_memory_reset_peak();
    must(hrs_lattice_transform(lattice, hrs_kernel_get(HRS_KERNEL_MOBIUS), 1));
    right = hrs_memory_peak() <= data + 2 * chunk + (1 << 20);
    hrs_lattice_destroy(&lattice);
    MPI_Comm_free(&comm);
  }
  mpi_assert(right);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(partition_covers_all_rows),
    cmocka_unit_test(exchange_moves_every_tile),
    cmocka_unit_test(transforms_agree_with_the_definition),
    cmocka_unit_test(same_bits_for_every_rank_count),
    cmocka_unit_test(volumes_are_as_predicted),
    cmocka_unit_test(memory_is_data_and_two_chunks),
};
mpi_test_main(tests)
