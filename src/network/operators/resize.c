/*
 * Resize and Upsample: nearest, linear and cubic interpolation, one axis after the other. For each
 * axis that changes, a table says which source positions count how much for each target position;
 * the tables depend on shapes and attributes alone and are made once.
 *
 * Cost: for each axis, taps * elements multiply-adds, the axes that shrink most first would be
 * cheapest, but the order of the axes is kept: results stay comparable.
 */
#include "common.h"
#include "from_double.h"

#include <math.h>
#include <string.h>

enum { NEAREST, LINEAR, CUBIC };
enum { HALF_PIXEL, HALF_SYMMETRIC, PYTORCH_HALF, ALIGN, ASYMMETRIC, TF_HALF_NN, TF_CROP };
enum { ROUND_FLOOR, ROUND_CEIL, FLOOR, CEIL, SIMPLE };

typedef struct options {
  int mode, coordinates, rounding;
  bool exclude_outside, antialias;
  double cubic, extrapolation;
} options;

/* Weights of one axis: target position o reads source[o * taps + t] with weight[o * taps + t].
 * Positions that lie outside (tf_crop_and_resize) have outside[o]. */
typedef struct axis_table {
  hrs_count in, out, taps;
  hrs_count source, weight, outside; /* offsets in the state, in units of 8 bytes */
} axis_table;

typedef struct resize {
  int rank, n_axes; /* axes that change */
  int axis[HRS_MAX_RANK];
  axis_table table[HRS_MAX_RANK];
  options o;
  hrs_count middle; /* elements of the larger of two buffers between axes */
  double numbers[];
} resize;

/* ---- attributes and shapes ---- */

static hrs_status read_options(const hrs_call *call, options *o) {
  static const char *const modes[] = {"nearest", "linear", "cubic"};
  static const char *const coordinates[] = {
      "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners",
      "asymmetric", "tf_half_pixel_for_nn", "tf_crop_and_resize"};
  static const char *const roundings[] = {"round_prefer_floor", "round_prefer_ceil", "floor",
                                          "ceil"};
  *o = (options){.coordinates = ASYMMETRIC, .rounding = SIMPLE, .cubic = -0.75};
  bool old = call->node->opset < 11;
  if (old) {
    /* Upsample's older spelling of linear. */
    const char *mode = hrs_attr_string(call->node, "mode", "nearest");
    if (strcmp(mode, "bilinear") == 0) {
      o->mode = LINEAR;
      return HRS_OK;
    }
  }
  HRS_TRY(hrs_op_choice(call, "mode", "nearest", modes, old ? 2 : 3, &o->mode));
  if (old) return HRS_OK;
  HRS_TRY(hrs_op_choice(call, "coordinate_transformation_mode", "half_pixel", coordinates, 7,
                        &o->coordinates));
  HRS_TRY(hrs_op_choice(call, "nearest_mode", "round_prefer_floor", roundings, 4, &o->rounding));
  o->exclude_outside = hrs_attr_int(call->node, "exclude_outside", 0) != 0;
  o->antialias = call->node->opset >= 18 && hrs_attr_int(call->node, "antialias", 0) != 0;
  o->cubic = (double)hrs_attr_float(call->node, "cubic_coeff_a", -0.75f);
  o->extrapolation = (double)hrs_attr_float(call->node, "extrapolation_value", 0);
  return HRS_OK;
}

/* A constant list of real numbers, at most HRS_MAX_RANK * 2. */
static hrs_status constant_reals(const hrs_call *call, int index, double *out, int *n) {
  HRS_TRY(hrs_op_types(call, index, HRS_TYPES_REAL));
  const hrs_tensor *in = &call->in[index];
  hrs_count count = hrs_tensor_count(in);
  HRS_NODE_REQUIRE(in->data, call, UNSUPPORTED,
                   "input %d must be a constant: the shape of the result depends on it", index);
  HRS_NODE_REQUIRE(in->rank == 1 && count <= 2 * HRS_MAX_RANK, call, INPUT,
                   "input %d must be a list of numbers", index);
  *n = (int)count;
  call->node->decides = true;
  return hrs_convert(in->type, in->data, HRS_F64, out, count);
}

