/* Geometry of sliding windows, read from attributes that are not trusted. */
#include "window.h"

/* A list attribute with one entry per spatial axis, each within [least, MOST]. */
enum { MOST = 1 << 30, MOST_ELEMENTS = 1 << 24 };

static hrs_status read_list(const hrs_call *call, const char *name, int axes, hrs_count least,
                            hrs_count otherwise, hrs_count *out) {
  int count;
  const int64_t *list = hrs_attr_ints(call->node, name, &count);
  HRS_NODE_REQUIRE(!list || count == axes, call, INPUT,
                   "attribute %s has %d numbers, but the input has %d spatial axes", name, count,
                   axes);
  for (int i = 0; i < axes; i++) {
    out[i] = list ? list[i] : otherwise;
    HRS_NODE_REQUIRE(out[i] >= least && out[i] <= MOST, call, INPUT,
                     "attribute %s contains %lld; expected a number from %lld to %d", name,
                     (long long)out[i], (long long)least, (int)MOST);
  }
  return HRS_OK;
}

enum { NOTSET, SAME_UPPER, SAME_LOWER, VALID };

static hrs_status read_auto_pad(const hrs_call *call, int *choice) {
  static const char *const names[] = {"NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"};
  return hrs_op_choice(call, "auto_pad", "NOTSET", names, 4, choice);
}

hrs_status hrs_window_read(const hrs_call *call, const hrs_count *kernel, hrs_window *window) {
  HRS_TRY(hrs_op_rank(call, 0, 3, 2 + HRS_WINDOW_AXES));
  const hrs_tensor *in = &call->in[0];
  int axes = in->rank - 2, first = HRS_WINDOW_AXES - axes;
  *window = (hrs_window){.axes = axes};
  for (int i = 0; i < HRS_WINDOW_AXES; i++) {
    window->in[i] = window->kernel[i] = window->stride[i] = window->dilation[i] = 1;
    window->before[i] = window->after[i] = 0;
  }
  for (int i = 0; i < axes; i++)
    window->in[first + i] = in->dim[2 + i];
  int count;
  const int64_t *shape = hrs_attr_ints(call->node, "kernel_shape", &count);
  if (kernel) {
    for (int i = 0; i < axes; i++) {
      HRS_NODE_REQUIRE(!shape || (count == axes && shape[i] == kernel[i]), call, INPUT,
                       "attribute kernel_shape does not fit the shape of the weight");
      HRS_NODE_REQUIRE(kernel[i] >= 1 && kernel[i] <= MOST, call, INPUT,
                       "the weight has a kernel of size %lld", (long long)kernel[i]);
      window->kernel[first + i] = kernel[i];
    }
  } else {
    HRS_NODE_REQUIRE(shape, call, INPUT, "attribute kernel_shape is missing");
    HRS_TRY(read_list(call, "kernel_shape", axes, 1, 1, window->kernel + first));
  }
  HRS_TRY(read_list(call, "strides", axes, 1, 1, window->stride + first));
  HRS_TRY(read_list(call, "dilations", axes, 1, 1, window->dilation + first));
  int auto_pad;
  HRS_TRY(read_auto_pad(call, &auto_pad));
  if (auto_pad == NOTSET) {
    hrs_count pads[2 * HRS_WINDOW_AXES];
    HRS_TRY(read_list(call, "pads", 2 * axes, 0, 0, pads));
    for (int i = 0; i < axes; i++) {
      window->before[first + i] = pads[i];
      window->after[first + i] = pads[axes + i];
    }
  }
  hrs_count elements;
  HRS_TRY(hrs_multiply(window->kernel[1], window->kernel[2], "kernel size", &elements));
  HRS_TRY(hrs_multiply(elements, window->kernel[0], "kernel size", &elements));
  HRS_NODE_REQUIRE(elements <= MOST_ELEMENTS, call, UNSUPPORTED,
                   "a window of %lld elements is more than %d", (long long)elements,
                   (int)MOST_ELEMENTS);
  return HRS_OK;
}

