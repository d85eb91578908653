/* Inner tensors of a network at unmasked samples. */
#include "network_state.h"

#include <string.h>

/* A session from the inputs to one inner tensor, for one instance. All inputs but the first are
 * constants of a sample, which may decide branches and shapes; the first is one, too, where it has
 * to: else buffers serve several tensors. */
hrs_status hrs_network_create_inner(const hrs_model *model, int n_inputs, const char *const *inputs,
                                    const hrs_array *samples, const char *name, hrs_session **out) {
  hrs_feed *feeds;
  HRS_TRY(hrs_alloc(n_inputs, sizeof *feeds, &feeds));
  for (int i = 0; i < n_inputs; i++)
    feeds[i] = hrs_feed_of_input(inputs[i], &samples[i], i == 0);
  hrs_status status = hrs_session_create(model, n_inputs, feeds, 1, &name, 1, out);
  if (status == HRS_STATUS_UNSUPPORTED) {
    feeds[0] = hrs_feed_of_input(inputs[0], &samples[0], false);
    status = hrs_session_create(model, n_inputs, feeds, 1, &name, 1, out);
  }
  hrs_free(feeds);
  return status;
}

hrs_status hrs_network_run_inner(hrs_session *inner, int n_inputs, const hrs_array *samples,
                                 hrs_count sample, const void **out) {
  for (int i = 0; i < n_inputs; i++) {
    const void *given = hrs_sample_at(&samples[i], sample);
    if (hrs_session_feed_varies(inner, i))
      memcpy(hrs_session_feed_buffer(inner, i), given, (size_t)hrs_sample_bytes(&samples[i]));
    else
      HRS_TRY(hrs_session_set_shared(inner, i, given));
  }
  hrs_count step;
  HRS_TRY_CONTEXT(hrs_session_run(inner, 1), "sample %lld of those chosen", (long long)sample);
  *out = hrs_session_fetch(inner, 0, &step);
  return HRS_OK;
}

static hrs_status tensor_at(const hrs_model *model, int n_inputs, const char *const *inputs,
                            const hrs_array *bound, const char *name, hrs_array *out) {
  hrs_session *session = NULL;
  HRS_TRY(hrs_network_create_inner(model, n_inputs, inputs, bound, name, &session));
  const hrs_tensor_info *info = hrs_session_fetch_info(session, 0);
  hrs_count dim[HRS_MAX_RANK + 1] = {bound[0].dim[0]};
  memcpy(dim + 1, info->dim, sizeof info->dim);
  hrs_status status;
  HRS_GO(hrs_array_create(info->type, info->rank + 1, dim, out));
  size_t bytes = (size_t)(hrs_array_count(out) / dim[0]) * hrs_dtype_size(info->type);
  for (hrs_count s = 0; s < dim[0]; s++) {
    const void *values;
    HRS_GO(hrs_network_run_inner(session, n_inputs, bound, s, &values));
    memcpy((char *)out->data + (size_t)s * bytes, values, bytes);
  }
done:
  hrs_session_destroy(&session);
  return status;
}

hrs_status hrs_network_tensor_at(const hrs_model *model, int n_inputs, const char *const *inputs,
                                 const hrs_array *samples, const char *name, hrs_array *out) {
  memset(out, 0, sizeof *out);
  hrs_array *bound; /* the caller's data under the shapes that the model wants */
  HRS_TRY(hrs_alloc(n_inputs, sizeof *bound, &bound));
  hrs_status status = HRS_OK;
  for (int i = 0; i < n_inputs && status == HRS_OK; i++) {
    bound[i] = samples[i];
    status = hrs_network_bind_shape(model, inputs[i], &bound[i]);
  }
  if (status == HRS_OK) status = tensor_at(model, n_inputs, inputs, bound, name, out);
  hrs_free(bound);
  if (status != HRS_OK) hrs_array_destroy(out);
  return status;
}
