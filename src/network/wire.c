/* The wire format of protocol buffers, walked field by field along protobuf-c's descriptors. */
#include "network/wire.h"

#include <stdio.h>
#include <string.h>

enum wire_type { VARINT = 0, FIXED64 = 1, LENGTH = 2, GROUP_START = 3, GROUP_END = 4, FIXED32 = 5 };

/* What decoding costs at most, in bytes: a field's entry in protobuf-c's scan, and an allocation.
 */
enum { FIELD_COST = 64, BLOCK_COST = 192 };
/* Decoded memory allowed: a fixed part and so many bytes for each byte of the file. Weights take
   one, numbers that are not packed about 14, and nothing that an exporter writes takes more. */
#define FIXED_BUDGET ((hrs_count)256 << 20)
#define BUDGET_PER_BYTE 16

/* Why an allocation gave nothing: protobuf-c says NULL for that and for bad bytes. */
static _Thread_local hrs_status exhausted;

static void *wire_alloc(void *self, size_t size) {
  (void)self;
  char *block = NULL;
  hrs_status status = hrs_alloc(size < INT64_MAX ? (hrs_count)size + 1 : INT64_MAX, 1, &block);
  if (status != HRS_OK) {
    exhausted = status;
    return NULL;
  }
  block[size] = '\0';
  return block;
}

static void wire_free(void *self, void *block) {
  (void)self;
  hrs_free(block);
}

ProtobufCAllocator hrs_wire_allocator = {wire_alloc, wire_free, NULL};

/* ---- what a file is when it is no ONNX file ---- */

typedef struct signature {
  int offset, length;
  const char *bytes;
  const char *text;
} signature;

static const signature signatures[] = {
    {0, 24, "version https://git-lfs.",
     "a git-LFS pointer, not the network itself: run 'git lfs "
     "pull' where the file comes from"},
    {0, 4, "PK\3\4",
     "a zip archive (a PyTorch checkpoint, a Keras model or a packed download): "
     "unpack it, or export the network to ONNX"},
    {0, 8, "\x89HDF\r\n\x1a\n", "an HDF5 file (a Keras model?): export the network to ONNX"},
    {0, 6, "\x93NUMPY", "a NumPy array: did you mean --samples?"},
    {0, 2, "\x1f\x8b", "compressed by gzip: run gunzip on it"},
    {0, 6,
     "\xfd"
     "7zXZ",
     "compressed by xz: run unxz on it"},
    {0, 4, "\x28\xb5\x2f\xfd", "compressed by zstd: run unzstd on it"},
    {0, 3, "BZh", "compressed by bzip2: run bunzip2 on it"},
    {0, 2, "\x80\x02", "a Python pickle (an old PyTorch checkpoint?): export the network to ONNX"},
    {0, 2, "\x80\x04", "a Python pickle: export the network to ONNX"},
    {0, 2, "\x80\x05", "a Python pickle: export the network to ONNX"},
    {4, 4, "ORTM", "in ONNX Runtime's own format (.ort): use the .onnx file it was made from"},
    {4, 4, "TFL3", "a TensorFlow Lite network: convert it with tf2onnx --tflite"},
    {0, 6, "MATLAB", "a MATLAB file: export the network with exportONNXNetwork"},
    {0, 4,
     "\x7f"
     "ELF",
     "a program or shared library (a game plug-in goes to --plugin)"},
};

static bool looks_like_text(const unsigned char *bytes, hrs_count size) {
  hrs_count look = size < 512 ? size : 512;
  for (hrs_count i = 0; i < look; i++) {
    unsigned char c = bytes[i];
    if (c < 32 ? !(c == '\n' || c == '\r' || c == '\t') : c == 127) return false;
  }
  return true;
}

static const char *other_format(const unsigned char *bytes, hrs_count size) {
  for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++) {
    const signature *s = &signatures[i];
    if (size >= s->offset + s->length &&
        memcmp(bytes + s->offset, s->bytes, (size_t)s->length) == 0)
      return s->text;
  }
  hrs_count zeros = 0;
  while (zeros < size && !bytes[zeros])
    zeros++;
  if (zeros == size) return "nothing but zero bytes (an interrupted copy?)";
  if (looks_like_text(bytes, size)) return "text";
  return NULL;
}

