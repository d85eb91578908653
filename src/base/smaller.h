/* smaller.h -- the smaller of two counts. */
#ifndef HRS_BASE_SMALLER_H
#define HRS_BASE_SMALLER_H

#include <harsanyi/base.h>

static inline hrs_count hrs_smaller(hrs_count a, hrs_count b) {
  return a < b ? a : b;
}

#endif
