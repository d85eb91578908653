/* commands.h -- one function per subcommand; argv[0] is the subcommand's name. */
#ifndef HRS_MPI_PROGRAM_COMMANDS_COMMANDS_H
#define HRS_MPI_PROGRAM_COMMANDS_COMMANDS_H

#include <harsanyi/mpi.h>

/** Collective over `comm`, a guarded communicator: the caller agrees on the status at the end. */
hrs_status hrs_command_interactions(MPI_Comm comm, int argc, char **argv);
hrs_status hrs_command_features(MPI_Comm comm, int argc, char **argv);
hrs_status hrs_command_merge(MPI_Comm comm, int argc, char **argv);
hrs_status hrs_command_bench(MPI_Comm comm, int argc, char **argv);
/** Rank 0 works, the others wait. */
hrs_status hrs_command_model(MPI_Comm comm, int argc, char **argv);
hrs_status hrs_command_show(MPI_Comm comm, int argc, char **argv);
hrs_status hrs_command_export(MPI_Comm comm, int argc, char **argv);

#endif
