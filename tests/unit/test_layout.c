/* Which axis of its input a network reads as channels. */
#include "small_model.h"

typedef struct chain {
  const char *ops; /* applied to x one after the other; an upper-case letter each, see below */
  int rank;
  int channels;
} chain;

/* C convolution, P pool, M product with weights, L recurrent layer, T axes (0, 2, 1[, 3]) to come,
 * R Relu, A a constant added, F Flatten, D the product of the value with itself. */
static void append(graph_proto *graph, char op, int rank, const char *in, const char *out) {
  char inputs[64];
  float w[1] = {1};
  const int64_t turned[4] = {0, rank - 1, 1, 2};
  const char *weights = op == 'M' || op == 'C' || op == 'L' || op == 'A' ? ",w" : "";
  if (op == 'D') weights = in;
  snprintf(inputs, sizeof inputs, "%s%s%s%s", in, op == 'D' ? "," : "", weights,
           op == 'L' ? ",w" : "");
  const char *name = op == 'C'   ? "Conv"
                     : op == 'P' ? "GlobalAveragePool"
                     : op == 'L' ? "LSTM"
                     : op == 'T' ? "Transpose"
                     : op == 'R' ? "Relu"
                     : op == 'A' ? "Add"
                     : op == 'F' ? "Flatten"
                                 : "MatMul";
  node_proto *node = maker_node(graph, name, out, inputs, out);
  if (op == 'T') maker_ints(node, "perm", rank, turned);
  if (op == 'L') maker_int(node, "hidden_size", 1);
  bool there = false;
  for (size_t i = 0; i < graph->n_initializer; i++)
    there |= strcmp(graph->initializer[i]->name, "w") == 0;
  if (!there) maker_initialiser(graph, "w", FLOAT, 1, DIMS(1), sizeof w, w);
}

static int axis_of(const char *ops, int rank) {
  model_proto *proto = maker_model(13);
  maker_input(proto->graph, "x", FLOAT, rank, DIMS(1, 5, 6, 7));
  char in[16] = "x", out[16];
  for (int i = 0; ops[i]; i++) {
    snprintf(out, sizeof out, ops[i + 1] ? "t%d" : "y", i);
    append(proto->graph, ops[i], rank, in, out);
    memcpy(in, out, sizeof in);
  }
  maker_output(proto->graph, "y");
  hrs_model *model;
  ASSERT_OK(load(proto, &model));
  int axis = 7;
  ASSERT_OK(hrs_model_channel_axis(model, "x", rank, &axis));
  hrs_model_destroy(&model);
  return axis;
}

static void readers(void **state) {
  (void)state;
  const chain chains[] = {
      {"C", 3, 1},    {"C", 4, 1},   {"RAC", 3, 1}, {"P", 4, 1},   {"TC", 3, 2}, {"TC", 4, 3},
      {"ATRC", 4, 3}, {"M", 3, 2},   {"RM", 3, 2},  {"TM", 3, 1},  {"L", 3, 2},  {"M", 4, -1},
      {"D", 3, -1},   {"FC", 4, -1}, {"R", 4, -1},  {"TTC", 4, 2},
  };
  hrs_count before = hrs_memory_current();
  for (size_t i = 0; i < sizeof chains / sizeof chains[0]; i++) {
    int axis = axis_of(chains[i].ops, chains[i].rank);
    if (axis != chains[i].channels)
      fail_msg("%s, rank %d: axis %d, expected %d", chains[i].ops, chains[i].rank, axis,
               chains[i].channels);
  }
  assert_int_equal(hrs_memory_current(), before);
}

/* Branches that agree, and some that do not; an inner tensor; a name that there is not. */
static void branches(void **state) {
  (void)state;
  model_proto *proto = maker_model(13);
  maker_input(proto->graph, "x", FLOAT, 3, DIMS(1, 5, 6));
  append(proto->graph, 'C', 3, "x", "a");
  append(proto->graph, 'P', 3, "x", "b");
  append(proto->graph, 'M', 3, "b", "y");
  append(proto->graph, 'C', 3, "b", "z");
  maker_output(proto->graph, "y");
  hrs_model *model;
  int axis;
  ASSERT_OK(load(proto, &model));
  ASSERT_OK(hrs_model_channel_axis(model, "x", 3, &axis));
  assert_int_equal(axis, 1);
  ASSERT_OK(hrs_model_channel_axis(model, "b", 3, &axis));
  assert_int_equal(axis, -1);
  ASSERT_OK(hrs_model_channel_axis(model, "nowhere", 3, &axis));
  assert_int_equal(axis, -1);
  hrs_model_destroy(&model);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(readers), cmocka_unit_test(branches)};
  return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
