/*
 * Fused steps against the single ones: the same network, made twice. Random layers of all kinds
 * that are fused, and what must not be.
 */
#include "network/operators/tile.h"
#include "network/steps.h"

#include "onnx_maker.h"
#include "pick.h"

#include <math.h>

#define FLOAT MAKER_TYPE(FLOAT)

/* ---- networks, layer by layer ---- */

typedef struct builder {
  graph_proto *graph;
  char value[16]; /* the last one */
  int rank, count;
  int64_t dim[4];
} builder;

static const char *named(const char *kind, int number_) {
  static char text[8][24];
  static int turn;
  turn = (turn + 1) % 8;
  snprintf(text[turn], sizeof *text, "%s%d", kind, number_);
  return text[turn];
}

static void weight(builder *b, const char *name, float low, int rank, const int64_t *dim) {
  int64_t n = 1;
  for (int i = 0; i < rank; i++)
    n *= dim[i];
  /* Results stay near 1, where rounding does not grow from layer to layer. */
  float scale = rank < 2 ? 1 : 1 / sqrtf((float)n / (float)(dim[0] < dim[1] ? dim[0] : dim[1]));
  float *data = malloc(sizeof *data * (size_t)n);
  for (int64_t i = 0; i < n; i++)
    data[i] = low > 0 ? low + fabsf(number()) : scale * number();
  maker_initialiser(b->graph, name, FLOAT, rank, dim, (size_t)n * sizeof *data, data);
  free(data);
}

/* A node that reads the last value and, where `more` says so, others. */
static node_proto *layer(builder *b, const char *op, const char *more) {
  const char *out = named("v", ++b->count);
  char inputs[96];
  snprintf(inputs, sizeof inputs, "%s%s%s", b->value, *more ? "," : "", more);
  node_proto *node = maker_node(b->graph, op, out, inputs, out);
  snprintf(b->value, sizeof b->value, "%s", out);
  return node;
}

static void add_gemm(builder *b) {
  bool flip = pick(0, 1), bias = pick(0, 3) > 0;
  int64_t k = b->dim[1], n = pick(1, 40);
  const char *w = named("w", b->count), *c = named("c", b->count);
  weight(b, w, 0, 2, flip ? DIMS(n, k) : DIMS(k, n));
  char more[64];
  snprintf(more, sizeof more, "%s%s%s", w, bias ? "," : "", bias ? c : "");
  if (bias) weight(b, c, 0, 1, pick(0, 3) ? &n : DIMS(1));
  node_proto *node = layer(b, "Gemm", more);
  maker_int(node, "transB", flip);
  if (pick(0, 1)) maker_float(node, "alpha", number());
  if (pick(0, 1)) maker_float(node, "beta", number());
  b->dim[1] = n;
}

static void add_matmul(builder *b) {
  int64_t k = b->dim[b->rank - 1], n = pick(1, 40);
  const char *w = named("w", b->count);
  weight(b, w, 0, 2, DIMS(k, n));
  layer(b, "MatMul", w);
  b->dim[b->rank - 1] = n;
}

static void add_bias(builder *b, int axis) {
  const char *c = named("c", b->count);
  int64_t dim[4] = {1, 1, 1, 1};
  int first = (int)pick(0, axis);
  dim[axis] = pick(0, 3) ? b->dim[axis] : 1;
  weight(b, c, 0, b->rank - first, dim + first);
  if (pick(0, 1)) {
    layer(b, "Add", c);
  } else {
    char inputs[64];
    const char *out = named("v", ++b->count);
    snprintf(inputs, sizeof inputs, "%s,%s", c, b->value);
    maker_node(b->graph, "Add", out, inputs, out);
    snprintf(b->value, sizeof b->value, "%s", out);
  }
}

