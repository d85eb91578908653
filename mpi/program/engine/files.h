/* files.h -- the files that a command is to write: that they can be is better known first. */
#ifndef HRS_MPI_PROGRAM_ENGINE_FILES_H
#define HRS_MPI_PROGRAM_ENGINE_FILES_H

#include "mpi/program/options/groups.h"

#include <harsanyi/mpi.h>

/**
 * See that --out and --timing are no files that were read (so after reading them), that --timing
 * can be written, and take its place: *timing, on rank 0, or NULL. With --plan nothing is looked
 * at. Collective; the status is agreed on. Errors: USAGE, IO.
 */
hrs_status hrs_files_check(MPI_Comm comm, const hrs_run_options *options, hrs_place **timing);

#endif