typedef struct request {
  double scale[HRS_MAX_RANK];
  hrs_count out[HRS_MAX_RANK];
  double roi_start[HRS_MAX_RANK], roi_end[HRS_MAX_RANK];
} request;

static bool not_empty(const hrs_call *call, int index) {
  return hrs_call_has(call, index) && hrs_tensor_count(&call->in[index]) > 0;
}

static hrs_status apply_scales(const hrs_call *call, int n, const double *scales, const int *axis,
                               int n_axes, request *r) {
  HRS_NODE_REQUIRE(n == n_axes, call, INPUT, "%d scales for %d axes", n, n_axes);
  for (int i = 0; i < n; i++) {
    hrs_count in = call->in[0].dim[axis[i]];
    HRS_NODE_REQUIRE(scales[i] > 0 && scales[i] * (double)in < 0x1p31, call, INPUT, "a scale of %g",
                     scales[i]);
    r->scale[axis[i]] = scales[i];
    r->out[axis[i]] = (hrs_count)floor(scales[i] * (double)in);
  }
  return HRS_OK;
}

static hrs_status apply_sizes(const hrs_call *call, int n, const int64_t *sizes, const int *axis,
                              int n_axes, request *r) {
  static const char *const policies[] = {"stretch", "not_larger", "not_smaller"};
  int policy;
  HRS_TRY(hrs_op_choice(call, "keep_aspect_ratio_policy", "stretch", policies,
                        call->node->opset >= 18 ? 3 : 1, &policy));
  HRS_NODE_REQUIRE(n == n_axes, call, INPUT, "%d sizes for %d axes", n, n_axes);
  double common = 0;
  for (int i = 0; i < n; i++) {
    hrs_count in = call->in[0].dim[axis[i]];
    HRS_NODE_REQUIRE(sizes[i] >= 0 && sizes[i] < INT32_MAX && (in > 0 || sizes[i] == 0), call,
                     INPUT, "a size of %lld for an axis of length %lld", (long long)sizes[i],
                     (long long)in);
    double scale = in > 0 ? (double)sizes[i] / (double)in : 1;
    r->scale[axis[i]] = scale;
    r->out[axis[i]] = sizes[i];
    if (i == 0 || (policy == 1 ? scale < common : scale > common)) common = scale;
  }
  for (int i = 0; i < n && policy != 0; i++) {
    r->scale[axis[i]] = common;
    r->out[axis[i]] = (hrs_count)floor(common * (double)call->in[0].dim[axis[i]] + 0.5);
  }
  return HRS_OK;
}

static hrs_status read_request(const hrs_call *call, const options *o, request *r) {
  const hrs_tensor *in = &call->in[0];
  int opset = call->node->opset, axis[HRS_MAX_RANK], n_axes = in->rank, n;
  for (int i = 0; i < in->rank; i++) {
    axis[i] = i;
    r->scale[i] = 1;
    r->out[i] = in->dim[i];
    r->roi_start[i] = 0;
    r->roi_end[i] = 1;
  }
  double numbers[2 * HRS_MAX_RANK];
  if (opset < 9) {
    const float *scales = hrs_attr_floats(call->node, "scales", &n);
    HRS_NODE_REQUIRE(scales && n == in->rank, call, INPUT,
                     "attribute scales must have a number for each of %d axes", in->rank);
    for (int i = 0; i < n; i++)
      numbers[i] = (double)scales[i];
    return apply_scales(call, n, numbers, axis, n_axes, r);
  }
  if (opset < 11) {
    HRS_TRY(constant_reals(call, 1, numbers, &n));
    return apply_scales(call, n, numbers, axis, n_axes, r);
  }
  if (opset >= 18) {
    int count;
    const int64_t *list = hrs_attr_ints(call->node, "axes", &count);
    if (list) {
      unsigned set;
      HRS_TRY(hrs_op_axes(call, count, list, in->rank, &set));
      n_axes = count;
      for (int i = 0; i < count; i++)
        axis[i] = (int)(list[i] < 0 ? list[i] + in->rank : list[i]);
    }
  }
  if (o->coordinates == TF_CROP) {
    HRS_NODE_REQUIRE(not_empty(call, 1), call, INPUT, "tf_crop_and_resize needs input 1 (roi)");
    HRS_TRY(constant_reals(call, 1, numbers, &n));
    HRS_NODE_REQUIRE(n == 2 * n_axes, call, INPUT, "roi has %d numbers for %d axes", n, n_axes);
    for (int i = 0; i < n_axes; i++) {
      r->roi_start[axis[i]] = numbers[i];
      r->roi_end[axis[i]] = numbers[n_axes + i];
    }
  }
  bool scales = not_empty(call, 2), sizes = not_empty(call, 3);
  HRS_NODE_REQUIRE(scales != sizes, call, INPUT, "either scales or sizes must be given");
  if (scales) {
    HRS_TRY(constant_reals(call, 2, numbers, &n));
    return apply_scales(call, n, numbers, axis, n_axes, r);
  }
  int64_t list[HRS_MAX_RANK];
  HRS_TRY(hrs_call_constant_ints(call, 3, HRS_MAX_RANK, list, &n));
  return apply_sizes(call, n, list, axis, n_axes, r);
}

