/* objective.h -- what a probe minimises: sums over the rows, block by block. */
#ifndef HRS_PROBE_OBJECTIVE_H
#define HRS_PROBE_OBJECTIVE_H

#include <harsanyi/probe.h>

/** What the rows are, centred and scaled for the minimisation: x -> (x - mean) * scale. */
typedef struct hrs_objective {
  const hrs_probe_rows *data;
  const hrs_probe_options *options;
  double *mean, *scale; /* [units] */
  double *part;         /* [block][chunk] features, centred and scaled */
  double *scores;       /* [block][classes] */
  double *sum;          /* [width] of a block */
  hrs_sums *sums;
  hrs_count width; /* of sums: classes * (units + 1) + 2 */
} hrs_objective;

/** Means and scales, and memory. Destroy it whatever the outcome. Collective over join's ranks. */
hrs_status hrs_objective_create(const hrs_probe_rows *data, const hrs_probe_options *options,
                                hrs_objective *out);
void hrs_objective_destroy(hrs_objective *objective);
/**
 * Loss, accuracy and gradient at w [classes][units], then the bias [classes], of centred and scaled
 * features, without the penalty. Collective over join's ranks.
 * @param gradient  like w; NULL: not wanted
 */
hrs_status hrs_objective_evaluate(hrs_objective *objective, const double *w, double *loss,
                                  double *accuracy, double *gradient);

#endif
