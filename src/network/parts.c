/* Parts of tensors, and which parts of its operands an operator needs for a part of its result. */
#include "network/parts.h"

/* ---- parts ---- */

hrs_part hrs_part_all(const hrs_tensor *tensor) {
  hrs_part part = {{0}, {0}};
  for (int i = 0; i < tensor->rank; i++)
    part.to[i] = tensor->dim[i];
  return part;
}

bool hrs_part_is_all(const hrs_tensor *tensor, const hrs_part *part) {
  for (int i = 0; i < tensor->rank; i++)
    if (part->from[i] != 0 || part->to[i] != tensor->dim[i]) return false;
  return true;
}

bool hrs_part_holds(int rank, const hrs_part *large, const hrs_part *small) {
  for (int i = 0; i < rank; i++)
    if (small->from[i] < large->from[i] || small->to[i] > large->to[i]) return false;
  return true;
}

hrs_count hrs_part_count(int rank, const hrs_part *part) {
  hrs_count count = 1;
  for (int i = 0; i < rank; i++)
    count *= part->to[i] - part->from[i];
  return count;
}

hrs_part hrs_part_join(int rank, const hrs_part *a, const hrs_part *b) {
  hrs_part both = *a;
  for (int i = 0; i < rank; i++) {
    if (b->from[i] < both.from[i]) both.from[i] = b->from[i];
    if (b->to[i] > both.to[i]) both.to[i] = b->to[i];
  }
  return both;
}

/* Put axis `from` of one part in the place of axis `to` of another. */
static void copy_axis(hrs_part *part, int to, const hrs_part *source, int from) {
  part->from[to] = source->from[from];
  part->to[to] = source->to[from];
}

static void widen_axis(hrs_part *part, const hrs_tensor *tensor, int axis) {
  part->from[axis] = 0;
  part->to[axis] = tensor->dim[axis];
}

/* ---- which operators ---- */

static const hrs_tensor *input(const hrs_session *s, const hrs_step *step, int k) {
  return &s->slot[step->in[k]].tensor;
}

static bool has(const hrs_step *step, int k) {
  return k < step->call.n_in && step->in[k] >= 0;
}

/* Inputs from `first` on say what is done, and are constants of the network. */
static bool is_settled(const hrs_session *s, const hrs_step *step, int first) {
  for (int k = first; k < step->call.n_in; k++)
    if (has(step, k) && (s->slot[step->in[k]].varies || s->slot[step->in[k]].shared)) return false;
  return true;
}

static bool broadcasts(const hrs_session *s, const hrs_step *step) {
  const hrs_tensor *out = &step->call.out[0];
  for (int k = 0; k < step->call.n_in; k++) {
    if (!has(step, k)) continue;
    const hrs_tensor *in = input(s, step, k);
    int shift = out->rank - in->rank;
    if (shift < 0) return false;
    for (int i = 0; i < in->rank; i++)
      if (in->dim[i] != 1 && in->dim[i] != out->dim[i + shift]) return false;
  }
  return true;
}

/* The one place that an operator BY_INDEX reads, where it is known; else -1. */
static hrs_count one_index(const hrs_session *s, const hrs_step *step, int axis) {
  const hrs_tensor *index = input(s, step, 1);
  if (!is_settled(s, step, 1) || !index->data || hrs_tensor_count(index) != 1) return -1;
  hrs_count length = input(s, step, 0)->dim[axis];
  int64_t at = index->type == HRS_I64 ? *(const int64_t *)index->data
                                      : (int64_t) * (const int32_t *)index->data;
  if (at < 0) at += length;
  return at >= 0 && at < length ? at : -1;
}

