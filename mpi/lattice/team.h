/* team.h -- the ranks that evaluate one sample, as games see them. */
#ifndef HRS_MPI_LATTICE_TEAM_H
#define HRS_MPI_LATTICE_TEAM_H

#include "shared.h"

typedef struct hrs_mpi_team hrs_mpi_team;

/**
 * The ranks of a communicator as a team. Those of one node share one copy of what the team
 * allocates, if `share` and if they can; else each has its own. Collective over comm, which must
 * outlive it.
 */
hrs_status hrs_mpi_team_create(MPI_Comm comm, bool share, hrs_mpi_team **out);
/** Collective. Games that joined must be gone, or have left. */
void hrs_mpi_team_destroy(hrs_mpi_team **team);
/** For hrs_game_join. */
const hrs_team *hrs_mpi_team_of(const hrs_mpi_team *team);

#endif
