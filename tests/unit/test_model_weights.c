/* Weights of a model: in the ways that its file can store them, and in other files. */
#include "small_model.h"

#include <unistd.h>

/* ---- initialisers ---- */

static void test_initialiser_sizes(void **state) {
  (void)state;
  model_proto *proto = base();
  proto->graph->initializer[0]->dims[0] = 4;
  refused(proto, HRS_STATUS_INPUT, "weight 'w' has shape [4] of float32, 16 bytes, but 12");
  proto = base();
  proto->graph->initializer[0]->dims[0] = -3;
  refused(proto, HRS_STATUS_INPUT, "negative dimension, -3");
  proto = base();
  tensor_proto *w = proto->graph->initializer[0];
  w->n_dims = 3;
  w->dims = realloc(w->dims, 3 * sizeof *w->dims);
  w->dims[0] = w->dims[1] = w->dims[2] = (int64_t)1 << 30;
  refused(proto, HRS_STATUS_INPUT, "too large");
  /* 2^40 elements claimed, 12 bytes there: refused before memory is taken. */
  proto = base();
  proto->graph->initializer[0]->dims[0] = (int64_t)1 << 40;
  hrs_memory_reset_peak();
  refused(proto, HRS_STATUS_INPUT, "but 12 bytes of data");
  assert_true(hrs_memory_peak() < 16 << 20);
  proto = base();
  proto->graph->initializer[0]->data_type = MAKER_TYPE(STRING);
  refused(proto, HRS_STATUS_UNSUPPORTED, "is of type STRING");
  proto = base();
  proto->graph->initializer[0]->data_type = 77;
  refused(proto, HRS_STATUS_UNSUPPORTED, "unknown type (77)");
  proto = base();
  proto->graph->initializer[0]->has_raw_data = 0;
  refused(proto, HRS_STATUS_INPUT, "3 elements, but 0 values");
  proto = base();
  maker_initialiser(proto->graph, "w", FLOAT, 0, NULL, 4, "abcd");
  refused(proto, HRS_STATUS_INPUT, "tensor 'w' is made twice");
}

/* One value in each way that a file can store it; y = x + cast(w). */
static void store(tensor_proto *w, int type) {
  static int32_t ints[3];
  static int64_t longs[3];
  static uint64_t words[3];
  static float floats[3];
  static double doubles[3];
  w->has_raw_data = 0;
  free(w->raw_data.data);
  w->raw_data.data = NULL;
  w->data_type = type;
  for (int i = 0; i < 3; i++) {
    int v = i + 1;
    floats[i] = (float)v;
    doubles[i] = v;
    longs[i] = v;
    words[i] = (uint64_t)v;
    ints[i] = type == MAKER_TYPE(FLOAT16)    ? (int32_t[]){0x3c00, 0x4000, 0x4200}[i]
              : type == MAKER_TYPE(BFLOAT16) ? (int32_t[]){0x3f80, 0x4000, 0x4040}[i]
                                             : v;
  }
#define STORE(field, from)                                                                         \
  do {                                                                                             \
    w->n_##field = 3;                                                                              \
    w->field = malloc(sizeof from);                                                                \
    memcpy(w->field, from, sizeof from);                                                           \
  } while (0)
  if (type == MAKER_TYPE(FLOAT))
    STORE(float_data, floats);
  else if (type == MAKER_TYPE(DOUBLE))
    STORE(double_data, doubles);
  else if (type == MAKER_TYPE(INT64))
    STORE(int64_data, longs);
  else if (type == MAKER_TYPE(UINT32) || type == MAKER_TYPE(UINT64))
    STORE(uint64_data, words);
  else
    STORE(int32_data, ints);
}

