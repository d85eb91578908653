/* What a case of run_node asks for: what is skipped, and why, and which values are wrong in ONNX's
 * files. */
#include "node_suite.h"

#include <stdlib.h>
#include <string.h>

/* Cases that ask for what is refused on purpose. */
static const struct {
  const char *name, *reason;
} out_of_scope[] = {
    {"test_PReLU_1d_multiparam", "operator set 6 with its own broadcasting"},
    {"test_PReLU_2d_multiparam", "operator set 6 with its own broadcasting"},
    {"test_PReLU_3d_multiparam", "operator set 6 with its own broadcasting"},
    {"test_batchnorm_epsilon_training_mode", "training mode"},
    {"test_batchnorm_example_training_mode", "training mode"},
    {"test_castlike_BFLOAT16_to_FLOAT", "its data do not fit its model"},
    {"test_castlike_BFLOAT16_to_FLOAT_expanded", "its data do not fit its model"},
    {"test_castlike_FLOAT_to_BFLOAT16", "its data do not fit its model"},
    {"test_castlike_FLOAT_to_BFLOAT16_expanded", "its data do not fit its model"},
    {"test_training_dropout", "training mode"},
    {"test_training_dropout_default", "training mode"},
    {"test_training_dropout_default_mask", "training mode"},
    {"test_training_dropout_mask", "training mode"},
};

/* Cases whose stored values ONNX Runtime does not give, whose own values we expect instead. With
 * align_corners, ONNX 1.12 spaced the samples by the scale, not by the size of the result;
 * MaxUnpool took indices for those of the smallest result, not of the shape that is asked for. */
static const struct {
  const char *name;
  int count;
  double values[25];
} corrected[] = {
    {"test_maxunpool_export_with_output_shape", 25, {[5] = 5, [7] = 6, [13] = 7, [15] = 8}},
    {"test_resize_downsample_scales_cubic_align_corners", 9, {1, 2.5, 4, 7, 8.5, 10, 13, 14.5, 16}},
    {"test_resize_downsample_scales_linear_align_corners", 2, {1, 4}},
};

hrs_status suite_correct(const node_case *c, hrs_array *expected) {
  for (size_t i = 0; i < sizeof corrected / sizeof *corrected; i++) {
    if (strcmp(corrected[i].name, c->name) != 0) continue;
    HRS_REQUIRE(hrs_array_count(expected) == corrected[i].count, VERIFY,
                "%lld values are stored, %d are known", (long long)hrs_array_count(expected),
                corrected[i].count);
    return hrs_convert(HRS_F64, corrected[i].values, expected->type, expected->data,
                       corrected[i].count);
  }
  return HRS_OK;
}

/* ---- what a case asks for ---- */

static void note_operator(node_case *c, const hrs_operator *operator) {
  for (int i = 0; i < c->n_operators; i++)
    if (strcmp(c->operator[i]->name, operator->name) == 0) return;
  if (c->n_operators < MOST_OPERATORS) c->operator[c->n_operators++] = operator;
}

static const char *plain(const char *text) {
  return text ? text : "";
}

/* Is every node of a graph claimed? Functions and If are the loader's business. */
static bool nodes_claimed(node_case *c, const Onnx__ModelProto *model, int opset, size_t n,
                          Onnx__NodeProto *const *nodes) {
  for (size_t i = 0; i < n; i++) {
    const char *op = plain(nodes[i]->op_type), *domain = plain(nodes[i]->domain);
    bool function = false;
    for (size_t k = 0; k < model->n_functions; k++)
      function |= strcmp(plain(model->functions[k]->name), op) == 0 &&
                  strcmp(plain(model->functions[k]->domain), domain) == 0;
    bool own = *domain == '\0' || strcmp(domain, "ai.onnx") == 0;
    const hrs_operator *found = own ? hrs_operator_find(op, opset) : NULL;
    if (found) note_operator(c, found);
    if (found || function || (own && strcmp(op, "If") == 0)) continue;
    snprintf(c->note, sizeof c->note, "operator %s%s%s at set %d", domain, *domain ? "." : "", op,
             opset);
    return false;
  }
  return true;
}

/* The version of the default operator set; NULL where the model imports none. */
static int64_t *default_set(const Onnx__ModelProto *model) {
  for (size_t i = 0; i < model->n_opset_import; i++)
    if (*plain(model->opset_import[i]->domain) == '\0') return &model->opset_import[i]->version;
  return NULL;
}

