/* identity.h -- what a run's results depend on, as text: a name, a tab and a value per line, for
 * the `identity` of a checkpoint (mpi/dataset/checkpoint.h). */
#ifndef HRS_MPI_PROGRAM_ENGINE_IDENTITY_H
#define HRS_MPI_PROGRAM_ENGINE_IDENTITY_H

#include "invocation.h"
#include "plan.h"

/**
 * Program and libraries, what is computed, all options that are not free, and the contents of all
 * files that this process has read: in options, digests of contents stand for the files' names. So
 * a file may have moved, and one with another content is another. By rank 0, which reads the files
 * once more. Free it with hrs_free. Errors: INPUT, where a file has changed since it was read; IO.
 */
hrs_status hrs_identity_create(const hrs_invocation *invocation, const hrs_problem *problem,
                               const hrs_plan *plan, char **out);

#endif
