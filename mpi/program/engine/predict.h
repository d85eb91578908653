/* predict.h -- how long a planned run takes, by task, from rates. Functions of numbers alone. */
#ifndef HRS_MPI_PROGRAM_ENGINE_PREDICT_H
#define HRS_MPI_PROGRAM_ENGINE_PREDICT_H

#include "rates.h"

typedef struct hrs_predicted {
  const char *task, *bound; /* what sets the pace */
  double seconds;           /* of the whole run */
} hrs_predicted;

enum { HRS_PREDICTED = HRS_ROW_TIMES + 2 };

typedef struct hrs_prediction {
  int count;
  hrs_predicted task[HRS_PREDICTED];
  double sum;            /* of these, */
  double thousand, most; /* and what 1000 steps of each split take, and as many as allowed; 0 */
  bool unknown_exchange; /* between nodes, at a rate that was not stated */
} hrs_prediction;

/** Of a run with lattices of a type that writes a file of so many bytes. Not collective. */
void hrs_predict(const hrs_plan *plan, const hrs_rates *rates, hrs_dtype type, hrs_count file_bytes,
                 hrs_prediction *out);

/** Print a plan, the size of the file to be written, and the times; "not measured" where rates do
 *  not say. Not collective. */
void hrs_plan_print(const hrs_problem *problem, const hrs_plan *plan, hrs_dtype type,
                    const hrs_rates *rates, hrs_count file_bytes);

#endif