static void add_normalization(builder *b) {
  char more[96];
  int n = b->count;
  weight(b, named("s", n), 0, 1, &b->dim[1]);
  weight(b, named("b", n), 0, 1, &b->dim[1]);
  weight(b, named("m", n), 0, 1, &b->dim[1]);
  weight(b, named("q", n), 0.25f, 1, &b->dim[1]);
  snprintf(more, sizeof more, "s%d,b%d,m%d,q%d", n, n, n, n);
  layer(b, "BatchNormalization", more);
}

/* The same for the last of three axes. */
static void add_turned_normalization(builder *b) {
  int64_t rows = b->dim[1];
  maker_ints(layer(b, "Transpose", ""), "perm", 3, DIMS(0, 2, 1));
  b->dim[1] = b->dim[2];
  add_normalization(b);
  b->dim[1] = rows;
  maker_ints(layer(b, "Transpose", ""), "perm", 3, DIMS(0, 2, 1));
}

static void add_activation(builder *b) {
  static const char *const ops[] = {"Relu", "LeakyRelu", "Sigmoid", "Tanh", "Clip", "Abs"};
  int which = (int)pick(0, 5);
  if (which != 4) {
    layer(b, ops[which], "");
    return;
  }
  char more[64];
  snprintf(more, sizeof more, "%s,%s", named("l", b->count), named("h", b->count));
  float low = -0.5f, high = 1;
  maker_initialiser(b->graph, named("l", b->count), FLOAT, 0, NULL, sizeof low, &low);
  maker_initialiser(b->graph, named("h", b->count), FLOAT, 0, NULL, sizeof high, &high);
  layer(b, "Clip", more);
}

static const char *scalar(builder *b, const char *kind, float value) {
  const char *name = named(kind, b->count);
  maker_initialiser(b->graph, name, FLOAT, 0, NULL, sizeof value, &value);
  return name;
}

/* A node of two values; the names of values so far are v<number>. */
static void node_of(builder *b, const char *op, const char *x, const char *y) {
  char inputs[64];
  snprintf(inputs, sizeof inputs, "%s,%s", x, y);
  const char *out = named("v", ++b->count);
  maker_node(b->graph, op, out, inputs, out);
  snprintf(b->value, sizeof b->value, "%s", out);
}

/* A layer normalisation as exporters write it, with and without the scale and the bias. */
static void add_layer_normalization(builder *b) {
  char x[16], centred[16], mean[16];
  int64_t n = b->dim[b->rank - 1];
  snprintf(x, sizeof x, "%s", b->value);
  maker_ints(layer(b, "ReduceMean", ""), "axes", 1, DIMS(-1));
  snprintf(mean, sizeof mean, "%s", b->value);
  node_of(b, "Sub", x, mean);
  snprintf(centred, sizeof centred, "%s", b->value);
  if (pick(0, 1))
    node_of(b, "Pow", centred, scalar(b, "two", 2));
  else
    node_of(b, "Mul", centred, centred);
  maker_ints(layer(b, "ReduceMean", ""), "axes", 1, DIMS(-1));
  layer(b, "Add", scalar(b, "epsilon", 0.01f));
  layer(b, "Sqrt", "");
  char root[16];
  snprintf(root, sizeof root, "%s", b->value);
  node_of(b, "Div", centred, root);
  if (pick(0, 2) == 0) return;
  weight(b, named("g", b->count), 0, 1, &n);
  layer(b, "Mul", named("g", b->count));
  if (pick(0, 2) == 0) return;
  weight(b, named("h", b->count), 0, 1, &n);
  layer(b, "Add", named("h", b->count));
}

static void add_gelu(builder *b) {
  char x[16], erf[16];
  snprintf(x, sizeof x, "%s", b->value);
  layer(b, "Div", scalar(b, "root", 1.41421356f));
  layer(b, "Erf", "");
  layer(b, "Add", scalar(b, "one", 1));
  snprintf(erf, sizeof erf, "%s", b->value);
  if (pick(0, 1))
    node_of(b, "Mul", x, erf);
  else
    node_of(b, "Mul", erf, x);
  layer(b, "Mul", scalar(b, "half", 0.5f));
}

