/* MaxUnpool: places numbers where a MaxPool found them, zeros elsewhere. */
#include "window.h"

#include <string.h>

/* Lengths per axis of the tensor that was pooled, as the attributes have it. */
static hrs_status pooled_shape(const hrs_call *call, const hrs_window *w, hrs_count *length) {
  for (int i = 0; i < w->axes; i++) {
    int k = HRS_WINDOW_AXES - w->axes + i;
    hrs_count spread;
    HRS_TRY(hrs_multiply(w->stride[k], w->in[k] > 0 ? w->in[k] - 1 : 0, "length", &spread));
    HRS_NODE_REQUIRE(spread <= (hrs_count)1 << 40, call, INPUT, "a stride of %lld",
                     (long long)w->stride[k]);
    length[i] = spread + w->kernel[k] - w->before[k] - w->after[k];
    HRS_NODE_REQUIRE(length[i] > 0, call, INPUT, "pads are larger than the output");
  }
  return HRS_OK;
}

static hrs_status infer_unpool(hrs_call *call) {
  HRS_TRY(hrs_op_types(call, 0, HRS_TYPES_REAL));
  HRS_TRY(hrs_op_types(call, 1, HRS_TYPE_BIT(HRS_I64)));
  const hrs_tensor *in = &call->in[0], *index = &call->in[1];
  hrs_window w;
  HRS_TRY(hrs_window_read(call, NULL, &w));
  bool same = in->rank == index->rank;
  for (int i = 0; same && i < in->rank; i++)
    same = in->dim[i] == index->dim[i];
  HRS_NODE_REQUIRE(same, call, INPUT, "data and indices differ in shape");
  hrs_count dim[2 + HRS_WINDOW_AXES] = {in->dim[0], in->dim[1]};
  HRS_TRY(pooled_shape(call, &w, dim + 2));
  if (hrs_call_has(call, 2)) {
    int64_t shape[HRS_MAX_RANK];
    int n;
    HRS_TRY(hrs_call_constant_ints(call, 2, HRS_MAX_RANK, shape, &n));
    HRS_NODE_REQUIRE(n == in->rank, call, INPUT, "output_shape has %d numbers for %d axes", n,
                     in->rank);
    for (int i = 0; i < n; i++) {
      HRS_NODE_REQUIRE(shape[i] >= 0 && (i >= 2 || shape[i] == in->dim[i]), call, INPUT,
                       "output_shape has length %lld for axis %d", (long long)shape[i], i);
      dim[i] = shape[i];
    }
  }
  return hrs_call_output(call, 0, in->type, in->rank, dim);
}

/* Indices count over the whole output, also where input 2 says its shape: ONNX 1.12's case with an
 * output_shape had them in a smaller tensor, which later versions took back. */
static hrs_status run_unpool(hrs_call *call) {
  const hrs_tensor *in = &call->in[0], *out = &call->out[0];
  hrs_count n = hrs_tensor_count(in), total = hrs_tensor_count(out);
  size_t size = hrs_dtype_size(in->type);
  for (hrs_count b = 0; b < call->batch; b++) {
    const int64_t *index = hrs_op_data(&call->in[1], b);
    const char *from = hrs_op_data(in, b);
    char *to = hrs_op_data(out, b);
    memset(to, 0, (size_t)total * size);
    for (hrs_count i = 0; i < n; i++) {
      HRS_NODE_REQUIRE(index[i] >= 0 && index[i] < total, call, INPUT,
                       "index %lld is outside the unpooled tensor", (long long)index[i]);
      memcpy(to + (size_t)index[i] * size, from + (size_t)i * size, size);
    }
  }
  return HRS_OK;
}

hrs_operator_family hrs_operators_unpool = {
    {"MaxUnpool",
     9,
     21,
     2,
     3,
     1,
     1,
     HRS_OP_BATCHED,
     infer_unpool,
     run_unpool,
     {.attributes = "kernel_shape pads strides"}},
    {0},
};
