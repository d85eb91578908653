/*
 * From the file's nodes to the graph: names become numbers, constants become arrays, local
 * functions and the branches of If are put in place.
 */
#include "network/graph.h"

#include <stdio.h>
#include <string.h>

/* An optional input that a function's caller left out: known by name, but no value. */
enum { NO_VALUE = -1, LEFT_OUT = -2 };
/* Functions calling functions, and branches in branches. */
enum { MAX_DEPTH = 32 };

typedef struct scope {
  const struct scope *outer; /* names that are seen from here; NULL: none */
  int number;
  const char *prefix;
  const Onnx__NodeProto *call;  /* in a function: whose attributes the body refers to */
  const hrs_defaults *defaults; /* ... and their values where the call does not give them */
  hrs_imports imports;
  bool supported; /* the default domain's set */
  int depth;
} scope;

typedef struct builder {
  hrs_model *model;
  hrs_graph *graph;
  const char *path;
  const Onnx__ModelProto *proto;
  hrs_weight_files *files;
  int scopes;
  size_t handled; /* nodes met, with repetitions of functions' bodies */
} builder;

static const char *text(const char *maybe) {
  return maybe ? maybe : "";
}

/* ---- operator sets ---- */

/* What the nodes of a graph or of a function may come from. */
static hrs_status import_sets(const builder *b, scope *s, hrs_imports imports, size_t n_nodes,
                              Onnx__NodeProto *const *nodes, const char *where) {
  HRS_REQUIRE(imports.count <= 256, INPUT, "%s: %s names %zu operator sets", b->path, where,
              imports.count);
  s->imports = imports;
  s->supported = true;
  for (size_t i = 0; i < n_nodes; i++)
    if (hrs_domain_is_default(nodes[i]->domain))
      return hrs_opset_check(b->model, &s->imports, where, &s->supported);
  return HRS_OK;
}

/* ---- names ---- */

static int look_up(const builder *b, const scope *s, const char *name) {
  for (; s; s = s->outer) {
    int found = hrs_names_find(&b->graph->names, s->number, name);
    if (found != NO_VALUE) return found;
  }
  return NO_VALUE;
}

static hrs_status new_value(builder *b, const scope *s, const char *name, int *out) {
  HRS_REQUIRE(hrs_names_find(&b->graph->names, s->number, name) == NO_VALUE, INPUT,
              "%s: tensor '%s' is made twice", b->path, name);
  const char *full = name;
  if (*s->prefix) HRS_TRY(hrs_arena_join(&b->graph->arena, s->prefix, name, &full));
  HRS_TRY(hrs_graph_add_value(b->graph, full, out));
  if (full != name && hrs_names_find(&b->graph->names, HRS_INNER_SCOPE, full) == NO_VALUE)
    HRS_TRY(hrs_names_add(&b->graph->names, HRS_INNER_SCOPE, full, *out));
  return hrs_names_add(&b->graph->names, s->number, name, *out);
}

static hrs_status inner_scope(builder *b, const scope *s, const char *node, const char *part,
                              scope *out) {
  *out = *s;
  HRS_REQUIRE(
      s->depth < MAX_DEPTH, INPUT,
      "%s: functions or branches are nested more than %d deep at node '%s' (does a function "
      "call itself?)",
      b->path, MAX_DEPTH, node);
  out->depth++;
  out->number = ++b->scopes;
  out->outer = s;
  HRS_TRY(hrs_arena_join(&b->graph->arena, node, part, &out->prefix));
  return HRS_OK;
}

/* ---- constants ---- */

/* Values have been copied: give the decoded ones back. */
static void forget_values(Onnx__TensorProto *proto) {
  if (proto->has_raw_data) {
    hrs_wire_allocator.free(NULL, proto->raw_data.data);
    proto->raw_data = (ProtobufCBinaryData){0, NULL};
  }
  if (proto->n_float_data) {
    hrs_wire_allocator.free(NULL, proto->float_data);
    proto->float_data = NULL;
    proto->n_float_data = 0;
  }
}

