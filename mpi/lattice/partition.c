/* Which rank owns which rows. */
#include <harsanyi/mpi.h>

int hrs_partition_default_bits(int n) {
  /* Small lattices: rows of 256 masks, enough for a batch of a network. Large ones: 1024 to 4096
   * rows, so that tiles are half a kilobyte or more from n = 26 on and any sensible machine finds
   * its rows. */
  int bits = n - 8 > 2 ? n - 8 : 2;
  int most = n >= 32 ? 12 : n >= 30 ? 11 : 10;
  if (bits > most) bits = most;
  return bits > n / 2 ? n / 2 : bits;
}

hrs_status hrs_partition_create(int n, int block_bits, int ranks, hrs_partition *out) {
  HRS_REQUIRE(n >= 1 && n <= HRS_MAX_PLAYERS, USAGE, "%d players: there must be 1 to %d", n,
              HRS_MAX_PLAYERS);
  int bits = block_bits < 0 ? hrs_partition_default_bits(n) : block_bits;
  HRS_REQUIRE(bits <= n / 2, USAGE,
              "%lld blocks asked for, but with %d player%s at most %lld (2^(n/2)) are possible, "
              "whatever the "
              "number of ranks",
              1LL << bits, n, hrs_plural(n), 1LL << (n / 2));
  HRS_REQUIRE(ranks >= 1 && ranks <= 1 << bits, TOO_LARGE,
              "%d ranks for %d block%s of %d player%s: a rank needs a block of its own", ranks,
              1 << bits, hrs_plural(1 << bits), n, hrs_plural(n));
  *out = (hrs_partition){n, bits, ranks};
  return HRS_OK;
}

int hrs_partition_owner(const hrs_partition *part, hrs_count row) {
  int rank = (int)(row * part->ranks >> part->block_bits);
  while (hrs_partition_first(part, rank + 1) <= row)
    rank++;
  return rank;
}

hrs_count hrs_partition_volume(const hrs_partition *part, hrs_dtype type, int rank) {
  hrs_count rows = hrs_partition_first(part, rank + 1) - hrs_partition_first(part, rank);
  hrs_count others = ((hrs_count)1 << part->block_bits) - rows;
  return (rows * others << (part->n - 2 * part->block_bits)) * (hrs_count)hrs_dtype_size(type);
}

hrs_subcube hrs_partition_row_cube(const hrs_partition *part, hrs_phase phase, hrs_count row) {
  int n = part->n, v = part->block_bits, shift = phase == HRS_PHASE_A ? n - 2 * v : n - v;
  hrs_mask held = hrs_mask_full(v) << shift;
  return (hrs_subcube){(hrs_mask)row << shift, hrs_mask_full(n) & ~held};
}
