/* Files that are no networks, or damaged ones: a message that says which, and bounded memory. */
#include "network/wire.h"

#include <harsanyi/network.h>

#include "onnx_maker.h"

static void expect(const void *bytes, size_t size, const char *message) {
  const char *path = scratch_write("file.onnx", bytes, size);
  hrs_count before = hrs_memory_current();
  hrs_model *model;
  hrs_status status = hrs_model_load(path, NULL, &model);
  assert_int_equal(status, HRS_STATUS_INPUT);
  assert_null(model);
  assert_int_equal(hrs_memory_current(), before);
  assert_non_null(strstr(hrs_error_message(), path));
  if (!strstr(hrs_error_message(), message)) fail_msg("'%s' in '%s'", message, hrs_error_message());
}

static model_proto *small_model(void) {
  model_proto *model = maker_model(13);
  maker_input(model->graph, "x", MAKER_TYPE(FLOAT), 2, DIMS(1, 3));
  float weights[3] = {1, 2, 3};
  maker_initialiser(model->graph, "w", MAKER_TYPE(FLOAT), 2, DIMS(1, 3), sizeof weights, weights);
  maker_node(model->graph, "Add", "add", "x,w", "y");
  maker_output(model->graph, "y");
  return model;
}

static void test_other_formats(void **state) {
  (void)state;
  expect("", 0, "is empty");
  const char lfs[] = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n";
  expect(lfs, sizeof lfs - 1, "git lfs pull");
  expect("PK\3\4 and so on", 14, "zip");
  expect("\x89HDF\r\n\x1a\n and so on", 18, "HDF5");
  expect("\x93NUMPY\1", 7, "NumPy");
  expect("\x1f\x8b\x08", 3, "gunzip");
  expect("\x80\x02}q", 4, "pickle");
  expect("<html><body>Not found</body></html>", 35, "it is text");
  char zeros[4096] = {0};
  expect(zeros, sizeof zeros, "zero bytes");
  char ort[16] = {0x1c, 0, 0, 0, 'O', 'R', 'T', 'M'};
  expect(ort, sizeof ort, ".ort");
}

static void test_missing_file(void **state) {
  (void)state;
  hrs_model *model;
  assert_int_equal(hrs_model_load("/nonexistent/net.onnx", NULL, &model), HRS_STATUS_INPUT);
  assert_non_null(strstr(hrs_error_message(), "/nonexistent/net.onnx"));
  assert_int_equal(hrs_model_load("/tmp", NULL, &model), HRS_STATUS_INPUT);
}

/* Each prefix of a file is refused, or still a whole model (cut at the end of a field). */
static void test_truncated(void **state) {
  (void)state;
  model_proto *proto = small_model();
  size_t size;
  unsigned char *bytes = maker_pack(proto, &size);
  onnx__model_proto__free_unpacked(proto, NULL);
  int refused = 0;
  for (size_t cut = 0; cut < size; cut++) {
    const char *path = scratch_write("cut.onnx", bytes, cut);
    hrs_model *model;
    hrs_status status = hrs_model_load(path, NULL, &model);
    assert_true(status == HRS_OK || status == HRS_STATUS_INPUT);
    refused += status != HRS_OK;
    hrs_model_destroy(&model);
  }
  assert_int_equal(refused, (int)size);
  expect(bytes, size / 2, "cut short");
  free(bytes);
}

/* Every byte replaced by others: no crash, no leak (the sanitizers look on). */
static void test_damaged(void **state) {
  (void)state;
  model_proto *proto = small_model();
  size_t size;
  unsigned char *bytes = maker_pack(proto, &size);
  onnx__model_proto__free_unpacked(proto, NULL);
  static const unsigned char values[] = {0, 1, 0x7f, 0x80, 0xff, 0x0a, 0x3a};
  hrs_count before = hrs_memory_current();
  for (size_t at = 0; at < size; at++) {
    unsigned char old = bytes[at];
    for (size_t v = 0; v < sizeof values; v++) {
      bytes[at] = values[v];
      const char *path = scratch_write("damaged.onnx", bytes, size);
      hrs_model *model;
      hrs_status status = hrs_model_load(path, NULL, &model);
      assert_true(status == HRS_OK || hrs_status_exit_code(status) == 65);
      hrs_model_destroy(&model);
    }
    bytes[at] = old;
  }
  assert_int_equal(hrs_memory_current(), before);
  free(bytes);
}

