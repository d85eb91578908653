/*
 * Names of the players: those that follow from the game, or the user's, one list for all samples or
 * one for each.
 *
 * A file of names has a name per line, or, in a line for each sample (rows.c), the names of its
 * players with tabs between them: names per sample are known by their tabs, and where there is one
 * player by the number of lines.
 */
#include "mpi/lattice/comm.h"
#include "mpi/program/log.h"
#include "problem.h"

#include <stdio.h>
#include <string.h>

static hrs_status number_players(hrs_problem *problem) {
  HRS_TRY(hrs_calloc(problem->n, sizeof *problem->players.names, &problem->players.names));
  problem->players.n = problem->n;
  for (int i = 0; i < problem->n; i++) {
    char name[32];
    snprintf(name, sizeof name, "player %d", i);
    HRS_TRY(hrs_strdup(name, &problem->players.names[i]));
  }
  return HRS_OK;
}

static hrs_count fields_of(const char *line) {
  hrs_count fields = 1;
  for (; *line; line++)
    fields += *line == '\t';
  return fields;
}

/* The lines of the chosen samples, cut at their tabs; takes the lines over. */
static hrs_status name_samples(const hrs_problem_options *o, hrs_problem *problem,
                               hrs_count count) {
  char what[512];
  const hrs_count *row;
  snprintf(what, sizeof what, "--player-names %s", o->player_names);
  for (hrs_count i = 0; i < count; i++)
    HRS_REQUIRE(fields_of(problem->name_lines[i]) == problem->n, INPUT,
                "%s, line %lld: %lld names (with tabs between them) for %d players", what,
                (long long)i + 1, (long long)fields_of(problem->name_lines[i]), problem->n);
  HRS_TRY(hrs_problem_rows(problem, o, what, count, &row));
  hrs_count names;
  HRS_TRY(hrs_multiply(problem->samples * problem->targets, problem->n, "names", &names));
  HRS_TRY(hrs_alloc(names, sizeof *problem->row_names, &problem->row_names));
  char **name = problem->row_names;
  for (hrs_count s = 0; s < problem->samples; s++) {
    char *at = problem->name_lines[row ? row[s] : s], **first = name;
    for (int i = 0; i < problem->n; i++) {
      *name++ = at;
      at += strcspn(at, "\t");
      if (*at) *at++ = '\0';
    }
    for (int t = 1; t < problem->targets; t++, name += problem->n)
      memcpy(name, first, (size_t)problem->n * sizeof *name);
  }
  return HRS_OK;
}

/* Are players words, which differ between samples? */
static bool are_words(const hrs_problem_options *o, const hrs_problem *problem) {
  hrs_dtype masked = problem->baseline.type;
  return (o->players && strcmp(o->players, "tokens") == 0) || masked == HRS_I64 ||
         masked == HRS_I32;
}

hrs_status hrs_problem_name_players(hrs_problem *problem, const hrs_problem_options *o) {
  if (!problem->players.names) HRS_TRY(number_players(problem));
  if (!o->player_names) return HRS_OK;
  hrs_reader reader = hrs_comm_reader(&problem->comm);
  hrs_count count;
  HRS_TRY_CONTEXT(hrs_reader_lines(&reader, o->player_names, &problem->name_lines, &count),
                  "--player-names");
  bool tabs = problem->n == 1 && count > 1;
  for (hrs_count i = 0; i < count; i++)
    tabs = tabs || strchr(problem->name_lines[i], '\t');
  if (tabs) return name_samples(o, problem, count);
  HRS_TRY(hrs_players_rename(&problem->players, count, problem->name_lines, o->player_names));
  if (are_words(o, problem) && problem->samples > 1)
    hrs_warn("--player-names %s names the words once for %lld samples; with a line for each "
             "sample, the names between tabs, each has its own",
             o->player_names, (long long)problem->samples);
  return HRS_OK;
}
