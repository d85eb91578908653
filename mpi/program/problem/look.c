/*
 * Do the scores look like what they are taken for? One warning per network, from the outputs of all
 * unmasked samples, which ranks share; docs/guide has the signs.
 */
#include "builder.h"
#include "mpi/lattice/comm.h"
#include "mpi/program/log.h"

#include <string.h>

/* Do labels say that there are two classes, where the network puts out one number? */
static bool are_labels_binary(const hrs_problem_builder *b, const hrs_network_game *spec) {
  const char *target = b->o->target;
  if (!b->o->labels || spec->output != HRS_OUTPUT_AUTO) return false;
  if (target && strcmp(target, "label") != 0) return false;
  for (hrs_count i = 0; i < b->problem->samples; i++)
    if (b->problem->label[i] != 0 && b->problem->label[i] != 1) return false;
  return true;
}

static void warn_of_number(const hrs_problem_builder *b, const hrs_network_game *spec,
                           const hrs_output_look *look) {
  bool probability = look->signs & HRS_SIGN_UNIT && !(look->signs & HRS_SIGN_WHOLE);
  bool number = spec->output == HRS_OUTPUT_AUTO;
  if (are_labels_binary(b, spec))
    hrs_warn("--model %s: '%s' is one number, taken as it is for samples of either class, and "
             "--labels %s holds 0 and 1. If it is the %s of class 1, add %s, and v is that of each "
             "sample's own class; if not, add --output raw",
             b->path, look->tensor, b->o->labels, probability ? "probability" : "logit",
             probability ? "--scores probabilities" : "--output log-odds");
  else if (probability)
    hrs_warn("--model %s: '%s' is one number between 0 and 1 at every sample, and is taken for %s. "
             "If it is the probability of class 1, add --scores probabilities; if not, add %s",
             b->path, look->tensor, number ? "a number that is v as it is" : "a logit",
             number ? "--output raw" : "--scores logits");
}

static void warn_of_scores(const hrs_problem_builder *b, const hrs_network_game *spec,
                           const hrs_output_look *look) {
  const unsigned probabilities = HRS_SIGN_UNIT | HRS_SIGN_SUM;
  if ((look->signs & probabilities) == probabilities && look->signs & HRS_SIGN_WHOLE)
    hrs_warn("--model %s: '%s' holds a single 1 among zeros at every sample, and is taken for "
             "logits. If these are decisions, name the tensor before them with --output-node; if "
             "not, add --scores logits",
             b->path, look->tensor);
  else if ((look->signs & probabilities) == probabilities)
    hrs_warn("--model %s: '%s' lies between 0 and 1 and sums to 1 at every sample, as "
             "probabilities do, and is taken for logits. If these are probabilities, add --scores "
             "probabilities; if not, add --scores logits",
             b->path, look->tensor);
  else if (look->signs & HRS_SIGN_LOG_SUM && spec->output == HRS_OUTPUT_LOGIT)
    hrs_warn("--model %s: exponentials of '%s' sum to 1 at every sample, as those of "
             "log-probabilities do, and --output logit takes them for logits. If these are "
             "log-probabilities, use --output log-odds or --scores log-probabilities; if not, add "
             "--scores logits",
             b->path, look->tensor);
}

hrs_status hrs_problem_look(hrs_problem_builder *b, const hrs_network_game *spec,
                            hrs_output_look *look) {
  /* A plan evaluates nothing. */
  int step = b->plan ? 0 : hrs_comm_size(b->comm);
  HRS_TRY(hrs_network_look(spec, hrs_comm_rank(b->comm), step, look));
  HRS_TRY(hrs_comm_reduce(b->comm, MPI_BAND, MPI_UNSIGNED, &look->signs, 1));
  if (!look->open || step == 0) return HRS_OK;
  (look->elements == 1 ? warn_of_number : warn_of_scores)(b, spec, look);
  return HRS_OK;
}
