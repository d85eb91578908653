/*
 * features.h -- the kind of data set that `harsanyi features` writes: values of chosen tensors of a
 * network, its layers, for many samples. docs/format describes the same for users.
 */
#ifndef HRS_MPI_PROGRAM_KINDS_FEATURES_FEATURES_H
#define HRS_MPI_PROGRAM_KINDS_FEATURES_FEATURES_H

#include "mpi/dataset/contents.h"

#include <harsanyi/network.h>

extern const hrs_kind hrs_features_kind;

/** What the contents of a file are given of the caller's, in the form that they want: to be kept
 *  until the file is made. */
typedef struct hrs_features_given {
  char **name;
  hrs_array depth, relative_depth, units, index, label;
} hrs_features_given;

/**
 * The contents of a file.
 * @param network  path of the network, for the file's attribute
 * @param index    [samples] their numbers in the samples' file
 * @param label    [samples], or NULL
 */
hrs_status hrs_features_contents(const hrs_features *features, const char *network,
                                 const hrs_count *index, const int *label,
                                 hrs_features_given *given, hrs_contents **out);
void hrs_features_given_destroy(hrs_features_given *given);
/** /layers/L/activations. */
const char *hrs_features_path(int layer, char path[HRS_PATH_SIZE]);

#endif
