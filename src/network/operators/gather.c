/*
 * Gather, GatherElements and GatherND. Indices come from files and from inputs: each is checked
 * where it is used, and a wrong one stops the run with its value and the length of the axis.
 */
#include "common.h"

#include <string.h>

static hrs_status bad_index(const hrs_call *call, int64_t index, hrs_count length) {
  HRS_NODE_FAIL(call, INPUT, "index %lld is outside an axis of length %lld", (long long)index,
                (long long)length);
}

/* ---- Gather ---- */

static hrs_status infer_gather(hrs_call *call) {
  const hrs_tensor *in = &call->in[0], *index = &call->in[1];
  HRS_TRY(hrs_op_types(call, 0, HRS_TYPES_ALL));
  HRS_TRY(hrs_op_types(call, 1, HRS_TYPES_INDEX));
  int axis;
  HRS_TRY(hrs_call_axis(call, hrs_attr_int(call->node, "axis", 0), in->rank, "axis", &axis));
  int rank = in->rank - 1 + index->rank;
  HRS_NODE_REQUIRE(rank <= HRS_MAX_RANK, call, UNSUPPORTED,
                   "the result has %d axes; at most %d are supported", rank, HRS_MAX_RANK);
  hrs_count dim[2 * HRS_MAX_RANK];
  memcpy(dim, in->dim, sizeof *dim * (size_t)axis);
  memcpy(dim + axis, index->dim, sizeof *dim * (size_t)index->rank);
  memcpy(dim + axis + index->rank, in->dim + axis + 1, sizeof *dim * (size_t)(in->rank - axis - 1));
  return hrs_call_output(call, 0, in->type, rank, dim);
}

static hrs_status run_gather(hrs_call *call) {
  const hrs_tensor *in = &call->in[0], *index = &call->in[1], *out = &call->out[0];
  int axis;
  HRS_TRY(hrs_call_axis(call, hrs_attr_int(call->node, "axis", 0), in->rank, "axis", &axis));
  hrs_count outer = hrs_op_product(in->dim, 0, axis), length = in->dim[axis];
  hrs_count inner = hrs_op_product(in->dim, axis + 1, in->rank), n = hrs_tensor_count(index);
  size_t size = hrs_dtype_size(in->type);
  if (hrs_tensor_count(out) == 0) return HRS_OK;
  for (hrs_count b = 0; b < call->batch; b++) {
    const void *where = hrs_op_data(index, b);
    const char *from = hrs_op_data(in, b);
    char *to = hrs_op_data(out, b);
    for (hrs_count i = 0; i < n; i++) {
      int64_t wanted = hrs_op_get_index(index->type, where, i);
      hrs_count at = hrs_op_index(wanted, length);
      if (at < 0) return bad_index(call, wanted, length);
      for (hrs_count o = 0; o < outer; o++)
        memcpy(to + (size_t)((o * n + i) * inner) * size,
               from + (size_t)((o * length + at) * inner) * size, (size_t)inner * size);
    }
  }
  return HRS_OK;
}

/* ---- GatherElements ---- */

static hrs_status infer_elements(hrs_call *call) {
  const hrs_tensor *in = &call->in[0], *index = &call->in[1];
  HRS_TRY(hrs_op_types(call, 0, HRS_TYPES_ALL));
  HRS_TRY(hrs_op_types(call, 1, HRS_TYPES_INDEX));
  int axis;
  HRS_TRY(hrs_call_axis(call, hrs_attr_int(call->node, "axis", 0), in->rank, "axis", &axis));
  bool fits = in->rank == index->rank;
  for (int i = 0; fits && i < in->rank; i++)
    fits = i == axis || index->dim[i] <= in->dim[i];
  char a[HRS_SHAPE_TEXT], b[HRS_SHAPE_TEXT];
  HRS_NODE_REQUIRE(fits, call, INPUT, "indices of shape %s do not fit data of shape %s",
                   hrs_op_shape(call, 1, a), hrs_op_shape(call, 0, b));
  return hrs_call_output(call, 0, in->type, index->rank, index->dim);
}

static hrs_status run_elements(hrs_call *call) {
  const hrs_tensor *in = &call->in[0], *index = &call->in[1], *out = &call->out[0];
  int axis, last = in->rank - 1;
  HRS_TRY(hrs_call_axis(call, hrs_attr_int(call->node, "axis", 0), in->rank, "axis", &axis));
  hrs_count stride[HRS_MAX_RANK], n = hrs_tensor_count(index), length = in->dim[axis];
  hrs_strides(in->rank, in->dim, stride);
  size_t size = hrs_dtype_size(in->type);
  for (hrs_count b = 0; b < call->batch; b++) {
    const void *where = hrs_op_data(index, b);
    const char *from = hrs_op_data(in, b);
    char *to = hrs_op_data(out, b);
    hrs_count at[HRS_MAX_RANK] = {0};
    for (hrs_count i = 0; i < n; i++) {
      int64_t wanted = hrs_op_get_index(index->type, where, i);
      hrs_count place = hrs_op_index(wanted, length), offset;
      if (place < 0) return bad_index(call, wanted, length);
      offset = place * stride[axis];
      for (int k = 0; k < in->rank; k++)
        if (k != axis) offset += at[k] * stride[k];
      memcpy(to + (size_t)i * size, from + (size_t)offset * size, size);
      for (int k = last; k >= 0 && ++at[k] == index->dim[k]; k--)
        at[k] = 0;
    }
  }
  return HRS_OK;
}

