/*
 * onnx_maker.h -- small ONNX networks for tests, put together field by field and written to a file.
 * Everything hangs on the model and is freed with it.
 */
#ifndef HRS_TESTS_ONNX_MAKER_H
#define HRS_TESTS_ONNX_MAKER_H

#include "onnx.pb-c.h"
#include "scratch.h"

#if defined(__GNUC__)
#define MAKER __attribute__((unused)) static
#else
#define MAKER static
#endif

#define MAKER_TYPE(name) ONNX__TENSOR_PROTO__DATA_TYPE__##name
#define MAKER_ATTRIBUTE(name) ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__##name

typedef Onnx__ModelProto model_proto;
typedef Onnx__GraphProto graph_proto;
typedef Onnx__NodeProto node_proto;
typedef Onnx__TensorProto tensor_proto;
typedef Onnx__AttributeProto attribute_proto;
typedef Onnx__FunctionProto function_proto;

/* Append a pointer to a repeated field. */
MAKER void maker_append(void *list /* T*** */, size_t *count, void *element) {
  void **items;
  memcpy(&items, list, sizeof items);
  /* Room for the next power of two. */
  if ((*count & (*count - 1)) == 0)
    items = realloc(items, (*count ? 2 * *count : 1) * sizeof *items);
  items[(*count)++] = element;
  memcpy(list, &items, sizeof items);
}

/* "a,b,,c" to strings; an empty text is no string at all. */
MAKER void maker_names(char ***list, size_t *count, const char *names) {
  for (const char *at = names; *names;) {
    size_t length = strcspn(at, ",");
    maker_append(list, count, strndup(at, length));
    if (!at[length]) break;
    at += length + 1;
  }
}

MAKER void maker_opset(Onnx__OperatorSetIdProto ***list, size_t *count, const char *domain,
                       int version) {
  Onnx__OperatorSetIdProto *opset = malloc(sizeof *opset);
  onnx__operator_set_id_proto__init(opset);
  opset->domain = strdup(domain);
  opset->has_version = 1;
  opset->version = version;
  maker_append(list, count, opset);
}

MAKER graph_proto *maker_graph(void) {
  graph_proto *graph = malloc(sizeof *graph);
  onnx__graph_proto__init(graph);
  graph->name = strdup("graph");
  return graph;
}

MAKER model_proto *maker_model(int opset) {
  model_proto *model = malloc(sizeof *model);
  onnx__model_proto__init(model);
  model->has_ir_version = 1;
  model->ir_version = 8;
  maker_opset(&model->opset_import, &model->n_opset_import, "", opset);
  model->graph = maker_graph();
  return model;
}

/* A value's type; dim < 0: a symbolic dimension "d<number of the axis>". */
MAKER Onnx__ValueInfoProto *maker_info(const char *name, int type, int rank, const int64_t *dim) {
  Onnx__ValueInfoProto *info = malloc(sizeof *info);
  onnx__value_info_proto__init(info);
  info->name = strdup(name);
  info->type = malloc(sizeof *info->type);
  onnx__type_proto__init(info->type);
  info->type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
  Onnx__TypeProto__Tensor *tensor = info->type->tensor_type = malloc(sizeof *tensor);
  onnx__type_proto__tensor__init(tensor);
  tensor->has_elem_type = 1;
  tensor->elem_type = type;
  if (rank < 0) return info;
  tensor->shape = malloc(sizeof *tensor->shape);
  onnx__tensor_shape_proto__init(tensor->shape);
  for (int i = 0; i < rank; i++) {
    Onnx__TensorShapeProto__Dimension *d = malloc(sizeof *d);
    onnx__tensor_shape_proto__dimension__init(d);
    if (dim[i] >= 0) {
      d->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
      d->dim_value = dim[i];
    } else {
      char text[16];
      snprintf(text, sizeof text, "d%d", i);
      d->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
      d->dim_param = strdup(text);
    }
    maker_append(&tensor->shape->dim, &tensor->shape->n_dim, d);
  }
  return info;
}

MAKER void maker_input(graph_proto *graph, const char *name, int type, int rank,
                       const int64_t *dim) {
  maker_append(&graph->input, &graph->n_input, maker_info(name, type, rank, dim));
}

MAKER void maker_output(graph_proto *graph, const char *name) {
  maker_append(&graph->output, &graph->n_output, maker_info(name, MAKER_TYPE(FLOAT), -1, NULL));
}

