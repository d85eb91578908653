/*
 * Buffers of a session. Steps are walked in order: a result takes its piece of the arena, and gives
 * it back after the last step that reads it.
 */
#include "network/steps.h"

#include "base/offsets.h"

#include <string.h>

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
  return hrs_offsets_round(hrs_slot_bytes(slot) * batch);
}

static hrs_status plan_step(hrs_session *s, int index, hrs_count batch, hrs_offsets *p) {
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
    slot->offset = hrs_offsets_take(p, buffer_bytes(slot, batch));
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
static hrs_status release(hrs_session *s, int index, hrs_count batch, hrs_offsets *p) {
  const hrs_step *step = s->run[index];
  for (int k = 0; k < step->call.n_in + step->call.n_out; k++) {
    int slot = k < step->call.n_in ? step->in[k] : step->out[k - step->call.n_in];
    if (slot < 0) continue;
    int root = root_of(s, slot);
    if (!s->slot[root].varies || s->slot[root].last != index) continue;
    s->slot[root].last = -2;
    hrs_count bytes = buffer_bytes(&s->slot[root], batch);
    if (bytes > 0) HRS_TRY(hrs_offsets_give(p, s->slot[root].offset, bytes));
  }
  return HRS_OK;
}

hrs_status hrs_plan_buffers(hrs_session *s, hrs_count batch, hrs_count *bytes) {
  hrs_offsets p = {0};
  hrs_status status = HRS_OK;
  find_lives(s);
  /* Feeds are written by the caller at any time before a run: each has its place from the start. */
  for (int i = 0; i < s->n_feeds; i++) {
    if (!s->feed[i].varies) continue;
    hrs_slot *slot = &s->slot[s->feed[i].slot];
    slot->offset = hrs_offsets_take(&p, buffer_bytes(slot, batch));
  }
  for (int i = 0; i < s->n_run; i++) {
    HRS_GO(plan_step(s, i, batch, &p));
    HRS_GO(release(s, i, batch, &p));
  }
  for (int i = 0; i < s->n_slots; i++)
    s->slot[i].root = root_of(s, i);
  *bytes = p.end;
done:
  hrs_offsets_free(&p);
  return status;
}