/* All tensors have elements, and one result is read. */
static bool is_plain(const hrs_session *s, const hrs_step *step, bool *one) {
  const hrs_call *call = &step->call;
  *one = call->n_out > 0 && step->out[0] >= 0;
  for (int k = 0; k < call->n_out; k++) {
    if (k > 0 && step->out[k] >= 0) *one = false;
    if (step->out[k] >= 0 && hrs_tensor_count(&call->out[k]) == 0) return false;
  }
  for (int k = 0; k < call->n_in; k++)
    if (has(step, k) && hrs_tensor_count(input(s, step, k)) == 0) return false;
  return has(step, 0);
}

static hrs_narrowable of_index(const hrs_session *s, const hrs_step *step) {
  int axis = hrs_fact_axis(&step->node, input(s, step, 0)->rank);
  bool picks = axis >= 0 && one_index(s, step, axis) >= 0;
  hrs_narrowing how = axis < 0 ? HRS_NARROW_NEVER
                      : picks  ? HRS_NARROW_PICK_INDEX
                               : HRS_NARROW_EMBED;
  return (hrs_narrowable){how, axis, 0};
}

/* Whole along the axes that the facts name. */
static hrs_narrowable along_others(const hrs_step *step) {
  unsigned axes;
  if (!step->node.def->facts.axes(&step->node, step->call.out[0].rank, &axes))
    return (hrs_narrowable){HRS_NARROW_NEVER, 0, 0};
  return (hrs_narrowable){HRS_NARROW_AXES, 0, axes};
}

static hrs_narrowable of_move(const hrs_session *s, const hrs_step *step) {
  const hrs_facts *facts = &step->node.def->facts;
  hrs_narrowing how = HRS_NARROW_NEVER;
  if (facts->axes) return along_others(step);
  if (facts->order) how = HRS_NARROW_TRANSPOSE;
  if (facts->expands && is_settled(s, step, 1)) how = HRS_NARROW_EXPAND;
  return (hrs_narrowable){how, 0, 0};
}

/* The other inputs have one number for each channel. */
static bool has_vectors(const hrs_session *s, const hrs_step *step) {
  if (input(s, step, 0)->rank < 2) return false;
  for (int k = 1; k < step->call.n_in; k++)
    if (!has(step, k) || input(s, step, k)->rank != 1) return false;
  return true;
}

hrs_narrowable hrs_narrowable_of(const hrs_session *s, const hrs_step *step) {
  const hrs_facts *facts = &step->node.def->facts;
  const hrs_narrowable never = {HRS_NARROW_NEVER, 0, 0};
  const hrs_tensor *out = step->call.out;
  hrs_count start[HRS_MAX_RANK];
  bool one, fits = false;
  hrs_narrowing how = HRS_NARROW_NEVER;
  if (step->folded || !is_plain(s, step, &one)) return never;
  if (facts->box) {
    fits = is_settled(s, step, 1) && facts->box(&step->call, 0, start);
    return (hrs_narrowable){fits ? HRS_NARROW_PICK : HRS_NARROW_NEVER, 0, 0};
  }
  if (!one) return never;
  if (step->node.def->flags & HRS_OP_VIEW) {
    fits = is_settled(s, step, 1) && out->type == input(s, step, 0)->type;
    return (hrs_narrowable){fits ? HRS_NARROW_VIEW : HRS_NARROW_NEVER, 0, 0};
  }
  switch (facts->depends) {
  case HRS_BY_ELEMENT:
  case HRS_BY_BROADCAST:
    fits = broadcasts(s, step);
    how = HRS_NARROW_BROADCAST;
    break;
  case HRS_BY_CHANNEL:
    fits = has_vectors(s, step);
    how = HRS_NARROW_CHANNELS;
    break;
  case HRS_BY_ROW:
    return along_others(step);
  case HRS_BY_REDUCTION:
    fits = input(s, step, 0)->rank == out->rank && is_settled(s, step, 1);
    how = HRS_NARROW_REDUCE;
    break;
  case HRS_BY_PRODUCT:
    fits = true;
    how = HRS_NARROW_PRODUCT;
    break;
  case HRS_BY_MOVE:
    return of_move(s, step);
  case HRS_BY_INDEX:
    return of_index(s, step);
  case HRS_BY_WINDOW:
  case HRS_BY_ITSELF:
    break;
  }
  return (hrs_narrowable){fits ? how : HRS_NARROW_NEVER, 0, 0};
}

