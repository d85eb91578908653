/* The program's commands within a test's process: starting processes takes longer than most runs.
 */
#ifndef HRS_TESTS_COMMAND_H
#define HRS_TESTS_COMMAND_H

#include <harsanyi/mpi.h>

/** Call a command, argv[0], as main does, up to the agreement on its status. Collective. */
hrs_status test_command(MPI_Comm world, int argc, char **argv);

#endif
