/*
 * From fetches back to feeds: which nodes a session needs, their shapes, and the values of all
 * those that depend on no varying feed. A walk in a loop, depth first, so that an If is decided
 * before either branch is looked at.
 */
#include "network/session.h"

#include <stdio.h>
#include <string.h>

/* ---- slots and steps ---- */

static hrs_status add_slot(hrs_session *s, const hrs_tensor *tensor, bool varies, int *out) {
  if (s->n_slots == s->slot_room) {
    s->slot_room = s->slot_room ? 2 * s->slot_room : 64;
    HRS_TRY(hrs_realloc(&s->slot, s->slot_room, sizeof *s->slot));
  }
  hrs_slot *slot = &s->slot[s->n_slots];
  *slot = (hrs_slot){.tensor = *tensor, .varies = varies, .root = s->n_slots};
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

/* Memory of a slot that does not vary. */
static hrs_status own_data(hrs_session *s, int index) {
  hrs_slot *slot = &s->slot[index];
  hrs_count bytes = hrs_slot_bytes(slot);
  s->folded_bytes += bytes;
  HRS_REQUIRE(s->folded_bytes <= hrs_session_limit, INPUT,
              "%s: what the network computes from constants takes more than %.1f GiB",
              s->model->path, (double)hrs_session_limit / 0x1p30);
  HRS_TRY(hrs_alloc(bytes, 1, &slot->tensor.data));
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

/* Ask the operator for the shapes of its outputs. */
static hrs_status infer(hrs_session *s, hrs_step *step, const bool *wanted) {
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
      HRS_TRY(own_data(s, step->out[i]));
    }
  }
  return run_folded(s, step);
}

static hrs_status keep_step(hrs_session *s, hrs_step *step) {
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
  HRS_TRY(infer(s, step, wanted));
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
  for (int i = 0; i < step->call.n_out; i++) {
    if (!wanted[i]) continue;
    HRS_TRY_CONTEXT(add_slot(s, &step->call.out[i], varies, &step->out[i]), "%s: %s node '%s'",
                    s->model->path, step->node.op, step->node.name);
  }
  if (step->folded) return fold(s, step);
  HRS_TRY(hrs_session_want_workspace(s, step->call.workspace_bytes));
  s->multiply_adds += step->call.multiply_adds;
  return HRS_OK;
}

/* Bind a node to the slots of its inputs; out[] are the slots of its results. A step that was
 * folded for good is not kept. */
static hrs_status add_step(hrs_session *s, const hrs_node *node, int n_in, const int *in, int n_out,
                           const bool *wanted, int *out) {
  hrs_step *step = NULL;
  HRS_TRY(hrs_step_create(node, n_in, in, n_out, &step));
  hrs_status status = settle(s, step, wanted);
  if (status == HRS_OK) {
    memcpy(out, step->out, sizeof *out * (size_t)n_out);
    if (!step->folded || step->shared) {
      status = keep_step(s, step);
      if (status == HRS_OK) return HRS_OK;
    }
  }
  hrs_step_destroy(step);
  return status;
}

/* ---- half precision: widened where it comes up ---- */

static hrs_status widen_infer(hrs_call *call) {
  return hrs_call_output(call, 0, HRS_F32, call->in[0].rank, call->in[0].dim);
}

static hrs_status widen_run(hrs_call *call) {
  const hrs_tensor *in = &call->in[0];
  hrs_count count = hrs_tensor_count(in) * (in->step ? call->batch : 1);
  return hrs_convert(in->type, in->data, HRS_F32, call->out[0].data, count);
}

static const hrs_operator widen_operator = {.name = "(widen to float32)",
                                            .since = 1,
                                            .until = 1,
                                            .min_in = 1,
                                            .max_in = 1,
                                            .min_out = 1,
                                            .max_out = 1,
                                            .flags = HRS_OP_BATCHED,
                                            .infer = widen_infer,
                                            .run = widen_run};

