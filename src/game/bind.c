/* Samples as users store them, brought into the form of a model's input. */
#include "internal.h"

#include <stdio.h>
#include <string.h>

static hrs_status find_input(const hrs_model *model, const char *name,
                             const hrs_tensor_info **out) {
  char names[512] = "";
  size_t used = 0;
  for (int i = 0; i < hrs_model_inputs(model); i++) {
    *out = hrs_model_input(model, i);
    if (strcmp((*out)->name, name) == 0) return HRS_OK;
    if (used >= sizeof names) continue;
    int wrote = snprintf(names + used, sizeof names - used, "%s%.60s", i ? ", " : "", (*out)->name);
    used += wrote > 0 ? (size_t)wrote : 0;
  }
  HRS_FAIL(USAGE, "the model has no input '%s'; its inputs are: %s", name, names);
}

static bool matches(const hrs_count *dim, int rank, const hrs_count *wanted) {
  for (int i = 0; i < rank; i++) {
    if (wanted[i] >= 0 ? dim[i] != wanted[i] : dim[i] < 1) return false;
  }
  return true;
}

/* The axes that are missing are put in front as axes of length 1: [samples, 1, ...]. */
static hrs_status insert_axes(hrs_array *samples, bool one_sample, bool add_batch) {
  int front = one_sample + add_batch;
  HRS_REQUIRE(samples->rank + front <= HRS_MAX_RANK, INPUT, "more than %d axes", HRS_MAX_RANK);
  int kept = one_sample ? 0 : 1; /* the axis of samples stays the first */
  memmove(samples->dim + kept + front, samples->dim + kept,
          (size_t)(samples->rank - kept) * sizeof samples->dim[0]);
  for (int i = 0; i < front; i++)
    samples->dim[kept + i] = 1;
  samples->rank += front;
  return HRS_OK;
}

static hrs_status bind_shape(const hrs_tensor_info *info, hrs_array *samples) {
  int rank = info->rank, given = samples->rank;
  const hrs_count *dim = samples->dim;
  char found[HRS_SHAPE_TEXT], wanted[HRS_SHAPE_TEXT];
  hrs_shape_text(given, dim, found, sizeof found);
  hrs_shape_text(rank, info->dim, wanted, sizeof wanted);
  HRS_REQUIRE(hrs_array_count(samples) > 0, INPUT, "no samples (shape %s)", found);
  if (rank < 0) return insert_axes(samples, false, given >= 1);
  bool batch = rank > 0 && (info->dim[0] == 1 || info->dim[0] < 0);
  if (given == rank + 1 && matches(dim + 1, rank, info->dim) && (!batch || dim[1] == 1))
    return HRS_OK;
  if (batch && given == rank && given > 0 && matches(dim + 1, rank - 1, info->dim + 1))
    return insert_axes(samples, false, true);
  if (given == rank && !batch && matches(dim, rank, info->dim))
    return insert_axes(samples, true, false);
  if (batch && given == rank - 1 && matches(dim, rank - 1, info->dim + 1))
    return insert_axes(samples, true, true);
  /* Samples as for a batch of 1 or an open one: with that axis, or without. */
  bool one_by_one = given == rank + 1 && dim[1] == 1 && matches(dim + 2, rank - 1, info->dim + 1);
  bool in_batch = given == rank && matches(dim + 1, rank - 1, info->dim + 1);
  HRS_REQUIRE(rank < 2 || info->dim[0] <= 1 || (!one_by_one && !in_batch), INPUT,
              "samples of shape %s: the model's input '%s' has a fixed batch of %lld (shape %s); "
              "export it with a batch of 1 or an open one",
              found, info->name, (long long)info->dim[0], wanted);
  HRS_FAIL(INPUT,
           "samples of shape %s do not fit the model's input '%s' of shape %s; expected are "
           "[samples, ...] with this shape behind the first axis, with or without its batch axis",
           found, info->name, wanted);
}

hrs_status hrs_network_bind_shape(const hrs_model *model, const char *input, hrs_array *samples) {
  const hrs_tensor_info *info;
  HRS_TRY(find_input(model, input, &info));
  return bind_shape(info, samples);
}

hrs_status hrs_network_bind(const hrs_model *model, const char *input, hrs_array *samples) {
  const hrs_tensor_info *info;
  HRS_TRY(find_input(model, input, &info));
  HRS_TRY(bind_shape(info, samples));
  hrs_dtype type = info->type;
  if (type == HRS_F16 || type == HRS_BF16) type = HRS_F32;
  if (type == HRS_NONE || type == samples->type) return HRS_OK;
  if (hrs_is_real(type)) return hrs_array_convert(samples, type);
  hrs_count bad, row = hrs_array_count(samples) / samples->dim[0];
  hrs_status status = hrs_array_convert_whole(samples, type, &bad);
  if (status != HRS_OK && bad >= 0)
    status = hrs_error_context(status, "element %lld of row %lld; the model's input '%s' is of %s",
                               (long long)(bad % row), (long long)(bad / row), info->name,
                               hrs_dtype_name(type));
  return status;
}
