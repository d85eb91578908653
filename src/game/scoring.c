/* What a network's output means: logits or probabilities, one vector, classes or a number; or what
 * a probe makes of an inner tensor. */
#include "scoring.h"

#include "network/graph.h"

#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* What the operator before the scores states of itself. */
static const hrs_facts *facts_of(const hrs_scoring *scoring) {
  return &hrs_operator_find(scoring->op, HRS_MAX_OPSET)->facts;
}

hrs_readout hrs_readout_of(const hrs_network_game *spec, int index) {
  if (spec->n_readouts > 0) return spec->readouts[index];
  return (hrs_readout){.tensor = spec->output_node,
                       .scores = spec->scores,
                       .output = spec->output,
                       .n_targets = spec->n_targets,
                       .targets = spec->targets};
}

hrs_status hrs_scoring_find(hrs_scoring *scoring, const hrs_model *model,
                            const hrs_readout *readout, const char **fetch) {
  memset(scoring, 0, sizeof *scoring);
  HRS_REQUIRE(hrs_model_outputs(model) > 0, INPUT, "the network has no output");
  const char *tensor = readout->tensor ? readout->tensor : hrs_model_output(model, 0)->name;
  const char *before;
  HRS_TRY_CONTEXT(hrs_model_before_scores(model, tensor, &before, &scoring->op), "--output-node %s",
                  tensor);
  scoring->tensor = tensor;
  scoring->output = readout->output;
  scoring->scores = readout->scores;
  *fetch = tensor;
  if (readout->probe) {
    scoring->op = NULL;
    scoring->scores = HRS_SCORES_LOGITS;
    return HRS_OK;
  }
  if (readout->scores != HRS_SCORES_AUTO) return HRS_OK;
  scoring->scores = HRS_SCORES_LOGITS;
  scoring->guessed = !scoring->op;
  if (!scoring->op) return HRS_OK;
  /* `raw` is what the network itself puts out. */
  if (readout->output != HRS_OUTPUT_RAW)
    *fetch = before;
  else
    scoring->scores = facts_of(scoring)->scores;
  return HRS_OK;
}

/* ---- class numbers ------------------------------------------------------------------------- */

/* "'prob', 'logits'": outputs of numbers, and the tensor of which the largest element was taken. */
static void name_candidates(const hrs_model *model, const char *tensor, const char *before,
                            char *text, size_t size) {
  size_t used = 0;
  bool listed = false;
  *text = '\0';
  for (int i = 0; i < hrs_model_outputs(model) && used < size; i++) {
    const hrs_tensor_info *info = hrs_model_output(model, i);
    if (!hrs_is_real(info->type) || strcmp(info->name, tensor) == 0) continue;
    listed |= before && strcmp(info->name, before) == 0;
    used += (size_t)snprintf(text + used, size - used, "%s'%s'", used ? ", " : "", info->name);
  }
  if (before && !listed && used < size)
    snprintf(text + used, size - used, "%s'%s'", used ? ", " : "", before);
}

hrs_status hrs_scoring_refuse_classes(const hrs_model *model, const hrs_readout *readout,
                                      const char *tensor, hrs_dtype type) {
  const char *before;
  HRS_TRY(hrs_model_before_class(model, tensor, &before));
  if ((hrs_is_real(type) && !before) || readout->output == HRS_OUTPUT_RAW) return HRS_OK;
  char candidates[1024];
  name_candidates(model, tensor, before, candidates, sizeof candidates);
  HRS_FAIL(USAGE,
           "the network's output '%s' holds %s (%s), no scores: name the tensor that holds them "
           "with --output-node%s%s (--output raw takes the number as it is)",
           tensor, before ? "class numbers" : "whole numbers", hrs_dtype_name(type),
           *candidates ? ": " : ", as it is called in the file", candidates);
}

/* ---- probes --------------------------------------------------------------------------------- */

