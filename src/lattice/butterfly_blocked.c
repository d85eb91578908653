/*
 * The blocked engine: several bits per visit to memory.
 *
 * Idea. The bits are cut into sweeps, lowest first.
 *  - The low sweep: each block is finished inside the second-level cache, its tiles inside the
 *    first (sizes: hrs_blocking).
 *  - Near sweeps: three bits at a time in place, eight streams side by side.
 *  - Gathering sweeps: streams that are further apart, all by powers of two, fall on top of each
 *    other in the caches, the TLB and the memory banks, and in place they cost several times a
 *    visit. So the 2^m streams of a group are gathered in chunks into a contiguous workspace,
 *    finished there and put back.
 * Sweeps nest: a sweep follows on a part of the array as soon as those below are done there, so
 * that a large third-level cache saves it the visit to memory. Each element sees its bits in
 * ascending order, as in the reference, hence the same bits.
 *
 * Floats take the same way in half the bytes and twice the lanes, and are rounded once per bit.
 *
 * Cost: one visit to memory per sweep, and a load and a store in cache per three bits. It loses to
 * nothing but for kernels with two zeros and no name, which it leaves to the reference.
 */
#include "lattice/butterfly.h"
#include "lattice/passes.h"

#include <string.h>

/* 16 KiB tiles, 128 KiB blocks, 256 KiB of workspace. Streams 2^23 doubles apart begin to share
 * their tags in the first-level cache of some processors. */
const hrs_blocking hrs_blocking_default = {
    .tile = 11, .low = 14, .near = 21, .far = 23, .workspace = 15, .gather = 7, .few = 2};

enum { MAX_SWEEPS = HRS_MAX_PLAYERS };

typedef struct sweep {
  int first, count;
  bool in_place;
} sweep;

typedef struct plan {
  const hrs_butterfly_call *call;
  const hrs_blocking *by;
  const hrs_passes *passes;
  hrs_count size;  /* bytes of an element */
  char *workspace; /* of the same type */
  int n_sweeps;
  sweep sweeps[MAX_SWEEPS];
} plan;

/* Bits [first, end) of 2^bits contiguous elements, in as few passes as possible. */
static void contiguous(const plan *p, char *data, int bits, int first, int end) {
  const hrs_passes *passes = p->passes;
  const hrs_kernel *kernel = &p->call->kernel;
  const hrs_count size = (hrs_count)1 << bits;
  int bit = first;
  if (bit == 0 && end >= HRS_LOWEST_BITS) {
    passes->lowest(kernel, data, size, 1);
    bit = HRS_LOWEST_BITS;
  }
  for (; bit < end && bit < HRS_WIDE_FROM; bit++)
    passes->narrow(kernel, data, size, (hrs_count)1 << bit);
  while (bit < end) {
    int left = end - bit, step = left > HRS_WIDE_BITS ? HRS_WIDE_BITS : left;
    if (left == HRS_WIDE_BITS + 1) step = 2;
    passes->wide[step](kernel, data, size, (hrs_count)1 << bit);
    bit += step;
  }
}

/* The same for a block that fits the second-level cache: first what fits the first-level one. */
static void block(const plan *p, char *data, int bits, int first, int end) {
  int tile = bits < p->by->tile ? bits : p->by->tile;
  int middle = end < tile ? end : tile;
  if (first < middle) {
    for (hrs_count i = 0; i < (hrs_count)1 << bits; i += (hrs_count)1 << tile)
      contiguous(p, data + i * p->size, tile, first, middle);
  }
  if (end > tile) contiguous(p, data, bits, first > tile ? first : tile, end);
}

static void multiply(const plan *p, void *data, hrs_count size) {
  const double scale = p->call->scale;
  for (hrs_count i = 0; i < size; i++) {
    if (p->call->type == HRS_F64)
      ((double *)data)[i] *= scale;
    else
      ((float *)data)[i] = (float)(((float *)data)[i] * scale);
  }
}

static char *element(const plan *p, hrs_count i) {
  return (char *)p->call->data + i * p->size;
}

/* Bits of the 2^bits elements from `offset` on: a region small enough for one block. */
static void low_sweep(const plan *p, hrs_count offset, int bits, sweep s, bool scaled) {
  block(p, element(p, offset), bits, s.first, s.first + s.count);
  if (scaled) multiply(p, element(p, offset), (hrs_count)1 << bits);
}

