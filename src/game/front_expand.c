/*
 * The cut's values for all masks of a sub-cube.
 *
 * A sum of terms is built up by doubling: once the values for all states of the lowest k free
 * players stand there, those with player k present start as copies, and every term whose highest
 * free player is k is added to all of them. A term is so added once for each state of the players
 * up to its own highest one, not for each mask.
 */
#include "front.h"

#include "lattice/simd.h"

/* Row of a table over `players` at a mask. */
static hrs_count row_at(hrs_mask players, hrs_mask mask) {
  hrs_count row = 0;
  for (int place = 0; players; players &= players - 1, place++)
    if (players & -players & mask) row |= (hrs_count)1 << place;
  return row;
}

/* What each free player of a sub-cube adds to the row number of a table. */
static void strides_of(hrs_mask players, hrs_mask free, hrs_count *stride) {
  for (int k = 0; free; free &= free - 1, k++) {
    hrs_mask bit = free & -free;
    stride[k] = players & bit ? (hrs_count)1 << hrs_order(players & (bit - 1)) : 0;
  }
}

HRS_INLINE void add(hrs_count units, const float *restrict from, float *restrict to) {
  HRS_INDEPENDENT
  for (hrs_count u = 0; u < units; u++)
    to[u] += from[u];
}

/* Add a term to the masks over the lowest `bits` free players. */
HRS_INLINE void add_term(const hrs_front_term *term, hrs_subcube cube, int bits, hrs_count units,
                         float *out) {
  hrs_count stride[HRS_MAX_PLAYERS], row = row_at(term->players, cube.fixed);
  strides_of(term->players, cube.free, stride);
  for (hrs_count i = 0;;) {
    add(units, term->table + row * units, out + i * units);
    if (++i == (hrs_count)1 << bits) return;
    /* From i - 1 to i the lowest zero of i - 1 becomes one and the ones below it zero. */
    int k = 0;
    while (!(i >> k & 1))
      row -= stride[k++];
    row += stride[k];
  }
}

HRS_INLINE void expand_sum(const hrs_front *front, hrs_subcube cube, float *out) {
  hrs_count units = front->units;
  size_t row = (size_t)units * sizeof *out;
  memcpy(out, front->constant, row);
  for (int k = 0; k < front->terms; k++)
    if (!(front->term[k].players & cube.free)) add_term(&front->term[k], cube, 0, units, out);
  hrs_mask rest = cube.free, below = 0;
  for (int bits = 1; rest; rest &= rest - 1, bits++) {
    hrs_mask bit = rest & -rest;
    hrs_count half = (hrs_count)1 << (bits - 1);
    memcpy(out + half * units, out, (size_t)half * row);
    below |= bit;
    for (int k = 0; k < front->terms; k++) {
      hrs_mask own = front->term[k].players & cube.free;
      if (own & bit && !(own & ~below)) add_term(&front->term[k], cube, bits, units, out);
    }
  }
}

static void expand_sum_any(const hrs_front *front, hrs_subcube cube, float *out) {
  expand_sum(front, cube, out);
}

HRS_TARGET_AVX2 static void expand_sum_avx2(const hrs_front *front, hrs_subcube cube, float *out) {
  expand_sum(front, cube, out);
}

static void expand_tensor(const hrs_front *front, hrs_subcube cube, float *out) {
  const hrs_sites *sites = front->site[front->end_slot];
  hrs_count positions = hrs_sites_count(sites), channels = sites->channels;
  hrs_count size = hrs_subcube_size(cube);
  for (hrs_count at = 0; at < positions; at++) {
    hrs_count stride[HRS_MAX_PLAYERS], row = row_at(sites->players[at], cube.fixed);
    const float *table = sites->data + sites->row[at] * channels;
    strides_of(sites->players[at], cube.free, stride);
    for (hrs_count i = 0;;) {
      const float *from = table + row * channels;
      float *to = out + i * front->units + at;
      for (hrs_count c = 0; c < channels; c++)
        to[c * positions] = from[c];
      if (++i == size) break;
      int k = 0;
      while (!(i >> k & 1))
        row -= stride[k++];
      row += stride[k];
    }
  }
}

void hrs_front_expand(const hrs_front *front, hrs_subcube cube, float *out) {
  if (front->end == HRS_FRONT_TENSOR)
    expand_tensor(front, cube, out);
  else if (hrs_has_avx2())
    expand_sum_avx2(front, cube, out);
  else
    expand_sum_any(front, cube, out);
}