static void add_dense(builder *b) {
  if (b->rank == 2 && pick(0, 1))
    add_gemm(b);
  else
    add_matmul(b);
  if (pick(0, 1)) add_bias(b, b->rank - 1);
  if (b->rank == 2 && pick(0, 2) == 0) add_normalization(b);
}

/* Length of an axis behind a window; 0: the window does not fit. */
static int64_t slide(int64_t in, int64_t kernel, int64_t stride, int64_t dilation, int64_t pads) {
  int64_t room = in + pads - (kernel - 1) * dilation - 1;
  return room < 0 ? 0 : room / stride + 1;
}

/* What a convolution has; false where it does not fit the image. */
static bool put_conv(builder *b, int64_t group, int64_t channels, const int64_t *kernel,
                     const int64_t *stride, const int64_t *dilation, const int64_t *pads) {
  int64_t out[2];
  for (int i = 0; i < 2; i++) {
    out[i] = slide(b->dim[2 + i], kernel[i], stride[i], dilation[i], pads[i] + pads[2 + i]);
    if (out[i] == 0) return false;
  }
  char more[64];
  const char *w = named("w", b->count), *c = named("c", b->count);
  bool bias = pick(0, 1);
  snprintf(more, sizeof more, "%s%s%s", w, bias ? "," : "", bias ? c : "");
  weight(b, w, 0, 4, DIMS(channels, b->dim[1] / group, kernel[0], kernel[1]));
  if (bias) weight(b, c, 0, 1, &channels);
  node_proto *node = layer(b, "Conv", more);
  maker_int(node, "group", group);
  maker_ints(node, "strides", 2, stride);
  maker_ints(node, "dilations", 2, dilation);
  maker_ints(node, "pads", 4, pads);
  memcpy(b->dim + 1, DIMS(channels, out[0], out[1]), 3 * sizeof *b->dim);
  return true;
}

static void add_conv(builder *b) {
  int64_t group = pick(0, 3) ? 1 : b->dim[1], channels = group * pick(1, group > 1 ? 2 : 14);
  int64_t kernel[2] = {pick(1, 5), pick(1, 5)}, stride[2] = {pick(1, 3), pick(1, 3)};
  int64_t dilation[2] = {pick(1, 2), pick(1, 2)}, pads[4];
  for (int i = 0; i < 4; i++)
    pads[i] = pick(0, 1) ? pick(0, 3) : 0;
  if (!put_conv(b, group, channels, kernel, stride, dilation, pads)) return;
  if (pick(0, 2) == 0) add_bias(b, 1);
  if (pick(0, 2) == 0) add_normalization(b);
}

/* 3x3 with many channels on both sides, and the pool that goes well with it. */
static void add_thick_conv(builder *b) {
  int64_t pads[4] = {pick(0, 2), pick(0, 1), pick(0, 1), pick(0, 2)};
  if (!put_conv(b, 1, pick(16, 40), DIMS(3, 3), DIMS(1, 1), DIMS(1, 1), pads)) return;
  if (pick(0, 2) == 0) add_normalization(b);
  if (pick(0, 1)) add_activation(b);
  if (pick(0, 1) || b->dim[2] < 2 || b->dim[3] < 2) return;
  node_proto *node = layer(b, "MaxPool", "");
  maker_ints(node, "kernel_shape", 2, DIMS(2, 2));
  maker_ints(node, "strides", 2, DIMS(2, 2));
  b->dim[2] /= 2;
  b->dim[3] /= 2;
}