/* ---- GatherND ---- */

static hrs_status infer_nd(hrs_call *call) {
  const hrs_tensor *in = &call->in[0], *index = &call->in[1];
  HRS_TRY(hrs_op_types(call, 0, HRS_TYPES_ALL));
  HRS_TRY(hrs_op_types(call, 1, HRS_TYPE_BIT(HRS_I64)));
  HRS_TRY(hrs_op_rank(call, 0, 1, HRS_MAX_RANK));
  HRS_TRY(hrs_op_rank(call, 1, 1, HRS_MAX_RANK));
  int64_t shared = call->node->opset >= 12 ? hrs_attr_int(call->node, "batch_dims", 0) : 0;
  int least = in->rank < index->rank ? in->rank : index->rank;
  HRS_NODE_REQUIRE(shared >= 0 && shared < least, call, INPUT, "attribute batch_dims is %lld",
                   (long long)shared);
  hrs_count depth = index->dim[index->rank - 1];
  HRS_NODE_REQUIRE(depth >= 1 && depth <= in->rank - shared, call, INPUT,
                   "indices of %lld numbers into %d axes", (long long)depth,
                   (int)(in->rank - shared));
  for (int i = 0; i < shared; i++)
    HRS_NODE_REQUIRE(in->dim[i] == index->dim[i], call, INPUT,
                     "batch axis %d differs between data and indices", i);
  int first = (int)(shared + depth), rank = index->rank - 1 + in->rank - first;
  HRS_NODE_REQUIRE(rank <= HRS_MAX_RANK, call, UNSUPPORTED,
                   "the result has %d axes; at most %d are supported", rank, HRS_MAX_RANK);
  hrs_count dim[2 * HRS_MAX_RANK];
  memcpy(dim, index->dim, sizeof *dim * (size_t)(index->rank - 1));
  memcpy(dim + index->rank - 1, in->dim + first, sizeof *dim * (size_t)(in->rank - first));
  return hrs_call_output(call, 0, in->type, rank, dim);
}

static hrs_status run_nd(hrs_call *call) {
  const hrs_tensor *in = &call->in[0], *index = &call->in[1], *out = &call->out[0];
  int shared = (int)(call->node->opset >= 12 ? hrs_attr_int(call->node, "batch_dims", 0) : 0);
  int depth = (int)index->dim[index->rank - 1], first = shared + depth;
  hrs_count blocks = hrs_op_product(in->dim, 0, shared);
  hrs_count block = hrs_op_product(in->dim, shared, in->rank);
  hrs_count inner = hrs_op_product(in->dim, first, in->rank);
  hrs_count tuples = hrs_op_product(index->dim, shared, index->rank - 1);
  size_t size = hrs_dtype_size(in->type);
  if (hrs_tensor_count(out) == 0) return HRS_OK;
  for (hrs_count b = 0; b < call->batch; b++) {
    const int64_t *tuple = hrs_op_data(index, b);
    const char *from = hrs_op_data(in, b);
    char *to = hrs_op_data(out, b);
    for (hrs_count i = 0; i < blocks * tuples; i++, tuple += depth) {
      hrs_count offset = 0;
      for (int k = 0; k < depth; k++) {
        hrs_count length = in->dim[shared + k], at = hrs_op_index(tuple[k], length);
        if (at < 0) return bad_index(call, tuple[k], length);
        offset = offset * length + at;
      }
      memcpy(to + (size_t)(i * inner) * size,
             from + (size_t)(i / tuples * block + offset * inner) * size, (size_t)inner * size);
    }
  }
  return HRS_OK;
}

#define ROW(name, since, verb, ...)                                                                \
  {                                                                                                \
    name, since, 21, 2, 2, 1, 1, HRS_OP_BATCHED, infer_##verb, run_##verb, {                       \
      .linear = 1, __VA_ARGS__                                                                     \
    }                                                                                              \
  }

static bool indexed(const hrs_node *node, int rank, unsigned *out) {
  return hrs_op_axis_bit(node, 0, rank, out);
}

hrs_operator_family hrs_operators_gather = {
    ROW("Gather", 1, gather, .depends = HRS_BY_INDEX, .axes = indexed, .attributes = "axis"),
    ROW("GatherElements", 11, elements, .depends = HRS_BY_MOVE, .attributes = "axis"),
    ROW("GatherND", 11, nd, .depends = HRS_BY_MOVE, .attributes = "batch_dims@12"),
    {0},
};
