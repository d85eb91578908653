/*
 * Pools. For each window element, the whole range of output positions that it serves is folded in
 * one inner loop, so that no index is computed per element and padding costs nothing: only window
 * elements that meet the input are visited, whatever size a file gives the window. The results do
 * not depend on how instances are joined: every image is handled alone.
 *
 * A maximum passes NaN over, as ONNX Runtime does, but for a window of nothing else, which is NaN.
 */
#include "pool.h"

#include <string.h>
#include <tgmath.h>

enum { MAX, AVERAGE, LP };

enum { LANES = 16 }; /* partial results of a row */

/* Output positions [from, to) of an axis whose window element k lies inside the input. */
typedef struct span {
  hrs_count k, from, to;
} span;

typedef struct pool {
  hrs_window window;
  bool include_pad, column_order;
  int p;
  hrs_count spans[HRS_WINDOW_AXES], first[HRS_WINDOW_AXES]; /* of each axis, in `span` */
  span span[];                                              /* none is empty */
} pool;

typedef struct pool_kernel {
  void (*start)(hrs_count n, void *out);
  /* out[i] is folded with in[i * stride] */
  void (*fold)(hrs_count n, void *out, const void *in, hrs_count stride, int p);
  /* one output is folded with n neighbours: NULL where that is rare */
  void (*row)(hrs_count n, void *out, const void *in);
} pool_kernel;

/* Window elements of an axis that lie inside the input. */
static void inside(const hrs_window *w, int axis, hrs_count o, hrs_count *from, hrs_count *to) {
  hrs_window_elements(w, axis, o, 0, w->in[axis], from, to);
}

/* Elements of a window along one axis, with or without the padding that was asked for. */
static hrs_count window_length(const pool *state, int axis, hrs_count o) {
  const hrs_window *w = &state->window;
  hrs_count low = state->include_pad ? -w->before[axis] : 0, from, to;
  hrs_count high = w->in[axis] + (state->include_pad ? w->after[axis] : 0);
  hrs_window_elements(w, axis, o, low, high, &from, &to);
  return to - from;
}

/* A window that meets nothing is 0, not 0 / 0. */
static hrs_count divisor_of(hrs_count elements) {
  return elements > 0 ? elements : 1;
}

#define TEMPLATE "pool_max_template.h"
#define TYPES (REAL | BYTE)
#include "each_type.h"
#define TEMPLATE "pool_template.h"
#define TYPES REAL
#include "each_type.h"

static const pool_kernel kernels[3][HRS_DTYPE_LIMIT] = {
    [MAX] = {[HRS_F32] = {start_max_F32, fold_max_F32, row_max_F32},
             [HRS_F64] = {start_max_F64, fold_max_F64, row_max_F64},
             [HRS_I8] = {start_max_I8, fold_max_I8, NULL},
             [HRS_U8] = {start_max_U8, fold_max_U8, NULL}},
    [AVERAGE] = {[HRS_F32] = {start_sum_F32, fold_sum_F32, row_sum_F32},
                 [HRS_F64] = {start_sum_F64, fold_sum_F64, row_sum_F64}},
    [LP] = {[HRS_F32] = {start_sum_F32, fold_power_F32, NULL},
            [HRS_F64] = {start_sum_F64, fold_power_F64, NULL}}};

/* One plane: fold every window element into all the output positions that it serves. */
static void pool_plane(const pool *state, const pool_kernel *kernel, hrs_count size, const char *in,
                       char *out) {
  const hrs_window *w = &state->window;
  const span *depth = state->span + state->first[0], *height = state->span + state->first[1];
  const span *width = state->span + state->first[2];
  kernel->start(hrs_window_out(w), out);
  for (const span *kd = depth; kd < depth + state->spans[0]; kd++) {
    for (hrs_count od = kd->from; od < kd->to; od++) {
      hrs_count d = hrs_window_at(w, 0, od, kd->k);
      for (const span *kh = height; kh < height + state->spans[1]; kh++) {
        for (const span *kw = width; kw < width + state->spans[2]; kw++) {
          hrs_count shift = hrs_window_at(w, 2, kw->from, kw->k);
          for (hrs_count oh = kh->from; oh < kh->to; oh++) {
            hrs_count h = hrs_window_at(w, 1, oh, kh->k);
            kernel->fold(
                kw->to - kw->from, out + ((od * w->out[1] + oh) * w->out[2] + kw->from) * size,
                in + ((d * w->in[1] + h) * w->in[2] + shift) * size, w->stride[2], state->p);
          }
        }
      }
    }
  }
}