static hrs_status widen(hrs_session *s, const char *name, int *slot) {
  hrs_dtype type = s->slot[*slot].tensor.type;
  if (type != HRS_F16 && type != HRS_BF16) return HRS_OK;
  hrs_node node = {.def = &widen_operator, .name = name, .op = widen_operator.name};
  bool wanted = true;
  int narrow = *slot;
  return add_step(s, &node, 1, &narrow, 1, &wanted, slot);
}

/* ---- feeds ---- */

/* A shape as the file declares it: names stand for open dimensions. */
static const char *declared_text(const hrs_model *model, int value, const hrs_tensor_info *info,
                                 char *text, size_t size) {
  const Onnx__TypeProto *type = model->graph.value[value].type;
  size_t used = 0;
  text[0] = '\0';
  for (int i = 0; i < info->rank; i++) {
    const char *name = type && type->value_case == ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE &&
                               type->tensor_type->shape->dim[i]->value_case ==
                                   ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM
                           ? type->tensor_type->shape->dim[i]->dim_param
                           : "?";
    const char *start = i ? ", " : "[";
    int n = info->dim[i] >= 0
                ? snprintf(text + used, size - used, "%s%lld", start, (long long)info->dim[i])
                : snprintf(text + used, size - used, "%s%.24s", start, name);
    used += n > 0 && (size_t)n < size - used ? (size_t)n : 0;
  }
  snprintf(text + used, size - used, "%s", info->rank ? "]" : "[]");
  return text;
}

static bool is_half(hrs_dtype type) {
  return type == HRS_F16 || type == HRS_BF16;
}

static hrs_status check_feed(const hrs_model *model, int value, const hrs_feed *feed) {
  hrs_tensor_info info;
  HRS_TRY(hrs_model_describe(model, value, &info));
  HRS_REQUIRE(feed->type > HRS_NONE && feed->type < HRS_DTYPE_LIMIT && feed->rank >= 0 &&
                  feed->rank <= HRS_MAX_RANK,
              INPUT, "%s: no type or shape was given for '%s'", model->path, feed->name);
  hrs_count count = 1;
  for (int i = 0; i < feed->rank; i++)
    HRS_TRY_CONTEXT(hrs_multiply(count, feed->dim[i], "elements", &count), "%s: input '%s'",
                    model->path, feed->name);
  HRS_TRY(hrs_multiply(count, 8, "bytes", &count));
  /* What the file says of inner tensors is a help for readers and often wrong. */
  if (!model->graph.value[value].input) return HRS_OK;
  HRS_REQUIRE(info.type == HRS_NONE || info.type == feed->type ||
                  (is_half(info.type) && feed->type == HRS_F32),
              INPUT, "%s: input '%s' is of type %s, but %s was given", model->path, feed->name,
              hrs_dtype_name(info.type), hrs_dtype_name(feed->type));
  bool fits = info.rank < 0 || info.rank == feed->rank;
  for (int i = 0; i < feed->rank && fits && info.rank >= 0; i++)
    fits = info.dim[i] < 0 || info.dim[i] == feed->dim[i];
  char declared[512], given[HRS_SHAPE_TEXT];
  HRS_REQUIRE(fits, INPUT, "%s: input '%s' has shape %s, but %s was given", model->path, feed->name,
              declared_text(model, value, &info, declared, sizeof declared),
              hrs_shape_text(feed->rank, feed->dim, given, sizeof given));
  return HRS_OK;
}

static hrs_status add_feed(hrs_session *s, const hrs_feed *feed, hrs_session_feed *out) {
  int value = hrs_graph_find(&s->model->graph, feed->name);
  HRS_REQUIRE(value >= 0, INPUT, "%s has no tensor '%s' ('harsanyi model %s' lists its inputs)",
              s->model->path, feed->name, s->model->path);
  HRS_REQUIRE(s->slot_of[value] < 0, INPUT, "%s: tensor '%s' is given twice", s->model->path,
              feed->name);
  HRS_TRY(check_feed(s->model, value, feed));
  hrs_tensor tensor = {.type = feed->type, .rank = feed->rank};
  memcpy(tensor.dim, feed->dim, sizeof tensor.dim);
  int slot;
  HRS_TRY_CONTEXT(add_slot(s, &tensor, feed->varies, &slot), "%s: input '%s'", s->model->path,
                  feed->name);
  *out = (hrs_session_feed){slot, value, feed->varies, s->model->graph.value[value].name};
  if (!feed->varies) {
    HRS_REQUIRE(feed->data, INTERNAL, "no values for input '%s'", feed->name);
    HRS_TRY(own_data(s, slot));
    memcpy(s->slot[slot].tensor.data, feed->data, (size_t)hrs_slot_bytes(&s->slot[slot]));
    s->slot[slot].shared = true;
  }
  HRS_TRY(widen(s, out->name, &slot));
  s->slot_of[value] = slot;
  return HRS_OK;
}

