/*
 * Changes of a network as a network: attributes, dimensions, integers of initialisers, element
 * types and edges get values that are likely to hurt. Bytes changed at random seldom get past the
 * wire format; these reach the shape inference of every operator.
 */
#include "mutate.h"

#include "onnx.pb-c.h"

#include <stdlib.h>
#include <string.h>

static uint64_t state;

static uint64_t below(uint64_t n) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return n ? (state >> 33) % n : 0;
}

static int64_t nasty(int64_t old) {
  static const int64_t values[] = {
      0,   1,       -1,        2,         3,         -2,        4,         7,         63, 64,
      100, 1 << 16, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN, 1LL << 32, 1LL << 62, -7, 5};
  switch (below(4)) {
  case 0:
    return (int64_t)((uint64_t)old + 1);
  case 1:
    return (int64_t)((uint64_t)old - 1);
  default:
    return values[below(sizeof values / sizeof *values)];
  }
}

static void change_numbers(size_t count, int64_t *values) {
  if (count) {
    int64_t *one = &values[below(count)];
    *one = nasty(*one);
  }
}

static void change_tensor(Onnx__TensorProto *t) {
  switch (below(4)) {
  case 0:
    change_numbers(t->n_dims, t->dims);
    return;
  case 1:
    change_numbers(t->n_int64_data, t->int64_data);
    if (t->has_raw_data && t->data_type == ONNX__TENSOR_PROTO__DATA_TYPE__INT64 &&
        t->raw_data.len >= 8) {
      int64_t value;
      unsigned char *at = t->raw_data.data + 8 * below(t->raw_data.len / 8);
      memcpy(&value, at, 8);
      value = nasty(value);
      memcpy(at, &value, 8);
    }
    return;
  case 2:
    if (t->n_float_data) t->float_data[below(t->n_float_data)] = (float)nasty(1);
    return;
  default:
    t->data_type = (int32_t)below(18);
  }
}

static void change_attribute(Onnx__AttributeProto *a) {
  if (below(12) == 0) a->type = (Onnx__AttributeProto__AttributeType)below(15);
  if (a->has_i) a->i = nasty(a->i);
  if (a->has_f) a->f = (float)nasty((int64_t)1);
  if (a->n_ints) {
    if (below(6) == 0)
      a->n_ints = (size_t)below(a->n_ints);
    else
      change_numbers(a->n_ints, a->ints);
  }
  if (a->t) change_tensor(a->t);
  if (a->has_s && a->s.len) a->s.data[below(a->s.len)] ^= (uint8_t)(1u << below(8));
}

static void change_node(Onnx__GraphProto *g, Onnx__NodeProto *node) {
  switch (below(4)) {
  case 0:
    /* Another edge: any tensor of the graph. */
    if (node->n_input) {
      char **input = &node->input[below(node->n_input)];
      const char *other = NULL;
      if (below(2) && g->n_input) other = g->input[below(g->n_input)]->name;
      if (!other && g->n_initializer) other = g->initializer[below(g->n_initializer)]->name;
      if (other) {
        free(*input);
        *input = strdup(other);
      }
    }
    return;
  case 1:
    if (node->n_input && below(4) == 0) free(node->input[--node->n_input]);
    return;
  default:
    if (node->n_attribute) change_attribute(node->attribute[below(node->n_attribute)]);
  }
}

static void change_input(Onnx__ValueInfoProto *info) {
  if (!info->type || info->type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE) return;
  Onnx__TypeProto__Tensor *t = info->type->tensor_type;
  if (below(3) == 0) t->elem_type = (int32_t)below(17);
  if (!t->shape || !t->shape->n_dim) return;
  Onnx__TensorShapeProto__Dimension *d = t->shape->dim[below(t->shape->n_dim)];
  if (d->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE)
    d->dim_value = below(2) ? (int64_t)below(9) : nasty(d->dim_value);
  if (below(4) == 0)
    protobuf_c_message_free_unpacked(&t->shape->dim[--t->shape->n_dim]->base, NULL);
}

/* Make an input's values part of the file: shapes and positions are mostly read from constants. */
static void bake_input(Onnx__GraphProto *g) {
  Onnx__ValueInfoProto *info = g->input[below(g->n_input)];
  if (!info->name || !info->type || info->type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE ||
      !info->type->tensor_type->shape)
    return;
  const Onnx__TensorShapeProto *shape = info->type->tensor_type->shape;
  size_t count = 1;
  for (size_t i = 0; i < shape->n_dim; i++) {
    if (shape->dim[i]->dim_value < 0 || shape->dim[i]->dim_value > 64) return;
    count *= (size_t)shape->dim[i]->dim_value;
    if (count > 64) return;
  }
  Onnx__TensorProto *t = malloc(sizeof *t);
  onnx__tensor_proto__init(t);
  t->name = strdup(info->name);
  t->has_data_type = 1;
  t->data_type = info->type->tensor_type->elem_type;
  t->n_dims = shape->n_dim;
  t->dims = malloc(8 * (t->n_dims + 1));
  for (size_t i = 0; i < shape->n_dim; i++)
    t->dims[i] = shape->dim[i]->dim_value;
  t->int64_data = malloc(8 * (count + 1));
  t->float_data = malloc(4 * (count + 1));
  for (size_t i = 0; i < count; i++) {
    t->int64_data[i] = (int64_t)below(4) - (below(8) == 0);
    t->float_data[i] = (float)below(4);
  }
  if (t->data_type == ONNX__TENSOR_PROTO__DATA_TYPE__INT64) t->n_int64_data = count;
  if (t->data_type == ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT) t->n_float_data = count;
  if (!t->n_int64_data) free(t->int64_data), t->int64_data = NULL;
  if (!t->n_float_data) free(t->float_data), t->float_data = NULL;
  g->initializer = realloc(g->initializer, (g->n_initializer + 1) * sizeof *g->initializer);
  g->initializer[g->n_initializer++] = t;
}

static void change_graph(Onnx__ModelProto *model) {
  Onnx__GraphProto *g = model->graph;
  switch (below(8)) {
  case 0:
    if (model->n_opset_import) model->opset_import[0]->version = 7 + (int64_t)below(15);
    return;
  case 1:
    if (g->n_input) change_input(g->input[below(g->n_input)]);
    return;
  case 2:
  case 3:
    if (g->n_input) bake_input(g);
    return;
  case 4:
    if (g->n_initializer) change_tensor(g->initializer[below(g->n_initializer)]);
    return;
  default:
    if (g->n_node) change_node(g, g->node[below(g->n_node)]);
  }
}

uint8_t *mutate_model(const uint8_t *bytes, size_t size, uint64_t seed, size_t *out_size) {
  Onnx__ModelProto *model = onnx__model_proto__unpack(NULL, size, bytes);
  if (!model) return NULL;
  state = seed;
  uint8_t *out = NULL;
  if (model->graph) {
    for (uint64_t n = 1 + below(6); n > 0; n--)
      change_graph(model);
    *out_size = onnx__model_proto__get_packed_size(model);
    out = malloc(*out_size + 1);
    onnx__model_proto__pack(model, out);
  }
  onnx__model_proto__free_unpacked(model, NULL);
  return out;
}
