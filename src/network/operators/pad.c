/*
 * Pad: with a constant, by reflection, by the edge, or by wrapping around; negative pads crop. The
 * constant mode is a fill and a strided copy; the others look every index up in a table per axis.
 */
#include "common.h"

#include <string.h>

enum { CONSTANT, REFLECT, EDGE, WRAP };

typedef struct pad {
  int mode, rank;
  hrs_count before[HRS_MAX_RANK];
  hrs_count table[HRS_MAX_RANK]; /* where an axis's indices start in `index` */
  hrs_count index[];             /* source position along an axis, by target position */
} pad;

/* pads = all befores, then all afters; for the axes listed in input 3, if it is there. */
static hrs_status read_pads(const hrs_call *call, hrs_count *before, hrs_count *after) {
  int rank = call->in[0].rank, n, n_axes = -1;
  int64_t pads[2 * HRS_MAX_RANK], axes[HRS_MAX_RANK];
  if (call->node->opset < 11) {
    const int64_t *list = hrs_attr_ints(call->node, "pads", &n);
    HRS_NODE_REQUIRE(list && n == 2 * rank, call, INPUT,
                     "attribute pads must list two numbers for each of %d axes", rank);
    memcpy(pads, list, sizeof *pads * (size_t)n);
  } else {
    HRS_TRY(hrs_call_constant_ints(call, 1, 2 * HRS_MAX_RANK, pads, &n));
    if (call->node->opset >= 18 && hrs_call_has(call, 3))
      HRS_TRY(hrs_call_constant_ints(call, 3, HRS_MAX_RANK, axes, &n_axes));
  }
  int count = n_axes >= 0 ? n_axes : rank;
  HRS_NODE_REQUIRE(n == 2 * count, call, INPUT, "%d pads for %d axes, expected two each", n, count);
  unsigned set;
  if (n_axes >= 0) HRS_TRY(hrs_op_axes(call, n_axes, axes, rank, &set));
  for (int i = 0; i < rank; i++)
    before[i] = after[i] = 0;
  for (int k = 0; k < count; k++) {
    int axis = n_axes < 0 ? k : (int)(axes[k] < 0 ? axes[k] + rank : axes[k]);
    before[axis] = pads[k];
    after[axis] = pads[k + count];
    hrs_count most = (hrs_count)1 << 40;
    HRS_NODE_REQUIRE(before[axis] >= -most && before[axis] <= most && after[axis] >= -most &&
                         after[axis] <= most,
                     call, INPUT, "pads of %lld and %lld", (long long)before[axis],
                     (long long)after[axis]);
  }
  return HRS_OK;
}

/* Of position i, counted from the first element that negative pads leave of `length`. */
static hrs_count source_index(int mode, hrs_count i, hrs_count length) {
  if (mode == EDGE) return i < 0 ? 0 : i >= length ? length - 1 : i;
  hrs_count period = mode == WRAP ? length : 2 * (length - 1);
  if (period == 0) return 0;
  i %= period;
  if (i < 0) i += period;
  return mode == REFLECT && i >= length ? period - i : i;
}

static hrs_status infer_pad(hrs_call *call) {
  static const char *const modes[] = {"constant", "reflect", "edge", "wrap"};
  const hrs_tensor *in = &call->in[0];
  HRS_TRY(hrs_op_types(call, 0, HRS_TYPES_ALL));
  int mode;
  HRS_TRY(hrs_op_choice(call, "mode", "constant", modes, call->node->opset >= 19 ? 4 : 3, &mode));
  if (call->node->opset >= 11 && hrs_call_has(call, 2)) {
    HRS_TRY(hrs_op_same_type(call, 0, 2));
    HRS_NODE_REQUIRE(hrs_tensor_count(&call->in[2]) == 1, call, INPUT,
                     "input 2 (the value to pad with) must be a single number");
  }
  hrs_count before[HRS_MAX_RANK], after[HRS_MAX_RANK], dim[HRS_MAX_RANK], total = 0;
  HRS_TRY(read_pads(call, before, after));
  for (int i = 0; i < in->rank; i++) {
    dim[i] = in->dim[i] + before[i] + after[i];
    HRS_NODE_REQUIRE(dim[i] >= 0, call, INPUT, "negative pads crop more than axis %d has", i);
    hrs_count left = in->dim[i] + (before[i] < 0 ? before[i] : 0) + (after[i] < 0 ? after[i] : 0);
    HRS_NODE_REQUIRE(mode == CONSTANT || left > 0 || dim[i] == 0, call, INPUT,
                     "nothing to pad an empty axis with");
    total += dim[i];
  }
  HRS_TRY(hrs_call_output(call, 0, in->type, in->rank, dim));
  if (mode == CONSTANT) total = 0;
  HRS_NODE_REQUIRE(total <= 1 << 24, call, UNSUPPORTED, "axes of %lld elements in all",
                   (long long)total);
  pad *state;
  HRS_TRY(hrs_alloc((hrs_count)sizeof(pad) + total * (hrs_count)sizeof(hrs_count), 1, &state));
  call->node->state = state;
  state->mode = mode;
  state->rank = in->rank;
  hrs_count at = 0;
  for (int i = 0; i < in->rank; i++) {
    state->before[i] = before[i];
    state->table[i] = at;
    /* Negative pads crop first: what is repeated is what they leave. */
    hrs_count cut = before[i] < 0 ? -before[i] : 0, added = before[i] + cut;
    hrs_count left = in->dim[i] - cut + (after[i] < 0 ? after[i] : 0);
    for (hrs_count o = 0; o < dim[i] && mode != CONSTANT; o++)
      state->index[at++] = cut + source_index(mode, o - added, left);
  }
  return HRS_OK;
}

