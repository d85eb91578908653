/*
 * checks.h -- what a data set says about itself can be recomputed. Each check is a number (an
 * error) against a bound that rounding explains.
 */
#ifndef HRS_MPI_PROGRAM_KINDS_CHECKS_H
#define HRS_MPI_PROGRAM_KINDS_CHECKS_H

#include <harsanyi/base.h>

enum { HRS_CHECK_TEXT = 200 };

/** A check over all rows looked at. */
typedef struct hrs_check {
  const char *name;
  hrs_count rows, failed;
  double worst;                /* largest error / tolerance; infinity for what must be exact */
  double error, tolerance;     /* of that one */
  char detail[HRS_CHECK_TEXT]; /* of the first failure */
} hrs_check;

#endif
