/*
 * What files may ask of operators: windows and shapes far larger than any tensor, which must cost
 * neither time nor memory, and integer results that C leaves open, which must be the same
 * everywhere.
 */
#include "onnx_maker.h"

#include <harsanyi/network.h>

#include <math.h>
#include <time.h>

enum { MOST_SECONDS = 5 };

/* Evaluate the node of a model, whose input x0 (and x1, where it is there) is given. `out` takes
 * the bytes of the result. */
static void evaluate(model_proto *proto, int n, const hrs_feed *feeds, void *out, size_t bytes) {
  maker_output(proto->graph, "y");
  hrs_model *model = NULL;
  hrs_session *session = NULL;
  const char *fetch = "y";
  ASSERT_OK(hrs_model_load(maker_finish(proto, "extreme.onnx"), NULL, &model));
  ASSERT_OK(hrs_session_create(model, n, feeds, 1, &fetch, 1, &session));
  ASSERT_OK(hrs_session_run(session, 1));
  hrs_count step;
  const void *result = hrs_session_fetch(session, 0, &step);
  if (bytes > 0) memcpy(out, result, bytes);
  hrs_session_destroy(&session);
  hrs_model_destroy(&model);
}

/* ---- time ---- */

/* A window of 16 million elements, nearly all of them padding, over each of many planes. */
static void test_wide_windows(void **state) {
  (void)state;
  static const char *const ops[] = {"AveragePool", "MaxPool", "LpPool"};
  enum { PLANES = 500, LENGTH = 64, KERNEL = 1 << 24 };
  const int64_t dim[] = {1, PLANES, LENGTH}, kernel = KERNEL, pads[] = {KERNEL / 2, KERNEL / 2};
  static float x[PLANES * LENGTH], y[PLANES * (LENGTH + 1)];
  for (int i = 0; i < PLANES * LENGTH; i++)
    x[i] = 1;
  for (size_t k = 0; k < sizeof ops / sizeof *ops; k++) {
    model_proto *proto = maker_model(19);
    maker_input(proto->graph, "x", MAKER_TYPE(FLOAT), 3, dim);
    node_proto *node = maker_node(proto->graph, ops[k], "n", "x", k == 1 ? "y,where" : "y");
    maker_ints(node, "kernel_shape", 1, &kernel);
    maker_ints(node, "pads", 2, pads);
    hrs_feed feed = {.name = "x", .type = HRS_F32, .rank = 3, .dim = {1, PLANES, LENGTH}};
    feed.data = x;
    clock_t start = clock();
    evaluate(proto, 1, &feed, y, sizeof y);
    assert_true((double)(clock() - start) / CLOCKS_PER_SEC < MOST_SECONDS);
    assert_true(fabsf(y[0] - (k == 2 ? 8 : 1)) < 1e-4f);
  }
}

/* A length of 0 beside 2^50 lines: nothing to walk over. */
static void test_empty_tensors(void **state) {
  (void)state;
  static const char *const ops[] = {"Softmax", "Hardmax", "LpNormalization", "CumSum",
                                    "TopK",    "Relu",    "Gather"};
  const int64_t dim[] = {1 << 30, 1 << 20, 0};
  for (size_t k = 0; k < sizeof ops / sizeof *ops; k++) {
    bool two = k == 3 || k == 4 || k == 6;
    model_proto *proto = maker_model(13);
    maker_input(proto->graph, "x", MAKER_TYPE(FLOAT), 3, dim);
    int64_t one = 1, value = k == 3 ? 2 : 0;
    if (two) maker_input(proto->graph, "k", MAKER_TYPE(INT64), 1, &one);
    maker_node(proto->graph, ops[k], "n", two ? "x,k" : "x", "y");
    hrs_feed feed[2] = {{.name = "x", .type = HRS_F32, .rank = 3, .dim = {dim[0], dim[1], 0}},
                        {.name = "k", .type = HRS_I64, .rank = 1, .dim = {1}}};
    feed[0].data = feed[1].data = &value;
    clock_t start = clock();
    evaluate(proto, two ? 2 : 1, feed, NULL, 0);
    assert_true((double)(clock() - start) / CLOCKS_PER_SEC < MOST_SECONDS);
  }
}

