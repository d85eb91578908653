/* Readouts of a forward pass: which tensors, which targets, and their values. */
#include "readouts.h"

#include <string.h>

/* ---- which tensors -------------------------------------------------------------------------- */

/* Number of a tensor among the fetches, which it joins. */
static int fetch_of(hrs_readouts *r, const char *name) {
  for (int i = 0; i < r->n_fetches; i++)
    if (strcmp(r->fetch[i], name) == 0) return i;
  r->fetch[r->n_fetches] = name;
  return r->n_fetches++;
}

hrs_status hrs_readouts_find(hrs_readouts *r, const hrs_network_game *spec) {
  HRS_REQUIRE(spec->n_readouts >= 0, USAGE, "%d readouts", spec->n_readouts);
  r->n = spec->n_readouts > 0 ? spec->n_readouts : 1;
  HRS_TRY(hrs_calloc(r->n, sizeof *r->of, &r->of));
  HRS_TRY(hrs_calloc(r->n, sizeof *r->fetch, &r->fetch));
  for (int i = 0; i < r->n; i++) {
    const hrs_readout readout = hrs_readout_of(spec, i);
    HRS_REQUIRE((int)readout.output >= 0 && readout.output <= HRS_OUTPUT_RAW, USAGE,
                "%d is no kind of output", (int)readout.output);
    HRS_REQUIRE((int)readout.scores >= 0 && readout.scores <= HRS_SCORES_LOG_PROBABILITIES, USAGE,
                "%d is no kind of scores", (int)readout.scores);
    const char *fetch;
    HRS_TRY(hrs_scoring_find(&r->of[i].scoring, spec->model, &readout, &fetch));
    r->of[i].fetch = fetch_of(r, fetch);
  }
  return HRS_OK;
}

hrs_status hrs_readouts_check(const hrs_readouts *r, const hrs_network_game *spec,
                              const hrs_session *session) {
  for (int i = 0; i < r->n; i++) {
    const hrs_readout readout = hrs_readout_of(spec, i);
    hrs_dtype type = hrs_session_fetch_info(session, r->of[i].fetch)->type;
    HRS_TRY(hrs_scoring_refuse_classes(spec->model, &readout, r->of[i].scoring.tensor, type));
  }
  return HRS_OK;
}

/* ---- targets -------------------------------------------------------------------------------- */

static hrs_status take_targets(hrs_bound_readout *own, const hrs_readout *readout,
                               hrs_count samples) {
  int classes = own->scoring.classes;
  bool all = readout->n_targets == HRS_TARGETS_ALL;
  HRS_REQUIRE(all || !readout->targets || readout->n_targets >= 1, USAGE, "no target was given");
  HRS_REQUIRE(all || readout->targets || readout->n_targets <= 1, USAGE,
              "%d targets without their numbers: one alone can be predicted", readout->n_targets);
  own->n_targets = all ? classes : readout->targets ? readout->n_targets : 1;
  if (!all && !readout->targets) return HRS_OK;
  hrs_count count;
  HRS_TRY(hrs_multiply(samples, own->n_targets, "targets", &count));
  HRS_TRY(hrs_alloc(count, sizeof *own->targets, &own->targets));
  for (hrs_count i = 0; i < count; i++) {
    int target = all ? (int)(i % classes) : readout->targets[i];
    HRS_REQUIRE(target >= 0 && target < classes, USAGE,
                "target %d of sample %lld is out of range: the network has %d %s, numbered from 0 "
                "(--target, --labels)",
                target, (long long)(i / own->n_targets), classes,
                own->scoring.output == HRS_OUTPUT_RAW ? "output elements" : "classes");
    own->targets[i] = target;
  }
  return HRS_OK;
}

hrs_status hrs_readouts_bind(hrs_readouts *r, const hrs_network_game *spec,
                             const hrs_session *session, hrs_count samples) {
  hrs_count workspace = 0, targets = 0, values;
  for (int i = 0; i < r->n; i++) {
    hrs_bound_readout *own = &r->of[i];
    const hrs_readout readout = hrs_readout_of(spec, i);
    HRS_TRY(hrs_scoring_bind(&own->scoring, &readout, hrs_session_fetch_info(session, own->fetch)));
    HRS_TRY(take_targets(own, &readout, samples));
    own->first = (int)targets;
    targets += own->n_targets;
    HRS_TRY(hrs_narrow(targets, "the number of targets", &r->n_targets));
    hrs_count wanted = hrs_scoring_workspace(&own->scoring, own->n_targets);
    if (wanted > workspace) workspace = wanted;
  }
  HRS_TRY(hrs_calloc(targets, sizeof *r->target, &r->target));
  HRS_TRY(hrs_multiply(targets, HRS_OUTPUT_LANES, "values", &values));
  HRS_TRY(hrs_alloc(values, sizeof *r->values, &r->values));
  return hrs_alloc(workspace, sizeof *r->workspace, &r->workspace);
}

void hrs_readouts_free(hrs_readouts *r) {
  for (int i = 0; r->of && i < r->n; i++) {
    hrs_scoring_free(&r->of[i].scoring);
    hrs_free(r->of[i].targets);
  }
  hrs_free(r->of);
  hrs_free(r->fetch);
  hrs_free(r->target);
  hrs_free(r->workspace);
  hrs_free(r->values);
}

bool hrs_readouts_predict(const hrs_readouts *r) {
  for (int i = 0; i < r->n; i++)
    if (!r->of[i].targets) return true;
  return false;
}

hrs_status hrs_readouts_choose(hrs_readouts *r, const hrs_session *session, hrs_count sample) {
  for (int i = 0; i < r->n; i++) {
    const hrs_bound_readout *own = &r->of[i];
    int *target = r->target + own->first;
    hrs_count step;
    if (own->targets)
      memcpy(target, own->targets + sample * own->n_targets,
             (size_t)own->n_targets * sizeof *target);
    else
      HRS_TRY(hrs_scoring_predict(&own->scoring, hrs_session_fetch_info(session, own->fetch)->type,
                                  hrs_session_fetch(session, own->fetch, &step), target));
  }
  return HRS_OK;
}

/* ---- values --------------------------------------------------------------------------------- */

void hrs_readouts_values(hrs_readouts *r, const hrs_session *session, hrs_count batch,
                         hrs_count first, hrs_count size, double *values) {
  enum { LANES = HRS_OUTPUT_LANES };
  for (int i = 0; i < r->n; i++) {
    const hrs_bound_readout *own = &r->of[i];
    hrs_count step;
    const char *data = hrs_session_fetch(session, own->fetch, &step);
    hrs_dtype type = hrs_session_fetch_info(session, own->fetch)->type;
    step *= (hrs_count)hrs_dtype_size(type);
    for (hrs_count b = 0; b < batch; b += LANES) {
      int count = batch - b < LANES ? (int)(batch - b) : LANES;
      hrs_scoring_values(&own->scoring, type, data + b * step, step, count, own->n_targets,
                         r->target + own->first, r->workspace, r->values);
      for (int t = 0; t < own->n_targets; t++)
        memcpy(values + (own->first + t) * size + first + b, r->values + t * LANES,
               (size_t)count * sizeof *values);
    }
  }
}
