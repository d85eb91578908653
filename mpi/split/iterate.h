/* iterate.h -- the iteration that solves a posed problem. */
#ifndef HRS_MPI_SPLIT_ITERATE_H
#define HRS_MPI_SPLIT_ITERATE_H

#include "state.h"

/**
 * Iterate until certified to be within `gap`, or options.iterations are done. Collective.
 * @param v       the values of each network, phase A
 * @param report  loss, bound and gap; iterations count on
 * @param step    the step to begin with, 0 for the method's choice; the last one afterwards, 0
 * where v is constant and there is nothing to split
 */
hrs_status hrs_fit_solve(hrs_fit *fit, const hrs_fit_method *method, hrs_lattice *const *v,
                         double gap, hrs_fit_report *report, double *step);

#endif
