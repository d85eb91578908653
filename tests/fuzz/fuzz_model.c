/*
 * Fuzzing of what comes with a file: the loader, the shape inference, folding, a small run, and the
 * layers of it. The input is a whole .onnx file. Files beside it are not read; memory and work are
 * bounded.
 *
 *   CC=clang cmake -S . -B build-fuzz -DHARSANYI_FUZZ=ON -DHARSANYI_SANITIZE=ON && \
 *         cmake --build build-fuzz --target fuzz_model
 *   build-fuzz/tests/fuzz/fuzz_model -max_len=65536 -rss_limit_mb=4096 SCRATCH tests/fuzz/corpus
 *
 * The same function over the corpus and changed copies of it is a plain test (replay.c).
 */
#include "network/graph.h"

#include <harsanyi/network.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_FEEDS = 8, MOST_WORK = 1 << 24, MOST_ELEMENTS = 1 << 14 };

typedef struct memory_file {
  const uint8_t *data;
  size_t size;
} memory_file;

static hrs_status read_memory(void *self, const char *path, hrs_count limit, unsigned char **bytes,
                              hrs_count *size) {
  const memory_file *file = self;
  HRS_REQUIRE(strcmp(path, "fuzz.onnx") == 0, INPUT, "%s: there is no such file", path);
  HRS_REQUIRE((hrs_count)file->size <= limit, INPUT, "%s: too large", path);
  HRS_TRY(hrs_alloc((hrs_count)file->size, 1, bytes));
  if (file->size) memcpy(*bytes, file->data, file->size);
  *size = (hrs_count)file->size;
  return HRS_OK;
}

/* Values that hurt as positions, lengths and operands. */
static hrs_status fill(hrs_dtype type, hrs_count count, uint64_t seed, void *out) {
  static const int64_t integers[] = {0, 1, 2, 0, 3, 1, -1, 2, 5, -3, 1000, INT64_MAX, INT64_MIN};
  static const double reals[] = {0, 1, -1, 0.5, 2, -3.25, 100, 1e-30, 1e30, INFINITY, NAN};
  bool real = type == HRS_F32 || type == HRS_F64 || type == HRS_F16 || type == HRS_BF16;
  size_t step = hrs_dtype_size(type);
  /* The last few of each table only now and then: most networks fail at once on them. */
  uint64_t of = real ? 11 : 13, mild = real ? 7 : 6;
  for (hrs_count i = 0; i < count; i++) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    uint64_t pick = (seed >> 33) % (seed >> 60 == 0 ? of : mild);
    HRS_TRY(hrs_convert(real ? HRS_F64 : HRS_I64,
                        real ? (const void *)&reals[pick] : (const void *)&integers[pick], type,
                        (char *)out + (size_t)i * step, 1));
  }
  return HRS_OK;
}

/* Every input varies, or the later ones are shared; open dimensions are 1. */
static hrs_status evaluate(const hrs_model *model, bool share) {
  hrs_feed feeds[MOST_FEEDS];
  int n = hrs_model_inputs(model);
  HRS_REQUIRE(n <= MOST_FEEDS, INPUT, "%d inputs", n);
  static uint64_t values[MOST_ELEMENTS];
  for (int i = 0; i < n; i++) {
    const hrs_tensor_info *info = hrs_model_input(model, i);
    hrs_count elements = 1;
    feeds[i] = (hrs_feed){.name = info->name,
                          .type = info->type == HRS_NONE ? HRS_F32 : info->type,
                          .rank = info->rank < 0 ? 2 : info->rank,
                          .varies = !share || i == 0};
    for (int k = 0; k < feeds[i].rank; k++) {
      feeds[i].dim[k] = info->rank < 0 || info->dim[k] < 0 ? 1 : info->dim[k];
      HRS_TRY(hrs_multiply(elements, feeds[i].dim[k], "elements", &elements));
    }
    HRS_REQUIRE(elements <= MOST_ELEMENTS, INPUT, "a large input");
    if (!feeds[i].varies) {
      HRS_TRY(fill(feeds[i].type, elements, (uint64_t)i, values));
      feeds[i].data = values;
    }
  }
  const char *fetch = hrs_model_output(model, 0)->name, *before, *op;
  HRS_TRY(hrs_model_before_scores(model, fetch, &before, &op));
  hrs_session *session;
  HRS_TRY(hrs_session_create(model, n, feeds, 1, &fetch, 2, &session));
  hrs_status status = HRS_OK;
  if (hrs_session_multiply_adds(session) <= MOST_WORK) {
    for (int i = 0; i < n && status == HRS_OK; i++) {
      hrs_count elements = 1;
      for (int k = 0; k < feeds[i].rank; k++)
        elements *= feeds[i].dim[k];
      if (feeds[i].varies) {
        status = fill(feeds[i].type, 2 * elements, 7, hrs_session_feed_buffer(session, i));
      } else {
        status = fill(feeds[i].type, elements, 9, values);
        if (status == HRS_OK) status = hrs_session_set_shared(session, i, values);
      }
    }
    if (status == HRS_OK) status = hrs_session_run(session, 2);
  }
  hrs_session_destroy(&session);
  return status;
}

