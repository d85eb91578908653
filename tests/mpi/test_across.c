/*
 * Butterflies across tiles while tiles arrive, without messages: a made-up rank's columns are put
 * in place step by step, as an exchange does, with work in between as often as chance will have it.
 * What has not arrived is poison. The result has the bits of the reference, row by row.
 */
#include "mpi/lattice/across.h"
#include "mpi/lattice/schedule.h"

#include "mpi_test.h"

#include "../unit/pick.h"

#include <string.h>

enum { CASES = 3000, LARGEST = 1 << 14 };

typedef struct scene {
  hrs_lattice lattice;
  hrs_kernel kernel;
  hrs_count row;             /* bytes */
  hrs_count tile;            /* bytes */
  char *whole, *wanted, *to; /* before and after, and where it is done */
  int eagerness;             /* per cent */
} scene;

static hrs_count rows_bytes(const scene *s) {
  return s->lattice.count * s->row;
}

/* Ranks up to as many as there are rows, with and without a bye, first, last or any rank. */
static void pick_lattice(scene *s) {
  hrs_lattice *l = &s->lattice;
  do {
    int v = (int)pick(1, 6), ranks = (int)pick(1, 1 << v);
    assert_int_equal(hrs_partition_create(2 * v + (int)pick(0, 5), v, ranks, &l->part), HRS_OK);
    l->rank = (int)(pick(0, 2) ? pick(0, ranks - 1) : ranks - 1);
    l->first = hrs_partition_first(&l->part, l->rank);
    l->count = hrs_partition_first(&l->part, l->rank + 1) - l->first;
    l->type = pick(0, 1) ? HRS_F32 : HRS_F64;
    s->tile = hrs_lattice_tile(l) * (hrs_count)hrs_dtype_size(l->type);
    s->row = s->tile << v;
  } while (rows_bytes(s) > LARGEST);
}

static void pick_values(scene *s) {
  const int v = s->lattice.part.block_bits, tile_bits = s->lattice.part.n - 2 * v;
  const hrs_kernel general = {{{0.5, -0.3}, {1.7, 0.7}}};
  s->kernel = pick(0, 1) ? general : hrs_kernel_get((hrs_kernel_name)pick(0, HRS_KERNEL_LIMIT - 1));
  for (hrs_count i = 0; i < rows_bytes(s) / (hrs_count)hrs_dtype_size(s->lattice.type); i++) {
    if (s->lattice.type == HRS_F64)
      ((double *)s->whole)[i] = (double)pick(-1000000, 1000000) / 1e6;
    else
      ((float *)s->whole)[i] = number();
  }
  memcpy(s->wanted, s->whole, (size_t)rows_bytes(s));
  for (hrs_count i = 0; i < s->lattice.count; i++)
    assert_int_equal(hrs_butterfly(s->kernel, 1, s->lattice.type, s->wanted + i * s->row,
                                   tile_bits + v, tile_bits, v, HRS_BUTTERFLY_REFERENCE),
                     HRS_OK);
  memset(s->to, 0x7f, (size_t)rows_bytes(s));
}

/* A rank's columns, in rows [first, end). */
static void arrive(scene *s, int rank, hrs_count first, hrs_count end) {
  const hrs_count from = hrs_partition_first(&s->lattice.part, rank) * s->tile;
  const hrs_count to = hrs_partition_first(&s->lattice.part, rank + 1) * s->tile;
  for (hrs_count i = first; i < end; i++)
    memcpy(s->to + i * s->row + from, s->whole + i * s->row + from, (size_t)(to - from));
}

static hrs_count work(scene *s, hrs_across *across) {
  hrs_count done = 0;
  while (pick(0, 99) < s->eagerness && across->exchange.work(&across->exchange))
    done++;
  return done;
}