/* One plane, output by output: for rows of the window that are longer than those of the output. */
static void pool_plane_by_rows(const pool *state, const pool_kernel *kernel, hrs_count size,
                               const char *in, char *out) {
  const hrs_window *w = &state->window;
  kernel->start(hrs_window_out(w), out);
  for (hrs_count o = 0; o < hrs_window_out(w); o++, out += size) {
    hrs_count ow = o % w->out[2], oh = o / w->out[2] % w->out[1], od = o / w->out[2] / w->out[1];
    hrs_count kd, d_to, h_from, h_to, w_from, w_to;
    inside(w, 0, od, &kd, &d_to);
    inside(w, 1, oh, &h_from, &h_to);
    inside(w, 2, ow, &w_from, &w_to);
    for (; kd < d_to && w_from < w_to; kd++) {
      hrs_count d = hrs_window_at(w, 0, od, kd), first = hrs_window_at(w, 2, ow, w_from);
      for (hrs_count kh = h_from; kh < h_to; kh++) {
        hrs_count h = hrs_window_at(w, 1, oh, kh);
        kernel->row(w_to - w_from, out, in + ((d * w->in[1] + h) * w->in[2] + first) * size);
      }
    }
  }
}

/* The most common pool: windows of 2x2 that neither overlap nor leave the image. */
static bool is_halving(const hrs_window *w) {
  return w->axes == 2 && w->kernel[1] == 2 && w->kernel[2] == 2 && w->stride[1] == 2 &&
         w->stride[2] == 2 && w->dilation[1] == 1 && w->dilation[2] == 1 && w->before[1] == 0 &&
         w->before[2] == 0 && w->out[1] * 2 <= w->in[1] && w->out[2] * 2 <= w->in[2];
}

HRS_CLONES static void halve_max(const hrs_window *w, const float *restrict in,
                                 float *restrict out) {
  hrs_count width = w->in[2], half = w->out[2];
  for (hrs_count h = 0; h < w->out[1]; h++) {
    const float *top = in + 2 * h * width, *bottom = top + width;
    for (hrs_count i = 0; i < half; i++) {
      float a = top[2 * i] > -INFINITY ? top[2 * i] : -INFINITY;
      float b = bottom[2 * i] > -INFINITY ? bottom[2 * i] : -INFINITY;
      a = top[2 * i + 1] > a ? top[2 * i + 1] : a;
      b = bottom[2 * i + 1] > b ? bottom[2 * i + 1] : b;
      out[h * half + i] = a > b ? a : b;
    }
  }
}

static hrs_status run_planes(hrs_call *call, int kind) {
  const hrs_tensor *in = &call->in[0];
  hrs_tensor *out = &call->out[0];
  const pool *state = call->node->state;
  const hrs_window *w = &state->window;
  const pool_kernel *kernel = &kernels[kind][in->type];
  hrs_count size = (hrs_count)hrs_dtype_size(in->type), planes = in->dim[0] * in->dim[1];
  hrs_count plane_in = hrs_window_in(w) * size, plane_out = hrs_window_out(w) * size;
  bool halve = kind == MAX && in->type == HRS_F32 && is_halving(w);
  bool by_rows = kernel->row && w->dilation[2] == 1 && w->kernel[2] > w->out[2];
  for (hrs_count b = 0; b < call->batch; b++) {
    const char *from = hrs_op_data(in, b);
    char *to = hrs_op_data(out, b);
    for (hrs_count i = 0; i < planes; i++, from += plane_in, to += plane_out) {
      if (halve)
        halve_max(w, (const float *)(const void *)from, (float *)(void *)to);
      else if (by_rows)
        pool_plane_by_rows(state, kernel, size, from, to);
      else
        pool_plane(state, kernel, size, from, to);
    }
  }
  return HRS_OK;
}

