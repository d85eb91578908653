/* Which steps are fused. The heads themselves are in operators/: what they can take up is common to
 * all of them and decided here. */
#include "network/fuse.h"

#include "network/fusion.h"

#include <string.h>

bool hrs_session_unfused;

/* An element-wise operator on the value, in place, whose other inputs are constants. */
static bool is_after(const hrs_session *s, const hrs_step *step, int slot) {
  const hrs_operator *def = step->node.def;
  if (def->facts.depends != HRS_BY_ELEMENT || !(def->flags & HRS_OP_IN_PLACE) ||
      def->max_out != 1 || step->in[0] != slot || step->shared ||
      s->slot[step->out[0]].tensor.type != HRS_F32)
    return false;
  for (int k = 1; k < step->call.n_in; k++)
    if (step->in[k] >= 0 && !hrs_fuse_constant(s, step->in[k])) return false;
  return true;
}

/* A constant with one number for each channel, or one for all: *stride is 1 or 0. */
static const float *by_channel(const hrs_session *s, const hrs_fusion *fusion, int slot,
                               hrs_count *stride) {
  const float *data = hrs_fuse_constant(s, slot);
  if (!data) return NULL;
  const hrs_tensor *t = &s->slot[slot].tensor, *result = &s->slot[fusion->out].tensor;
  int shift = result->rank - t->rank;
  if (shift < 0) return NULL;
  for (int i = 0; i < t->rank; i++)
    if (t->dim[i] != 1 && (i + shift != fusion->axis || t->dim[i] != fusion->channels)) return NULL;
  *stride = hrs_tensor_count(t) == 1 ? 0 : 1;
  return hrs_tensor_count(t) == 0 ? NULL : data;
}

static bool take_add(const hrs_session *s, const hrs_step *step, hrs_fusion *fusion) {
  if (strcmp(step->node.op, "Add") != 0 || step->call.n_in != 2) return false;
  hrs_count stride;
  const float *data = by_channel(s, fusion, step->in[step->in[0] == fusion->out ? 1 : 0], &stride);
  for (hrs_count c = 0; data && c < fusion->channels; c++)
    fusion->shift[c] += data[c * stride];
  return data;
}

static bool take_normalization(const hrs_session *s, const hrs_step *step, hrs_fusion *fusion) {
  return strcmp(step->node.op, "BatchNormalization") == 0 && step->in[0] == fusion->out &&
         fusion->axis == 1 &&
         hrs_fuse_normalization(s, step, fusion->channels, fusion->scale, fusion->shift);
}

/* Take up the only reader of the result so far, if it fits. */
static bool extend(hrs_fuser *f, hrs_fusion *fusion) {
  const hrs_session *s = f->s;
  if (f->uses[fusion->out] != 1 || f->reader[fusion->out] < 0) return false;
  int at = f->reader[fusion->out];
  const hrs_step *step = s->step[at];
  if (f->taken[at] || step->shared || step->call.n_out < 1) return false;
  hrs_fusion_list *list = fusion->pool ? &fusion->later : &fusion->after;
  const hrs_tensor *now = &s->slot[fusion->out].tensor, *then = &s->slot[step->out[0]].tensor;
  bool same = now->type == then->type && now->rank == then->rank &&
              hrs_tensor_count(now) == hrs_tensor_count(then);
  bool plain = list->n == 0 && !fusion->pool;
  if (same && is_after(s, step, fusion->out) && list->n < HRS_FUSION_AFTER)
    list->step[list->n++] = step;
  else if (!fusion->pool && hrs_conv_takes_pool(s, fusion, step))
    fusion->pool = step;
  else if (!same || !plain || !(take_add(s, step, fusion) || take_normalization(s, step, fusion)))
    return false;
  f->taken[at] = true;
  fusion->out = step->out[0];
  return true;
}

/* ---- the pass ---- */

static hrs_status fuse_step(hrs_fuser *f, int at, hrs_step **out) {
  hrs_step *step = f->s->step[at];
  hrs_fusion fusion = {.head = step};
  bool dense = false, conv = false;
  hrs_status status = HRS_OK;
  if (step->call.n_in < 1 || step->in[0] < 0 || step->call.n_out < 1 || step->out[0] < 0)
    return HRS_OK;
  HRS_GO(hrs_rows_fuse(f, at, out));
  if (*out) goto done;
  HRS_GO(hrs_dense_head(f->s, step, &fusion, &dense));
  if (!dense) HRS_GO(hrs_conv_head(f->s, step, &fusion, &conv));
  if (dense || conv) {
    fusion.out = step->out[0];
    while (extend(f, &fusion)) {
    }
    HRS_GO((dense ? hrs_dense_fuse : hrs_conv_fuse)(f->s, &fusion, out));
  }
done:
  if (*out) (*out)->fused = true;
  hrs_free(fusion.scale);
  hrs_free(fusion.shift);
  return status;
}

static void count_uses(hrs_fuser *f) {
  hrs_session *s = f->s;
  for (int i = 0; i < s->n_slots; i++)
    f->reader[i] = -1;
  for (int i = 0; i < s->n_steps; i++) {
    for (int k = 0; k < s->step[i]->call.n_in; k++) {
      if (s->step[i]->in[k] < 0) continue;
      f->uses[s->step[i]->in[k]]++;
      f->reader[s->step[i]->in[k]] = i;
    }
  }
  for (int i = 0; i < s->n_fetches; i++)
    f->uses[s->fetch[i]]++;
}

hrs_status hrs_session_fuse(hrs_session *s) {
  hrs_fuser f = {.s = s};
  hrs_status status = HRS_OK;
  HRS_GO(hrs_calloc(s->n_slots, sizeof *f.uses, &f.uses));
  HRS_GO(hrs_alloc(s->n_slots, sizeof *f.reader, &f.reader));
  HRS_GO(hrs_calloc(s->n_steps, sizeof *f.taken, &f.taken));
  HRS_GO(hrs_alloc(s->n_steps, sizeof *s->run, &s->run));
  count_uses(&f);
  for (int i = 0; i < s->n_steps; i++) {
    hrs_step *fused = NULL;
    if (f.taken[i] || s->step[i]->folded) continue;
    if (!hrs_session_unfused && !s->step[i]->shared) HRS_GO(fuse_step(&f, i, &fused));
    s->run[s->n_run++] = fused ? fused : s->step[i];
  }
done:
  hrs_free(f.uses);
  hrs_free(f.reader);
  hrs_free(f.taken);
  return status;
}
