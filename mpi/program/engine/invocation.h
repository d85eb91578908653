/* invocation.h -- how a command was called, for /run; the same on all ranks. */
#ifndef HRS_MPI_PROGRAM_ENGINE_INVOCATION_H
#define HRS_MPI_PROGRAM_ENGINE_INVOCATION_H

#include "mpi/program/options/groups.h"

#include <mpi.h>

typedef struct hrs_invocation {
  char *command_line; /* as typed */
  char *options;      /* all that hold, defaults included */
} hrs_invocation;

/** From parsed options. Destroy it whatever the outcome. Collective; the status is agreed on.
 *  Errors: INPUT, where ranks were given other options. */
hrs_status hrs_invocation_create(MPI_Comm comm, const hrs_command_line *line, int argc, char **argv,
                                 const void *values, hrs_invocation *out);
void hrs_invocation_destroy(hrs_invocation *invocation);

/** --quiet and --verbose. Not collective. */
void hrs_invocation_talk(const hrs_run_options *options);

#endif
