/* Models: loading a file, and what it says of itself. */
#include "network/graph.h"

#include <stdio.h>
#include <string.h>

/* protobuf-c, like protobuf itself, stops at 2 GiB; larger networks keep weights in other files. */
static const hrs_count file_limit = INT32_MAX;
enum { MAX_IR_VERSION = 13 };

/* ---- descriptions ---- */

/* What a value is that is no tensor. */
static const char *kind_of(const Onnx__TypeProto *type) {
  switch (type->value_case) {
  case ONNX__TYPE_PROTO__VALUE_SEQUENCE_TYPE:
    return "a sequence";
  case ONNX__TYPE_PROTO__VALUE_MAP_TYPE:
    return "a map";
  case ONNX__TYPE_PROTO__VALUE_OPTIONAL_TYPE:
    return "an optional value";
  case ONNX__TYPE_PROTO__VALUE_SPARSE_TENSOR_TYPE:
    return "a sparse tensor";
  default:
    return "of a kind that is not known here";
  }
}

hrs_status hrs_model_describe(const hrs_model *model, int value, hrs_tensor_info *out) {
  const hrs_value *v = &model->graph.value[value];
  *out = (hrs_tensor_info){.name = v->name, .rank = -1};
  if (v->constant.type != HRS_NONE) {
    out->type = v->constant.type;
    out->rank = v->constant.rank;
    memcpy(out->dim, v->constant.dim, sizeof out->dim);
    return HRS_OK;
  }
  const Onnx__TypeProto *type = v->type;
  if (!type || type->value_case == ONNX__TYPE_PROTO__VALUE__NOT_SET) return HRS_OK;
  HRS_REQUIRE(type->value_case == ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE, UNSUPPORTED,
              "%s: '%s' is no tensor but %s, which is not supported", model->path, v->name,
              kind_of(type));
  const Onnx__TypeProto__Tensor *tensor = type->tensor_type;
  out->type = hrs_weights_dtype(tensor->elem_type);
  HRS_REQUIRE(out->type != HRS_NONE || tensor->elem_type == 0, UNSUPPORTED,
              "%s: '%s' is of type %s, which is not supported", model->path, v->name,
              hrs_weights_type_name(tensor->elem_type));
  if (!tensor->shape) return HRS_OK;
  HRS_REQUIRE(tensor->shape->n_dim <= HRS_MAX_RANK, UNSUPPORTED,
              "%s: '%s' has %zu dimensions, more than %d", model->path, v->name,
              tensor->shape->n_dim, HRS_MAX_RANK);
  out->rank = (int)tensor->shape->n_dim;
  for (int i = 0; i < out->rank; i++) {
    const Onnx__TensorShapeProto__Dimension *dim = tensor->shape->dim[i];
    bool fixed = dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
    /* Some exporters write an open dimension as 0 or -1. */
    HRS_REQUIRE(!fixed || (dim->dim_value >= -1 && dim->dim_value <= INT32_MAX), INPUT,
                "%s: dimension %d of '%s' is %lld", model->path, i, v->name,
                (long long)dim->dim_value);
    out->dim[i] = fixed && dim->dim_value > 0 ? dim->dim_value : -1;
  }
  return HRS_OK;
}

/* Inputs and outputs that are not supported are listed without a type. */
static hrs_status describe_end(hrs_model *model, int value, hrs_tensor_info *out) {
  hrs_status status = hrs_model_describe(model, value, out);
  if (status != HRS_STATUS_UNSUPPORTED) return status;
  *out = (hrs_tensor_info){.name = model->graph.value[value].name, .rank = -1};
  return hrs_model_refuse(model, status);
}

static hrs_status describe_ends(hrs_model *model) {
  const hrs_graph *graph = &model->graph;
  const Onnx__GraphProto *proto = model->proto->graph;
  hrs_count outputs = (hrs_count)proto->n_output;
  HRS_TRY(hrs_calloc((hrs_count)proto->n_input, sizeof *model->input, &model->input));
  HRS_TRY(hrs_calloc((hrs_count)proto->n_input, sizeof(int), &model->input_value));
  HRS_TRY(hrs_calloc(outputs, sizeof *model->output, &model->output));
  HRS_TRY(hrs_calloc(outputs, sizeof(int), &model->output_value));
  for (size_t i = 0; i < proto->n_input; i++) {
    int value = hrs_names_find(&graph->names, 0, proto->input[i]->name);
    if (!graph->value[value].input) continue;
    HRS_TRY(describe_end(model, value, &model->input[model->n_inputs]));
    model->input_value[model->n_inputs++] = value;
  }
  for (size_t i = 0; i < proto->n_output; i++) {
    int own = hrs_names_find(&graph->names, 0, proto->output[i]->name);
    HRS_TRY(describe_end(model, own, &model->output[i]));
    model->output_value[i] = hrs_graph_find(graph, proto->output[i]->name);
  }
  model->n_outputs = (int)outputs;
  return HRS_OK;
}

/* ---- support ---- */