static hrs_status set_constant(builder *b, const scope *s, int value, Onnx__TensorProto *proto,
                               const char *kind) {
  hrs_value *v = &b->graph->value[value];
  char what[512];
  snprintf(what, sizeof what, "%s: %s '%s'", b->path, kind, v->name);
  hrs_status status = hrs_weights_read(proto, what, b->files, &v->constant);
  if (status == HRS_STATUS_UNSUPPORTED) return hrs_model_refuse(b->model, status);
  HRS_TRY(status);
  /* A function's body may be put in place again and needs its values then. */
  if (!s->call) forget_values(proto);
  if (v->constant.type == HRS_F16 || v->constant.type == HRS_BF16)
    HRS_TRY(hrs_array_convert(&v->constant, HRS_F32));
  return HRS_OK;
}

static hrs_status add_initialisers(builder *b, const scope *s, const Onnx__GraphProto *graph) {
  HRS_REQUIRE(graph->n_sparse_initializer == 0, UNSUPPORTED,
              "%s: sparse weights (initializers) are not supported: store them as dense tensors",
              b->path);
  for (size_t i = 0; i < graph->n_initializer; i++) {
    Onnx__TensorProto *proto = graph->initializer[i];
    HRS_REQUIRE(*text(proto->name), INPUT, "%s: weight (initializer) %zu has no name", b->path, i);
    int value;
    HRS_TRY(new_value(b, s, proto->name, &value));
    b->graph->value[value].initialiser = proto;
  }
  return HRS_OK;
}

/* Initialisers are read when something refers to them; exporters leave unused ones behind. */
static hrs_status read_initialiser(builder *b, const scope *s, int value) {
  Onnx__TensorProto *proto = b->graph->value[value].initialiser;
  if (!proto) return HRS_OK;
  b->graph->value[value].initialiser = NULL;
  return set_constant(b, s, value, proto, "weight");
}

/* ---- nodes ---- */

typedef struct node_site {
  const Onnx__NodeProto *proto; /* with the attributes of the function's caller filled in */
  const char *name, *op;
  int opset;
  int n_in, n_out;
  int *out;
} node_site;

static hrs_status build_nodes(builder *b, const scope *s, Onnx__NodeProto **nodes, size_t count);

static const Onnx__AttributeProto *attribute(const Onnx__NodeProto *node, const char *name) {
  for (size_t i = 0; i < node->n_attribute; i++)
    if (strcmp(text(node->attribute[i]->name), name) == 0) return node->attribute[i];
  return NULL;
}

static hrs_status check_attributes(const builder *b, const node_site *site) {
  const Onnx__NodeProto *node = site->proto;
  for (size_t i = 0; i < node->n_attribute; i++) {
    const char *name = text(node->attribute[i]->name);
    HRS_REQUIRE(*name, INPUT, "%s: %s node '%s' has an attribute without a name", b->path, site->op,
                site->name);
    /* Nodes have a handful of attributes; a hostile one with many must not cost a square. */
    HRS_REQUIRE(i < 64, INPUT, "%s: %s node '%s' has more than 64 attributes", b->path, site->op,
                site->name);
    HRS_REQUIRE(attribute(node, name) == node->attribute[i], INPUT,
                "%s: %s node '%s' has attribute '%s' twice", b->path, site->op, site->name, name);
  }
  return HRS_OK;
}