/* Fill all instances of the output, then copy what lies inside. */
static void pad_constant(const hrs_call *call, const void *value, hrs_count value_step) {
  const pad *state = call->node->state;
  const hrs_tensor *in = &call->in[0], *out = &call->out[0];
  size_t size = hrs_dtype_size(in->type);
  hrs_loop loop;
  hrs_loop_start(&loop, 2);
  hrs_loop_axis2(&loop, call->batch, out->step, value_step);
  hrs_loop_axis2(&loop, hrs_tensor_count(out), 1, 0);
  hrs_loop_copy(&loop, out->data, value, size);
  hrs_count target[HRS_MAX_RANK], source[HRS_MAX_RANK], to = 0, from = 0;
  hrs_strides(out->rank, out->dim, target);
  hrs_strides(in->rank, in->dim, source);
  hrs_loop_start(&loop, 2);
  hrs_loop_axis2(&loop, call->batch, out->step, in->step);
  for (int i = 0; i < in->rank; i++) {
    hrs_count shift = state->before[i];
    hrs_count first = shift < 0 ? -shift : 0; /* of the input */
    hrs_count end = out->dim[i] - shift < in->dim[i] ? out->dim[i] - shift : in->dim[i];
    hrs_loop_axis2(&loop, end > first ? end - first : 0, target[i], source[i]);
    to += (first + shift) * target[i];
    from += first * source[i];
  }
  hrs_loop_copy(&loop, (char *)out->data + to * (hrs_count)size,
                (const char *)in->data + from * (hrs_count)size, size);
}

#define TEMPLATE "pad_template.h"
#define TYPES MOVED
#include "each_type.h"

static void pad_by_table(const pad *state, const hrs_tensor *in, const hrs_tensor *out,
                         const char *from, char *to) {
  static void (*const kernels[])(hrs_count, const hrs_count *, const void *, void *) = {
      [1] = look_up_1, [2] = look_up_2, [4] = look_up_4, [8] = look_up_8};
  size_t size = hrs_dtype_size(in->type);
  int last = state->rank - 1;
  hrs_count stride[HRS_MAX_RANK], at[HRS_MAX_RANK] = {0};
  hrs_count rows = hrs_op_product(out->dim, 0, last), n = out->dim[last];
  hrs_strides(in->rank, in->dim, stride);
  for (hrs_count r = 0; r < rows; r++, to += n * (hrs_count)size) {
    hrs_count offset = 0;
    for (int i = 0; i < last; i++)
      offset += state->index[state->table[i] + at[i]] * stride[i];
    kernels[size](n, state->index + state->table[last], from + offset * (hrs_count)size, to);
    for (int i = last - 1; i >= 0 && ++at[i] == out->dim[i]; i--)
      at[i] = 0;
  }
}

static hrs_status run_pad(hrs_call *call) {
  const pad *state = call->node->state;
  const hrs_tensor *in = &call->in[0], *out = &call->out[0];
  if (state->mode == CONSTANT) {
    uint64_t zero = 0;
    if (call->node->opset >= 11 && hrs_call_has(call, 2)) {
      pad_constant(call, call->in[2].data, call->in[2].step);
    } else {
      float value = call->node->opset < 11 ? hrs_attr_float(call->node, "value", 0) : 0;
      HRS_TRY(hrs_convert(HRS_F32, &value, in->type, &zero, 1));
      pad_constant(call, &zero, 0);
    }
    return HRS_OK;
  }
  if (state->rank == 0) return hrs_op_run_copy(call);
  if (hrs_tensor_count(out) == 0) return HRS_OK;
  for (hrs_count b = 0; b < call->batch; b++)
    pad_by_table(state, in, out, hrs_op_data(in, b), hrs_op_data(out, b));
  return HRS_OK;
}

#define PAD .depends = HRS_BY_MOVE, .linear = 1, .keeps_axes = true

hrs_operator_family hrs_operators_pad = {
    {"Pad",
     2,
     10,
     1,
     1,
     1,
     1,
     HRS_OP_BATCHED,
     infer_pad,
     run_pad,
     {PAD, .attributes = "mode pads-10 value-10"}},
    {"Pad",
     11,
     17,
     2,
     3,
     1,
     1,
     HRS_OP_BATCHED,
     infer_pad,
     run_pad,
     {PAD, .attributes = "mode pads-10 value-10"}},
    {"Pad",
     18,
     21,
     2,
     4,
     1,
     1,
     HRS_OP_BATCHED,
     infer_pad,
     run_pad,
     {PAD, .attributes = "mode pads-10 value-10"}},
    {0},
};
