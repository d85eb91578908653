/* commands.h -- one function per subcommand; argv[0] is the subcommand's name. */
#ifndef HRS_COMMANDS_H
#define HRS_COMMANDS_H

#include <harsanyi/mpi.h>

/** Collective over MPI_COMM_WORLD; the status is agreed on by all ranks. */
hrs_status hrs_command_interactions(int argc, char **argv);
hrs_status hrs_command_bench(int argc, char **argv);
/** Rank 0 works, the others wait. */
hrs_status hrs_command_model(int argc, char **argv);
hrs_status hrs_command_show(int argc, char **argv);
hrs_status hrs_command_export(int argc, char **argv);

#endif
