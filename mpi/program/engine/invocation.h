/* invocation.h -- what every command does with its command line before and after its work; and how
 * it was called, for /run, the same on all ranks. */
#ifndef HRS_MPI_PROGRAM_ENGINE_INVOCATION_H
#define HRS_MPI_PROGRAM_ENGINE_INVOCATION_H

#include "mpi/program/options/groups.h"

#include <mpi.h>

typedef struct hrs_invocation {
  char *command_line; /* as typed */
  char *options;      /* all that hold, defaults included */
  int arguments;      /* what is no option, where the command takes such */
  const char **argument;
  const hrs_command_line *line; /* what options were parsed by, into */
  const void *values;
} hrs_invocation;

/** A command's work; `options` are parsed, and stay after it. Collective; the status is agreed on.
 */
typedef hrs_status hrs_command_solve(MPI_Comm comm, const void *options,
                                     const hrs_invocation *invocation);

/**
 * Help where that is asked for; else parse, heed --quiet and --verbose, and solve. Collective.
 * @param options  the command's struct, all 0
 * @param run      its part that the group `talk` fills
 * Errors: USAGE; INPUT, where ranks were given other options; those of solve.
 */
hrs_status hrs_command_run(MPI_Comm comm, const hrs_command_line *line, int argc, char **argv,
                           void *options, const hrs_run_options *run, hrs_command_solve *solve);

#endif
