/*
 * What v is: the record of a game in the data set's group /game, as it was settled, defaults
 * included. It is the same for every number of ranks, and says what options say in /run only as
 * they were typed.
 */
#include "builder.h"

#include <string.h>

static void add(hrs_job *job, const char *name, const char *text) {
  if (text) job->record[job->records++] = (hrs_run_attribute){name, text, 0};
}

static const char *layout_text(hrs_layout layout) {
  return layout == HRS_LAYOUT_CHANNELS_FIRST  ? "channels-first"
         : layout == HRS_LAYOUT_CHANNELS_LAST ? "channels-last"
         : layout == HRS_LAYOUT_NO_CHANNELS   ? "no-channels"
                                              : NULL; /* it plays no part */
}

/* The option's default depends on what else is given. */
static const char *target_text(const hrs_job *job, const hrs_interactions_options *o) {
  return o->target ? o->target : job->classes == 1 ? "0" : o->labels ? "label" : "predicted";
}

void hrs_job_record(hrs_job *job, const hrs_interactions_options *o) {
  add(job, "kind",
      job->model       ? "network"
      : o->table.count ? "table"
      : o->closed_form ? "closed-form"
                       : "plug-in");
  if (!job->model) {
    add(job, "v", o->closed_form ? o->closed_form : "the game's values");
    return;
  }
  add(job, "v", hrs_job_output_text(job->output));
  add(job, "scores", hrs_job_scores_text(job->scores));
  add(job, "output_node", o->output_node ? o->output_node : hrs_model_output(job->model, 0)->name);
  add(job, "target", target_text(job, o));
  add(job, "masked", job->masked);
  add(job, "players", o->players ? o->players : "features");
  add(job, "subset", o->subset);
  add(job, "baseline", o->baseline ? o->baseline : "zero");
  add(job, "layout", layout_text(job->layout));
  add(job, "evaluator", o->evaluator);
}
