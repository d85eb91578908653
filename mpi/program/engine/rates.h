/* rates.h -- what the machine at hand does in a second, measured within about two. */
#ifndef HRS_MPI_PROGRAM_ENGINE_RATES_H
#define HRS_MPI_PROGRAM_ENGINE_RATES_H

#include "plan.h"

typedef struct hrs_rates {
  bool evaluates;    /* tables and masks were measured: the game fits the memory */
  double tables;     /* seconds of a sample's tables of activations, by one rank */
  double mask;       /* and of a mask */
  hrs_row_times row; /* of a target's row on the planned ranks */
  double disk;       /* bytes per second of a file that is synced; 0: not measured */
} hrs_rates;

/** Measure on all ranks of comm at once, as a run has them: they share a node's memory.
 *  @param out  --out, for the disk; NULL: the current folder
 *  Collective over comm; the status is agreed on. */
hrs_status hrs_rates_measure(MPI_Comm comm, const hrs_problem *problem, const hrs_plan *plan,
                             const hrs_row_work *work, const char *out, hrs_rates *rates);

#endif
