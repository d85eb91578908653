/*
 * Pools. For each window element, the whole range of output positions that it serves is folded in
 * one inner loop, so that no index is computed per element and padding costs nothing. The
 * results do not depend on how instances are joined: every image is handled alone.
 */
#include "window.h"

#include <string.h>
#include <tgmath.h>

enum { MAX, AVERAGE, LP };

typedef struct pool {
  hrs_window window;
  bool ceil_mode, include_pad, column_order;
  int p;
} pool;

typedef struct pool_kernel {
  void (*start)(hrs_count n, void *out);
  /* out[i] is folded with in[i * stride] */
  void (*fold)(hrs_count n, void *out, const void *in, hrs_count stride, int p);
  /* one output is folded with n neighbours: NULL where that is rare */
  void (*row)(hrs_count n, void *out, const void *in);
} pool_kernel;

#define MAX_KERNEL(name, T, LOWEST)                                                                \
  static void start_max_##name(hrs_count n, void *out) {                                           \
    T *to = out;                                                                                   \
    for (hrs_count i = 0; i < n; i++)                                                              \
      to[i] = LOWEST;                                                                              \
  }                                                                                                \
  HRS_CLONES static void fold_max_##name(hrs_count n, void *out, const void *in, hrs_count stride, \
                                         int p) {                                                  \
    (void)p;                                                                                       \
    T *to = out;                                                                                   \
    const T *from = in;                                                                            \
    if (stride == 1)                                                                               \
      HRS_IVDEP for (hrs_count i = 0; i < n; i++) to[i] = to[i] > from[i] ? to[i] : from[i];       \
    else if (stride == 2)                                                                          \
      HRS_IVDEP for (hrs_count i = 0; i < n; i++) to[i] =                                          \
          to[i] > from[2 * i] ? to[i] : from[2 * i];                                               \
    else                                                                                           \
      HRS_IVDEP for (hrs_count i = 0; i < n; i++) to[i] =                                          \
          to[i] > from[i * stride] ? to[i] : from[i * stride];                                     \
  }
MAX_KERNEL(F32, float, -INFINITY)
MAX_KERNEL(F64, double, -INFINITY)
MAX_KERNEL(I8, int8_t, INT8_MIN)
MAX_KERNEL(U8, uint8_t, 0)

#define MAX_ROW(name, T, W)                                                                        \
  HRS_CLONES static void row_max_##name(hrs_count n, void *out, const void *in) {                  \
    T part[LANES], best = *(T *)out;                                                               \
    const T *from = in;                                                                            \
    hrs_count i = 0;                                                                               \
    for (int j = 0; j < LANES; j++)                                                                \
      part[j] = best;                                                                              \
    for (; i + LANES <= n; i += LANES)                                                             \
      for (int j = 0; j < LANES; j++)                                                              \
        part[j] = part[j] > from[i + j] ? part[j] : from[i + j];                                   \
    for (; i < n; i++)                                                                             \
      best = best > from[i] ? best : from[i];                                                      \
    for (int j = 0; j < LANES; j++)                                                                \
      best = best > part[j] ? best : part[j];                                                      \
    *(T *)out = best;                                                                              \
  }                                                                                                \
  HRS_CLONES static void row_sum_##name(hrs_count n, void *out, const void *in) {                  \
    T part[LANES] = {0}, sum = *(T *)out;                                                          \
    const T *from = in;                                                                            \
    hrs_count i = 0;                                                                               \
    for (; i + LANES <= n; i += LANES)                                                             \
      for (int j = 0; j < LANES; j++)                                                              \
        part[j] += from[i + j];                                                                    \
    for (; i < n; i++)                                                                             \
      sum += from[i];                                                                              \
    for (int j = 0; j < LANES; j++)                                                                \
      sum += part[j];                                                                              \
    *(T *)out = sum;                                                                               \
  }
enum { LANES = 16 };
HRS_REAL_TYPES(MAX_ROW)

