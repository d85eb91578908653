/* Loading: what is read, what is refused and with which words, functions and If put in place. For
 * weights: test_model_weights.c. */
#include "small_model.h"

#include <pthread.h>

static void test_description(void **state) {
  (void)state;
  hrs_count before = hrs_memory_current();
  model_proto *proto = base();
  /* As files of IR version 3 do: an initialiser listed as input. */
  maker_input(proto->graph, "w", FLOAT, 1, DIMS(3));
  hrs_model *model;
  ASSERT_OK(load(proto, &model));
  assert_int_equal(hrs_model_inputs(model), 1);
  const hrs_tensor_info *x = hrs_model_input(model, 0);
  assert_string_equal(x->name, "x");
  assert_int_equal(x->type, HRS_F32);
  assert_int_equal(x->rank, 2);
  assert_int_equal(x->dim[0], -1);
  assert_int_equal(x->dim[1], 3);
  assert_null(hrs_model_input(model, 1));
  assert_int_equal(hrs_model_outputs(model), 1);
  assert_string_equal(hrs_model_output(model, 0)->name, "y");
  assert_int_equal(hrs_model_output(model, 0)->rank, -1);
  hrs_model_destroy(&model);
  hrs_model_destroy(&model);
  assert_int_equal(hrs_memory_current(), before);
  assert_true(evaluate(base()) == 6);
}

static void test_header(void **state) {
  (void)state;
  model_proto *proto = base();
  proto->has_ir_version = 0;
  refused(proto, HRS_STATUS_INPUT, "ir_version");
  proto = base();
  proto->ir_version = 99;
  refused(proto, HRS_STATUS_UNSUPPORTED, "format version 99");
  proto = base();
  onnx__graph_proto__free_unpacked(proto->graph, NULL);
  proto->graph = NULL;
  refused(proto, HRS_STATUS_INPUT, "no graph");
  proto = base();
  proto->opset_import[0]->version = 6;
  refused(proto, HRS_STATUS_UNSUPPORTED, "operator set 6; 7 to 21");
  proto = base();
  proto->opset_import[0]->version = 22;
  refused(proto, HRS_STATUS_UNSUPPORTED, "operator set 22; 7 to 21");
  proto = base();
  free(proto->opset_import[0]->domain);
  proto->opset_import[0]->domain = strdup("ai.onnx.ml");
  refused(proto, HRS_STATUS_INPUT, "does not say which operator set");
}

static void test_names(void **state) {
  (void)state;
  model_proto *proto = base();
  maker_node(proto->graph, "Relu", "again", "x", "y");
  refused(proto, HRS_STATUS_INPUT, "tensor 'y' is made twice");
  proto = base();
  maker_node(proto->graph, "Relu", "again", "x", "x");
  refused(proto, HRS_STATUS_INPUT, "tensor 'x' is made twice");
  proto = base();
  maker_node(proto->graph, "Relu", "again", "y", "w");
  refused(proto, HRS_STATUS_INPUT, "tensor 'w' is made twice");
  proto = base();
  maker_input(proto->graph, "x", FLOAT, 2, DIMS(-1, 3));
  refused(proto, HRS_STATUS_INPUT, "input 'x' is listed twice");
  proto = base();
  maker_node(proto->graph, "Relu", "late", "nowhere", "z");
  refused(proto, HRS_STATUS_INPUT, "Relu node 'late' reads tensor 'nowhere'");
  proto = base();
  maker_output(proto->graph, "nothing");
  refused(proto, HRS_STATUS_INPUT, "output 'nothing' is made by no node");
  proto = base();
  maker_node(proto->graph, "Relu", "mute", "x", "");
  refused(proto, HRS_STATUS_INPUT, "Relu node 'mute' has no outputs");
  proto = base();
  maker_node(proto->graph, "Relu", "", "x,w", "z");
  refused(proto, HRS_STATUS_INPUT, "Relu node '#1' has 2 inputs, but the operator takes 1");
  proto = base();
  maker_node(proto->graph, "Add", "half", ",w", "z");
  refused(proto, HRS_STATUS_INPUT, "Add node 'half' lacks input 0");
}

