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
 *    finished there and put back, each chunk while the next is gathered into another workspace:
 *    reads and writes take turns line by line, and the lines that come next are asked for early.
 * Sweeps nest: a sweep follows on a part of the array as soon as those below are done there, so
 * that a large third-level cache saves it the visit to memory. Each element sees its bits in
 * ascending order, as in the reference, hence the same bits.
 *
 * Floats take the same way in half the bytes and twice the lanes, and are rounded once per bit.
 *
 * Memory works while the caches do: the low sweep asks for the next block little by little.
 *
 * Cost: one visit to memory per sweep, and a load and a store in cache per three bits. It loses to
 * nothing but for kernels with two zeros and no name, which it leaves to the reference.
 */
#include "lattice/engines.h"
#include "lattice/passes.h"

#include <string.h>

/* 16 KiB tiles, 128 KiB blocks, parts of 8 MiB, two workspaces of 512 KiB. Streams 2^23 doubles
 * apart begin to share their tags in the first-level cache of some processors. */
const hrs_blocking hrs_blocking_default = {
    .tile = 11, .low = 14, .near = 20, .far = 23, .workspace = 16, .gather = 8, .few = 2};

enum { MAX_SWEEPS = HRS_MAX_PLAYERS };

typedef struct sweep {
  int first, count;
  bool in_place;
} sweep;

typedef struct plan {
  const hrs_butterfly_call *call;
  const hrs_blocking *by;
  const hrs_passes *passes;
  hrs_count size;     /* bytes of an element */
  bool aligned;       /* the array, as hrs_stream wants it */
  char *workspace[2]; /* of the same type */
  int n_sweeps;
  sweep sweeps[MAX_SWEEPS];
} plan;

/* Bits [first, end) of 2^bits contiguous elements, in as few passes as possible. Returns how far
 * the passes got in what they fetched ahead. */
static const char *contiguous(const plan *p, char *data, int bits, int first, int end,
                              const char *ahead) {
  const hrs_passes *passes = p->passes;
  const hrs_kernel *kernel = &p->call->kernel;
  const hrs_count size = (hrs_count)1 << bits, fetched = size / HRS_AHEAD * p->size;
  int bit = first;
  if (bit == 0 && end >= HRS_LOWEST_BITS) {
    passes->lowest(kernel, data, size, 1, ahead);
    if (ahead) ahead += fetched;
    bit = HRS_LOWEST_BITS;
  }
  for (; bit < end && bit < HRS_WIDE_FROM; bit++)
    passes->narrow(kernel, data, size, (hrs_count)1 << bit, NULL);
  while (bit < end) {
    int left = end - bit, step = left > HRS_WIDE_BITS ? HRS_WIDE_BITS : left;
    if (left == HRS_WIDE_BITS + 1) step = 2;
    passes->wide[step](kernel, data, size, (hrs_count)1 << bit, ahead);
    if (ahead && step == HRS_WIDE_BITS) ahead += fetched;
    bit += step;
  }
  return ahead;
}

