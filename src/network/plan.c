/*
 * Buffers of a session. Steps are walked in order: a result takes the smallest free piece of the
 * arena that it fits, and gives it back after the last step that reads it; neighbouring free pieces
 * join. Cost: steps x free pieces, of which there are few. It loses where a large tensor comes
 * after many small ones have cut the arena up; networks hardly do that.
 */
#include "network/session.h"

#include <string.h>

enum { ALIGNMENT = 64 };

typedef struct piece {
  hrs_count offset, bytes;
} piece;

typedef struct pool {
  piece *free; /* by rising offset */
  int n_free, room;
  hrs_count end; /* of the arena so far */
} pool;

hrs_count hrs_slot_bytes(const hrs_slot *slot) {
  return hrs_tensor_count(&slot->tensor) * (hrs_count)hrs_dtype_size(slot->tensor.type);
}

hrs_count hrs_plan_batch(hrs_count bytes) {
  /* Masked inputs that are still in a core's second cache when the first layer reads them count for
   * more than a long batch; but weights should serve some rows before they make room for others. */
  enum { SECOND_CACHE = 256 << 10, SHARE_OF_THIRD = 4 << 20, SOME = 64, MOST = 1024 };
  hrs_count batch = 1;
  while (2 * batch <= MOST &&
         2 * batch * bytes <= (2 * batch <= SOME ? SHARE_OF_THIRD : SECOND_CACHE))
    batch *= 2;
  return batch;
}

static hrs_count take(pool *p, hrs_count bytes) {
  int best = -1;
  for (int i = 0; i < p->n_free; i++)
    if (p->free[i].bytes >= bytes && (best < 0 || p->free[i].bytes < p->free[best].bytes)) best = i;
  if (best < 0) {
    /* Nothing fits: extend the arena, from its last piece where that is free. */
    hrs_count offset = p->end;
    if (p->n_free > 0) {
      piece *tail = &p->free[p->n_free - 1];
      if (tail->offset + tail->bytes == p->end) {
        offset = tail->offset;
        p->n_free--;
      }
    }
    p->end = offset + bytes;
    return offset;
  }
  piece *found = &p->free[best];
  hrs_count offset = found->offset;
  found->offset += bytes;
  found->bytes -= bytes;
  if (found->bytes == 0) {
    p->n_free--;
    memmove(found, found + 1, sizeof *found * (size_t)(p->n_free - best));
  }
  return offset;
}

static hrs_status give(pool *p, hrs_count offset, hrs_count bytes) {
  int at = 0;
  while (at < p->n_free && p->free[at].offset < offset)
    at++;
  piece *before = at > 0 ? &p->free[at - 1] : NULL, *after = at < p->n_free ? &p->free[at] : NULL;
  bool joins_before = before && before->offset + before->bytes == offset;
  bool joins_after = after && offset + bytes == after->offset;
  if (joins_before) {
    before->bytes += bytes;
    if (!joins_after) return HRS_OK;
    before->bytes += after->bytes;
    p->n_free--;
    memmove(after, after + 1, sizeof *after * (size_t)(p->n_free - at));
    return HRS_OK;
  }
  if (joins_after) {
    after->offset = offset;
    after->bytes += bytes;
    return HRS_OK;
  }
  if (p->n_free == p->room) {
    p->room = p->room ? 2 * p->room : 32;
    HRS_TRY(hrs_realloc(&p->free, p->room, sizeof *p->free));
  }
  memmove(&p->free[at + 1], &p->free[at], sizeof *p->free * (size_t)(p->n_free - at));
  p->free[at] = (piece){offset, bytes};
  p->n_free++;
  return HRS_OK;
}

static int root_of(const hrs_session *s, int slot) {
  while (s->slot[slot].root != slot)
    slot = s->slot[slot].root;
  return slot;
}

/* Views stand in the buffer of what they view. Then the last use of each buffer. */
static void find_lives(hrs_session *s) {
  for (int i = 0; i < s->n_slots; i++) {
    s->slot[i].root = i;
    s->slot[i].last = -1;
  }
  for (int i = 0; i < s->n_run; i++) {
    const hrs_step *step = s->run[i];
    if (step->node.def->flags & HRS_OP_VIEW) s->slot[step->out[0]].root = root_of(s, step->in[0]);
  }
  for (int i = 0; i < s->n_run; i++) {
    const hrs_step *step = s->run[i];
    for (int k = 0; k < step->call.n_in; k++)
      if (step->in[k] >= 0) s->slot[root_of(s, step->in[k])].last = i;
    for (int k = 0; k < step->call.n_out; k++)
      if (step->out[k] >= 0) s->slot[root_of(s, step->out[k])].last = i;
  }
  for (int i = 0; i < s->n_fetches; i++)
    s->slot[root_of(s, s->fetch[i])].last = s->n_run;
}

