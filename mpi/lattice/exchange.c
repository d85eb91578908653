/*
 * The exchange: tile (q, h) of phase A <-> tile (h, q), in place.
 *
 * In both phases the slot of a tile is [row][column] with row the index that the rank owns, so the
 * exchange is the transposition of the V x V matrix of tiles: slot [i][j] of the owner of i against
 * slot [j][i] of the owner of j. Each pair of ranks swaps a stream of tiles in an order that both
 * know, cut into messages: pack, send and receive, unpack. What a message has sent is what it
 * receives into, so nothing but the two chunks is needed; each is halved, so that one message is
 * packed while another is under way.
 *
 * Who meets whom, and which tiles go when and in which messages, is schedule.c's. In the last step
 * rows become complete for good; while messages are under way, a transform works on what has
 * arrived (across.c).
 *
 * Ranks of one node that reach each other's memory need no messages: each swaps half of the pair's
 * tiles directly, between two empty messages that say "my tiles are ready" and "I am done". That is
 * one pass over the tiles instead of three copies.
 *
 * Volume: hrs_partition_volume per rank.
 */
#include "exchange.h"

#include "counters.h"
#include "schedule.h"
#include "src/base/fault.h"
#include "transpose.h"

#include <stdatomic.h>
#include <string.h>

/* Tiles that two ranks swap, seen from one of them: rows and columns of the lower rank. */
typedef struct stream {
  char *base;                       /* slot of the first tile of this rank */
  hrs_count tile;                   /* bytes */
  hrs_count tiles;                  /* in all */
  hrs_count inner;                  /* tiles in a row */
  hrs_count outer_step, inner_step; /* bytes between tiles of this rank */
} stream;

static stream make_stream(const hrs_lattice *lattice, int partner, hrs_swap swap) {
  const hrs_partition *part = &lattice->part;
  hrs_count tile = hrs_lattice_tile(lattice) * (hrs_count)hrs_dtype_size(lattice->type);
  hrs_count line = tile << part->block_bits;
  bool lower = lattice->rank < partner;
  hrs_count outer = lower ? line : tile, inner = lower ? tile : line;
  return (stream){.base = lattice->data + hrs_partition_first(part, partner) * tile +
                          swap.row * outer + swap.column * inner,
                  .tile = tile,
                  .inner = swap.columns,
                  .outer_step = outer,
                  .inner_step = inner,
                  .tiles = swap.rows * swap.columns};
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
  hrs_fault_pass(HRS_FAULT_EXCHANGE);
  MPI_Sendrecv(lattice->scratch, bytes, MPI_BYTE, partner, 0, lattice->scratch + lattice->chunk,
               bytes, MPI_BYTE, partner, 0, lattice->comm, MPI_STATUS_IGNORE);
  hrs_counted.messages++;
  hrs_count_sent(bytes);
  return HRS_OK;
}

/* Pack message number `which` and send it on its way, and open the door for the partner's. */
static hrs_status post(hrs_lattice *lattice, int partner, const stream *s, hrs_count first,
                       hrs_count count, int which, MPI_Request requests[2]) {
  int bytes = 0;
  HRS_TRY(hrs_narrow(count * s->tile, "bytes of a message", &bytes));
  char *out = lattice->scratch + which * (lattice->chunk / 2), *in = out + lattice->chunk;
  MPI_Irecv(in, bytes, MPI_BYTE, partner, 0, lattice->comm, &requests[0]);
  copy_tiles(s, first, count, out, true);
  MPI_Isend(out, bytes, MPI_BYTE, partner, 0, lattice->comm, &requests[1]);
  hrs_counted.messages++;
  hrs_count_sent(bytes);
  return HRS_OK;
}

static bool is_here(MPI_Request requests[2]) {
  int flag;
  MPI_Testall(2, requests, &flag, MPI_STATUSES_IGNORE);
  return flag;
}

static bool work_on(hrs_meanwhile *meanwhile) {
  double start = hrs_time();
  bool worked = meanwhile->work(meanwhile);
  meanwhile->seconds += hrs_time() - start;
  return worked;
}

