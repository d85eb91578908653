/*
 * Operators that move elements: each is a strided copy, set up once per call for all instances.
 */
#include "common.h"

#include <string.h>

/* ---- Transpose ---- */

static bool permutation(const hrs_node *node, int rank, int *from) {
  int n;
  const int64_t *order = hrs_attr_ints(node, "perm", &n);
  unsigned seen = 0;
  if (order && n != rank) return false;
  for (int i = 0; i < rank; i++) {
    int64_t axis = order ? order[i] : rank - 1 - i;
    if (axis < 0 || axis >= rank || seen >> axis & 1) return false;
    seen |= 1u << axis;
    from[i] = (int)axis;
  }
  return true;
}

static hrs_status read_permutation(const hrs_call *call, int *from) {
  int n;
  (void)hrs_attr_ints(call->node, "perm", &n);
  HRS_NODE_REQUIRE(permutation(call->node, call->in[0].rank, from), call, INPUT,
                   "attribute perm lists %d axes, which are no permutation of the input's %d", n,
                   call->in[0].rank);
  return HRS_OK;
}

static hrs_status infer_transpose(hrs_call *call) {
  int from[HRS_MAX_RANK];
  HRS_TRY(hrs_op_types(call, 0, HRS_TYPES_ALL));
  HRS_TRY(read_permutation(call, from));
  hrs_count dim[HRS_MAX_RANK];
  for (int i = 0; i < call->in[0].rank; i++)
    dim[i] = call->in[0].dim[from[i]];
  return hrs_call_output(call, 0, call->in[0].type, call->in[0].rank, dim);
}

static hrs_status run_transpose(hrs_call *call) {
  const hrs_tensor *in = &call->in[0], *out = &call->out[0];
  int from[HRS_MAX_RANK];
  HRS_TRY(read_permutation(call, from));
  hrs_count target[HRS_MAX_RANK], source[HRS_MAX_RANK];
  hrs_strides(out->rank, out->dim, target);
  hrs_strides(in->rank, in->dim, source);
  hrs_loop loop;
  hrs_loop_start(&loop, 2);
  hrs_loop_axis2(&loop, call->batch, out->step, in->step);
  for (int i = 0; i < out->rank; i++)
    hrs_loop_axis2(&loop, out->dim[i], target[i], source[from[i]]);
  hrs_loop_copy(&loop, out->data, in->data, hrs_dtype_size(in->type));
  return HRS_OK;
}

/* ---- Expand and Tile ---- */

static hrs_status infer_expand(hrs_call *call) {
  HRS_TRY(hrs_op_types(call, 0, HRS_TYPES_ALL));
  int64_t wanted[HRS_MAX_RANK];
  int n;
  HRS_TRY(hrs_call_constant_ints(call, 1, HRS_MAX_RANK, wanted, &n));
  hrs_tensor in[2] = {call->in[0], {.type = HRS_I64, .rank = n}};
  for (int i = 0; i < n; i++) {
    HRS_NODE_REQUIRE(wanted[i] >= 0, call, INPUT, "the shape contains %lld", (long long)wanted[i]);
    in[1].dim[i] = wanted[i];
  }
  hrs_call both = *call;
  both.in = in;
  int rank;
  hrs_count dim[HRS_MAX_RANK];
  HRS_TRY(hrs_op_broadcast(&both, 0, 2, &rank, dim));
  return hrs_call_output(call, 0, call->in[0].type, rank, dim);
}

static hrs_status run_expand(hrs_call *call) {
  hrs_loop loop;
  const hrs_tensor *in[1] = {&call->in[0]};
  hrs_loop_broadcast(&loop, call->batch, &call->out[0], 1, in);
  hrs_loop_copy(&loop, call->out[0].data, in[0]->data, hrs_dtype_size(in[0]->type));
  return HRS_OK;
}

static hrs_status infer_tile(hrs_call *call) {
  HRS_TRY(hrs_op_types(call, 0, HRS_TYPES_ALL));
  int64_t repeats[HRS_MAX_RANK];
  int n, rank = call->in[0].rank;
  HRS_TRY(hrs_call_constant_ints(call, 1, HRS_MAX_RANK, repeats, &n));
  HRS_NODE_REQUIRE(n == rank, call, INPUT, "%d repeats for %d axes", n, rank);
  hrs_count dim[HRS_MAX_RANK];
  for (int i = 0; i < n; i++) {
    HRS_NODE_REQUIRE(repeats[i] >= 0, call, INPUT, "a repeat of %lld", (long long)repeats[i]);
    HRS_TRY(hrs_multiply(call->in[0].dim[i], repeats[i], "elements", &dim[i]));
  }
  return hrs_call_output(call, 0, call->in[0].type, rank, dim);
}