/* The same for a block that fits the second-level cache: first what fits the first-level one. */
static void block(const plan *p, char *data, int bits, int first, int end, const char *ahead) {
  int tile = bits < p->by->tile ? bits : p->by->tile;
  int middle = end < tile ? end : tile;
  if (first < middle) {
    for (hrs_count i = 0; i < (hrs_count)1 << bits; i += (hrs_count)1 << tile)
      ahead = contiguous(p, data + i * p->size, tile, first, middle, ahead);
  }
  if (end > tile) contiguous(p, data, bits, first > tile ? first : tile, end, ahead);
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

/* Bits of the 2^bits elements from `offset` on: a region small enough for one block. The next one
 * is fetched meanwhile: a block takes at most HRS_AHEAD passes that do so. */
static void low_sweep(const plan *p, hrs_count offset, int bits, sweep s, bool scaled) {
  const hrs_count size = (hrs_count)1 << bits;
  bool last = offset + 2 * size > (hrs_count)1 << p->call->bits;
  block(p, element(p, offset), bits, s.first, s.first + s.count,
        last ? NULL : element(p, offset + size));
  if (scaled) multiply(p, element(p, offset), size);
}

/* The chunks of 2^count streams, the first from element `from` on, into a workspace or back. */
static void copy_chunks(const plan *p, hrs_count from, sweep s, hrs_count chunk, char *workspace,
                        bool into) {
  const size_t bytes = (size_t)(chunk * p->size);
  for (hrs_count i = 0; i < (hrs_count)1 << s.count; i++) {
    char *far = element(p, from + (i << s.first)), *near = workspace + (size_t)i * bytes;
    memcpy(into ? near : far, into ? far : near, bytes);
  }
}

/* The chunks of element `from` into workspace `turn`, with HRS_WIDE_BITS bits done on the way;
 * meanwhile those in the other workspace return to element `back`, unless that is negative. */
static void exchange_chunks(const plan *p, hrs_count from, sweep s, int chunk_bits, int turn,
                            hrs_count next, hrs_count back) {
  const hrs_count streams = (hrs_count)1 << s.count, step = (hrs_count)1 << HRS_WIDE_BITS;
  for (hrs_count i = 0; i < streams; i += step) {
    hrs_count far = i << s.first, near = (i << chunk_bits) * p->size;
    bool last = i + step == streams;
    hrs_exchange x = {.from = element(p, from + far),
                      .next = element(p, last ? next : from + far + (step << s.first)),
                      .to = p->workspace[turn] + near,
                      .stride = (hrs_count)1 << s.first,
                      .bits = chunk_bits};
    if (back >= 0) x.done = p->workspace[!turn] + near, x.back = element(p, back + far);
    p->passes->exchange(&p->call->kernel, &x);
  }
}

/* The bits of a sweep for the 2^(first + count) elements from `offset` on. */
static void high_sweep(const plan *p, hrs_count offset, sweep s, bool scaled) {
  const hrs_count stride = (hrs_count)1 << s.first, streams = (hrs_count)1 << s.count;
  if (s.in_place && !scaled) {
    p->passes->wide[s.count](&p->call->kernel, element(p, offset), stride * streams, stride, NULL);
    return;
  }
  int chunk_bits = p->by->workspace - s.count < s.first ? p->by->workspace - s.count : s.first;
  const hrs_count chunk = (hrs_count)1 << chunk_bits, last = offset + stride - chunk;
  const bool exchanged = s.count > HRS_WIDE_BITS && p->aligned;
  int turn = 0;
  for (hrs_count from = offset; from <= last; from += chunk) {
    if (exchanged)
      exchange_chunks(p, from, s, chunk_bits, turn, from < last ? from + chunk : from,
                      from > offset ? from - chunk : -1);
    else
      copy_chunks(p, from, s, chunk, p->workspace[turn], true);
    block(p, p->workspace[turn], chunk_bits + s.count, chunk_bits + (exchanged ? HRS_WIDE_BITS : 0),
          chunk_bits + s.count, NULL);
    if (scaled) multiply(p, p->workspace[turn], chunk * streams);
    if (!exchanged || from == last) copy_chunks(p, from, s, chunk, p->workspace[turn], false);
    if (exchanged) turn = !turn;
  }
  if (exchanged) hrs_stream_end();
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

/* Does a sweep need the workspaces? The last one does where it scales. */
static bool gathers(const plan *p) {
  for (int i = 0; i < p->n_sweeps; i++) {
    sweep s = p->sweeps[i];
    bool scaled = i == p->n_sweeps - 1 && p->call->scale != 1;
    if (s.first + s.count > p->by->low && (!s.in_place || scaled)) return true;
  }
  return false;
}

hrs_status hrs_butterfly_blocked_by(const hrs_butterfly_call *call, const hrs_blocking *blocking,
                                    hrs_simd simd) {
  plan p = {.call = call,
            .by = blocking,
            .passes = hrs_passes_get(&call->kernel, call->type, simd),
            .size = (hrs_count)hrs_dtype_size(call->type),
            .aligned = (uintptr_t)call->data % HRS_STREAM_ALIGNMENT == 0};
  bool only_scale = call->count == 0;
  if (!p.passes || only_scale) return hrs_butterfly_reference(call);
  plan_sweeps(&p);
  if (gathers(&p)) {
    int bits = call->bits < blocking->workspace ? call->bits : blocking->workspace;
    HRS_TRY(hrs_alloc((hrs_count)2 << bits, (size_t)p.size, &p.workspace[0]));
    p.workspace[1] = p.workspace[0] + (p.size << bits);
  }
  nested(&p, p.n_sweeps - 1, 0, call->bits);
  hrs_free(p.workspace[0]);
  return HRS_OK;
}

hrs_status hrs_butterfly_blocked(const hrs_butterfly_call *call) {
  return hrs_butterfly_blocked_by(call, &hrs_blocking_default, hrs_simd_get());
}
