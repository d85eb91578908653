/* Sessions: cutting, folding, buffers, batches, new values of shared inputs. */
#include "network/steps.h"

#include "onnx_maker.h"

#define FLOAT MAKER_TYPE(FLOAT)

static hrs_model *load(model_proto *proto) {
  hrs_model *model;
  ASSERT_OK(hrs_model_load(maker_finish(proto, "session.onnx"), NULL, &model));
  return model;
}

static hrs_session *session_of(const hrs_model *model, int n_feeds, const hrs_feed *feeds,
                               const char *fetch, hrs_count batch) {
  hrs_session *session;
  ASSERT_OK(hrs_session_create(model, n_feeds, feeds, 1, &fetch, batch, &session));
  return session;
}

static hrs_feed varying(const char *name, hrs_count n) {
  return (hrs_feed){.name = name, .type = HRS_F32, .rank = 2, .dim = {1, n}, .varies = true};
}

/* ---- shapes ---- */

static model_proto *flatten_by_shape(void) {
  /* reshape(x, concat(shape(x)[0], -1)) as PyTorch writes view(x.size(0), -1) */
  model_proto *proto = maker_model(11);
  maker_input(proto->graph, "x", FLOAT, 3, DIMS(-1, 2, 3));
  int64_t zero[1] = {0}, minus[1] = {-1};
  maker_initialiser(proto->graph, "zero", MAKER_TYPE(INT64), 1, DIMS(1), 8, zero);
  maker_initialiser(proto->graph, "minus", MAKER_TYPE(INT64), 1, DIMS(1), 8, minus);
  maker_node(proto->graph, "Shape", "", "x", "s");
  maker_node(proto->graph, "Gather", "", "s,zero", "n");
  maker_node(proto->graph, "Concat", "", "n,minus", "to");
  maker_int(proto->graph->node[2], "axis", 0);
  maker_node(proto->graph, "Reshape", "", "x,to", "y");
  maker_output(proto->graph, "y");
  return proto;
}

static void test_shape_arithmetic(void **state) {
  (void)state;
  hrs_model *model = load(flatten_by_shape());
  hrs_feed feed = {.name = "x", .type = HRS_F32, .rank = 3, .dim = {1, 2, 3}, .varies = true};
  hrs_session *s = session_of(model, 1, &feed, "y", 4);
  const hrs_tensor_info *y = hrs_session_fetch_info(s, 0);
  assert_string_equal(y->name, "y");
  assert_int_equal(y->rank, 2);
  assert_int_equal(y->dim[0], 1);
  assert_int_equal(y->dim[1], 6);
  /* All that is left is the view. */
  assert_int_equal(s->n_steps, 1);
  hrs_count step;
  float *x = hrs_session_feed_buffer(s, 0);
  for (int i = 0; i < 24; i++)
    x[i] = (float)i;
  ASSERT_OK(hrs_session_run(s, 4));
  const float *values = hrs_session_fetch(s, 0, &step);
  assert_ptr_equal(values, x);
  assert_int_equal(step, 6);
  hrs_session_destroy(&s);
  hrs_model_destroy(&model);
}

static void create_fails(const hrs_model *model, const hrs_feed *feed, int n, const char *fetch,
                         hrs_status wanted, const char *message) {
  hrs_count before = hrs_memory_current();
  hrs_session *s;
  hrs_status status = hrs_session_create(model, n, feed, 1, &fetch, 1, &s);
  if (status != wanted || !strstr(hrs_error_message(), message))
    fail_msg("%s: '%s', expected '%s'", hrs_status_name(status), hrs_error_message(), message);
  assert_null(s);
  assert_int_equal(hrs_memory_current(), before);
}

static void test_wrong_feeds(void **state) {
  (void)state;
  hrs_model *model = load(flatten_by_shape());
  hrs_feed feed = {.name = "x", .type = HRS_F32, .rank = 3, .dim = {1, 2, 4}, .varies = true};
  create_fails(model, &feed, 1, "y", HRS_STATUS_INPUT,
               "input 'x' has shape [d0, 2, 3], but [1, 2, 4] was given");
  feed.rank = 2;
  create_fails(model, &feed, 1, "y", HRS_STATUS_INPUT, "but [1, 2] was given");
  feed.rank = 3;
  feed.dim[2] = 3;
  feed.type = HRS_F64;
  create_fails(model, &feed, 1, "y", HRS_STATUS_INPUT, "of type float32, but float64 was given");
  feed.type = HRS_F32;
  create_fails(model, &feed, 1, "z", HRS_STATUS_INPUT, "has no tensor 'z'");
  create_fails(model, &feed, 0, "y", HRS_STATUS_INPUT, "input 'x' is needed for 'y'");
  hrs_feed twice[2] = {feed, feed};
  create_fails(model, twice, 2, "y", HRS_STATUS_INPUT, "given twice");
  feed.name = "q";
  create_fails(model, &feed, 1, "y", HRS_STATUS_INPUT, "has no tensor 'q'");
  feed.name = "x";
  feed.dim[0] = INT64_MAX / 4;
  create_fails(model, &feed, 1, "y", HRS_STATUS_INPUT, "too large");
  feed.dim[0] = INT64_MAX / 1024;
  create_fails(model, &feed, 1, "y", HRS_STATUS_INPUT, "GiB");
  hrs_model_destroy(&model);
}

