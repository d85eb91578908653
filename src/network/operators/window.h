/*
 * window.h -- geometry of windows that slide over one to three spatial axes: convolutions and
 * pools. Everything is seen with three axes (depth, height, width); missing ones have length 1.
 */
#ifndef HRS_NETWORK_OPERATORS_WINDOW_H
#define HRS_NETWORK_OPERATORS_WINDOW_H

#include "common.h"

enum { HRS_WINDOW_AXES = 3 };

typedef struct hrs_window {
  int axes; /* spatial axes of the tensor, 1..3: the last ones of the arrays below */
  hrs_count in[HRS_WINDOW_AXES], out[HRS_WINDOW_AXES];
  hrs_count kernel[HRS_WINDOW_AXES], stride[HRS_WINDOW_AXES], dilation[HRS_WINDOW_AXES];
  hrs_count before[HRS_WINDOW_AXES], after[HRS_WINDOW_AXES]; /* padding */
} hrs_window;

/**
 * Read kernel_shape (or take it from a weight: kernel != NULL), strides, dilations, pads and
 * auto_pad of a node whose input 0 is [N, C, spatial...], and set everything but `out`.
 */
hrs_status hrs_window_read(const hrs_call *call, const hrs_count *kernel, hrs_window *window);
/** Set `out` (and the padding of SAME_*) for a forward window; ceil_mode as for pools. `undilated`:
 *  SAME_* pads for the kernel without its dilations, as ONNX Runtime's pools do. */
hrs_status hrs_window_slide(const hrs_call *call, bool ceil_mode, bool undilated,
                            hrs_window *window);
/** Products of the arrays. */
hrs_count hrs_window_in(const hrs_window *window);
hrs_count hrs_window_out(const hrs_window *window);
hrs_count hrs_window_kernel(const hrs_window *window);
/** Output positions [*from, *to) of an axis whose window element k lies inside the input. */
void hrs_window_range(const hrs_window *window, int axis, hrs_count k, hrs_count *from,
                      hrs_count *to);
/** Window elements [*from, *to) at output position o of an axis that lie in [low, high) of the
 *  input: in constant time, since files ask for windows of any size. */
void hrs_window_elements(const hrs_window *window, int axis, hrs_count o, hrs_count low,
                         hrs_count high, hrs_count *from, hrs_count *to);
/** Position in the input of window element k at output position o; may lie outside. */
static inline hrs_count hrs_window_at(const hrs_window *w, int axis, hrs_count o, hrs_count k) {
  return o * w->stride[axis] - w->before[axis] + k * w->dilation[axis];
}
/** Set call's output `index` to [N, channels, out...]. */
hrs_status hrs_window_output(hrs_call *call, int index, hrs_dtype type, hrs_count channels,
                             const hrs_window *window);

#endif
