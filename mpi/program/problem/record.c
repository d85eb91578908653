/*
 * What v is: the record of a game in the data set's group /game, as it was settled, defaults
 * included. It is the same for every number of ranks, and says what options say in /run only as
 * they were typed.
 */
#include "problem.h"

#include <string.h>

static void add(hrs_problem *problem, const char *name, const char *text) {
  if (text) problem->record[problem->records++] = (hrs_run_attribute){name, text, 0};
}

/* The option's default depends on what else is given. */
static const char *target_text(const hrs_problem *problem, const hrs_problem_options *o) {
  return o->target ? o->target : problem->classes == 1 ? "0" : o->labels ? "label" : "predicted";
}

/* A word of an option, as settled. */
static void add_word(hrs_problem *problem, const char *name, const char *words, int number) {
  char *word = problem->words[problem->records];
  add(problem, name, hrs_text_word(words, number, word));
}

void hrs_problem_record(hrs_problem *problem, const hrs_problem_options *o) {
  add(problem, "kind",
      problem->model   ? "network"
      : o->table.count ? "table"
      : o->closed_form ? "closed-form"
                       : "plug-in");
  if (!problem->model) {
    add(problem, "v", o->closed_form ? o->closed_form : "the game's values");
    return;
  }
  add_word(problem, "v", hrs_output_words, (int)problem->output - 1);
  add_word(problem, "scores", hrs_scores_words, (int)problem->scores);
  add(problem, "output_node",
      o->output_node ? o->output_node : hrs_model_output(problem->model, 0)->name);
  add(problem, "target", target_text(problem, o));
  add(problem, "masked", problem->masked);
  add(problem, "players", o->players ? o->players : "features");
  add(problem, "subset", o->subset);
  add(problem, "baseline", o->baseline ? o->baseline : "zero");
  /* AUTO where it plays no part. */
  if (problem->layout) add_word(problem, "layout", hrs_layout_words, (int)problem->layout);
  add_word(problem, "evaluator", hrs_evaluator_words, o->evaluator);
}
