/*
 * The exchange: tile (q, h) of phase A <-> tile (h, q), in place.
 *
 * In both phases the slot of a tile is [row][column] with row the index that the rank owns, so the
 * exchange is the transposition of the V x V matrix of tiles: slot [i][j] of the owner of i against
 * slot [j][i] of the owner of j. Each pair of ranks swaps a stream of tiles in an order that both
 * know, the order (row, column) of the lower rank, cut into chunks: pack, one MPI_Sendrecv,
 * unpack. What a chunk has sent is what it receives into, so nothing but the two chunks is needed.
 *
 * Ranks of one node that reach each other's memory need no messages: each swaps half of the pair's
 * tiles directly, between two empty messages that say "my tiles are ready" and "I am done". That is
 * one pass over the tiles instead of three copies.
 *
 * Pairs meet in a round-robin tournament (circle method): P - 1 rounds, or P with a bye where P is
 * odd, and no rank ever waits for a third one. Volume: hrs_partition_volume per rank.
 */
#include "lattice.h"

#include <stdatomic.h>
#include <string.h>

/* The tiles that two ranks swap, seen from one of them: rows and columns of the lower rank. */
typedef struct stream {
  char *base;                       /* slot of the first tile of this rank */
  hrs_count tile;                   /* bytes */
  hrs_count tiles;                  /* in all */
  hrs_count inner;                  /* tiles in a row */
  hrs_count outer_step, inner_step; /* bytes between tiles of this rank */
} stream;

static stream make_stream(const hrs_lattice *lattice, int partner) {
  const hrs_partition *part = &lattice->part;
  hrs_count tile = hrs_lattice_tile(lattice) * (hrs_count)hrs_dtype_size(lattice->type);
  hrs_count row = tile << part->block_bits;
  hrs_count theirs = hrs_partition_first(part, partner);
  hrs_count their_count = hrs_partition_first(part, partner + 1) - theirs;
  bool lower = lattice->rank < partner;
  return (stream){.base = lattice->data + theirs * tile,
                  .tile = tile,
                  .inner = lower ? their_count : lattice->count,
                  .outer_step = lower ? row : tile,
                  .inner_step = lower ? tile : row,
                  .tiles = lattice->count * their_count};
}

static void copy(char *slot, char *buffer, hrs_count bytes, bool pack) {
  if (pack)
    memcpy(buffer, slot, (size_t)bytes);
  else
    memcpy(slot, buffer, (size_t)bytes);
}

/*
 * Tiles [outer, outer + rows) x [inner, inner + columns) of the stream, whose first tile goes to
 * the front of the buffer. The inner loop runs along this rank's memory: the buffer is the side
 * that stays in cache.
 */
static void copy_block(const stream *s, hrs_count outer, hrs_count rows, hrs_count inner,
                       hrs_count columns, char *buffer, bool pack) {
  char *slot = s->base + outer * s->outer_step + inner * s->inner_step;
  if (s->inner_step == s->tile) {
    for (hrs_count i = 0; i < rows; i++)
      copy(slot + i * s->outer_step, buffer + i * s->inner * s->tile, columns * s->tile, pack);
    return;
  }
  for (hrs_count j = 0; j < columns; j++)
    for (hrs_count i = 0; i < rows; i++)
      copy(slot + j * s->inner_step + i * s->outer_step, buffer + (i * s->inner + j) * s->tile,
           s->tile, pack);
}

/* Tiles [first, first + count) of the stream: the end of a row, whole rows, the start of one. */
static void copy_tiles(const stream *s, hrs_count first, hrs_count count, char *buffer, bool pack) {
  while (count > 0) {
    hrs_count outer = first / s->inner, inner = first % s->inner, rows = 1, columns = s->inner;
    if (inner > 0 || count < columns)
      columns = count < columns - inner ? count : columns - inner;
    else
      rows = count / columns;
    copy_block(s, outer, rows, inner, columns, buffer, pack);
    first += rows * columns;
    count -= rows * columns;
    buffer += rows * columns * s->tile;
  }
}

static hrs_status send_receive(hrs_lattice *lattice, int partner, hrs_count length) {
  int bytes = 0;
  HRS_TRY(hrs_narrow(length, "bytes of a chunk", &bytes));
  MPI_Sendrecv(lattice->scratch, bytes, MPI_BYTE, partner, 0, lattice->scratch + lattice->chunk,
               bytes, MPI_BYTE, partner, 0, lattice->comm, MPI_STATUS_IGNORE);
  return HRS_OK;
}