static void add_pool(builder *b) {
  int64_t kernel[2] = {pick(1, 3), pick(1, 3)}, stride[2] = {pick(1, 3), pick(1, 3)}, pads[4];
  int64_t out[2];
  for (int i = 0; i < 4; i++)
    pads[i] = pick(0, kernel[i % 2] - 1);
  for (int i = 0; i < 2; i++) {
    out[i] = slide(b->dim[2 + i], kernel[i], stride[i], 1, pads[i] + pads[2 + i]);
    if (out[i] == 0) return;
  }
  node_proto *node = layer(b, "MaxPool", "");
  maker_ints(node, "kernel_shape", 2, kernel);
  maker_ints(node, "strides", 2, stride);
  maker_ints(node, "pads", 4, pads);
  memcpy(b->dim + 2, out, sizeof out);
}

static hrs_model *random_images(builder *b) {
  model_proto *proto = maker_model(17);
  *b = (builder){.graph = proto->graph, .value = "x", .rank = 4};
  memcpy(b->dim, DIMS(pick(0, 5) ? 1 : 2, pick(1, 5), pick(1, 20), pick(1, 20)), sizeof b->dim);
  bool thick = pick(0, 3) == 0;
  if (thick) memcpy(b->dim + 1, DIMS(pick(14, 30), pick(2, 26), pick(2, 26)), 3 * sizeof *b->dim);
  maker_input(proto->graph, "x", FLOAT, b->rank, b->dim);
  layer(b, "Identity", "");
  for (int64_t i = pick(1, 3); i > 0; i--) {
    if (thick)
      add_thick_conv(b);
    else
      add_conv(b);
    if (pick(0, 1)) add_activation(b);
    if (pick(0, 1)) add_pool(b);
    if (pick(0, 1)) add_activation(b);
  }
  maker_output(proto->graph, b->value);
  hrs_model *model;
  ASSERT_OK(hrs_model_load(maker_finish(proto, "fuse.onnx"), NULL, &model));
  return model;
}

static hrs_model *random_rows(builder *b) {
  model_proto *proto = maker_model(17);
  *b = (builder){.graph = proto->graph, .value = "x", .rank = pick(0, 3) ? 2 : 3};
  b->dim[0] = 1;
  for (int i = 1; i < b->rank; i++)
    b->dim[i] = pick(1, 30);
  if (pick(0, 9) == 0) b->dim[b->rank - 1] = pick(250, 1700);
  maker_input(proto->graph, "x", FLOAT, b->rank, b->dim);
  for (int64_t i = pick(1, 3); i > 0; i--) {
    add_dense(b);
    for (int64_t k = pick(0, 2); k > 0; k--)
      add_activation(b);
    if (pick(0, 2) == 0) add_gelu(b);
    if (b->rank == 3 && pick(0, 1)) add_turned_normalization(b);
    if (pick(0, 2) == 0) add_layer_normalization(b);
  }
  maker_output(proto->graph, b->value);
  hrs_model *model;
  ASSERT_OK(hrs_model_load(maker_finish(proto, "fuse.onnx"), NULL, &model));
  return model;
}

/* ---- the comparison ---- */

enum { BATCH = 37 }; /* eights of images, and a rest */

static hrs_session *session_of(const hrs_model *model, int n_fetches, const char *const *fetch,
                               bool fused) {
  hrs_session *session;
  hrs_feed feed = {.name = "x", .type = HRS_F32, .rank = model->input[0].rank, .varies = true};
  memcpy(feed.dim, model->input[0].dim, sizeof feed.dim);
  hrs_session_unfused = !fused;
  ASSERT_OK(hrs_session_create(model, 1, &feed, n_fetches, fetch, BATCH, &session));
  hrs_session_unfused = false;
  return session;
}

/* Results of `batch` instances; the caller frees them. */
static float *results(hrs_session *session, const float *x, hrs_count in, hrs_count batch,
                      hrs_count *count) {
  hrs_count step;
  memcpy(hrs_session_feed_buffer(session, 0), x, (size_t)(in * batch) * sizeof *x);
  ASSERT_OK(hrs_session_run(session, batch));
  const float *out = hrs_session_fetch(session, 0, &step);
  float *copy;
  *count = step;
  ASSERT_OK(hrs_alloc(step * batch, sizeof *copy, &copy));
  memcpy(copy, out, (size_t)(step * batch) * sizeof *copy);
  return copy;
}

