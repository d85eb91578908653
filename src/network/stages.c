/*
 * Which tensors of a network are layers to look at: one per stage.
 *
 * Idea. A stage begins where something new is made: by weights (convolution, dense or recurrent
 * layer, embedding), by a pool, or where two stages meet (residual sum, concatenation, product).
 * Everything behind it that works on this stage alone belongs to it: biases, normalisations,
 * activations, reshapes. No exporter's pattern has to be known for that: the pieces of a Gelu, a
 * soft-max or a LayerNormalization join a stage with itself. Only their means and sums look like
 * pools; such a *statistic* that comes back to its stage is part of it, any other is a pool.
 *
 * A stage is left where other stages read it, or by the network's output. The first tensor that is
 * read from outside stands for the stage (with a residual stream that is the stream, not the
 * normalised copy of it), without the reshapes at its end; before the last Softmax or Sigmoid, the
 * logits. A stage that only others' sums or products read is a part of these: queries and keys, the
 * last convolution of a residual block, gates. So is a convolution without activation that a pool
 * reads, or the depthwise half of a separable one. Products of two tensors (attention) and class
 * numbers give no layer.
 *
 * Cost: two passes over the nodes. Loses where branches differ in what they are for, as with an
 * auxiliary head: it is listed as any other.
 */
#include "network/stages.h"

#include <string.h>

typedef enum role {
  ACTIVATES, /* whatever is not named below */
  MOVES,     /* same elements, or some of them, in other places */
  SCALES,    /* linear, element by element */
  WEIGHS,    /* new features from weights */
  POOLS,
  SUMMARISES, /* a pool, or a statistic of its stage */
  CHOOSES     /* numbers of elements or classes */
} role;

static const hrs_facts *facts_of(const hrs_graph_node *node) {
  static const hrs_facts none = {0};
  return node->base.def ? &node->base.def->facts : &none;
}

static role role_of(const hrs_graph_node *node) {
  const hrs_facts *facts = facts_of(node);
  if (facts->fold == HRS_FOLD_WHICH) return CHOOSES;
  if (facts->weighs) return WEIGHS;
  if (facts->same) return MOVES;
  switch (facts->depends) {
  case HRS_BY_WINDOW:
    return POOLS;
  case HRS_BY_REDUCTION:
    return SUMMARISES;
  case HRS_BY_INDEX: /* an embedding where only the index varies */
    return MOVES;
  case HRS_BY_MOVE: /* several inputs meet */
    return node->base.def->max_in < 0 ? SCALES : MOVES;
  case HRS_BY_ITSELF: /* between the elements, as a Resize */
    return facts->linear & 1 ? MOVES : ACTIVATES;
  default:
    return facts->linear & 1 ? SCALES : ACTIVATES;
  }
}

/* Who reads a stage from outside; AT_HOME: the stage that it is a statistic of. */
enum { BY_WEIGHTS = 1, BY_POOL = 2, BY_MEETING = 4, AT_HOME = 8, BY_OTHERS = 16 };

typedef struct stage {
  int parent; /* of a statistic: the stage that it is one of; else -1 */
  int depth;
  bool listed;    /* may give a layer */
  bool activated; /* something in it is not linear */
  bool convolution, depthwise;
  unsigned read;
  int exit;       /* the first value of it that is read from outside, before moves; -1 */
  bool of_scores; /* what reads the exit is the network's output, or wants a class */
} stage;

typedef struct cutter {
  const hrs_model *model;
  const hrs_graph *graph;
  bool *needed;  /* by node */
  int *stage_of; /* by value; -1: does not vary */
  int *made;     /* by node: the stage of its results; -1: they do not vary */
  stage *stage;
  int stages, room;
} cutter;

/* ---- which stage a node's results belong to ---- */

static hrs_status new_stage(cutter *c, stage what, int *out) {
  if (c->stages == c->room) {
    c->room = c->room ? 2 * c->room : 64;
    HRS_TRY(hrs_realloc(&c->stage, c->room, sizeof *c->stage));
  }
  what.exit = -1;
  c->stage[c->stages] = what;
  *out = c->stages++;
  return HRS_OK;
}

