/*
 * Operators that give the channels of a position from the channels of that position alone:
 * element-wise ones, normalisation at inference, dense layers per token, embeddings, soft-max and
 * reductions over the channels.
 *
 * The operator itself is run, on rows: instances whose axes are all 1 but that of the channels. So
 * there is no second version of any operator here, and attributes keep their meaning.
 */
#include "sites.h"

#include <string.h>

static const hrs_tensor *slot_tensor(const hrs_tables *tables, int slot) {
  return &tables->session->slot[slot].tensor;
}

/* ---- which operators ------------------------------------------------------------------------ */

static bool varies(const hrs_tables *tables, const hrs_step *step, int i) {
  return i < step->call.n_in && hrs_slot_varies(tables->session, step->in[i]);
}

static bool constant(const hrs_tables *tables, const hrs_step *step, int i) {
  return i < step->call.n_in && hrs_slot_constant(tables->session, step->in[i]);
}

/* Operand 0 varies and all others are constants. */
static bool one_varies(const hrs_tables *tables, const hrs_step *step) {
  if (!varies(tables, step, 0)) return false;
  for (int i = 1; i < step->call.n_in; i++)
    if (step->in[i] >= 0 && !constant(tables, step, i)) return false;
  return true;
}

/* The axis along which element-wise operands have their channels, by the one with most. */
static int elementwise_axis(const hrs_tables *tables, const hrs_step *step) {
  int axis = -1, rank = step->call.out[0].rank;
  hrs_count channels = 1;
  for (int i = 0; i < step->call.n_in; i++) {
    if (!varies(tables, step, i)) continue;
    const hrs_tensor *t = slot_tensor(tables, step->in[i]);
    const hrs_sites *sites = tables->sites[tables->of_slot[step->in[i]]];
    for (int a = 0; a < t->rank; a++)
      if (t->dim[a] > channels && hrs_sites_along(sites, t, a)) {
        axis = a + rank - t->rank;
        channels = t->dim[a];
      }
  }
  return axis;
}

/* Constants; and, of operators that look at values only when they run, operands of the current
 * sample: linear ones that take any number of them. */
static bool elementwise_operands(const hrs_tables *tables, const hrs_step *step) {
  const hrs_facts *facts = &step->node.def->facts;
  bool plain = facts->depends == HRS_BY_BROADCAST && facts->linear;
  for (int i = 0; i < step->call.n_in; i++) {
    if (step->in[i] < 0 || varies(tables, step, i) || constant(tables, step, i)) continue;
    if (!plain || !slot_tensor(tables, step->in[i])->data) return false;
  }
  return true;
}

/* Before operator set 9, statistics may be those of single elements. */
static bool has_vectors(const hrs_step *step) {
  for (int i = 1; i < step->call.n_in; i++)
    if (step->call.in[i].rank != 1) return false;
  return true;
}

/* Rows of the first operand times one matrix, plus what is the same for all of them. */
static bool is_per_row(const hrs_step *step) {
  const hrs_tensor *in = step->call.in;
  if (in[0].rank < 2 || in[1].rank != 2) return false;
  if (hrs_fact_product(&step->node).transposes_a) return false;
  return step->call.n_in < 3 || step->in[2] < 0 || in[2].rank < 2 || in[2].dim[0] == 1;
}

static bool is_elementwise(const hrs_step *step) {
  hrs_dependence depends = step->node.def->facts.depends;
  return depends == HRS_BY_ELEMENT || depends == HRS_BY_BROADCAST;
}

