/*
 * Fuzzing of what users type: command lines with the options of all groups, and the texts that have
 * a syntax of their own, such as --select, --subset, --players, --indices and --closed-form. The
 * input is a command line, an argument on each line of text. Nothing is run and no file is looked
 * for: that of "map:" and "tensor:" is left away. Built and run as fuzz_model is (fuzz_model.c),
 * from corpus_options.
 */
#include "mpi/program/commands/interactions/settings.h"
#include "mpi/program/engine/resources.h"
#include "mpi/program/options/lists.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_ARGUMENTS = 64, MOST_BYTES = 4096, SAMPLES = 50 };

typedef struct options {
  hrs_problem_options problem;
  hrs_network_options network;
  hrs_interactions_options interactions;
  hrs_split_options split;
  hrs_resource_options resources;
  hrs_run_options run;
} options;

static const hrs_option_group groups[] = {{hrs_group_game, offsetof(options, problem)},
                                          {hrs_group_samples, offsetof(options, problem)},
                                          {hrs_group_table, offsetof(options, problem)},
                                          {hrs_group_players, offsetof(options, problem)},
                                          {hrs_group_output, offsetof(options, problem)},
                                          {hrs_group_network, offsetof(options, network)},
                                          {hrs_group_compute, offsetof(options, interactions)},
                                          {hrs_group_split, offsetof(options, split)},
                                          {hrs_group_share, offsetof(options, split)},
                                          {hrs_group_keep, offsetof(options, interactions)},
                                          {hrs_group_out, offsetof(options, run)},
                                          {hrs_group_resources, offsetof(options, resources)},
                                          {hrs_group_plan, offsetof(options, run)},
                                          {hrs_group_evaluator, offsetof(options, problem)},
                                          {hrs_group_nonfinite, offsetof(options, run)},
                                          {hrs_group_verify, offsetof(options, interactions)},
                                          {hrs_group_timing, offsetof(options, run)},
                                          {hrs_group_talk, offsetof(options, run)},
                                          {0}};

static const hrs_command_line line = {
    .usage = "fuzz", .description = "", .groups = groups, .max_positional = 2};

/* Split a text in place; returns the number of arguments. */
static int split(char *text, const char *at, char **argv) {
  int argc = 1;
  argv[0] = (char *)"fuzz";
  for (char *word = strtok(text, at); word && argc < MOST_ARGUMENTS; word = strtok(NULL, at))
    argv[argc++] = word;
  return argc;
}

/* What is recorded of options gives the same options, where no text has a space in it. */
static hrs_status check_echo(const options *o) {
  char *echo = NULL, *again = NULL, *words = NULL, *argv[MOST_ARGUMENTS];
  const char *positional[2];
  options *copy = NULL;
  hrs_status status = hrs_options_echo(&line, o, &echo);
  if (status == HRS_OK) status = hrs_strdup(echo, &words);
  if (status == HRS_OK) status = hrs_calloc(1, sizeof *copy, &copy);
  int argc = status == HRS_OK ? split(words, " ", argv) : 0;
  if (argc && argc < MOST_ARGUMENTS &&
      hrs_options_parse(&line, argc, argv, copy, positional, NULL) == HRS_OK) {
    status = hrs_options_echo(&line, copy, &again);
    if (status == HRS_OK && strcmp(echo, again) != 0) abort();
  }
  hrs_free(echo);
  hrs_free(again);
  hrs_free(words);
  hrs_free(copy);
  return status;
}

static hrs_status choose(const char *text, const char *what) {
  hrs_count *list, count;
  if (!text) return HRS_OK;
  HRS_TRY(hrs_parse_choice(text, what, SAMPLES, &list, &count));
  hrs_free(list);
  return HRS_OK;
}

/* Players and baseline of a small image. */
static hrs_status lay_out(const hrs_problem_options *o) {
  const hrs_count dim[] = {1, 3, 8, 6}, all[] = {2, 3, 8, 6};
  hrs_array samples = {0}, baseline = {0};
  hrs_players players = {0};
  const char *spec = o->players ? o->players : "features";
  hrs_status status = HRS_OK;
  if (strncmp(spec, "map:", 4) != 0)
    status = hrs_players_create(spec, 4, dim, (hrs_layout)o->layout, NULL, 2, &players);
  if (status == HRS_OK && o->subset && players.n > 0)
    status = hrs_players_subset(&players, o->subset);
  hrs_players_destroy(&players);
  bool file = o->baseline &&
              (strncmp(o->baseline, "mean:", 5) == 0 || strncmp(o->baseline, "tensor:", 7) == 0);
  if (status != HRS_OK || !o->baseline || file) return status;
  HRS_TRY(hrs_array_create(HRS_F32, 4, all, &samples));
  memset(samples.data, 0, (size_t)hrs_array_count(&samples) * sizeof(float));
  status = hrs_baseline_create(o->baseline, &samples, (hrs_layout)o->layout, NULL, &baseline);
  hrs_array_destroy(&samples);
  hrs_array_destroy(&baseline);
  return status;
}

/* Long numbers ask for what takes long. */
static bool is_modest(const char *text) {
  for (int digits = 0; *text; text++) {
    digits = *text >= '0' && *text <= '9' ? digits + 1 : 0;
    if (digits > 3) return false;
  }
  return true;
}

/* A closed form, its values on a few masks, and what depends on its players. */
static hrs_status play(const options *o, hrs_settings *settings) {
  const char *form = o->problem.closed_form;
  if (!form || !is_modest(form)) return HRS_OK;
  hrs_game *game;
  double values[8];
  HRS_TRY(hrs_game_closed_form(form, &game));
  hrs_mask free = hrs_game_players(game) < 3 ? 1 : 7;
  hrs_status status = hrs_game_select(game, 0);
  if (status == HRS_OK) status = hrs_game_evaluate(game, (hrs_subcube){0, free}, values);
  if (status == HRS_OK) status = hrs_settings_settle(&o->interactions, game, settings);
  hrs_game_destroy(&game);
  return status;
}

static hrs_status read_line(int argc, char **argv, options *o) {
  const char *positional[2];
  hrs_settings settings;
  hrs_resources resources;
  HRS_TRY(hrs_options_parse(&line, argc, argv, o, positional, NULL));
  HRS_TRY(check_echo(o));
  HRS_TRY(choose(o->problem.select, "--select"));
  HRS_TRY(choose(o->problem.target, "--target"));
  HRS_TRY(hrs_resources_make(&o->resources, &resources));
  HRS_TRY(lay_out(&o->problem));
  HRS_TRY(hrs_settings_make(&o->interactions, &o->split, &o->problem, &settings));
  return play(o, &settings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char text[MOST_BYTES + 1], *argv[MOST_ARGUMENTS];
  if (size > MOST_BYTES) size = MOST_BYTES;
  memcpy(text, data, size);
  text[size] = 0;
  hrs_count before = hrs_memory_current();
  options *o;
  if (hrs_calloc(1, sizeof *o, &o) != HRS_OK) abort();
  int argc = split(text, "\n", argv);
  hrs_status status = read_line(argc, argv, o);
  hrs_free(o);
  /* Whatever is typed, nothing is kept, an error of ours is an error, and each has a message. */
  if (hrs_memory_current() != before || status == HRS_STATUS_INTERNAL) abort();
  if (status != HRS_OK && !*hrs_error_message()) abort();
  return 0;
}