#define SUM_KERNEL(name, T, W)                                                                     \
  static void start_sum_##name(hrs_count n, void *out) {                                           \
    memset(out, 0, (size_t)n * sizeof(T));                                                         \
  }                                                                                                \
  HRS_CLONES static void fold_sum_##name(hrs_count n, void *out, const void *in, hrs_count stride, \
                                         int p) {                                                  \
    (void)p;                                                                                       \
    T *to = out;                                                                                   \
    const T *from = in;                                                                            \
    if (stride == 1)                                                                               \
      HRS_IVDEP for (hrs_count i = 0; i < n; i++) to[i] += from[i];                                \
    else if (stride == 2)                                                                          \
      HRS_IVDEP for (hrs_count i = 0; i < n; i++) to[i] += from[2 * i];                            \
    else                                                                                           \
      HRS_IVDEP for (hrs_count i = 0; i < n; i++) to[i] += from[i * stride];                       \
  }                                                                                                \
  static void fold_power_##name(hrs_count n, void *out, const void *in, hrs_count stride, int p) { \
    T *to = out;                                                                                   \
    const T *from = in;                                                                            \
    for (hrs_count i = 0; i < n; i++) {                                                            \
      T x = fabs(from[i * stride]);                                                                \
      to[i] += p == 1 ? x : p == 2 ? x * x : pow(x, (T)p);                                         \
    }                                                                                              \
  }                                                                                                \
  static void root_##name(hrs_count n, void *out, int p) {                                         \
    T *to = out;                                                                                   \
    for (hrs_count i = 0; i < n; i++)                                                              \
      to[i] = p == 1 ? to[i] : p == 2 ? sqrt(to[i]) : pow(to[i], 1 / (T)p);                        \
  }