static void test_cycles(void **state) {
  (void)state;
  model_proto *proto = base();
  maker_node(proto->graph, "Add", "a", "x,c", "b");
  maker_node(proto->graph, "Relu", "r", "b", "c");
  refused(proto, HRS_STATUS_INPUT, "cycle");
  proto = base();
  maker_node(proto->graph, "Add", "self", "x,b", "b");
  refused(proto, HRS_STATUS_INPUT, "Add node 'self'");
}

/* Any order will do, and chains of any length: nothing recurses, so a small stack is enough. */
enum { CHAIN = 20000, SMALL_STACK = 256 << 10 };

static void *evaluate_chain(void *result) {
  model_proto *proto = maker_model(13);
  maker_input(proto->graph, "x", FLOAT, 2, DIMS(1, 3));
  for (int i = CHAIN; i > 0; i--) {
    char in[32], out[32];
    snprintf(in, sizeof in, i > 1 ? "t%d" : "x", i - 1);
    snprintf(out, sizeof out, i < CHAIN ? "t%d" : "y", i);
    maker_node(proto->graph, "Relu", "", in, out);
  }
  maker_output(proto->graph, "y");
  *(float *)result = evaluate(proto);
  return NULL;
}

static void test_order_and_length(void **state) {
  (void)state;
  pthread_attr_t small;
  pthread_t thread;
  float value = 0;
  assert_int_equal(pthread_attr_init(&small), 0);
  assert_int_equal(pthread_attr_setstacksize(&small, SMALL_STACK), 0);
  assert_int_equal(pthread_create(&thread, &small, evaluate_chain, &value), 0);
  assert_int_equal(pthread_join(thread, NULL), 0);
  pthread_attr_destroy(&small);
  assert_true(value == 3);
}

static void test_support(void **state) {
  (void)state;
  model_proto *proto = base();
  maker_node(proto->graph, "Frobnicate", "odd", "y", "z");
  maker_output(proto->graph, "z");
  refused(proto, HRS_STATUS_UNSUPPORTED,
          "operator 'Frobnicate' (node 'odd', operator set 13) is not supported");
  /* What no output needs is no obstacle. */
  proto = base();
  maker_node(proto->graph, "Frobnicate", "odd", "y", "z");
  hrs_model *model;
  ASSERT_OK(load(proto, &model));
  hrs_feed feed = {.name = "x", .type = HRS_F32, .rank = 2, .dim = {1, 3}, .varies = true};
  const char *fetch = "z";
  hrs_session *session;
  ASSERT_FAILS(hrs_session_create(model, 1, &feed, 1, &fetch, 1, &session), UNSUPPORTED,
               "operator 'Frobnicate' (node 'odd'");
  hrs_model_destroy(&model);
  proto = base();
  node_proto *node = maker_node(proto->graph, "Gelu", "g", "y", "z");
  node->domain = strdup("com.microsoft");
  maker_output(proto->graph, "z");
  maker_opset(&proto->opset_import, &proto->n_opset_import, "com.microsoft", 1);
  refused(proto, HRS_STATUS_UNSUPPORTED,
          "operator 'com.microsoft.Gelu' (node 'g', operator set 1)");
  proto = base();
  maker_node(proto->graph, "Loop", "loop", "y", "z");
  maker_output(proto->graph, "z");
  refused(proto, HRS_STATUS_UNSUPPORTED, "operator 'Loop' (node 'loop'");
}

