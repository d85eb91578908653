/*
 * weights.h -- tensors as ONNX files store them: typed fields, raw bytes, or a part of another file
 * beside the model.
 */
#ifndef HRS_NETWORK_WEIGHTS_H
#define HRS_NETWORK_WEIGHTS_H

#include <harsanyi/base.h>

#include "onnx.pb-c.h"

/** Files with external weights, each read once while a model is loaded. */
typedef struct hrs_weight_files hrs_weight_files;

hrs_status hrs_weight_files_create(const char *model_path, const hrs_reader *reader,
                                   hrs_weight_files **out);
void hrs_weight_files_destroy(hrs_weight_files **files);

/** Element type of an ONNX type code; HRS_NONE where it has no place here (strings, complex). */
hrs_dtype hrs_weights_dtype(int32_t code);
/** Name of an ONNX type code, for messages. */
const char *hrs_weights_type_name(int32_t code);

/**
 * Read a tensor into an array of the same type.
 * @param what   for messages, e.g. "initialiser 'conv1.weight'"
 * @param files  NULL: tensors in other files are refused
 * Errors: INPUT for data that do not fit the shape, bad paths; UNSUPPORTED for element types.
 */
hrs_status hrs_weights_read(const Onnx__TensorProto *proto, const char *what,
                            hrs_weight_files *files, hrs_array *out);

#endif