/* Attributes that refer to the function's own: a shallow copy of the node with the caller's. */
static hrs_status resolve_attributes(builder *b, const scope *s, const Onnx__NodeProto *node,
                                     const Onnx__NodeProto **out) {
  bool refers = false;
  for (size_t i = 0; i < node->n_attribute; i++)
    refers |= *text(node->attribute[i]->ref_attr_name) != '\0';
  *out = node;
  if (!refers) return HRS_OK;
  HRS_REQUIRE(s->call, INPUT, "%s: node '%s' refers to the attribute of a function, but is in none",
              b->path, text(node->name));
  Onnx__NodeProto *copy;
  HRS_TRY(hrs_arena_alloc(&b->graph->arena, sizeof *copy, &copy));
  *copy = *node;
  copy->n_attribute = 0;
  HRS_TRY(hrs_arena_alloc(&b->graph->arena, node->n_attribute * sizeof *copy->attribute,
                          &copy->attribute));
  for (size_t i = 0; i < node->n_attribute; i++) {
    Onnx__AttributeProto *own = node->attribute[i];
    if (*text(own->ref_attr_name)) {
      const Onnx__AttributeProto *given = attribute(s->call, own->ref_attr_name);
      for (int k = 0; !given && k < s->defaults->count; k++)
        if (strcmp(text(s->defaults->attribute[k]->name), own->ref_attr_name) == 0)
          given = s->defaults->attribute[k];
      if (!given) continue; /* the operator's default holds */
      Onnx__AttributeProto *renamed;
      HRS_TRY(hrs_arena_alloc(&b->graph->arena, sizeof *renamed, &renamed));
      *renamed = *given;
      renamed->name = own->name;
      own = renamed;
    }
    copy->attribute[copy->n_attribute++] = own;
  }
  *out = copy;
  return HRS_OK;
}

/* "Op" in the default domain, "domain.Op" in others. */
static hrs_status qualified(builder *b, const char *domain, const char *op, const char **out) {
  *out = op;
  if (hrs_domain_is_default(domain)) return HRS_OK;
  const char *prefix;
  HRS_TRY(hrs_arena_join(&b->graph->arena, domain, ".", &prefix));
  return hrs_arena_join(&b->graph->arena, prefix, op, out);
}

static int used_length(char **names, size_t count) {
  while (count > 0 && !*text(names[count - 1]))
    count--;
  return (int)count;
}

/* Everything about a node that needs no look at other nodes: its outputs get their values. */
static hrs_status open_site(builder *b, const scope *s, const Onnx__NodeProto *node, size_t index,
                            node_site *out) {
  hrs_arena *arena = &b->graph->arena;
  HRS_REQUIRE(*text(node->op_type), INPUT, "%s: node %zu has no operator", b->path, index);
  char number[32];
  snprintf(number, sizeof number, "#%zu", index);
  HRS_TRY(hrs_arena_join(arena, s->prefix, *text(node->name) ? node->name : number, &out->name));
  HRS_TRY(qualified(b, node->domain, node->op_type, &out->op));
  int64_t opset = hrs_opset_imported(&s->imports, node->domain);
  out->opset = (int)(opset >= 0 && opset < 1000000 ? opset : 0);
  HRS_TRY(resolve_attributes(b, s, node, &out->proto));
  HRS_TRY(check_attributes(b, out));
  out->n_in = used_length(node->input, node->n_input);
  out->n_out = used_length(node->output, node->n_output);
  HRS_REQUIRE(out->n_out > 0, INPUT, "%s: %s node '%s' has no outputs", b->path, out->op,
              out->name);
  HRS_TRY(hrs_arena_alloc(arena, (size_t)out->n_out * sizeof(int), &out->out));
  for (int i = 0; i < out->n_out; i++) {
    out->out[i] = NO_VALUE;
    if (!*text(node->output[i])) continue;
    HRS_TRY_CONTEXT(new_value(b, s, node->output[i], &out->out[i]), "%s node '%s'", out->op,
                    out->name);
  }
  /* Constants at once, so that the condition of an If may be one. */
  if (hrs_domain_is_default(node->domain) && strcmp(node->op_type, "Constant") == 0 &&
      out->n_out == 1) {
    const Onnx__AttributeProto *value = attribute(out->proto, "value");
    if (value && value->t) {
      HRS_TRY(set_constant(b, s, out->out[0], value->t, "constant"));
      out->proto = NULL;
    }
  }
  return HRS_OK;
}

static hrs_status find_input(builder *b, const scope *s, const node_site *site, int index,
                             int *out) {
  const char *name = text(site->proto->input[index]);
  *out = NO_VALUE;
  if (!*name) return HRS_OK;
  int value = look_up(b, s, name);
  HRS_REQUIRE(value != NO_VALUE, INPUT,
              "%s: %s node '%s' reads tensor '%s', which nothing in the file makes", b->path,
              site->op, site->name, name);
  if (value == LEFT_OUT) return HRS_OK;
  *out = value;
  return read_initialiser(b, s, value);
}

