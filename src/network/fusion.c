/* What heads of fused steps take up, and how it is applied. */
#include "network/fusion.h"

#include <math.h>

const float *hrs_fuse_constant(const hrs_session *s, int slot) {
  if (slot < 0) return NULL;
  const hrs_slot *at = &s->slot[slot];
  bool constant = !at->varies && !at->shared && at->tensor.type == HRS_F32;
  return constant ? at->tensor.data : NULL;
}

hrs_status hrs_fusion_apply(const void *list_, hrs_count n, float *data) {
  enum { MOST_IN = 3 };
  const hrs_fusion_list *list = list_;
  for (int i = 0; i < list->n; i++) {
    const hrs_step *step = list->step[i];
    hrs_call call = step->call;
    hrs_tensor in[MOST_IN], out = {.type = HRS_F32, .rank = 1, .dim = {n}, .data = data, .step = n};
    for (int k = 1; k < call.n_in; k++)
      in[k] = call.in[k];
    in[0] = out;
    call.in = in;
    call.out = &out;
    call.batch = 1;
    HRS_TRY(step->node.def->run(&call));
  }
  return HRS_OK;
}

bool hrs_fuse_normalization(const hrs_session *s, const hrs_step *step, hrs_count channels,
                            float *scale, float *shift) {
  const float *of[5];
  for (int i = 1; i <= 4; i++) {
    of[i] = hrs_fuse_constant(s, step->in[i]);
    if (!of[i] || hrs_tensor_count(&s->slot[step->in[i]].tensor) != channels) return false;
  }
  float epsilon = hrs_attr_float(&step->node, "epsilon", 1e-5f);
  /* A factor that is no number would reach results that the layer's zeros keep it from. */
  for (hrs_count c = 0; c < channels; c++)
    if (!isfinite(of[1][c] / sqrtf(of[4][c] + epsilon))) return false;
  for (hrs_count c = 0; c < channels; c++) {
    float factor = of[1][c] / sqrtf(of[4][c] + epsilon);
    scale[c] *= factor;
    shift[c] = (shift[c] - of[3][c]) * factor + of[2][c];
  }
  return true;
}
