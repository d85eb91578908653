/* Features: rows are samples, and independent of each other. */
#include "parts.h"

#include "mpi/program/kinds/features/features.h"

#include <stdio.h>

static const hrs_merge_attribute attributes[] = {
    {"/", "n_samples", HRS_I64, true},
    {"/", "n_layers", HRS_I32, false},
    {"/", "network", HRS_NONE, false},
};

static hrs_status load(hrs_merge_file *file) {
  hrs_count layers;
  HRS_TRY(hrs_reading_count(file->reading, "n_layers", 1, INT32_MAX, &layers));
  HRS_REQUIRE(hrs_reading_find(file->reading, "/layers/name")->stored.dim[0] == layers, INPUT,
              "%s: /layers/name does not have n_layers = %lld names", file->reading->path,
              (long long)layers);
  for (hrs_count l = 0; l < layers; l++) {
    char name[32];
    bool there = false;
    snprintf(name, sizeof name, "%lld", (long long)l);
    HRS_TRY(hrs_reading_look(file->reading, "/layers/%s/", name, &there));
    HRS_REQUIRE(there, INPUT, "%s has no activations of layer %s", file->reading->path, name);
  }
  return HRS_OK;
}

const hrs_merge_kind hrs_merge_features = {.kind = &hrs_features_kind,
                                           .attribute = attributes,
                                           .attributes = sizeof attributes / sizeof *attributes,
                                           .load = load};
