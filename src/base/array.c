/* Arrays in C order that own their data. */
#include <harsanyi/base.h>

#include <stdio.h>
#include <string.h>

hrs_status hrs_array_create(hrs_dtype type, int rank, const hrs_count *dim, hrs_array *out) {
  memset(out, 0, sizeof *out);
  HRS_REQUIRE(hrs_dtype_size(type) > 0, INTERNAL, "an array needs an element type");
  HRS_REQUIRE(rank >= 0 && rank <= HRS_MAX_RANK, INPUT,
              "an array has %d axes; at most %d are supported", rank, HRS_MAX_RANK);
  hrs_count count = 1;
  for (int i = 0; i < rank; i++)
    HRS_TRY(hrs_multiply(count, dim[i], "elements of an array", &count));
  HRS_TRY(hrs_alloc(count, hrs_dtype_size(type), &out->data));
  out->type = type;
  out->rank = rank;
  for (int i = 0; i < rank; i++)
    out->dim[i] = dim[i];
  return HRS_OK;
}

hrs_status hrs_array_copy(const hrs_array *from, hrs_array *out) {
  if (from->type == HRS_NONE) {
    memset(out, 0, sizeof *out);
    return HRS_OK;
  }
  HRS_TRY(hrs_array_create(from->type, from->rank, from->dim, out));
  size_t bytes = (size_t)hrs_array_count(from) * hrs_dtype_size(from->type);
  if (bytes) memcpy(out->data, from->data, bytes);
  return HRS_OK;
}

hrs_status hrs_array_convert(hrs_array *array, hrs_dtype type) {
  if (array->type == type) return HRS_OK;
  hrs_array converted;
  HRS_TRY(hrs_array_create(type, array->rank, array->dim, &converted));
  hrs_status status =
      hrs_convert(array->type, array->data, type, converted.data, hrs_array_count(array));
  if (status != HRS_OK) {
    hrs_array_destroy(&converted);
    return hrs_error_trace(status, __FILE__, __LINE__);
  }
  hrs_array_destroy(array);
  *array = converted;
  return HRS_OK;
}

hrs_status hrs_array_convert_whole(hrs_array *array, hrs_dtype type, hrs_count *bad) {
  *bad = -1;
  hrs_array converted;
  HRS_TRY(hrs_array_create(type, array->rank, array->dim, &converted));
  hrs_status status = hrs_convert_whole(array->type, array->data, type, converted.data,
                                        hrs_array_count(array), bad);
  if (status != HRS_OK) {
    hrs_array_destroy(&converted);
    return hrs_error_trace(status, __FILE__, __LINE__);
  }
  hrs_array_destroy(array);
  *array = converted;
  return HRS_OK;
}

void hrs_array_destroy(hrs_array *array) {
  if (!array) return;
  hrs_free(array->data);
  memset(array, 0, sizeof *array);
}

hrs_count hrs_array_count(const hrs_array *array) {
  if (array->type == HRS_NONE) return 0;
  hrs_count count = 1;
  for (int i = 0; i < array->rank; i++)
    count *= array->dim[i];
  return count;
}

const char *hrs_shape_text(int rank, const hrs_count *dim, char *text, size_t size) {
  size_t used = 0;
  if (size == 0) return text;
  text[0] = '\0';
  if (rank < 0) {
    snprintf(text, size, "[unknown]");
    return text;
  }
  for (int i = 0; i <= rank && used < size; i++) {
    const char *before = i == 0 ? "[" : (i < rank ? ", " : "");
    int wrote = i == rank ? snprintf(text + used, size - used, "%s]", rank ? "" : "[")
                : dim[i] < 0
                    ? snprintf(text + used, size - used, "%s?", before)
                    : snprintf(text + used, size - used, "%s%lld", before, (long long)dim[i]);
    if (wrote < 0) break;
    used += (size_t)wrote;
  }
  return text;
}

hrs_block hrs_block_first(int rank, const hrs_count *dim, hrs_count first, hrs_count count) {
  hrs_block block = {.elements = 1};
  hrs_count step[HRS_MAX_RANK + 1];
  if (rank == 0) return block;
  step[rank] = 1;
  for (int i = rank - 1; i >= 0; i--)
    step[i] = step[i + 1] * dim[i];
  /* The first axis of which a row begins here and ends in time. */
  int axis = 0;
  while (axis < rank - 1 && (first % step[axis + 1] != 0 || count < step[axis + 1]))
    axis++;
  for (int i = 0; i < rank; i++) {
    block.start[i] = first / step[i + 1];
    first %= step[i + 1];
    block.count[i] = i < axis ? 1 : dim[i];
  }
  hrs_count rows = count / step[axis + 1], there = dim[axis] - block.start[axis];
  block.count[axis] = rows < there ? rows : there;
  block.elements = block.count[axis] * step[axis + 1];
  return block;
}