/* ---- features ---- */

/* Two samples of an input, or one for both. */
static hrs_status make_samples(const hrs_tensor_info *info, hrs_count count, hrs_array *out) {
  hrs_count dim[HRS_MAX_RANK] = {count}, elements = count;
  int rank = info->rank < 0 ? 2 : info->rank;
  HRS_REQUIRE(rank < HRS_MAX_RANK, INPUT, "%d axes", rank);
  for (int k = 0; k < rank; k++) {
    dim[k + 1] = info->rank < 0 || info->dim[k] < 0 ? 1 : info->dim[k];
    HRS_TRY(hrs_multiply(elements, dim[k + 1], "elements", &elements));
  }
  HRS_REQUIRE(elements <= MOST_ELEMENTS, INPUT, "a large input");
  HRS_TRY(hrs_array_create(info->type == HRS_NONE ? HRS_F32 : info->type, rank + 1, dim, out));
  return fill(out->type, elements, 11, out->data);
}

/* Every byte that is handed over can be read. */
static hrs_status read_all(void *context, hrs_count first, hrs_count count,
                           const void *const *data) {
  const hrs_features *features = context;
  volatile unsigned char sum = 0;
  (void)first;
  for (int l = 0; l < hrs_features_layers(features); l++) {
    const hrs_layer *layer = hrs_features_layer(features, l);
    size_t bytes = (size_t)(count * layer->units) * hrs_dtype_size(layer->type);
    for (size_t i = 0; i < bytes; i++)
      sum ^= ((const unsigned char *)data[l])[i];
  }
  return HRS_OK;
}

/* The network's layers at two samples. */
static hrs_status look_at_layers(const hrs_model *model, bool share) {
  hrs_array samples[MOST_FEEDS] = {{0}};
  const char *names[MOST_FEEDS];
  int n = hrs_model_inputs(model);
  hrs_features *features = NULL;
  hrs_status status = HRS_OK;
  HRS_REQUIRE(n <= MOST_FEEDS, INPUT, "%d inputs", n);
  for (int i = 0; i < n && status == HRS_OK; i++) {
    names[i] = hrs_model_input(model, i)->name;
    status = make_samples(hrs_model_input(model, i), share && i > 0 ? 1 : 2, &samples[i]);
  }
  if (status == HRS_OK) status = hrs_features_create(model, n, names, samples, 0, NULL, &features);
  if (status == HRS_OK && hrs_features_multiply_adds(features) <= MOST_WORK) {
    hrs_count batch = hrs_features_batch(features);
    status = hrs_features_run(features, 0, (2 + batch - 1) / batch, read_all, features);
  }
  hrs_features_destroy(&features);
  for (int i = 0; i < n; i++)
    hrs_array_destroy(&samples[i]);
  return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (hrs_session_limit != 1 << 22) hrs_blas_single_thread();
  hrs_session_limit = 1 << 22;
  memory_file file = {data, size};
  hrs_reader reader = {read_memory, &file};
  hrs_count before = hrs_memory_current();
  hrs_model *model;
  hrs_status status = hrs_model_load("fuzz.onnx", &reader, &model);
  bool ours = false;
  for (int share = 0; share < 2 && model; share++) {
    ours |= evaluate(model, share) == HRS_STATUS_INTERNAL;
    ours |= look_at_layers(model, share) == HRS_STATUS_INTERNAL;
  }
  hrs_model_destroy(&model);
  /* Whatever the file, nothing is kept, and an error of ours is an error. */
  if (hrs_memory_current() != before || ours || status == HRS_STATUS_INTERNAL) abort();
  return 0;
}
