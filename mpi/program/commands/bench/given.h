/* given.h -- what evaluate, lattice and fit measure: a problem with the options of harsanyi
 * interactions. */
#ifndef HRS_MPI_PROGRAM_COMMANDS_BENCH_GIVEN_H
#define HRS_MPI_PROGRAM_COMMANDS_BENCH_GIVEN_H

#include "mpi/lattice/team.h"
#include "mpi/program/engine/resources.h"
#include "mpi/program/engine/split.h"
#include "mpi/program/problem/problem.h"

typedef struct hrs_bench_given {
  hrs_problem problem;
  hrs_resources resources;
  hrs_split split;
  int repeat;
  hrs_mpi_team *team; /* of all ranks, which the game has joined; NULL: one rank alone */
  const char *model;  /* the first network's file, or NULL */
  hrs_place *timing;  /* of --timing, on rank 0 */
  double ready;       /* seconds until masks could be evaluated */
} hrs_bench_given;

/** Collective over comm, which is guarded; the status is agreed on. argv must outlive it. */
hrs_status hrs_bench_given_create(MPI_Comm comm, int argc, char **argv, hrs_bench_given *out);
/** v of the first sample's first `count` targets, into lattices in phase A. Collective; the status
 *  is agreed on. */
hrs_status hrs_bench_given_evaluate(const hrs_bench_given *given, int count, hrs_lattice *const *v);
void hrs_bench_given_destroy(hrs_bench_given *given);

#endif