static hrs_status run_tile(hrs_call *call) {
  const hrs_tensor *in = &call->in[0], *out = &call->out[0];
  if (hrs_tensor_count(out) == 0) return HRS_OK;
  hrs_count target[HRS_MAX_RANK], source[HRS_MAX_RANK];
  hrs_strides(out->rank, out->dim, target);
  hrs_strides(in->rank, in->dim, source);
  hrs_loop loop;
  hrs_loop_start(&loop, 2);
  hrs_loop_axis2(&loop, call->batch, out->step, in->step);
  for (int i = 0; i < out->rank; i++) {
    hrs_loop_axis2(&loop, out->dim[i] / in->dim[i], target[i] * in->dim[i], 0);
    hrs_loop_axis2(&loop, in->dim[i], target[i], source[i]);
  }
  hrs_loop_copy(&loop, out->data, in->data, hrs_dtype_size(in->type));
  return HRS_OK;
}

/* ---- Concat ---- */

static bool joined(const hrs_node *node, int rank, unsigned *out) {
  return hrs_op_axis_bit(node, 0, rank, out);
}

static hrs_status infer_concat(hrs_call *call) {
  const hrs_tensor *first = &call->in[0];
  int axis;
  HRS_TRY(hrs_op_types(call, 0, HRS_TYPES_ALL));
  HRS_NODE_REQUIRE(hrs_attr_has(call->node, "axis"), call, INPUT, "attribute axis is missing");
  HRS_TRY(hrs_call_axis(call, hrs_attr_int(call->node, "axis", 0), first->rank, "axis", &axis));
  hrs_count dim[HRS_MAX_RANK];
  memcpy(dim, first->dim, sizeof dim);
  dim[axis] = 0;
  for (int k = 0; k < call->n_in; k++) {
    const hrs_tensor *in = &call->in[k];
    HRS_TRY(hrs_op_types(call, k, HRS_TYPES_ALL));
    HRS_TRY(hrs_op_same_type(call, 0, k));
    bool fits = in->rank == first->rank;
    for (int i = 0; fits && i < in->rank; i++)
      fits = i == axis || in->dim[i] == first->dim[i];
    char a[HRS_SHAPE_TEXT], b[HRS_SHAPE_TEXT];
    HRS_NODE_REQUIRE(fits, call, INPUT, "shapes %s and %s cannot be joined along axis %d",
                     hrs_op_shape(call, 0, a), hrs_op_shape(call, k, b), axis);
    dim[axis] += in->dim[axis];
  }
  return hrs_call_output(call, 0, first->type, first->rank, dim);
}

static hrs_status run_concat(hrs_call *call) {
  const hrs_tensor *out = &call->out[0];
  int axis;
  HRS_TRY(hrs_call_axis(call, hrs_attr_int(call->node, "axis", 0), out->rank, "axis", &axis));
  hrs_count outer = hrs_op_product(out->dim, 0, axis);
  hrs_count inner = hrs_op_product(out->dim, axis + 1, out->rank), at = 0;
  size_t size = hrs_dtype_size(out->type);
  for (int k = 0; k < call->n_in; k++) {
    const hrs_tensor *in = &call->in[k];
    hrs_count piece = in->dim[axis] * inner;
    hrs_loop loop;
    hrs_loop_start(&loop, 2);
    hrs_loop_axis2(&loop, call->batch, out->step, in->step);
    hrs_loop_axis2(&loop, outer, out->dim[axis] * inner, piece);
    hrs_loop_axis2(&loop, piece, 1, 1);
    hrs_loop_copy(&loop, (char *)out->data + (size_t)at * size, in->data, size);
    at += piece;
  }
  return HRS_OK;
}

/* ---- Split ---- */

