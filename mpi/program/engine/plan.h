/* plan.h -- how the ranks are shared out over samples, and what that costs, before anything is
 * allocated. */
#ifndef HRS_MPI_PROGRAM_ENGINE_PLAN_H
#define HRS_MPI_PROGRAM_ENGINE_PLAN_H

#include "machine.h"
#include "mpi/program/problem/problem.h"
#include "resources.h"
#include "work.h"

typedef struct hrs_plan {
  hrs_machine machine;      /* that it is made for */
  int world;                /* ranks there are */
  int groups;               /* samples at a time */
  int ranks;                /* per group */
  int idle;                 /* ranks in no group */
  int targets;              /* per sample */
  hrs_count rounds;         /* of groups over samples */
  hrs_partition part;       /* of a group */
  hrs_count elements;       /* largest rank: of one lattice, */
  hrs_count lattice_bytes;  /* its data, */
  hrs_count chunk;          /* and a message of its exchange */
  bool lean;                /* the work does with as little memory as it can */
  hrs_needs needs;          /* of the work */
  hrs_count rank_bytes;     /* largest rank: everything at its peak, with the usual lists */
  hrs_count exchange_bytes; /* sent by the busiest rank, whole run */
  hrs_count messages;       /* by the busiest rank, whole run */
  hrs_count masks;          /* evaluated by the busiest rank, whole run */
  bool fits;                /* rank_bytes into the machine's memory */
  int needed;               /* where it does not: ranks that would do, 0 if none */
  int largest;              /* n of the largest lattice that fits, all ranks on one sample */
} hrs_plan;

/** Plan a work on a problem, for a machine. Not collective. Errors: USAGE for blocks, and ranks per
 *  sample, that cannot be used. */
hrs_status hrs_plan_create(const hrs_problem *problem, const hrs_resources *resources,
                           const hrs_row_work *work, const hrs_machine *machine, hrs_plan *plan);
/** Errors: TOO_LARGE for a plan that does not fit, saying how much is needed and how many ranks
 * would do. Not collective. */
hrs_status hrs_plan_check(const hrs_problem *problem, const hrs_plan *plan);

#endif
