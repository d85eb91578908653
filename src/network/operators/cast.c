/* Cast and CastLike. Texts are not supported; numbers are converted as C does. */
#include "common.h"

#include "network/weights.h"

static hrs_status infer_cast(hrs_call *call) {
  HRS_TRY(hrs_op_types(call, 0, HRS_TYPES_ALL));
  int64_t code = hrs_attr_int(call->node, "to", 0);
  bool known = code > 0 && code < 64;
  hrs_dtype type = known ? hrs_weights_dtype((int32_t)code) : HRS_NONE;
  HRS_NODE_REQUIRE(type != HRS_NONE, call, UNSUPPORTED, "a cast to type %lld (%s)", (long long)code,
                   known ? hrs_weights_type_name((int32_t)code) : "no type");
  return hrs_call_output(call, 0, type, call->in[0].rank, call->in[0].dim);
}

static hrs_status infer_cast_like(hrs_call *call) {
  HRS_TRY(hrs_op_types(call, 0, HRS_TYPES_ALL));
  HRS_TRY(hrs_op_types(call, 1, HRS_TYPES_ALL));
  return hrs_call_output(call, 0, call->in[1].type, call->in[0].rank, call->in[0].dim);
}

static hrs_status run_cast(hrs_call *call) {
  const hrs_tensor *in = &call->in[0], *out = &call->out[0];
  hrs_count n = hrs_tensor_count(in);
  if (in->step != 0 || call->batch == 1)
    return hrs_convert(in->type, in->data, out->type, out->data, n * call->batch);
  for (hrs_count b = 0; b < call->batch; b++)
    HRS_TRY(hrs_convert(in->type, in->data, out->type, hrs_op_data(out, b), n));
  return HRS_OK;
}

hrs_operator_family hrs_operators_cast = {
    {"Cast",
     6,
     21,
     1,
     1,
     1,
     1,
     HRS_OP_BATCHED,
     infer_cast,
     run_cast,
     {.depends = HRS_BY_ELEMENT, .same = true, .attributes = "saturate@19 to"}},
    {"CastLike",
     15,
     21,
     2,
     2,
     1,
     1,
     HRS_OP_BATCHED,
     infer_cast_like,
     run_cast,
     {.attributes = "saturate@19"}},
    {0},
};