/* ---- the walk ---- */

typedef struct frame {
  int node, next; /* next input to look at */
} frame;

typedef struct walk {
  frame *stack;
  int depth;
  const char *fetch;
} walk;

/* Is a value there? A constant of the model gets its slot; a value that a node makes puts that node
 * on the stack. */
static hrs_status demand(hrs_session *s, walk *w, int value, bool *there) {
  const hrs_value *v = &s->model->graph.value[value];
  *there = true;
  if (s->slot_of[value] >= 0) return HRS_OK;
  if (v->constant.type != HRS_NONE) {
    hrs_tensor tensor = {
        .type = v->constant.type, .rank = v->constant.rank, .data = v->constant.data};
    memcpy(tensor.dim, v->constant.dim, sizeof tensor.dim);
    return add_slot(s, &tensor, false, &s->slot_of[value]);
  }
  HRS_REQUIRE(!v->initialiser, INPUT, "%s: no node of the network reads the weight '%s'",
              s->model->path, v->name);
  HRS_REQUIRE(v->producer >= 0, INPUT,
              "%s: input '%s' is needed for '%s', but not given (--input %s=FILE)", s->model->path,
              v->name, w->fetch, v->name);
  *there = false;
  w->stack[w->depth++] = (frame){v->producer, 0};
  return HRS_OK;
}

static hrs_status finish_node(hrs_session *s, const hrs_graph_node *node) {
  if (!node->base.def) HRS_TRY_CONTEXT(hrs_graph_unsupported(node), "%s", s->model->path);
  int *in;
  size_t ints = (size_t)(node->n_in + node->n_out);
  HRS_TRY(hrs_alloc((hrs_count)(ints * sizeof *in + (size_t)node->n_out), 1, &in));
  int *out = in + node->n_in;
  bool *wanted = (bool *)(out + node->n_out);
  for (int i = 0; i < node->n_in; i++)
    in[i] = node->in[i] < 0 ? -1 : s->slot_of[node->in[i]];
  for (int i = 0; i < node->n_out; i++)
    wanted[i] = node->out[i] >= 0;
  hrs_status status = HRS_OK;
  HRS_GO(add_step(s, &node->base, node->n_in, in, node->n_out, wanted, out));
  for (int i = 0; i < node->n_out; i++) {
    if (!wanted[i]) continue;
    HRS_GO(widen(s, node->base.name, &out[i]));
    /* A fed tensor stays what it is, although a node that makes it is needed for another output. */
    if (s->slot_of[node->out[i]] < 0) s->slot_of[node->out[i]] = out[i];
  }
done:
  hrs_free(in);
  return status;
}

static hrs_status decide(hrs_session *s, const hrs_graph_node *node, bool *taken) {
  int index = s->slot_of[node->in[0]];
  const hrs_slot *slot = &s->slot[index];
  HRS_REQUIRE(slot->tensor.type == HRS_BOOL && hrs_tensor_count(&slot->tensor) == 1, INPUT,
              "%s: the condition of If node '%s' is not one bool", s->model->path, node->base.name);
  HRS_REQUIRE(!slot->varies, UNSUPPORTED,
              "%s: the condition of If node '%s' depends on the masked input: only conditions that "
              "are the same for all masks are supported",
              s->model->path, node->base.name);
  *taken = *(const unsigned char *)slot->tensor.data;
  if (s->n_choices == s->choice_room) {
    s->choice_room = s->choice_room ? 2 * s->choice_room : 8;
    HRS_TRY(hrs_realloc(&s->choice, s->choice_room, sizeof *s->choice));
  }
  s->choice[s->n_choices++] = (hrs_choice){index, *taken, node->base.name};
  return HRS_OK;
}