/* ---- tables ---- */

/* In single precision, as ONNX Runtime has it: where a position falls between two samples, the last
 * bit decides which one is the nearest. */
static float source_position(const options *o, hrs_count position, hrs_count in, hrs_count out,
                             float scale, float start, float end) {
  float x = (float)position, length = (float)in, target = (float)out;
  switch (o->coordinates) {
  case HALF_PIXEL:
    return (x + 0.5f) / scale - 0.5f;
  case HALF_SYMMETRIC: {
    float adjustment = target / (scale * length), center = length / 2;
    return center * (1 - adjustment) + (x + 0.5f) / scale - 0.5f;
  }
  case PYTORCH_HALF:
    return target > 1 ? (x + 0.5f) / scale - 0.5f : 0;
  case ALIGN:
    return target > 1 ? x * (length - 1) / (target - 1) : 0;
  case TF_HALF_NN:
    return (x + 0.5f) / scale;
  case TF_CROP:
    return target > 1 ? start * (length - 1) + x * (end - start) * (length - 1) / (target - 1)
                      : 0.5f * (start + end) * (length - 1);
  default:
    return x / scale;
  }
}

static double nearest(int rounding, double x, double scale) {
  switch (rounding) {
  case SIMPLE: /* before operator set 11 */
    return scale < 1 ? ceil(x) : floor(x);
  case ROUND_FLOOR:
    return x == floor(x) + 0.5 ? floor(x) : round(x);
  case ROUND_CEIL:
    return floor(x + 0.5);
  case CEIL:
    return ceil(x);
  default:
    return floor(x);
  }
}

/* Weight of a sample at distance d, for kernels of width 1 (linear) and 2 (cubic). */
static double kernel_weight(const options *o, double d) {
  d = fabs(d);
  if (o->mode == LINEAR) return d < 1 ? 1 - d : 0;
  double a = o->cubic;
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  if (d < 2) return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  return 0;
}

static hrs_count table_taps(const options *o, double scale) {
  if (o->mode == NEAREST) return 1;
  double reach = o->mode == LINEAR ? 1 : 2;
  if (o->antialias && scale < 1) reach /= scale;
  return 2 * (hrs_count)ceil(reach) + (o->antialias ? 1 : 0);
}

