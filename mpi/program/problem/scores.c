/* What of a network's output v is: its scores, the targets, names of classes. */
#include "builder.h"
#include "mpi/program/options/lists.h"

#include <stdio.h>
#include <string.h>

/* "ids [1,12], mask [1,5]": what the network was given when it could not go on. */
static const char *inputs_given(const hrs_problem_builder *b, char *text, size_t size) {
  size_t used = 0;
  *text = '\0';
  for (int i = 0; i < b->inputs && used < size; i++) {
    char shape[HRS_SHAPE_TEXT];
    hrs_count dim[HRS_MAX_RANK];
    for (int axis = 0; axis < b->samples[i].rank; axis++)
      dim[axis] = b->samples[i].dim[axis];
    used += (size_t)snprintf(text + used, size - used, "%s%s %s", i ? ", " : "", b->names[i],
                             hrs_shape_text(b->samples[i].rank - 1, dim + 1, shape, sizeof shape));
  }
  return text;
}

/* Number of scores: two where one stands for two classes. */
static hrs_status count_classes(hrs_problem_builder *b, const hrs_network_game *spec,
                                int *classes) {
  hrs_output_look look;
  hrs_status status = hrs_problem_look(b, spec, &look);
  char given[512];
  const char *output = spec->output_node;
  if (status != HRS_OK)
    return hrs_error_context(status, "--model %s, %s%s%sgiven the inputs %s", b->path,
                             output ? "--output-node " : "", output ? output : "",
                             output ? ", " : "", inputs_given(b, given, sizeof given));
  HRS_TRY(hrs_narrow(look.elements, "the number of outputs", classes));
  bool sigmoid = look.op && strcmp(look.op, "Sigmoid") == 0;
  bool said = spec->scores != HRS_SCORES_AUTO || spec->output != HRS_OUTPUT_AUTO;
  if (*classes == 1 && spec->output != HRS_OUTPUT_RAW && (sigmoid || said)) *classes = 2;
  return HRS_OK;
}

hrs_status hrs_problem_make_targets(hrs_problem_builder *b, const hrs_network_game *spec) {
  const char *text = b->o->target;
  if (!text) text = b->o->labels ? "label" : "predicted";
  int classes = 0;
  HRS_TRY(count_classes(b, spec, &classes));
  b->problem->classes = classes;
  b->n_targets = 1;
  if (classes == 1 && !b->o->target) text = "0";
  if (strcmp(text, "predicted") == 0) return HRS_OK;
  hrs_count samples = b->problem->samples, count = 1, *list = NULL;
  if (strcmp(text, "label") == 0) {
    HRS_REQUIRE(b->o->labels, USAGE, "--target label needs --labels FILE");
    for (hrs_count i = 0; i < samples; i++)
      HRS_REQUIRE(b->problem->label[i] >= 0 && b->problem->label[i] < classes, INPUT,
                  "--labels %s: label %d of sample %lld is out of range: the network has %d %s",
                  b->o->labels, b->problem->label[i], (long long)b->problem->index[i], classes,
                  classes == 1 ? "output; if that is the logit of class 1, add --output log-odds"
                               : "classes, numbered from 0");
  } else if (strcmp(text, "all") == 0) {
    count = classes;
  } else {
    HRS_TRY(hrs_parse_choice(text, "--target", classes, &list, &count));
  }
  b->n_targets = (int)count;
  hrs_status status = hrs_alloc(samples * count, sizeof *b->targets, &b->targets);
  for (hrs_count i = 0; i < samples && status == HRS_OK; i++)
    for (hrs_count t = 0; t < count; t++)
      b->targets[i * count + t] = list                       ? (int)list[t]
                                  : strcmp(text, "all") == 0 ? (int)t
                                                             : b->problem->label[i];
  hrs_free(list);
  return status;
}

hrs_status hrs_problem_load_class_names(hrs_problem_builder *b) {
  if (!b->o->class_names) return HRS_OK;
  hrs_reader reader = hrs_comm_reader(&b->comm);
  hrs_count count;
  HRS_TRY_CONTEXT(hrs_reader_lines(&reader, b->o->class_names, &b->problem->class_names, &count),
                  "--class-names");
  HRS_REQUIRE(count == b->problem->classes, INPUT,
              "--class-names %s has %lld line%s for %d class%s", b->o->class_names,
              (long long)count, hrs_plural(count), b->problem->classes,
              b->problem->classes == 1 ? "" : "es");
  return HRS_OK;
}