/* One move at the top of the stack: go down to an input that is not there, or finish the node. */
static hrs_status advance(hrs_session *s, walk *w) {
  frame *top = &w->stack[w->depth - 1];
  const hrs_graph_node *node = &s->model->graph.node[top->node];
  bool there = true;
  if (!node->select) {
    for (; top->next < node->n_in; top->next++) {
      if (node->in[top->next] < 0) continue;
      HRS_TRY(demand(s, w, node->in[top->next], &there));
      if (!there) return HRS_OK;
    }
    w->depth--;
    return finish_node(s, node);
  }
  if (top->next == 0) {
    HRS_TRY(demand(s, w, node->in[0], &there));
    if (!there) return HRS_OK;
    bool taken = false;
    HRS_TRY(decide(s, node, &taken));
    top->next = taken ? 1 : 1 + node->n_out;
  }
  const int *given = node->in + (top->next <= node->n_out ? 1 : 1 + node->n_out);
  for (; top->next < (int)(given - node->in) + node->n_out; top->next++) {
    HRS_TRY(demand(s, w, node->in[top->next], &there));
    if (!there) return HRS_OK;
  }
  for (int i = 0; i < node->n_out; i++)
    if (node->out[i] >= 0 && s->slot_of[node->out[i]] < 0)
      s->slot_of[node->out[i]] = s->slot_of[given[i]];
  w->depth--;
  return HRS_OK;
}

static hrs_status add_fetch(hrs_session *s, walk *w, const char *name, int *out) {
  int value = hrs_graph_find(&s->model->graph, name);
  HRS_REQUIRE(value >= 0, INPUT, "%s has no tensor '%s' ('harsanyi model %s' lists its outputs)",
              s->model->path, name, s->model->path);
  bool there;
  w->fetch = name;
  HRS_TRY(demand(s, w, value, &there));
  while (w->depth > 0)
    HRS_TRY(advance(s, w));
  *out = s->slot_of[value];
  return HRS_OK;
}

/* Constants that no run and no refolding reads are given back. */
static void drop_unused(hrs_session *s) {
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

hrs_status hrs_session_resolve(hrs_session *s, int n_feeds, const hrs_feed *feeds, int n_fetches,
                               const char *const *fetches) {
  for (int i = 0; i < n_feeds; i++) {
    HRS_TRY(add_feed(s, &feeds[i], &s->feed[i]));
    s->n_feeds++;
  }
  /* A node is put on the stack at most once for each input that asks for it before it is done. */
  walk w = {0};
  HRS_TRY(hrs_alloc(s->model->graph.n_nodes + 1, sizeof *w.stack, &w.stack));
  hrs_status status = HRS_OK;
  for (int i = 0; i < n_fetches; i++) {
    HRS_GO(add_fetch(s, &w, fetches[i], &s->fetch[i]));
    s->n_fetches++;
  }
  drop_unused(s);
done:
  hrs_free(w.stack);
  return status;
}

/* ---- new values of shared feeds ---- */

static hrs_status refold_step(hrs_session *s, hrs_step *step) {
  bool *wanted;
  HRS_TRY(hrs_alloc(step->call.n_out, sizeof *wanted, &wanted));
  for (int i = 0; i < step->call.n_out; i++)
    wanted[i] = step->out[i] >= 0;
  hrs_status status = infer(s, step, wanted);
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
        "%s: the shape of the result of %s node '%s' depends on the values of an input; all "
        "samples of a run must give the same shapes",
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
    HRS_REQUIRE(now == c->taken, UNSUPPORTED,
                "%s: If node '%s' takes another branch for this sample than for the first one: run "
                "the samples one by one",
                s->model->path, c->node);
  }
  s->stale = false;
  return HRS_OK;
}