static void compare(const hrs_model *model, const char *fetch) {
  hrs_session *fused = session_of(model, 1, &fetch, true);
  hrs_session *single = session_of(model, 1, &fetch, false);
  assert_true(fused->n_run <= single->n_run);
  hrs_count in = 1, count;
  for (int i = 0; i < model->input[0].rank; i++)
    in *= model->input[0].dim[i];
  float *x;
  ASSERT_OK(hrs_alloc(in * BATCH, sizeof *x, &x));
  for (hrs_count i = 0; i < in * BATCH; i++)
    x[i] = number();
  float *a = results(fused, x, in, BATCH, &count), *b = results(single, x, in, BATCH, &count);
  double largest = 1;
  for (hrs_count i = 0; i < count * BATCH; i++)
    largest = fmax(largest, fabs((double)b[i]));
  for (hrs_count i = 0; i < count * BATCH; i++)
    if (!(fabs((double)a[i] - (double)b[i]) <= 1e-4 * largest))
      fail_msg("seed %llu: element %lld is %.9g fused, %.9g not", (unsigned long long)seed,
               (long long)i, (double)a[i], (double)b[i]);
  /* With the project's own products an instance has the same bits wherever it stands; OpenBLAS
   * rounds the last rows of a batch in another way. */
  float *alone = results(fused, x + in * (BATCH - 1), in, 1, &count);
  if (hrs_tile_available())
    assert_memory_equal(alone, a + count * (BATCH - 1), (size_t)count * sizeof *a);
  hrs_free(x);
  hrs_free(a);
  hrs_free(b);
  hrs_free(alone);
  hrs_session_destroy(&fused);
  hrs_session_destroy(&single);
}

static void test_random(void **state) {
  (void)state;
  for (int i = 0; i < 600; i++) {
    builder b;
    hrs_model *model = i % 2 ? random_images(&b) : random_rows(&b);
    compare(model, b.value);
    hrs_model_destroy(&model);
  }
}

/* A pool behind a convolution passes NaN over, unless a window has nothing else. */
static void test_nan(void **state) {
  (void)state;
  model_proto *proto = maker_model(17);
  builder b = {.graph = proto->graph, .value = "x", .rank = 4, .dim = {1, 1, 4, 4}};
  maker_input(proto->graph, "x", FLOAT, 4, b.dim);
  float one = 1;
  maker_initialiser(b.graph, "w", FLOAT, 4, DIMS(1, 1, 1, 1), sizeof one, &one);
  layer(&b, "Conv", "w");
  node_proto *pool = layer(&b, "MaxPool", "");
  maker_ints(pool, "kernel_shape", 2, DIMS(2, 2));
  maker_ints(pool, "strides", 2, DIMS(2, 2));
  maker_output(proto->graph, b.value);
  hrs_model *model;
  ASSERT_OK(hrs_model_load(maker_finish(proto, "nan.onnx"), NULL, &model));
  const float x[16] = {NAN, NAN, NAN,       1, NAN,       NAN,       2, NAN,
                       NAN, -9,  -INFINITY, 0, -INFINITY, -INFINITY, 0, INFINITY};
  const float y[16] = {1, 2, NAN, 3, 4, NAN, NAN, NAN, NAN, -INFINITY, 7, 8, NAN, NAN, 7, 8};
  for (int fused = 0; fused < 2; fused++) {
    hrs_session *s = session_of(model, 1, (const char *[]){b.value}, fused);
    hrs_count count;
    float *out = results(s, x, 16, 1, &count);
    assert_true(isnan(out[0]) && out[1] == 2 && out[2] == -9 && out[3] == INFINITY);
    hrs_free(out);
    out = results(s, y, 16, 1, &count);
    assert_true(out[0] == 4 && out[1] == 3 && out[2] == -INFINITY && out[3] == 8);
    hrs_free(out);
    hrs_session_destroy(&s);
  }
  hrs_model_destroy(&model);
}