/* The axis of the operator's channels, as the output has it; false where it is not for rows. */
static bool channel_axis(const hrs_tables *tables, const hrs_step *step, int *axis) {
  int rank = step->call.in[0].rank, out_rank = step->call.out[0].rank;
  bool one = one_varies(tables, step);
  switch (step->node.def->facts.depends) {
  case HRS_BY_ELEMENT:
  case HRS_BY_BROADCAST:
    *axis = elementwise_axis(tables, step);
    return elementwise_operands(tables, step);
  case HRS_BY_CHANNEL:
    *axis = 1;
    return one && rank >= 2 && has_vectors(step);
  case HRS_BY_ROW:
    *axis = hrs_fact_axis(&step->node, rank);
    return one && *axis >= 0;
  case HRS_BY_REDUCTION:
    *axis = hrs_fact_axis(&step->node, rank);
    return one && *axis >= 0 && out_rank == rank;
  case HRS_BY_PRODUCT:
    *axis = rank - 1;
    return one && is_per_row(step);
  case HRS_BY_INDEX: /* tokens' rows of a table */
    *axis = out_rank - 1;
    return constant(tables, step, 0) && varies(tables, step, 1) && rank == 2 &&
           hrs_fact_axis(&step->node, rank) == 0;
  case HRS_BY_WINDOW:
  case HRS_BY_MOVE:
  case HRS_BY_ITSELF:
    break;
  }
  return false;
}

/* ---- growing -------------------------------------------------------------------------------- */

/* Where each position of the output finds its operand; same: at the same position. */
static hrs_status match_places(const hrs_tensor *out, int axis, const hrs_tensor *in, int in_axis,
                               int32_t **map) {
  hrs_count step[HRS_MAX_RANK] = {0}, count[HRS_MAX_RANK], index[HRS_MAX_RANK] = {0};
  hrs_count positions = 1, stride = 1;
  for (int a = out->rank - 1; a >= 0; a--) {
    int b = a - (out->rank - in->rank);
    count[a] = a == axis ? 1 : out->dim[a];
    positions *= count[a];
    if (b < 0 || b == in_axis) continue;
    step[a] = in->dim[b] == 1 ? 0 : stride;
    stride *= in->dim[b];
  }
  HRS_TRY(hrs_alloc(positions, sizeof **map, map));
  hrs_count place = 0;
  bool same = positions == stride;
  for (hrs_count at = 0; at < positions; at++) {
    (*map)[at] = (int32_t)place;
    same &= place == at;
    for (int a = out->rank - 1; a >= 0; a--) {
      place += step[a];
      if (++index[a] < count[a]) break;
      place -= step[a] * count[a];
      index[a] = 0;
    }
  }
  if (same) {
    hrs_free(*map);
    *map = NULL;
  }
  return HRS_OK;
}

/* The tensor of one row: all axes 1 but that of the channels. */
static hrs_tensor row_tensor(const hrs_tensor *tensor, int axis) {
  hrs_tensor row = *tensor;
  for (int a = 0; a < row.rank; a++)
    if (a != axis) row.dim[a] = 1;
  row.data = NULL;
  row.step = hrs_tensor_count(&row);
  return row;
}

/* A call and what it points to, in one block. */
static hrs_status create_call(const hrs_step *step, hrs_call **out) {
  struct {
    hrs_call call;
    hrs_node node;
    hrs_tensor tensor[];
  } * block;
  int n_in = step->call.n_in;
  hrs_count size = (hrs_count)sizeof *block + (n_in + 1) * (hrs_count)sizeof(hrs_tensor);
  HRS_TRY(hrs_calloc(size, 1, &block));
  block->node = step->node;
  block->node.state = NULL;
  block->call = (hrs_call){.node = &block->node,
                           .batch = 1,
                           .n_in = n_in,
                           .n_out = 1,
                           .in = block->tensor,
                           .out = block->tensor + n_in};
  *out = &block->call;
  return HRS_OK;
}

/* One operand: sites that are aligned with the output's, or as it is. */
static hrs_status take_operand(hrs_tables *tables, int at, int i, int axis, hrs_call *call, int *in,
                               int32_t **place) {
  const hrs_step *step = tables->session->step[at];
  bool elementwise = is_elementwise(step), index = step->node.def->facts.depends == HRS_BY_INDEX;
  const hrs_tensor *out = &step->call.out[0], *tensor = &step->call.in[i];
  call->in[i] = *tensor;
  if (step->in[i] < 0) return HRS_OK;
  bool varying = varies(tables, step, i);
  int own = elementwise ? axis - (out->rank - tensor->rank) : index ? -1 : axis;
  if (axis < 0 || own < 0) own = -1;
  if (!varying) {
    call->in[i].data = slot_tensor(tables, step->in[i])->data;
    if (!elementwise) return HRS_OK;
    if (hrs_tensor_count(tensor) == (own >= 0 ? tensor->dim[own] : 1)) return HRS_OK;
    HRS_TRY(hrs_tables_constant(tables, at, i, own, in));
  } else {
    HRS_TRY(hrs_tables_align(tables, step->in[i], own, in));
  }
  call->in[i] = row_tensor(tensor, own);
  if (elementwise) return match_places(out, axis, tensor, own, place);
  return HRS_OK;
}

