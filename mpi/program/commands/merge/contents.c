/* What the merged file holds: what the first one does, longer along one axis. */
#include "parts.h"

#include <string.h>

static bool is_family(const hrs_found *found) {
  return found->name[0] != 0;
}

/* Lengths of the axes, what there is, and the type that the table leaves open. */
static void measure(const hrs_merge *merge, hrs_count *length, unsigned *has,
                    hrs_dtype *precision) {
  const hrs_reading *reading = merge->first.reading;
  for (int i = 0; i < reading->arrays; i++) {
    const hrs_found *found = &reading->array[i];
    const hrs_object *object = found->object;
    *has |= object->when & ~HRS_WHEN_LATER;
    bool open = object->type == HRS_NONE && !is_family(found) &&
                object->source != HRS_SOURCE_TEXT && object->source != HRS_SOURCE_ARRAY;
    if (open) *precision = found->stored.type;
    for (int j = 0; j < HRS_OBJECT_AXES && object->axis[j] > HRS_AXIS_NONE; j++)
      length[object->axis[j]] = found->stored.dim[j];
  }
  length[hrs_merge_axis(reading->kind)] = merge->rows;
}

/* "/indices/%s/" */
static void family_of(const hrs_found *found, char family[HRS_PATH_SIZE]) {
  size_t length = (size_t)(strstr(found->object->path, "%s/") + 3 - found->object->path);
  memcpy(family, found->object->path, length);
  family[length] = 0;
}

static bool is_of(const hrs_found *found, const char *family, const char *name) {
  return strcmp(found->name, name) == 0 &&
         strncmp(found->object->path, family, strlen(family)) == 0;
}

/* A member of a family: its own axes, from whichever of its arrays has them. */
static hrs_status add_member(const hrs_reading *reading, const char *family, const char *name,
                             hrs_contents *contents) {
  hrs_dtype type = HRS_NONE;
  const hrs_count *own = NULL;
  int rank = 0;
  for (int i = 0; i < reading->arrays; i++) {
    const hrs_found *found = &reading->array[i];
    if (!is_of(found, family, name)) continue;
    if (found->object->type == HRS_NONE) type = found->stored.type;
    for (int j = 0; j < HRS_OBJECT_AXES && found->object->axis[j] != HRS_AXIS_NONE; j++) {
      int axis = found->object->axis[j];
      bool others = axis == HRS_AXIS_OTHERS;
      bool member = !others && strstr(reading->kind->axis[axis].scale, "%s");
      if (!others && !member) continue;
      own = found->stored.dim + j;
      rank = others ? found->stored.rank - j : 1;
    }
  }
  return hrs_contents_add(contents, family, name, type, rank, own);
}

static hrs_status add_members(const hrs_reading *reading, hrs_contents *contents) {
  for (int i = 0; i < reading->arrays; i++) {
    const hrs_found *found = &reading->array[i];
    char family[HRS_PATH_SIZE];
    bool seen = false;
    if (!is_family(found)) continue;
    family_of(found, family);
    for (int j = 0; j < i; j++)
      seen = seen || is_of(&reading->array[j], family, found->name);
    if (!seen) HRS_TRY(add_member(reading, family, found->name, contents));
  }
  return HRS_OK;
}

/* All that was found has its place, and there is no more. */
static hrs_status check(const hrs_reading *reading, const hrs_contents *contents) {
  HRS_REQUIRE(contents->arrays == reading->arrays, INPUT,
              "%s has %d arrays, where what it says of itself asks for %d", reading->path,
              reading->arrays, contents->arrays);
  for (int i = 0; i < contents->arrays; i++) {
    const hrs_contents_array *array = &contents->array[i];
    const hrs_found *found = hrs_reading_find(reading, array->path);
    bool given =
        array->object->source == HRS_SOURCE_TEXT || array->object->source == HRS_SOURCE_ARRAY;
    HRS_REQUIRE(found, INPUT, "%s: %s is missing", reading->path, array->path);
    HRS_REQUIRE(given || array->type == found->stored.type, INPUT,
                "%s: %s is of type %s, expected %s", reading->path, array->path,
                hrs_dtype_name(found->stored.type), hrs_dtype_name(array->type));
  }
  return HRS_OK;
}

static hrs_status set_number(const hrs_merge *merge, const hrs_merge_attribute *of,
                             hrs_contents *contents) {
  hrs_count number = merge->samples;
  if (!of->adds)
    HRS_TRY(hrs_reading_count(merge->first.reading, of->name, 0, (hrs_count)1 << 53, &number));
  return hrs_contents_set_number(contents, of->object, of->name, of->type, (double)number);
}

/* Attributes in the order of the kind. Texts have to outlive the contents: rank 0 alone makes the
 * file, and keeps them. */
static hrs_status set_attributes(hrs_merge *merge, hrs_contents *contents) {
  const hrs_merge_kind *as = merge->first.as;
  if (merge->rank != 0) return HRS_OK;
  HRS_TRY(hrs_calloc(as->attributes, sizeof *merge->text, &merge->text));
  merge->texts = as->attributes;
  for (int i = 0; i < as->attributes; i++) {
    const hrs_merge_attribute *of = &as->attribute[i];
    if (of->type != HRS_NONE) {
      HRS_TRY(set_number(merge, of, contents));
      continue;
    }
    HRS_TRY(hrs_reading_text(merge->first.reading, of->object, of->name, &merge->text[i]));
    if (merge->text[i])
      HRS_TRY(hrs_contents_set_text(contents, of->object, of->name, merge->text[i]));
  }
  return HRS_OK;
}

static hrs_status fill(hrs_merge *merge, hrs_contents *contents) {
  HRS_TRY(add_members(merge->first.reading, contents));
  HRS_TRY(check(merge->first.reading, contents));
  for (int i = 0; i < merge->givens; i++) {
    const hrs_merge_given *given = &merge->given[i];
    HRS_TRY(given->strings
                ? hrs_contents_give_text(contents, given->path, given->strings)
                : hrs_contents_give_array(contents, given->path, hrs_merge_given_array(given)));
  }
  return set_attributes(merge, contents);
}

hrs_status hrs_merge_contents(hrs_merge *merge, hrs_contents **out) {
  hrs_count length[HRS_KIND_AXES] = {0};
  hrs_dtype precision = HRS_NONE;
  unsigned has = 0;
  measure(merge, length, &has, &precision);
  HRS_TRY(hrs_contents_create(merge->first.reading->kind, has, length, precision, out));
  hrs_status status = fill(merge, *out);
  if (status != HRS_OK) hrs_contents_destroy(out);
  return status;
}
