/* From --model, --samples and --layers to features that can be evaluated. */
#include "layers.h"

#include "mpi/lattice/comm.h"
#include "mpi/program/log.h"

#include <string.h>

bool hrs_layers_only_listed(const hrs_network_options *options) {
  return strcmp(options->layers, "list") == 0;
}

/* ---- which layers --------------------------------------------------------------------------- */

/* Names between commas, as views of a copy of the text. */
static hrs_status cut_names(const char *text, char **copy, const char ***name, int *count) {
  HRS_TRY(hrs_strdup(text, copy));
  int most = 1;
  for (const char *at = text; *at; at++)
    most += *at == ',';
  HRS_TRY(hrs_alloc(most, sizeof **name, name));
  *count = 0;
  for (char *at = *copy;; at++) {
    char *comma = strchr(at, ',');
    if (comma) *comma = '\0';
    HRS_REQUIRE(*at, USAGE, "'%s': a name is missing", text);
    (*name)[(*count)++] = at;
    if (!comma) return HRS_OK;
    at = comma;
  }
}

static hrs_status make_features(const char *wanted, hrs_layers *layers) {
  const hrs_problem_builder *in = &layers->inputs;
  bool named = strcmp(wanted, "all") != 0 && strcmp(wanted, "list") != 0;
  char *copy = NULL;
  const char **name = NULL;
  int count = 0;
  hrs_status status = named ? cut_names(wanted, &copy, &name, &count) : HRS_OK;
  if (status == HRS_OK)
    status = hrs_features_create(layers->problem.model, in->inputs, (const char *const *)in->names,
                                 in->samples, count, name, &layers->features);
  hrs_free(name);
  hrs_free(copy);
  if (status == HRS_OK) return HRS_OK;
  return hrs_error_context(status, named ? "--layers (list prints those there are)" : "--layers");
}

/* ---- at which samples ----------------------------------------------------------------------- */

/* One of zeros, with 1 for what the file leaves open. */
static hrs_status make_blank_inputs(hrs_layers *layers) {
  hrs_problem_builder *b = &layers->inputs;
  for (int i = 0; i < hrs_model_inputs(layers->problem.model); i++) {
    const hrs_tensor_info *info = hrs_model_input(layers->problem.model, i);
    hrs_count dim[HRS_MAX_RANK] = {1};
    HRS_REQUIRE(i < HRS_OPTION_REPEATS && info->rank >= 0 && info->rank < HRS_MAX_RANK &&
                    info->type != HRS_NONE,
                USAGE, "the file does not say the shape of input '%s': give samples (--samples)",
                info->name);
    for (int k = 0; k < info->rank; k++)
      dim[k + 1] = info->dim[k] < 0 ? 1 : info->dim[k];
    HRS_TRY(hrs_array_create(info->type, info->rank + 1, dim, &b->samples[i]));
    memset(b->samples[i].data, 0,
           (size_t)hrs_array_count(&b->samples[i]) * hrs_dtype_size(info->type));
    HRS_TRY(hrs_network_bind(layers->problem.model, info->name, &b->samples[i]));
    HRS_TRY(hrs_strdup(info->name, &b->names[i]));
    b->inputs++;
  }
  return HRS_OK;
}

static hrs_status load(MPI_Comm comm, const hrs_network_options *network,
                       const hrs_problem_options *samples, hrs_layers *layers) {
  hrs_problem_builder *b = &layers->inputs;
  hrs_reader reader = hrs_comm_reader(&comm);
  *b = (hrs_problem_builder){
      .comm = comm, .o = samples, .path = network->model, .problem = &layers->problem};
  layers->problem.comm = comm;
  HRS_TRY_CONTEXT(hrs_model_load(network->model, &reader, &layers->problem.model), "--model");
  bool given = samples->samples || samples->input.count > 0;
  if (!given && hrs_layers_only_listed(network)) return make_blank_inputs(layers);
  HRS_TRY(hrs_problem_load_inputs(b));
  return hrs_problem_load_labels(b);
}

hrs_status hrs_layers_create(MPI_Comm comm, const hrs_network_options *network,
                             const hrs_problem_options *samples, hrs_layers *out) {
  memset(out, 0, sizeof *out);
  out->network = network->model;
  HRS_REQUIRE(network->model, USAGE, "--model NET.onnx is missing: the network");
  HRS_TRY(hrs_agree(comm, load(comm, network, samples, out)));
  return hrs_agree(comm, make_features(network->layers, out));
}

void hrs_layers_destroy(hrs_layers *layers) {
  hrs_features_destroy(&layers->features);
  for (int i = 0; i < HRS_OPTION_REPEATS; i++) {
    hrs_free(layers->inputs.names[i]);
    hrs_array_destroy(&layers->inputs.samples[i]);
  }
  hrs_problem_destroy(&layers->problem);
}

/* ---- what is said of them ------------------------------------------------------------------- */

hrs_count hrs_layers_sample_bytes(const hrs_layers *layers) {
  hrs_count bytes = 0;
  for (int i = 0; i < layers->inputs.inputs; i++) {
    const hrs_array *samples = &layers->inputs.samples[i];
    bytes += hrs_array_count(samples) * (hrs_count)hrs_dtype_size(samples->type);
  }
  return bytes;
}

void hrs_layers_print(const hrs_layers *layers) {
  const hrs_features *features = layers->features;
  hrs_print("%-6s%6s%10s%11s  %-18s%s\n", "layer", "depth", "relative", "units", "shape", "tensor");
  for (int l = 0; l < hrs_features_layers(features); l++) {
    const hrs_layer *layer = hrs_features_layer(features, l);
    char shape[HRS_SHAPE_TEXT];
    hrs_print("%-6d%6d%10.2f%11lld  %-18s%s\n", l, layer->depth, layer->relative_depth,
              (long long)layer->units, hrs_shape_text(layer->rank, layer->dim, shape, sizeof shape),
              layer->name);
  }
}
