/*
 * stages.h -- a graph cut into stages, and the one tensor of each that stands for it: the layers
 * that a network is looked at.
 */
#ifndef HRS_NETWORK_STAGES_H
#define HRS_NETWORK_STAGES_H

#include "network/graph.h"

typedef struct hrs_stages {
  int *depth; /* by value of the graph: convolutions and dense layers up to it on the longest path;
                 -1 where it does not vary with the inputs, or no output needs it */
  int most;   /* the deepest of them */
  int *layer; /* values that stand for a stage, in the order of the graph */
  int layers;
} hrs_stages;

/** Cut the graph up to its outputs; varies[i]: does input number i differ from sample to sample?
 *  Not collective. Errors: MEMORY. */
hrs_status hrs_stages_find(const hrs_model *model, const bool *varies, hrs_stages *out);
void hrs_stages_destroy(hrs_stages *stages);

#endif
