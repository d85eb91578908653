/* How a command was called. */
#include "invocation.h"

#include "mpi/lattice/comm.h"
#include "mpi/program/log.h"

hrs_status hrs_invocation_create(MPI_Comm comm, const hrs_command_line *line, int argc, char **argv,
                                 const void *values, hrs_invocation *out) {
  *out = (hrs_invocation){0};
  hrs_status status = hrs_options_echo(line, values, &out->options);
  if (status == HRS_OK) status = hrs_options_join(argc, argv, &out->command_line);
  HRS_TRY(hrs_agree(comm, status));
  return hrs_comm_same_text(comm, "the options", out->options);
}

void hrs_invocation_destroy(hrs_invocation *invocation) {
  hrs_free(invocation->command_line);
  hrs_free(invocation->options);
  *invocation = (hrs_invocation){0};
}

void hrs_invocation_talk(const hrs_run_options *options) {
  /* Ranks that say nothing stay so. */
  if (hrs_log_get_level() == HRS_LOG_QUIET || (!options->quiet && !options->verbose)) return;
  hrs_log_set_level(options->quiet ? HRS_LOG_QUIET : HRS_LOG_VERBOSE);
}
