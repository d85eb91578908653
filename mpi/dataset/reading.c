/* Reading a data set by one process: what there is at once, values on demand. */
#include "reading.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- the header ----------------------------------------------------------------------------- */

hrs_status hrs_reading_text(const hrs_reading *reading, const char *object, const char *name,
                            char **out) {
  return hrs_h5_reader_text(reading->reader, object, name, out);
}

hrs_status hrs_reading_count(const hrs_reading *reading, const char *name, hrs_count least,
                             hrs_count most, hrs_count *out) {
  double number;
  HRS_TRY(hrs_h5_reader_number(reading->reader, "/", name, &number));
  HRS_REQUIRE(number >= (double)least && number <= (double)most && number == floor(number), INPUT,
              "%s: %s is %.17g; a whole number from %lld to %lld was expected", reading->path, name,
              number, (long long)least, (long long)most);
  *out = (hrs_count)number;
  return HRS_OK;
}

/* Which of the kinds the file is of. */
static hrs_status find_kind(hrs_reading *reading, const hrs_kind *const *kinds) {
  char *name = NULL, known[256] = "";
  HRS_TRY(hrs_h5_reader_text(reading->reader, "/", "kind", &name));
  size_t used = 0;
  for (int i = 0; kinds[i] && used < sizeof known; i++) {
    if (name ? strcmp(name, kinds[i]->name) == 0 : kinds[i]->unnamed) reading->kind = kinds[i];
    used +=
        (size_t)snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", kinds[i]->name);
  }
  hrs_status status = HRS_OK;
  if (!reading->kind)
    status = hrs_error_set(HRS_STATUS_INPUT, __FILE__, __LINE__,
                           "%s is a data set of kind '%s', written by harsanyi %s; what is read "
                           "here is of kind %s",
                           reading->path, name ? name : "", reading->program_version, known);
  hrs_free(name);
  return status;
}

static hrs_status read_header(hrs_reading *reading, const hrs_kind *const *kinds) {
  enum { MANY = 1 << 30 };
  char *format = NULL;
  hrs_count version, complete;
  HRS_TRY(hrs_h5_reader_text(reading->reader, "/", "format", &format));
  bool ours = format && strcmp(format, HRS_DATASET_FORMAT) == 0;
  hrs_free(format);
  HRS_REQUIRE(ours, INPUT, "%s is an HDF5 file, but no data set of harsanyi", reading->path);
  HRS_TRY(hrs_reading_count(reading, "format_version", 1, MANY, &version));
  HRS_REQUIRE(version <= HRS_DATASET_VERSION, UNSUPPORTED,
              "%s has format version %lld; this program knows versions up to %d: use the one that "
              "wrote it, or a newer one",
              reading->path, (long long)version, HRS_DATASET_VERSION);
  reading->format_version = (int)version;
  HRS_TRY(hrs_h5_reader_text(reading->reader, "/", "program_version", &reading->program_version));
  HRS_TRY(hrs_h5_reader_text(reading->reader, "/", "git", &reading->git));
  HRS_REQUIRE(reading->program_version && reading->git, INPUT,
              "%s does not say which program wrote it: attributes program_version and git",
              reading->path);
  HRS_TRY(find_kind(reading, kinds));
  HRS_TRY(hrs_reading_count(reading, "complete", 0, 1, &complete));
  reading->complete = complete != 0;
  return HRS_OK;
}

/* ---- what there is -------------------------------------------------------------------------- */

/* An array is of the kind of elements that its object has, and has as many axes. */
static hrs_status check_array(const hrs_reading *reading, const hrs_found *found) {
  const hrs_object *object = found->object;
  bool text = object->source == HRS_SOURCE_TEXT;
  HRS_REQUIRE(found->stored.kind == (text ? HRS_H5_TEXT : HRS_H5_NUMBERS), INPUT,
              "%s: %s is no array of %s", reading->path, found->path, text ? "names" : "numbers");
  int rank = 0;
  while (rank < HRS_OBJECT_AXES && object->axis[rank] > HRS_AXIS_NONE)
    rank++;
  bool others = rank < HRS_OBJECT_AXES && object->axis[rank] == HRS_AXIS_OTHERS;
  HRS_REQUIRE(found->stored.rank == rank || (others && found->stored.rank >= rank), INPUT,
              "%s: %s does not have %d axes", reading->path, found->path, rank);
  return HRS_OK;
}

