/*
 * network.h -- trained networks: ONNX files, their graphs, and evaluation in batches.
 *
 * Model. A model is the graph as it stands in the file. A session is that graph cut out between
 * chosen *feeds* (tensors that the caller provides, inputs or inner tensors) and *fetches* (tensors
 * that the caller wants), with every shape known and everything that does not depend on the feeds
 * computed once.
 *
 * Batching. All shapes are the model's own, for ONE sample (a batch axis, symbolic or baked in as
 * 1, is simply an axis of length 1). A session evaluates many *instances* of the graph at a time:
 * each tensor that depends on a varying feed holds `batch` instances one after the other in memory,
 * all others hold one, shared by all. Operators see the logical shapes together with the instance
 * count, so that batching means the same as running one by one by construction, whatever shapes are
 * baked into the graph; operators with dense algebra join the instances into one BLAS call.
 */
#ifndef HARSANYI_NETWORK_H
#define HARSANYI_NETWORK_H

#include <harsanyi/base.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/** A network as loaded from its file. */
typedef struct hrs_model hrs_model;
/** What it takes to evaluate a model for given feeds and fetches. */
typedef struct hrs_session hrs_session;

/** What a file says of an input or output: symbolic or missing dimensions are -1. */
typedef struct hrs_tensor_info {
  const char *name;
  hrs_dtype type;
  int rank; /* -1 where the file does not say */
  hrs_count dim[HRS_MAX_RANK];
} hrs_tensor_info;

/**
 * Load an ONNX file and check it whole: wire format (nesting at most 64 deep, bounded number of
 * elements), names, edges, cycles, operators and operator sets (7-21), attributes, initialisers
 * (inline, raw or in external files beside the model; no absolute path, no "..").
 * Not collective; `reader` may make it so (see hrs_reader; NULL reads from disk).
 * Errors: INPUT for a file that is not a valid model; UNSUPPORTED naming operator, node and set.
 */
hrs_status hrs_model_load(const char *path, const hrs_reader *reader, hrs_model **out);
/** The same, but operators, operator sets and types that are not supported are no error: for
 * looking at a file. A session of such a model may fail. */
hrs_status hrs_model_open(const char *path, const hrs_reader *reader, hrs_model **out);
/** Would hrs_model_load have taken a model that was opened? Errors: its errors. Not collective. */
hrs_status hrs_model_check(const hrs_model *model);
/** Free a model and reset the pointer; NULL is fine. */
void hrs_model_destroy(hrs_model **model);

/** How often a model uses an operator. */
typedef struct hrs_operator_use {
  const char *name;
  int opset; /* in force for it; 0 where its domain is not known */
  int count;
  bool supported;
  const char *first_node; /* name of the first node that uses it */
  const char
      *torch_name; /* the layer or function of PyTorch that it is; NULL if that is not known */
} hrs_operator_use;

/** What a model is made of; functions and branches counted with their bodies in place. */
typedef struct hrs_model_survey {
  int64_t ir_version, opset;
  const char *producer, *producer_version;
  hrs_count parameters; /* elements of real initialisers */
  int uses;
  hrs_operator_use *use;
} hrs_model_survey;

/** Look at a model; texts belong to it. Not collective. */
hrs_status hrs_model_look(const hrs_model *model, hrs_model_survey *out);
/** Free what hrs_model_look allocated. */
void hrs_model_survey_destroy(hrs_model_survey *survey);

/** Inputs (those that are no initialisers) and outputs. Not collective. */
int hrs_model_inputs(const hrs_model *model);
/** Input number `index`. Not collective. */
const hrs_tensor_info *hrs_model_input(const hrs_model *model, int index);
/** Number of outputs. Not collective. */
int hrs_model_outputs(const hrs_model *model);
/** Output number `index`. Not collective. */
const hrs_tensor_info *hrs_model_output(const hrs_model *model, int index);

