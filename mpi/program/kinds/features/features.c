/* The table of the kind `features`. */
#include "features.h"

#include <stdio.h>
#include <string.h>

enum { SAMPLE = 1, LAYER, AXES };

static const hrs_axis axes[AXES] = {
    [SAMPLE] = {"sample", "/samples/index", false, .joins = true},
    [LAYER] = {"layer", "/layers/name", false},
};

/* When: bits of what a file has. */
enum { LABELS = 1 << 0 };

static const hrs_object objects[] = {
    {"/samples/index", HRS_I64, {SAMPLE}, .source = HRS_SOURCE_ARRAY},
    {"/samples/label", HRS_I32, {SAMPLE}, LABELS, .source = HRS_SOURCE_ARRAY},
    {"/layers/name", HRS_NONE, {LAYER}, .source = HRS_SOURCE_TEXT},
    {"/layers/depth", HRS_I32, {LAYER}, .source = HRS_SOURCE_ARRAY},
    {"/layers/relative_depth", HRS_F64, {LAYER}, .source = HRS_SOURCE_ARRAY},
    {"/layers/units", HRS_I64, {LAYER}, .source = HRS_SOURCE_ARRAY},
    {"/layers/%s/activations", HRS_NONE, {SAMPLE, HRS_AXIS_OTHERS}, .source = HRS_SOURCE_BULK},
};

const hrs_kind hrs_features_kind = {.name = "features",
                                    .axis = axes,
                                    .axes = AXES,
                                    .object = objects,
                                    .objects = sizeof objects / sizeof *objects,
                                    .smaller = "take fewer layers or samples (--layers, --select)"};

const char *hrs_features_path(int layer, char path[HRS_PATH_SIZE]) {
  snprintf(path, HRS_PATH_SIZE, "/layers/%d/activations", layer);
  return path;
}

/* Arrays of the file, from what is known of layers and samples. */
static hrs_status make_given(const hrs_features *features, const hrs_count *index, const int *label,
                             hrs_features_given *given) {
  hrs_count layers = hrs_features_layers(features), samples = hrs_features_samples(features);
  HRS_TRY(hrs_calloc(layers, sizeof *given->name, &given->name));
  HRS_TRY(hrs_array_create(HRS_I32, 1, &layers, &given->depth));
  HRS_TRY(hrs_array_create(HRS_F64, 1, &layers, &given->relative_depth));
  HRS_TRY(hrs_array_create(HRS_I64, 1, &layers, &given->units));
  HRS_TRY(hrs_array_create(HRS_I64, 1, &samples, &given->index));
  if (label) HRS_TRY(hrs_array_create(HRS_I32, 1, &samples, &given->label));
  for (int l = 0; l < layers; l++) {
    const hrs_layer *layer = hrs_features_layer(features, l);
    HRS_TRY(hrs_strdup(layer->name, &given->name[l]));
    ((int32_t *)given->depth.data)[l] = layer->depth;
    ((double *)given->relative_depth.data)[l] = layer->relative_depth;
    ((int64_t *)given->units.data)[l] = layer->units;
  }
  for (hrs_count s = 0; s < samples; s++) {
    ((int64_t *)given->index.data)[s] = index[s];
    if (label) ((int32_t *)given->label.data)[s] = label[s];
  }
  return HRS_OK;
}

static hrs_status fill(const hrs_features *features, const char *network, bool labels,
                       const hrs_features_given *given, hrs_contents *contents) {
  const struct {
    const char *path;
    const hrs_array *array;
  } arrays[] = {{"/samples/index", &given->index},
                {"/samples/label", labels ? &given->label : NULL},
                {"/layers/depth", &given->depth},
                {"/layers/relative_depth", &given->relative_depth},
                {"/layers/units", &given->units}};
  for (int l = 0; l < hrs_features_layers(features); l++) {
    const hrs_layer *layer = hrs_features_layer(features, l);
    char name[16];
    snprintf(name, sizeof name, "%d", l);
    HRS_TRY(hrs_contents_add(contents, "/layers/%s/", name, layer->type, layer->rank, layer->dim));
  }
  HRS_TRY(hrs_contents_give_text(contents, "/layers/name", given->name));
  for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
    if (arrays[i].array)
      HRS_TRY(hrs_contents_give_array(contents, arrays[i].path, arrays[i].array));
  HRS_TRY(hrs_contents_set_number(contents, "/", "n_samples", HRS_I64,
                                  (double)hrs_features_samples(features)));
  HRS_TRY(
      hrs_contents_set_number(contents, "/", "n_layers", HRS_I32, hrs_features_layers(features)));
  return hrs_contents_set_text(contents, "/", "network", network);
}

hrs_status hrs_features_contents(const hrs_features *features, const char *network,
                                 const hrs_count *index, const int *label,
                                 hrs_features_given *given, hrs_contents **out) {
  const hrs_count length[AXES] = {
      [SAMPLE] = hrs_features_samples(features), [LAYER] = hrs_features_layers(features)};
  memset(given, 0, sizeof *given);
  *out = NULL;
  hrs_status status;
  HRS_GO(make_given(features, index, label, given));
  HRS_GO(hrs_contents_create(&hrs_features_kind, label ? LABELS : 0, length, HRS_NONE, out));
  status = fill(features, network, label != NULL, given, *out);
done:
  if (status != HRS_OK) {
    hrs_contents_destroy(out);
    hrs_features_given_destroy(given);
  }
  return status;
}

void hrs_features_given_destroy(hrs_features_given *given) {
  hrs_count layers = given->units.data ? given->units.dim[0] : 0;
  for (hrs_count l = 0; given->name && l < layers; l++)
    hrs_free(given->name[l]);
  hrs_free(given->name);
  hrs_array_destroy(&given->depth);
  hrs_array_destroy(&given->relative_depth);
  hrs_array_destroy(&given->units);
  hrs_array_destroy(&given->index);
  hrs_array_destroy(&given->label);
  memset(given, 0, sizeof *given);
}
