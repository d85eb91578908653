/* Sessions of random graphs against a plain evaluation: buffers, views, batches, shared inputs with
 * new values, feeds in the middle of a graph. */
#include "network/steps.h"

#include "onnx_maker.h"
#include "pick.h"

#define FLOAT MAKER_TYPE(FLOAT)

static hrs_model *load(model_proto *proto) {
  hrs_model *model;
  ASSERT_OK(hrs_model_load(maker_finish(proto, "session.onnx"), NULL, &model));
  return model;
}

/* Every node makes a tensor of WIDTH numbers; small integers, so that all sums are exact. Reshape
 * and Identity make views, Relu and Neg may work in place, constants are folded. */
enum { WIDTH = 6, MOST_NODES = 60, MOST_BATCH = 5 };
enum { ADD, SUB, MAX, NEG, RELU, IDENTITY, RESHAPE, OPS };
static const char *const op_names[OPS] = {"Add",  "Sub",      "Max",    "Neg",
                                          "Relu", "Identity", "Reshape"};

typedef struct random_graph {
  int op[MOST_NODES], a[MOST_NODES], b[MOST_NODES]; /* tensors: 0-3 given, then nodes */
  int nodes;
  float given[4][MOST_BATCH][WIDTH]; /* varying, varying, shared, constant */
} random_graph;

static int random_below(int n) {
  return (int)pick(0, n - 1);
}

static float apply(int op, float a, float b) {
  switch (op) {
  case ADD:
    return a + b;
  case SUB:
    return a - b;
  case MAX:
    return a > b ? a : b;
  case NEG:
    return -a;
  case RELU:
    return a > 0 ? a : 0;
  default:
    return a;
  }
}

static float reference(const random_graph *g, int tensor, int instance, int element) {
  float value[4 + MOST_NODES];
  for (int i = 0; i < 4; i++)
    value[i] = g->given[i][i < 2 ? instance : 0][element];
  for (int i = 0; i < g->nodes; i++)
    value[4 + i] = apply(g->op[i], value[g->a[i]], value[g->b[i]]);
  return value[tensor];
}

static const char *tensor_name(int tensor) {
  static char text[8][16];
  static int turn;
  turn = (turn + 1) % 8;
  snprintf(text[turn], sizeof *text, "t%d", tensor);
  return text[turn];
}

static model_proto *random_model(random_graph *g) {
  model_proto *proto = maker_model(13);
  g->nodes = 1 + random_below(MOST_NODES);
  for (int i = 0; i < 4; i++)
    for (int b = 0; b < MOST_BATCH; b++)
      for (int e = 0; e < WIDTH; e++)
        g->given[i][b][e] = (float)(random_below(9) - 4);
  for (int i = 0; i < 3; i++)
    maker_input(proto->graph, tensor_name(i), FLOAT, 2, DIMS(2, 3));
  maker_initialiser(proto->graph, "t3", FLOAT, 2, DIMS(2, 3), sizeof g->given[3][0],
                    g->given[3][0]);
  maker_initialiser(proto->graph, "shape", MAKER_TYPE(INT64), 1, DIMS(2), 16, DIMS(2, 3));
  for (int i = 0; i < g->nodes; i++) {
    char inputs[64];
    g->op[i] = random_below(OPS);
    /* Mostly recent tensors, so that there are chains, and now and then one from far back. */
    int known = 4 + i;
    g->a[i] =
        random_below(3) ? known - 1 - random_below(known < 4 ? known : 4) : random_below(known);
    g->b[i] = random_below(known);
    snprintf(inputs, sizeof inputs, g->op[i] <= MAX ? "%s,%s" : "%s", tensor_name(g->a[i]),
             tensor_name(g->b[i]));
    if (g->op[i] == RESHAPE) strcat(inputs, ",shape");
    maker_node(proto->graph, op_names[g->op[i]], "", inputs, tensor_name(known));
  }
  /* Initialisers that nothing reads are not loaded. */
  maker_node(proto->graph, "Identity", "", "t3", "reader");
  maker_output(proto->graph, tensor_name(3 + g->nodes));
  return proto;
}

