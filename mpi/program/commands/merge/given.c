/*
 * What a file holds from the beginning: names, maps, baselines, layers. Rank 0 reads it of every
 * file. Along the axis that files are joined along it is put together; all else has to be the same.
 *
 * Maps and baselines have an axis over samples in front where samples have their own, and an axis
 * of length 1 where one is for all, which the table does not tell apart. A file of a single sample
 * has its map without that axis either way; so where such files differ, each has its own.
 */
#include "parts.h"

#include "mpi/lattice/comm.h"

#include <string.h>

static bool is_given(const hrs_found *found) {
  return found->object->source == HRS_SOURCE_TEXT || found->object->source == HRS_SOURCE_ARRAY;
}

static hrs_merge_given *given_of(const hrs_merge *merge, const char *path) {
  for (int i = 0; i < merge->givens; i++)
    if (strcmp(merge->given[i].path, path) == 0) return &merge->given[i];
  return NULL;
}

/* ---- text ----------------------------------------------------------------------------------- */

static hrs_status append_strings(hrs_merge_given *to, char **strings, int count) {
  int all;
  HRS_TRY(hrs_narrow((hrs_count)to->count + count, to->path, &all));
  HRS_TRY(hrs_realloc(&to->strings, all, sizeof *to->strings));
  memcpy(to->strings + to->count, strings, sizeof *strings * (size_t)count);
  memset(strings, 0, sizeof *strings * (size_t)count);
  to->count = all;
  return HRS_OK;
}

static hrs_status take_text(hrs_merge *merge, int i, const hrs_merge_file *file,
                            hrs_merge_given *to) {
  char **strings = NULL;
  int count = 0, at = 0;
  HRS_TRY(hrs_reading_strings(file->reading, to->path, &strings, &count));
  hrs_status status = HRS_OK;
  if (i == 0 || to->joined) {
    status = append_strings(to, strings, count);
  } else {
    while (at < count && at < to->count && strcmp(strings[at], to->strings[at]) == 0)
      at++;
    if (at < count || count != to->count)
      status = hrs_error_set(HRS_STATUS_INPUT, __FILE__, __LINE__,
                             "%s: number %d of %s is '%s', and in %s '%s'", merge->path[i], at,
                             to->path, at < count ? strings[at] : "", merge->path[0],
                             at < to->count ? to->strings[at] : "");
  }
  for (int j = 0; j < count; j++)
    hrs_free(strings[j]);
  hrs_free(strings);
  return status;
}

/* ---- numbers -------------------------------------------------------------------------------- */

static size_t bytes_of(const hrs_array *array) {
  return (size_t)hrs_array_count(array) * hrs_dtype_size(array->type);
}

static bool is_same(const hrs_array *a, const hrs_array *b) {
  return a->rank == b->rank && memcmp(a->dim, b->dim, sizeof *a->dim * (size_t)a->rank) == 0 &&
         memcmp(a->data, b->data, bytes_of(a)) == 0;
}

/* All of `from`, `times`, behind so many bytes. */
static hrs_status append_bytes(void *data /* T** */, size_t old, const hrs_array *from,
                               hrs_count times) {
  size_t more = bytes_of(from);
  hrs_count all;
  HRS_TRY(hrs_multiply((hrs_count)more, times, "bytes of given arrays", &all));
  HRS_TRY(hrs_realloc(data, hrs_count_add((hrs_count)old, all), 1));
  for (hrs_count i = 0; i < times; i++)
    memcpy(*(char **)data + old + (size_t)i * more, from->data, more);
  return HRS_OK;
}

/* Has an array of a file an axis over samples in front? That of a single sample is told by the
 * number of axes: its map has none. */
static bool is_sampled(const hrs_merge *merge, int i, const hrs_reading *reading,
                       const hrs_array *array) {
  int least = array->rank;
  for (int j = 0; j < reading->arrays; j++)
    if (is_given(&reading->array[j]) && reading->array[j].object->axis[0] == HRS_AXIS_OTHERS &&
        reading->array[j].stored.rank < least)
      least = reading->array[j].stored.rank;
  hrs_count samples = merge->source[i].samples;
  return samples == 1 ? array->rank > least : array->rank > 0 && array->dim[0] == samples;
}

/* The shape that a sample has. */
static void tail_of(const hrs_array *array, bool sampled, hrs_array *tail) {
  *tail = (hrs_array){.type = array->type, .rank = array->rank - sampled};
  memcpy(tail->dim, array->dim + sampled, sizeof *tail->dim * (size_t)tail->rank);
}