/* Add an object to what the file has, if it has it; *there says so. */
static hrs_status look(hrs_reading *reading, const hrs_object *object, const char *name,
                       bool *there) {
  hrs_found found = {.object = object};
  HRS_ASSERT(strlen(name) < sizeof found.name && hrs_object_path(object->path, name, found.path));
  memcpy(found.name, name, strlen(name) + 1);
  HRS_TRY(hrs_h5_reader_find(reading->reader, found.path, &found.stored));
  *there = found.stored.kind != HRS_H5_NOTHING;
  if (!*there) return HRS_OK;
  HRS_TRY(check_array(reading, &found));
  HRS_TRY(hrs_realloc(&reading->array, reading->arrays + 1, sizeof *reading->array));
  reading->array[reading->arrays++] = found;
  return HRS_OK;
}

/* Must the file have an object? What is always there, and what others are there for that are there
 * at the same times. */
static bool is_needed(const hrs_reading *reading, const hrs_object *object) {
  if (object->when == 0 || object->when == HRS_WHEN_LATER)
    return object->when == 0 || reading->complete;
  for (int i = 0; i < reading->arrays; i++)
    if (reading->array[i].object->when == object->when) return true;
  return false;
}

static hrs_status find_arrays(hrs_reading *reading) {
  const hrs_kind *kind = reading->kind;
  bool there;
  for (int i = 0; i < kind->objects; i++)
    if (!hrs_object_is_family(&kind->object[i]))
      HRS_TRY(look(reading, &kind->object[i], "", &there));
  for (int i = 0; i < kind->objects; i++) {
    const hrs_object *object = &kind->object[i];
    HRS_REQUIRE(hrs_object_is_family(object) || hrs_reading_has(reading, object->path) ||
                    !is_needed(reading, object),
                INPUT, "%s: %s is missing", reading->path, object->path);
  }
  return HRS_OK;
}

/* The length that an axis of an array must have, -1: any. That of a member's own axis is the
 * length of its scale. */
static hrs_count axis_length(const hrs_reading *reading, const hrs_found *found, int axis) {
  const char *scale = reading->kind->axis[axis].scale;
  char path[HRS_PATH_SIZE];
  if (!scale || !strstr(scale, "%s")) return reading->length[axis];
  const hrs_found *own =
      hrs_object_path(scale, found->name, path) ? hrs_reading_find(reading, path) : NULL;
  return own ? own->stored.dim[0] : -1;
}

static hrs_status check_lengths(const hrs_reading *reading, const hrs_found *found) {
  for (int i = 0; i < HRS_OBJECT_AXES && found->object->axis[i] > HRS_AXIS_NONE; i++) {
    int axis = found->object->axis[i];
    hrs_count length = axis_length(reading, found, axis);
    HRS_REQUIRE(length < 0 || found->stored.dim[i] == length, INPUT,
                "%s: axis %d (%s) of %s has length %lld, expected %lld", reading->path, i,
                reading->kind->axis[axis].label, found->path, (long long)found->stored.dim[i],
                (long long)length);
  }
  return HRS_OK;
}

hrs_status hrs_reading_look(hrs_reading *reading, const char *family, const char *name,
                            bool *there) {
  const hrs_kind *kind = reading->kind;
  int found = 0, wanted = 0, before = reading->arrays;
  const char *missing = "";
  for (int i = 0; i < kind->objects; i++) {
    if (!hrs_object_is_family(&kind->object[i]) ||
        strncmp(kind->object[i].path, family, strlen(family)) != 0)
      continue;
    bool here;
    HRS_TRY(look(reading, &kind->object[i], name, &here));
    found += here;
    wanted++;
    if (!here) missing = kind->object[i].path;
  }
  char path[HRS_PATH_SIZE];
  hrs_object_path(missing, name, path);
  HRS_REQUIRE(found == 0 || found == wanted, INPUT,
              "%s: %s is missing, and others beside it are there", reading->path, path);
  *there = found > 0;
  for (int i = before; i < reading->arrays; i++)
    HRS_TRY(check_lengths(reading, &reading->array[i]));
  return HRS_OK;
}

hrs_status hrs_reading_check_lengths(const hrs_reading *reading) {
  for (int i = 0; i < reading->arrays; i++)
    HRS_TRY(check_lengths(reading, &reading->array[i]));
  return HRS_OK;
}