/* Spans of all axes that are not empty, one axis after the other; or, without a place to put them,
 * how many there are. */
static hrs_count list_spans(const hrs_window *w, int axis, span *out) {
  hrs_count n = 0;
  for (hrs_count k = 0; k < w->kernel[axis]; k++) {
    span s = {.k = k};
    hrs_window_range(w, axis, k, &s.from, &s.to);
    if (s.from >= s.to) continue;
    if (out) out[n] = s;
    n++;
  }
  return n;
}

static hrs_status infer_pool(hrs_call *call, unsigned types) {
  HRS_TRY(hrs_op_types(call, 0, types));
  hrs_window w;
  HRS_TRY(hrs_window_read(call, NULL, &w));
  HRS_TRY(hrs_window_slide(call, hrs_attr_int(call->node, "ceil_mode", 0) != 0, true, &w));
  HRS_TRY(hrs_window_output(call, 0, call->in[0].type, call->in[0].dim[1], &w));
  hrs_count n = 0;
  for (int i = 0; i < HRS_WINDOW_AXES; i++)
    n += list_spans(&w, i, NULL);
  pool *state;
  HRS_TRY(hrs_calloc((hrs_count)sizeof(pool) + n * (hrs_count)sizeof(span), 1, &state));
  call->node->state = state;
  state->window = w;
  hrs_count at = 0;
  for (int i = 0; i < HRS_WINDOW_AXES; i++) {
    state->first[i] = at;
    state->spans[i] = list_spans(&w, i, state->span + at);
    at += state->spans[i];
  }
  return HRS_OK;
}

const hrs_window *hrs_pool_window(const hrs_node *node) {
  return &((const pool *)node->state)->window;
}

/* ---- MaxPool ---- */

static hrs_status infer_max(hrs_call *call) {
  unsigned types = HRS_TYPES_REAL;
  if (call->node->opset >= 12) types |= HRS_TYPE_BIT(HRS_I8) | HRS_TYPE_BIT(HRS_U8);
  HRS_TRY(infer_pool(call, types));
  pool *state = call->node->state;
  state->column_order = hrs_attr_int(call->node, "storage_order", 0) != 0;
  if (call->n_out > 1) {
    const hrs_tensor *out = &call->out[0];
    return hrs_call_output(call, 1, HRS_I64, out->rank, out->dim);
  }
  return HRS_OK;
}

typedef void (*walk)(const pool *, const void *, int64_t, void *, int64_t *);
static const walk walks[HRS_DTYPE_LIMIT] = {
    [HRS_F32] = walk_F32, [HRS_F64] = walk_F64, [HRS_I8] = walk_I8, [HRS_U8] = walk_U8};

static hrs_status run_max(hrs_call *call) {
  HRS_TRY(run_planes(call, MAX));
  const hrs_tensor *in = &call->in[0], *out = &call->out[0];
  const pool *state = call->node->state;
  hrs_count size = (hrs_count)hrs_dtype_size(in->type), planes = in->dim[0] * in->dim[1];
  hrs_count plane_in = hrs_window_in(&state->window), plane_out = hrs_window_out(&state->window);
  bool where = call->n_out > 1 && call->out[1].type != HRS_NONE;
  bool real = HRS_TYPE_BIT(in->type) & HRS_TYPES_REAL;
  for (hrs_count b = 0; b < call->batch; b++) {
    const char *from = hrs_op_data(in, b);
    char *to = hrs_op_data(out, b);
    int64_t *index = where ? hrs_op_data(&call->out[1], b) : NULL;
    for (hrs_count i = 0; i < planes; i++) {
      void *values = to + i * plane_out * size;
      bool again =
          real && (in->type == HRS_F32 ? has_lowest_F32 : has_lowest_F64)(plane_out, values);
      if (again || where)
        walks[in->type](state, from + i * plane_in * size, i * plane_in, again ? values : NULL,
                        where ? index + i * plane_out : NULL);
    }
  }
  return HRS_OK;
}