/* Is `of` the stage, or what it is a statistic of? */
static bool comes_from(const cutter *c, int from, int of) {
  for (; from >= 0; from = c->stage[from].parent)
    if (from == of) return true;
  return false;
}

/* The stage that both are statistics of, or one of the other; -1. */
static int common(const cutter *c, int a, int b) {
  for (; a >= 0; a = c->stage[a].parent)
    if (comes_from(c, b, a)) return a;
  return -1;
}

/* Inputs that vary: how many, how deep, and from how many different stages (2: two or more). */
typedef struct inputs {
  int varying, stages, depth;
  int stage;   /* of the first one */
  int shared;  /* the stage that all are, or are statistics of; -1 */
  bool itself; /* ... and one of them is no statistic but it */
} inputs;

static inputs look_at_inputs(const cutter *c, const hrs_graph_node *node) {
  inputs in = {.stage = -1, .shared = -1};
  for (int i = 0; i < node->n_in; i++) {
    int from = node->in[i] >= 0 ? c->stage_of[node->in[i]] : -1;
    if (from < 0) continue;
    if (c->stage[from].depth > in.depth) in.depth = c->stage[from].depth;
    if (in.varying++ == 0) {
      in.stage = in.shared = from;
      in.stages = 1;
    } else if (from != in.stage) {
      in.stages = 2;
    }
    in.shared = in.shared >= 0 ? common(c, in.shared, from) : -1;
  }
  for (int i = 0; i < node->n_in; i++)
    in.itself |= in.shared >= 0 && node->in[i] >= 0 && c->stage_of[node->in[i]] == in.shared;
  return in;
}

static bool varies(const cutter *c, const hrs_graph_node *node, int input) {
  return input < node->n_in && node->in[input] >= 0 && c->stage_of[node->in[input]] >= 0;
}

/* Filters of one channel each, for channels of several groups. */
static bool is_depthwise(const cutter *c, const hrs_graph_node *node) {
  const hrs_array *weights = node->n_in > 1 ? &c->graph->value[node->in[1]].constant : NULL;
  return facts_of(node)->depends == HRS_BY_WINDOW && hrs_attr_int(&node->base, "group", 1) > 1 &&
         weights && weights->type != HRS_NONE && weights->rank > 1 && weights->dim[1] == 1;
}

/* A stage goes on, alone or with statistics of it; or stages meet, maybe all of them statistics. */
static hrs_status go_on(cutter *c, const inputs *in, int *out) {
  if (in->itself) {
    *out = in->shared;
    return HRS_OK;
  }
  return new_stage(c, (stage){.parent = in->shared, .depth = in->depth, .listed = true}, out);
}

static hrs_status make_stage(cutter *c, const hrs_graph_node *node, role does, const inputs *in,
                             int *out) {
  stage fresh = {.parent = -1, .depth = in->depth, .listed = true};
  const hrs_facts *facts = facts_of(node);
  if (facts->depends == HRS_BY_INDEX && !varies(c, node, 0)) return new_stage(c, fresh, out);
  switch (does) {
  case WEIGHS:
    fresh.listed = !varies(c, node, 0) || !varies(c, node, 1);
    fresh.depth += fresh.listed;
    fresh.convolution = facts->channels == HRS_CHANNELS_SECOND;
    fresh.depthwise = is_depthwise(c, node);
    fresh.activated = !facts->linear;
    return new_stage(c, fresh, out);
  case POOLS:
    return new_stage(c, fresh, out);
  case SUMMARISES:
    fresh.parent = in->stage;
    return new_stage(c, fresh, out);
  case CHOOSES:
    fresh.listed = false;
    return new_stage(c, fresh, out);
  default:
    HRS_TRY(go_on(c, in, out));
    c->stage[*out].activated |= does == ACTIVATES;
    return HRS_OK;
  }
}