/** What the last operator before a tensor makes of the scores. */
typedef enum hrs_scores {
  HRS_SCORES_AUTO,
  HRS_SCORES_LOGITS,
  HRS_SCORES_PROBABILITIES,
  HRS_SCORES_LOG_PROBABILITIES
} hrs_scores;

/**
 * Look behind a tensor: where its producer (through Identity, Reshape, Flatten, Squeeze, Cast to
 * the same type) is Softmax over the last axis that is not 1, LogSoftmax likewise, or Sigmoid,
 * give the name of the tensor before that operator and what the operator is ("Softmax"...);
 * otherwise the tensor's own name and NULL.
 */
hrs_status hrs_model_before_scores(const hrs_model *model, const char *tensor, const char **before,
                                   const char **op);

/** Name of the tensor of which ArgMax or ArgMin took the number that `tensor` holds (as it is, or
 * what a Gather made of it), NULL where it holds something else. Not collective. */
hrs_status hrs_model_before_class(const hrs_model *model, const char *tensor, const char **before);

/**
 * Which axis of a tensor of `rank` axes the network reads as channels (of images, series, volumes)
 * or features (of tokens): 1 before a convolution, say, and what a Transpose in between makes of
 * that. -1 where its readers do not tell. Not collective.
 */
hrs_status hrs_model_channel_axis(const hrs_model *model, const char *tensor, int rank, int *out);

/** A tensor that the caller provides. */
typedef struct hrs_feed {
  const char *name; /* a graph input, or any inner tensor (what lies behind it is left out) */
  hrs_dtype type;
  int rank;
  hrs_count dim[HRS_MAX_RANK]; /* one sample's shape with the model's own batch axis (1) */
  bool varies;                 /* one instance per mask, or one value shared by all */
  const void *data;            /* values of a feed that does not vary (copied); else NULL */
} hrs_feed;

/**
 * Prepare the part of a model between feeds and fetches. Infers every shape, folds everything that
 * depends on no varying feed, plans buffers for at most `max_batch` instances (0: a number chosen
 * from the network alone, so that activations stay in cache).
 * Errors: INPUT where shapes or types do not fit (naming node and shapes); UNSUPPORTED.
 * The model must outlive the session. Not collective.
 */
hrs_status hrs_session_create(const hrs_model *model, int n_feeds, const hrs_feed *feeds,
                              int n_fetches, const char *const *fetches, hrs_count max_batch,
                              hrs_session **out);
/** Free a session; NULL is fine. */
void hrs_session_destroy(hrs_session **session);

/** Most instances a run may have. */
hrs_count hrs_session_max_batch(const hrs_session *session);
/** Bytes of all buffers of a session (activations, workspace, packed weights). */
hrs_count hrs_session_bytes(const hrs_session *session);
/** Multiply-adds of one instance: of what the fetches need, where a part of a tensor is enough. */
hrs_count hrs_session_multiply_adds(const hrs_session *session);
/** Operator number `index` among those that work on one instance after the other, because they have
 *  no code for many at once; NULL past the end. */
const char *hrs_session_one_by_one(const hrs_session *session, int index);
/** Type, shape and name of a fetch, for one instance. */
const hrs_tensor_info *hrs_session_fetch_info(const hrs_session *session, int fetch);
/** Where the values of a varying feed go before a run: [max_batch] instances in C order. Writing
 *  there saves a copy; the buffer may be overwritten by the run. */
void *hrs_session_feed_buffer(hrs_session *session, int feed);
/** Give a new value to a feed that does not vary; refolds what depends on it. */
hrs_status hrs_session_set_shared(hrs_session *session, int feed, const void *data);
/** Evaluate `batch` instances. Same bits for the same batch, position and values.
 *  One BLAS thread is used if the caller asked for it with hrs_blas_single_thread. */