/* Chunks of whole tiles; of whole rows of tiles where they are large enough. */
static hrs_status swap_tiles_with(hrs_lattice *lattice, int partner, const stream *s) {
  hrs_count step = lattice->chunk / s->tile;
  if (step > s->inner) step = step / s->inner * s->inner;
  for (hrs_count done = 0; done < s->tiles; done += step) {
    hrs_count count = s->tiles - done < step ? s->tiles - done : step;
    copy_tiles(s, done, count, lattice->scratch, true);
    HRS_TRY(send_receive(lattice, partner, count * s->tile));
    copy_tiles(s, done, count, lattice->scratch + lattice->chunk, false);
  }
  return HRS_OK;
}

/* Chunks smaller than a tile: pieces of one tile after the other. */
static hrs_status swap_pieces_with(hrs_lattice *lattice, int partner, const stream *s) {
  for (hrs_count tile = 0; tile < s->tiles; tile++) {
    char *slot = s->base + tile / s->inner * s->outer_step + tile % s->inner * s->inner_step;
    for (hrs_count done = 0; done < s->tile; done += lattice->chunk) {
      hrs_count length = s->tile - done < lattice->chunk ? s->tile - done : lattice->chunk;
      copy(slot + done, lattice->scratch, length, true);
      HRS_TRY(send_receive(lattice, partner, length));
      copy(slot + done, lattice->scratch + lattice->chunk, length, false);
    }
  }
  return HRS_OK;
}

void hrs_lattice_swap_own(hrs_lattice *lattice) {
  hrs_count tile = hrs_lattice_tile(lattice) * (hrs_count)hrs_dtype_size(lattice->type);
  char *own = lattice->data + lattice->first * tile;
  hrs_swap_across(own, own, tile << lattice->part.block_bits, tile, lattice->count, lattice->count);
}

/* Wait for the partner; what either wrote before is seen by both after. */
static void meet(const hrs_lattice *lattice, int partner) {
  atomic_thread_fence(memory_order_seq_cst);
  MPI_Sendrecv(NULL, 0, MPI_BYTE, partner, 0, NULL, 0, MPI_BYTE, partner, 0, lattice->comm,
               MPI_STATUS_IGNORE);
  atomic_thread_fence(memory_order_seq_cst);
}

/* Slot [i][j] of the lower rank against slot [j][i] of the higher: the lower rank does the first
 * half of its rows, the higher one the rest. */
static void swap_directly(hrs_lattice *lattice, int partner, char *theirs) {
  bool lower = lattice->rank < partner;
  hrs_count tile = hrs_lattice_tile(lattice) * (hrs_count)hrs_dtype_size(lattice->type);
  hrs_count row = tile << lattice->part.block_bits;
  hrs_count first = hrs_partition_first(&lattice->part, partner);
  hrs_count count = hrs_partition_first(&lattice->part, partner + 1) - first;
  hrs_count rows = lower ? lattice->count : count, columns = lower ? count : lattice->count;
  char *a = (lower ? lattice->data : theirs) + (lower ? first : lattice->first) * tile;
  char *b = (lower ? theirs : lattice->data) + (lower ? lattice->first : first) * tile;
  hrs_count begin = lower ? 0 : rows / 2, end = lower ? rows / 2 : rows;
  meet(lattice, partner);
  hrs_swap_across(a + begin * row, b + begin * tile, row, tile, end - begin, columns);
  meet(lattice, partner);
}

static hrs_status swap_with(hrs_lattice *lattice, int partner) {
  char *theirs = lattice->shared ? hrs_shared_of(lattice->shared, partner) : NULL;
  if (theirs) {
    swap_directly(lattice, partner, theirs);
    return HRS_OK;
  }
  stream s = make_stream(lattice, partner);
  return s.tile > lattice->chunk ? swap_pieces_with(lattice, partner, &s)
                                 : swap_tiles_with(lattice, partner, &s);
}

/* Partner of a rank in a round of the tournament of `players` (even); -1 for the bye. */
static int partner_in_round(int rank, int round, int players, int size) {
  int last = players - 1, partner;
  if (rank == last)
    partner = round;
  else if (rank == round)
    partner = last;
  else
    partner = (2 * round - rank + 2 * last) % last;
  return partner < size ? partner : -1;
}

hrs_status hrs_lattice_exchange(hrs_lattice *lattice) {
  int size = lattice->part.ranks, players = size + size % 2;
  hrs_lattice_swap_own(lattice);
  hrs_status status = HRS_OK;
  for (int round = 0; round < players - 1; round++) {
    int partner = partner_in_round(lattice->rank, round, players, size);
    if (partner >= 0) HRS_GO(swap_with(lattice, partner));
  }
  lattice->phase = lattice->phase == HRS_PHASE_A ? HRS_PHASE_B : HRS_PHASE_A;
done:
  return status;
}
