/* Features of many samples: against sessions that run one sample after the other, and the bits of
 * any order of batches. */
#include "network/feed.h"

#include "onnx_maker.h"

#include <math.h>

typedef struct keep {
  hrs_features *features;
  hrs_array *layer; /* [layers] */
  hrs_count next, calls;
} keep;

static hrs_status keep_batch(void *context, hrs_count first, hrs_count count,
                             const void *const *data) {
  keep *k = context;
  assert_true(k->next < 0 || k->next == first);
  assert_true(count >= 1 && first + count <= hrs_features_samples(k->features));
  for (int l = 0; l < hrs_features_layers(k->features); l++) {
    size_t row = (size_t)hrs_features_layer(k->features, l)->units * sizeof(float);
    memcpy((char *)k->layer[l].data + (size_t)first * row, data[l], (size_t)count * row);
  }
  if (k->next >= 0) k->next = first + count;
  k->calls++;
  return HRS_OK;
}

static hrs_count batches_of(const hrs_features *f) {
  return (hrs_features_samples(f) + hrs_features_batch(f) - 1) / hrs_features_batch(f);
}

/* All batches in order, or each alone, the last one first. */
static void run(hrs_features *f, bool in_order, hrs_array *layer) {
  hrs_count batches = batches_of(f);
  keep k = {.features = f, .layer = layer, .next = in_order ? 0 : -1};
  for (int l = 0; l < hrs_features_layers(f); l++) {
    const hrs_layer *of = hrs_features_layer(f, l);
    assert_int_equal(of->type, HRS_F32);
    ASSERT_OK(hrs_array_create(HRS_F32, 2, (const hrs_count[]){hrs_features_samples(f), of->units},
                               &layer[l]));
  }
  if (in_order) ASSERT_OK(hrs_features_run(f, 0, batches, keep_batch, &k));
  for (hrs_count b = batches; b-- > 0 && !in_order;)
    ASSERT_OK(hrs_features_run(f, b, b + 1, keep_batch, &k));
  assert_int_equal(k.calls, batches);
}

/* A tensor at one sample. */
static void check_sample(const hrs_model *model, const char *input, const hrs_array *samples,
                         hrs_count sample, const char *tensor, const float *found,
                         hrs_count units) {
  hrs_feed feed = hrs_feed_of_input(input, samples, true);
  hrs_session *session;
  hrs_count step;
  ASSERT_OK(hrs_session_create(model, 1, &feed, 1, &tensor, 1, &session));
  memcpy(hrs_session_feed_buffer(session, 0), hrs_sample_at(samples, sample),
         (size_t)hrs_sample_bytes(samples));
  ASSERT_OK(hrs_session_run(session, 1));
  const float *wanted = hrs_session_fetch(session, 0, &step);
  double scale = 0, worst = 0;
  for (hrs_count i = 0; i < units; i++) {
    scale = fmax(scale, fabs((double)wanted[i]));
    worst = fmax(worst, fabs((double)found[i] - (double)wanted[i]));
  }
  if (!(worst <= 1e-5 * scale)) fail_msg("%s, sample %lld: %g", tensor, (long long)sample, worst);
  hrs_session_destroy(&session);
}

static hrs_model *load(const char *file) {
  char path[512];
  hrs_model *model;
  snprintf(path, sizeof path, "%s/%s", HRS_DATA_DIR, file);
  ASSERT_OK(hrs_model_load(path, NULL, &model));
  return model;
}

static void load_samples(const char *file, const hrs_dtype type, int axes, hrs_array *out) {
  char path[512];
  snprintf(path, sizeof path, "%s/%s", HRS_DATA_DIR, file);
  ASSERT_OK(hrs_array_load(path, out));
  ASSERT_OK(hrs_array_convert(out, type));
  /* The model's own batch axis. */
  for (; out->rank < axes; out->rank++) {
    memmove(out->dim + 2, out->dim + 1, sizeof *out->dim * (size_t)(out->rank - 1));
    out->dim[1] = 1;
  }
}

static void check_bundled(const char *file, const char *data, hrs_dtype type, int axes) {
  hrs_array samples, forward[32] = {{0}}, backward[32] = {{0}};
  hrs_model *model = load(file);
  const char *input = hrs_model_input(model, 0)->name;
  hrs_features *f;
  load_samples(data, type, axes, &samples);
  ASSERT_OK(hrs_features_create(model, 1, &input, &samples, 0, NULL, &f));
  int layers = hrs_features_layers(f);
  assert_true(layers > 2 && layers <= 32);
  assert_int_equal(hrs_features_samples(f), samples.dim[0]);
  assert_true(batches_of(f) > 1);
  assert_true(hrs_features_bytes(f) > 0 && hrs_features_multiply_adds(f) > 0);
  run(f, true, forward);
  run(f, false, backward);
  for (int l = 0; l < layers; l++) {
    const hrs_layer *of = hrs_features_layer(f, l);
    size_t bytes = (size_t)hrs_array_count(&forward[l]) * sizeof(float);
    assert_memory_equal(forward[l].data, backward[l].data, bytes);
    for (hrs_count s = 0; s < samples.dim[0]; s += samples.dim[0] - 1)
      check_sample(model, input, &samples, s, of->name,
                   (const float *)forward[l].data + s * of->units, of->units);
    hrs_array_destroy(&forward[l]);
    hrs_array_destroy(&backward[l]);
  }
  hrs_features_destroy(&f);
  hrs_array_destroy(&samples);
  hrs_model_destroy(&model);
}