/* An exchange. Partners of the same node bring everything at once, without messages. */
static hrs_count exchange(scene *s, hrs_across *across) {
  enum { HOOKS = HRS_SCHEDULE_HOOKS };
  const hrs_lattice *l = &s->lattice;
  const int ranks = l->part.ranks, steps = hrs_schedule_steps(ranks);
  hrs_count pieces = 0;
  arrive(s, l->rank, 0, l->count);
  for (int step = 1; step < steps; step++) {
    across->exchange.arrived = step;
    int partner = hrs_schedule_partner(ranks, l->rank, step);
    if (partner < 0) continue;
    assert_int_equal(hrs_schedule_step(ranks, l->rank, partner), step);
    if (pick(0, 3) == 0) {
      arrive(s, partner, 0, l->count);
      continue;
    }
    for (hrs_count hook = 0; hook < HOOKS; hook++) {
      pieces += work(s, across);
      hrs_count end = l->count * (hook + 1) / HOOKS;
      arrive(s, partner, l->count * hook / HOOKS, end);
      if (step == steps - 1) across->exchange.ready = end;
    }
  }
  hrs_across_end(across);
  return pieces;
}

static void any_schedule_gives_the_same_bits(void **state) {
  (void)state;
  scene s = {.lattice = {.comm = MPI_COMM_SELF}};
  hrs_count blocks = 0;
  char **const rooms[] = {&s.whole, &s.wanted, &s.to};
  for (int i = 0; i < 3; i++)
    assert_int_equal(hrs_alloc(LARGEST, 1, rooms[i]), HRS_OK);
  seed = (uint64_t)mpi_rank(MPI_COMM_WORLD) + 1;
  bool same = true;
  for (int i = 0; i < CASES && same; i++) {
    pick_lattice(&s);
    pick_values(&s);
    s.lattice.data = s.to;
    s.eagerness = (int[]){0, 50, 95, 100}[i % 4];
    hrs_across across = hrs_across_begin(&s.lattice, s.kernel);
    /* Any blocks give the same bits; those of so small lattices would not be worth it. */
    across.block = (int)pick(0, s.lattice.part.block_bits);
    hrs_count pieces = exchange(&s, &across);
    if (across.block > 0) blocks += pieces;
    same = across.status == HRS_OK && memcmp(s.to, s.wanted, (size_t)rows_bytes(&s)) == 0;
  }
  for (int i = 0; i < 3; i++)
    hrs_free(*rooms[i]);
  mpi_assert(same);
  mpi_assert(blocks > CASES);
}

/* A failure stops the butterflies, not the exchange. */
static void failures_leave_the_rest_alone(void **state) {
  (void)state;
  enum { N = 8, V = 4 };
  int size = mpi_size(MPI_COMM_WORLD);
  hrs_partition part;
  hrs_lattice *lattice;
  mpi_assert_ok(hrs_partition_create(N, V, size, &part));
  mpi_assert_ok(hrs_lattice_create(MPI_COMM_WORLD, &part, HRS_F64, 1000, HRS_SHARE_OFF, &lattice));
  for (hrs_mask mask = 0; mask <= hrs_mask_full(N); mask++)
    hrs_lattice_set(lattice, mask, (double)mask);
  hrs_across across = hrs_across_begin(lattice, hrs_kernel_get(HRS_KERNEL_MOBIUS));
  across.status = HRS_STATUS_MEMORY;
  mpi_assert_ok(hrs_lattice_exchange_and(lattice, &across.exchange));
  hrs_across_end(&across);
  mpi_assert(across.status == HRS_STATUS_MEMORY && hrs_lattice_phase(lattice) == HRS_PHASE_B);
  bool right = true;
  for (hrs_mask mask = 0; mask <= hrs_mask_full(N); mask++) {
    double value;
    must(hrs_lattice_get(lattice, mask, &value));
    right = right && value == (double)mask;
  }
  hrs_lattice_destroy(&lattice);
  mpi_assert(right);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(any_schedule_gives_the_same_bits),
    cmocka_unit_test(failures_leave_the_rest_alone),
};
mpi_test_main(tests)
