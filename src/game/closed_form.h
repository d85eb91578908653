/* closed_form.h -- what the closed-form games share. */
#ifndef HRS_GAME_CLOSED_FORM_H
#define HRS_GAME_CLOSED_FORM_H

#include "internal.h"

#define HRS_CLOSED_FORM_MAX_TERMS 10000

typedef struct hrs_closed_form_spec {
  const char *text; /* the whole option, for messages */
  int n;
  int terms; /* 0: not given */
  uint64_t seed;
} hrs_closed_form_spec;

/** A coefficient of either sign, 0.5 to 1.5 in size. It is a multiple of 2^-20, so that sums of
 *  millions of them, in whatever order, are exact in double precision: dividends that a transform
 *  finds must agree with the planted ones bit by bit. */
double hrs_closed_form_coefficient(hrs_random *random);

hrs_status hrs_closed_form_and_or(const hrs_closed_form_spec *spec, hrs_game **out);

#endif