static hrs_status cut_node(cutter *c, int index) {
  const hrs_graph_node *node = &c->graph->node[index];
  bool of_shape = node->base.def && node->base.def->flags & HRS_OP_OF_SHAPE;
  inputs in = look_at_inputs(c, node);
  c->made[index] = -1;
  if (!c->needed[index] || in.varying == 0 || of_shape) return HRS_OK;
  HRS_TRY(make_stage(c, node, role_of(node), &in, &c->made[index]));
  for (int i = 0; i < node->n_out; i++)
    if (node->out[i] >= 0) c->stage_of[node->out[i]] = c->made[index];
  return HRS_OK;
}

/* ---- who reads a stage ---- */

/* Back over what moves elements only, inside of the stage. */
static int strip(const cutter *c, int value) {
  for (;;) {
    int producer = c->graph->value[value].producer;
    const hrs_graph_node *node = producer >= 0 ? &c->graph->node[producer] : NULL;
    if (!node || node->select || role_of(node) != MOVES || !varies(c, node, 0)) return value;
    if (c->stage_of[node->in[0]] != c->stage_of[value]) return value;
    value = node->in[0];
  }
}

/* In the graph; of the results of one node, the first one. */
static bool is_earlier(const hrs_graph *graph, int value, int than) {
  int own = graph->value[value].producer, other = graph->value[than].producer;
  return own < other || (own == other && value < than);
}

static void note_reader(cutter *c, int value, unsigned by, bool of_scores) {
  stage *s = &c->stage[c->stage_of[value]];
  s->read |= by;
  value = strip(c, value);
  if (s->exit >= 0 && !is_earlier(c->graph, value, s->exit)) return;
  s->exit = value;
  s->of_scores = of_scores;
}

/* How a node reads one of its inputs from outside. Where statistics meet in one that goes home, as
 * two means do in a variance, they do so, too. */
static unsigned reads(const cutter *c, const hrs_graph_node *node, int made, int from,
                      const inputs *in) {
  role does = role_of(node);
  if (does == WEIGHS) return c->stage[made].listed ? BY_WEIGHTS : BY_MEETING;
  if (does == POOLS || does == SUMMARISES) return BY_POOL;
  if (in->stages < 2) return BY_OTHERS;
  bool home = comes_from(c, from, made) || c->stage[made].read == AT_HOME;
  return home ? AT_HOME : BY_MEETING;
}

/* Its own readers have been noted: they come later in the graph. */
static void note_readers(cutter *c, int index) {
  const hrs_graph_node *node = &c->graph->node[index];
  int made = c->made[index];
  if (made < 0) return;
  role does = role_of(node);
  inputs in = look_at_inputs(c, node);
  if (does == SUMMARISES && c->stage[made].read == AT_HOME) return;
  for (int i = 0; i < node->n_in; i++) {
    int from = varies(c, node, i) ? c->stage_of[node->in[i]] : made;
    if (from != made) note_reader(c, node->in[i], reads(c, node, made, from, &in), does == CHOOSES);
  }
}

/* ---- the layers ---- */

/* Is a stage part of those that read it? */
static bool is_part(const stage *s) {
  if (!(s->read & ~(unsigned)(BY_MEETING | AT_HOME))) return true;
  return s->convolution && !s->activated &&
         (s->read == BY_POOL || (s->depthwise && s->read == BY_WEIGHTS));
}

static hrs_status layer_of(const cutter *c, int index, int *out) {
  const stage *s = &c->stage[index];
  *out = -1;
  if (!s->listed || s->exit < 0 || is_part(s)) return HRS_OK;
  *out = s->exit;
  if (!s->of_scores) return HRS_OK;
  const char *before, *op;
  HRS_TRY(hrs_model_before_scores(c->model, c->graph->value[s->exit].name, &before, &op));
  int logits = hrs_graph_find(c->graph, before);
  if (op && c->stage_of[logits] == index) *out = strip(c, logits);
  return HRS_OK;
}