/* In a set that is not supported, the operator as the nearest set has it: for those who look. */
static const hrs_operator *find_operator(const node_site *site, bool supported) {
  int nearest = site->opset < HRS_MIN_OPSET ? HRS_MIN_OPSET : HRS_MAX_OPSET;
  return hrs_operator_find(site->op, supported ? site->opset : nearest);
}

static hrs_status add_plain(builder *b, const scope *s, const node_site *site) {
  bool own = hrs_domain_is_default(site->proto->domain), checked = s->supported;
  const hrs_operator *def = own ? find_operator(site, checked) : NULL;
  int number;
  HRS_TRY(hrs_graph_add_node(b->graph, site->n_in, site->n_out, &number));
  for (int i = 0; i < site->n_in; i++)
    HRS_TRY(find_input(b, s, site, i, &b->graph->node[number].in[i]));
  hrs_graph_node *node = &b->graph->node[number];
  node->base = (hrs_node){
      .def = def, .proto = site->proto, .name = site->name, .op = site->op, .opset = site->opset};
  if (def && checked) HRS_TRY_CONTEXT(hrs_node_check(node), "%s", b->path);
  for (int i = 0; i < site->n_out; i++) {
    node->out[i] = site->out[i];
    if (site->out[i] >= 0) b->graph->value[site->out[i]].producer = number;
  }
  return HRS_OK;
}

/* ---- If ---- */

/* Put one branch in place; out[] are the values that it gives. */
static hrs_status add_branch(builder *b, const scope *s, const node_site *site, const char *which,
                             int *out) {
  const Onnx__AttributeProto *branch = attribute(site->proto, which);
  HRS_REQUIRE(branch && branch->g, INPUT, "%s: If node '%s' has no %s", b->path, site->name, which);
  const Onnx__GraphProto *graph = branch->g;
  char part[32];
  snprintf(part, sizeof part, "/%s/", which);
  scope inner;
  HRS_TRY(inner_scope(b, s, site->name, part, &inner));
  HRS_REQUIRE((int)graph->n_output == site->n_out, INPUT,
              "%s: If node '%s' has %d outputs, but its %s gives %zu", b->path, site->name,
              site->n_out, which, graph->n_output);
  HRS_TRY(add_initialisers(b, &inner, graph));
  HRS_TRY(build_nodes(b, &inner, graph->node, graph->n_node));
  for (int i = 0; i < site->n_out; i++) {
    out[i] = look_up(b, &inner, text(graph->output[i]->name));
    HRS_REQUIRE(out[i] >= 0, INPUT, "%s: output '%s' of the %s of If node '%s' is made by nothing",
                b->path, text(graph->output[i]->name), which, site->name);
    HRS_TRY(read_initialiser(b, &inner, out[i]));
  }
  return HRS_OK;
}

