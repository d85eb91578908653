/* What a network's output means: logits or probabilities, one vector, classes or a number. */
#include "scoring.h"

#include "network/graph.h"

#include <math.h>
#include <string.h>

/* What the operator before the scores states of itself. */
static const hrs_facts *facts_of(const hrs_scoring *scoring) {
  return &hrs_operator_find(scoring->op, HRS_MAX_OPSET)->facts;
}

hrs_status hrs_scoring_find(hrs_scoring *scoring, const hrs_network_game *spec,
                            const char **fetch) {
  memset(scoring, 0, sizeof *scoring);
  HRS_REQUIRE(hrs_model_outputs(spec->model) > 0, INPUT, "the network has no output");
  const char *tensor =
      spec->output_node ? spec->output_node : hrs_model_output(spec->model, 0)->name;
  const char *before;
  HRS_TRY_CONTEXT(hrs_model_before_scores(spec->model, tensor, &before, &scoring->op),
                  "--output-node %s", tensor);
  scoring->tensor = tensor;
  scoring->output = spec->output;
  scoring->scores = spec->scores;
  *fetch = tensor;
  if (spec->scores != HRS_SCORES_AUTO) return HRS_OK;
  scoring->scores = HRS_SCORES_LOGITS;
  scoring->guessed = !scoring->op;
  if (!scoring->op) return HRS_OK;
  /* `raw` is what the network itself puts out. */
  if (spec->output != HRS_OUTPUT_RAW) {
    *fetch = before;
    return HRS_OK;
  }
  scoring->scores = facts_of(scoring)->scores;
  return HRS_OK;
}

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

hrs_status hrs_scoring_bind(hrs_scoring *scoring, const hrs_tensor_info *info) {
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
  HRS_REQUIRE(
      wide_axes <= 1 || scoring->output == HRS_OUTPUT_RAW, USAGE,
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
  return HRS_OUTPUT_LANES * (by_element(scoring) ? targets : 2 * scoring->elements);
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

int hrs_scoring_predict(const hrs_scoring *scoring, const double *score) {
  if (scoring->elements == 1 && scoring->classes == 2)
    return hrs_output_value(HRS_OUTPUT_LOG_ODDS, scoring->scores, score, 1, 1) > 0;
  int best = 0;
  for (int j = 1; j < scoring->classes; j++) {
    if (score[j] > score[best]) best = j;
  }
  return best;
}