/* ---- views ---- */

/* Axes of input and result that have the same product: [in, in_end) and [out, out_end). */
typedef struct segment {
  int in, in_end, out, out_end;
} segment;

/* The next segment; axes of length 1 in front of it are passed over. False behind the last one. */
static bool next_segment(const hrs_tensor *in, const hrs_tensor *out, segment *at) {
  at->in = at->in_end;
  at->out = at->out_end;
  while (at->in < in->rank && in->dim[at->in] == 1)
    at->in++;
  while (at->out < out->rank && out->dim[at->out] == 1)
    at->out++;
  if (at->in == in->rank || at->out == out->rank) return false;
  at->in_end = at->in + 1;
  at->out_end = at->out + 1;
  hrs_count a = in->dim[at->in], b = out->dim[at->out];
  while (a != b) {
    if (a < b ? at->in_end == in->rank : at->out_end == out->rank) return false;
    if (a < b)
      a *= in->dim[at->in_end++];
    else
      b *= out->dim[at->out_end++];
  }
  return true;
}

/* The part of the input that a part of a view is; where it is none, the part becomes larger. In
 * each segment the first axis alone may have a range. */
static hrs_part view_part(const hrs_tensor *in, const hrs_tensor *out, hrs_part *part) {
  hrs_part needed = hrs_part_all(in);
  segment at = {0, 0, 0, 0};
  while (next_segment(in, out, &at)) {
    hrs_count below = 1, below_in = 1;
    bool fits = true;
    for (int i = at.out + 1; i < at.out_end; i++) {
      below *= out->dim[i];
      fits = fits && part->from[i] == 0 && part->to[i] == out->dim[i];
    }
    for (int i = at.in + 1; i < at.in_end; i++)
      below_in *= in->dim[i];
    hrs_count from = part->from[at.out] * below, to = part->to[at.out] * below;
    if (fits && from % below_in == 0 && to % below_in == 0) {
      needed.from[at.in] = from / below_in;
      needed.to[at.in] = to / below_in;
    } else {
      for (int i = at.out; i < at.out_end; i++)
        widen_axis(part, out, i);
    }
  }
  return needed;
}

/* ---- what is needed ---- */

void hrs_part_close(const hrs_session *s, const hrs_step *step, hrs_narrowable n, hrs_part *part) {
  const hrs_tensor *out = &step->call.out[0];
  for (int i = 0; i < out->rank; i++)
    if (n.whole >> i & 1) widen_axis(part, out, i);
  if (n.how == HRS_NARROW_VIEW) view_part(input(s, step, 0), out, part);
}

/* Of an operand whose axes [0, rank) broadcast to the axes [0, out_rank) of the result. */
static void broadcast_axes(hrs_part *needed, const hrs_tensor *in, int rank, const hrs_part *part,
                           int out_rank) {
  for (int i = 0; i < rank; i++)
    if (in->dim[i] != 1) copy_axis(needed, i, part, i + out_rank - rank);
}

static void of_product(const hrs_session *s, const hrs_step *step, const hrs_part *part, int k,
                       hrs_part *needed) {
  const hrs_tensor *a = input(s, step, 0), *b = input(s, step, 1), *in = input(s, step, k);
  hrs_product product = hrs_fact_product(&step->node);
  bool row = a->rank == 1, column = b->rank == 1;
  int stack = step->call.out[0].rank - !row - !column;
  if (k > 1) {
    broadcast_axes(needed, in, in->rank, part, step->call.out[0].rank);
    return;
  }
  if (in->rank == 1) return;
  broadcast_axes(needed, in, in->rank - 2, part, stack);
  if (k == 0)
    copy_axis(needed, in->rank - (product.transposes_a ? 1 : 2), part, stack);
  else
    copy_axis(needed, in->rank - (product.transposes_b ? 2 : 1), part, stack + !row);
}

