/* How a command was called. */
#include "invocation.h"

#include "mpi/lattice/comm.h"
#include "mpi/program/log.h"

#include <stdio.h>

/* The status is agreed on. */
static hrs_status create(MPI_Comm comm, const hrs_command_line *line, int argc, char **argv,
                         const void *values, hrs_invocation *out) {
  hrs_status status = hrs_options_echo(line, values, &out->options);
  if (status == HRS_OK) status = hrs_options_join(argc, argv, &out->command_line);
  HRS_TRY(hrs_agree(comm, status));
  HRS_TRY(hrs_comm_same_text(comm, "the options", out->options));
  return out->arguments ? hrs_comm_same_text(comm, "the files", out->command_line) : HRS_OK;
}

static void talk(const hrs_run_options *options) {
  /* Ranks that say nothing stay so. */
  if (hrs_log_get_level() == HRS_LOG_QUIET || (!options->quiet && !options->verbose)) return;
  hrs_log_set_level(options->quiet ? HRS_LOG_QUIET : HRS_LOG_VERBOSE);
}

static void limit(const hrs_run_options *options) {
  char time[HRS_DURATION_TEXT], text[HRS_DURATION_TEXT + 16];
  if (!options->max_time) return;
  snprintf(text, sizeof text, "--max-time %s", hrs_duration_text(options->max_time, time));
  hrs_stop_after(options->max_time, text);
}

hrs_status hrs_command_run(MPI_Comm comm, const hrs_command_line *line, int argc, char **argv,
                           void *options, const hrs_run_options *run, hrs_command_solve *solve) {
  if (hrs_options_want_help(argc, argv)) {
    hrs_options_help(line);
    return HRS_OK;
  }
  hrs_invocation invocation = {.line = line, .values = options};
  hrs_status status = HRS_OK;
  if (line->max_positional) status = hrs_calloc(argc, sizeof(char *), &invocation.argument);
  if (status == HRS_OK)
    status =
        hrs_options_parse(line, argc, argv, options, invocation.argument, &invocation.arguments);
  if (status == HRS_OK) {
    talk(run);
    limit(run);
  }
  status = hrs_agree(comm, status);
  if (status == HRS_OK) status = create(comm, line, argc, argv, options, &invocation);
  if (status == HRS_OK) status = solve(comm, options, &invocation);
  hrs_free(invocation.argument);
  hrs_free(invocation.command_line);
  hrs_free(invocation.options);
  return status;
}
