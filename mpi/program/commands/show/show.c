/* harsanyi show: a data set for reading in a terminal, each kind in its own way. */
#include "parts.h"

#include "mpi/lattice/comm.h"
#include "mpi/program/commands/commands.h"
#include "mpi/program/kinds/features/features.h"
#include "mpi/program/kinds/kinds.h"
#include "mpi/program/options/options.h"

#include <stdio.h>
#include <string.h>

#define AT(field) offsetof(hrs_show_options, field)
static const hrs_option options_table[] = {
    {"--row", HRS_OPTION_TEXT, AT(row), "K", NULL, "the row to show (default: the first)"},
    {"--sample", HRS_OPTION_TEXT, AT(sample), "I", NULL,
     "the row of sample I, by its number in the samples' file"},
    {"--target", HRS_OPTION_TEXT, AT(target), "T", NULL, "... and of target class T"},
    {"--top", HRS_OPTION_INT, AT(top), "K", "20", "how many of the largest interactions"},
    {"--type", HRS_OPTION_CHOICE, AT(type), "and|or|both", "both", "interactions of this type"},
    {"--orders", HRS_OPTION_FLAG, AT(orders), NULL, NULL,
     "strengths by order over all interactions, too"},
    {"--check", HRS_OPTION_FLAG, AT(check), NULL, NULL,
     "recompute what can be recomputed, of all rows or the one chosen; exit 65 where it disagrees"},
    {"--json", HRS_OPTION_FLAG, AT(json), NULL, NULL,
     "one JSON object, of all rows or the one chosen"},
    {0}};

static const hrs_option_group groups[] = {{options_table, 0}, {0}};

static const hrs_command_line line = {
    .usage = "harsanyi show FILE.h5 [options]",
    .description = "A data set, for reading in a terminal: header, rows, the largest interactions "
                   "with the players' names, strengths by order, Shapley values.",
    .groups = groups,
    .min_positional = 1,
    .max_positional = 1};

/* How files of each kind are shown. */
static const struct {
  const hrs_kind *kind;
  hrs_show_function *show;
} views[] = {{&hrs_interactions_kind, hrs_show_interactions},
             {&hrs_features_kind, hrs_show_features}};

static hrs_status show(hrs_reading **reading, const hrs_show_options *options) {
  for (size_t i = 0; i < sizeof views / sizeof *views; i++)
    if (views[i].kind == (*reading)->kind) return views[i].show(reading, options);
  HRS_FAIL(INTERNAL, "files of kind %s are not shown", (*reading)->kind->name);
}

static hrs_status run(int argc, char **argv) {
  hrs_show_options options = {0};
  const char *path = NULL;
  int count = 0;
  HRS_TRY(hrs_options_parse(&line, argc, argv, &options, &path, &count));
  hrs_reading *reading;
  HRS_TRY(hrs_reading_open(path, hrs_kinds, &reading));
  hrs_status status = show(&reading, &options);
  fflush(stdout);
  hrs_reading_close(&reading);
  return status;
}

hrs_status hrs_command_show(MPI_Comm comm, int argc, char **argv) {
  if (hrs_options_want_help(argc, argv)) {
    hrs_options_help(&line);
    return HRS_OK;
  }
  return hrs_agree(comm, hrs_comm_rank(comm) == 0 ? run(argc, argv) : HRS_OK);
}