static void check_fetch(const random_graph *g, hrs_session *s, int fetch, int tensor, int batch) {
  hrs_count step;
  const float *values = hrs_session_fetch(s, fetch, &step);
  for (int b = 0; b < batch; b++)
    for (int e = 0; e < WIDTH; e++)
      assert_true(values[b * step + e] == reference(g, tensor, b, e));
}

static void test_random_graphs(void **state) {
  (void)state;
  hrs_count before = hrs_memory_current();
  for (int round = 0; round < 400; round++) {
    static random_graph g;
    hrs_model *model = load(random_model(&g));

    hrs_feed feeds[3];
    for (int i = 0; i < 3; i++)
      feeds[i] = (hrs_feed){.name = tensor_name(i),
                            .type = HRS_F32,
                            .rank = 2,
                            .dim = {2, 3},
                            .varies = i < 2,
                            .data = i < 2 ? NULL : g.given[2][0]};
    int tensor[3];
    const char *fetches[3];
    for (int i = 0; i < 3; i++) {
      tensor[i] = random_below(4 + g.nodes);
      fetches[i] = tensor_name(tensor[i]);
    }
    hrs_session *s;
    ASSERT_OK(hrs_session_create(model, 3, feeds, 3, fetches, MOST_BATCH, &s));
    for (int run = 0; run < 3; run++) {
      int batch = 1 + random_below(MOST_BATCH);
      if (run > 0) {
        for (int e = 0; e < WIDTH; e++)
          g.given[2][0][e] = (float)(random_below(9) - 4);
        ASSERT_OK(hrs_session_set_shared(s, 2, g.given[2][0]));
      }
      for (int i = 0; i < 2; i++)
        memcpy(hrs_session_feed_buffer(s, i), g.given[i], sizeof g.given[i][0] * (size_t)batch);
      ASSERT_OK(hrs_session_run(s, batch));
      for (int i = 0; i < 3; i++)
        check_fetch(&g, s, i, tensor[i], batch);
    }
    hrs_session_destroy(&s);
    hrs_model_destroy(&model);
  }
  assert_int_equal(hrs_memory_current(), before);
}

/* Any inner tensor may be fed: what lies behind it is left out. */
static void test_inner_feeds(void **state) {
  (void)state;
  for (int round = 0; round < 200; round++) {
    static random_graph g;
    hrs_model *model = load(random_model(&g));
    int fed = 4 + random_below(g.nodes), wanted = 4 + random_below(g.nodes);
    hrs_feed feeds[4];
    for (int i = 0; i < 3; i++)
      feeds[i] = (hrs_feed){
          .name = tensor_name(i), .type = HRS_F32, .rank = 2, .dim = {2, 3}, .data = g.given[i][0]};
    feeds[3] = feeds[0];
    feeds[3].name = tensor_name(fed);
    feeds[3].varies = true;
    feeds[3].data = NULL;
    for (int i = 0; i < 2; i++)
      for (int b = 1; b < MOST_BATCH; b++)
        memcpy(g.given[i][b], g.given[i][0], sizeof *g.given[i]);
    const char *fetch = tensor_name(wanted);
    hrs_session *s;
    ASSERT_OK(hrs_session_create(model, 4, feeds, 1, &fetch, MOST_BATCH, &s));
    float values[MOST_BATCH][WIDTH];
    for (int b = 0; b < MOST_BATCH; b++)
      for (int e = 0; e < WIDTH; e++)
        values[b][e] = (float)(random_below(9) - 4);
    memcpy(hrs_session_feed_buffer(s, 3), values, sizeof values);
    ASSERT_OK(hrs_session_run(s, MOST_BATCH));
    hrs_count step;
    const float *found = hrs_session_fetch(s, 0, &step);
    for (int b = 0; b < MOST_BATCH; b++) {
      for (int e = 0; e < WIDTH; e++) {
        float value[4 + MOST_NODES];
        for (int i = 0; i < 4; i++)
          value[i] = g.given[i][0][e];
        for (int i = 0; i < g.nodes; i++)
          value[4 + i] = 4 + i == fed ? values[b][e] : apply(g.op[i], value[g.a[i]], value[g.b[i]]);
        assert_true(found[b * step + e] == value[wanted]);
      }
    }
    hrs_session_destroy(&s);
    hrs_model_destroy(&model);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_graphs),
                                     cmocka_unit_test(test_inner_feeds)};
  return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