static void test_shape_from_data(void **state) {
  (void)state;
  model_proto *proto = maker_model(13);
  maker_input(proto->graph, "x", FLOAT, 2, DIMS(1, 2));
  maker_node(proto->graph, "Cast", "cast", "x", "c");
  maker_int(proto->graph->node[0], "to", MAKER_TYPE(INT64));
  int64_t shape[1] = {-1};
  maker_initialiser(proto->graph, "flat", MAKER_TYPE(INT64), 1, DIMS(1), 8, shape);
  maker_node(proto->graph, "Reshape", "to1d", "c,flat", "d");
  maker_node(proto->graph, "Reshape", "bad", "x,d", "y");
  maker_output(proto->graph, "y");
  hrs_model *model = load(proto);
  hrs_feed feed = varying("x", 2);
  create_fails(model, &feed, 1, "y", HRS_STATUS_UNSUPPORTED,
               "Reshape node 'bad' (operator set 13): input 1 depends on the masked input");
  /* The same from a shared input is fine while the shape stays. */
  float two_one[2] = {2, 1}, one_two[2] = {1, 2};
  hrs_feed shared = feed;
  shared.varies = false;
  shared.data = two_one;
  hrs_session *s = session_of(model, 1, &shared, "y", 1);
  assert_int_equal(hrs_session_fetch_info(s, 0)->dim[0], 2);
  ASSERT_OK(hrs_session_run(s, 1));
  ASSERT_OK(hrs_session_set_shared(s, 0, one_two));
  ASSERT_FAILS(hrs_session_run(s, 1), UNSUPPORTED, "depends on the values of an input");
  ASSERT_OK(hrs_session_set_shared(s, 0, two_one));
  ASSERT_OK(hrs_session_run(s, 1));
  hrs_session_destroy(&s);
  hrs_model_destroy(&model);
}

static void test_if_needs_data(void **state) {
  (void)state;
  model_proto *proto = maker_model(13);
  maker_input(proto->graph, "x", FLOAT, 2, DIMS(1, 1));
  float zero[1] = {0};
  maker_initialiser(proto->graph, "zero", FLOAT, 1, DIMS(1), 4, zero);
  maker_node(proto->graph, "Greater", "", "x,zero", "c");
  node_proto *node = maker_node(proto->graph, "If", "choose", "c", "y");
  static const char *const ops[2] = {"Neg", "Identity"};
  for (int i = 0; i < 2; i++) {
    attribute_proto *a =
        maker_attribute(node, i ? "else_branch" : "then_branch", MAKER_ATTRIBUTE(GRAPH));
    a->g = maker_graph();
    maker_node(a->g, ops[i], "", "x", "r");
    maker_output(a->g, "r");
  }
  maker_output(proto->graph, "y");
  hrs_model *model = load(proto);
  hrs_feed feed = varying("x", 1);
  create_fails(model, &feed, 1, "y", HRS_STATUS_UNSUPPORTED,
               "If node 'choose' depends on an input that is masked");
  /* From a shared input it is decided once. */
  float five[1] = {5}, minus[1] = {-5};
  feed.varies = false;
  feed.data = five;
  hrs_session *s = session_of(model, 1, &feed, "y", 1);
  hrs_count step;
  ASSERT_OK(hrs_session_run(s, 1));
  assert_true(*(const float *)hrs_session_fetch(s, 0, &step) == -5);
  assert_int_equal(step, 0);
  ASSERT_OK(hrs_session_set_shared(s, 0, minus));
  ASSERT_FAILS(hrs_session_run(s, 1), UNSUPPORTED, "takes another branch");
  hrs_session_destroy(&s);
  /* Inner tensors of branches have names, too. */
  s = session_of(model, 1, &feed, "choose/else_branch/r", 1);
  hrs_session_destroy(&s);
  hrs_model_destroy(&model);
}

/* ---- half precision ---- */

