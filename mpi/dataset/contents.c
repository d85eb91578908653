/* Shapes from the table of a kind, and what they take on disk. */
#include "contents.h"

#include <stdio.h>
#include <string.h>

/* ---- arrays --------------------------------------------------------------------------------- */

static bool is_wanted(const hrs_object *object, unsigned has) {
  unsigned when = object->when & ~HRS_WHEN_LATER;
  return (has & when) == when;
}

/* Half precision has no name in HDF5, nor bfloat16 one in NumPy; bool is stored as uint8. */
static hrs_dtype stored_type(hrs_dtype type) {
  return type == HRS_F16 || type == HRS_BF16 ? HRS_F32 : type == HRS_BOOL ? HRS_U8 : type;
}

/* Shape of an array whose own axes are own[rank]. */
static hrs_status set_shape(const hrs_contents *contents, hrs_contents_array *array, int rank,
                            const hrs_count *own) {
  const hrs_kind *kind = contents->kind;
  array->rank = 0;
  for (int i = 0; i < HRS_OBJECT_AXES && array->object->axis[i] != HRS_AXIS_NONE; i++) {
    int axis = array->object->axis[i];
    bool others = axis == HRS_AXIS_OTHERS;
    bool member = !others && kind->axis[axis].scale && strstr(kind->axis[axis].scale, "%s");
    HRS_ASSERT(array->rank + (others ? rank : 1) <= HRS_MAX_RANK && (!member || rank > 0));
    for (int j = 0; others && j < rank; j++)
      array->dim[array->rank++] = own[j];
    if (!others) array->dim[array->rank++] = member ? own[0] : contents->length[axis];
  }
  return HRS_OK;
}

static hrs_status add_array(hrs_contents *contents, const hrs_object *object, const char *name,
                            hrs_dtype type, int rank, const hrs_count *own) {
  HRS_TRY(hrs_realloc(&contents->array, contents->arrays + 1, sizeof *contents->array));
  hrs_contents_array *array = &contents->array[contents->arrays];
  *array = (hrs_contents_array){.object = object};
  if (object->source != HRS_SOURCE_TEXT)
    array->type = object->type != HRS_NONE ? object->type : stored_type(type);
  HRS_ASSERT(strlen(name) < sizeof array->name && hrs_object_path(object->path, name, array->path));
  memcpy(array->name, name, strlen(name) + 1);
  HRS_TRY(set_shape(contents, array, rank, own));
  contents->arrays++;
  return HRS_OK;
}

static hrs_status add_arrays(hrs_contents *contents, hrs_dtype precision) {
  const hrs_kind *kind = contents->kind;
  for (int i = 0; i < kind->objects; i++)
    if (!hrs_object_is_family(&kind->object[i]) && is_wanted(&kind->object[i], contents->has))
      HRS_TRY(add_array(contents, &kind->object[i], "", precision, 0, NULL));
  return HRS_OK;
}

hrs_status hrs_contents_create(const hrs_kind *kind, unsigned has, const hrs_count *length,
                               hrs_dtype precision, hrs_contents **out) {
  hrs_contents *contents;
  *out = NULL;
  HRS_ASSERT(kind->axes <= HRS_KIND_AXES);
  HRS_TRY(hrs_calloc(1, sizeof *contents, &contents));
  contents->kind = kind;
  contents->has = has;
  memcpy(contents->length, length, sizeof *length * (size_t)kind->axes);
  hrs_status status = add_arrays(contents, precision);
  if (status != HRS_OK) hrs_contents_destroy(&contents);
  *out = contents;
  return status;
}

void hrs_contents_destroy(hrs_contents **contents) {
  if (!contents || !*contents) return;
  hrs_free((*contents)->array);
  hrs_free((*contents)->attribute);
  hrs_free(*contents);
  *contents = NULL;
}

hrs_status hrs_contents_add(hrs_contents *contents, const char *family, const char *name,
                            hrs_dtype type, int rank, const hrs_count *dim) {
  const hrs_kind *kind = contents->kind;
  size_t length = strlen(family);
  for (int i = 0; i < kind->objects; i++)
    if (strncmp(kind->object[i].path, family, length) == 0 &&
        hrs_object_is_family(&kind->object[i]) && is_wanted(&kind->object[i], contents->has))
      HRS_TRY(add_array(contents, &kind->object[i], name, type, rank, dim));
  return HRS_OK;
}