/* ---- numbers ---- */

static model_proto *two_inputs(const char *op, int left, int right, int64_t count) {
  model_proto *proto = maker_model(15);
  maker_input(proto->graph, "x", left, 1, &count);
  maker_input(proto->graph, "k", right, 1, &count);
  maker_node(proto->graph, op, "n", "x,k", "y");
  return proto;
}

static void check_pairs(const char *op, hrs_dtype right, int count, const int32_t *a, const void *b,
                        const int32_t *expected) {
  int32_t got[16];
  hrs_feed feed[2] = {{.name = "x", .type = HRS_I32, .rank = 1, .dim = {count}, .data = a},
                      {.name = "k", .type = right, .rank = 1, .dim = {count}, .data = b}};
  int type = right == HRS_I32 ? MAKER_TYPE(INT32) : MAKER_TYPE(FLOAT);
  evaluate(two_inputs(op, MAKER_TYPE(INT32), type, count), 2, feed, got,
           sizeof *got * (size_t)count);
  for (int i = 0; i < count; i++)
    if (got[i] != expected[i]) fail_msg("%s, pair %d: %d, not %d", op, i, got[i], expected[i]);
}

static void test_power(void **state) {
  (void)state;
  const int32_t base[] = {0, 2, -2, 10, -3, 7, -8};
  const float exponent[] = {-1, 40, 41, 0.5f, 0.5f, NAN, 1};
  const int32_t expected[] = {INT32_MAX, INT32_MAX, INT32_MIN, 3, 0, 0, -8};
  check_pairs("Pow", HRS_F32, 7, base, exponent, expected);
}

static void test_division(void **state) {
  (void)state;
  const int32_t a[] = {7, -7, 0, INT32_MIN, INT32_MIN}, b[] = {0, 0, 0, -1, 1};
  const int32_t quotient[] = {0, 0, 0, INT32_MIN, INT32_MIN}, rest[5] = {0};
  check_pairs("Div", HRS_I32, 5, a, b, quotient);
  check_pairs("Mod", HRS_I32, 5, a, b, rest);
}

/* Cast of every real that an integer does not have. */
static void test_cast(void **state) {
  (void)state;
  const float x[] = {NAN, INFINITY, -INFINITY, 300, -300, -0.9f, 127.9f};
  const int64_t count = sizeof x / sizeof *x;
  const int8_t expected[] = {0, 127, -128, 127, -128, 0, 127};
  model_proto *proto = maker_model(13);
  maker_input(proto->graph, "x", MAKER_TYPE(FLOAT), 1, &count);
  maker_int(maker_node(proto->graph, "Cast", "n", "x", "y"), "to", MAKER_TYPE(INT8));
  int8_t got[sizeof x / sizeof *x];
  hrs_feed feed = {.name = "x", .type = HRS_F32, .rank = 1, .dim = {count}, .data = x};
  evaluate(proto, 1, &feed, got, sizeof got);
  assert_memory_equal(got, expected, sizeof got);
}

/* Roots and logarithms of sums that have wrapped, or are 0. */
static void test_reductions(void **state) {
  (void)state;
  const int64_t one = 1;
  const struct {
    const char *op;
    int32_t x, expected;
  } rows[] = {{"ReduceL2", 46341, 0}, {"ReduceLogSum", 0, INT32_MIN}, {"ReduceLogSum", -5, 0}};
  for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
    model_proto *proto = maker_model(13);
    maker_input(proto->graph, "x", MAKER_TYPE(INT32), 1, &one);
    maker_node(proto->graph, rows[k].op, "n", "x", "y");
    int32_t got;
    hrs_feed feed = {.name = "x", .type = HRS_I32, .rank = 1, .dim = {1}, .data = &rows[k].x};
    evaluate(proto, 1, &feed, &got, sizeof got);
    assert_int_equal(got, rows[k].expected);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_wide_windows), cmocka_unit_test(test_empty_tensors),
      cmocka_unit_test(test_power),        cmocka_unit_test(test_division),
      cmocka_unit_test(test_cast),         cmocka_unit_test(test_reductions)};
  return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