static void test_types(void **state) {
  (void)state;
  model_proto *proto = base();
  maker_input(proto->graph, "words", MAKER_TYPE(STRING), 1, DIMS(3));
  refused(proto, HRS_STATUS_UNSUPPORTED, "'words' is of type STRING");
  proto = base();
  maker_input(proto->graph, "deep", FLOAT, 9, DIMS(1, 1, 1, 1, 1, 1, 1, 1, 1));
  refused(proto, HRS_STATUS_UNSUPPORTED, "'deep' has 9 dimensions");
  proto = base();
  proto->graph->input[0]->type->tensor_type->shape->dim[1]->dim_value = -7;
  refused(proto, HRS_STATUS_INPUT, "dimension 1 of 'x' is -7");
  proto = base();
  Onnx__TypeProto *type = proto->graph->input[0]->type;
  protobuf_c_message_free_unpacked(&type->tensor_type->base, NULL);
  type->value_case = ONNX__TYPE_PROTO__VALUE_SEQUENCE_TYPE;
  type->sequence_type = malloc(sizeof *type->sequence_type);
  onnx__type_proto__sequence__init(type->sequence_type);
  refused(proto, HRS_STATUS_UNSUPPORTED, "'x' is no tensor");
}

/* ---- functions ---- */

/* local.affine(a, b?) = relu(a) * scale + b?, scale an attribute of the call (default 1 of Elu). */
static void add_functions(model_proto *proto) {
  function_proto *twice = maker_function(proto, "twice", "a", "r");
  maker_append(&twice->node, &twice->n_node, maker_node_of("Add", "sum", "a,a", "r"));
  function_proto *f = maker_function(proto, "deep", "a,b", "r");
  node_proto *call = maker_node_of("twice", "inner", "b", "c");
  call->domain = strdup("local");
  /* Out of order on purpose. */
  maker_append(&f->node, &f->n_node, maker_node_of("Add", "sum", "l,c", "r"));
  maker_append(&f->node, &f->n_node, call);
  node_proto *leaky = maker_node_of("LeakyRelu", "leaky", "a", "l");
  attribute_proto *a = maker_attribute(leaky, "alpha", MAKER_ATTRIBUTE(FLOAT));
  a->ref_attr_name = strdup("slope");
  maker_append(&f->node, &f->n_node, leaky);
}

static model_proto *calls(const char *inputs, float slope) {
  model_proto *proto = maker_model(16);
  maker_opset(&proto->opset_import, &proto->n_opset_import, "local", 1);
  add_functions(proto);
  maker_input(proto->graph, "x", FLOAT, 2, DIMS(1, 3));
  maker_node(proto->graph, "Neg", "neg", "x", "m");
  node_proto *call = maker_call(proto->graph, "deep", "call", inputs, "y");
  if (slope != 0) maker_float(call, "slope", slope);
  maker_output(proto->graph, "y");
  return proto;
}

static void test_functions(void **state) {
  (void)state;
  /* leaky(-3) + 2 * 3 */
  assert_true(evaluate(calls("m,x", 0.5f)) == 4.5f);
  assert_true(evaluate(calls("m,x", 0)) == -3 * 0.01f + 6);
  refused(calls("m,x,x", 0), HRS_STATUS_INPUT, "calls function 'local.deep' with 3 inputs");
  refused(calls("m", 0), HRS_STATUS_INPUT, "Add node 'call/inner/sum' lacks input 0");
  model_proto *proto = calls("m,x", 0);
  function_proto *again = maker_function(proto, "deep", "a", "r");
  (void)again;
  refused(proto, HRS_STATUS_INPUT, "function 'local.deep' is defined twice");
  proto = calls("m,x", 0);
  function_proto *self = maker_function(proto, "self", "a", "r");
  node_proto *call = maker_node_of("self", "me", "a", "r");
  call->domain = strdup("local");
  maker_append(&self->node, &self->n_node, call);
  maker_call(proto->graph, "self", "loop", "x", "z");
  refused(proto, HRS_STATUS_INPUT, "does a function call itself?");
  proto = calls("m,x", 0);
  self = maker_function(proto, "echo", "a", "a");
  maker_call(proto->graph, "echo", "e1", "q", "p");
  maker_call(proto->graph, "echo", "e2", "p", "q");
  refused(proto, HRS_STATUS_INPUT, "is made from itself");
}

