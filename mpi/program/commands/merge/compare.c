/* Do two files have the same arrays, and say the same of them? */
#include "parts.h"

#include <stdio.h>
#include <string.h>

/* ---- arrays --------------------------------------------------------------------------------- */

static hrs_status compare_array(const hrs_reading *first, const hrs_found *a,
                                const hrs_reading *file) {
  const hrs_found *b = hrs_reading_find(file, a->path);
  HRS_REQUIRE(b, INPUT, "%s has %s, and %s has not", first->path, a->path, file->path);
  HRS_REQUIRE(a->stored.type == b->stored.type, INPUT,
              "%s: %s is of type %s, and in %s of %s (--precision?)", file->path, a->path,
              hrs_dtype_name(b->stored.type), first->path, hrs_dtype_name(a->stored.type));
  if (a->object->axis[0] == HRS_AXIS_OTHERS) return HRS_OK; /* given.c knows what may differ */
  HRS_REQUIRE(a->stored.rank == b->stored.rank, INPUT, "%s: %s has %d axes, and in %s %d",
              file->path, a->path, b->stored.rank, first->path, a->stored.rank);
  int joins = hrs_merge_axis(first->kind);
  for (int i = 0; i < a->stored.rank; i++) {
    int axis = i < HRS_OBJECT_AXES ? a->object->axis[i] : HRS_AXIS_OTHERS;
    bool later = a->object->when & HRS_WHEN_LATER;
    HRS_REQUIRE(a->stored.dim[i] == b->stored.dim[i] || axis == joins || later, INPUT,
                "%s: axis %d of %s has length %lld, and in %s %lld", file->path, i, a->path,
                (long long)b->stored.dim[i], first->path, (long long)a->stored.dim[i]);
  }
  return HRS_OK;
}

static hrs_status compare_arrays(const hrs_reading *first, const hrs_reading *file) {
  for (int i = 0; i < first->arrays; i++)
    HRS_TRY(compare_array(first, &first->array[i], file));
  for (int i = 0; i < file->arrays; i++)
    HRS_REQUIRE(hrs_reading_has(first, file->array[i].path), INPUT, "%s has %s, and %s has not",
                file->path, file->array[i].path, first->path);
  return HRS_OK;
}

/* ---- attributes ----------------------------------------------------------------------------- */

static hrs_status compare_text(const hrs_reading *first, const hrs_reading *file,
                               const hrs_merge_attribute *of) {
  char *a = NULL, *b = NULL;
  hrs_status status = hrs_reading_text(first, of->object, of->name, &a);
  if (status == HRS_OK) status = hrs_reading_text(file, of->object, of->name, &b);
  if (status == HRS_OK && (a && b ? strcmp(a, b) != 0 : a != b))
    status = hrs_error_set(HRS_STATUS_INPUT, __FILE__, __LINE__,
                           "%s: %s of %s is '%s', and in %s '%s': rows of one network and one "
                           "choice of options are merged",
                           file->path, of->name, of->object, b ? b : "", first->path, a ? a : "");
  hrs_free(a);
  hrs_free(b);
  return status;
}

static hrs_status compare_number(const hrs_reading *first, const hrs_reading *file,
                                 const hrs_merge_attribute *of) {
  hrs_count a, b;
  HRS_TRY(hrs_reading_count(first, of->name, 0, (hrs_count)1 << 53, &a));
  HRS_TRY(hrs_reading_count(file, of->name, 0, (hrs_count)1 << 53, &b));
  HRS_REQUIRE(a == b, INPUT, "%s: %s is %lld, and in %s %lld", file->path, of->name, (long long)b,
              first->path, (long long)a);
  return HRS_OK;
}

static hrs_status compare_attributes(const hrs_merge_file *first, const hrs_merge_file *file) {
  for (int i = 0; i < first->as->attributes; i++) {
    const hrs_merge_attribute *of = &first->as->attribute[i];
    if (of->adds) continue;
    HRS_TRY(of->type == HRS_NONE ? compare_text(first->reading, file->reading, of)
                                 : compare_number(first->reading, file->reading, of));
  }
  return HRS_OK;
}

/* ---- what bits depend on -------------------------------------------------------------------- */

hrs_status hrs_merge_compare_origins(const hrs_merge_file *first, const hrs_merge_file *file,
                                     char text[HRS_MERGE_TEXT]) {
  static const struct {
    const char *name, *what;
  } of[] = {{"program_version", "another version of the program"},
            {"git", "another version of the program"},
            {"blas_core", "other kernels of BLAS"},
            {"simd", "other instructions"}};
  *text = 0;
  for (size_t i = 0; i < sizeof of / sizeof *of && !*text; i++) {
    char *a = NULL, *b = NULL;
    hrs_status status = hrs_merge_run_text(first, of[i].name, &a);
    if (status == HRS_OK) status = hrs_merge_run_text(file, of[i].name, &b);
    if (status == HRS_OK && (a && b ? strcmp(a, b) != 0 : a != b))
      snprintf(text, HRS_MERGE_TEXT, "%s was computed with %s (%s) than %s (%s)",
               file->reading->path, of[i].what, b ? b : "?", first->reading->path, a ? a : "?");
    hrs_free(a);
    hrs_free(b);
    HRS_TRY(status);
  }
  return HRS_OK;
}

hrs_status hrs_merge_compare(const hrs_merge_file *first, const hrs_merge_file *file) {
  HRS_REQUIRE(first->as == file->as, INPUT, "%s is of kind '%s', and %s of kind '%s'",
              file->reading->path, file->reading->kind->name, first->reading->path,
              first->reading->kind->name);
  HRS_TRY(hrs_merge_compare_options(first, file));
  HRS_TRY(compare_attributes(first, file));
  return compare_arrays(first->reading, file->reading);
}
