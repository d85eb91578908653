/*
 * From fetches back to feeds: which nodes a session needs, their shapes, and the values of all
 * those that depend on no varying feed. A walk in a loop, depth first, so that an If is decided
 * before either branch is looked at.
 */
#include "network/narrow.h"

#include <stdio.h>
#include <string.h>

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
                                            .run = widen_run,
                                            .facts = {.depends = HRS_BY_ELEMENT}};

static hrs_status widen(hrs_session *s, const char *name, int *slot) {
  hrs_dtype type = s->slot[*slot].tensor.type;
  if (type != HRS_F16 && type != HRS_BF16) return HRS_OK;
  hrs_node node = {.def = &widen_operator, .name = name, .op = widen_operator.name};
  bool wanted = true;
  int narrow = *slot;
  return hrs_session_add_step(s, &node, 1, &narrow, 1, &wanted, slot);
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
                           : "open";
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
  HRS_TRY_CONTEXT(hrs_session_add_slot(s, &tensor, feed->varies, &slot), "%s: input '%s'",
                  s->model->path, feed->name);
  *out = (hrs_session_feed){slot, value, feed->varies, s->model->graph.value[value].name};
  if (!feed->varies) {
    HRS_REQUIRE(feed->data, INTERNAL, "no values for input '%s'", feed->name);
    HRS_TRY(hrs_session_own_data(s, slot));
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
    return hrs_session_add_slot(s, &tensor, false, &s->slot_of[value]);
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
  HRS_GO(hrs_session_add_step(s, &node->base, node->n_in, in, node->n_out, wanted, out));
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
  HRS_REQUIRE(
      !slot->varies, UNSUPPORTED,
      "%s: the condition of If node '%s' depends on an input that is masked: only conditions "
      "that are the same for all masks are supported",
      s->model->path, node->base.name);
  *taken = *(const unsigned char *)slot->tensor.data;
  s->decided |= slot->shared;
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
  HRS_GO(hrs_session_narrow(s));
  hrs_session_drop_unused(s);
done:
  hrs_free(w.stack);
  return status;
}
