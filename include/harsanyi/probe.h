/*
 * probe.h -- linear softmax classifiers on features, the probes of a network's layers.
 *
 * Model. Rows x_i of features with classes y_i; scores z_i = W x_i + b. Training minimises
 *
 *     (1/N) Σ_i (log Σ_c exp z_ic - z_i,y_i) + penalty/2 ‖W‖²,
 *
 * which has one minimum. With scikit-learn's LogisticRegression(C), penalty = 1 / (C N).
 */
#ifndef HARSANYI_PROBE_H
#define HARSANYI_PROBE_H

#include <harsanyi/sums.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/** A run of the rows that a probe is trained on, those of one rank. */
typedef struct hrs_probe_rows {
  hrs_count total;       /* rows of all ranks */
  hrs_count first, rows; /* this run: [first, first + rows) of them */
  hrs_count block;       /* runs begin and end at multiples of it, or at the end of all */
  int units, classes;
  const float *x;   /* [rows][units] */
  const int *label; /* [rows], 0 to classes - 1 */
} hrs_probe_rows;

/** How ranks add up: joins the pieces of all ranks, sums of one size, on all of them. `status` is
 *  what became of this rank's part; any failure is one of all. sums NULL: only that. Collective. */
typedef hrs_status hrs_probe_join(void *context, hrs_status status, hrs_sums *sums);

/** How a probe is trained. */
typedef struct hrs_probe_options {
  double penalty;   /* > 0 */
  double tolerance; /* stop where the norm of the gradient is at most that times its norm at 0 */
  int iterations;   /* and after so many */
  hrs_probe_join *join; /* NULL: there is one rank */
  void *context;        /* of join */
} hrs_probe_options;

/** What came of it. */
typedef struct hrs_probe_report {
  double loss;          /* the mean over the rows, without the penalty */
  double gradient_norm; /* Euclidean, of all that is minimised, at the end */
  double first_norm;    /* and at 0 */
  double accuracy;      /* share of rows whose largest score is that of their class */
  int iterations;
  bool converged; /* the tolerance was reached */
} hrs_probe_report;

/** Mean of x² over all rows and units: what a penalty may be measured by. Collective over join's
 *  ranks. Errors: MEMORY; NONFINITE where a feature is NaN or infinite. */
hrs_status hrs_probe_mean_square(const hrs_probe_rows *data, const hrs_probe_options *options,
                                 double *out);
/**
 * Train. The same bits for every way of dealing the rows. Collective over join's ranks.
 * @param weight  [classes][units], out
 * @param bias    [classes], out; their sum is 0
 * Memory: about 16 vectors of classes * (units + 1) doubles. Errors: USAGE, INPUT (labels), MEMORY,
 * NONFINITE, STOPPED.
 */
hrs_status hrs_probe_train(const hrs_probe_rows *data, const hrs_probe_options *options,
                           double *weight, double *bias, hrs_probe_report *report);
/** Loss and accuracy of a probe on rows that it was not trained on: report->loss and ->accuracy.
 *  Collective over join's ranks. Errors as above. */
hrs_status hrs_probe_test(const hrs_probe_rows *data, const hrs_probe_options *options,
                          const double *weight, const double *bias, hrs_probe_report *report);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
