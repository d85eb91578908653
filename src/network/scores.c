/*
 * What stands before the scores. Log-odds taken from probabilities lose all digits near 0 and 1, so
 * the program wants the tensor before a network's last Softmax or Sigmoid.
 */
#include "network/graph.h"

/* The operator's facts; none for a select, and for an operator that is not supported. */
static const hrs_facts *facts_of(const hrs_graph_node *node) {
  static const hrs_facts none = {0};
  return node->base.def ? &node->base.def->facts : &none;
}

/* Does the operator leave the elements and their order as they are, and numbers real numbers? */
static bool is_transparent(const hrs_graph_node *node) {
  if (node->base.def && node->base.def->flags & HRS_OP_VIEW) return true;
  if (!facts_of(node)->same) return false;
  if (!hrs_attr_has(&node->base, "to")) return true;
  hrs_dtype to = hrs_weights_dtype((int32_t)hrs_attr_int(&node->base, "to", 0));
  return to == HRS_F32 || to == HRS_F64 || to == HRS_F16 || to == HRS_BF16;
}

/* Shape of a value for one sample: a session says it, with 1 for what the file leaves open. */
static hrs_status shape_of(const hrs_model *model, int value, hrs_tensor_info *out) {
  hrs_feed *feeds;
  HRS_TRY(hrs_calloc(model->n_inputs, sizeof *feeds, &feeds));
  bool known = true;
  for (int i = 0; i < model->n_inputs; i++) {
    const hrs_tensor_info *info = &model->input[i];
    known &= info->rank >= 0 && info->type != HRS_NONE;
    feeds[i] =
        (hrs_feed){.name = info->name, .type = info->type, .rank = info->rank, .varies = true};
    for (int k = 0; k < info->rank; k++)
      feeds[i].dim[k] = info->dim[k] < 0 ? 1 : info->dim[k];
  }
  const char *name = model->graph.value[value].name;
  hrs_session *session = NULL;
  hrs_status status = HRS_STATUS_UNSUPPORTED;
  if (known) status = hrs_session_create(model, model->n_inputs, feeds, 1, &name, 1, &session);
  if (status == HRS_OK) {
    *out = *hrs_session_fetch_info(session, 0);
  } else if (status != HRS_STATUS_MEMORY) {
    /* What no session wants to have is said where one is made in earnest. */
    status = HRS_OK;
    if (hrs_model_describe(model, value, out) != HRS_OK) out->rank = -1;
  }
  hrs_session_destroy(&session);
  hrs_free(feeds);
  return status;
}

/* Do the classes lie along the axis that the operator normalises? */
static bool over_classes(const hrs_graph_node *node, const hrs_tensor_info *info) {
  int rank = info->rank >= 0 ? info->rank : 2; /* unknown: most likely [1, classes] */
  unsigned axes;
  if (!facts_of(node)->axes(&node->base, rank, &axes)) return false;
  int last = rank - 1;
  while (info->rank > 0 && last > 0 && info->dim[last] == 1)
    last--;
  for (int i = 0; i < last; i++)
    if (axes >> i & 1 && (info->rank < 0 || info->dim[i] != 1)) return false;
  return last >= 0 && axes >> last & 1;
}

hrs_status hrs_model_before_scores(const hrs_model *model, const char *tensor, const char **before,
                                   const char **op) {
  const hrs_graph *graph = &model->graph;
  int own = hrs_graph_named(graph, tensor), value = hrs_graph_find(graph, tensor);
  HRS_REQUIRE(own >= 0, INPUT, "%s has no tensor '%s' ('harsanyi model %s' lists its outputs)",
              model->path, tensor, model->path);
  *before = graph->value[own].name;
  *op = NULL;
  const hrs_graph_node *node = NULL;
  for (;;) {
    int producer = graph->value[value].producer;
    if (producer < 0) return HRS_OK;
    node = &graph->node[producer];
    if (node->select || node->out[0] != value || node->n_in < 1 || node->in[0] < 0) return HRS_OK;
    if (!is_transparent(node)) break;
    value = node->in[0];
  }
  const hrs_facts *facts = facts_of(node);
  if (facts->scores == HRS_SCORES_AUTO) return HRS_OK;
  if (facts->axes) {
    hrs_tensor_info info;
    HRS_TRY(shape_of(model, node->in[0], &info));
    if (!over_classes(node, &info)) return HRS_OK;
  }
  *before = graph->value[node->in[0]].name;
  *op = node->base.op;
  return HRS_OK;
}

/* Class numbers pass through any Cast, and through a table of what the classes are called. */
hrs_status hrs_model_before_class(const hrs_model *model, const char *tensor, const char **before) {
  const hrs_graph *graph = &model->graph;
  *before = NULL;
  for (int value = hrs_graph_find(graph, tensor); value >= 0;) {
    int producer = graph->value[value].producer;
    if (producer < 0) return HRS_OK;
    const hrs_graph_node *node = &graph->node[producer];
    const hrs_facts *facts = facts_of(node);
    if (node->select || node->out[0] != value || node->n_in < 1 || node->in[0] < 0) return HRS_OK;
    if (facts->depends == HRS_BY_REDUCTION && facts->fold == HRS_FOLD_WHICH) {
      *before = graph->value[node->in[0]].name;
      return HRS_OK;
    }
    bool table = facts->depends == HRS_BY_INDEX && node->n_in > 1;
    if (!table && !facts->same && !is_transparent(node)) return HRS_OK;
    value = node->in[table];
  }
  return HRS_OK;
}