static hrs_status add_if(builder *b, const scope *s, const node_site *site) {
  hrs_graph *graph = b->graph;
  HRS_REQUIRE(site->n_in == 1, INPUT, "%s: If node '%s' has %d inputs, not 1", b->path, site->name,
              site->n_in);
  int condition;
  HRS_TRY(find_input(b, s, site, 0, &condition));
  HRS_REQUIRE(condition >= 0, INPUT, "%s: If node '%s' lacks its condition", b->path, site->name);
  int *given;
  HRS_TRY(hrs_arena_alloc(&graph->arena, 2 * (size_t)site->n_out * sizeof *given, &given));
  const hrs_array *known = &graph->value[condition].constant;
  if (known->type != HRS_NONE) {
    HRS_REQUIRE(known->type == HRS_BOOL && hrs_array_count(known) == 1, INPUT,
                "%s: the condition of If node '%s' is not one bool", b->path, site->name);
    bool taken = *(const unsigned char *)known->data;
    HRS_TRY(add_branch(b, s, site, taken ? "then_branch" : "else_branch", given));
    for (int i = 0; i < site->n_out; i++)
      if (site->out[i] >= 0) graph->value[site->out[i]].same_as = given[i];
    return HRS_OK;
  }
  HRS_TRY(add_branch(b, s, site, "then_branch", given));
  HRS_TRY(add_branch(b, s, site, "else_branch", given + site->n_out));
  int number;
  HRS_TRY(hrs_graph_add_node(graph, 1 + 2 * site->n_out, site->n_out, &number));
  hrs_graph_node *node = &graph->node[number];
  node->select = true;
  node->base =
      (hrs_node){.proto = site->proto, .name = site->name, .op = site->op, .opset = site->opset};
  node->in[0] = condition;
  memcpy(node->in + 1, given, 2 * (size_t)site->n_out * sizeof *given);
  for (int i = 0; i < site->n_out; i++) {
    node->out[i] = site->out[i];
    if (site->out[i] >= 0) graph->value[site->out[i]].producer = number;
  }
  return HRS_OK;
}

/* ---- local functions ---- */

static hrs_status add_function_names(builder *b) {
  HRS_TRY(hrs_calloc((hrs_count)b->proto->n_functions, sizeof *b->model->defaults,
                     &b->model->defaults));
  for (size_t i = 0; i < b->proto->n_functions; i++) {
    const Onnx__FunctionProto *f = b->proto->functions[i];
    const char *name = text(f->name);
    HRS_REQUIRE(*name, INPUT, "%s: function %zu has no name", b->path, i);
    HRS_TRY(qualified(b, f->domain, name, &name));
    HRS_REQUIRE(hrs_names_find(&b->graph->names, HRS_FUNCTION_SCOPE, name) < 0, INPUT,
                "%s: function '%s' is defined twice", b->path, name);
    HRS_TRY(hrs_names_add(&b->graph->names, HRS_FUNCTION_SCOPE, name, (int)i));
    HRS_TRY_CONTEXT(hrs_defaults_read(f, &b->model->defaults[i]), "%s: function '%s'", b->path,
                    name);
  }
  return HRS_OK;
}

static hrs_status add_function(builder *b, const scope *s, const node_site *site, int index) {
  const Onnx__FunctionProto *f = b->proto->functions[index];
  const hrs_defaults *defaults = &b->model->defaults[index];
  HRS_REQUIRE((size_t)site->n_in <= f->n_input && (size_t)site->n_out <= f->n_output, INPUT,
              "%s: node '%s' calls function '%s' with %d inputs and %d outputs, but it has %zu and "
              "%zu",
              b->path, site->name, site->op, site->n_in, site->n_out, f->n_input, f->n_output);
  scope inner;
  HRS_TRY(inner_scope(b, s, site->name, "/", &inner));
  inner.outer = NULL;
  inner.call = site->proto;
  inner.defaults = defaults;
  HRS_TRY(import_sets(b, &inner, (hrs_imports){f->opset_import, f->n_opset_import}, f->n_node,
                      f->node, site->op));
  for (size_t i = 0; i < f->n_input; i++) {
    int value = NO_VALUE;
    if (i < (size_t)site->n_in) HRS_TRY(find_input(b, s, site, (int)i, &value));
    const char *name = text(f->input[i]);
    HRS_REQUIRE(hrs_names_find(&b->graph->names, inner.number, name) == NO_VALUE, INPUT,
                "%s: function '%s' has input '%s' twice", b->path, site->op, name);
    HRS_TRY(
        hrs_names_add(&b->graph->names, inner.number, name, value == NO_VALUE ? LEFT_OUT : value));
  }
  HRS_TRY(build_nodes(b, &inner, f->node, f->n_node));
  for (int i = 0; i < site->n_out; i++) {
    int given = look_up(b, &inner, text(f->output[i]));
    HRS_REQUIRE(given >= 0, INPUT, "%s: output '%s' of function '%s' is made by nothing", b->path,
                text(f->output[i]), site->op);
    if (site->out[i] >= 0) b->graph->value[site->out[i]].same_as = given;
  }
  return HRS_OK;
}

