/* launcher.h -- what mpirun and srun tell a process in its environment, before MPI is started and
 * where it is not: of a group of processes one speaks, and all of them share the node. */
#ifndef HRS_MPI_PROGRAM_MACHINE_LAUNCHER_H
#define HRS_MPI_PROGRAM_MACHINE_LAUNCHER_H

/** This process's rank; 0 without a launcher. Not collective. */
int hrs_launcher_rank(void);
/** Processes that were started together, at least 1. Not collective. */
int hrs_launcher_size(void);
/** Those of them on this node (Slurm: on its first one), at least 1. Not collective. */
int hrs_launcher_node_size(void);

#endif
