/* The session behind some slots of another one: the same steps, as far as they are still needed. */
#include "network/fuse.h"

#include <string.h>

/* What of the other session is needed. */
typedef struct selection {
  bool *is_cut, *read, *made; /* by slot */
  bool *needed;               /* by step */
} selection;

/* Which steps do the fetches still need, and is everything given that these read? */
static hrs_status find_needed(const hrs_session *from, selection *of) {
  for (int i = 0; i < from->n_fetches; i++)
    of->read[from->fetch[i]] = true;
  for (int i = 0; i < from->n_choices; i++)
    of->read[from->choice[i].slot] = true;
  for (int i = from->n_steps - 1; i >= 0; i--) {
    const hrs_step *step = from->step[i];
    for (int k = 0; k < step->call.n_out; k++)
      if (step->out[k] >= 0 && !of->is_cut[step->out[k]]) of->needed[i] |= of->read[step->out[k]];
    if (!of->needed[i]) continue;
    for (int k = 0; k < step->call.n_out; k++)
      if (step->out[k] >= 0) of->made[step->out[k]] = true;
    for (int k = 0; k < step->call.n_in; k++)
      if (step->in[k] >= 0) of->read[step->in[k]] = true;
  }
  for (int i = 0; i < from->n_slots; i++)
    HRS_REQUIRE(!of->read[i] || !from->slot[i].varies || of->is_cut[i] || of->made[i], INTERNAL,
                "%s: what is behind the cuts needs more than these", from->model->path);
  return HRS_OK;
}

static hrs_status select_steps(const hrs_session *from, int n_cuts, const int *cuts,
                               selection *of) {
  HRS_TRY(hrs_calloc(from->n_slots, sizeof *of->is_cut, &of->is_cut));
  HRS_TRY(hrs_calloc(from->n_slots, sizeof *of->read, &of->read));
  HRS_TRY(hrs_calloc(from->n_slots, sizeof *of->made, &of->made));
  HRS_TRY(hrs_calloc(from->n_steps, sizeof *of->needed, &of->needed));
  for (int i = 0; i < n_cuts; i++)
    of->is_cut[cuts[i]] = true;
  return find_needed(from, of);
}

/* Slots with their numbers. Constants are read where they are; what depends on feeds that do not
 * vary is the session's own, since it may be folded again. */
static hrs_status copy_slots(hrs_session *s, const hrs_session *from) {
  HRS_TRY(hrs_alloc(from->n_slots, sizeof *s->slot, &s->slot));
  s->slot_room = from->n_slots;
  for (int i = 0; i < from->n_slots; i++) {
    hrs_slot *slot = &s->slot[i];
    *slot = from->slot[i];
    slot->owned = false;
    if (slot->varies) slot->tensor.data = NULL;
    s->n_slots++;
    if (!from->slot[i].owned || !slot->shared) continue;
    HRS_TRY(hrs_session_own_data(s, i));
    memcpy(slot->tensor.data, from->slot[i].tensor.data, (size_t)hrs_slot_bytes(slot));
  }
  for (int i = 0; i < from->n_steps; i++) {
    const hrs_step *step = from->step[i];
    if (step->folded && step->node.def->flags & HRS_OP_VIEW)
      s->slot[step->out[0]].tensor.data = s->slot[step->in[0]].tensor.data;
  }
  return HRS_OK;
}

static hrs_status copy_feeds(hrs_session *s, const hrs_session *from, int n_cuts, const int *cuts) {
  HRS_TRY(hrs_calloc(n_cuts + from->n_feeds, sizeof *s->feed, &s->feed));
  for (int i = 0; i < n_cuts; i++)
    s->feed[s->n_feeds++] =
        (hrs_session_feed){.slot = cuts[i], .value = -1, .varies = true, .name = "(cut)"};
  for (int i = 0; i < from->n_feeds; i++)
    if (!from->feed[i].varies) s->feed[s->n_feeds++] = from->feed[i];
  HRS_TRY(hrs_calloc(from->n_fetches, sizeof *s->fetch, &s->fetch));
  HRS_TRY(hrs_calloc(from->n_fetches, sizeof *s->fetch_info, &s->fetch_info));
  for (int i = 0; i < from->n_fetches; i++) {
    s->fetch[i] = from->fetch[i];
    s->fetch_info[i] = from->fetch_info[i];
    s->n_fetches++;
  }
  HRS_TRY(hrs_alloc(from->n_choices, sizeof *s->choice, &s->choice));
  for (int i = 0; i < from->n_choices; i++)
    s->choice[s->n_choices++] = from->choice[i];
  return HRS_OK;
}

static hrs_status copy_step(hrs_session *s, const hrs_step *step, const bool *is_cut) {
  hrs_node node = step->node;
  hrs_step *copy = NULL;
  bool *wanted = NULL;
  hrs_status status = HRS_OK;
  node.state = NULL;
  HRS_TRY(hrs_step_create(&node, step->call.n_in, step->in, step->call.n_out, &copy));
  copy->folded = step->folded;
  copy->shared = step->shared;
  copy->part = step->part;
  HRS_GO(hrs_alloc(step->call.n_out, sizeof *wanted, &wanted));
  for (int i = 0; i < step->call.n_out; i++) {
    wanted[i] = step->out[i] >= 0 && !is_cut[step->out[i]];
    copy->out[i] = wanted[i] ? step->out[i] : -1;
  }
  HRS_GO(hrs_step_infer(s, copy, wanted));
  HRS_GO(hrs_session_want_workspace(s, copy->call.workspace_bytes));
  if (!copy->folded) s->multiply_adds += copy->call.multiply_adds;
  HRS_GO(hrs_session_keep_step(s, copy));
  copy = NULL;
done:
  hrs_step_destroy(copy);
  hrs_free(wanted);
  return status;
}

static hrs_status copy_steps(hrs_session *s, const hrs_session *from, const selection *of) {
  for (int i = 0; i < from->n_steps; i++)
    if (of->needed[i]) HRS_TRY(copy_step(s, from->step[i], of->is_cut));
  return HRS_OK;
}

static hrs_status copy(hrs_session *s, const hrs_session *from, int n_cuts, const int *cuts,
                       hrs_count max_batch) {
  selection of = {0};
  hrs_status status;
  s->model = from->model;
  s->stale = from->stale;
  HRS_GO(select_steps(from, n_cuts, cuts, &of));
  HRS_GO(copy_slots(s, from));
  HRS_GO(copy_feeds(s, from, n_cuts, cuts));
  HRS_GO(copy_steps(s, from, &of));
  HRS_GO(hrs_session_fuse(s));
  status = hrs_session_place(s, max_batch);
done:
  hrs_free(of.is_cut);
  hrs_free(of.read);
  hrs_free(of.made);
  hrs_free(of.needed);
  return status;
}

hrs_status hrs_session_behind(const hrs_session *from, int n_cuts, const int *cuts,
                              hrs_count max_batch, hrs_session **out) {
  *out = NULL;
  hrs_count before = hrs_memory_current();
  hrs_session *session;
  HRS_TRY(hrs_calloc(1, sizeof *session, &session));
  hrs_status status = copy(session, from, n_cuts, cuts, max_batch);
  session->bytes = hrs_memory_current() - before;
  if (status != HRS_OK) hrs_session_destroy(&session);
  *out = session;
  return status;
}
