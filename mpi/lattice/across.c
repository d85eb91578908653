/*
 * The butterflies across tiles, while tiles arrive.
 *
 * A row of V = 2^v tiles needs the v bits above those of a tile. The exchange brings its tiles in
 * steps: first the rank's own columns, then those of one partner after the other. Inside aligned
 * blocks of 2^block columns the lowest `block` of these bits mix no others, so blocks that came
 * whole from one rank are worked on while the next partner's messages are under way. In the last
 * step rows become complete, and are finished: blocks that are left, those with columns of two
 * ranks among them, and then the highest bits, which mix all blocks. So a piece of work is a row's
 * columns from one rank, or a row; where that is much more than a message, messages wait for it.
 *
 * Each element sees its bits in ascending order, whatever arrives when: the bits of the result are
 * those of a transform row by row.
 */
#include "across.h"

#include "counters.h"
#include "schedule.h"

/* Bits of blocks: with 2^p ranks each has one block of columns. With other numbers blocks are so
 * small that three quarters of all columns and more are in whole ones. With two ranks all messages
 * belong to the last step. Blocks of a few lines are not worth a call. */
static int block_bits(const hrs_lattice *lattice) {
  enum { LEAST = 1024 }; /* bytes */
  const hrs_partition *part = &lattice->part;
  int bits = part->block_bits, ranks = part->ranks, log = 0;
  while (2 << log <= ranks)
    log++;
  if (ranks <= 2) return 0;
  if (1 << log != ranks) log += 3;
  bits = bits > log ? bits - log : 0;
  hrs_count bytes = hrs_lattice_tile(lattice) * (hrs_count)hrs_dtype_size(lattice->type) << bits;
  return bytes >= LEAST ? bits : 0;
}

/* Bits [first, first + count) of those across tiles, in the 2^(first + count) columns from `column`
 * on. */
static void transform(hrs_across *a, hrs_count row, hrs_count column, int first, int count) {
  hrs_lattice *lattice = a->lattice;
  int tile_bits = lattice->part.n - 2 * lattice->part.block_bits;
  char *data = hrs_lattice_row(lattice, lattice->first + row);
  data += (column << tile_bits) * (hrs_count)hrs_dtype_size(lattice->type);
  if (a->status == HRS_OK)
    a->status = hrs_butterfly(a->kernel, 1, lattice->type, data, tile_bits + first + count,
                              tile_bits + first, count, HRS_BUTTERFLY_AUTO);
}

/* The rank that all columns of a block come from; -1 if there are two. */
static int source(const hrs_across *a, hrs_count block) {
  const hrs_partition *part = &a->lattice->part;
  int owner = hrs_partition_owner(part, block << a->block);
  return (block + 1) << a->block <= hrs_partition_first(part, owner + 1) ? owner : -1;
}

static bool is_done(const hrs_across *a, hrs_count row, hrs_count block) {
  int rank = source(a, block);
  if (rank < 0) return false;
  int step = hrs_schedule_step(a->lattice->part.ranks, a->lattice->rank, rank);
  return step < a->step || (step == a->step && row < a->row);
}

static void finish(hrs_across *a, hrs_count row) {
  const int bits = a->lattice->part.block_bits;
  const hrs_count blocks = (hrs_count)1 << (bits - a->block);
  bool whole = a->step == 0 && row >= a->row;
  for (hrs_count b = 0; !whole && b < blocks; b++) {
    if (!is_done(a, row, b)) transform(a, row, b << a->block, 0, a->block);
  }
  transform(a, row, 0, whole ? 0 : a->block, whole ? bits : bits - a->block);
  hrs_count_passed(2 * hrs_lattice_row_bytes(a->lattice));
}

/* The blocks that a rank's columns hold whole. */
static void work_on(hrs_across *a, hrs_count row, int rank) {
  const hrs_count first = hrs_partition_first(&a->lattice->part, rank);
  const hrs_count end = hrs_partition_first(&a->lattice->part, rank + 1);
  const hrs_count size = (hrs_count)1 << a->block;
  for (hrs_count column = (first + size - 1) / size * size; column + size <= end; column += size)
    transform(a, row, column, 0, a->block);
}

/* Some of the work that can be done now. */
static bool work(hrs_meanwhile *meanwhile) {
  hrs_across *a = (hrs_across *)meanwhile;
  if (a->done < meanwhile->ready) {
    finish(a, a->done);
    a->done++;
    return true;
  }
  while (a->block > 0 && a->step < meanwhile->arrived) {
    int rank = hrs_schedule_partner(a->lattice->part.ranks, a->lattice->rank, a->step);
    if (a->row < a->done) a->row = a->done; /* rows before are finished */
    if (rank >= 0 && a->row < a->lattice->count) {
      work_on(a, a->row, rank);
      a->row++;
      return true;
    }
    a->step++;
    a->row = 0;
  }
  return false;
}

hrs_across hrs_across_begin(hrs_lattice *lattice, hrs_kernel kernel) {
  return (hrs_across){.exchange = {.work = work},
                      .lattice = lattice,
                      .kernel = kernel,
                      .block = block_bits(lattice)};
}

void hrs_across_end(hrs_across *a) {
  for (; a->done < a->lattice->count; a->done++)
    finish(a, a->done);
}
