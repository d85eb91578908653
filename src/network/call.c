/* Small helpers that operators use to check inputs and to set the shapes of outputs. */
#include "network/operator.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

hrs_status hrs_node_error(const hrs_call *call, hrs_status status, const char *file, int line,
                          const char *format, ...) {
  char text[1024];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  const hrs_node *node = call->node;
  const char *torch = hrs_torch_name(node->op);
  return hrs_error_set(status, file, line, "%s node '%s' (operator set %d): %s%s%s%s", node->op,
                       node->name, node->opset, text, torch ? " (in PyTorch: " : "",
                       torch ? torch : "", torch ? ")" : "");
}

int hrs_fact_axis(const hrs_node *node, int rank) {
  const hrs_facts *facts = &node->def->facts;
  unsigned axes;
  if (!facts->axes || !facts->axes(node, rank, &axes)) return -1;
  for (int axis = 0; axis < rank; axis++)
    if (axes == 1u << axis) return axis;
  return -1;
}

hrs_product hrs_fact_product(const hrs_node *node) {
  const hrs_facts *facts = &node->def->facts;
  return facts->product ? facts->product(node) : (hrs_product){.alpha = 1};
}

hrs_count hrs_tensor_count(const hrs_tensor *tensor) {
  hrs_count count = 1;
  for (int i = 0; i < tensor->rank; i++)
    count *= tensor->dim[i];
  return count;
}

hrs_status hrs_call_output(hrs_call *call, int index, hrs_dtype type, int rank,
                           const hrs_count *dim) {
  if (index >= call->n_out) return HRS_OK; /* nobody asked for it */
  HRS_NODE_REQUIRE(type > HRS_NONE && type < HRS_DTYPE_LIMIT, call, INTERNAL,
                   "output %d has no type", index);
  HRS_NODE_REQUIRE(rank >= 0 && rank <= HRS_MAX_RANK, call, UNSUPPORTED,
                   "output %d has %d dimensions, more than %d", index, rank, HRS_MAX_RANK);
  hrs_tensor *out = &call->out[index];
  out->type = type;
  out->rank = rank;
  hrs_count bytes = (hrs_count)hrs_dtype_size(type);
  for (int i = 0; i < rank; i++) {
    HRS_NODE_REQUIRE(dim[i] >= 0, call, INPUT, "dimension %d of output %d is %lld", i, index,
                     (long long)dim[i]);
    out->dim[i] = dim[i];
  }
  /* Zeros hide an overflow of the others: leave them out of the product. */
  for (int i = 0; i < rank; i++)
    if (dim[i] > 0)
      HRS_NODE_REQUIRE(hrs_multiply(bytes, dim[i], "shape", &bytes) == HRS_OK, call, INPUT,
                       "the shape of output %d is too large", index);
  return HRS_OK;
}

hrs_status hrs_call_output_like(hrs_call *call, int index, int like) {
  const hrs_tensor *in = &call->in[like];
  return hrs_call_output(call, index, in->type, in->rank, in->dim);
}

hrs_status hrs_call_axis(const hrs_call *call, int64_t axis, int rank, const char *what, int *out) {
  HRS_NODE_REQUIRE(axis >= -rank && axis < rank, call, INPUT,
                   "%s is %lld, but the tensor has %d dimensions", what, (long long)axis, rank);
  *out = (int)(axis < 0 ? axis + rank : axis);
  return HRS_OK;
}

bool hrs_call_has(const hrs_call *call, int index) {
  return index < call->n_in && call->in[index].type != HRS_NONE;
}

hrs_status hrs_call_constant_ints(const hrs_call *call, int index, int limit, int64_t *out,
                                  int *count) {
  HRS_NODE_REQUIRE(hrs_call_has(call, index), call, INPUT, "input %d is missing", index);
  const hrs_tensor *in = &call->in[index];
  HRS_NODE_REQUIRE(in->type == HRS_I64 || in->type == HRS_I32, call, INPUT,
                   "input %d is of type %s, but integers are needed", index,
                   hrs_dtype_name(in->type));
  HRS_NODE_REQUIRE(in->data, call, UNSUPPORTED,
                   "input %d depends on the masked input, but shapes and positions must not: this "
                   "network's tensors would change their shape from mask to mask",
                   index);
  call->node->decides = true;
  hrs_count n = hrs_tensor_count(in);
  HRS_NODE_REQUIRE(n <= limit, call, INPUT, "input %d has %lld values, at most %d fit", index,
                   (long long)n, limit);
  for (hrs_count i = 0; i < n; i++)
    out[i] = in->type == HRS_I64 ? ((const int64_t *)in->data)[i] : ((const int32_t *)in->data)[i];
  *count = (int)n;
  return HRS_OK;
}