static hrs_status take_probe(hrs_scoring *scoring, const hrs_probe *probe, hrs_dtype type,
                             hrs_count elements) {
  HRS_REQUIRE(probe->classes >= 1 && probe->units >= 1, USAGE,
              "the probe of '%s' has %d classes and %lld units", scoring->tensor, probe->classes,
              (long long)probe->units);
  HRS_REQUIRE(probe->units == elements, USAGE,
              "the probe of '%s' has weights for %lld units, but the tensor has %lld elements",
              scoring->tensor, (long long)probe->units, (long long)elements);
  HRS_REQUIRE(type == HRS_F32, UNSUPPORTED, "'%s' is of type %s; probes look at tensors of float32",
              scoring->tensor, hrs_dtype_name(type));
  HRS_REQUIRE(elements <= INT32_MAX, UNSUPPORTED, "'%s' has too many elements for a probe",
              scoring->tensor);
  hrs_count weights, numbers;
  HRS_TRY(hrs_multiply(probe->classes, probe->units, "weights of a probe", &weights));
  HRS_TRY(hrs_multiply(probe->classes, probe->units + 1, "weights of a probe", &numbers));
  HRS_TRY(hrs_calloc(numbers, sizeof *scoring->weights, &scoring->weights));
  memcpy(scoring->weights, probe->weights, (size_t)weights * sizeof *probe->weights);
  if (probe->bias)
    memcpy(scoring->weights + weights, probe->bias, (size_t)probe->classes * sizeof *probe->bias);
  for (hrs_count i = 0; i < numbers; i++)
    HRS_REQUIRE(isfinite(scoring->weights[i]), INPUT,
                "the probe of '%s' has a weight that is no finite number", scoring->tensor);
  scoring->probe =
      (hrs_probe){probe->classes, probe->units, scoring->weights, scoring->weights + weights};
  scoring->elements = probe->classes;
  return HRS_OK;
}

void hrs_scoring_free(hrs_scoring *scoring) {
  hrs_free(scoring->weights);
}

/* Bytes of one vector that a probe looks at. */
static hrs_count own_bytes(const hrs_scoring *scoring) {
  return scoring->probe.units * (hrs_count)sizeof(float);
}

/* Logits of `count` vectors that are `step` bytes apart: [count, classes]. */
static void apply_probe(const hrs_probe *probe, const float *data, hrs_count step, int count,
                        float *logits) {
  int units = (int)probe->units, apart = (int)(step / (hrs_count)sizeof *data);
  for (int b = 0; b < count; b++)
    memcpy(logits + b * probe->classes, probe->bias, (size_t)probe->classes * sizeof *logits);
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, count, probe->classes, units, 1, data, apart,
              probe->weights, units, 1, logits, probe->classes);
}

/* ---- from scores to values ------------------------------------------------------------------ */

/* One number of which nothing is known is v as it is; who asks for log-odds says that it is the
 * logit of class 1. */
static hrs_status settle_output(hrs_scoring *scoring, bool number) {
  if (scoring->output == HRS_OUTPUT_AUTO)
    scoring->output = number ? HRS_OUTPUT_RAW : HRS_OUTPUT_LOG_ODDS;
  HRS_REQUIRE(scoring->output != HRS_OUTPUT_LOGIT || scoring->elements == 1 ||
                  scoring->scores == HRS_SCORES_LOGITS || scoring->independent,
              USAGE,
              "--output logit needs logits, and '%s' holds probabilities, from which they follow "
              "only up to a number that changes from mask to mask; use log-odds",
              scoring->tensor);
  return HRS_OK;
}

hrs_status hrs_scoring_bind(hrs_scoring *scoring, const hrs_readout *readout,
                            const hrs_tensor_info *info) {
  int wide_axes = 0;
  char shape[HRS_SHAPE_TEXT];
  scoring->elements = 1;
  for (int i = 0; i < info->rank; i++) {
    scoring->elements *= info->dim[i];
    wide_axes += info->dim[i] != 1;
  }
  hrs_shape_text(info->rank, info->dim, shape, sizeof shape);
  HRS_REQUIRE(scoring->elements > 0, INPUT, "the network's output '%s' is empty (shape %s)",
              scoring->tensor, shape);
  if (readout->probe) HRS_TRY(take_probe(scoring, readout->probe, info->type, scoring->elements));
  HRS_REQUIRE(
      readout->probe || wide_axes <= 1 || scoring->output == HRS_OUTPUT_RAW, USAGE,
      "the network's output '%s' has shape %s; one vector of scores [1, classes] is needed: "
      "choose another tensor with --output-node, or one element with --output raw --target "
      "INDEX",
      scoring->tensor, shape);
  scoring->independent =
      scoring->elements > 1 && scoring->op && facts_of(scoring)->depends == HRS_BY_ELEMENT;
  HRS_TRY(settle_output(scoring, scoring->elements == 1 && scoring->guessed));
  HRS_TRY(hrs_narrow(scoring->elements, "the number of outputs", &scoring->classes));
  if (scoring->classes == 1 && scoring->output != HRS_OUTPUT_RAW) scoring->classes = 2;
  return HRS_OK;
}