static void fill_table(const options *o, const axis_table *t, double scale, double start,
                       double end, double *numbers) {
  hrs_count taps = t->taps;
  double stretch = o->antialias && scale < 1 ? scale : 1;
  for (hrs_count p = 0; p < t->out; p++) {
    double sum = 0,
           x = (double)source_position(o, p, t->in, t->out, (float)scale, (float)start, (float)end);
    int64_t *source = (int64_t *)(void *)(numbers + t->source) + p * taps;
    double *weight = numbers + t->weight + p * taps;
    numbers[t->outside + p] = o->coordinates == TF_CROP && (x < 0 || x > (double)(t->in - 1));
    /* Far outside, every sample is the edge: keep conversions to integers in range. */
    double margin = (double)t->in + 2 * (double)taps;
    x = !(x > -margin) ? -margin : x > margin ? margin : x;
    hrs_count first = o->mode == NEAREST ? (hrs_count)nearest(o->rounding, x, scale)
                                         : (hrs_count)floor(x) - (taps - 1) / 2;
    for (hrs_count k = 0; k < taps; k++) {
      hrs_count at = first + k;
      bool inside = at >= 0 && at < t->in;
      weight[k] = o->mode == NEAREST ? 1 : kernel_weight(o, ((double)at - x) * stretch);
      if (o->exclude_outside && !inside) weight[k] = 0;
      source[k] = at < 0 ? 0 : at >= t->in ? t->in - 1 : at;
      sum += weight[k];
    }
    for (hrs_count k = 0; k < taps && o->mode != NEAREST && sum != 0; k++)
      if (o->exclude_outside || o->antialias) weight[k] /= sum;
  }
}

static hrs_status infer_resize(hrs_call *call) {
  const hrs_tensor *in = &call->in[0];
  options o;
  request r;
  HRS_TRY(read_options(call, &o));
  HRS_TRY(hrs_op_types(call, 0, o.mode == NEAREST ? HRS_TYPES_ALL : HRS_TYPES_NUMBER));
  HRS_TRY(read_request(call, &o, &r));
  HRS_TRY(hrs_call_output(call, 0, in->type, in->rank, r.out));
  resize plan = {.rank = in->rank, .o = o};
  hrs_count numbers = 0;
  for (int i = 0; i < in->rank; i++) {
    bool crop = o.coordinates == TF_CROP && (r.roi_start[i] != 0 || r.roi_end[i] != 1);
    if (r.out[i] == in->dim[i] && r.scale[i] == 1 && !crop) continue;
    HRS_NODE_REQUIRE(in->dim[i] > 0 || r.out[i] == 0, call, INPUT, "axis %d is empty", i);
    hrs_count taps = table_taps(&o, r.scale[i]), entries;
    HRS_TRY(hrs_multiply(taps, r.out[i], "resizing table", &entries));
    HRS_NODE_REQUIRE(entries <= 1 << 24, call, UNSUPPORTED, "a table of %lld weights",
                     (long long)entries);
    plan.axis[plan.n_axes] = i;
    plan.table[plan.n_axes++] =
        (axis_table){in->dim[i], r.out[i], taps, numbers, numbers + entries, numbers + 2 * entries};
    numbers += 2 * entries + r.out[i];
  }
  resize *state;
  HRS_TRY(hrs_alloc((hrs_count)sizeof(resize) + numbers * (hrs_count)sizeof(double), 1, &state));
  call->node->state = state;
  *state = plan;
  hrs_count dim[HRS_MAX_RANK];
  memcpy(dim, in->dim, sizeof dim);
  for (int k = 0; k < plan.n_axes; k++) {
    int i = plan.axis[k];
    fill_table(&o, &plan.table[k], r.scale[i], r.roi_start[i], r.roi_end[i], state->numbers);
    dim[i] = plan.table[k].out;
    hrs_count count = 1;
    for (int j = 0; j < in->rank; j++)
      HRS_TRY(hrs_multiply(count, dim[j], "elements", &count));
    if (k + 1 < plan.n_axes && count > state->middle) state->middle = count;
  }
  hrs_count size = (hrs_count)hrs_dtype_size(in->type);
  if (o.mode != NEAREST) size = sizeof(double);
  return hrs_multiply(state->middle, 2 * size, "workspace", &call->workspace_bytes);
}

/* ---- running ---- */

#define TEMPLATE "resize_template.h"
#define TYPES NUMBER
#include "each_type.h"

typedef void (*stretch)(const resize *, const axis_table *, hrs_count, hrs_count, const void *,
                        void *);

