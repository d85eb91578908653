/*
 * How many inputs an operator takes, and which attributes, at which operator sets. A node with any
 * other is refused: a runtime that passed it over would compute something else than the file asks
 * for, without a word, and readers of attributes would each have to know when it came.
 */
#include "network/graph.h"

#include <stdlib.h>
#include <string.h>

/* Is `name` what an entry is about? Its first and last set. */
static bool reads(const char *entry, size_t length, const char *name, int *since, int *until) {
  size_t own = strcspn(entry, "@- ");
  if (strlen(name) != own || strncmp(entry, name, own) != 0) return false;
  *since = entry[own] == '@' ? atoi(entry + own + 1) : 0;
  const char *dash = memchr(entry + own, '-', length - own);
  *until = dash ? atoi(dash + 1) : 0;
  return true;
}

/* Does the operator take the attribute at some set: at which? 0: there is no such bound. */
static bool takes(const char *attributes, const char *name, int *since, int *until) {
  for (const char *at = attributes; *at;) {
    size_t length = strcspn(at, " ");
    if (reads(at, length, name, since, until)) return true;
    at += length + (at[length] == ' ');
  }
  return false;
}

static hrs_status check_arity(const hrs_graph_node *graph_node) {
  const hrs_node *node = &graph_node->base;
  int n_in = graph_node->n_in, n_out = graph_node->n_out;
  const hrs_operator *def = node->def;
  HRS_REQUIRE(n_in >= def->min_in && (def->max_in < 0 || n_in <= def->max_in), INPUT,
              "%s node '%s' has %d inputs, but the operator takes %d%s%.0d", node->op, node->name,
              n_in, def->min_in,
              def->max_in < 0 ? " or more" : (def->max_in > def->min_in ? " to " : ""),
              def->max_in > def->min_in ? def->max_in : 0);
  HRS_REQUIRE(n_out >= def->min_out && (def->max_out < 0 || n_out <= def->max_out), INPUT,
              "%s node '%s' has %d outputs, but the operator gives %d%s%.0d", node->op, node->name,
              n_out, def->min_out,
              def->max_out < 0 ? " or more" : (def->max_out > def->min_out ? " to " : ""),
              def->max_out > def->min_out ? def->max_out : 0);
  for (int i = 0; i < def->min_in; i++)
    HRS_REQUIRE(graph_node->in[i] >= 0, INPUT, "%s node '%s' lacks input %d", node->op, node->name,
                i);
  return HRS_OK;
}

static hrs_status check_attributes(const hrs_node *node) {
  const char *attributes = node->def->facts.attributes ? node->def->facts.attributes : "";
  for (size_t i = 0; i < node->proto->n_attribute; i++) {
    const char *name = node->proto->attribute[i]->name;
    int since, until;
    /* ONNX leaves names that begin so to tools. */
    if (strncmp(name, "__", 2) == 0) continue;
    HRS_REQUIRE(takes(attributes, name, &since, &until), INPUT,
                "%s node '%s' (operator set %d) has attribute '%s', which the operator does not "
                "take",
                node->op, node->name, node->opset, name);
    HRS_REQUIRE(!since || node->opset >= since, INPUT,
                "%s node '%s' (operator set %d) has attribute '%s', which came with operator set "
                "%d: export the network with that set or a newer one",
                node->op, node->name, node->opset, name, since);
    HRS_REQUIRE(!until || node->opset <= until, INPUT,
                "%s node '%s' (operator set %d) has attribute '%s', which the operator takes up to "
                "operator set %d",
                node->op, node->name, node->opset, name, until);
  }
  return HRS_OK;
}

hrs_status hrs_node_check(const hrs_graph_node *node) {
  HRS_TRY(check_arity(node));
  return check_attributes(&node->base);
}