/* Does the value of a target depend on its own element alone? */
static bool by_element(const hrs_scoring *scoring) {
  return scoring->independent || scoring->output == HRS_OUTPUT_RAW;
}

hrs_count hrs_scoring_workspace(const hrs_scoring *scoring, int targets) {
  hrs_count scores = by_element(scoring) ? targets : 2 * scoring->elements;
  return HRS_OUTPUT_LANES * (scores + scoring->probe.classes);
}

static double element(hrs_dtype type, const char *data, hrs_count index) {
  double value = 0;
  if (type == HRS_F32) return (double)((const float *)(const void *)data)[index];
  const char *at = data + index * (hrs_count)hrs_dtype_size(type);
  /* It fails for types that are none alone, and these are the session's. */
  return hrs_convert(type, at, HRS_F64, &value, 1) == HRS_OK ? value : (double)NAN;
}

void hrs_scoring_values(const hrs_scoring *scoring, hrs_dtype type, const void *data,
                        hrs_count step, int count, int targets, const int *target,
                        double *workspace, double *out) {
  enum { LANES = HRS_OUTPUT_LANES };
  bool own = by_element(scoring);
  hrs_count rows = own ? targets : scoring->elements;
  if (scoring->probe.classes > 0) {
    float *logits = (float *)(workspace + (own ? 1 : 2) * rows * LANES);
    apply_probe(&scoring->probe, data, step > 0 ? step : own_bytes(scoring), step > 0 ? count : 1,
                logits);
    data = logits;
    type = HRS_F32;
    step = step > 0 ? scoring->elements * (hrs_count)sizeof *logits : 0;
  }
  for (int b = 0; b < LANES; b++) {
    /* Lanes without a vector of their own repeat the last one. */
    const char *vector = (const char *)data + (b < count ? b : count - 1) * step;
    for (hrs_count j = 0; j < rows; j++)
      workspace[j * LANES + b] = element(type, vector, own ? target[j] : j);
  }
  if (!own)
    hrs_output_values(scoring->output, scoring->scores, workspace, (int)rows, targets, target,
                      workspace + rows * LANES, out);
  const int positive = 1;
  for (int t = 0; own && t < targets; t++) {
    double *score = workspace + (hrs_count)t * LANES, *to = out + (hrs_count)t * LANES;
    if (scoring->output == HRS_OUTPUT_RAW)
      memcpy(to, score, LANES * sizeof *to);
    else
      hrs_output_values(scoring->output, scoring->scores, score, 1, 1, &positive, NULL, to);
  }
}

hrs_status hrs_scoring_predict(const hrs_scoring *scoring, hrs_dtype type, const void *data,
                               int *out) {
  hrs_count elements = scoring->elements;
  double *score;
  float *logits = NULL;
  hrs_status status;
  HRS_TRY(hrs_alloc(elements, sizeof *score, &score));
  if (scoring->probe.classes > 0) {
    HRS_GO(hrs_alloc(elements, sizeof *logits, &logits));
    apply_probe(&scoring->probe, data, own_bytes(scoring), 1, logits);
    data = logits;
    type = HRS_F32;
  }
  HRS_GO(hrs_convert(type, data, HRS_F64, score, elements));
  if (elements == 1 && scoring->classes == 2) {
    *out = hrs_output_value(HRS_OUTPUT_LOG_ODDS, scoring->scores, score, 1, 1) > 0;
    goto done;
  }
  *out = 0;
  for (int j = 1; j < scoring->classes; j++)
    if (score[j] > score[*out]) *out = j;
done:
  hrs_free(score);
  hrs_free(logits);
  return status;
}