static void test_typed_fields(void **state) {
  (void)state;
  static const struct {
    int type;
    hrs_dtype expected;
    double last;
  } cases[] = {{MAKER_TYPE(FLOAT), HRS_F32, 3},   {MAKER_TYPE(DOUBLE), HRS_F64, 3},
               {MAKER_TYPE(FLOAT16), HRS_F32, 3}, {MAKER_TYPE(BFLOAT16), HRS_F32, 3},
               {MAKER_TYPE(INT8), HRS_I8, 3},     {MAKER_TYPE(INT16), HRS_I16, 3},
               {MAKER_TYPE(INT32), HRS_I32, 3},   {MAKER_TYPE(INT64), HRS_I64, 3},
               {MAKER_TYPE(UINT8), HRS_U8, 3},    {MAKER_TYPE(UINT16), HRS_U16, 3},
               {MAKER_TYPE(UINT32), HRS_U32, 3},  {MAKER_TYPE(UINT64), HRS_U64, 3},
               {MAKER_TYPE(BOOL), HRS_BOOL, 1}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    model_proto *proto = base();
    maker_initialiser(proto->graph, "v", FLOAT, 1, DIMS(3), 12, "0123456789ab");
    store(proto->graph->initializer[1], cases[i].type);
    maker_output(proto->graph, "v");
    hrs_model *model;
    ASSERT_OK(load(proto, &model));
    const hrs_array *v = &model->graph.value[hrs_graph_find(&model->graph, "v")].constant;
    assert_int_equal(v->type, cases[i].expected);
    double last[3];
    ASSERT_OK(hrs_convert(v->type, v->data, HRS_F64, last, 3));
    assert_true(last[2] == cases[i].last);
    hrs_model_destroy(&model);
  }
}

/* ---- weights in other files ---- */

static void external(tensor_proto *w, const char *key, const char *value) {
  Onnx__StringStringEntryProto *entry = malloc(sizeof *entry);
  onnx__string_string_entry_proto__init(entry);
  entry->key = strdup(key);
  entry->value = strdup(value);
  maker_append(&w->external_data, &w->n_external_data, entry);
  w->has_data_location = 1;
  w->data_location = ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
}

static model_proto *outside(const char *location, const char *offset, const char *length) {
  model_proto *proto = base();
  tensor_proto *w = proto->graph->initializer[0];
  w->has_raw_data = 0;
  if (location) external(w, "location", location);
  if (offset) external(w, "offset", offset);
  if (length) external(w, "length", length);
  if (!location) external(w, "other", "");
  return proto;
}

static void test_external(void **state) {
  (void)state;
  float values[5] = {0, 10, 20, 30, 40};
  scratch_write("weights.bin", values, sizeof values);
  assert_true(evaluate(outside("weights.bin", "4", "12")) == 33);
  assert_true(evaluate(outside("weights.bin", NULL, NULL)) == 23);
  assert_true(evaluate(outside("./weights.bin", "8", NULL)) == 43);
  refused(outside("weights.bin", "12", NULL), HRS_STATUS_INPUT,
          "12 bytes from byte 12 of 'weights.bin' on are wanted, but the file has 20");
  refused(outside("weights.bin", "9223372036854775807", NULL), HRS_STATUS_INPUT, "no size");
  refused(outside("weights.bin", "9223372036854775806", NULL), HRS_STATUS_INPUT, "wanted");
  refused(outside("weights.bin", "-4", NULL), HRS_STATUS_INPUT, "no size");
  refused(outside("weights.bin", "4x", NULL), HRS_STATUS_INPUT, "no size");
  refused(outside("weights.bin", "0", "16"), HRS_STATUS_INPUT, "needs 12 bytes, but 16");
  refused(outside("missing.bin", NULL, NULL), HRS_STATUS_INPUT, "missing.bin");
  refused(outside("/etc/passwd", NULL, NULL), HRS_STATUS_INPUT, "absolute path");
  refused(outside("../weights.bin", NULL, NULL), HRS_STATUS_INPUT, "in its own folder");
  refused(outside("a/../../b", NULL, NULL), HRS_STATUS_INPUT, "in its own folder");
  refused(outside("..", NULL, NULL), HRS_STATUS_INPUT, "in its own folder");
  refused(outside("C:\\weights", NULL, NULL), HRS_STATUS_INPUT, "absolute path");
  refused(outside(NULL, NULL, NULL), HRS_STATUS_INPUT, "does not say which");
  assert_int_equal(symlink("/etc/passwd", scratch_path("link.bin")), 0);
  refused(outside("link.bin", NULL, NULL), HRS_STATUS_INPUT, "leads out of its own folder");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_initialiser_sizes),
      cmocka_unit_test(test_typed_fields),
      cmocka_unit_test(test_external),
  };
  return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