/* May the step write its first output over its first input? Nobody may need the input later, nor
 * see the same buffer with another shape in this step. */
static bool in_place(const hrs_session *s, int index) {
  const hrs_step *step = s->run[index];
  if (!(step->node.def->flags & HRS_OP_IN_PLACE) || step->call.n_in < 1 || step->in[0] < 0)
    return false;
  const hrs_slot *in = &s->slot[step->in[0]], *out = &s->slot[step->out[0]];
  int root = root_of(s, step->in[0]);
  if (!in->varies || s->slot[root].last != index) return false;
  if (hrs_slot_bytes(in) != hrs_slot_bytes(out) ||
      hrs_slot_bytes(&s->slot[root]) != hrs_slot_bytes(out))
    return false;
  for (int k = 1; k < step->call.n_in; k++)
    if (step->in[k] >= 0 && step->in[k] != step->in[0] && root_of(s, step->in[k]) == root)
      return false;
  return true;
}

static hrs_count buffer_bytes(const hrs_slot *slot, hrs_count batch) {
  hrs_count bytes = hrs_slot_bytes(slot) * batch;
  return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static hrs_status plan_step(hrs_session *s, int index, hrs_count batch, pool *p) {
  const hrs_step *step = s->run[index];
  for (int k = 0; k < step->call.n_out; k++) {
    int out = step->out[k];
    if (out < 0 || root_of(s, out) != out) continue;
    if (k == 0 && in_place(s, index)) {
      int root = root_of(s, step->in[0]);
      s->slot[root].last = s->slot[out].last;
      s->slot[out].root = root;
      continue;
    }
    hrs_slot *slot = &s->slot[out];
    slot->offset = take(p, buffer_bytes(slot, batch));
    HRS_REQUIRE(p->end <= hrs_session_limit || batch > 1, INPUT,
                "%s: the network needs more than %.1f GiB for its activations", s->model->path,
                (double)hrs_session_limit / 0x1p30);
    HRS_REQUIRE(p->end <= hrs_session_limit, TOO_LARGE,
                "%s: %lld instances of the network need more than %.1f GiB for their activations",
                s->model->path, (long long)batch, (double)hrs_session_limit / 0x1p30);
  }
  return HRS_OK;
}

/* Buffers whose last use was this step. A buffer is met several times where a step reads it twice;
 * `last` is cleared so that it is given back once. */
static hrs_status release(hrs_session *s, int index, hrs_count batch, pool *p) {
  const hrs_step *step = s->run[index];
  for (int k = 0; k < step->call.n_in + step->call.n_out; k++) {
    int slot = k < step->call.n_in ? step->in[k] : step->out[k - step->call.n_in];
    if (slot < 0) continue;
    int root = root_of(s, slot);
    if (!s->slot[root].varies || s->slot[root].last != index) continue;
    s->slot[root].last = -2;
    hrs_count bytes = buffer_bytes(&s->slot[root], batch);
    if (bytes > 0) HRS_TRY(give(p, s->slot[root].offset, bytes));
  }
  return HRS_OK;
}

hrs_status hrs_plan_buffers(hrs_session *s, hrs_count batch, hrs_count *bytes) {
  pool p = {0};
  hrs_status status = HRS_OK;
  find_lives(s);
  /* Feeds are written by the caller at any time before a run: each has its place from the start. */
  for (int i = 0; i < s->n_feeds; i++) {
    if (!s->feed[i].varies) continue;
    hrs_slot *slot = &s->slot[s->feed[i].slot];
    slot->offset = take(&p, buffer_bytes(slot, batch));
  }
  for (int i = 0; i < s->n_run; i++) {
    HRS_GO(plan_step(s, i, batch, &p));
    HRS_GO(release(s, i, batch, &p));
  }
  for (int i = 0; i < s->n_slots; i++)
    s->slot[i].root = root_of(s, i);
  *bytes = p.end;
done:
  hrs_free(p.free);
  return status;
}
