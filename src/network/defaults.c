/*
 * Default values of the attributes of local functions: field 11 of FunctionProto, since ONNX 1.13.
 * Built with an older onnx.proto, it is among the fields that protobuf-c does not know, as bytes.
 */
#include "network/graph.h"

#include <string.h>

enum { ATTRIBUTE_PROTO = 11, LENGTH_PREFIXED = 2, MOST = 64 };

static hrs_status append(hrs_defaults *defaults, const unsigned char *bytes, hrs_count size) {
  HRS_REQUIRE(defaults->count < MOST, INPUT, "more than %d attributes with defaults", MOST);
  HRS_TRY(hrs_realloc(&defaults->attribute, defaults->count + 1, sizeof *defaults->attribute));
  HRS_TRY(hrs_wire_decode("a default attribute", &onnx__attribute_proto__descriptor, bytes, size,
                          &defaults->attribute[defaults->count]));
  defaults->count++;
  return HRS_OK;
}

/* Known fields are packed again, so that there is one way only. */
static hrs_status append_packed(hrs_defaults *defaults, const ProtobufCMessage *message) {
  size_t size = protobuf_c_message_get_packed_size(message);
  unsigned char *bytes;
  HRS_TRY(hrs_alloc((hrs_count)size, 1, &bytes));
  protobuf_c_message_pack(message, bytes);
  hrs_status status = append(defaults, bytes, (hrs_count)size);
  hrs_free(bytes);
  return status;
}

hrs_status hrs_defaults_read(const Onnx__FunctionProto *function, hrs_defaults *out) {
  const ProtobufCFieldDescriptor *known =
      protobuf_c_message_descriptor_get_field(&onnx__function_proto__descriptor, ATTRIBUTE_PROTO);
  if (known) {
    size_t count;
    ProtobufCMessage **messages;
    memcpy(&count, (const char *)function + known->quantifier_offset, sizeof count);
    memcpy(&messages, (const char *)function + known->offset, sizeof messages);
    for (size_t i = 0; i < count; i++)
      HRS_TRY(append_packed(out, messages[i]));
    return HRS_OK;
  }
  for (unsigned i = 0; i < function->base.n_unknown_fields; i++) {
    const ProtobufCMessageUnknownField *field = &function->base.unknown_fields[i];
    if (field->tag != ATTRIBUTE_PROTO || (int)field->wire_type != LENGTH_PREFIXED) continue;
    /* The bytes begin with their own length. */
    size_t start = 0;
    while (start < field->len && (field->data[start] & 128))
      start++;
    start++;
    HRS_REQUIRE(start < field->len, INPUT, "a default attribute is empty");
    HRS_TRY(append(out, field->data + start, (hrs_count)(field->len - start)));
  }
  return HRS_OK;
}

void hrs_defaults_destroy(hrs_defaults *defaults) {
  for (int i = 0; i < defaults->count; i++)
    onnx__attribute_proto__free_unpacked(defaults->attribute[i], &hrs_wire_allocator);
  hrs_free(defaults->attribute);
  memset(defaults, 0, sizeof *defaults);
}