static void test_half(void **state) {
  (void)state;
  model_proto *proto = maker_model(13);
  maker_input(proto->graph, "x", MAKER_TYPE(FLOAT16), 2, DIMS(1, 2));
  uint16_t w[2] = {0x3c00, 0x4000}; /* 1, 2 */
  maker_initialiser(proto->graph, "w", MAKER_TYPE(FLOAT16), 1, DIMS(2), sizeof w, w);
  maker_node(proto->graph, "Add", "", "x,w", "s");
  maker_node(proto->graph, "Cast", "", "s", "wide");
  maker_int(proto->graph->node[1], "to", FLOAT);
  float third[2] = {1.0f / 3, 1.0f / 3};
  maker_initialiser(proto->graph, "third", FLOAT, 1, DIMS(2), sizeof third, third);
  maker_node(proto->graph, "Mul", "", "wide,third", "p");
  maker_node(proto->graph, "Cast", "", "p", "narrow");
  maker_int(proto->graph->node[3], "to", MAKER_TYPE(FLOAT16));
  maker_node(proto->graph, "Neg", "", "narrow", "y");
  maker_output(proto->graph, "y");
  hrs_model *model = load(proto);
  hrs_feed feed = varying("x", 2);
  feed.type = HRS_F16;
  hrs_session *s = session_of(model, 1, &feed, "y", 3);
  uint16_t *x = hrs_session_feed_buffer(s, 0);
  static const uint16_t values[6] = {0, 0x3c00, 0x4000, 0x4200, 0xbc00, 0x3c00};
  memcpy(x, values, sizeof values);
  ASSERT_OK(hrs_session_run(s, 3));
  hrs_count step;
  const float *y = hrs_session_fetch(s, 0, &step);
  assert_int_equal(hrs_session_fetch_info(s, 0)->type, HRS_F32);
  /* Sums 1 3 | 3 5 | 0 3; thirds rounded to 11 bits. */
  assert_true(y[0] == -0.333251953125f);
  assert_true(y[1] == -1);
  assert_true(y[3] == -1.6669921875f);
  assert_true(y[4] == 0);
  hrs_session_destroy(&s);
  /* Samples may be float32 as well. */
  feed.type = HRS_F32;
  s = session_of(model, 1, &feed, "y", 1);
  memcpy(hrs_session_feed_buffer(s, 0), (float[]){0, 1}, 8);
  ASSERT_OK(hrs_session_run(s, 1));
  assert_true(((const float *)hrs_session_fetch(s, 0, &step))[0] == -0.333251953125f);
  hrs_session_destroy(&s);
  hrs_model_destroy(&model);
}

/* ---- what is counted, and limits ---- */

static void test_attribute_types(void **state) {
  (void)state;
  model_proto *proto = maker_model(13);
  maker_input(proto->graph, "x", FLOAT, 2, DIMS(1, 2));
  maker_node(proto->graph, "Softmax", "soft", "x", "y");
  maker_float(proto->graph->node[0], "axis", 1);
  maker_output(proto->graph, "y");
  hrs_model *model = load(proto);
  hrs_feed feed = varying("x", 2);
  create_fails(model, &feed, 1, "y", HRS_STATUS_INPUT, "attribute 'axis' is not of the type");
  hrs_model_destroy(&model);
}

static model_proto *dense(int64_t n) {
  model_proto *proto = maker_model(13);
  maker_input(proto->graph, "x", FLOAT, 2, DIMS(1, n));
  float *w;
  ASSERT_OK(hrs_calloc(n * n, sizeof *w, &w));
  for (int64_t i = 0; i < n * n; i++)
    w[i] = (float)(i % 7 - 3);
  maker_initialiser(proto->graph, "w", FLOAT, 2, DIMS(n, n), (size_t)(n * n) * 4, w);
  hrs_free(w);
  maker_node(proto->graph, "MatMul", "mm", "x,w", "h");
  maker_node(proto->graph, "Relu", "", "h", "y");
  maker_output(proto->graph, "y");
  return proto;
}

