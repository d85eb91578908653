/* axis.h -- an array as [before][along][after] one of its axes. */
#ifndef HRS_BASE_AXIS_H
#define HRS_BASE_AXIS_H

#include <harsanyi/base.h>

/** Elements before, along and after an axis. */
static inline void hrs_axis_spans(int rank, const hrs_count *dim, int axis, hrs_count *outer,
                                  hrs_count *size, hrs_count *inner) {
  *outer = *inner = 1;
  for (int i = 0; i < axis; i++)
    *outer *= dim[i];
  *size = dim[axis];
  for (int i = axis + 1; i < rank; i++)
    *inner *= dim[i];
}

#endif