/* In the order of the graph. */
static hrs_status list_layers(const cutter *c, hrs_stages *out) {
  const hrs_graph *graph = c->graph;
  bool *chosen;
  hrs_status status = HRS_OK;
  HRS_TRY(hrs_calloc(graph->n_values, sizeof *chosen, &chosen));
  HRS_GO(hrs_alloc(c->stages, sizeof *out->layer, &out->layer));
  for (int i = 0; i < c->stages; i++) {
    int value;
    HRS_GO(layer_of(c, i, &value));
    if (value >= 0) chosen[value] = true;
    if (c->stage[i].depth > out->most) out->most = c->stage[i].depth;
  }
  for (int i = 0; i < graph->n_nodes; i++) {
    const hrs_graph_node *node = &graph->node[i];
    for (int k = 0; k < node->n_out; k++)
      if (node->out[k] >= 0 && chosen[node->out[k]]) out->layer[out->layers++] = node->out[k];
  }
done:
  hrs_free(chosen);
  return status;
}

/* ---- all of it ---- */

static void find_needed(cutter *c) {
  const hrs_graph *graph = c->graph;
  for (int i = 0; i < c->model->n_outputs; i++) {
    int producer = graph->value[c->model->output_value[i]].producer;
    if (producer >= 0) c->needed[producer] = true;
  }
  for (int i = graph->n_nodes - 1; i >= 0; i--) {
    const hrs_graph_node *node = &graph->node[i];
    for (int k = 0; k < node->n_in && c->needed[i]; k++) {
      int producer = node->in[k] >= 0 ? graph->value[node->in[k]].producer : -1;
      if (producer >= 0) c->needed[producer] = true;
    }
  }
}

static hrs_status cut(cutter *c, const bool *varying) {
  const hrs_model *model = c->model;
  for (int i = 0; i < c->graph->n_values; i++)
    c->stage_of[i] = -1;
  find_needed(c);
  for (int i = 0; i < model->n_inputs; i++)
    if (varying[i])
      HRS_TRY(new_stage(c, (stage){.parent = -1}, &c->stage_of[model->input_value[i]]));
  for (int i = 0; i < c->graph->n_nodes; i++)
    HRS_TRY(cut_node(c, i));
  for (int i = 0; i < model->n_outputs; i++)
    if (c->stage_of[model->output_value[i]] >= 0)
      note_reader(c, model->output_value[i], BY_OTHERS, true);
  for (int i = c->graph->n_nodes - 1; i >= 0; i--)
    note_readers(c, i);
  return HRS_OK;
}

hrs_status hrs_stages_find(const hrs_model *model, const bool *varying, hrs_stages *out) {
  const hrs_graph *graph = &model->graph;
  cutter c = {.model = model, .graph = graph};
  hrs_status status;
  memset(out, 0, sizeof *out);
  HRS_GO(hrs_calloc(graph->n_nodes, sizeof *c.needed, &c.needed));
  HRS_GO(hrs_alloc(graph->n_nodes, sizeof *c.made, &c.made));
  HRS_GO(hrs_alloc(graph->n_values, sizeof *c.stage_of, &c.stage_of));
  HRS_GO(hrs_alloc(graph->n_values, sizeof *out->depth, &out->depth));
  HRS_GO(cut(&c, varying));
  for (int i = 0; i < graph->n_values; i++)
    out->depth[i] = c.stage_of[i] >= 0 ? c.stage[c.stage_of[i]].depth : -1;
  status = list_layers(&c, out);
done:
  hrs_free(c.needed);
  hrs_free(c.made);
  hrs_free(c.stage_of);
  hrs_free(c.stage);
  if (status != HRS_OK) hrs_stages_destroy(out);
  return status;
}

void hrs_stages_destroy(hrs_stages *stages) {
  hrs_free(stages->depth);
  hrs_free(stages->layer);
  memset(stages, 0, sizeof *stages);
}