/* Defaults of a function's attributes are a field that older onnx.proto files do not know. */
static void add_default(function_proto *f, const char *name, float value) {
  node_proto *node = maker_node_of("none", "", "", "");
  maker_float(node, name, value);
  size_t size = onnx__attribute_proto__get_packed_size(node->attribute[0]);
  assert_true(size < 128);
  ProtobufCMessageUnknownField *field = malloc(sizeof *field);
  *field = (ProtobufCMessageUnknownField){11, PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED, size + 1,
                                          malloc(size + 1)};
  field->data[0] = (uint8_t)size;
  onnx__attribute_proto__pack(node->attribute[0], field->data + 1);
  onnx__node_proto__free_unpacked(node, NULL);
  f->base.n_unknown_fields = 1;
  f->base.unknown_fields = field;
}

static void test_function_defaults(void **state) {
  (void)state;
  model_proto *proto = calls("m,x", 0);
  add_default(proto->functions[1], "slope", 0.25f);
  assert_true(evaluate(proto) == 6 - 0.75f);
  proto = calls("m,x", 0.5f);
  add_default(proto->functions[1], "slope", 0.25f);
  assert_true(evaluate(proto) == 4.5f);
  proto = calls("m,x", 0);
  add_default(proto->functions[1], "slope", 0.25f);
  proto->functions[1]->base.unknown_fields->data[2] ^= 0x40;
  refused(proto, HRS_STATUS_INPUT, "function 'local.deep': ");
}

/* Each of 30 functions calls the one before it ten times. */
static void test_function_bomb(void **state) {
  (void)state;
  model_proto *proto = calls("m,x", 0);
  char name[16], before[16];
  for (int level = 0; level < 30; level++) {
    snprintf(name, sizeof name, "f%d", level);
    snprintf(before, sizeof before, "f%d", level - 1);
    function_proto *f = maker_function(proto, name, "a", "r9");
    for (int i = 0; i < 10; i++) {
      char out[16];
      snprintf(out, sizeof out, "r%d", i);
      node_proto *node = maker_node_of(level ? before : "Neg", "n", "a", out);
      if (level) node->domain = strdup("local");
      maker_append(&f->node, &f->n_node, node);
    }
  }
  maker_call(proto->graph, "f29", "bomb", "x", "z");
  double start = hrs_time();
  refused(proto, HRS_STATUS_INPUT, "more than 262144 nodes");
  assert_true(hrs_time() - start < 20);
}

/* ---- If ---- */

static void branch(node_proto *node, const char *which, const char *op, const char *inputs) {
  attribute_proto *a = maker_attribute(node, which, MAKER_ATTRIBUTE(GRAPH));
  a->g = maker_graph();
  float ten[1] = {10};
  maker_initialiser(a->g, "own", FLOAT, 1, DIMS(1), sizeof ten, ten);
  maker_node(a->g, op, "in", inputs, "r");
  maker_output(a->g, "r");
}

static model_proto *with_if(const char *condition) {
  model_proto *proto = base();
  maker_output(proto->graph, "unused");
  maker_node(proto->graph, "Neg", "neg", "x", "unused");
  free(proto->graph->node[0]->output[0]);
  proto->graph->node[0]->output[0] = strdup("s");
  node_proto *node = maker_node(proto->graph, "If", "choose", condition, "y");
  branch(node, "then_branch", "Mul", "s,own");
  branch(node, "else_branch", "Sub", "s,own");
  unsigned char one = 1, zero = 0;
  maker_initialiser(proto->graph, "yes", MAKER_TYPE(BOOL), 0, NULL, 1, &one);
  maker_initialiser(proto->graph, "no", MAKER_TYPE(BOOL), 1, DIMS(1), 1, &zero);
  return proto;
}