/* ---- the walk ---- */

typedef struct frame {
  const ProtobufCMessageDescriptor *type;
  hrs_count end;
  uint64_t seen; /* single sub-messages met so far, by index of their descriptor */
} frame;

typedef struct walk {
  const char *path;
  const unsigned char *bytes;
  hrs_count size, at;
  hrs_count budget;
  frame stack[HRS_WIRE_DEPTH];
  int depth;
  char problem[200];
} walk;

/* All failures end here: the file's likely nature first, else the place and the reason. */
static hrs_status refuse(walk *w, hrs_count at) {
  const char *other = other_format(w->bytes, w->size);
  HRS_REQUIRE(!other, INPUT, "%s is not an ONNX network: it is %s", w->path, other);
  HRS_FAIL(INPUT, "%s is not a valid ONNX network: %s (at byte %lld of %lld, in %s)", w->path,
           w->problem, (long long)at, (long long)w->size,
           w->stack[w->depth > 0 ? w->depth - 1 : 0].type->short_name);
}

#define REFUSE(at, ...)                                                                            \
  do {                                                                                             \
    snprintf(w->problem, sizeof w->problem, __VA_ARGS__);                                          \
    return refuse(w, (at));                                                                        \
  } while (0)

static hrs_status read_varint(walk *w, uint64_t *out) {
  hrs_count end = w->stack[w->depth - 1].end, start = w->at;
  uint64_t value = 0;
  for (int shift = 0; shift < 70; shift += 7) {
    if (w->at >= end) REFUSE(start, "a number runs past the end; the file is damaged or cut short");
    unsigned char byte = w->bytes[w->at++];
    if (shift < 64) value |= (uint64_t)(byte & 127) << shift;
    if (!(byte & 128)) {
      *out = value;
      return HRS_OK;
    }
  }
  REFUSE(start, "a number of more than ten bytes");
}

static hrs_status skip(walk *w, hrs_count start, uint64_t length) {
  hrs_count left = w->stack[w->depth - 1].end - w->at;
  if (length > (uint64_t)left)
    REFUSE(start, "%llu bytes are announced where %lld are left; the file is damaged or cut short",
           (unsigned long long)length, (long long)left);
  w->at += (hrs_count)length;
  return HRS_OK;
}

static hrs_status spend(walk *w, hrs_count start, hrs_count bytes) {
  w->budget -= bytes;
  if (w->budget < 0)
    REFUSE(start, "decoding it would take more than %lld MiB of memory, far more than its size",
           (long long)((FIXED_BUDGET + BUDGET_PER_BYTE * w->size) >> 20));
  return HRS_OK;
}

static enum wire_type expected_wire_type(ProtobufCType type) {
  switch (type) {
  case PROTOBUF_C_TYPE_SFIXED32:
  case PROTOBUF_C_TYPE_FIXED32:
  case PROTOBUF_C_TYPE_FLOAT:
    return FIXED32;
  case PROTOBUF_C_TYPE_SFIXED64:
  case PROTOBUF_C_TYPE_FIXED64:
  case PROTOBUF_C_TYPE_DOUBLE:
    return FIXED64;
  case PROTOBUF_C_TYPE_STRING:
  case PROTOBUF_C_TYPE_BYTES:
  case PROTOBUF_C_TYPE_MESSAGE:
    return LENGTH;
  default:
    return VARINT;
  }
}

