/*
 * The schedule of an exchange, walked without data for more ranks and players than any test
 * machine has: every tile is swapped once, partners meet in the same step and come to the same
 * messages, which fit into the chunk and into an int, and add up to the formula. For small numbers
 * all pairs and all tiles; for large ones some ranks with all their partners.
 */
#include "mpi/lattice/schedule.h"

#include "mpi_test.h"

#include <limits.h>
#include <string.h>

static const hrs_count chunks[] = {8, 1000, 4096, 1 << 20, 0, HRS_LARGEST_CHUNK};
enum { CHUNKS = sizeof chunks / sizeof *chunks };

static hrs_count rows_of(const hrs_partition *part, int rank) {
  return hrs_partition_first(part, rank + 1) - hrs_partition_first(part, rank);
}

/* Bytes of a pair's swaps; each of their messages is one that MPI can send and the chunk hold. */
static hrs_count walk_pair(hrs_count rows, hrs_count columns, hrs_count tile, hrs_count chunk,
                           hrs_count *messages) {
  hrs_count bytes = 0;
  for (int k = 0; k < HRS_SCHEDULE_SWAPS; k++) {
    hrs_swap swap = hrs_schedule_swap(rows, columns, k);
    assert_true(swap.row >= 0 && swap.rows >= 0 && swap.row + swap.rows <= rows);
    assert_true(swap.column >= 0 && swap.columns >= 0 && swap.column + swap.columns <= columns);
    hrs_count tiles = swap.rows * swap.columns;
    if (tiles == 0) continue;
    hrs_count step = hrs_schedule_tiles(&swap, tile, chunk);
    /* Two messages are under way, so they have half a chunk each; pieces go one by one. */
    hrs_count largest = step ? step * tile : (tile < chunk ? tile : chunk);
    assert_true(largest > 0 && largest <= INT_MAX && largest <= (step ? chunk / 2 : chunk));
    hrs_count whole = tiles * tile, sent = 0;
    if (step)
      for (hrs_count done = 0; done < tiles; done += step, ++*messages)
        sent += (tiles - done < step ? tiles - done : step) * tile;
    else
      for (hrs_count t = 0; t < tiles; t++)
        for (hrs_count done = 0; done < tile; done += chunk, ++*messages)
          sent += tile - done < chunk ? tile - done : chunk;
    assert_true(sent == whole);
    bytes += whole;
  }
  return bytes;
}

/* No tile in two swaps of a pair. */
static void check_disjoint(hrs_count rows, hrs_count columns) {
  for (int k = 0; k < HRS_SCHEDULE_SWAPS; k++)
    for (int l = 0; l < k; l++) {
      hrs_swap a = hrs_schedule_swap(rows, columns, k), b = hrs_schedule_swap(rows, columns, l);
      bool apart = a.row + a.rows <= b.row || b.row + b.rows <= a.row ||
                   a.column + a.columns <= b.column || b.column + b.columns <= a.column;
      assert_true(apart || a.rows * a.columns == 0 || b.rows * b.columns == 0);
    }
}

/* All partners of a rank once, each of which has it as partner in that step. */
static void check_meetings(int ranks, int rank) {
  int steps = hrs_schedule_steps(ranks), met = 0, pauses = 0;
  assert_int_equal(hrs_schedule_partner(ranks, rank, 0), rank);
  for (int step = 1; step < steps; step++) {
    int partner = hrs_schedule_partner(ranks, rank, step);
    if (partner < 0) {
      pauses++;
      continue;
    }
    assert_true(partner < ranks && partner != rank);
    assert_int_equal(hrs_schedule_partner(ranks, partner, step), rank);
    /* A step for each partner, and that a function of the partner: none comes twice. */
    assert_int_equal(hrs_schedule_step(ranks, rank, partner), step);
    met++;
  }
  assert_int_equal(met, ranks - 1);
  assert_int_equal(pauses, ranks % 2);
}

/* What a rank sends to all others. Ranks have at most two numbers of rows, so pairs are of few
 * shapes, each of which is walked once. */
static void check_rank(const hrs_partition *part, hrs_dtype type, hrs_count chunk, int rank) {
  const hrs_count least = ((hrs_count)1 << part->block_bits) / part->ranks;
  const hrs_count tile = (hrs_count)hrs_dtype_size(type) << (part->n - 2 * part->block_bits);
  hrs_count used = hrs_schedule_chunk(part, type, chunk);
  hrs_count volume = 0, messages = 0, bytes[2][2] = {{0}}, count[2][2] = {{0}};
  for (int other = 0; other < part->ranks; other++) {
    if (other == rank) continue;
    hrs_count rows = rows_of(part, rank < other ? rank : other);
    hrs_count columns = rows_of(part, rank < other ? other : rank);
    assert_true(rows - least == 0 || rows - least == 1);
    assert_true(columns - least == 0 || columns - least == 1);
    hrs_count *here = &bytes[rows - least][columns - least];
    hrs_count *parts = &count[rows - least][columns - least];
    if (*here == 0) {
      check_disjoint(rows, columns);
      *here = walk_pair(rows, columns, tile, used, parts);
      assert_true(*here == rows * columns * tile);
    }
    volume += *here;
    messages += *parts;
  }
  assert_true(volume == hrs_partition_volume(part, type, rank));
  assert_true(messages == hrs_schedule_messages(part, type, chunk, rank));
}

