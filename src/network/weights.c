/* Tensors of ONNX files. Nothing in a file is believed: sizes are compared before any copy. */
#include "network/weights.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- element types ---- */

#define TYPE(name, type)                                                                           \
  { ONNX__TENSOR_PROTO__DATA_TYPE__##name, #name, HRS_##type }
static const struct {
  int32_t code;
  const char *name;
  hrs_dtype type;
} types[] = {
    TYPE(FLOAT, F32), TYPE(DOUBLE, F64),  TYPE(FLOAT16, F16),    TYPE(BFLOAT16, BF16),
    TYPE(INT8, I8),   TYPE(INT16, I16),   TYPE(INT32, I32),      TYPE(INT64, I64),
    TYPE(UINT8, U8),  TYPE(UINT16, U16),  TYPE(UINT32, U32),     TYPE(UINT64, U64),
    TYPE(BOOL, BOOL), TYPE(STRING, NONE), TYPE(COMPLEX64, NONE), TYPE(COMPLEX128, NONE),
};
#undef TYPE

/* Newer than the onnx.proto that this may be built with. */
static const char *const newer[] = {[17] = "FLOAT8E4M3FN", [18] = "FLOAT8E4M3FNUZ",
                                    [19] = "FLOAT8E5M2",   [20] = "FLOAT8E5M2FNUZ",
                                    [21] = "UINT4",        [22] = "INT4",
                                    [23] = "FLOAT4E2M1",   [24] = "FLOAT8E8M0",
                                    [25] = "UINT2",        [26] = "INT2"};

hrs_dtype hrs_weights_dtype(int32_t code) {
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (types[i].code == code) return types[i].type;
  return HRS_NONE;
}

const char *hrs_weights_type_name(int32_t code) {
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (types[i].code == code) return types[i].name;
  const int32_t end = (int32_t)(sizeof newer / sizeof *newer);
  if (code > 0 && code < end && newer[code]) return newer[code];
  return code == 0 ? "no type" : "an unknown type";
}

/* ---- other files ---- */

typedef struct weight_file {
  char *location;
  unsigned char *bytes;
  hrs_count size;
} weight_file;

struct hrs_weight_files {
  char *folder; /* of the model, with the slash; "" for the current one */
  const hrs_reader *reader;
  weight_file *file;
  int count;
};

hrs_status hrs_weight_files_create(const char *model_path, const hrs_reader *reader,
                                   hrs_weight_files **out) {
  hrs_weight_files *files;
  HRS_TRY(hrs_calloc(1, sizeof *files, &files));
  files->reader = reader;
  const char *slash = strrchr(model_path, '/');
  size_t length = slash ? (size_t)(slash + 1 - model_path) : 0;
  hrs_status status = hrs_strndup(model_path, length, &files->folder);
  if (status != HRS_OK) hrs_weight_files_destroy(&files);
  *out = files;
  return status;
}

void hrs_weight_files_destroy(hrs_weight_files **files) {
  hrs_weight_files *f = *files;
  if (!f) return;
  for (int i = 0; i < f->count; i++) {
    hrs_free(f->file[i].location);
    hrs_free(f->file[i].bytes);
  }
  hrs_free(f->file);
  hrs_free(f->folder);
  hrs_free(f);
  *files = NULL;
}

static hrs_status find_file(hrs_weight_files *files, const char *location, const char *what,
                            const weight_file **out) {
  for (int i = 0; i < files->count; i++) {
    if (strcmp(files->file[i].location, location) == 0) {
      *out = &files->file[i];
      return HRS_OK;
    }
  }
  char *path;
  HRS_TRY(hrs_file_beside(files->folder, location, what, &path));
  hrs_status status = hrs_realloc(&files->file, files->count + 1, sizeof *files->file);
  weight_file *file = status == HRS_OK ? &files->file[files->count] : NULL;
  if (file) memset(file, 0, sizeof *file);
  if (file) status = hrs_strdup(location, &file->location);
  if (status != HRS_OK) {
    hrs_free(path);
    return status;
  }
  files->count++;
  status = hrs_reader_read(files->reader, path, INT64_MAX / 4, &file->bytes, &file->size);
  if (status != HRS_OK)
    status = hrs_error_context(
        status, "%s lies in a file of its own, which must stand beside the model", what);
  hrs_free(path);
  /* A file that could not be read must not be found as if it were empty the next time. */
  if (status != HRS_OK) file->location[0] = '\0';
  *out = file;
  return status;
}

static hrs_status parse_number(const char *text, const char *key, const char *what,
                               hrs_count *out) {
  char *end;
  long long value = strtoll(text, &end, 10);
  HRS_REQUIRE(*text && !*end && value >= 0 && value < LLONG_MAX, INPUT,
              "%s: external data with %s '%s', which is no size", what, key, text);
  *out = value;
  return HRS_OK;
}

static hrs_status external_bytes(const Onnx__TensorProto *proto, const char *what,
                                 hrs_weight_files *files, hrs_count wanted,
                                 const unsigned char **bytes) {
  HRS_REQUIRE(files, UNSUPPORTED, "%s lies in a file of its own: store it in the model", what);
  const char *location = "";
  hrs_count offset = 0, length = -1;
  for (size_t i = 0; i < proto->n_external_data; i++) {
    const Onnx__StringStringEntryProto *entry = proto->external_data[i];
    const char *key = entry->key ? entry->key : "", *value = entry->value ? entry->value : "";
    if (strcmp(key, "location") == 0) location = value;
    if (strcmp(key, "offset") == 0) HRS_TRY(parse_number(value, key, what, &offset));
    if (strcmp(key, "length") == 0) HRS_TRY(parse_number(value, key, what, &length));
  }
  const weight_file *file = NULL;
  HRS_TRY(find_file(files, location, what, &file));
  if (length < 0) length = wanted;
  HRS_REQUIRE(length == wanted, INPUT,
              "%s: its shape needs %lld bytes, but %lld are announced in '%s'", what,
              (long long)wanted, (long long)length, location);
  HRS_REQUIRE(offset <= file->size && length <= file->size - offset, INPUT,
              "%s: %lld bytes from byte %lld of '%s' on are wanted, but the file has %lld", what,
              (long long)length, (long long)offset, location, (long long)file->size);
  *bytes = file->bytes + offset;
  return HRS_OK;
}

/* ---- tensors ---- */

/* The typed fields: which one holds which element types, and the type it has in memory. */
typedef struct field_row {
  hrs_dtype type;
  size_t count_at, data_at; /* in Onnx__TensorProto */
  hrs_dtype stored;
} field_row;

#define FIELD(type, field, stored)                                                                 \
  {                                                                                                \
    HRS_##type, offsetof(Onnx__TensorProto, n_##field), offsetof(Onnx__TensorProto, field),        \
        HRS_##stored                                                                               \
  }
/* float16 and bfloat16 stand in int32_data as their bits. */
static const field_row fields[] = {
    FIELD(F32, float_data, F32),  FIELD(F64, double_data, F64), FIELD(F16, int32_data, U16),
    FIELD(BF16, int32_data, U16), FIELD(I8, int32_data, I32),   FIELD(I16, int32_data, I32),
    FIELD(I32, int32_data, I32),  FIELD(I64, int64_data, I64),  FIELD(U8, int32_data, I32),
    FIELD(U16, int32_data, I32),  FIELD(U32, uint64_data, U64), FIELD(U64, uint64_data, U64),
    FIELD(BOOL, int32_data, I32),
};

/* Where a tensor's values stand, and their type there (the array's own, or a field's). */
typedef struct source {
  const void *data;
  hrs_dtype type;
  bool bits; /* the low 16 bits of 32-bit integers */
} source;

static hrs_status read_shape(const Onnx__TensorProto *proto, const char *what, hrs_array *array,
                             hrs_count *count) {
  HRS_REQUIRE(proto->n_dims <= HRS_MAX_RANK, UNSUPPORTED, "%s has %zu dimensions, more than %d",
              what, proto->n_dims, HRS_MAX_RANK);
  array->rank = (int)proto->n_dims;
  *count = 1;
  for (int i = 0; i < array->rank; i++) {
    HRS_REQUIRE(proto->dims[i] >= 0, INPUT, "%s has a negative dimension, %lld", what,
                (long long)proto->dims[i]);
    array->dim[i] = proto->dims[i];
    HRS_TRY_CONTEXT(hrs_multiply(*count, array->dim[i], "number of elements", count), "%s", what);
  }
  hrs_count bytes;
  return hrs_multiply(*count, 8, what, &bytes);
}

/* All sizes are compared here, before memory is taken for what a shape claims. */
static hrs_status find_values(const Onnx__TensorProto *proto, const char *what,
                              hrs_weight_files *files, const hrs_array *array, hrs_count count,
                              source *out) {
  hrs_count bytes = count * (hrs_count)hrs_dtype_size(array->type);
  char shape[HRS_SHAPE_TEXT];
  hrs_shape_text(array->rank, array->dim, shape, sizeof shape);
  *out = (source){NULL, array->type, false};
  if (proto->has_data_location &&
      proto->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL) {
    const unsigned char *data = NULL;
    HRS_TRY(external_bytes(proto, what, files, bytes, &data));
    out->data = data;
    return HRS_OK;
  }
  if (proto->has_raw_data && (proto->raw_data.len || count == 0)) {
    HRS_REQUIRE((hrs_count)proto->raw_data.len == bytes, INPUT,
                "%s has shape %s of %s, %lld bytes, but %lld bytes of data", what, shape,
                hrs_dtype_name(array->type), (long long)bytes, (long long)proto->raw_data.len);
    out->data = proto->raw_data.data;
    return HRS_OK;
  }
  const field_row *row = fields;
  while (row->type != array->type)
    row++;
  size_t stored;
  memcpy(&stored, (const char *)proto + row->count_at, sizeof stored);
  memcpy(&out->data, (const char *)proto + row->data_at, sizeof out->data);
  HRS_REQUIRE((hrs_count)stored == count, INPUT,
              "%s has shape %s, %lld elements, but %lld values of type %s", what, shape,
              (long long)count, (long long)stored, hrs_dtype_name(array->type));
  out->bits = row->stored == HRS_U16;
  out->type = row->stored;
  return HRS_OK;
}

static hrs_status copy_values(const source *from, hrs_count count, hrs_array *array) {
  if (count == 0) return HRS_OK;
  if (from->bits) {
    const int32_t *bits = from->data;
    uint16_t *to = array->data;
    for (hrs_count i = 0; i < count; i++)
      to[i] = (uint16_t)bits[i];
    return HRS_OK;
  }
  if (array->type == HRS_BOOL && from->type == HRS_BOOL) {
    /* Any byte but 0 is true; operators rely on 0 and 1. */
    const unsigned char *bytes = from->data;
    unsigned char *to = array->data;
    for (hrs_count i = 0; i < count; i++)
      to[i] = bytes[i] != 0;
    return HRS_OK;
  }
  if (from->type == array->type) {
    memcpy(array->data, from->data, (size_t)count * hrs_dtype_size(array->type));
    return HRS_OK;
  }
  return hrs_convert(from->type, from->data, array->type, array->data, count);
}

hrs_status hrs_weights_read(const Onnx__TensorProto *proto, const char *what,
                            hrs_weight_files *files, hrs_array *out) {
  hrs_array array = {.type = hrs_weights_dtype(proto->data_type)};
  memset(out, 0, sizeof *out);
  HRS_REQUIRE(array.type != HRS_NONE, UNSUPPORTED, "%s is of type %s (%d), which is not supported",
              what, hrs_weights_type_name(proto->data_type), (int)proto->data_type);
  HRS_REQUIRE(!proto->segment, UNSUPPORTED, "%s is stored in segments", what);
  hrs_count count;
  source from;
  HRS_TRY(read_shape(proto, what, &array, &count));
  HRS_TRY(find_values(proto, what, files, &array, count, &from));
  HRS_TRY(hrs_array_create(array.type, array.rank, array.dim, out));
  hrs_status status = copy_values(&from, count, out);
  if (status == HRS_OK)
    hrs_memory_constant(out->data, out->data, count * (hrs_count)hrs_dtype_size(out->type));
  else
    hrs_array_destroy(out);
  return status;
}