/* Lengths of the pieces: given, or equal ones (from operator set 18 on with a shorter last one). */
static hrs_status read_split(const hrs_call *call, int axis, hrs_count *length) {
  hrs_count whole = call->in[0].dim[axis], sum = 0;
  int n = -1, outputs = call->n_out;
  const int64_t *list = NULL;
  int64_t *own = NULL;
  hrs_status status = HRS_OK;
  if (call->node->opset < 13) {
    list = hrs_attr_ints(call->node, "split", &n);
  } else if (hrs_call_has(call, 1)) {
    HRS_TRY(hrs_alloc(outputs, sizeof *own, &own));
    status = hrs_call_constant_ints(call, 1, outputs, own, &n);
    list = own;
  }
  if (status == HRS_OK && n >= 0 && n != outputs)
    status = hrs_node_error(call, HRS_STATUS_INPUT, __FILE__, __LINE__, "%d lengths for %d outputs",
                            n, outputs);
  for (int i = 0; i < outputs && status == HRS_OK; i++) {
    hrs_count equal = (whole + outputs - 1) / outputs;
    length[i] = n >= 0 ? list[i] : sum + equal <= whole ? equal : whole - sum;
    if (length[i] < 0 || length[i] > whole - sum)
      status = hrs_node_error(call, HRS_STATUS_INPUT, __FILE__, __LINE__,
                              "pieces do not fit an axis of length %lld", (long long)whole);
    else
      sum += length[i];
  }
  hrs_free(own);
  HRS_TRY(status);
  HRS_NODE_REQUIRE(sum == whole, call, INPUT, "the pieces have %lld of the axis's %lld elements",
                   (long long)sum, (long long)whole);
  HRS_NODE_REQUIRE(n >= 0 || call->node->opset >= 18 || whole % outputs == 0, call, INPUT,
                   "an axis of length %lld does not split into %d equal pieces", (long long)whole,
                   outputs);
  return HRS_OK;
}

static hrs_status infer_split(hrs_call *call) {
  const hrs_tensor *in = &call->in[0];
  int axis;
  HRS_TRY(hrs_op_types(call, 0, HRS_TYPES_ALL));
  HRS_TRY(hrs_call_axis(call, hrs_attr_int(call->node, "axis", 0), in->rank, "axis", &axis));
  hrs_count *length;
  HRS_TRY(hrs_alloc(call->n_out, sizeof *length, &length));
  call->node->state = length;
  if (call->node->opset >= 18 && hrs_attr_has(call->node, "num_outputs"))
    HRS_NODE_REQUIRE(hrs_attr_int(call->node, "num_outputs", 0) == call->n_out, call, INPUT,
                     "attribute num_outputs does not fit the node's %d outputs", call->n_out);
  HRS_TRY(read_split(call, axis, length));
  hrs_count dim[HRS_MAX_RANK];
  memcpy(dim, in->dim, sizeof dim);
  for (int k = 0; k < call->n_out; k++) {
    dim[axis] = length[k];
    HRS_TRY(hrs_call_output(call, k, in->type, in->rank, dim));
  }
  return HRS_OK;
}

static hrs_status run_split(hrs_call *call) {
  const hrs_tensor *in = &call->in[0];
  const hrs_count *length = call->node->state;
  int axis;
  HRS_TRY(hrs_call_axis(call, hrs_attr_int(call->node, "axis", 0), in->rank, "axis", &axis));
  hrs_count outer = hrs_op_product(in->dim, 0, axis);
  hrs_count inner = hrs_op_product(in->dim, axis + 1, in->rank), at = 0;
  size_t size = hrs_dtype_size(in->type);
  for (int k = 0; k < call->n_out; k++) {
    const hrs_tensor *out = &call->out[k];
    hrs_count piece = length[k] * inner;
    if (out->type != HRS_NONE) {
      hrs_loop loop;
      hrs_loop_start(&loop, 2);
      hrs_loop_axis2(&loop, call->batch, out->step, in->step);
      hrs_loop_axis2(&loop, outer, piece, in->dim[axis] * inner);
      hrs_loop_axis2(&loop, piece, 1, 1);
      hrs_loop_copy(&loop, out->data, (const char *)in->data + (size_t)at * size, size);
    }
    at += piece;
  }
  return HRS_OK;
}

static bool piece(const hrs_call *call, int output, hrs_count *start) {
  const hrs_count *length = call->node->state;
  int axis, rank = call->in[0].rank;
  for (int i = 0; i < rank; i++)
    start[i] = 0;
  if (hrs_call_axis(call, hrs_attr_int(call->node, "axis", 0), rank, "axis", &axis) != HRS_OK)
    return false;
  for (int k = 0; k < output; k++)
    start[axis] += length[k];
  return true;
}