int hrs_contents_find(const hrs_contents *contents, const char *path) {
  for (int i = 0; i < contents->arrays; i++)
    if (strcmp(contents->array[i].path, path) == 0) return i;
  return -1;
}

void hrs_contents_set_length(hrs_contents *contents, int axis, hrs_count length) {
  contents->length[axis] = length;
  for (int i = 0; i < contents->arrays; i++)
    for (int j = 0; j < contents->array[i].rank && j < HRS_OBJECT_AXES; j++)
      if (contents->array[i].object->axis[j] == axis) contents->array[i].dim[j] = length;
}

/* ---- what they are given -------------------------------------------------------------------- */

static hrs_status find_for(hrs_contents *contents, const char *path, hrs_source source,
                           hrs_contents_array **out) {
  int at = hrs_contents_find(contents, path);
  HRS_ASSERT(at >= 0 && contents->array[at].object->source == source);
  *out = &contents->array[at];
  return HRS_OK;
}

hrs_status hrs_contents_give_text(hrs_contents *contents, const char *path, char *const *strings) {
  hrs_contents_array *array = NULL;
  HRS_TRY(find_for(contents, path, HRS_SOURCE_TEXT, &array));
  array->strings = strings;
  return HRS_OK;
}

hrs_status hrs_contents_give_array(hrs_contents *contents, const char *path,
                                   const hrs_array *given) {
  hrs_contents_array *array = NULL;
  HRS_TRY(find_for(contents, path, HRS_SOURCE_ARRAY, &array));
  array->array = given;
  array->type = stored_type(given->type);
  return set_shape(contents, array, given->rank, given->dim);
}

static hrs_status add_attribute(hrs_contents *contents, const char *object,
                                const hrs_contents_attribute *attribute) {
  HRS_ASSERT(strlen(object) < HRS_PATH_SIZE);
  HRS_TRY(hrs_realloc(&contents->attribute, contents->attributes + 1, sizeof *contents->attribute));
  hrs_contents_attribute *to = &contents->attribute[contents->attributes++];
  *to = *attribute;
  memcpy(to->object, object, strlen(object) + 1);
  return HRS_OK;
}

hrs_status hrs_contents_set_text(hrs_contents *contents, const char *object, const char *name,
                                 const char *text) {
  return add_attribute(contents, object, &(hrs_contents_attribute){.name = name, .text = text});
}

hrs_status hrs_contents_set_number(hrs_contents *contents, const char *object, const char *name,
                                   hrs_dtype type, double number) {
  return add_attribute(contents, object,
                       &(hrs_contents_attribute){.name = name, .type = type, .number = number});
}

/* ---- sizes ---------------------------------------------------------------------------------- */

static hrs_count count_from(const hrs_contents_array *array, int first) {
  hrs_count count = 1;
  for (int i = first; i < array->rank; i++)
    count = hrs_count_multiply(count, array->dim[i]);
  return count;
}

hrs_count hrs_contents_count(const hrs_contents_array *array) {
  return count_from(array, 0);
}

hrs_count hrs_contents_row(const hrs_contents_array *array) {
  return count_from(array, 1);
}

/* A string has a reference to its place, a header there, and its text in whole eights. */
static hrs_count array_bytes(const hrs_contents_array *array) {
  hrs_count count = hrs_contents_count(array), bytes = 0;
  if (array->type != HRS_NONE)
    return hrs_count_multiply(count, (hrs_count)hrs_dtype_size(array->type));
  for (hrs_count i = 0; i < count; i++)
    bytes += 16 + 16 + (hrs_count)(strlen(array->strings[i]) + 8) / 8 * 8;
  return bytes;
}

static hrs_count arrays_bytes(const hrs_contents *contents, bool later) {
  hrs_count bytes = 0;
  for (int i = 0; i < contents->arrays; i++)
    if (((contents->array[i].object->when & HRS_WHEN_LATER) != 0) == later)
      bytes = hrs_count_add(bytes, array_bytes(&contents->array[i]));
  return bytes;
}

hrs_count hrs_contents_later_bytes(const hrs_contents *contents) {
  return arrays_bytes(contents, true);
}

hrs_count hrs_contents_bytes(const hrs_contents *contents) {
  hrs_count bytes = 64 << 10; /* names, shapes, numbers */
  for (int i = 0; i < contents->attributes; i++) {
    const char *text = contents->attribute[i].text;
    if (text) bytes += 64 + 2 * (hrs_count)strlen(text);
  }
  return hrs_count_add(bytes, arrays_bytes(contents, false));
}