static void set_lengths(hrs_reading *reading) {
  for (int axis = 1; axis < reading->kind->axes; axis++) {
    const char *scale = reading->kind->axis[axis].scale;
    const hrs_found *found = scale ? hrs_reading_find(reading, scale) : NULL;
    reading->length[axis] = found && found->stored.rank == 1 ? found->stored.dim[0] : -1;
  }
}

/* ---- life ----------------------------------------------------------------------------------- */

static hrs_status open_file(hrs_reading *reading, const hrs_kind *const *kinds) {
  HRS_TRY(hrs_h5_reader_open(reading->path, &reading->reader));
  HRS_TRY(read_header(reading, kinds));
  HRS_TRY(find_arrays(reading));
  set_lengths(reading);
  return hrs_reading_check_lengths(reading);
}

hrs_status hrs_reading_open(const char *path, const hrs_kind *const *kinds, hrs_reading **out) {
  hrs_reading *reading;
  *out = NULL;
  HRS_TRY(hrs_calloc(1, sizeof *reading, &reading));
  hrs_status status = hrs_strdup(path, &reading->path);
  if (status == HRS_OK) status = open_file(reading, kinds);
  if (status != HRS_OK) hrs_reading_close(&reading);
  *out = reading;
  return status;
}

void hrs_reading_close(hrs_reading **handle) {
  if (!handle || !*handle) return;
  hrs_reading *reading = *handle;
  hrs_h5_reader_close(&reading->reader);
  hrs_free(reading->array);
  hrs_free(reading->path);
  hrs_free(reading->program_version);
  hrs_free(reading->git);
  hrs_free(reading);
  *handle = NULL;
}

/* ---- values --------------------------------------------------------------------------------- */

const hrs_found *hrs_reading_find(const hrs_reading *reading, const char *path) {
  for (int i = 0; i < reading->arrays; i++)
    if (strcmp(reading->array[i].path, path) == 0) return &reading->array[i];
  return NULL;
}

static hrs_count row_size(const hrs_found *found) {
  hrs_count size = 1;
  for (int i = 1; i < found->stored.rank; i++)
    size = hrs_count_multiply(size, found->stored.dim[i]);
  return size;
}

static hrs_status find_needed(const hrs_reading *reading, const char *path, const hrs_found **out) {
  *out = hrs_reading_find(reading, path);
  HRS_REQUIRE(*out, INPUT, "%s: %s is missing", reading->path, path);
  return HRS_OK;
}

hrs_status hrs_reading_read(const hrs_reading *reading, const char *path, hrs_count k,
                            hrs_count first, hrs_count count, hrs_dtype type, void *out) {
  const hrs_found *found;
  if (count == 0) return HRS_OK;
  HRS_TRY(find_needed(reading, path, &found));
  hrs_count row = row_size(found),
            all = k < 0 ? hrs_count_multiply(row, found->stored.dim[0]) : row;
  HRS_ASSERT(k < found->stored.dim[0]);
  HRS_ASSERT(first >= 0 && count >= 0 && first <= all && count <= all - first);
  if (k >= 0) first += k * row;
  return hrs_h5_reader_read(reading->reader, path, first, count, type, out);
}

hrs_status hrs_reading_strings(const hrs_reading *reading, const char *path, char ***out,
                               int *count) {
  const hrs_found *found;
  hrs_count all;
  HRS_TRY(find_needed(reading, path, &found));
  HRS_TRY(hrs_multiply(found->stored.dim[0], row_size(found), path, &all));
  HRS_TRY(hrs_narrow(all, path, count));
  return hrs_h5_reader_strings(reading->reader, path, *count, out);
}

hrs_status hrs_reading_record(const hrs_reading *reading, int record, hrs_count k, void *out) {
  for (int i = 0; i < reading->arrays; i++) {
    const hrs_found *found = &reading->array[i];
    const hrs_field *field = &found->object->field;
    hrs_count count = row_size(found), most = (hrs_count)field->size;
    if (field->record != record) continue;
    HRS_REQUIRE(hrs_count_multiply(count, (hrs_count)hrs_dtype_size(found->object->type)) <= most,
                INPUT, "%s: rows of %s are too long: %lld elements", reading->path, found->path,
                (long long)count);
    HRS_TRY(hrs_reading_read(reading, found->path, k, 0, count, found->object->type,
                             (char *)out + field->offset));
  }
  return HRS_OK;
}
