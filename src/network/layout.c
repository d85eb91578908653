/*
 * Which axis of a tensor holds channels, by how the network reads it.
 *
 * The tensor is followed forward through what leaves its axes alone or permutes them, until an
 * operator says which one is which: convolutions, pools and normalisations have channels in axis 1;
 * of a tensor of rank 3, the last axis is what recurrent layers and products with weights take for
 * features. Readers that disagree, or none, tell nothing. One visit per node; loses where exporters
 * reshape before they convolve.
 */
#include "network/graph.h"

#include <string.h>

enum { NOTHING_YET = -1, UNKNOWN = -2 };

/* from[value * HRS_MAX_RANK + axis]: the axis of the tensor that became this one; -1 all: not it.
 */
typedef struct walk {
  const hrs_graph *graph;
  int rank;
  signed char *from;
  int answer; /* NOTHING_YET, UNKNOWN, or an axis */
} walk;

static bool follows(const walk *w, int value) {
  return value >= 0 && w->from[value * HRS_MAX_RANK] >= 0;
}

static void answer(walk *w, int axis) {
  w->answer = w->answer == NOTHING_YET || w->answer == axis ? axis : UNKNOWN;
}

/* The axis of the result that the operator takes for channels; -1: it does not say. */
static int channels_of(const walk *w, const hrs_graph_node *node) {
  hrs_channel_axis channels = node->base.def->facts.channels;
  if (w->rank >= 3 && channels == HRS_CHANNELS_SECOND) return 1;
  if (w->rank != 3 || channels != HRS_CHANNELS_LAST) return -1;
  if (node->n_in < 2 || node->in[1] < 0) return -1;
  const hrs_value *other = &w->graph->value[node->in[1]];
  bool weights = other->producer < 0 && !other->input;
  return weights ? 2 : -1;
}

static void pass_on(walk *w, const hrs_graph_node *node, int input) {
  const hrs_facts *facts = &node->base.def->facts;
  const signed char *in = w->from + input * HRS_MAX_RANK;
  signed char *out = w->from + node->out[0] * HRS_MAX_RANK;
  int from[HRS_MAX_RANK];
  if (facts->depends == HRS_BY_ELEMENT || facts->depends == HRS_BY_BROADCAST || facts->keeps_axes ||
      facts->box)
    memcpy(out, in, HRS_MAX_RANK);
  else if (facts->order && facts->order(&node->base, w->rank, from))
    for (int i = 0; i < w->rank; i++)
      out[i] = in[from[i]];
}

static void visit(walk *w, const hrs_graph_node *node) {
  if (!node->base.def || node->n_out < 1 || node->out[0] < 0) return;
  for (int i = 0; i < node->n_in; i++) {
    if (!follows(w, node->in[i])) continue;
    int channels = i == 0 ? channels_of(w, node) : -1;
    if (channels >= 0)
      answer(w, w->from[node->in[i] * HRS_MAX_RANK + channels]);
    else
      pass_on(w, node, node->in[i]);
    return;
  }
}

hrs_status hrs_model_channel_axis(const hrs_model *model, const char *tensor, int rank, int *out) {
  const hrs_graph *graph = &model->graph;
  *out = -1;
  int value = hrs_graph_find(graph, tensor);
  if (value < 0 || rank < 1 || rank > HRS_MAX_RANK) return HRS_OK;
  walk w = {.graph = graph, .rank = rank, .answer = NOTHING_YET};
  hrs_count size;
  HRS_TRY(hrs_multiply(graph->n_values, HRS_MAX_RANK, "axes", &size));
  HRS_TRY(hrs_alloc(size, 1, &w.from));
  memset(w.from, -1, (size_t)size);
  for (int i = 0; i < rank; i++)
    w.from[value * HRS_MAX_RANK + i] = (signed char)i;
  for (int i = 0; i < graph->n_nodes; i++)
    visit(&w, &graph->node[i]);
  hrs_free(w.from);
  *out = w.answer >= 0 ? w.answer : -1;
  return HRS_OK;
}
