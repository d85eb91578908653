/*
 * The order of an exchange.
 *
 * Pairs meet in a round-robin tournament (circle method): P - 1 rounds, or P with a bye where P is
 * odd, and no rank ever waits for a third one.
 *
 * A pair's tiles go in the order of hooks: some rows, as many columns, the next rows of what is
 * left. So on either side rows are complete one after the other, the first of 16 parts after an
 * eighth of the bytes, a half after three quarters.
 *
 * Cost: a rank walks its P - 1 partners, 32 swaps each.
 */
#include "schedule.h"

#include "src/base/smaller.h"

static const hrs_count DEFAULT_CHUNK = (hrs_count)8 << 20, TO_WRITE = (hrs_count)1 << 20;

int hrs_schedule_steps(int ranks) {
  return ranks + ranks % 2;
}

/* The tournament: the last player stays, the others go round in a circle. */
int hrs_schedule_partner(int ranks, int rank, int step) {
  int last = hrs_schedule_steps(ranks) - 1, round = step - 1, partner;
  if (step == 0) return rank;
  if (rank == last)
    partner = round;
  else if (rank == round)
    partner = last;
  else
    partner = (2 * round - rank + 2 * last) % last;
  return partner < ranks ? partner : -1;
}

int hrs_schedule_step(int ranks, int rank, int partner) {
  int last = hrs_schedule_steps(ranks) - 1;
  if (partner == rank) return 0;
  if (rank == last) return 1 + partner;
  if (partner == last) return 1 + rank;
  /* 2 * round is rank + partner modulo `last`, which is odd. */
  return 1 + (int)((int64_t)(rank + partner) * ((last + 1) / 2) % last);
}

hrs_swap hrs_schedule_swap(hrs_count rows, hrs_count columns, int k) {
  int hook = k / 2;
  hrs_count top = rows * hook / HRS_SCHEDULE_HOOKS;
  hrs_count bottom = rows * (hook + 1) / HRS_SCHEDULE_HOOKS;
  hrs_count left = columns * hook / HRS_SCHEDULE_HOOKS;
  hrs_count right = columns * (hook + 1) / HRS_SCHEDULE_HOOKS;
  return k % 2 == 0 ? (hrs_swap){top, bottom - top, left, columns - left}
                    : (hrs_swap){bottom, rows - bottom, left, right - left};
}

/* Whole rows of tiles where they are large enough. */
hrs_count hrs_schedule_tiles(const hrs_swap *swap, hrs_count tile_bytes, hrs_count chunk) {
  hrs_count tiles = chunk / 2 / tile_bytes;
  return tiles > swap->columns ? tiles / swap->columns * swap->columns : tiles;
}

hrs_count hrs_schedule_chunk(const hrs_partition *part, hrs_dtype type, hrs_count chunk) {
  hrs_count element = (hrs_count)hrs_dtype_size(type);
  hrs_count blocks = (hrs_count)1 << part->block_bits;
  /* Rows of a rank. */
  hrs_count least = blocks / part->ranks, most = (blocks + part->ranks - 1) / part->ranks;
  hrs_count tile = element << (part->n - 2 * part->block_bits);
  /* Two messages are under way, and a swap is at most a hook of the largest rectangle. */
  hrs_count hook = (most + HRS_SCHEDULE_HOOKS - 1) / HRS_SCHEDULE_HOOKS * most * tile;
  hrs_count of_use = part->ranks > 1 && 2 * hook > TO_WRITE ? 2 * hook : TO_WRITE;
  chunk = hrs_smaller(chunk ? chunk : DEFAULT_CHUNK, of_use);
  chunk = hrs_smaller(chunk, least * blocks * tile);
  return chunk < element ? element : chunk / element * element;
}

static hrs_count rows_of(const hrs_partition *part, int rank) {
  return hrs_partition_first(part, rank + 1) - hrs_partition_first(part, rank);
}

/* Messages of a pair, either way. */
static hrs_count pair_messages(hrs_count rows, hrs_count columns, hrs_count tile, hrs_count chunk) {
  hrs_count messages = 0;
  for (int k = 0; k < HRS_SCHEDULE_SWAPS; k++) {
    hrs_swap swap = hrs_schedule_swap(rows, columns, k);
    hrs_count tiles = swap.rows * swap.columns;
    if (tiles == 0) continue;
    hrs_count step = hrs_schedule_tiles(&swap, tile, chunk);
    messages += step ? (tiles + step - 1) / step : tiles * ((tile + chunk - 1) / chunk);
  }
  return messages;
}

hrs_count hrs_schedule_messages(const hrs_partition *part, hrs_dtype type, hrs_count chunk,
                                int rank) {
  const hrs_count tile = (hrs_count)hrs_dtype_size(type) << (part->n - 2 * part->block_bits);
  const hrs_count least = ((hrs_count)1 << part->block_bits) / part->ranks;
  /* Ranks have `least` rows or one more, so there are few shapes of pairs. */
  hrs_count shapes[2][2] = {{-1, -1}, {-1, -1}}, sum = 0;
  chunk = hrs_schedule_chunk(part, type, chunk);
  for (int other = 0; other < part->ranks; other++) {
    if (other == rank) continue;
    hrs_count rows = rows_of(part, rank < other ? rank : other);
    hrs_count columns = rows_of(part, rank < other ? other : rank);
    hrs_count *shape = &shapes[rows - least][columns - least];
    if (*shape < 0) *shape = pair_messages(rows, columns, tile, chunk);
    sum += *shape;
  }
  return sum;
}
