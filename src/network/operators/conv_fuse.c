/* Convolutions with constant weights and what follows them, in one pass: by Winograd's transform
 * (conv_winograd.c) or with images side by side (conv_lanes.c). */
#include "conv_lanes.h"
#include "conv_winograd.h"
#include "network/fusion.h"
#include "pool.h"

#include <math.h>
#include <string.h>

typedef struct fused_conv {
  /* One of these two is the step's `packed`, one block of memory; the other is NULL. */
  const hrs_lanes *lanes;
  const hrs_winograd *winograd;
  hrs_fusion_list before_pool, after_pool;
} fused_conv;

/* A weight that is no number would reach results that the definition's paddings keep it from. */
static bool may_transform(const hrs_session *s, const hrs_conv *conv, int weight) {
  const float *data = hrs_fuse_constant(s, weight);
  if (!data || !hrs_winograd_fits(conv)) return false;
  for (hrs_count i = 0; i < conv->out_channels * conv->taps; i++)
    if (!isfinite(data[i])) return false;
  return true;
}

/* A session keeps to its limit, whatever kernel is chosen: bytes of either, at most. */
static bool has_room(const hrs_session *s, const hrs_conv *conv) {
  enum { COPIES = 8, TABLES = 1 << 20, ROOM = 6 };
  double weights = (double)(conv->taps + 1) * (double)((conv->out_channels + ROOM) * conv->groups);
  return COPIES * sizeof(float) * weights + TABLES <= (double)(hrs_session_limit - s->folded_bytes);
}

hrs_status hrs_conv_head(const hrs_session *s, const hrs_step *step, hrs_fusion *out, bool *is) {
  const hrs_conv *conv = step->node.state;
  *is = strcmp(step->node.op, "Conv") == 0 && s->slot[step->in[0]].varies &&
        hrs_fuse_constant(s, step->in[1]) &&
        (hrs_lanes_fits(conv) || may_transform(s, conv, step->in[1])) && has_room(s, conv);
  if (!*is) return HRS_OK;
  const float *bias = NULL;
  if (step->call.n_in > 2 && step->in[2] >= 0) {
    bias = hrs_fuse_constant(s, step->in[2]);
    *is = bias;
    if (!bias) return HRS_OK;
  }
  out->axis = 1;
  out->channels = conv->groups * conv->out_channels;
  HRS_TRY(hrs_alloc(out->channels, sizeof *out->scale, &out->scale));
  HRS_TRY(hrs_alloc(out->channels, sizeof *out->shift, &out->shift));
  for (hrs_count c = 0; c < out->channels; c++) {
    out->scale[c] = 1;
    out->shift[c] = bias ? bias[c] : 0;
  }
  return HRS_OK;
}

bool hrs_conv_takes_pool(const hrs_session *s, const hrs_fusion *fusion, const hrs_step *pool) {
  const hrs_conv *conv = fusion->head->node.state;
  if (strcmp(fusion->head->node.op, "Conv") != 0 || strcmp(pool->node.op, "MaxPool") != 0 ||
      s->slot[pool->out[0]].tensor.type != HRS_F32)
    return false;
  for (int i = 1; i < pool->call.n_out; i++)
    if (pool->out[i] >= 0) return false;
  const hrs_window *w = hrs_pool_window(&pool->node);
  return hrs_lanes_fits(conv) ? w->in[0] == 1 && w->out[0] == 1 : hrs_winograd_takes_pool(conv, w);
}

static hrs_status run_conv(hrs_call *call) {
  const fused_conv *f = call->node->state;
  hrs_conv_behind behind = {hrs_fusion_apply, &f->before_pool, &f->after_pool};
  hrs_count images = call->in[0].dim[0] * call->batch;
  const float *x = call->in[0].data;
  float *out = call->out[0].data;
  return f->winograd ? hrs_winograd_run(f->winograd, &behind, images, x, out, call->workspace)
                     : hrs_lanes_run(f->lanes, &behind, images, x, out, call->workspace);
}

static const hrs_operator conv_operator = {
    .name = "(convolution)", .flags = HRS_OP_BATCHED, .run = run_conv};

/* The kernel for a convolution and maybe a pool, and its workspace. */
static hrs_status create_kernel(hrs_session *s, const hrs_fusion *fusion, const hrs_window *pool,
                                hrs_step *step) {
  const hrs_conv *conv = fusion->head->node.state;
  const float *weight = hrs_fuse_constant(s, fusion->head->in[1]);
  fused_conv *f = step->node.state;
  hrs_count workspace;
  bool pays = may_transform(s, conv, fusion->head->in[1]) &&
              (!hrs_lanes_fits(conv) || hrs_winograd_pays(conv));
  if (pays && (!pool || hrs_winograd_takes_pool(conv, pool))) {
    hrs_winograd *made;
    HRS_TRY(hrs_winograd_create(conv, weight, fusion->scale, fusion->shift, pool, &made));
    f->winograd = step->packed = made;
    s->folded_bytes += hrs_winograd_bytes(made);
    workspace = hrs_winograd_workspace(made);
  } else {
    hrs_lanes *made;
    HRS_TRY(hrs_lanes_create(conv, weight, fusion->scale, fusion->shift, pool, &made));
    f->lanes = step->packed = made;
    s->folded_bytes += hrs_lanes_bytes(made);
    workspace = hrs_lanes_workspace(made);
  }
  return hrs_session_want_workspace(s, workspace);
}

hrs_status hrs_conv_fuse(hrs_session *s, const hrs_fusion *fusion, hrs_step **out) {
  hrs_node node = fusion->head->node;
  hrs_step *step = NULL;
  hrs_status status = HRS_OK;
  node.def = &conv_operator;
  node.state = NULL;
  HRS_TRY(hrs_step_create(&node, 1, fusion->head->in, 1, &step));
  HRS_GO(hrs_calloc(1, sizeof(fused_conv), &step->node.state));
  fused_conv *f = step->node.state;
  f->before_pool = fusion->after;
  f->after_pool = fusion->later;
  HRS_GO(
      create_kernel(s, fusion, fusion->pool ? hrs_pool_window(&fusion->pool->node) : NULL, step));
  step->out[0] = fusion->out;
done:
  if (status != HRS_OK) {
    hrs_step_destroy(step);
    step = NULL;
  }
  *out = step;
  return status;
}
