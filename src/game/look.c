/*
 * Do a network's outputs look like the scores that they are taken for?
 *
 * What the graph shows is looked at first: class numbers are refused. Then the output at unmasked
 * samples: signs of probabilities where nobody said what the scores are. One forward pass per
 * sample, of which ranks take their share; a sign holds for the run where it holds for all samples.
 */
#include "network_state.h"

#include <math.h>
#include <string.h>

/* ---- signs ---- */

/* How far a sum of probabilities may be from 1, and one of them from 0..1. */
static double tolerance(hrs_dtype type) {
  return type == HRS_F16 || type == HRS_BF16 ? 1e-2 : 1e-4;
}

static unsigned signs_of(const double *value, hrs_count count, double near) {
  unsigned signs = HRS_SIGN_UNIT | HRS_SIGN_WHOLE;
  double sum = 0, log_sum = 0;
  for (hrs_count i = 0; i < count; i++) {
    if (!(value[i] >= -near && value[i] <= 1 + near)) signs &= ~(unsigned)HRS_SIGN_UNIT;
    if (value[i] != floor(value[i])) signs &= ~(unsigned)HRS_SIGN_WHOLE;
    sum += value[i];
    log_sum += exp(value[i]);
  }
  if (fabs(sum - 1) <= near) signs |= HRS_SIGN_SUM;
  if (fabs(log_sum - 1) <= near) signs |= HRS_SIGN_LOG_SUM;
  return signs;
}

static hrs_status find_signs(const hrs_network_game *spec, hrs_session *session, hrs_count first,
                             hrs_count step, hrs_output_look *out) {
  hrs_dtype type = hrs_session_fetch_info(session, 0)->type;
  double *value;
  HRS_TRY(hrs_alloc(out->elements, sizeof *value, &value));
  hrs_status status = HRS_OK;
  for (hrs_count s = first; s < spec->samples[0].dim[0] && status == HRS_OK; s += step) {
    const void *data = NULL;
    status = hrs_network_run_inner(session, spec->n_inputs, spec->samples, s, &data);
    if (status == HRS_OK) status = hrs_convert(type, data, HRS_F64, value, out->elements);
    if (status == HRS_OK) out->signs &= signs_of(value, out->elements, tolerance(type));
  }
  hrs_free(value);
  return status;
}

hrs_status hrs_network_look(const hrs_network_game *spec, hrs_count first, hrs_count step,
                            hrs_output_look *out) {
  hrs_scoring scoring;
  const char *fetch;
  *out = (hrs_output_look){.signs = HRS_SIGN_ALL};
  const hrs_readout readout = hrs_readout_of(spec, 0);
  HRS_TRY(hrs_scoring_find(&scoring, spec->model, &readout, &fetch));
  hrs_session *session = NULL;
  HRS_TRY(hrs_network_create_inner(spec->model, spec->n_inputs, spec->inputs, spec->samples,
                                   scoring.tensor, &session));
  const hrs_tensor_info *info = hrs_session_fetch_info(session, 0);
  out->tensor = scoring.tensor;
  out->op = scoring.op;
  out->elements = 1;
  for (int i = 0; i < info->rank; i++)
    out->elements *= info->dim[i];
  hrs_status status = hrs_scoring_refuse_classes(spec->model, &readout, scoring.tensor, info->type);
  out->open = readout.scores == HRS_SCORES_AUTO && readout.output != HRS_OUTPUT_RAW && !scoring.op;
  if (status == HRS_OK && out->open && step > 0 && out->elements > 0)
    status = find_signs(spec, session, first, step, out);
  hrs_session_destroy(&session);
  return status;
}
