/* salience.h -- which interactions of a row are salient, and how many are listed: what --keep and
 * --threshold say. */
#ifndef HRS_MPI_PROGRAM_ENGINE_SALIENCE_H
#define HRS_MPI_PROGRAM_ENGINE_SALIENCE_H

#include <harsanyi/base.h>

typedef enum hrs_keep { HRS_KEEP_SALIENT, HRS_KEEP_TOP, HRS_KEEP_ALL } hrs_keep;
typedef enum hrs_threshold_mode {
  HRS_THRESHOLD_SAMPLE, /* coefficient x largest |I| of the row */
  HRS_THRESHOLD_GLOBAL, /* coefficient x largest |I| of all rows */
  HRS_THRESHOLD_DELTA,  /* coefficient x mean of |v(N) - v(empty)| over the rows */
  HRS_THRESHOLD_FIXED   /* coefficient itself: the second pass of the global mode */
} hrs_threshold_mode;

typedef struct hrs_threshold {
  hrs_threshold_mode mode;
  double coefficient;
} hrs_threshold;

/** "MODE:X", or the mode alone with its usual X. Not collective. Errors: USAGE. */
hrs_status hrs_threshold_parse(const char *text, hrs_threshold *out);
/** The least |I| that is salient, of a threshold as computed: never 0, so that no zero is. */
double hrs_threshold_positive(double threshold);
/** "salient", "top:K" or "all"; NULL: what suits n players. Not collective. Errors: USAGE. */
hrs_status hrs_keep_parse(const char *text, int n, hrs_keep *keep, hrs_count *top);

#endif
