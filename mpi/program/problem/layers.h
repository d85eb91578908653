/*
 * layers.h -- a network at its layers: what commands that look at features, not at games, are
 * asked. Model, samples and labels are those of any problem; --layers says which tensors.
 */
#ifndef HRS_MPI_PROGRAM_PROBLEM_LAYERS_H
#define HRS_MPI_PROGRAM_PROBLEM_LAYERS_H

#include "builder.h"

typedef struct hrs_layers {
  const char *network; /* its path */
  hrs_problem problem; /* its model, samples and labels; no game */
  hrs_problem_builder inputs;
  hrs_features *features;
} hrs_layers;

/** Does --layers ask for nothing but a list of them? Not collective. */
bool hrs_layers_only_listed(const hrs_network_options *options);
/** Load a network and its samples, and prepare features; to list layers there need be no samples.
 *  The options must outlive it. Collective over comm; the status is agreed on. Destroy it whatever
 *  the outcome. */
hrs_status hrs_layers_create(MPI_Comm comm, const hrs_network_options *network,
                             const hrs_problem_options *samples, hrs_layers *out);
/** Not collective. */
void hrs_layers_destroy(hrs_layers *layers);
/** Bytes of the samples, which every rank holds. Not collective. */
hrs_count hrs_layers_sample_bytes(const hrs_layers *layers);
/** The list that --layers list asks for. By one process. */
void hrs_layers_print(const hrs_layers *layers);

#endif