MAKER node_proto *maker_node_of(const char *op, const char *name, const char *inputs,
                                const char *outputs) {
  node_proto *node = malloc(sizeof *node);
  onnx__node_proto__init(node);
  node->op_type = strdup(op);
  node->name = strdup(name);
  maker_names(&node->input, &node->n_input, inputs);
  maker_names(&node->output, &node->n_output, outputs);
  return node;
}

MAKER node_proto *maker_node(graph_proto *graph, const char *op, const char *name,
                             const char *inputs, const char *outputs) {
  node_proto *node = maker_node_of(op, name, inputs, outputs);
  maker_append(&graph->node, &graph->n_node, node);
  return node;
}

MAKER attribute_proto *maker_attribute(node_proto *node, const char *name, int type) {
  attribute_proto *a = malloc(sizeof *a);
  onnx__attribute_proto__init(a);
  a->name = strdup(name);
  a->has_type = 1;
  a->type = (Onnx__AttributeProto__AttributeType)type;
  maker_append(&node->attribute, &node->n_attribute, a);
  return a;
}

MAKER void maker_int(node_proto *node, const char *name, int64_t value) {
  attribute_proto *a = maker_attribute(node, name, MAKER_ATTRIBUTE(INT));
  a->has_i = 1;
  a->i = value;
}

MAKER void maker_float(node_proto *node, const char *name, float value) {
  attribute_proto *a = maker_attribute(node, name, MAKER_ATTRIBUTE(FLOAT));
  a->has_f = 1;
  a->f = value;
}

MAKER void maker_ints(node_proto *node, const char *name, int count, const int64_t *values) {
  attribute_proto *a = maker_attribute(node, name, MAKER_ATTRIBUTE(INTS));
  a->n_ints = (size_t)count;
  a->ints = malloc(sizeof *values * (size_t)(count ? count : 1));
  if (count) memcpy(a->ints, values, sizeof *values * (size_t)count);
}

MAKER tensor_proto *maker_tensor(const char *name, int type, int rank, const int64_t *dim,
                                 size_t bytes, const void *raw) {
  tensor_proto *t = malloc(sizeof *t);
  onnx__tensor_proto__init(t);
  t->name = strdup(name);
  t->has_data_type = 1;
  t->data_type = type;
  t->n_dims = (size_t)rank;
  if (rank) {
    t->dims = malloc(sizeof *t->dims * (size_t)rank);
    memcpy(t->dims, dim, sizeof *t->dims * (size_t)rank);
  }
  t->has_raw_data = 1;
  t->raw_data.len = bytes;
  t->raw_data.data = malloc(bytes + 1);
  if (bytes) memcpy(t->raw_data.data, raw, bytes);
  return t;
}

MAKER tensor_proto *maker_initialiser(graph_proto *graph, const char *name, int type, int rank,
                                      const int64_t *dim, size_t bytes, const void *raw) {
  tensor_proto *t = maker_tensor(name, type, rank, dim, bytes, raw);
  maker_append(&graph->initializer, &graph->n_initializer, t);
  return t;
}

MAKER function_proto *maker_function(model_proto *model, const char *name, const char *inputs,
                                     const char *outputs) {
  function_proto *f = malloc(sizeof *f);
  onnx__function_proto__init(f);
  f->name = strdup(name);
  f->domain = strdup("local");
  maker_names(&f->input, &f->n_input, inputs);
  maker_names(&f->output, &f->n_output, outputs);
  maker_opset(&f->opset_import, &f->n_opset_import, "", (int)model->opset_import[0]->version);
  maker_append(&model->functions, &model->n_functions, f);
  return f;
}

MAKER node_proto *maker_call(graph_proto *graph, const char *function, const char *name,
                             const char *inputs, const char *outputs) {
  node_proto *node = maker_node(graph, function, name, inputs, outputs);
  node->domain = strdup("local");
  return node;
}

/* ---- files ---- */

/* Serialise; the caller frees the bytes. */
MAKER unsigned char *maker_pack(const model_proto *model, size_t *size) {
  *size = onnx__model_proto__get_packed_size(model);
  unsigned char *bytes = malloc(*size + 1);
  onnx__model_proto__pack(model, bytes);
  return bytes;
}

/* Write and free a model. */
MAKER const char *maker_finish(model_proto *model, const char *name) {
  size_t size;
  unsigned char *bytes = maker_pack(model, &size);
  const char *path = scratch_write(name, bytes, size);
  free(bytes);
  onnx__model_proto__free_unpacked(model, NULL);
  return path;
}

#define DIMS(...) ((const int64_t[]){__VA_ARGS__})

#endif