/* Small lattices tile by tile: slot [i][j] of i's owner is swapped with [j][i] of j's, once. */
static void check_tiles(const hrs_partition *part) {
  enum { MOST = 64 };
  static int swapped[MOST][MOST]; /* by row and column of the lower rank, then of the higher */
  const int rows = 1 << part->block_bits;
  assert_true(rows <= MOST);
  memset(swapped, 0, sizeof swapped);
  for (int rank = 0; rank < part->ranks; rank++)
    for (int step = 1; step < hrs_schedule_steps(part->ranks); step++) {
      int partner = hrs_schedule_partner(part->ranks, rank, step);
      if (partner < 0) continue;
      int lower = rank < partner ? rank : partner, higher = rank < partner ? partner : rank;
      for (int k = 0; k < HRS_SCHEDULE_SWAPS; k++) {
        hrs_swap swap = hrs_schedule_swap(rows_of(part, lower), rows_of(part, higher), k);
        for (hrs_count i = swap.row; i < swap.row + swap.rows; i++)
          for (hrs_count j = swap.column; j < swap.column + swap.columns; j++) {
            hrs_count row = hrs_partition_first(part, lower) + i;
            hrs_count column = hrs_partition_first(part, higher) + j;
            assert_int_equal(hrs_partition_owner(part, row), lower);
            assert_int_equal(hrs_partition_owner(part, column), higher);
            swapped[rank == lower ? row : column][rank == lower ? column : row]++;
          }
      }
    }
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < rows; j++)
      assert_int_equal(swapped[i][j], hrs_partition_owner(part, i) == hrs_partition_owner(part, j)
                                          ? 0
                                          : 1); /* own tiles are swapped in step 0 */
}

static void every_tile_of_small_lattices(void **state) {
  (void)state;
  for (int bits = 0; bits <= 6; bits++)
    for (int ranks = 1; ranks <= 1 << bits; ranks++) {
      hrs_partition part;
      must(hrs_partition_create(2 * bits + 1, bits, ranks, &part));
      check_tiles(&part);
    }
}

static void every_rank_of_few(void **state) {
  (void)state;
  for (int n = 1; n <= HRS_MAX_PLAYERS; n++)
    for (int ranks = 1; ranks <= 9 && ranks <= 1 << hrs_partition_default_bits(n); ranks++)
      for (int rank = 0; rank < ranks; rank++) {
        hrs_partition part;
        must(hrs_partition_create(n, -1, ranks, &part));
        check_meetings(ranks, rank);
        /* Pieces of 8 bytes of large tiles would be 2^37 messages. */
        for (int c = n < 22 ? 0 : n < 32 ? 2 : 3; c < CHUNKS; c++)
          check_rank(&part, rank % 2 ? HRS_F32 : HRS_F64, chunks[c], rank);
      }
}

static void some_ranks_of_many(void **state) {
  (void)state;
  static const int numbers[] = {64, 100, 255, 256, 1000, 1024, 2047, 2048, 3000, 4095, 4096};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    const int ranks = numbers[i];
    for (int j = 0; j < 7; j++) {
      const int rank = (int[]){0, 1, ranks / 3, ranks / 2, ranks - 3, ranks - 2, ranks - 1}[j];
      check_meetings(ranks, rank);
      for (int n = 20; n <= HRS_MAX_PLAYERS; n += 4) {
        if (ranks > 1 << hrs_partition_default_bits(n)) continue;
        hrs_partition part;
        must(hrs_partition_create(n, -1, ranks, &part));
        for (int c = 3; c < CHUNKS; c++)
          check_rank(&part, HRS_F64, chunks[c], rank);
      }
    }
  }
}

/* --blocks: tiles from one element to 2^38, far beyond an int. */
static void any_number_of_rows(void **state) {
  (void)state;
  for (int bits = 0; bits <= HRS_MAX_PLAYERS / 2; bits++) {
    const int most = bits > 12 ? 4096 : 1 << bits;
    for (int j = 0; j < 4; j++) {
      const int ranks = (int[]){1, 2, most - 1, most}[j];
      if (ranks < 1 || ranks > most) continue;
      hrs_partition part;
      must(hrs_partition_create(HRS_MAX_PLAYERS, bits, ranks, &part));
      check_rank(&part, HRS_F64, 0, ranks - 1);
      check_rank(&part, HRS_F32, HRS_LARGEST_CHUNK, 0);
    }
  }
}

/* The sum over all ranks of what they send is what leaves the diagonal squares. */
static void volumes_of_all_ranks(void **state) {
  (void)state;
  static const int numbers[] = {1, 2, 3, 5, 7, 100, 1000, 4095, 4096};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    hrs_partition part;
    must(hrs_partition_create(HRS_MAX_PLAYERS, -1, numbers[i], &part));
    hrs_count sum = 0, stays = 0, tile = (hrs_count)8 << (part.n - 2 * part.block_bits);
    for (int rank = 0; rank < part.ranks; rank++) {
      sum += hrs_partition_volume(&part, HRS_F64, rank);
      stays += rows_of(&part, rank) * rows_of(&part, rank) * tile;
    }
    assert_true(sum + stays == (hrs_count)8 << HRS_MAX_PLAYERS);
  }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_tile_of_small_lattices), cmocka_unit_test(every_rank_of_few),
    cmocka_unit_test(some_ranks_of_many),           cmocka_unit_test(any_number_of_rows),
    cmocka_unit_test(volumes_of_all_ranks),
};
mpi_test_main(tests)