/* Messages of `step` whole tiles. */
static hrs_status swap_tiles_with(hrs_lattice *lattice, int partner, const stream *s,
                                  hrs_count step, hrs_meanwhile *meanwhile) {
  MPI_Request requests[2][2];
  hrs_count posted = 0;
  for (hrs_count done = 0, k = 0; done < s->tiles; k++) {
    while (posted < s->tiles && posted < done + 2 * step) {
      hrs_count count = s->tiles - posted < step ? s->tiles - posted : step;
      int which = (int)(posted / step % 2);
      HRS_TRY(post(lattice, partner, s, posted, count, which, requests[which]));
      posted += count;
    }
    int which = (int)(k % 2);
    while (meanwhile && !is_here(requests[which]) && work_on(meanwhile)) {
    }
    hrs_count count = s->tiles - done < step ? s->tiles - done : step;
    hrs_fault_pass(HRS_FAULT_EXCHANGE);
    MPI_Waitall(2, requests[which], MPI_STATUSES_IGNORE);
    copy_tiles(s, done, count, lattice->scratch + lattice->chunk + which * (lattice->chunk / 2),
               false);
    done += count;
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
  hrs_fault_pass(HRS_FAULT_EXCHANGE);
  hrs_swap_across(a + begin * row, b + begin * tile, row, tile, end - begin, columns);
  meet(lattice, partner);
  hrs_count_sent(rows * columns * tile);
}

static hrs_status swap_stream(hrs_lattice *lattice, int partner, const stream *s,
                              const hrs_swap *swap, hrs_meanwhile *meanwhile) {
  hrs_count step = hrs_schedule_tiles(swap, s->tile, lattice->chunk);
  return step ? swap_tiles_with(lattice, partner, s, step, meanwhile)
              : swap_pieces_with(lattice, partner, s);
}

/* Swap after swap. In the `last` step the columns of a hook complete rows of the higher rank, its
 * rows those of the lower. */
static hrs_status swap_with(hrs_lattice *lattice, int partner, hrs_meanwhile *meanwhile,
                            bool last) {
  char *theirs = lattice->shared ? hrs_shared_of(lattice->shared, partner) : NULL;
  if (theirs) {
    swap_directly(lattice, partner, theirs);
    return HRS_OK;
  }
  bool lower = lattice->rank < partner;
  hrs_count count = hrs_partition_first(&lattice->part, partner + 1) -
                    hrs_partition_first(&lattice->part, partner);
  hrs_count rows = lower ? lattice->count : count, columns = lower ? count : lattice->count;
  for (int k = 0; k < HRS_SCHEDULE_SWAPS; k++) {
    hrs_swap swap = hrs_schedule_swap(rows, columns, k);
    stream s = make_stream(lattice, partner, swap);
    if (s.tiles > 0) HRS_TRY(swap_stream(lattice, partner, &s, &swap, meanwhile));
    if (meanwhile && last && lower == (k % 2 == 0))
      meanwhile->ready = lower ? swap.row + swap.rows : swap.column + swap.columns;
  }
  return HRS_OK;
}

hrs_status hrs_lattice_exchange_and(hrs_lattice *lattice, hrs_meanwhile *meanwhile) {
  int ranks = lattice->part.ranks, steps = hrs_schedule_steps(ranks);
  double start = hrs_time(), before = meanwhile ? meanwhile->seconds : 0;
  hrs_lattice_swap_own(lattice);
  for (int step = 1; step < steps; step++) {
    if (meanwhile) meanwhile->arrived = step;
    int partner = hrs_schedule_partner(ranks, lattice->rank, step);
    if (partner >= 0) HRS_TRY(swap_with(lattice, partner, meanwhile, step == steps - 1));
  }
  lattice->phase = lattice->phase == HRS_PHASE_A ? HRS_PHASE_B : HRS_PHASE_A;
  hrs_counted.exchanges++;
  hrs_counted.exchange += hrs_time() - start - (meanwhile ? meanwhile->seconds - before : 0);
  return HRS_OK;
}

hrs_status hrs_lattice_exchange(hrs_lattice *lattice) {
  HRS_TRY(hrs_agree(lattice->comm, HRS_OK)); /* messages are behind a header, whoever calls */
  return hrs_lattice_exchange_and(lattice, NULL);
}