static void test_if(void **state) {
  (void)state;
  assert_true(evaluate(with_if("yes")) == 60);
  assert_true(evaluate(with_if("no")) == -4);
  /* A condition computed from constants is known to the session alone. */
  model_proto *proto = with_if("c");
  maker_node(proto->graph, "Not", "not", "yes", "c");
  assert_true(evaluate(proto) == -4);
  /* The branch not taken may hold anything. */
  proto = with_if("c");
  maker_node(proto->graph, "Not", "not", "no", "c");
  graph_proto *other = proto->graph->node[2]->attribute[1]->g;
  free(other->node[0]->op_type);
  other->node[0]->op_type = strdup("Frobnicate");
  assert_true(evaluate(proto) == 60);
  proto = with_if("w");
  refused(proto, HRS_STATUS_INPUT, "condition of If node 'choose' is not one bool");
  proto = with_if("yes");
  free(proto->graph->node[2]->attribute[0]->name);
  proto->graph->node[2]->attribute[0]->name = strdup("other");
  refused(proto, HRS_STATUS_INPUT, "If node 'choose' has no then_branch");
}

static void test_if_on_data(void **state) {
  (void)state;
  model_proto *proto = with_if("c");
  maker_node(proto->graph, "Greater", "greater", "x,w", "c");
  hrs_model *model;
  ASSERT_OK(load(proto, &model));
  hrs_feed feed = {.name = "x", .type = HRS_F32, .rank = 2, .dim = {1, 1}, .varies = true};
  const char *fetch = "y";
  hrs_session *session;
  ASSERT_FAILS(hrs_session_create(model, 1, &feed, 1, &fetch, 1, &session), INPUT,
               "input 'x' has shape [d0, 3], but [1, 1] was given");
  hrs_model_destroy(&model);
}

/* ---- scores ---- */

static void scores(int opset, const char *ops, int64_t axis, const char *before, const char *op) {
  model_proto *proto = maker_model(opset);
  maker_input(proto->graph, "x", FLOAT, 2, DIMS(-1, 3));
  maker_node(proto->graph, "Relu", "relu", "x", "t0");
  char **list = NULL;
  size_t count = 0;
  maker_names(&list, &count, ops);
  char in[32] = "t0", out[32];
  for (size_t i = 0; i < count; i++) {
    snprintf(out, sizeof out, "t%zu", i + 1);
    node_proto *node = maker_node(proto->graph, list[i], list[i], in, out);
    if (strstr(list[i], "oftmax") && axis != 99) maker_int(node, "axis", axis);
    memcpy(in, out, sizeof in);
    free(list[i]);
  }
  free(list);
  maker_output(proto->graph, out);
  hrs_model *model;
  ASSERT_OK(load(proto, &model));
  const char *found, *found_op;
  ASSERT_OK(hrs_model_before_scores(model, out, &found, &found_op));
  assert_string_equal(found, before);
  if (op)
    assert_string_equal(found_op, op);
  else
    assert_null(found_op);
  ASSERT_FAILS(hrs_model_before_scores(model, "nothing", &found, &found_op), INPUT, "'nothing'");
  hrs_model_destroy(&model);
}

static void test_before_scores(void **state) {
  (void)state;
  scores(13, "Softmax", 99, "t0", "Softmax");
  scores(13, "Softmax,Identity", 1, "t0", "Softmax");
  scores(13, "Neg,LogSoftmax,Identity", -1, "t1", "LogSoftmax");
  scores(11, "Softmax", 99, "t0", "Softmax");
  scores(13, "Softmax", 0, "t1", NULL);
  scores(11, "Softmax", 0, "t0", "Softmax");
  scores(13, "Sigmoid", 99, "t0", "Sigmoid");
  scores(13, "Softmax,Neg", 99, "t2", NULL);
  scores(13, "Neg", 99, "t1", NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_description),
      cmocka_unit_test(test_header),
      cmocka_unit_test(test_names),
      cmocka_unit_test(test_cycles),
      cmocka_unit_test(test_order_and_length),
      cmocka_unit_test(test_support),
      cmocka_unit_test(test_types),
      cmocka_unit_test(test_functions),
      cmocka_unit_test(test_function_bomb),
      cmocka_unit_test(test_function_defaults),
      cmocka_unit_test(test_if),
      cmocka_unit_test(test_if_on_data),
      cmocka_unit_test(test_before_scores),
  };
  return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