/* ---- Slice ---- */

typedef struct slice {
  hrs_count start[HRS_MAX_RANK], step[HRS_MAX_RANK];
} slice;

static bool sliced(const hrs_call *call, int output, hrs_count *start) {
  (void)output;
  const slice *state = call->node->state;
  for (int i = 0; i < call->in[0].rank; i++) {
    if (state->step[i] != 1) return false;
    start[i] = state->start[i];
  }
  return true;
}

/* One of the lists starts, ends, axes, steps: an attribute before operator set 10. */
static hrs_status slice_list(const hrs_call *call, const char *name, int index, int64_t *list,
                             int *n) {
  *n = -1;
  if (call->node->opset >= 10) {
    if (!hrs_call_has(call, index)) return HRS_OK;
    return hrs_call_constant_ints(call, index, HRS_MAX_RANK, list, n);
  }
  const int64_t *values = hrs_attr_ints(call->node, name, n);
  HRS_NODE_REQUIRE(*n <= HRS_MAX_RANK, call, INPUT, "attribute %s lists %d numbers", name, *n);
  for (int i = 0; i < *n; i++)
    list[i] = values[i];
  return HRS_OK;
}

static hrs_status infer_slice(hrs_call *call) {
  const hrs_tensor *in = &call->in[0];
  HRS_TRY(hrs_op_types(call, 0, HRS_TYPES_ALL));
  int64_t starts[HRS_MAX_RANK], ends[HRS_MAX_RANK], axes[HRS_MAX_RANK], steps[HRS_MAX_RANK];
  int n, n_ends, n_axes, n_steps = -1;
  HRS_TRY(slice_list(call, "starts", 1, starts, &n));
  HRS_TRY(slice_list(call, "ends", 2, ends, &n_ends));
  HRS_TRY(slice_list(call, "axes", 3, axes, &n_axes));
  if (call->node->opset >= 10) HRS_TRY(slice_list(call, "steps", 4, steps, &n_steps));
  HRS_NODE_REQUIRE(n >= 0 && n_ends == n && (n_axes < 0 || n_axes == n) &&
                       (n_steps < 0 || n_steps == n) && n <= in->rank,
                   call, INPUT, "starts, ends, axes and steps differ in length or exceed %d axes",
                   in->rank);
  slice *state;
  HRS_TRY(hrs_alloc(1, sizeof *state, &state));
  call->node->state = state;
  hrs_count dim[HRS_MAX_RANK];
  for (int i = 0; i < in->rank; i++) {
    dim[i] = in->dim[i];
    state->start[i] = 0;
    state->step[i] = 1;
  }
  unsigned seen = 0;
  for (int k = 0; k < n; k++) {
    int axis = k;
    if (n_axes >= 0) HRS_TRY(hrs_call_axis(call, axes[k], in->rank, "axes", &axis));
    HRS_NODE_REQUIRE(!(seen >> axis & 1), call, INPUT, "axis %d stands twice in axes", axis);
    seen |= 1u << axis;
    hrs_count length = in->dim[axis], step = n_steps >= 0 ? steps[k] : 1;
    HRS_NODE_REQUIRE(step != 0, call, INPUT, "a step of 0");
    /* Ends may be as large as INT64_MAX ("to the end"), steps too. */
    if (step > length + 1) step = length + 1;
    if (step < -length - 1) step = -length - 1;
    hrs_count low = step > 0 ? 0 : -1, high = step > 0 ? length : length - 1;
    hrs_count start = starts[k] < 0 ? starts[k] + length : starts[k];
    hrs_count end = ends[k] < 0 ? ends[k] + length : ends[k];
    if (start < 0) start = 0;
    if (start > high) start = high;
    end = end < low ? low : end > high ? high : end;
    hrs_count count = step > 0 ? (end - start + step - 1) / step : (start - end - step - 1) / -step;
    dim[axis] = count > 0 ? count : 0;
    state->start[axis] = count > 0 ? start : 0;
    state->step[axis] = step;
  }
  return hrs_call_output(call, 0, in->type, in->rank, dim);
}