HRS_REAL_TYPES(SUM_KERNEL)

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
  kernel->start(hrs_window_out(w), out);
  for (hrs_count kd = 0; kd < w->kernel[0]; kd++) {
    hrs_count d_from, d_to;
    hrs_window_range(w, 0, kd, &d_from, &d_to);
    for (hrs_count od = d_from; od < d_to; od++) {
      hrs_count d = hrs_window_at(w, 0, od, kd);
      for (hrs_count kh = 0; kh < w->kernel[1]; kh++) {
        hrs_count h_from, h_to;
        hrs_window_range(w, 1, kh, &h_from, &h_to);
        for (hrs_count kw = 0; kw < w->kernel[2]; kw++) {
          hrs_count from, to;
          hrs_window_range(w, 2, kw, &from, &to);
          if (from >= to) continue;
          hrs_count shift = hrs_window_at(w, 2, from, kw);
          for (hrs_count oh = h_from; oh < h_to; oh++) {
            hrs_count h = hrs_window_at(w, 1, oh, kh);
            kernel->fold(to - from, out + ((od * w->out[1] + oh) * w->out[2] + from) * size,
                         in + ((d * w->in[1] + h) * w->in[2] + shift) * size, w->stride[2],
                         state->p);
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
    hrs_count first = hrs_window_at(w, 2, o % w->out[2], 0), end = first + w->kernel[2];
    if (first < 0) first = 0;
    if (end > w->in[2]) end = w->in[2];
    hrs_count oh = o / w->out[2] % w->out[1], od = o / w->out[2] / w->out[1];
    for (hrs_count kd = 0; kd < w->kernel[0] && first < end; kd++) {
      hrs_count d = hrs_window_at(w, 0, od, kd);
      for (hrs_count kh = 0; kh < w->kernel[1] && d >= 0 && d < w->in[0]; kh++) {
        hrs_count h = hrs_window_at(w, 1, oh, kh);
        if (h < 0 || h >= w->in[1]) continue;
        kernel->row(end - first, out, in + ((d * w->in[1] + h) * w->in[2] + first) * size);
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
      float a = top[2 * i] > top[2 * i + 1] ? top[2 * i] : top[2 * i + 1];
      float b = bottom[2 * i] > bottom[2 * i + 1] ? bottom[2 * i] : bottom[2 * i + 1];
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

static hrs_status infer_pool(hrs_call *call, unsigned types, int ceil_since) {
  HRS_TRY(hrs_op_types(call, 0, types));
  pool *state;
  HRS_TRY(hrs_calloc(1, sizeof *state, &state));
  call->node->state = state;
  HRS_TRY(hrs_window_read(call, NULL, &state->window));
  state->ceil_mode = call->node->opset >= ceil_since && hrs_attr_int(call->node, "ceil_mode", 0);
  HRS_TRY(hrs_window_slide(call, state->ceil_mode, &state->window));
  call->multiply_adds = 0;
  return hrs_window_output(call, 0, call->in[0].type, call->in[0].dim[1], &state->window);
}

/* ---- MaxPool ---- */

static hrs_status infer_max(hrs_call *call) {
  unsigned types = HRS_TYPES_REAL;
  if (call->node->opset >= 12) types |= HRS_TYPE_BIT(HRS_I8) | HRS_TYPE_BIT(HRS_U8);
  HRS_TRY(infer_pool(call, types, 10));
  pool *state = call->node->state;
  state->column_order = hrs_attr_int(call->node, "storage_order", 0) != 0;
  if (call->n_out > 1) {
    const hrs_tensor *out = &call->out[0];
    return hrs_call_output(call, 1, HRS_I64, out->rank, out->dim);
  }
  return HRS_OK;
}

/* Position of the largest element of each window, counted over the whole input tensor. */
#define INDEX_KERNEL(name, T)                                                                      \
  static void index_plane_##name(const pool *state, const void *in_, int64_t base,                 \
                                 int64_t *index) {                                                 \
    const hrs_window *w = &state->window;                                                          \
    const T *in = in_;                                                                             \
    for (hrs_count od = 0; od < w->out[0]; od++) {                                                 \
      for (hrs_count oh = 0; oh < w->out[1]; oh++) {                                               \
        for (hrs_count ow = 0; ow < w->out[2]; ow++) {                                             \
          bool first = true;                                                                       \
          T best = 0;                                                                              \
          int64_t at = base;                                                                       \
          for (hrs_count kd = 0; kd < w->kernel[0]; kd++) {                                        \
            hrs_count d = hrs_window_at(w, 0, od, kd);                                             \
            if (d < 0 || d >= w->in[0]) continue;                                                  \
            for (hrs_count kh = 0; kh < w->kernel[1]; kh++) {                                      \
              hrs_count h = hrs_window_at(w, 1, oh, kh);                                           \
              if (h < 0 || h >= w->in[1]) continue;                                                \
              for (hrs_count kw = 0; kw < w->kernel[2]; kw++) {                                    \
                hrs_count v = hrs_window_at(w, 2, ow, kw);                                         \
                if (v < 0 || v >= w->in[2]) continue;                                              \
                T value = in[(d * w->in[1] + h) * w->in[2] + v];                                   \
                if (!first && !(value > best)) continue;                                           \
                first = false;                                                                     \
                best = value;                                                                      \
                at = base + (state->column_order ? (v * w->in[1] + h) * w->in[0] + d               \
                                                 : (d * w->in[1] + h) * w->in[2] + v);             \
              }                                                                                    \
            }                                                                                      \
          }                                                                                        \
          *index++ = at;                                                                           \
        }                                                                                          \
      }                                                                                            \
    }                                                                                              \
  }
INDEX_KERNEL(F32, float)
INDEX_KERNEL(F64, double)
INDEX_KERNEL(I8, int8_t)
INDEX_KERNEL(U8, uint8_t)

static hrs_status run_max(hrs_call *call) {
  HRS_TRY(run_planes(call, MAX));
  if (call->n_out < 2 || call->out[1].type == HRS_NONE) return HRS_OK;
  static void (*const index_kernels[HRS_DTYPE_LIMIT])(const pool *, const void *, int64_t,
                                                      int64_t *) = {[HRS_F32] = index_plane_F32,
                                                                    [HRS_F64] = index_plane_F64,
                                                                    [HRS_I8] = index_plane_I8,
                                                                    [HRS_U8] = index_plane_U8};
  const hrs_tensor *in = &call->in[0];
  const pool *state = call->node->state;
  hrs_count size = (hrs_count)hrs_dtype_size(in->type), planes = in->dim[0] * in->dim[1];
  hrs_count plane_in = hrs_window_in(&state->window), plane_out = hrs_window_out(&state->window);
  for (hrs_count b = 0; b < call->batch; b++) {
    const char *from = hrs_op_data(in, b);
    int64_t *index = hrs_op_data(&call->out[1], b);
    for (hrs_count i = 0; i < planes; i++)
      index_kernels[in->type](state, from + i * plane_in * size, i * plane_in,
                              index + i * plane_out);
  }
  return HRS_OK;
}

/* ---- AveragePool ---- */

static hrs_status infer_average(hrs_call *call) {
  HRS_TRY(infer_pool(call, HRS_TYPES_REAL, 10));
  pool *state = call->node->state;
  state->include_pad = hrs_attr_int(call->node, "count_include_pad", 0) != 0;
  if (call->node->opset < 19)
    for (int i = 0; i < HRS_WINDOW_AXES; i++)
      HRS_NODE_REQUIRE(state->window.dilation[i] == 1, call, INPUT,
                       "attribute dilations came with operator set 19");
  return HRS_OK;
}

/* Elements of a window along one axis, with or without the padding that was asked for. */
static hrs_count window_length(const pool *state, int axis, hrs_count o) {
  const hrs_window *w = &state->window;
  hrs_count low = state->include_pad ? -w->before[axis] : 0;
  hrs_count high = w->in[axis] + (state->include_pad ? w->after[axis] : 0), count = 0;
  for (hrs_count k = 0; k < w->kernel[axis]; k++) {
    hrs_count at = hrs_window_at(w, axis, o, k);
    if (at >= low && at < high) count++;
  }
  return count;
}

#define DIVIDE(name, T, W)                                                                         \
  static void divide_##name(const pool *state, hrs_count planes, void *out_) {                     \
    const hrs_window *w = &state->window;                                                          \
    hrs_count pixels = hrs_window_out(w), at = 0;                                                  \
    for (hrs_count od = 0; od < w->out[0]; od++) {                                                 \
      hrs_count depth = window_length(state, 0, od);                                               \
      for (hrs_count oh = 0; oh < w->out[1]; oh++) {                                               \
        hrs_count area = depth * window_length(state, 1, oh);                                      \
        for (hrs_count ow = 0; ow < w->out[2]; ow++, at++) {                                       \
          hrs_count count = area * window_length(state, 2, ow);                                    \
          T divisor = (T)(count > 0 ? count : 1), *out = (T *)out_ + at;                           \
          for (hrs_count i = 0; i < planes; i++)                                                   \
            out[i * pixels] /= divisor;                                                            \
        }                                                                                          \
      }                                                                                            \
    }                                                                                              \
  }
HRS_REAL_TYPES(DIVIDE)

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
  HRS_TRY(infer_pool(call, HRS_TYPES_REAL, 18));
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

/* ---- global pools: one number per plane ---- */

#define GLOBAL(name, T, W)                                                                         \
  static T global_max_##name(hrs_count n, const T *in, int p) {                                    \
    (void)p;                                                                                       \
    T best = -(T)INFINITY;                                                                         \
    for (hrs_count i = 0; i < n; i++)                                                              \
      best = in[i] > best || in[i] != in[i] ? in[i] : best;                                        \
    return best;                                                                                   \
  }                                                                                                \
  /* Sixteen partial sums: exact enough, and vector code. */                                       \
  HRS_CLONES static T global_mean_##name(hrs_count n, const T *in, int p) {                        \
    (void)p;                                                                                       \
    T part[16] = {0}, sum = 0;                                                                     \
    hrs_count i = 0;                                                                               \
    for (; i + 16 <= n; i += 16)                                                                   \
      for (int j = 0; j < 16; j++)                                                                 \
        part[j] += in[i + j];                                                                      \
    for (; i < n; i++)                                                                             \
      sum += in[i];                                                                                \
    for (int j = 0; j < 16; j++)                                                                   \
      sum += part[j];                                                                              \
    return sum / (T)(n > 0 ? n : 1);                                                               \
  }                                                                                                \
  static T global_lp_##name(hrs_count n, const T *in, int p) {                                     \
    double sum = 0;                                                                                \
    for (hrs_count i = 0; i < n; i++)                                                              \
      sum += pow(fabs((double)in[i]), (double)p);                                                  \
    return (T)pow(sum, 1 / (double)p);                                                             \
  }                                                                                                \
  static void global_##name(hrs_count planes, hrs_count n, const void *in_, void *out_, int kind,  \
                            int p) {                                                               \
    static T (*const kernel[3])(hrs_count, const T *, int) = {                                     \
        [MAX] = global_max_##name, [AVERAGE] = global_mean_##name, [LP] = global_lp_##name};       \
    const T *in = in_;                                                                             \
    T *out = out_;                                                                                 \
    for (hrs_count i = 0; i < planes; i++)                                                         \
      out[i] = kernel[kind](n, in + i * n, p);                                                     \
  }
HRS_REAL_TYPES(GLOBAL)

static hrs_status infer_global(hrs_call *call) {
  HRS_TRY(hrs_op_types(call, 0, HRS_TYPES_REAL));
  HRS_TRY(hrs_op_rank(call, 0, 2, HRS_MAX_RANK));
  int64_t p = hrs_attr_int(call->node, "p", 2);
  HRS_NODE_REQUIRE(p >= 1 && p <= 1000, call, INPUT, "attribute p is %lld", (long long)p);
  hrs_count dim[HRS_MAX_RANK];
  for (int i = 0; i < call->in[0].rank; i++)
    dim[i] = i < 2 ? call->in[0].dim[i] : 1;
  return hrs_call_output(call, 0, call->in[0].type, call->in[0].rank, dim);
}

static hrs_status run_global(hrs_call *call, int kind) {
  const hrs_tensor *in = &call->in[0];
  hrs_count planes = in->dim[0] * in->dim[1], n = hrs_op_product(in->dim, 2, in->rank);
  int p = (int)hrs_attr_int(call->node, "p", 2);
  for (hrs_count b = 0; b < call->batch; b++)
    (in->type == HRS_F32 ? global_F32 : global_F64)(planes, n, hrs_op_data(in, b),
                                                    hrs_op_data(&call->out[0], b), kind, p);
  return HRS_OK;
}

static hrs_status run_global_max(hrs_call *call) {
  return run_global(call, MAX);
}

static hrs_status run_global_average(hrs_call *call) {
  return run_global(call, AVERAGE);
}

static hrs_status run_global_lp(hrs_call *call) {
  return run_global(call, LP);
}

hrs_operator_family hrs_operators_pool = {
    {"MaxPool", 1, 21, 1, 1, 1, 2, HRS_OP_BATCHED, infer_max, run_max},
    {"AveragePool", 7, 21, 1, 1, 1, 1, HRS_OP_BATCHED, infer_average, run_average},
    {"LpPool", 2, 21, 1, 1, 1, 1, HRS_OP_BATCHED, infer_lp, run_lp},
    {"GlobalMaxPool", 1, 21, 1, 1, 1, 1, HRS_OP_BATCHED, infer_global, run_global_max},
    {"GlobalAveragePool", 1, 21, 1, 1, 1, 1, HRS_OP_BATCHED, infer_global, run_global_average},
    {"GlobalLpPool", 2, 21, 1, 1, 1, 1, HRS_OP_BATCHED, infer_global, run_global_lp},
    {0},
};
