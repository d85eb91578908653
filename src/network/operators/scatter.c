/*
 * ScatterElements, Scatter (its old name) and ScatterND: a copy of the data, then updates one after
 * the other, with the reductions add, mul, max and min. Indices are checked where they are used.
 */
#include "common.h"

#include <string.h>

enum { REPLACE, ADD, MUL, MAX, MIN };

static hrs_status read_reduction(const hrs_call *call, int *choice) {
  static const char *const names[] = {"none", "add", "mul", "max", "min"};
  int known = call->node->opset >= 18 ? 5 : call->node->opset >= 16 ? 3 : 1;
  return hrs_op_choice(call, "reduction", "none", names, known, choice);
}

#define TEMPLATE "scatter_template.h"
#define TYPES NUMBER
#include "each_type.h"

typedef void (*combine_kernel)(int how, hrs_count n, const void *from, void *to);
static const combine_kernel combines[HRS_DTYPE_LIMIT] = {HRS_NUMBERS(combine)};

static void put(hrs_dtype type, int how, hrs_count n, const char *from, char *to) {
  if (how == REPLACE)
    memcpy(to, from, (size_t)n * hrs_dtype_size(type));
  else
    combines[type](how, n, from, to);
}

static hrs_status bad_index(const hrs_call *call, int64_t index, hrs_count length) {
  HRS_NODE_FAIL(call, INPUT, "index %lld is outside an axis of length %lld", (long long)index,
                (long long)length);
}

static hrs_status check_inputs(const hrs_call *call, unsigned index_types) {
  HRS_TRY(hrs_op_types(call, 0, HRS_TYPES_ALL));
  HRS_TRY(hrs_op_types(call, 1, index_types));
  HRS_TRY(hrs_op_types(call, 2, HRS_TYPES_ALL));
  HRS_TRY(hrs_op_same_type(call, 0, 2));
  int how;
  HRS_TRY(read_reduction(call, &how));
  HRS_NODE_REQUIRE(how == REPLACE || combines[call->in[0].type], call, UNSUPPORTED,
                   "a reduction of elements of type %s", hrs_dtype_name(call->in[0].type));
  return HRS_OK;
}

/* ---- ScatterElements ---- */

static hrs_status infer_elements(hrs_call *call) {
  HRS_TRY(check_inputs(call, HRS_TYPES_INDEX));
  const hrs_tensor *in = &call->in[0], *index = &call->in[1], *update = &call->in[2];
  int axis;
  HRS_TRY(hrs_call_axis(call, hrs_attr_int(call->node, "axis", 0), in->rank, "axis", &axis));
  bool fits = index->rank == in->rank && update->rank == in->rank;
  for (int i = 0; fits && i < in->rank; i++)
    fits = index->dim[i] == update->dim[i] && (i == axis || index->dim[i] <= in->dim[i]);
  char a[HRS_SHAPE_TEXT], b[HRS_SHAPE_TEXT], c[HRS_SHAPE_TEXT];
  HRS_NODE_REQUIRE(fits, call, INPUT, "indices of shape %s and updates of %s do not fit data of %s",
                   hrs_op_shape(call, 1, a), hrs_op_shape(call, 2, b), hrs_op_shape(call, 0, c));
  return hrs_call_output_like(call, 0, 0);
}

static hrs_status run_elements(hrs_call *call) {
  const hrs_tensor *in = &call->in[0], *index = &call->in[1], *update = &call->in[2];
  int axis, how;
  HRS_TRY(hrs_call_axis(call, hrs_attr_int(call->node, "axis", 0), in->rank, "axis", &axis));
  HRS_TRY(read_reduction(call, &how));
  HRS_TRY(hrs_op_run_copy(call));
  hrs_count stride[HRS_MAX_RANK], n = hrs_tensor_count(index), length = in->dim[axis];
  hrs_strides(in->rank, in->dim, stride);
  size_t size = hrs_dtype_size(in->type);
  for (hrs_count b = 0; b < call->batch; b++) {
    const void *where = hrs_op_data(index, b);
    const char *from = hrs_op_data(update, b);
    char *to = hrs_op_data(&call->out[0], b);
    hrs_count at[HRS_MAX_RANK] = {0};
    for (hrs_count i = 0; i < n; i++) {
      int64_t wanted = hrs_op_get_index(index->type, where, i);
      hrs_count place = hrs_op_index(wanted, length), offset;
      if (place < 0) return bad_index(call, wanted, length);
      offset = place * stride[axis];
      for (int k = 0; k < in->rank; k++)
        if (k != axis) offset += at[k] * stride[k];
      put(in->type, how, 1, from + (size_t)i * size, to + (size_t)offset * size);
      for (int k = in->rank - 1; k >= 0 && ++at[k] == index->dim[k]; k--)
        at[k] = 0;
    }
  }
  return HRS_OK;
}

