/*
 * Features: values of chosen tensors for many samples, from one session with a fetch for each.
 *
 * Batches begin at fixed places, so that a sample's values do not depend on who evaluates it. There
 * are some for every rank of a machine, as far as that leaves enough rows for matrix products.
 * Cost: one forward pass per sample up to the last tensor; all tensors stand in the session's
 * buffers at once. Loses where shapes depend on values of an input: then one sample at a time, and
 * what depends on these values is folded anew for each.
 */
#include "network/feed.h"
#include "network/stages.h"
#include "network/steps.h"

struct hrs_features {
  const hrs_model *model;
  int n_inputs;
  const char **input;
  const hrs_array *sample; /* [n_inputs] */
  hrs_count samples, batch, bytes;
  hrs_session *session;
  int layers;
  hrs_layer *layer;
  int *fetch;        /* of each layer */
  const void **data; /* of each layer: where its values are */
};

enum { FEWEST_ROWS = 8, WANTED_BATCHES = 64 };

static hrs_count shorter(hrs_count batch, hrs_count samples) {
  hrs_count share = (samples + WANTED_BATCHES - 1) / WANTED_BATCHES;
  if (share < FEWEST_ROWS) share = FEWEST_ROWS;
  return batch < share ? batch : share;
}

/* ---- making ---- */

static bool per_sample(const hrs_features *f, int input) {
  return f->sample[input].dim[0] > 1 || f->samples == 1;
}

/* Samples side by side where the network allows it; else all inputs but the first, and in the end
 * all inputs, are constants of a sample, which may decide on shapes and branches. */
static hrs_status make_session(hrs_features *f, int fetches, const char *const *fetch) {
  hrs_feed *feed;
  hrs_status status = HRS_STATUS_UNSUPPORTED;
  HRS_TRY(hrs_alloc(f->n_inputs, sizeof *feed, &feed));
  for (int varying = f->n_inputs; varying >= 0 && status == HRS_STATUS_UNSUPPORTED;) {
    for (int i = 0; i < f->n_inputs; i++)
      feed[i] = hrs_feed_of_input(f->input[i], &f->sample[i], i < varying && per_sample(f, i));
    bool alone = varying < f->n_inputs;
    status = hrs_session_create(f->model, f->n_inputs, feed, fetches, fetch, alone, &f->session);
    varying = varying > 1 ? 1 : varying - 1;
  }
  hrs_free(feed);
  HRS_TRY(status);
  f->batch = shorter(hrs_session_max_batch(f->session), f->samples);
  return HRS_OK;
}

/* What a session knows of a tensor, for one sample. */
static void describe(const hrs_tensor_info *info, hrs_layer *out) {
  int batch = info->rank > 0 && info->dim[0] == 1;
  out->name = info->name;
  out->type = info->type;
  out->rank = info->rank - batch;
  out->units = 1;
  for (int i = 0; i < out->rank; i++)
    out->units *= out->dim[i] = info->dim[batch + i];
}

/* Layers of the network that are no real numbers, or nothing, are passed over; those that somebody
 * named are refused. */
static hrs_status take_layer(hrs_features *f, const hrs_stages *stages, int fetch, bool named) {
  hrs_layer *layer = &f->layer[f->layers];
  const hrs_tensor_info *info = hrs_session_fetch_info(f->session, fetch);
  int depth = stages->depth[hrs_graph_find(&f->model->graph, info->name)];
  describe(info, layer);
  layer->depth = depth;
  layer->relative_depth = stages->most ? (double)depth / stages->most : 0;
  bool real = info->type == HRS_F32 || info->type == HRS_F64;
  hrs_count step;
  hrs_session_fetch(f->session, fetch, &step);
  bool differs = step > 0 || hrs_session_max_batch(f->session) == 1;
  HRS_REQUIRE(!named || real, UNSUPPORTED, "%s: tensor '%s' is of %s, and a layer has real numbers",
              f->model->path, info->name, hrs_dtype_name(info->type));
  HRS_REQUIRE(!named || (differs && layer->units), USAGE, "%s: tensor '%s' %s", f->model->path,
              info->name, layer->units ? "is the same for all samples" : "is empty");
  if (!real || !differs || !layer->units) return HRS_OK;
  f->fetch[f->layers++] = fetch;
  return HRS_OK;
}

