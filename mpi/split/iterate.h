/* iterate.h -- the iteration that solves a posed problem. */
#ifndef HRS_MPI_SPLIT_ITERATE_H
#define HRS_MPI_SPLIT_ITERATE_H

#include "state.h"

/** The problems of a split, one after the other: each begins where the one before has ended. */
typedef enum hrs_fit_stage {
  HRS_FIT_EXACTLY,  /* an exact split, rough where it is a start alone */
  HRS_FIT_REFINED,  /* where noise changes nothing: exactly, to the end */
  HRS_FIT_BOUNDEDLY /* within noise and spread */
} hrs_fit_stage;

/** Is the stage behind the iterate that options.from gives? */
bool hrs_fit_is_past(const hrs_fit *fit, hrs_fit_stage stage);
/** Is options->from NULL, or an iterate of such a fit, as far as its numbers tell? noise, bounded:
 *  there is some; there are bounds. */
bool hrs_fit_can_go_on(const hrs_fit_options *options, bool noise, bool bounded);

/**
 * Iterate until certified to be within `gap`, or options.iterations are done. Collective.
 * Goes on from options.from where that is of this stage.
 * @param v       the values of each network, phase A
 * @param report  loss, bound and gap; iterations count on
 * @param step    the step to begin with, 0 for the method's choice; the last one afterwards, 0
 * where v is constant and there is nothing to split
 */
hrs_status hrs_fit_solve(hrs_fit *fit, hrs_fit_stage stage, const hrs_fit_method *method,
                         hrs_lattice *const *v, double gap, hrs_fit_report *report, double *step);

#endif