hrs_status hrs_graph_unsupported(const hrs_graph_node *node) {
  static const char help[] = "'harsanyi model' lists all that is not, docs/models says what helps";
  const char *torch = hrs_torch_name(node->base.op);
  if (node->base.opset > 0)
    HRS_FAIL(UNSUPPORTED, "operator '%s' (node '%s', operator set %d) is not supported%s%s%s; %s",
             node->base.op, node->base.name, node->base.opset, torch ? " (in PyTorch: " : "",
             torch ? torch : "", torch ? ")" : "", help);
  HRS_FAIL(UNSUPPORTED,
           "operator '%s' (node '%s') is not supported: it is neither an ONNX operator nor a "
           "function defined in the file; %s",
           node->base.op, node->base.name, help);
}

/* Refuse what outputs depend on. What hangs on the branches of an open If is left to the session,
 * which knows which branch is taken. */
hrs_status hrs_model_check(const hrs_model *model) {
  const hrs_graph *graph = &model->graph;
  if (model->refused != HRS_OK)
    return hrs_error_set(model->refused, __FILE__, __LINE__, "%s", model->refusal);
  bool *needed;
  HRS_TRY(hrs_calloc(graph->n_nodes, sizeof *needed, &needed));
  for (int i = 0; i < model->n_outputs; i++) {
    int producer = graph->value[model->output_value[i]].producer;
    if (producer >= 0) needed[producer] = true;
  }
  const hrs_graph_node *missing = NULL;
  for (int i = graph->n_nodes - 1; i >= 0; i--) {
    if (!needed[i]) continue;
    const hrs_graph_node *node = &graph->node[i];
    if (!node->select && !node->base.def) missing = node;
    for (int k = 0; k < (node->select ? 1 : node->n_in); k++) {
      int producer = node->in[k] >= 0 ? graph->value[node->in[k]].producer : -1;
      if (producer >= 0) needed[producer] = true;
    }
  }
  hrs_free(needed);
  if (missing) HRS_TRY_CONTEXT(hrs_graph_unsupported(missing), "%s", model->path);
  return HRS_OK;
}

/* ---- loading ---- */

static hrs_status check_header(const hrs_model *model) {
  const Onnx__ModelProto *proto = model->proto;
  const char *path = model->path;
  HRS_REQUIRE(proto->graph, INPUT, "%s is not an ONNX network: it has no graph", path);
  HRS_REQUIRE(proto->has_ir_version && proto->ir_version > 0, INPUT,
              "%s is not a valid ONNX network: it does not say its format version (ir_version)",
              path);
  HRS_REQUIRE(proto->ir_version <= MAX_IR_VERSION, UNSUPPORTED,
              "%s has ONNX format version %lld, newer than %d, the newest known here: export it "
              "with an older version of the exporter",
              path, (long long)proto->ir_version, MAX_IR_VERSION);
  HRS_REQUIRE(proto->graph->n_output > 0, INPUT, "%s: the network has no outputs", path);
  return HRS_OK;
}

static hrs_status load(hrs_model *model, const hrs_reader *reader) {
  unsigned char *bytes = NULL;
  hrs_count size;
  hrs_weight_files *files = NULL;
  HRS_TRY(hrs_reader_read(reader, model->path, file_limit, &bytes, &size));
  hrs_status status =
      hrs_wire_decode(model->path, &onnx__model_proto__descriptor, bytes, size, &model->proto);
  hrs_free(bytes);
  HRS_TRY(status);
  HRS_TRY(check_header(model));
  HRS_GO(hrs_weight_files_create(model->path, reader, &files));
  HRS_GO(hrs_graph_build(model, files));
  HRS_GO(describe_ends(model));
done:
  hrs_weight_files_destroy(&files);
  return status;
}

hrs_status hrs_model_load(const char *path, const hrs_reader *reader, hrs_model **out) {
  HRS_TRY(hrs_model_open(path, reader, out));
  hrs_status status = hrs_model_check(*out);
  if (status != HRS_OK) hrs_model_destroy(out);
  return status;
}

hrs_status hrs_model_open(const char *path, const hrs_reader *reader, hrs_model **out) {
  *out = NULL;
  hrs_model *model;
  HRS_TRY(hrs_calloc(1, sizeof *model, &model));
  hrs_status status = hrs_strdup(path, &model->path);
  if (status == HRS_OK) status = load(model, reader);
  if (status != HRS_OK) hrs_model_destroy(&model);
  *out = model;
  return status;
}

void hrs_model_destroy(hrs_model **model) {
  hrs_model *m = *model;
  if (!m) return;
  hrs_graph_destroy(&m->graph);
  for (size_t i = 0; m->defaults && i < m->proto->n_functions; i++)
    hrs_defaults_destroy(&m->defaults[i]);
  hrs_free(m->defaults);
  if (m->proto) onnx__model_proto__free_unpacked(m->proto, &hrs_wire_allocator);
  hrs_free(m->input);
  hrs_free(m->output);
  hrs_free(m->input_value);
  hrs_free(m->output_value);
  hrs_free(m->path);
  hrs_free(m->refusal);
  hrs_free(m);
  *model = NULL;
}

int hrs_model_inputs(const hrs_model *model) {
  return model->n_inputs;
}

const hrs_tensor_info *hrs_model_input(const hrs_model *model, int index) {
  return index >= 0 && index < model->n_inputs ? &model->input[index] : NULL;
}

int hrs_model_outputs(const hrs_model *model) {
  return model->n_outputs;
}

const hrs_tensor_info *hrs_model_output(const hrs_model *model, int index) {
  return index >= 0 && index < model->n_outputs ? &model->output[index] : NULL;
}