/* Attributes that say, in set 6, what is always so in set 7: they end with it. */
static void drop_attributes_of_set_6(Onnx__NodeProto *node) {
  size_t kept = 0;
  for (size_t i = 0; i < node->n_attribute; i++) {
    const char *name = plain(node->attribute[i]->name);
    if (strcmp(name, "is_test") != 0 && strcmp(name, "broadcast") != 0)
      node->attribute[kept++] = node->attribute[i];
    else
      onnx__attribute_proto__free_unpacked(node->attribute[i], NULL);
  }
  node->n_attribute = kept;
}

/* Reads a model of operator set 6 as one of set 7. */
hrs_status suite_read_as_set_7(void *self, const char *path, hrs_count limit, unsigned char **bytes,
                               hrs_count *size) {
  (void)self;
  HRS_TRY(hrs_file_read(path, limit, bytes, size));
  Onnx__ModelProto *model = onnx__model_proto__unpack(NULL, (size_t)*size, *bytes);
  HRS_REQUIRE(model, INPUT, "%s is no model", path);
  hrs_free(*bytes);
  *default_set(model) = 7;
  for (size_t i = 0; model->graph && i < model->graph->n_node; i++)
    drop_attributes_of_set_6(model->graph->node[i]);
  *size = (hrs_count)onnx__model_proto__get_packed_size(model);
  hrs_status status = hrs_alloc(*size, 1, bytes);
  if (status == HRS_OK) onnx__model_proto__pack(model, *bytes);
  onnx__model_proto__free_unpacked(model, NULL);
  return status;
}

/* Before set 7, arithmetic had broadcasting of its own, along an attribute `axis`. */
static bool means_the_same_in_set_7(node_case *c, const Onnx__GraphProto *graph) {
  for (size_t i = 0; i < graph->n_node; i++) {
    bool axis = false, broadcast = false;
    for (size_t k = 0; k < graph->node[i]->n_attribute; k++) {
      axis |= strcmp(plain(graph->node[i]->attribute[k]->name), "axis") == 0;
      broadcast |= strcmp(plain(graph->node[i]->attribute[k]->name), "broadcast") == 0;
    }
    if (!axis || !broadcast) continue;
    snprintf(c->note, sizeof c->note, "operator set 6 with its own broadcasting");
    return false;
  }
  return true;
}

static bool is_tensor(const Onnx__ValueInfoProto *info) {
  return info->type && info->type->value_case == ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
}

/* False with a reason in c->note where the case is to be skipped. */
bool suite_in_scope(node_case *c) {
  for (size_t i = 0; i < sizeof out_of_scope / sizeof *out_of_scope; i++) {
    if (strcmp(out_of_scope[i].name, c->name) != 0) continue;
    snprintf(c->note, sizeof c->note, "%s", out_of_scope[i].reason);
    return false;
  }
  char path[1100];
  unsigned char *bytes = NULL;
  hrs_count size;
  snprintf(path, sizeof path, "%s/model.onnx", c->path);
  if (hrs_file_read(path, (hrs_count)1 << 30, &bytes, &size) != HRS_OK) return true;
  Onnx__ModelProto *model = onnx__model_proto__unpack(NULL, (size_t)size, bytes);
  hrs_free(bytes);
  if (!model || !model->graph) return true;
  const Onnx__GraphProto *graph = model->graph;
  int opset = default_set(model) ? (int)*default_set(model) : 1;
  bool scope = true;
  if (opset == 6) {
    scope = means_the_same_in_set_7(c, graph);
    c->as_set_7 = scope;
    opset = 7;
  }
  if (scope && (opset < 7 || opset > 21)) {
    scope = false;
    snprintf(c->note, sizeof c->note, "operator set %d", opset);
  }
  for (size_t i = 0; scope && i < graph->n_input + graph->n_output; i++) {
    const Onnx__ValueInfoProto *info =
        i < graph->n_input ? graph->input[i] : graph->output[i - graph->n_input];
    int32_t text = ONNX__TENSOR_PROTO__DATA_TYPE__STRING;
    if (!is_tensor(info)) {
      scope = false;
      snprintf(c->note, sizeof c->note, "sequence or optional");
    } else if (info->type->tensor_type->elem_type == text) {
      scope = false;
      snprintf(c->note, sizeof c->note, "strings");
    }
  }
  scope = scope && nodes_claimed(c, model, opset, graph->n_node, graph->node);
  for (size_t i = 0; scope && i < model->n_functions; i++)
    scope = nodes_claimed(c, model, opset, model->functions[i]->n_node, model->functions[i]->node);
  onnx__model_proto__free_unpacked(model, NULL);
  return scope;
}
