#include "command.h"

#include "mpi/lattice/comm.h"
#include "mpi/program/commands/commands.h"

#include <string.h>

hrs_status test_command(MPI_Comm world, int argc, char **argv) {
  static const struct {
    const char *name;
    hrs_status (*run)(MPI_Comm comm, int argc, char **argv);
  } commands[] = {{"interactions", hrs_command_interactions},
                  {"features", hrs_command_features},
                  {"merge", hrs_command_merge},
                  {"model", hrs_command_model},
                  {"show", hrs_command_show},
                  {"export", hrs_command_export},
                  {"bench", hrs_command_bench}};
  MPI_Comm comm;
  hrs_status status = hrs_comm_guard(world, &comm);
  if (status != HRS_OK) return status;
  status = HRS_STATUS_INTERNAL; /* where none of the names is meant */
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
    if (strcmp(argv[0], commands[i].name) == 0) status = commands[i].run(comm, argc, argv);
  status = hrs_agree_finally(comm, status);
  hrs_comm_free(&comm);
  return status;
}