static hrs_status run_slice(hrs_call *call) {
  const hrs_tensor *in = &call->in[0], *out = &call->out[0];
  const slice *state = call->node->state;
  hrs_count target[HRS_MAX_RANK], source[HRS_MAX_RANK], at = 0;
  hrs_strides(out->rank, out->dim, target);
  hrs_strides(in->rank, in->dim, source);
  hrs_loop loop;
  hrs_loop_start(&loop, 2);
  hrs_loop_axis2(&loop, call->batch, out->step, in->step);
  for (int i = 0; i < out->rank; i++) {
    hrs_loop_axis2(&loop, out->dim[i], target[i], source[i] * state->step[i]);
    at += source[i] * state->start[i];
  }
  size_t size = hrs_dtype_size(in->type);
  hrs_loop_copy(&loop, out->data, (const char *)in->data + at * (hrs_count)size, size);
  return HRS_OK;
}

/* ---- DepthToSpace and SpaceToDepth ---- */

static hrs_status block_size(const hrs_call *call, hrs_count *block) {
  HRS_TRY(hrs_op_types(call, 0, HRS_TYPES_ALL));
  HRS_TRY(hrs_op_rank(call, 0, 4, 4));
  *block = hrs_attr_int(call->node, "blocksize", 0);
  HRS_NODE_REQUIRE(*block >= 1 && *block <= 1 << 15, call, INPUT, "attribute blocksize is %lld",
                   (long long)*block);
  return HRS_OK;
}

static hrs_status depth_mode(const hrs_call *call, int *mode) {
  static const char *const names[] = {"DCR", "CRD"};
  return hrs_op_choice(call, "mode", "DCR", names, 2, mode);
}

static hrs_status infer_to_space(hrs_call *call) {
  hrs_count s;
  int mode;
  HRS_TRY(block_size(call, &s));
  HRS_TRY(depth_mode(call, &mode));
  const hrs_count *d = call->in[0].dim;
  HRS_NODE_REQUIRE(d[1] % (s * s) == 0, call, INPUT,
                   "%lld channels do not divide into blocks of "
                   "%lld x %lld",
                   (long long)d[1], (long long)s, (long long)s);
  return hrs_call_output(call, 0, call->in[0].type, 4,
                         (hrs_count[]){d[0], d[1] / (s * s), d[2] * s, d[3] * s});
}

static hrs_status run_to_space(hrs_call *call) {
  const hrs_tensor *in = &call->in[0], *out = &call->out[0];
  hrs_count s;
  int mode;
  HRS_TRY(block_size(call, &s));
  HRS_TRY(depth_mode(call, &mode));
  hrs_count c = out->dim[1], h = in->dim[2], w = in->dim[3], plane = h * w;
  hrs_count channel = mode == 0 ? plane : s * s * plane, block = mode == 0 ? c * plane : plane;
  hrs_loop loop;
  hrs_loop_start(&loop, 2);
  hrs_loop_axis2(&loop, call->batch, out->step, in->step);
  hrs_loop_axis2(&loop, in->dim[0], in->dim[1] * plane, in->dim[1] * plane);
  hrs_loop_axis2(&loop, c, plane * s * s, channel);
  hrs_loop_axis2(&loop, h, w * s * s, w);
  hrs_loop_axis2(&loop, s, w * s, s * block);
  hrs_loop_axis2(&loop, w, s, 1);
  hrs_loop_axis2(&loop, s, 1, block);
  hrs_loop_copy(&loop, out->data, in->data, hrs_dtype_size(in->type));
  return HRS_OK;
}

static hrs_status infer_to_depth(hrs_call *call) {
  hrs_count s;
  HRS_TRY(block_size(call, &s));
  const hrs_count *d = call->in[0].dim;
  HRS_NODE_REQUIRE(d[2] % s == 0 && d[3] % s == 0, call, INPUT,
                   "%lld x %lld pixels do not divide into blocks of %lld", (long long)d[2],
                   (long long)d[3], (long long)s);
  return hrs_call_output(call, 0, call->in[0].type, 4,
                         (hrs_count[]){d[0], d[1] * s * s, d[2] / s, d[3] / s});
}

static hrs_status run_to_depth(hrs_call *call) {
  const hrs_tensor *in = &call->in[0], *out = &call->out[0];
  hrs_count s;
  HRS_TRY(block_size(call, &s));
  hrs_count c = in->dim[1], h = out->dim[2], w = out->dim[3], plane = h * w;
  hrs_loop loop;
  hrs_loop_start(&loop, 2);
  hrs_loop_axis2(&loop, call->batch, out->step, in->step);
  hrs_loop_axis2(&loop, in->dim[0], c * plane * s * s, c * plane * s * s);
  hrs_loop_axis2(&loop, s, s * c * plane, w * s);
  hrs_loop_axis2(&loop, s, c * plane, 1);
  hrs_loop_axis2(&loop, c, plane, plane * s * s);
  hrs_loop_axis2(&loop, h, w, w * s * s);
  hrs_loop_axis2(&loop, w, 1, s);
  hrs_loop_copy(&loop, out->data, in->data, hrs_dtype_size(in->type));
  return HRS_OK;
}