static void join_players(const hrs_tables *tables, hrs_sites *out) {
  for (int i = 0; i < out->n_in; i++) {
    if (out->in[i] < 0) continue;
    const hrs_sites *in = tables->sites[out->in[i]];
    for (hrs_count at = 0; at < hrs_sites_positions(out); at++)
      out->players[at] |= in->players[out->place[i] ? out->place[i][at] : at];
  }
}

hrs_status hrs_tables_grow_rowwise(hrs_tables *tables, int at, bool *done) {
  const hrs_step *step = tables->session->step[at];
  int axis = -1;
  *done = false;
  for (int i = 1; i < step->call.n_out; i++)
    if (step->out[i] >= 0) return HRS_OK;
  if (!channel_axis(tables, step, &axis)) return HRS_OK;
  enum { MOST_INPUTS = 64 };
  int n_in = step->call.n_in, in[MOST_INPUTS], id;
  int32_t *place[MOST_INPUTS];
  if (n_in > MOST_INPUTS) return HRS_OK;
  hrs_call *call = NULL;
  hrs_status status;
  for (int i = 0; i < n_in; i++) {
    in[i] = -1;
    place[i] = NULL;
  }
  HRS_GO(create_call(step, &call));
  for (int i = 0; i < n_in; i++)
    HRS_GO(take_operand(tables, at, i, axis, call, &in[i], &place[i]));
  HRS_GO(hrs_sites_add(tables, HRS_SITES_ROWWISE, &step->call.out[0], axis, n_in, &id));
  hrs_sites *out = tables->sites[id];
  out->step = step;
  out->at = at;
  out->call = call;
  call = NULL;
  for (int i = 0; i < n_in; i++) {
    out->in[i] = in[i];
    out->place[i] = place[i];
    place[i] = NULL;
  }
  HRS_GO(step->node.def->infer(out->call));
  HRS_GO(hrs_alloc(out->call->workspace_bytes, 1, &out->call->workspace));
  HRS_ASSERT(hrs_tensor_count(&out->call->out[0]) == out->channels);
  out->call->out[0].step = out->channels;
  join_players(tables, out);
  out->multiply_adds = (double)out->call->multiply_adds;
  out->work = out->multiply_adds + 2 * (double)out->channels;
  tables->of_slot[step->out[0]] = id;
  *done = true;
done:
  for (int i = 0; i < n_in; i++)
    hrs_free(place[i]);
  hrs_free(call);
  return status;
}

/* ---- running -------------------------------------------------------------------------------- */

hrs_status hrs_rowwise_apply(const hrs_tables *tables, hrs_sites *sites, char *const *in, char *out,
                             hrs_count rows) {
  hrs_call *call = sites->call;
  const hrs_operator *def = call->node->def;
  bool batched = (def->flags & HRS_OP_BATCHED) != 0;
  for (int i = 0; i < call->n_in; i++) {
    if (sites->in[i] >= 0)
      call->in[i].data = in[i];
    else if (sites->step->in[i] >= 0) /* an operand of the current sample may have moved */
      call->in[i].data = tables->session->slot[sites->step->in[i]].tensor.data;
  }
  call->out[0].data = out;
  call->batch = batched ? rows : 1;
  for (hrs_count row = 0; row < rows; row += call->batch) {
    HRS_TRY(def->run(call));
    for (int i = 0; i < call->n_in && !batched; i++)
      if (sites->in[i] >= 0)
        call->in[i].data = (char *)call->in[i].data +
                           call->in[i].step * (hrs_count)hrs_dtype_size(call->in[i].type);
    if (!batched) call->out[0].data = (char *)call->out[0].data + hrs_sites_width(sites);
  }
  return HRS_OK;
}