static hrs_status enter(walk *w, hrs_count start, const ProtobufCFieldDescriptor *field,
                        hrs_count length) {
  const ProtobufCMessageDescriptor *type = field->descriptor;
  frame *outer = &w->stack[w->depth - 1];
  if (w->depth == HRS_WIRE_DEPTH)
    REFUSE(start, "messages are nested more than %d deep", HRS_WIRE_DEPTH);
  /* protobuf-c merges a single sub-message that occurs again, at a quadratic cost. */
  if (field->label != PROTOBUF_C_LABEL_REPEATED) {
    uint64_t bit = (uint64_t)1 << ((unsigned)(field - outer->type->fields) & 63);
    if (outer->seen & bit) REFUSE(start, "'%s' occurs twice", field->name);
    outer->seen |= bit;
  }
  HRS_TRY(spend(w, start, (hrs_count)type->sizeof_message + BLOCK_COST));
  w->stack[w->depth++] = (frame){type, w->at + length, 0};
  return HRS_OK;
}

static hrs_status walk_field(walk *w) {
  hrs_count start = w->at;
  uint64_t tag, length;
  HRS_TRY(read_varint(w, &tag));
  enum wire_type wire = (enum wire_type)(tag & 7);
  uint64_t number = tag >> 3;
  if (number == 0 || number > 0x1fffffff || wire > FIXED32) REFUSE(start, "an impossible field");
  if (wire == GROUP_START || wire == GROUP_END) REFUSE(start, "a group, which ONNX does not use");
  const ProtobufCMessageDescriptor *type = w->stack[w->depth - 1].type;
  const ProtobufCFieldDescriptor *field =
      protobuf_c_message_descriptor_get_field(type, (unsigned)number);
  HRS_TRY(spend(w, start, FIELD_COST));
  if (!field) HRS_TRY(spend(w, start, FIELD_COST + BLOCK_COST));

  enum wire_type wanted = field ? expected_wire_type(field->type) : wire;
  bool packed = wire == LENGTH && wanted != LENGTH && field->label == PROTOBUF_C_LABEL_REPEATED;
  if (wire != wanted && !packed) REFUSE(start, "field '%s' has the wrong wire type", field->name);
  switch (wire) {
  case VARINT:
    return read_varint(w, &length);
  case FIXED32:
    return skip(w, start, 4);
  case FIXED64:
    return skip(w, start, 8);
  default:
    break;
  }
  HRS_TRY(read_varint(w, &length));
  hrs_count content = w->at;
  HRS_TRY(skip(w, start, length));
  if (length > INT32_MAX) REFUSE(start, "a field of more than 2 GiB");
  if (field && field->type == PROTOBUF_C_TYPE_MESSAGE) {
    w->at = content;
    return enter(w, start, field, (hrs_count)length);
  }
  /* A packed one-byte number takes up to eight bytes when decoded. */
  return spend(w, start, (hrs_count)length * (packed && wanted == VARINT ? 8 : 1) + BLOCK_COST);
}

hrs_status hrs_wire_check(const char *path, const ProtobufCMessageDescriptor *type,
                          const unsigned char *bytes, hrs_count size) {
  HRS_REQUIRE(size > 0, INPUT, "%s is empty: an ONNX network was expected", path);
  walk state = {.path = path,
                .bytes = bytes,
                .size = size,
                .budget = FIXED_BUDGET + BUDGET_PER_BYTE * size,
                .stack = {{type, size, 0}},
                .depth = 1};
  walk *w = &state;
  while (w->depth > 0) {
    if (w->at == w->stack[w->depth - 1].end)
      w->depth--;
    else
      HRS_TRY(walk_field(w));
  }
  return HRS_OK;
}

hrs_status hrs_wire_decode(const char *path, const ProtobufCMessageDescriptor *type,
                           const unsigned char *bytes, hrs_count size, void *out) {
  HRS_TRY(hrs_wire_check(path, type, bytes, size));
  exhausted = HRS_OK;
  ProtobufCMessage *message =
      protobuf_c_message_unpack(type, &hrs_wire_allocator, (size_t)size, bytes);
  memcpy(out, &message, sizeof message);
  if (exhausted != HRS_OK) return hrs_error_context(exhausted, "%s, while it is decoded", path);
  HRS_REQUIRE(message, INPUT, "%s is not a valid ONNX network: it cannot be decoded", path);
  return HRS_OK;
}
