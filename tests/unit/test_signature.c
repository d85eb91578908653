/* Attributes and inputs that an operator does not take at the operator set of its network: refused,
 * not passed over. tests/conformance/attributes.py compares the table of attributes with ONNX's. */
#include "small_model.h"

/* x -> the operator -> y. */
static model_proto *network_of(const char *op, int opset, const char *inputs, node_proto **node) {
  model_proto *model = maker_model(opset);
  maker_input(model->graph, "x", FLOAT, 4, DIMS(1, 2, 6, 6));
  float number = 0.5F;
  for (int i = 0; i < 3; i++)
    maker_initialiser(model->graph, (const char *[]){"a", "b", "c"}[i], FLOAT, 0, NULL,
                      sizeof number, &number);
  *node = maker_node(model->graph, op, "node", inputs, "y");
  maker_output(model->graph, "y");
  return model;
}

static void attributes(void **state) {
  (void)state;
  static const struct {
    const char *op, *attribute;
    int opset;
    const char *message; /* NULL: taken */
  } cases[] = {
      {"MaxPool", "ceil_mode", 9, "'ceil_mode', which came with operator set 10"},
      {"MaxPool", "ceil_mode", 10, NULL},
      {"MaxPool", "storage_order", 7, "which came with operator set 8"},
      {"AveragePool", "ceil_mode", 9, "which came with operator set 10"},
      {"AveragePool", "dilations", 18, "which came with operator set 19"},
      {"LpPool", "ceil_mode", 17, "which came with operator set 18"},
      {"BatchNormalization", "spatial", 9, "which the operator takes up to operator set 8"},
      {"ReduceMean", "axes", 18, "which the operator takes up to operator set 17"},
      {"ReduceSum", "axes", 13, "which the operator takes up to operator set 12"},
      {"ReduceMax", "noop_with_empty_axes", 17, "which came with operator set 18"},
      {"TopK", "k", 10, "which the operator takes up to operator set 9"},
      {"Gather", "batch_dims", 13, "'batch_dims', which the operator does not take"},
      {"Relu", "alpha", 13, "'alpha', which the operator does not take"},
      {"MaxPool", "ceil", 13, "'ceil', which the operator does not take"},
      {"Relu", "__tool", 13, NULL},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    node_proto *node;
    const char *op = cases[i].op;
    const char *inputs = strcmp(op, "BatchNormalization") == 0                  ? "x,a,a,a,a"
                         : strcmp(op, "Gather") == 0 || strcmp(op, "TopK") == 0 ? "x,a"
                                                                                : "x";
    model_proto *proto = network_of(op, cases[i].opset, inputs, &node);
    maker_int(node, cases[i].attribute, 1);
    if (cases[i].message) {
      refused(proto, HRS_STATUS_INPUT, cases[i].message);
      continue;
    }
    hrs_model *model;
    ASSERT_OK(load(proto, &model));
    hrs_model_destroy(&model);
  }
}

static void inputs(void **state) {
  (void)state;
  static const struct {
    const char *op, *inputs;
    int opset;
    const char *message;
  } cases[] = {{"ReduceMean", "x,a", 17, "has 2 inputs, but the operator takes 1"},
               {"ReduceSum", "x,a", 12, "has 2 inputs, but the operator takes 1"},
               {"Clip", "x,a,b", 10, "has 3 inputs, but the operator takes 1"},
               {"Dropout", "x,a", 11, "has 2 inputs, but the operator takes 1"},
               {"Pad", "x,a,b,c", 17, "has 4 inputs, but the operator takes 2 to 3"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    node_proto *node;
    refused(network_of(cases[i].op, cases[i].opset, cases[i].inputs, &node), HRS_STATUS_INPUT,
            cases[i].message);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(attributes), cmocka_unit_test(inputs)};
  return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