/* Tensors that somebody named: there, once, and not the same for all samples. */
static hrs_status check_names(const hrs_features *f, const hrs_stages *stages, int count,
                              const char *const *name) {
  for (int i = 0; i < count; i++) {
    int value = hrs_graph_find(&f->model->graph, name[i]);
    HRS_REQUIRE(value >= 0, USAGE, "%s has no tensor '%s'", f->model->path, name[i]);
    HRS_REQUIRE(stages->depth[value] >= 0, USAGE,
                "%s: tensor '%s' is the same for all samples, or no output needs it",
                f->model->path, name[i]);
    for (int k = 0; k < i; k++)
      HRS_REQUIRE(hrs_graph_find(&f->model->graph, name[k]) != value, USAGE,
                  "%s: tensor '%s' is named twice", f->model->path, name[i]);
  }
  return HRS_OK;
}

static hrs_status take_layers(hrs_features *f, const hrs_stages *stages, int n_tensors,
                              const char *const *tensors) {
  const char **own = NULL;
  hrs_status status;
  int fetches = tensors ? n_tensors : stages->layers;
  if (tensors) HRS_GO(check_names(f, stages, n_tensors, tensors));
  HRS_GO(hrs_alloc(fetches, sizeof *own, &own));
  for (int i = 0; i < fetches; i++)
    own[i] = tensors ? tensors[i] : f->model->graph.value[stages->layer[i]].name;
  HRS_GO(hrs_alloc(fetches, sizeof *f->layer, &f->layer));
  HRS_GO(hrs_alloc(fetches, sizeof *f->fetch, &f->fetch));
  HRS_GO(hrs_alloc(fetches, sizeof *f->data, &f->data));
  HRS_GO(make_session(f, fetches, own));
  for (int i = 0; i < fetches; i++)
    HRS_GO(take_layer(f, stages, i, tensors != NULL));
done:
  hrs_free(own);
  return status;
}

static hrs_status take_inputs(hrs_features *f, int n_inputs, const char *const *inputs,
                              const hrs_array *samples, bool *varying) {
  HRS_REQUIRE(n_inputs >= 1, USAGE, "no input of the network was given");
  HRS_TRY(hrs_alloc(n_inputs, sizeof *f->input, &f->input));
  f->n_inputs = n_inputs;
  f->sample = samples;
  f->samples = 1;
  for (int i = 0; i < n_inputs; i++) {
    hrs_count count = samples[i].rank > 0 ? samples[i].dim[0] : 0;
    f->input[i] = inputs[i];
    HRS_REQUIRE(count >= 1, INPUT, "input '%s' has no samples", inputs[i]);
    HRS_REQUIRE(count == f->samples || count == 1 || f->samples == 1, INPUT,
                "input '%s' has %lld samples, another one %lld: the number must be the same (or 1 "
                "for all)",
                inputs[i], (long long)count, (long long)f->samples);
    if (count > f->samples) f->samples = count;
  }
  for (int k = 0; k < hrs_model_inputs(f->model); k++)
    for (int i = 0; i < n_inputs; i++)
      varying[k] |= strcmp(inputs[i], hrs_model_input(f->model, k)->name) == 0 && per_sample(f, i);
  return HRS_OK;
}