hrs_status hrs_window_slide(const hrs_call *call, bool ceil_mode, bool undilated,
                            hrs_window *window) {
  int auto_pad;
  HRS_TRY(read_auto_pad(call, &auto_pad));
  for (int i = 0; i < HRS_WINDOW_AXES; i++) {
    hrs_count in = window->in[i], stride = window->stride[i];
    hrs_count reach = (window->kernel[i] - 1) * window->dilation[i] + 1;
    if (auto_pad == SAME_UPPER || auto_pad == SAME_LOWER) {
      hrs_count out = (in + stride - 1) / stride;
      hrs_count total = (out - 1) * stride + (undilated ? window->kernel[i] : reach) - in;
      if (total < 0 || in == 0) total = 0;
      hrs_count small = total / 2, large = total - small;
      window->before[i] = auto_pad == SAME_UPPER ? small : large;
      window->after[i] = auto_pad == SAME_UPPER ? large : small;
      window->out[i] = out;
      if (in == 0 || !undilated || window->dilation[i] == 1) continue;
    }
    hrs_count room = in + window->before[i] + window->after[i] - reach;
    HRS_NODE_REQUIRE(room >= 0, call, INPUT,
                     "a window of length %lld does not fit an axis of length %lld with padding "
                     "%lld and %lld",
                     (long long)reach, (long long)in, (long long)window->before[i],
                     (long long)window->after[i]);
    window->out[i] = room / stride + 1;
    if (ceil_mode && room % stride != 0) {
      /* A window that would start in the padding behind the input is left out. */
      if (window->out[i] * stride < in + window->before[i]) window->out[i]++;
    }
  }
  return HRS_OK;
}

static hrs_count product(const hrs_count *dim) {
  return dim[0] * dim[1] * dim[2];
}

hrs_count hrs_window_in(const hrs_window *window) {
  return product(window->in);
}

hrs_count hrs_window_out(const hrs_window *window) {
  return product(window->out);
}

hrs_count hrs_window_kernel(const hrs_window *window) {
  return product(window->kernel);
}

void hrs_window_range(const hrs_window *window, int axis, hrs_count k, hrs_count *from,
                      hrs_count *to) {
  hrs_count stride = window->stride[axis];
  hrs_count first = hrs_window_at(window, axis, 0, k);
  hrs_count low = first >= 0 ? 0 : (-first + stride - 1) / stride;
  hrs_count room = window->in[axis] - first; /* positions o with o * stride < room */
  hrs_count high = room <= 0 ? 0 : (room + stride - 1) / stride;
  if (high > window->out[axis]) high = window->out[axis];
  if (low > high) low = high;
  *from = low;
  *to = high;
}

/* Multiples of `step` that it takes to get from `first` to at least `to`, at most `most`. */
static hrs_count steps_to(hrs_count first, hrs_count step, hrs_count to, hrs_count most) {
  if (first >= to) return 0;
  hrs_count steps = (to - first + step - 1) / step;
  return steps < most ? steps : most;
}

void hrs_window_elements(const hrs_window *w, int axis, hrs_count o, hrs_count low, hrs_count high,
                         hrs_count *from, hrs_count *to) {
  hrs_count first = hrs_window_at(w, axis, o, 0);
  *from = steps_to(first, w->dilation[axis], low, w->kernel[axis]);
  *to = steps_to(first, w->dilation[axis], high, w->kernel[axis]);
}

hrs_status hrs_window_output(hrs_call *call, int index, hrs_dtype type, hrs_count channels,
                             const hrs_window *window) {
  hrs_count dim[2 + HRS_WINDOW_AXES] = {call->in[0].dim[0], channels};
  for (int i = 0; i < window->axes; i++)
    dim[2 + i] = window->out[HRS_WINDOW_AXES - window->axes + i];
  return hrs_call_output(call, index, type, 2 + window->axes, dim);
}
