/* split.h -- how values are split into AND and OR, of one network or of several together: what the
 * options ask for, and the split of a row's values. */
#ifndef HRS_MPI_PROGRAM_ENGINE_SPLIT_H
#define HRS_MPI_PROGRAM_ENGINE_SPLIT_H

#include "mpi/program/options/groups.h"

#include <harsanyi/fit.h>

typedef struct hrs_split {
  int networks;   /* that are split together */
  double gap;     /* the split is certified to be so near the sparsest, */
  int iterations; /* or so many steps are made */
  double noise;   /* in |v(N) - v(empty)| of the row */
  double spread;  /* in mean |v(N) - v(empty)|; INFINITY: any */
  bool bounded;   /* there may be noise or a spread, which takes more memory */
  hrs_share share;
  hrs_fit_conventions conventions;
} hrs_split;

/** Not collective. Errors: USAGE, where the options do not fit together or to the number of games.
 */
hrs_status hrs_split_make(const hrs_split_options *options, const hrs_problem_options *problem,
                          hrs_split *out);
/**
 * Split one row's values, a lattice of each network. Collective over fit's communicator.
 * @param delta     mean |v(N) - v(empty)| where the spread is finite
 * @param progress  called after every step, with context; or NULL
 * @param noise     [networks] the largest deviation from v that was allowed
 */
hrs_status hrs_split_run(const hrs_split *split, hrs_fit *fit, hrs_lattice *const *values,
                         double delta, void (*progress)(void *, int, double), void *context,
                         hrs_fit_report *report, double *noise);

#endif