static void test_counts(void **state) {
  (void)state;
  hrs_model *model = load(dense(32));
  hrs_feed feed = varying("x", 32);
  hrs_count before = hrs_memory_current();
  hrs_session *s = session_of(model, 1, &feed, "y", 0);
  assert_int_equal(hrs_session_multiply_adds(s), 32 * 32);
  assert_int_equal(hrs_session_bytes(s), hrs_memory_current() - before);
  hrs_count batch = hrs_session_max_batch(s);
  assert_true(batch > 1 && (batch & (batch - 1)) == 0);
  /* Two runs of the same batch give the same bits, and row by row the same numbers. */
  float *x = hrs_session_feed_buffer(s, 0);
  for (hrs_count i = 0; i < batch * 32; i++)
    x[i] = (float)(i % 11 - 5);
  ASSERT_OK(hrs_session_run(s, batch));
  hrs_count step;
  float first[32];
  const float *y = hrs_session_fetch(s, 0, &step);
  memcpy(first, y + 5 * step, sizeof first);
  for (hrs_count i = 0; i < batch * 32; i++)
    x[i] = (float)(i % 11 - 5);
  ASSERT_OK(hrs_session_run(s, batch));
  y = hrs_session_fetch(s, 0, &step);
  assert_memory_equal(first, y + 5 * step, sizeof first);
  for (int column = 0; column < 32; column++) {
    float sum = 0;
    for (int row = 0; row < 32; row++)
      sum += (float)((5 * 32 + row) % 11 - 5) * (float)((row * 32 + column) % 7 - 3);
    assert_true(first[column] == (sum > 0 ? sum : 0));
  }
  ASSERT_FAILS(hrs_session_run(s, batch + 1), INTERNAL, "at most");
  hrs_session_destroy(&s);
  hrs_count limit = hrs_session_limit;
  hrs_session_limit = 1 << 12;
  const char *fetch = "y";
  ASSERT_FAILS(hrs_session_create(model, 1, &feed, 1, &fetch, 64, &s), TOO_LARGE, "GiB");
  hrs_session_limit = limit;
  ASSERT_FAILS(hrs_session_create(model, 1, &feed, 1, &fetch, 1 << 21, &s), USAGE, "batch");
  hrs_model_destroy(&model);
}

/* Fetches that are a feed, a constant, or one tensor twice. */
static void test_odd_fetches(void **state) {
  (void)state;
  hrs_model *model = load(dense(4));
  hrs_feed feed = varying("x", 4);
  const char *fetches[] = {"x", "w", "y", "y", "h"};
  hrs_session *s;
  ASSERT_OK(hrs_session_create(model, 1, &feed, 5, fetches, 2, &s));
  float *x = hrs_session_feed_buffer(s, 0);
  for (int i = 0; i < 8; i++)
    x[i] = (float)i;
  ASSERT_OK(hrs_session_run(s, 2));
  hrs_count step;
  const float *values = hrs_session_fetch(s, 0, &step);
  assert_int_equal(step, 4);
  assert_true(values[7] == 7);
  values = hrs_session_fetch(s, 1, &step);
  assert_int_equal(step, 0);
  assert_true(values[15] == -2);
  const float *y = hrs_session_fetch(s, 2, &step), *again = hrs_session_fetch(s, 3, &step);
  const float *h = hrs_session_fetch(s, 4, &step);
  assert_ptr_equal(y, again);
  for (int i = 0; i < 8; i++)
    assert_true(y[i] == (h[i] > 0 ? h[i] : 0));
  hrs_session_destroy(&s);
  hrs_model_destroy(&model);
}

/* ---- operators that know nothing of instances ---- */

static hrs_status first_plus_second(hrs_call *call) {
  const float *a = call->in[0].data, *b = call->in[1].data;
  float *y = call->out[0].data;
  assert_int_equal(call->batch, 1);
  for (int i = 0; i < 3; i++)
    y[i] = a[i] + b[i];
  return HRS_OK;
}

static void test_one_by_one(void **state) {
  (void)state;
  static const hrs_operator plain = {.name = "Plain", .run = first_plus_second};
  float a[4][3], b[3] = {10, 20, 30}, y[4][3];
  for (int i = 0; i < 12; i++)
    a[i / 3][i % 3] = (float)i;
  hrs_tensor tensors[3] = {
      {HRS_F32, 1, {3}, a, 3}, {HRS_F32, 1, {3}, b, 0}, {HRS_F32, 1, {3}, y, 3}};
  hrs_step step = {.node = {.def = &plain}};
  step.call =
      (hrs_call){.node = &step.node, .n_in = 2, .n_out = 1, .in = tensors, .out = tensors + 2};
  ASSERT_OK(hrs_step_run(&step, 4));
  for (int i = 0; i < 4; i++)
    for (int k = 0; k < 3; k++)
      assert_true(y[i][k] == a[i][k] + b[k]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_shape_arithmetic),
      cmocka_unit_test(test_wrong_feeds),
      cmocka_unit_test(test_shape_from_data),
      cmocka_unit_test(test_if_needs_data),
      cmocka_unit_test(test_half),
      cmocka_unit_test(test_attribute_types),
      cmocka_unit_test(test_counts),
      cmocka_unit_test(test_odd_fetches),
      cmocka_unit_test(test_one_by_one),
  };
  return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