/* Make `all` have one more axis in front: of no samples so far. */
static hrs_status start_all(hrs_merge_given *to, const hrs_array *tail) {
  HRS_REQUIRE(tail->rank < HRS_MAX_RANK, INPUT, "%s has too many axes for one over samples",
              to->path);
  to->all = (hrs_array){.type = tail->type, .rank = tail->rank + 1};
  memcpy(to->all.dim + 1, tail->dim, sizeof *tail->dim * (size_t)tail->rank);
  return HRS_OK;
}

/* An array of a file into `all`, `times`. */
static hrs_status append_own(hrs_merge_given *to, const hrs_array *array, bool sampled,
                             hrs_count times) {
  hrs_array own = *array;
  if (!sampled) own.dim[0] = 1; /* an array for a single sample is its own */
  hrs_count samples = own.dim[0] * times;
  HRS_TRY(append_bytes(&to->all.data, bytes_of(&to->all), array, times));
  to->all.dim[0] += samples;
  return HRS_OK;
}

static hrs_status is_another(const hrs_merge *merge, int i, const hrs_merge_given *to) {
  HRS_FAIL(INPUT, "%s: %s is not what it is in %s", merge->path[i], to->path, merge->path[0]);
}

/* An array that may have an axis over samples. Equal ones of single samples are counted until it is
 * known that samples have their own. */
static hrs_status take_leading(hrs_merge *merge, int i, const hrs_reading *reading,
                               const hrs_array *array, hrs_merge_given *to) {
  bool sampled = is_sampled(merge, i, reading, array), single = merge->source[i].samples == 1;
  hrs_array tail;
  tail_of(array, sampled, &tail);
  if (i == 0) HRS_TRY(start_all(to, &tail));
  if (tail.rank + 1 != to->all.rank ||
      memcmp(tail.dim, to->all.dim + 1, sizeof *tail.dim * (size_t)tail.rank) != 0)
    return is_another(merge, i, to);
  bool same = i == 0 || is_same(&to->array, array);
  if (!sampled && !single) {
    to->shared = true;
    return same && !to->own ? HRS_OK : is_another(merge, i, to);
  }
  if (!sampled && same && !to->own) {
    to->ones++;
    return HRS_OK;
  }
  if (to->shared) return is_another(merge, i, to);
  if (!to->own && to->ones) HRS_TRY(append_own(to, &to->array, false, to->ones));
  to->own = true;
  return append_own(to, array, sampled, 1);
}

static hrs_status take_array(hrs_merge *merge, int i, const hrs_merge_file *file,
                             const hrs_found *found, hrs_merge_given *to) {
  hrs_array array = {0};
  hrs_status status;
  HRS_GO(hrs_array_create(found->stored.type, found->stored.rank, found->stored.dim, &array));
  HRS_GO(hrs_reading_read(file->reading, found->path, -1, 0, hrs_array_count(&array), array.type,
                          array.data));
  if (found->object->axis[0] == HRS_AXIS_OTHERS) {
    HRS_GO(take_leading(merge, i, file->reading, &array, to));
  } else if (i > 0 && to->joined) {
    HRS_GO(append_bytes(&to->array.data, bytes_of(&to->array), &array, 1));
    to->array.dim[0] += array.dim[0];
  } else if (i > 0 && !is_same(&to->array, &array)) {
    status = is_another(merge, i, to);
  }
  if (i == 0) {
    to->array = array;
    array = (hrs_array){0};
  }
done:
  hrs_array_destroy(&array);
  return status;
}

/* ---- all of them ---------------------------------------------------------------------------- */

static hrs_status make_givens(hrs_merge *merge, const hrs_reading *reading) {
  HRS_TRY(hrs_calloc(reading->arrays, sizeof *merge->given, &merge->given));
  for (int j = 0; j < reading->arrays; j++) {
    const hrs_found *found = &reading->array[j];
    if (!is_given(found)) continue;
    hrs_merge_given *to = &merge->given[merge->givens++];
    memcpy(to->path, found->path, sizeof to->path);
    to->joined = found->object->axis[0] == hrs_merge_axis(reading->kind);
  }
  return HRS_OK;
}

const hrs_array *hrs_merge_given_array(const hrs_merge_given *given) {
  return given->own ? &given->all : &given->array;
}

hrs_status hrs_merge_give(hrs_merge *merge, int i, const hrs_merge_file *file) {
  const hrs_reading *reading = file->reading;
  if (i == 0) HRS_TRY(make_givens(merge, reading));
  for (int j = 0; j < reading->arrays; j++) {
    const hrs_found *found = &reading->array[j];
    if (!is_given(found)) continue;
    hrs_merge_given *to = given_of(merge, found->path);
    HRS_ASSERT(to);
    HRS_TRY(found->object->source == HRS_SOURCE_TEXT ? take_text(merge, i, file, to)
                                                     : take_array(merge, i, file, found, to));
  }
  return HRS_OK;
}
