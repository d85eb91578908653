/* Checks and shape rules that many operators share. */
#include "common.h"

#include <stdio.h>
#include <string.h>

static const char *type_set_text(unsigned set, char *text, size_t size) {
  size_t used = 0;
  text[0] = '\0';
  for (int type = 1; type < HRS_DTYPE_LIMIT; type++) {
    if (!(set & HRS_TYPE_BIT(type)) || used >= size) continue;
    int n = snprintf(text + used, size - used, "%s%s", used ? ", " : "",
                     hrs_dtype_name((hrs_dtype)type));
    used += (size_t)n;
  }
  return text;
}

hrs_status hrs_op_types(const hrs_call *call, int index, unsigned set) {
  HRS_NODE_REQUIRE(hrs_call_has(call, index), call, INPUT, "input %d is missing", index);
  char text[160];
  hrs_dtype type = call->in[index].type;
  HRS_NODE_REQUIRE(set & HRS_TYPE_BIT(type), call, UNSUPPORTED,
                   "input %d has elements of type %s; supported here: %s", index,
                   hrs_dtype_name(type), type_set_text(set, text, sizeof text));
  return HRS_OK;
}

hrs_status hrs_op_same_type(const hrs_call *call, int i, int j) {
  HRS_NODE_REQUIRE(call->in[i].type == call->in[j].type, call, INPUT,
                   "inputs %d and %d differ in type: %s and %s", i, j,
                   hrs_dtype_name(call->in[i].type), hrs_dtype_name(call->in[j].type));
  return HRS_OK;
}

const char *hrs_op_shape(const hrs_call *call, int index, char *text) {
  return hrs_shape_text(call->in[index].rank, call->in[index].dim, text, HRS_SHAPE_TEXT);
}

hrs_status hrs_op_rank(const hrs_call *call, int index, int at_least, int at_most) {
  char text[HRS_SHAPE_TEXT];
  int rank = call->in[index].rank;
  HRS_NODE_REQUIRE(rank >= at_least && rank <= at_most, call, INPUT,
                   "input %d has shape %s, where %d to %d axes are expected", index,
                   hrs_op_shape(call, index, text), at_least, at_most);
  return HRS_OK;
}

hrs_status hrs_op_broadcast(const hrs_call *call, int first, int n, int *rank, hrs_count *dim) {
  *rank = 0;
  for (int k = first; k < first + n; k++)
    if (call->in[k].rank > *rank) *rank = call->in[k].rank;
  for (int i = 0; i < *rank; i++)
    dim[i] = 1;
  for (int k = first; k < first + n; k++) {
    const hrs_tensor *in = &call->in[k];
    for (int i = 0; i < in->rank; i++) {
      hrs_count *to = &dim[*rank - in->rank + i];
      if (*to == 1) {
        *to = in->dim[i];
      } else if (in->dim[i] != 1 && in->dim[i] != *to) {
        char a[HRS_SHAPE_TEXT], b[HRS_SHAPE_TEXT];
        HRS_NODE_FAIL(call, INPUT, "shapes %s and %s of inputs %d and %d do not broadcast",
                      hrs_op_shape(call, first, a), hrs_op_shape(call, k, b), first, k);
      }
    }
  }
  return HRS_OK;
}

bool hrs_op_broadcasts_to(int small_rank, const hrs_count *small, int large_rank,
                          const hrs_count *large) {
  if (small_rank > large_rank) return false;
  for (int i = 0; i < small_rank; i++)
    if (small[i] != 1 && small[i] != large[large_rank - small_rank + i]) return false;
  return true;
}

hrs_count hrs_op_product(const hrs_count *dim, int from, int to) {
  hrs_count product = 1;
  for (int i = from; i < to; i++)
    product *= dim[i];
  return product;
}

hrs_status hrs_op_axes(const hrs_call *call, int n, const int64_t *axes, int rank, unsigned *set) {
  *set = 0;
  for (int i = 0; i < n; i++) {
    int axis;
    HRS_TRY(hrs_call_axis(call, axes[i], rank, "axes", &axis));
    HRS_NODE_REQUIRE(!(*set & (1u << axis)), call, INPUT, "axis %d stands twice in axes", axis);
    *set |= 1u << axis;
  }
  return HRS_OK;
}

bool hrs_op_axis_bit(const hrs_node *node, int otherwise, int rank, unsigned *bit) {
  int64_t axis = hrs_attr_int(node, "axis", otherwise);
  if (axis < -rank || axis >= rank) return false;
  *bit = 1u << (axis < 0 ? axis + rank : axis);
  return true;
}

hrs_status hrs_op_axes_list(const hrs_call *call, const char *name, int from, int index,
                            int64_t *axes, int *n) {
  *n = -1;
  if (call->node->opset >= from) {
    if (!hrs_call_has(call, index)) return HRS_OK;
    HRS_TRY(hrs_call_constant_ints(call, index, HRS_MAX_RANK + 1, axes, n));
  } else {
    const int64_t *list = hrs_attr_ints(call->node, name, n);
    if (!list) {
      *n = -1;
      return HRS_OK;
    }
    HRS_NODE_REQUIRE(*n <= HRS_MAX_RANK + 1, call, INPUT, "attribute %s lists %d axes", name, *n);
    for (int i = 0; i < *n; i++)
      axes[i] = list[i];
  }
  return HRS_OK;
}

hrs_status hrs_op_choice(const hrs_call *call, const char *name, const char *otherwise,
                         const char *const *names, int n, int *choice) {
  const char *value = hrs_attr_string(call->node, name, otherwise);
  char list[160];
  size_t used = 0;
  list[0] = '\0';
  for (int i = 0; i < n; i++) {
    if (strcmp(value, names[i]) == 0) {
      *choice = i;
      return HRS_OK;
    }
    if (used < sizeof list)
      used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", names[i]);
  }
  HRS_NODE_FAIL(call, INPUT, "attribute %s is '%.40s'; expected one of %s", name, value, list);
}

hrs_status hrs_op_scalar(const hrs_call *call, int index, double *value) {
  const hrs_tensor *in = &call->in[index];
  HRS_TRY(hrs_op_types(call, index, HRS_TYPES_ALL));
  HRS_NODE_REQUIRE(hrs_tensor_count(in) == 1, call, INPUT, "input %d must be a single number",
                   index);
  HRS_NODE_REQUIRE(in->data, call, UNSUPPORTED,
                   "input %d must be a constant: the shape of the result depends on it", index);
  call->node->decides = true;
  return hrs_convert(in->type, in->data, HRS_F64, value, 1);
}

void *hrs_op_data(const hrs_tensor *tensor, hrs_count instance) {
  return (char *)tensor->data + instance * tensor->step * (hrs_count)hrs_dtype_size(tensor->type);
}

hrs_status hrs_op_run_copy(hrs_call *call) {
  size_t bytes = (size_t)hrs_tensor_count(&call->in[0]) * hrs_dtype_size(call->in[0].type);
  for (hrs_count b = 0; b < call->batch && bytes > 0; b++) {
    const void *from = hrs_op_data(&call->in[0], b);
    void *to = hrs_op_data(&call->out[0], b);
    if (from != to) memcpy(to, from, bytes);
  }
  return HRS_OK;
}