/* ---- Trilu: zeros above or below a diagonal ---- */

static hrs_status infer_triangle(hrs_call *call) {
  HRS_TRY(hrs_op_types(call, 0, HRS_TYPES_ALL));
  HRS_TRY(hrs_op_rank(call, 0, 2, HRS_MAX_RANK));
  if (hrs_call_has(call, 1)) {
    HRS_TRY(hrs_op_types(call, 1, HRS_TYPE_BIT(HRS_I64)));
    HRS_NODE_REQUIRE(hrs_tensor_count(&call->in[1]) == 1, call, INPUT,
                     "input 1 must be a single number");
  }
  return hrs_call_output_like(call, 0, 0);
}

static hrs_status run_triangle(hrs_call *call) {
  const hrs_tensor *in = &call->in[0];
  hrs_count rows = in->dim[in->rank - 2], columns = in->dim[in->rank - 1];
  hrs_count matrices = hrs_op_product(in->dim, 0, in->rank - 2);
  size_t size = hrs_dtype_size(in->type);
  bool upper = hrs_attr_int(call->node, "upper", 1) != 0;
  HRS_TRY(hrs_op_run_copy(call));
  for (hrs_count b = 0; b < call->batch; b++) {
    hrs_count k = hrs_call_has(call, 1) ? *(const int64_t *)hrs_op_data(&call->in[1], b) : 0;
    if (k > columns) k = columns;
    if (k < -rows) k = -rows;
    char *row = hrs_op_data(&call->out[0], b);
    for (hrs_count i = 0; i < matrices * rows; i++, row += (size_t)columns * size) {
      /* The first column that is kept (upper) or dropped (lower). */
      hrs_count edge = i % rows + k + (upper ? 0 : 1);
      edge = edge < 0 ? 0 : edge > columns ? columns : edge;
      if (upper)
        memset(row, 0, (size_t)edge * size);
      else
        memset(row + (size_t)edge * size, 0, (size_t)(columns - edge) * size);
    }
  }
  return HRS_OK;
}

#define SPLIT "axis num_outputs@18 split-12"
#define ROW(name, since, until, least, most, outputs, verb, linear_in, ...)                        \
  {                                                                                                \
    name, since, until, least, most, 1, outputs, HRS_OP_BATCHED, infer_##verb, run_##verb, {       \
      .depends = HRS_BY_MOVE, .linear = linear_in, __VA_ARGS__                                     \
    }                                                                                              \
  }

hrs_operator_family hrs_operators_move = {
    ROW("Transpose", 1, 21, 1, 1, 1, transpose, 1, .order = permutation, .attributes = "perm"),
    ROW("Expand", 8, 21, 2, 2, 1, expand, 1, .expands = true),
    ROW("Tile", 6, 21, 2, 2, 1, tile, 1, .attributes = ""),
    ROW("Concat", 4, 21, 1, -1, 1, concat, HRS_LINEAR_IN_ALL, .keeps_axes = true, .axes = joined,
        .attributes = "axis"),
    ROW("Split", 2, 12, 1, 1, -1, split, 1, .box = piece, .attributes = SPLIT),
    ROW("Split", 13, 21, 1, 2, -1, split, 1, .box = piece, .attributes = SPLIT),
    ROW("Slice", 1, 9, 1, 1, 1, slice, 1, .box = sliced, .attributes = "axes-9 ends-9 starts-9"),
    ROW("Slice", 10, 21, 3, 5, 1, slice, 1, .box = sliced, .attributes = "axes-9 ends-9 starts-9"),
    ROW("DepthToSpace", 1, 21, 1, 1, 1, to_space, 1, .attributes = "blocksize mode@11"),
    ROW("SpaceToDepth", 1, 21, 1, 1, 1, to_depth, 1, .attributes = "blocksize"),
    ROW("Trilu", 14, 21, 1, 2, 1, triangle, 1, .keeps_axes = true, .attributes = "upper"),
    {0},
};