static void test_bundled(void **state) {
  (void)state;
  check_bundled("digits_cnn.onnx", "digits_images.npy", HRS_F32, 5);
  check_bundled("wine_mlp.onnx", "wine_features.npy", HRS_F32, 3);
  check_bundled("tokens_transformer.onnx", "tokens_ids.npy", HRS_I64, 3);
}

/* ---- chosen tensors ---- */

static void test_chosen(void **state) {
  (void)state;
  hrs_array samples, layer[3] = {{0}};
  hrs_model *model = load("wine_mlp.onnx");
  const char *input = "features";
  /* The input itself, a tensor that is no layer of its own, the output. */
  static const char *const wanted[] = {"probabilities", "features",
                                       "/logits/logits.0/Gemm_output_0"};
  hrs_features *f;
  load_samples("wine_features.npy", HRS_F32, 3, &samples);
  ASSERT_OK(hrs_features_create(model, 1, &input, &samples, 3, wanted, &f));
  assert_int_equal(hrs_features_layers(f), 3);
  for (int l = 0; l < 3; l++)
    assert_string_equal(hrs_features_layer(f, l)->name, wanted[l]);
  assert_int_equal(hrs_features_layer(f, 0)->depth, 3);
  assert_int_equal(hrs_features_layer(f, 1)->depth, 0);
  assert_int_equal(hrs_features_layer(f, 2)->depth, 1);
  run(f, true, layer);
  assert_memory_equal(layer[1].data, samples.data,
                      (size_t)hrs_array_count(&samples) * sizeof(float));
  for (hrs_count s = 0; s < samples.dim[0]; s++) {
    double sum = 0;
    for (int k = 0; k < 3; k++)
      sum += (double)((const float *)layer[0].data)[3 * s + k];
    assert_true(fabs(sum - 1) < 1e-5);
  }
  check_sample(model, input, &samples, 5, wanted[2], (const float *)layer[2].data + 5 * 16, 16);
  for (int l = 0; l < 3; l++)
    hrs_array_destroy(&layer[l]);
  hrs_features_destroy(&f);
  hrs_array_destroy(&samples);
  hrs_model_destroy(&model);
}

static void refused(const hrs_model *model, const hrs_array *samples, int count,
                    const char *const *name, hrs_status wanted, const char *text) {
  const char *input = hrs_model_input(model, 0)->name;
  hrs_count before = hrs_memory_current();
  hrs_features *f;
  hrs_status status = hrs_features_create(model, 1, &input, samples, count, name, &f);
  if (status != wanted || !strstr(hrs_error_message(), text))
    fail_msg("%s: '%s', expected '%s'", hrs_status_name(status), hrs_error_message(), text);
  assert_null(f);
  assert_int_equal(hrs_memory_current(), before);
}

#define NAMES(...) ((const char *const[]){__VA_ARGS__})

static void test_refused(void **state) {
  (void)state;
  hrs_array samples;
  hrs_model *model = load("digits_cnn.onnx");
  load_samples("digits_images.npy", HRS_F32, 5, &samples);
  refused(model, &samples, 1, NAMES("nowhere"), HRS_STATUS_USAGE, "has no tensor 'nowhere'");
  refused(model, &samples, 2, NAMES("logits", "logits"), HRS_STATUS_USAGE,
          "tensor 'logits' is named twice");
  refused(model, &samples, 1, NAMES("/Constant_output_0"), HRS_STATUS_USAGE,
          "'/Constant_output_0' is the same for all samples");
  hrs_array_destroy(&samples);
  hrs_model_destroy(&model);
  model = load("tokens_transformer.onnx");
  load_samples("tokens_ids.npy", HRS_I64, 3, &samples);
  refused(model, &samples, 1, NAMES("tokens"), HRS_STATUS_UNSUPPORTED, "'tokens' is of int64");
  refused(model, &samples, 1, NAMES("/encoder/layers.0/self_attn/Shape_output_0"), HRS_STATUS_USAGE,
          "is the same for all samples");
  hrs_array_destroy(&samples);
  hrs_model_destroy(&model);
}

/* ---- several inputs ---- */

