/* form.h -- a closed form as its option says it, and what closed forms share. */
#ifndef HRS_GAME_FORM_H
#define HRS_GAME_FORM_H

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
static inline double hrs_closed_form_coefficient(hrs_random *random) {
  double size = 0.5 + (double)hrs_random_below(random, 1 << 20) * 0x1p-20;
  return hrs_random_next(random) >> 63 ? -size : size;
}

#endif
