/*
 * Slots and steps as they are added to a session: shapes inferred, what depends on no varying feed
 * computed at once, and again where shared feeds get new values; and how one step is run.
 */
#include "network/steps.h"

#include <string.h>

hrs_count hrs_session_limit;

/* ---- slots and steps ---- */

hrs_count hrs_slot_bytes(const hrs_slot *slot) {
  return hrs_tensor_count(&slot->tensor) * (hrs_count)hrs_dtype_size(slot->tensor.type);
}

hrs_status hrs_session_add_slot(hrs_session *s, const hrs_tensor *tensor, bool varies, int *out) {
  if (s->n_slots == s->slot_room) {
    s->slot_room = s->slot_room ? 2 * s->slot_room : 64;
    HRS_TRY(hrs_realloc(&s->slot, s->slot_room, sizeof *s->slot));
  }
  hrs_slot *slot = &s->slot[s->n_slots];
  *slot = (hrs_slot){.tensor = *tensor, .varies = varies, .whole = s->n_slots, .root = s->n_slots};
  if (varies) slot->tensor.data = NULL;
  slot->tensor.step = varies ? hrs_tensor_count(tensor) : 0;
  hrs_count bytes = hrs_slot_bytes(slot);
  char shape[HRS_SHAPE_TEXT];
  HRS_REQUIRE(bytes <= hrs_session_limit, INPUT, "a tensor of shape %s takes %.1f GiB",
              hrs_shape_text(tensor->rank, tensor->dim, shape, sizeof shape),
              (double)bytes / 0x1p30);
  *out = s->n_slots++;
  return HRS_OK;
}

hrs_status hrs_session_own_data(hrs_session *s, int index) {
  hrs_slot *slot = &s->slot[index];
  hrs_count bytes = hrs_slot_bytes(slot);
  HRS_REQUIRE(bytes <= hrs_session_limit - s->folded_bytes, INPUT,
              "%s: what the network computes from constants takes more than %.1f GiB",
              s->model->path, (double)hrs_session_limit / 0x1p30);
  HRS_TRY(hrs_alloc(bytes, 1, &slot->tensor.data));
  s->folded_bytes += bytes;
  slot->owned = true;
  return HRS_OK;
}

hrs_status hrs_session_want_workspace(hrs_session *s, hrs_count bytes) {
  if (bytes <= s->workspace_bytes) return HRS_OK;
  HRS_REQUIRE(bytes <= hrs_session_limit, INPUT, "%s: a node needs %.1f GiB of workspace",
              s->model->path, (double)bytes / 0x1p30);
  hrs_free(s->workspace);
  s->workspace = NULL;
  s->workspace_bytes = 0;
  HRS_TRY(hrs_alloc(bytes, 1, &s->workspace));
  s->workspace_bytes = bytes;
  return HRS_OK;
}

hrs_status hrs_step_create(const hrs_node *node, int n_in, const int *in, int n_out,
                           hrs_step **out) {
  size_t tensors = (size_t)(n_in + n_out), bytes = sizeof(hrs_step);
  bytes += tensors * (sizeof(hrs_tensor) + sizeof(int));
  hrs_step *step = NULL;
  HRS_TRY(hrs_calloc((hrs_count)bytes, 1, &step));
  step->node = *node;
  step->call = (hrs_call){.node = &step->node, .n_in = n_in, .n_out = n_out};
  step->call.in = (hrs_tensor *)(step + 1);
  step->call.out = step->call.in + n_in;
  step->in = (int *)(step->call.out + n_out);
  step->out = step->in + n_in;
  if (n_in) memcpy(step->in, in, sizeof *in * (size_t)n_in);
  for (int i = 0; i < n_out; i++)
    step->out[i] = -1;
  *out = step;
  return HRS_OK;
}

void hrs_step_destroy(hrs_step *step) {
  if (!step) return;
  hrs_free(step->node.state);
  hrs_free(step->packed);
  hrs_free(step);
}

void hrs_step_bind(hrs_session *s, hrs_step *step) {
  for (int i = 0; i < step->call.n_in; i++)
    if (step->in[i] >= 0) step->call.in[i] = s->slot[step->in[i]].tensor;
  for (int i = 0; i < step->call.n_out; i++)
    if (step->out[i] >= 0) step->call.out[i] = s->slot[step->out[i]].tensor;
}