/* x is reshaped to a shape that the input `to` holds, and y = relu(x) + z: z is one for all. */
static hrs_model *reshaping_net(void) {
  model_proto *proto = maker_model(13);
  hrs_model *model;
  maker_input(proto->graph, "x", MAKER_TYPE(FLOAT), 2, DIMS(1, 6));
  maker_input(proto->graph, "to", MAKER_TYPE(INT64), 1, DIMS(2));
  maker_input(proto->graph, "z", MAKER_TYPE(FLOAT), 1, DIMS(1));
  maker_node(proto->graph, "Reshape", "", "x,to", "r");
  maker_node(proto->graph, "Relu", "", "r", "a");
  maker_node(proto->graph, "Add", "", "a,z", "y");
  maker_output(proto->graph, "y");
  ASSERT_OK(hrs_model_load(maker_finish(proto, "reshaping.onnx"), NULL, &model));
  return model;
}

static void test_several_inputs(void **state) {
  (void)state;
  hrs_model *model = reshaping_net();
  static const char *const inputs[] = {"x", "to", "z"};
  float x[18], z = 10;
  int64_t to[3][2] = {{2, 3}, {2, 3}, {2, 3}};
  for (int i = 0; i < 18; i++)
    x[i] = (float)(i - 9);
  const hrs_array samples[3] = {{.type = HRS_F32, .rank = 3, .dim = {3, 1, 6}, .data = x},
                                {.type = HRS_I64, .rank = 2, .dim = {3, 2}, .data = to},
                                {.type = HRS_F32, .rank = 2, .dim = {1, 1}, .data = &z}};
  hrs_features *f;
  hrs_array layer = {0};
  const char *y = "y";
  ASSERT_OK(hrs_features_create(model, 3, inputs, samples, 1, &y, &f));
  assert_int_equal(hrs_features_batch(f), 1);
  assert_int_equal(hrs_features_layer(f, 0)->rank, 2);
  run(f, true, &layer);
  for (int i = 0; i < 18; i++)
    assert_true(((const float *)layer.data)[i] == (x[i] > 0 ? x[i] : 0) + z);
  hrs_array_destroy(&layer);
  hrs_features_destroy(&f);
  /* Another shape in the last sample: refused when it is met, by name. */
  to[2][0] = 3;
  to[2][1] = 2;
  ASSERT_OK(hrs_features_create(model, 3, inputs, samples, 1, &y, &f));
  ASSERT_OK(hrs_array_create(HRS_F32, 2, (const hrs_count[]){3, 6}, &layer));
  keep k = {.features = f, .layer = &layer};
  ASSERT_FAILS(hrs_features_run(f, 0, 3, keep_batch, &k), UNSUPPORTED, "sample 2 of those chosen");
  assert_int_equal(k.calls, 2);
  hrs_array_destroy(&layer);
  hrs_features_destroy(&f);
  /* Numbers of samples that do not fit; an input that is not given. */
  hrs_array wrong[3] = {samples[0], samples[1], samples[2]};
  wrong[1].dim[0] = 2;
  ASSERT_FAILS(hrs_features_create(model, 3, inputs, wrong, 1, &y, &f), INPUT,
               "input 'to' has 2 samples");
  ASSERT_FAILS(hrs_features_create(model, 2, inputs, samples, 1, &y, &f), INPUT, "input 'z'");
  /* No samples, no array. */
  wrong[1].dim[0] = 0;
  ASSERT_FAILS(hrs_features_create(model, 3, inputs, wrong, 1, &y, &f), INPUT,
               "input 'to' has no samples");
  wrong[0] = (hrs_array){0};
  ASSERT_FAILS(hrs_features_create(model, 3, inputs, wrong, 1, &y, &f), INPUT,
               "input 'x' has no samples");
  hrs_model_destroy(&model);
}

/* ---- a sink that fails ---- */

static hrs_status fail_second(void *context, hrs_count first, hrs_count count,
                              const void *const *data) {
  (void)count;
  (void)data;
  HRS_REQUIRE(first == 0, IO, "no room at %s", (const char *)context);
  return HRS_OK;
}

static void test_sink_fails(void **state) {
  (void)state;
  hrs_array samples;
  hrs_model *model = load("wine_mlp.onnx");
  const char *input = "features";
  char where[] = "the sink";
  hrs_features *f;
  load_samples("wine_features.npy", HRS_F32, 3, &samples);
  ASSERT_OK(hrs_features_create(model, 1, &input, &samples, 0, NULL, &f));
  ASSERT_FAILS(hrs_features_run(f, 0, batches_of(f), fail_second, where), IO,
               "no room at the sink");
  hrs_features_destroy(&f);
  hrs_array_destroy(&samples);
  hrs_model_destroy(&model);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_bundled),    cmocka_unit_test(test_chosen),
      cmocka_unit_test(test_refused),    cmocka_unit_test(test_several_inputs),
      cmocka_unit_test(test_sink_fails),
  };
  return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