/* Chunks of 2^count streams into the workspace; returns how many bits are done on the way. */
static int gather(const plan *p, hrs_count from, hrs_count stride, int count, hrs_count chunk) {
  const hrs_count streams = (hrs_count)1 << count, step = (hrs_count)1 << HRS_WIDE_BITS;
  if (count > HRS_WIDE_BITS) {
    for (hrs_count i = 0; i < streams; i += step)
      p->passes->gather(&p->call->kernel, p->workspace + i * chunk * p->size,
                        element(p, from + i * stride), chunk, stride);
    return HRS_WIDE_BITS;
  }
  for (hrs_count i = 0; i < streams; i++)
    memcpy(p->workspace + i * chunk * p->size, element(p, from + i * stride),
           (size_t)(chunk * p->size));
  return 0;
}

/* The bits of a sweep for the 2^(first + count) elements from `offset` on. */
static void high_sweep(const plan *p, hrs_count offset, sweep s, bool scaled) {
  const hrs_count stride = (hrs_count)1 << s.first, streams = (hrs_count)1 << s.count;
  if (s.in_place && !scaled) {
    p->passes->wide[s.count](&p->call->kernel, element(p, offset), stride * streams, stride);
    return;
  }
  int chunk_bits = p->by->workspace - s.count < s.first ? p->by->workspace - s.count : s.first;
  const hrs_count chunk = (hrs_count)1 << chunk_bits;
  for (hrs_count from = offset; from < offset + stride; from += chunk) {
    int done = gather(p, from, stride, s.count, chunk);
    block(p, p->workspace, chunk_bits + s.count, chunk_bits + done, chunk_bits + s.count);
    if (scaled) multiply(p, p->workspace, chunk * streams);
    for (hrs_count i = 0; i < streams; i++)
      memcpy(element(p, from + i * stride), p->workspace + i * chunk * p->size,
             (size_t)(chunk * p->size));
  }
}

/* Sweeps 0 to `level` on the 2^bits elements from `offset` on. */
static void nested(const plan *p, int level, hrs_count offset, int bits) {
  sweep s = p->sweeps[level];
  bool scaled = level == p->n_sweeps - 1 && p->call->scale != 1;
  bool low = s.first + s.count <= p->by->low;
  int region = !low ? s.first + s.count : bits < p->by->low ? bits : p->by->low;
  for (hrs_count from = offset; from < offset + ((hrs_count)1 << bits);
       from += (hrs_count)1 << region) {
    if (level) {
      for (hrs_count i = 0; i < (hrs_count)1 << s.count; i++)
        nested(p, level - 1, from + (i << s.first), s.first);
    }
    if (low)
      low_sweep(p, from, region, s, scaled);
    else
      high_sweep(p, from, s, scaled);
  }
}

static int visits(int bits, int most) {
  return (bits + most - 1) / most;
}

static void plan_bits(plan *p, int first, int end, int most, bool in_place) {
  for (int left = visits(end - first, most); left > 0; left--) {
    int count = (end - first + left - 1) / left;
    p->sweeps[p->n_sweeps++] = (sweep){first, count, in_place};
    first += count;
  }
}

/* Where sweeps in place give way to gathering, for bits up to `end`. */
static int near_end(const hrs_blocking *by, int end) {
  if (end <= by->near) return end;
  int far = end < by->far ? end : by->far;
  bool saves = visits(end - far, by->gather) < visits(end - by->near, by->gather);
  return saves || end - far <= by->few ? far : by->near;
}

static void plan_sweeps(plan *p) {
  int bit = p->call->first, end = bit + p->call->count;
  if (bit < p->by->low) {
    int stop = end < p->by->low ? end : p->by->low;
    plan_bits(p, bit, stop, p->by->low, true);
    bit = stop;
  }
  int stop = near_end(p->by, end);
  if (bit < stop) {
    plan_bits(p, bit, stop, HRS_WIDE_BITS, true);
    bit = stop;
  }
  plan_bits(p, bit, end, p->by->gather, end - bit <= p->by->few);
}

hrs_status hrs_butterfly_blocked_by(const hrs_butterfly_call *call, const hrs_blocking *blocking,
                                    hrs_simd simd) {
  plan p = {.call = call,
            .by = blocking,
            .passes = hrs_passes_get(&call->kernel, call->type, simd),
            .size = (hrs_count)hrs_dtype_size(call->type)};
  bool only_scale = call->count == 0;
  if (!p.passes || only_scale) return hrs_butterfly_reference(call);
  plan_sweeps(&p);
  bool in_place = call->bits <= blocking->low;
  int bits = call->bits < blocking->workspace ? call->bits : blocking->workspace;
  if (!in_place) HRS_TRY(hrs_alloc((hrs_count)1 << bits, (size_t)p.size, &p.workspace));
  nested(&p, p.n_sweeps - 1, 0, call->bits);
  hrs_free(p.workspace);
  return HRS_OK;
}

hrs_status hrs_butterfly_blocked(const hrs_butterfly_call *call) {
  return hrs_butterfly_blocked_by(call, &hrs_blocking_default, hrs_simd_get());
}