static void pick(const resize *r, const axis_table *t, hrs_count outer, hrs_count inner,
                 const char *extra, size_t size, const char *from, char *to) {
  const int64_t *source = (const int64_t *)(const void *)(r->numbers + t->source);
  size_t row = (size_t)inner * size;
  for (hrs_count o = 0; o < outer; o++, from += (size_t)t->in * row) {
    for (hrs_count p = 0; p < t->out; p++, to += row) {
      if (r->numbers[t->outside + p] == 0) {
        memcpy(to, from + (size_t)source[p] * row, row);
        continue;
      }
      for (hrs_count i = 0; i < inner; i++)
        memcpy(to + (size_t)i * size, extra, size);
    }
  }
}

static void resize_one(const resize *r, const hrs_tensor *in, const char *extra, const void *from,
                       void *to, char *workspace) {
  static const stretch whole[HRS_DTYPE_LIMIT] = {HRS_NUMBERS(stretch_whole)};
  static const stretch first[HRS_DTYPE_LIMIT] = {HRS_NUMBERS(stretch_first)};
  static const stretch last[HRS_DTYPE_LIMIT] = {HRS_NUMBERS(stretch_last)};
  size_t size = hrs_dtype_size(in->type), middle = r->o.mode == NEAREST ? size : sizeof(double);
  hrs_count dim[HRS_MAX_RANK];
  memcpy(dim, in->dim, sizeof dim);
  for (int k = 0; k < r->n_axes; k++) {
    const axis_table *t = &r->table[k];
    hrs_count outer = hrs_op_product(dim, 0, r->axis[k]);
    hrs_count inner = hrs_op_product(dim, r->axis[k] + 1, r->rank);
    bool is_first = k == 0, is_last = k + 1 == r->n_axes;
    void *target = is_last ? to : workspace + (size_t)(k % 2) * (size_t)r->middle * middle;
    if (r->o.mode == NEAREST) {
      pick(r, t, outer, inner, extra, size, from, target);
    } else {
      stretch kernel = is_first && is_last ? whole[in->type]
                       : is_first          ? first[in->type]
                       : is_last           ? last[in->type]
                                           : stretch_whole_F64;
      kernel(r, t, outer, inner, from, target);
    }
    dim[r->axis[k]] = t->out;
    from = target;
  }
}

static hrs_status run_resize(hrs_call *call) {
  const resize *r = call->node->state;
  const hrs_tensor *in = &call->in[0], *out = &call->out[0];
  if (r->n_axes == 0) return hrs_op_run_copy(call);
  if (hrs_tensor_count(out) == 0) return HRS_OK;
  uint64_t extra = 0;
  HRS_TRY(hrs_convert(HRS_F64, &r->o.extrapolation, in->type, &extra, 1));
  for (hrs_count b = 0; b < call->batch; b++)
    resize_one(r, in, (const char *)&extra, hrs_op_data(in, b), hrs_op_data(out, b),
               call->workspace);
  return HRS_OK;
}

hrs_operator_family hrs_operators_resize = {
    {"Resize",
     10,
     10,
     2,
     2,
     1,
     1,
     HRS_OP_BATCHED,
     infer_resize,
     run_resize,
     {.linear = 1,
      .attributes = "antialias@18 axes@18 coordinate_transformation_mode@11 cubic_coeff_a@11 "
                    "exclude_outside@11 extrapolation_value@11 keep_aspect_ratio_policy@18 mode "
                    "nearest_mode@11"}},
    {"Resize",
     11,
     21,
     1,
     4,
     1,
     1,
     HRS_OP_BATCHED,
     infer_resize,
     run_resize,
     {.linear = 1,
      .attributes = "antialias@18 axes@18 coordinate_transformation_mode@11 cubic_coeff_a@11 "
                    "exclude_outside@11 extrapolation_value@11 keep_aspect_ratio_policy@18 mode "
                    "nearest_mode@11"}},
    {"Upsample",
     7,
     8,
     1,
     1,
     1,
     1,
     HRS_OP_BATCHED,
     infer_resize,
     run_resize,
     {.linear = 1, .attributes = "mode scales-8"}},
    {"Upsample",
     9,
     9,
     2,
     2,
     1,
     1,
     HRS_OP_BATCHED,
     infer_resize,
     run_resize,
     {.linear = 1, .attributes = "mode scales-8"}},
    {0},
};