/* ---- ScatterND ---- */

static hrs_status infer_nd(hrs_call *call) {
  HRS_TRY(check_inputs(call, HRS_TYPE_BIT(HRS_I64)));
  HRS_TRY(hrs_op_rank(call, 0, 1, HRS_MAX_RANK));
  HRS_TRY(hrs_op_rank(call, 1, 1, HRS_MAX_RANK));
  const hrs_tensor *in = &call->in[0], *index = &call->in[1], *update = &call->in[2];
  hrs_count depth = index->dim[index->rank - 1];
  HRS_NODE_REQUIRE(depth <= in->rank, call, INPUT, "indices of %lld numbers into %d axes",
                   (long long)depth, in->rank);
  int lead = index->rank - 1, rank = lead + in->rank - (int)depth;
  bool fits = update->rank == rank;
  for (int i = 0; fits && i < rank; i++)
    fits = update->dim[i] == (i < lead ? index->dim[i] : in->dim[(int)depth + i - lead]);
  char a[HRS_SHAPE_TEXT], b[HRS_SHAPE_TEXT], c[HRS_SHAPE_TEXT];
  HRS_NODE_REQUIRE(fits, call, INPUT, "indices of shape %s and updates of %s do not fit data of %s",
                   hrs_op_shape(call, 1, a), hrs_op_shape(call, 2, b), hrs_op_shape(call, 0, c));
  return hrs_call_output_like(call, 0, 0);
}

static hrs_status run_nd(hrs_call *call) {
  const hrs_tensor *in = &call->in[0], *index = &call->in[1], *update = &call->in[2];
  int how, depth = (int)index->dim[index->rank - 1];
  HRS_TRY(read_reduction(call, &how));
  HRS_TRY(hrs_op_run_copy(call));
  hrs_count tuples = hrs_op_product(index->dim, 0, index->rank - 1);
  hrs_count inner = hrs_op_product(in->dim, depth, in->rank);
  size_t size = hrs_dtype_size(in->type);
  if (inner == 0) return HRS_OK;
  for (hrs_count b = 0; b < call->batch; b++) {
    const int64_t *tuple = hrs_op_data(index, b);
    const char *from = hrs_op_data(update, b);
    char *to = hrs_op_data(&call->out[0], b);
    for (hrs_count i = 0; i < tuples; i++, tuple += depth) {
      hrs_count offset = 0;
      for (int k = 0; k < depth; k++) {
        hrs_count at = hrs_op_index(tuple[k], in->dim[k]);
        if (at < 0) return bad_index(call, tuple[k], in->dim[k]);
        offset = offset * in->dim[k] + at;
      }
      put(in->type, how, inner, from + (size_t)(i * inner) * size,
          to + (size_t)(offset * inner) * size);
    }
  }
  return HRS_OK;
}

#define ROW(name, since, until, verb, ...)                                                         \
  {                                                                                                \
    name, since, until, 3, 3, 1, 1, HRS_OP_BATCHED, infer_##verb, run_##verb, {                    \
      __VA_ARGS__                                                                                  \
    }                                                                                              \
  }

hrs_operator_family hrs_operators_scatter = {
    ROW("Scatter", 9, 10, elements, .attributes = "axis"),
    ROW("ScatterElements", 11, 21, elements, .attributes = "axis reduction@16"),
    ROW("ScatterND", 11, 21, nd, .attributes = "reduction@16"),
    {0},
};