static hrs_status create(hrs_features *f, int n_inputs, const char *const *inputs,
                         const hrs_array *samples, int n_tensors, const char *const *tensors) {
  bool *varying = NULL;
  hrs_stages stages = {0};
  hrs_status status;
  HRS_GO(hrs_calloc(hrs_model_inputs(f->model), sizeof *varying, &varying));
  HRS_GO(take_inputs(f, n_inputs, inputs, samples, varying));
  HRS_GO(hrs_stages_find(f->model, varying, &stages));
  HRS_GO(take_layers(f, &stages, n_tensors, tensors));
  if (f->layers == 0)
    status = hrs_error_set(HRS_STATUS_UNSUPPORTED, __FILE__, __LINE__,
                           "%s: the network has no layers to look at; name tensors of its graph",
                           f->model->path);
done:
  hrs_stages_destroy(&stages);
  hrs_free(varying);
  return status;
}

hrs_status hrs_features_create(const hrs_model *model, int n_inputs, const char *const *inputs,
                               const hrs_array *samples, int n_tensors, const char *const *tensors,
                               hrs_features **out) {
  *out = NULL;
  hrs_count before = hrs_memory_current();
  hrs_features *f;
  HRS_TRY(hrs_calloc(1, sizeof *f, &f));
  f->model = model;
  hrs_status status = create(f, n_inputs, inputs, samples, n_tensors, tensors);
  f->bytes = hrs_memory_current() - before;
  if (status != HRS_OK) hrs_features_destroy(&f);
  *out = f;
  return status;
}

void hrs_features_destroy(hrs_features **features) {
  hrs_features *f = *features;
  if (!f) return;
  hrs_session_destroy(&f->session);
  hrs_free(f->input);
  hrs_free(f->layer);
  hrs_free(f->fetch);
  hrs_free(f->data);
  hrs_free(f);
  *features = NULL;
}

/* ---- running ---- */

static hrs_status feed_batch(hrs_features *f, hrs_count first, hrs_count count) {
  for (int i = 0; i < f->n_inputs; i++) {
    if (!per_sample(f, i)) continue;
    const void *given = hrs_sample_at(&f->sample[i], first);
    size_t bytes = (size_t)(count * hrs_sample_bytes(&f->sample[i]));
    if (hrs_session_feed_varies(f->session, i))
      memcpy(hrs_session_feed_buffer(f->session, i), given, bytes);
    else
      HRS_TRY(hrs_session_set_shared(f->session, i, given));
  }
  return HRS_OK;
}

static hrs_status run_batch(hrs_features *f, hrs_count index, hrs_features_sink *sink,
                            void *context) {
  hrs_count first = index * f->batch, count = f->samples - first, step;
  if (count > f->batch) count = f->batch;
  HRS_TRY(feed_batch(f, first, count));
  hrs_status status = hrs_session_run(f->session, count);
  if (status != HRS_OK && count == 1)
    return hrs_error_context(status, "sample %lld of those chosen", (long long)first);
  if (status != HRS_OK)
    return hrs_error_context(status, "samples %lld to %lld of those chosen", (long long)first,
                             (long long)(first + count - 1));
  for (int i = 0; i < f->layers; i++)
    f->data[i] = hrs_session_fetch(f->session, f->fetch[i], &step);
  return sink(context, first, count, f->data);
}

hrs_status hrs_features_run(hrs_features *features, hrs_count begin, hrs_count end,
                            hrs_features_sink *sink, void *context) {
  for (hrs_count i = begin; i < end; i++)
    HRS_TRY(run_batch(features, i, sink, context));
  return HRS_OK;
}

/* ---- access ---- */

int hrs_features_layers(const hrs_features *features) {
  return features->layers;
}

const hrs_layer *hrs_features_layer(const hrs_features *features, int index) {
  return &features->layer[index];
}

hrs_count hrs_features_samples(const hrs_features *features) {
  return features->samples;
}

hrs_count hrs_features_batch(const hrs_features *features) {
  return features->batch;
}

hrs_count hrs_features_bytes(const hrs_features *features) {
  return features->bytes;
}

hrs_count hrs_features_multiply_adds(const hrs_features *features) {
  return hrs_session_multiply_adds(features->session);
}