static void of_transpose(const hrs_step *step, const hrs_part *part, int rank, hrs_part *needed) {
  int from[HRS_MAX_RANK];
  if (!step->node.def->facts.order(&step->node, rank, from)) return;
  for (int i = 0; i < rank; i++)
    copy_axis(needed, from[i], part, i);
}

/* The result's axes: the data's before `axis`, the indices', the data's behind it. */
static void of_embedding(const hrs_session *s, const hrs_step *step, int axis, const hrs_part *part,
                         int k, hrs_part *needed) {
  int indices = input(s, step, 1)->rank, rank = input(s, step, 0)->rank;
  for (int i = 0; k == 1 && i < indices; i++)
    copy_axis(needed, i, part, axis + i);
  for (int i = 0; k == 0 && i < rank; i++)
    if (i != axis) copy_axis(needed, i, part, i < axis ? i : i + indices - 1);
}

static void of_pick(const hrs_step *step, int output, const hrs_part *part, int rank,
                    hrs_part *needed) {
  hrs_count start[HRS_MAX_RANK] = {0};
  step->node.def->facts.box(&step->call, output, start); /* hrs_narrowable_of has seen that it is */
  for (int i = 0; i < rank; i++) {
    needed->from[i] = start[i] + part->from[i];
    needed->to[i] = start[i] + part->to[i];
  }
}

hrs_part hrs_part_needed(const hrs_session *s, const hrs_step *step, hrs_narrowable n, int output,
                         const hrs_part *part, int k) {
  const hrs_tensor *in = input(s, step, k), *out = &step->call.out[output];
  hrs_part needed = hrs_part_all(in);
  hrs_part given = *part;
  switch (n.how) {
  case HRS_NARROW_NEVER:
    break;
  case HRS_NARROW_BROADCAST:
    broadcast_axes(&needed, in, in->rank, part, out->rank);
    break;
  case HRS_NARROW_PRODUCT:
    of_product(s, step, part, k, &needed);
    break;
  case HRS_NARROW_AXES:
    /* All operands of a Concat; of the others the first. */
    for (int i = 0; i < in->rank; i++)
      if (!(n.whole >> i & 1) && (k == 0 || in->rank == out->rank)) copy_axis(&needed, i, part, i);
    break;
  case HRS_NARROW_CHANNELS:
    if (k == 0) needed = *part;
    if (k > 0 && in->dim[0] != 1) copy_axis(&needed, 0, part, 1);
    break;
  case HRS_NARROW_REDUCE:
    for (int i = 0; k == 0 && i < in->rank; i++)
      if (in->dim[i] == out->dim[i]) copy_axis(&needed, i, part, i);
    break;
  case HRS_NARROW_TRANSPOSE:
    of_transpose(step, part, in->rank, &needed);
    break;
  case HRS_NARROW_VIEW:
    if (k == 0) needed = view_part(in, out, &given);
    break;
  case HRS_NARROW_EXPAND:
    if (k == 0) broadcast_axes(&needed, in, in->rank, part, out->rank);
    break;
  case HRS_NARROW_EMBED:
    of_embedding(s, step, n.axis, part, k, &needed);
    break;
  case HRS_NARROW_PICK_INDEX: {
    hrs_count at = one_index(s, step, n.axis);
    if (k == 0) of_embedding(s, step, n.axis, part, 0, &needed);
    if (k == 0) needed.from[n.axis] = at;
    if (k == 0) needed.to[n.axis] = at + 1;
    break;
  }
  case HRS_NARROW_PICK:
    if (k == 0) of_pick(step, output, part, in->rank, &needed);
    break;
  }
  return needed;
}