hrs_status hrs_step_infer(hrs_session *s, hrs_step *step, const bool *wanted) {
  hrs_call *call = &step->call;
  const char *misused = NULL;
  hrs_free(step->node.state);
  step->node.state = NULL;
  memset(call->in, 0, sizeof *call->in * (size_t)(call->n_in + call->n_out));
  hrs_step_bind(s, step);
  for (int i = 0; i < call->n_in; i++)
    if (step->in[i] >= 0 && s->slot[step->in[i]].varies) call->in[i].data = NULL;
  memset(call->out, 0, sizeof *call->out * (size_t)call->n_out);
  call->batch = 1;
  call->workspace_bytes = call->multiply_adds = 0;
  step->node.misused = &misused;
  hrs_status status = step->node.def->infer(call);
  step->node.misused = NULL;
  if (status == HRS_OK && misused)
    status = hrs_node_error(call, HRS_STATUS_INPUT, __FILE__, __LINE__,
                            "attribute '%s' is not of the type that the operator takes", misused);
  if (status != HRS_OK) return hrs_error_context(status, "%s", s->model->path);
  for (int i = 0; i < call->n_out; i++) {
    if (!wanted[i])
      call->out[i] = (hrs_tensor){0};
    else
      HRS_REQUIRE(call->out[i].type != HRS_NONE, INPUT,
                  "%s: %s node '%s' does not give output %d with these attributes", s->model->path,
                  step->node.op, step->node.name, i);
  }
  return HRS_OK;
}

/* ---- folding ---- */

static bool is_view(const hrs_step *step) {
  return step->node.def->flags & HRS_OP_VIEW;
}

static hrs_status run_folded(hrs_session *s, hrs_step *step) {
  hrs_step_bind(s, step);
  HRS_TRY(hrs_session_want_workspace(s, step->call.workspace_bytes));
  step->call.workspace = s->workspace;
  HRS_TRY_CONTEXT(hrs_step_run(step, 1), "%s", s->model->path);
  return HRS_OK;
}

static hrs_status fold(hrs_session *s, hrs_step *step) {
  for (int i = 0; i < step->call.n_out; i++) {
    if (step->out[i] < 0) continue;
    hrs_slot *out = &s->slot[step->out[i]];
    out->shared = step->shared;
    if (i == 0 && is_view(step)) {
      out->tensor.data = s->slot[step->in[0]].tensor.data;
      out->root = s->slot[step->in[0]].root;
    } else {
      HRS_TRY(hrs_session_own_data(s, step->out[i]));
    }
  }
  return run_folded(s, step);
}

hrs_status hrs_session_keep_step(hrs_session *s, hrs_step *step) {
  if (s->n_steps == s->step_room) {
    s->step_room = s->step_room ? 2 * s->step_room : 64;
    HRS_TRY(hrs_realloc(&s->step, s->step_room, sizeof *s->step));
  }
  s->step[s->n_steps++] = step;
  return HRS_OK;
}

/* Shapes, slots for the results, and their values where they are constant. */
static hrs_status settle(hrs_session *s, hrs_step *step, const bool *wanted) {
  unsigned flags = step->node.def->flags;
  HRS_TRY(hrs_step_infer(s, step, wanted));
  bool varies = false;
  for (int i = 0; i < step->call.n_in; i++) {
    if (step->in[i] < 0) continue;
    const hrs_slot *in = &s->slot[step->in[i]];
    step->shared |= in->shared;
    /* A view is nothing but its first input. */
    varies |= in->varies && (i == 0 || !(flags & HRS_OP_VIEW));
  }
  if (flags & HRS_OP_OF_SHAPE) varies = step->shared = false;
  step->folded = !varies;
  s->decided |= step->shared && step->node.decides;
  for (int i = 0; i < step->call.n_out; i++) {
    if (!wanted[i] || step->out[i] >= 0) continue;
    HRS_TRY_CONTEXT(hrs_session_add_slot(s, &step->call.out[i], varies, &step->out[i]),
                    "%s: %s node '%s'", s->model->path, step->node.op, step->node.name);
  }
  if (step->folded) return fold(s, step);
  HRS_TRY(hrs_session_want_workspace(s, step->call.workspace_bytes));
  s->multiply_adds += step->call.multiply_adds;
  return HRS_OK;
}

/* Settle a step, and keep it unless it was folded for good. It is the session's from here on, also
 * where this fails; out[] are the slots of its results. */
static hrs_status place(hrs_session *s, hrs_step *step, const bool *wanted, int *out) {
  hrs_status status = settle(s, step, wanted);
  if (status == HRS_OK) {
    memcpy(out, step->out, sizeof *out * (size_t)step->call.n_out);
    if (!step->folded || step->shared) {
      status = hrs_session_keep_step(s, step);
      if (status == HRS_OK) return HRS_OK;
    }
  }
  hrs_step_destroy(step);
  return status;
}

hrs_status hrs_session_add_step(hrs_session *s, const hrs_node *node, int n_in, const int *in,
                                int n_out, const bool *wanted, int *out) {
  hrs_step *step = NULL;
  HRS_TRY(hrs_step_create(node, n_in, in, n_out, &step));
  return place(s, step, wanted, out);
}