/* graph(7) > node(1) > attribute(5) > g(6) > node(1) > ...: written from the inside out. */
static unsigned char *nested(int depth, size_t *size) {
  size_t room = (size_t)depth * 8 + 16, at = room;
  unsigned char *bytes = malloc(room);
  static const unsigned char inner[] = {0x0a, 0x2a, 0x32}; /* node, attribute, g */
  for (int level = depth; level > 0; level--) {
    size_t length = room - at;
    unsigned char varint[10];
    size_t n = 0;
    do {
      varint[n++] = (unsigned char)((length & 127) | (length > 127 ? 128 : 0));
      length >>= 7;
    } while (length);
    at -= n;
    memcpy(bytes + at, varint, n);
    bytes[--at] = level == 1 ? 0x3a : inner[(level - 2) % 3];
  }
  memmove(bytes, bytes + at, room - at);
  *size = room - at;
  return bytes;
}

static void test_nesting(void **state) {
  (void)state;
  size_t size;
  unsigned char *bytes = nested(100000, &size);
  hrs_memory_reset_peak();
  hrs_count before = hrs_memory_current();
  double start = hrs_time();
  expect(bytes, size, "nested more than 64 deep");
  assert_true(hrs_time() - start < 2);
  assert_true(hrs_memory_peak() - before < (hrs_count)size + (1 << 20));
  free(bytes);
  /* One less than the limit is decoded (and then found wanting for other reasons). */
  bytes = nested(HRS_WIRE_DEPTH - 1, &size);
  assert_int_equal(hrs_wire_check("x", &onnx__model_proto__descriptor, bytes, (hrs_count)size),
                   HRS_OK);
  free(bytes);
  bytes = nested(HRS_WIRE_DEPTH, &size);
  assert_int_equal(hrs_wire_check("x", &onnx__model_proto__descriptor, bytes, (hrs_count)size),
                   HRS_STATUS_INPUT);
  free(bytes);
}

static void test_wire_errors(void **state) {
  (void)state;
  expect("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12, "more than ten bytes");
  expect("\x08\x96", 2, "cut short");
  expect("\x0b\x0c", 2, "a group");
  expect("\x0f\x01", 2, "an impossible field");
  expect("\x00\x01", 2, "an impossible field");
  expect("\x0d\x01\x02\x03\x04", 5, "wrong wire type");
  expect("\x3d\x01\x02\x03\x04", 5, "wrong wire type");
  expect("\x3a\x00\x3a\x00", 4, "occurs twice");
  expect("\x3a\x05\x0a\x80\x80\x80\x80", 7, "cut short");
  expect("\x12\xff\xff\xff\xff\x7f", 6, "cut short");
}

/* Two bytes per attribute that become several hundred each when decoded. */
static void test_element_bomb(void **state) {
  (void)state;
  size_t count = 8u << 20, size = 0;
  unsigned char *bytes = malloc(2 * count + 16);
  size_t node = 2 * count, graph = node + 5;
  bytes[size++] = 0x3a;
  for (size_t n = graph;; n >>= 7) {
    bytes[size++] = (unsigned char)((n & 127) | (n > 127 ? 128 : 0));
    if (n <= 127) break;
  }
  bytes[size++] = 0x0a;
  for (size_t n = node;; n >>= 7) {
    bytes[size++] = (unsigned char)((n & 127) | (n > 127 ? 128 : 0));
    if (n <= 127) break;
  }
  for (size_t i = 0; i < count; i++) {
    bytes[size++] = 0x2a;
    bytes[size++] = 0;
  }
  hrs_memory_reset_peak();
  hrs_count before = hrs_memory_current();
  expect(bytes, size, "of memory");
  assert_true(hrs_memory_peak() - before < (hrs_count)size + (1 << 20));
  free(bytes);
}

/* Bytes of a deterministic generator, with a valid beginning so that the sniffing does not end it.
 */
static void test_random(void **state) {
  (void)state;
  uint64_t x = 88172645463325252u;
  hrs_count before = hrs_memory_current();
  for (int round = 0; round < 2000; round++) {
    unsigned char bytes[256];
    for (size_t i = 0; i < sizeof bytes; i++) {
      x ^= x << 13;
      x ^= x >> 7;
      x ^= x << 17;
      bytes[i] = (unsigned char)(x >> 32);
    }
    bytes[0] = 0x08;
    bytes[1] = 0x08;
    bytes[2] = 0x3a;
    const char *path = scratch_write("random.onnx", bytes, 1 + (size_t)round % sizeof bytes);
    hrs_model *model;
    hrs_status status = hrs_model_load(path, NULL, &model);
    assert_int_equal(hrs_status_exit_code(status), 65);
  }
  assert_int_equal(hrs_memory_current(), before);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_other_formats), cmocka_unit_test(test_missing_file),
      cmocka_unit_test(test_truncated),     cmocka_unit_test(test_damaged),
      cmocka_unit_test(test_nesting),       cmocka_unit_test(test_wire_errors),
      cmocka_unit_test(test_element_bomb),  cmocka_unit_test(test_random),
  };
  return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