/* ---- a list of nodes: all outputs first, so that the order in the file does not matter ---- */

static hrs_status build_nodes(builder *b, const scope *s, Onnx__NodeProto **nodes, size_t count) {
  b->handled += count;
  HRS_REQUIRE(b->handled <= HRS_MAX_NODES, INPUT,
              "%s: the network has more than %d nodes, counting the bodies of its functions",
              b->path, HRS_MAX_NODES);
  node_site *sites;
  HRS_TRY(hrs_calloc((hrs_count)count, sizeof *sites, &sites));
  hrs_status status = HRS_OK;
  for (size_t i = 0; i < count; i++)
    HRS_GO(open_site(b, s, nodes[i], i, &sites[i]));
  for (size_t i = 0; i < count; i++) {
    const node_site *site = &sites[i];
    if (!site->proto) continue; /* a constant, done */
    int function = hrs_names_find(&b->graph->names, HRS_FUNCTION_SCOPE, site->op);
    if (function >= 0)
      HRS_GO(add_function(b, s, site, function));
    else if (strcmp(site->op, "If") == 0)
      HRS_GO(add_if(b, s, site));
    else
      HRS_GO(add_plain(b, s, site));
  }
done:
  hrs_free(sites);
  return status;
}

/* ---- the main graph ---- */

static hrs_status add_inputs(builder *b, const scope *s, const Onnx__GraphProto *graph) {
  for (size_t i = 0; i < graph->n_input; i++) {
    const char *name = text(graph->input[i]->name);
    HRS_REQUIRE(*name, INPUT, "%s: input %zu has no name", b->path, i);
    int value = hrs_names_find(&b->graph->names, s->number, name);
    /* Before IR version 4 initialisers are listed as inputs, too. */
    if (value >= 0 && b->graph->value[value].initialiser && !b->graph->value[value].type) {
      b->graph->value[value].type = graph->input[i]->type;
      continue;
    }
    HRS_REQUIRE(value == NO_VALUE, INPUT, "%s: input '%s' is listed twice", b->path, name);
    HRS_TRY(new_value(b, s, name, &value));
    b->graph->value[value].input = true;
    b->graph->value[value].type = graph->input[i]->type;
  }
  return HRS_OK;
}

/* What the file says of types is a help, not a need: entries for unknown names are passed over. */
static void note_types(const builder *b, Onnx__ValueInfoProto **infos, size_t count) {
  for (size_t i = 0; i < count; i++) {
    int value = hrs_names_find(&b->graph->names, 0, text(infos[i]->name));
    if (value >= 0 && !b->graph->value[value].type) b->graph->value[value].type = infos[i]->type;
  }
}

hrs_status hrs_graph_build(hrs_model *model, hrs_weight_files *files) {
  const Onnx__GraphProto *graph = model->proto->graph;
  builder b = {.model = model,
               .graph = &model->graph,
               .path = model->path,
               .proto = model->proto,
               .files = files};
  scope s = {.prefix = ""};
  HRS_TRY(import_sets(&b, &s,
                      (hrs_imports){model->proto->opset_import, model->proto->n_opset_import},
                      graph->n_node, graph->node, "the network"));
  HRS_TRY(add_function_names(&b));
  HRS_TRY(add_initialisers(&b, &s, graph));
  HRS_TRY(add_inputs(&b, &s, graph));
  HRS_TRY(build_nodes(&b, &s, graph->node, graph->n_node));
  note_types(&b, graph->output, graph->n_output);
  note_types(&b, graph->value_info, graph->n_value_info);
  for (size_t i = 0; i < graph->n_output; i++) {
    int value = hrs_names_find(&b.graph->names, 0, text(graph->output[i]->name));
    HRS_REQUIRE(value >= 0, INPUT, "%s: output '%s' is made by no node", model->path,
                text(graph->output[i]->name));
    HRS_TRY(read_initialiser(&b, &s, value));
  }
  return hrs_graph_sort(&model->graph, model->path);
}