hrs_status hrs_session_run(hrs_session *session, hrs_count batch);
/** Values of a fetch after a run: [batch] instances in C order, valid until the next run. Where
 *  the fetch does not depend on a varying feed, *step is 0 and there is one instance. */
const void *hrs_session_fetch(const hrs_session *session, int fetch, hrs_count *step);

/* ---- layers and features ----------------------------------------------------------------------
 */

/** A tensor of a network that varies with the input, as a layer to look at. */
typedef struct hrs_layer {
  const char *name; /* of the tensor in the file; belongs to the model */
  hrs_dtype type;
  int rank; /* of one sample, without the batch axis: a first axis of 1 */
  hrs_count dim[HRS_MAX_RANK];
  hrs_count units;       /* elements of one sample */
  int depth;             /* convolutions and dense layers up to it, on the longest path */
  double relative_depth; /* the same as a share of the deepest tensor's; 0 where that has none */
} hrs_layer;

/** Values of chosen tensors of a network, its *features*, for many samples. */
typedef struct hrs_features hrs_features;

/**
 * Prepare features of samples. inputs[i] is the name of an input and samples[i] its values, as
 * hrs_network_bind leaves them: [samples, ...the model's own shape], or one row for all; the model
 * and the data must outlive the features. `tensors` are names of tensors of the graph, in the order
 * in which they are wanted; with NULL the network's layers are taken, one per stage (after an
 * activation, a pool, a residual sum, a dense layer, a block of a transformer), in the order of the
 * graph, the logits last.
 * Samples are evaluated in batches whose places follow from the network, the tensors and the number
 * of samples alone. Where values of an input decide on shapes or branches, sample by sample.
 * Not collective. Errors: USAGE for a tensor that is not there, named twice, or the same for all
 * samples; UNSUPPORTED for one that is no real number, or whose shape depends on the sample.
 */
hrs_status hrs_features_create(const hrs_model *model, int n_inputs, const char *const *inputs,
                               const hrs_array *samples, int n_tensors, const char *const *tensors,
                               hrs_features **out);
/** Free features; NULL is fine. */
void hrs_features_destroy(hrs_features **features);
/** Number of layers. Not collective, like all that follow. */
int hrs_features_layers(const hrs_features *features);
/** Layer number `index`. */
const hrs_layer *hrs_features_layer(const hrs_features *features, int index);
/** Number of samples. */
hrs_count hrs_features_samples(const hrs_features *features);
/** Samples per batch; the last batch may have fewer. Batch b begins at sample b times this. */
hrs_count hrs_features_batch(const hrs_features *features);
/** Bytes that the features hold beside the samples, the same throughout. */
hrs_count hrs_features_bytes(const hrs_features *features);
/** Multiply-adds of one sample. */
hrs_count hrs_features_multiply_adds(const hrs_features *features);

/** What is done with features: data[l] are values of layer l for samples first to first + count -
 * 1, [count, ...dim] in the layer's type, valid during the call. */
typedef hrs_status hrs_features_sink(void *context, hrs_count first, hrs_count count,
                                     const void *const *data);
/** Evaluate batches number `begin` to `end` - 1, and give each to the sink in order. */
hrs_status hrs_features_run(hrs_features *features, hrs_count begin, hrs_count end,
                            hrs_features_sink *sink, void *context);

/** Keep OpenBLAS to one thread: one rank, one core. Name of the BLAS kernel set in use. */
void hrs_blas_single_thread(void);
/** Name of the set of BLAS kernels in use. */
const char *hrs_blas_core(void);
/** Name for OPENBLAS_CORETYPE of faster kernels than those of `core`, on a processor with or
 * without AVX-512; NULL: there are none. The variable is read when OpenBLAS is loaded: a program
 * that wants them has to start itself anew. Not collective, like the next one. */
const char *hrs_blas_faster_core(const char *core, bool avx512);
/** Does this processor have what OpenBLAS's kernels for AVX-512 use? */
bool hrs_cpu_has_avx512(void);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