/* ---- AveragePool ---- */

static hrs_status infer_average(hrs_call *call) {
  HRS_TRY(infer_pool(call, HRS_TYPES_REAL));
  pool *state = call->node->state;
  state->include_pad = hrs_attr_int(call->node, "count_include_pad", 0) != 0;
  return HRS_OK;
}

hrs_count hrs_pool_divisor(const hrs_node *node, hrs_count at) {
  const pool *state = node->state;
  hrs_count count = 1;
  for (int axis = HRS_WINDOW_AXES - 1; axis >= 0; at /= state->window.out[axis--])
    count *= window_length(state, axis, at % state->window.out[axis]);
  return divisor_of(count);
}

static hrs_status run_average(hrs_call *call) {
  HRS_TRY(run_planes(call, AVERAGE));
  const hrs_tensor *out = &call->out[0];
  hrs_count planes = out->dim[0] * out->dim[1];
  for (hrs_count b = 0; b < call->batch; b++)
    (out->type == HRS_F32 ? divide_F32 : divide_F64)(call->node->state, planes,
                                                     hrs_op_data(out, b));
  return HRS_OK;
}

/* ---- LpPool ---- */

static hrs_status infer_lp(hrs_call *call) {
  HRS_TRY(infer_pool(call, HRS_TYPES_REAL));
  pool *state = call->node->state;
  int64_t p = hrs_attr_int(call->node, "p", 2);
  HRS_NODE_REQUIRE(p >= 1 && p <= 1000, call, INPUT, "attribute p is %lld", (long long)p);
  state->p = (int)p;
  return HRS_OK;
}

static hrs_status run_lp(hrs_call *call) {
  HRS_TRY(run_planes(call, LP));
  const hrs_tensor *out = &call->out[0];
  const pool *state = call->node->state;
  for (hrs_count b = 0; b < call->batch; b++)
    (out->type == HRS_F32 ? root_F32 : root_F64)(hrs_tensor_count(out), hrs_op_data(out, b),
                                                 state->p);
  return HRS_OK;
}

#define POOL .depends = HRS_BY_WINDOW, .channels = HRS_CHANNELS_SECOND, .window = hrs_pool_window

hrs_operator_family hrs_operators_pool = {
    {"MaxPool",
     1,
     7,
     1,
     1,
     1,
     1,
     HRS_OP_BATCHED,
     infer_max,
     run_max,
     {POOL, .fold = HRS_FOLD_MAX,
      .attributes =
          "auto_pad ceil_mode@10 dilations@10 kernel_shape pads storage_order@8 strides"}},
    {"MaxPool",
     8,
     21,
     1,
     1,
     1,
     2,
     HRS_OP_BATCHED,
     infer_max,
     run_max,
     {POOL, .fold = HRS_FOLD_MAX,
      .attributes =
          "auto_pad ceil_mode@10 dilations@10 kernel_shape pads storage_order@8 strides"}},
    {"AveragePool",
     7,
     21,
     1,
     1,
     1,
     1,
     HRS_OP_BATCHED,
     infer_average,
     run_average,
     {POOL, .fold = HRS_FOLD_MEAN, .linear = 1,
      .attributes =
          "auto_pad ceil_mode@10 count_include_pad dilations@19 kernel_shape pads strides"}},
    {"LpPool",
     2,
     21,
     1,
     1,
     1,
     1,
     HRS_OP_BATCHED,
     infer_lp,
     run_lp,
     {POOL, .attributes = "auto_pad ceil_mode@18 dilations@18 kernel_shape p pads strides"}},
    {0},
};