/* What the kernel of a layer stands for is one step. */
static void test_rows(void **state) {
  (void)state;
  for (int which = 0; which < 2; which++) {
    model_proto *proto = maker_model(17);
    builder b = {.graph = proto->graph, .value = "x", .rank = 3, .dim = {1, 3, 20}};
    maker_input(proto->graph, "x", FLOAT, 3, b.dim);
    if (which == 0)
      add_layer_normalization(&b);
    else
      add_gelu(&b);
    maker_output(proto->graph, b.value);
    hrs_model *model;
    ASSERT_OK(hrs_model_load(maker_finish(proto, "rows.onnx"), NULL, &model));
    compare(model, b.value);
    hrs_session *s = session_of(model, 1, (const char *[]){b.value}, true);
    if (which == 0) assert_int_equal(s->n_run, 1);
    hrs_session_destroy(&s);
    hrs_model_destroy(&model);
  }
}

/* Values that are fetched are written, and so are those that two nodes read. */
static void test_fetched(void **state) {
  (void)state;
  model_proto *proto = maker_model(17);
  builder b = {.graph = proto->graph, .value = "x", .rank = 2, .dim = {1, 4}};
  maker_input(proto->graph, "x", FLOAT, 2, b.dim);
  add_matmul(&b);
  layer(&b, "Relu", "");
  layer(&b, "Tanh", "");
  layer(&b, "Add", "v2");
  maker_output(proto->graph, b.value);
  hrs_model *model;
  ASSERT_OK(hrs_model_load(maker_finish(proto, "fetched.onnx"), NULL, &model));
  const char *const fetches[] = {"v1", "v4"};
  compare(model, "v4");
  hrs_session *both = session_of(model, 2, fetches, true), *one = session_of(model, 1, fetches, 0);
  float x[4 * BATCH];
  for (int i = 0; i < 4 * BATCH; i++)
    x[i] = number();
  hrs_count count;
  float *a = results(both, x, 4, BATCH, &count), *c = results(one, x, 4, BATCH, &count);
  for (hrs_count i = 0; i < count * BATCH; i++)
    assert_true(fabsf(a[i] - c[i]) < 1e-5f);
  hrs_free(a);
  hrs_free(c);
  hrs_session_destroy(&both);
  hrs_session_destroy(&one);
  hrs_model_destroy(&model);
}

/* Packed weights of nodes that read the same ones: a session keeps to its limit. */
static void test_limit(void **state) {
  (void)state;
  enum { LAYERS = 40 };
  model_proto *proto = maker_model(17);
  builder b = {.graph = proto->graph, .value = "x", .rank = 4, .dim = {1, 64, 8, 8}};
  maker_input(proto->graph, "x", FLOAT, 4, b.dim);
  weight(&b, "w", 0, 4, DIMS(64, 64, 3, 3));
  for (int i = 0; i < LAYERS; i++)
    maker_ints(layer(&b, "Conv", "w"), "pads", 4, DIMS(1, 1, 1, 1));
  maker_output(proto->graph, b.value);
  hrs_model *model;
  ASSERT_OK(hrs_model_load(maker_finish(proto, "limit.onnx"), NULL, &model));
  hrs_session_limit = 6 << 20;
  hrs_session *s = session_of(model, 1, (const char *[]){b.value}, true);
  int fused = 0;
  for (int i = 0; i < s->n_run; i++)
    fused += s->run[i]->fused;
  assert_true(s->folded_bytes <= hrs_session_limit && (!hrs_tile_available() || fused > 0));
  assert_true(fused < LAYERS);
  hrs_session_limit = 0;
  hrs_session_destroy(&s);
  hrs_model_destroy(&model);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_random), cmocka_unit_test(test_nan),
                                     cmocka_unit_test(test_rows), cmocka_unit_test(test_fetched),
                                     cmocka_unit_test(test_limit)};
  return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