hrs_status hrs_session_add_part(hrs_session *s, const hrs_node *node, int n_in, const int *in,
                                int *out) {
  hrs_step *step = NULL;
  bool wanted = true;
  HRS_TRY(hrs_step_create(node, n_in, in, 1, &step));
  step->part = true;
  step->node.state = NULL; /* the other step's own */
  step->out[0] = *out;
  return place(s, step, &wanted, out);
}

void hrs_session_drop_unused(hrs_session *s) {
  for (int i = 0; i < s->n_steps; i++)
    for (int k = 0; k < s->step[i]->call.n_in; k++)
      if (s->step[i]->in[k] >= 0) s->slot[s->slot[s->step[i]->in[k]].root].used = true;
  for (int i = 0; i < s->n_steps; i++)
    for (int k = 0; k < s->step[i]->call.n_out; k++)
      if (s->step[i]->out[k] >= 0) s->slot[s->slot[s->step[i]->out[k]].root].used = true;
  for (int i = 0; i < s->n_fetches; i++)
    s->slot[s->slot[s->fetch[i]].root].used = true;
  for (int i = 0; i < s->n_feeds; i++)
    s->slot[s->feed[i].slot].used = true;
  for (int i = 0; i < s->n_choices; i++)
    s->slot[s->slot[s->choice[i].slot].root].used = true;
  for (int i = 0; i < s->n_slots; i++) {
    hrs_slot *slot = &s->slot[i];
    if (!slot->owned || slot->used) continue;
    s->folded_bytes -= hrs_slot_bytes(slot);
    hrs_free(slot->tensor.data);
    slot->tensor.data = NULL;
    slot->owned = false;
  }
}

/* ---- new values of shared feeds ---- */

static hrs_status refold_step(hrs_session *s, hrs_step *step) {
  bool *wanted;
  HRS_TRY(hrs_alloc(step->call.n_out, sizeof *wanted, &wanted));
  for (int i = 0; i < step->call.n_out; i++)
    wanted[i] = step->out[i] >= 0;
  hrs_status status = hrs_step_infer(s, step, wanted);
  hrs_free(wanted);
  HRS_TRY(status);
  for (int i = 0; i < step->call.n_out; i++) {
    if (step->out[i] < 0) continue;
    const hrs_tensor *now = &step->call.out[i], *was = &s->slot[step->out[i]].tensor;
    bool same = now->type == was->type && now->rank == was->rank;
    for (int k = 0; same && k < now->rank; k++)
      same = now->dim[k] == was->dim[k];
    HRS_REQUIRE(
        same, UNSUPPORTED,
        "%s: the shape of the result of %s node '%s' depends on the values of an input, and is "
        "another for this sample than for the first one: choose samples that agree (--select)",
        s->model->path, step->node.op, step->node.name);
  }
  if (step->folded) return run_folded(s, step);
  hrs_step_bind(s, step);
  return hrs_session_want_workspace(s, step->call.workspace_bytes);
}

hrs_status hrs_session_refold(hrs_session *s) {
  for (int i = 0; i < s->n_steps; i++)
    if (s->step[i]->shared) HRS_TRY(refold_step(s, s->step[i]));
  for (int i = 0; i < s->n_choices; i++) {
    const hrs_choice *c = &s->choice[i];
    bool now = *(const unsigned char *)s->slot[c->slot].tensor.data;
    HRS_REQUIRE(
        now == c->taken, UNSUPPORTED,
        "%s: If node '%s' takes another branch for this sample than for the first one, but a "
        "run decides it once: choose samples that agree (--select)",
        s->model->path, c->node);
  }
  s->stale = false;
  return HRS_OK;
}

/* ---- running ---- */

static hrs_status run_one_by_one(hrs_step *step, hrs_count batch) {
  hrs_call *call = &step->call;
  hrs_status status = HRS_OK;
  for (hrs_count b = 0; b < batch && status == HRS_OK; b++) {
    status = step->node.def->run(call);
    for (int i = 0; i < call->n_in + call->n_out; i++) {
      hrs_tensor *t = i < call->n_in ? &call->in[i] : &call->out[i - call->n_in];
      if (t->data) t->data = (char *)t->data + t->step * (hrs_count)hrs_dtype_size(t->type);
    }
  }
  return status;
}

/* Files may pair a length of 0 with others of any size, over which operators would walk in vain. */
static bool gives_nothing(const hrs_call *call) {
  for (int i = 0; i < call->n_out; i++)
    if (call->out[i].type != HRS_NONE && hrs_tensor_count(&call->out[i]) > 0) return false;
  return true;
}

hrs_status hrs_step_run(hrs_step *step, hrs_count batch) {
  unsigned flags = step->node.def->flags;
  if (flags & HRS_OP_VIEW || gives_nothing(&step->call)) return HRS_OK;
  bool whole = (flags & HRS_OP_BATCHED) || batch == 1;
  step->call.batch = whole ? batch : 1;
  return whole ? step->node.def->run(&step->call) : run_one_by_one(step, batch);
}
