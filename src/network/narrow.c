/*
 * The pass that narrows: backward over the steps for the parts of every tensor that are read, then
 * forward, where steps are kept or made anew. A tensor has few parts that are wanted: those that
 * would be more are joined. Where the steps become far more than they were, the old ones stay.
 */
#include "network/narrow.h"

#include "network/parts.h"

#include <string.h>

bool hrs_session_whole;

enum { MOST_WANTED = 4, MOST_PIECES = 16, MOST_SPLIT = 64, MOST_GROWTH = 4, SOME_STEPS = 1024 };
/* What calling an operator takes, in elements. */
static const double STEP = 32;

/* A part of a tensor that is there, in a slot of its own. */
typedef struct piece {
  hrs_part part;
  int slot;
} piece;

/* A tensor of the session as it was. */
typedef struct need {
  bool whole; /* all of it is wanted; else these parts */
  int n_wanted;
  hrs_part *wanted;
  bool there; /* all of it is there; besides that these pieces */
  int n_pieces;
  piece *piece;
} need;

typedef struct narrower {
  hrs_session *s;
  hrs_step **old;
  int n_old, n_needs;
  hrs_narrowable *how; /* by step */
  bool *read, *kept;   /* by step: is anything wanted of it, and does it stay? */
  need *need;          /* by slot */
} narrower;

static const hrs_tensor *tensor_of(const narrower *n, int slot) {
  return &n->s->slot[slot].tensor;
}

static bool picks(hrs_narrowable how) {
  return how.how == HRS_NARROW_PICK || how.how == HRS_NARROW_PICK_INDEX;
}

/* ---- backward: what is wanted ---- */

/* Add a part to a list of at most MOST_WANTED, in which no two are better joined. */
static void add_wanted(hrs_part *list, int *count, int rank, hrs_part part) {
  for (int i = 0; i < *count; i++) {
    hrs_part both = hrs_part_join(rank, &list[i], &part);
    hrs_count apart = hrs_part_count(rank, &list[i]) + hrs_part_count(rank, &part);
    if (hrs_part_count(rank, &both) > apart) continue;
    part = both;
    list[i] = list[--*count];
    i = -1;
  }
  if (*count < MOST_WANTED) {
    list[(*count)++] = part;
    return;
  }
  part = hrs_part_join(rank, &list[--*count], &part);
  add_wanted(list, count, rank, part);
}

static void want_all(narrower *n, int slot) {
  if (slot < 0) return;
  hrs_free(n->need[slot].wanted);
  n->need[slot].wanted = NULL;
  n->need[slot].n_wanted = 0;
  n->need[slot].whole = true;
}

static hrs_status want(narrower *n, int slot, const hrs_part *part) {
  if (slot < 0 || !n->s->slot[slot].varies || n->need[slot].whole) return HRS_OK;
  need *of = &n->need[slot];
  const hrs_tensor *tensor = tensor_of(n, slot);
  if (!hrs_part_is_all(tensor, part)) {
    if (!of->wanted) HRS_TRY(hrs_alloc(MOST_WANTED, sizeof *of->wanted, &of->wanted));
    add_wanted(of->wanted, &of->n_wanted, tensor->rank, *part);
    if (!hrs_part_is_all(tensor, &of->wanted[of->n_wanted - 1])) return HRS_OK;
  }
  want_all(n, slot);
  return HRS_OK;
}

static bool is_read(const narrower *n, int slot) {
  return slot >= 0 && (n->need[slot].whole || n->need[slot].n_wanted > 0);
}

/* Parts of a result as they can be made; all of it where that is no more. */
static void close_parts(narrower *n, int at) {
  const hrs_step *step = n->old[at];
  need *of = &n->need[step->out[0]];
  const hrs_tensor *out = tensor_of(n, step->out[0]);
  hrs_part closed[MOST_WANTED];
  int count = 0;
  hrs_count elements = 0;
  for (int i = 0; i < of->n_wanted; i++) {
    hrs_part part = of->wanted[i];
    hrs_part_close(n->s, step, n->how[at], &part);
    add_wanted(closed, &count, out->rank, part);
  }
  for (int i = 0; i < count; i++) {
    of->wanted[i] = closed[i];
    elements += hrs_part_count(out->rank, &closed[i]);
  }
  of->n_wanted = count;
  if (elements >= hrs_tensor_count(out)) want_all(n, step->out[0]);
}

/* What a step needs for one part of an output. */
static hrs_status want_inputs(narrower *n, int at, int output, const hrs_part *part) {
  const hrs_step *step = n->old[at];
  for (int k = 0; k < step->call.n_in; k++) {
    if (step->in[k] < 0 || !n->s->slot[step->in[k]].varies) continue;
    hrs_part needed = hrs_part_needed(n->s, step, n->how[at], output, part, k);
    HRS_TRY(want(n, step->in[k], &needed));
  }
  return HRS_OK;
}

static hrs_status look_at(narrower *n, int at) {
  const hrs_step *step = n->old[at];
  for (int k = 0; k < step->call.n_out; k++)
    n->read[at] |= is_read(n, step->out[k]);
  if (step->folded || !n->read[at]) return HRS_OK;
  n->how[at] = step->call.n_out > MOST_SPLIT ? (hrs_narrowable){HRS_NARROW_NEVER, 0, 0}
                                             : hrs_narrowable_of(n->s, step);
  if (picks(n->how[at])) {
    for (int k = 0; k < step->call.n_out; k++) {
      if (!is_read(n, step->out[k])) continue;
      const need *of = &n->need[step->out[k]];
      hrs_part all = hrs_part_all(tensor_of(n, step->out[k]));
      for (int i = 0; i < (of->whole ? 1 : of->n_wanted); i++)
        HRS_TRY(want_inputs(n, at, k, of->whole ? &all : &of->wanted[i]));
    }
    return HRS_OK;
  }
  if (n->how[at].how != HRS_NARROW_NEVER && !n->need[step->out[0]].whole) close_parts(n, at);
  if (n->how[at].how == HRS_NARROW_NEVER || n->need[step->out[0]].whole) {
    for (int k = 0; k < step->call.n_out; k++)
      want_all(n, step->out[k]);
    for (int k = 0; k < step->call.n_in; k++)
      want_all(n, step->in[k]);
    return HRS_OK;
  }
  for (int i = 0; i < n->need[step->out[0]].n_wanted; i++)
    HRS_TRY(want_inputs(n, at, 0, &n->need[step->out[0]].wanted[i]));
  return HRS_OK;
}

/* ---- forward: steps made anew ---- */

static hrs_status keep(narrower *n, int at) {
  HRS_TRY(hrs_session_keep_step(n->s, n->old[at]));
  n->kept[at] = true;
  for (int k = 0; k < n->old[at]->call.n_out; k++)
    if (n->old[at]->out[k] >= 0) n->need[n->old[at]->out[k]].there = true;
  return HRS_OK;
}

/* A constant: lengths of axes, or where they start or end. */
static hrs_status add_numbers(narrower *n, int count, const hrs_count *number, int *out) {
  hrs_tensor tensor = {.type = HRS_I64, .rank = 1, .dim = {count}};
  HRS_TRY(hrs_session_add_slot(n->s, &tensor, false, out));
  HRS_TRY(hrs_session_own_data(n->s, *out));
  int64_t *data = n->s->slot[*out].tensor.data;
  for (int i = 0; i < count; i++)
    data[i] = number[i];
  return HRS_OK;
}

/* A node of our own, under the name of the one that asks for it. */
static hrs_node plain_node(const char *op, const hrs_step *of) {
  enum { OPSET = 13 };
  return (hrs_node){
      .def = hrs_operator_find(op, OPSET), .name = of->node.name, .op = op, .opset = OPSET};
}

static hrs_status add_reshape(narrower *n, const hrs_step *of, int from, int rank,
                              const hrs_part *part, int *out) {
  hrs_node node = plain_node("Reshape", of);
  hrs_count dim[HRS_MAX_RANK];
  int in[2] = {from, -1};
  for (int i = 0; i < rank; i++)
    dim[i] = part->to[i] - part->from[i];
  HRS_TRY(add_numbers(n, rank, dim, &in[1]));
  return hrs_session_add_part(n->s, &node, 2, in, out);
}

/* A part of what `base` holds. */
static hrs_status add_slice(narrower *n, const hrs_step *of, piece base, int rank,
                            const hrs_part *part, int *out) {
  hrs_node node = plain_node("Slice", of);
  hrs_count start[HRS_MAX_RANK], end[HRS_MAX_RANK];
  int in[3] = {base.slot, -1, -1};
  for (int i = 0; i < rank; i++) {
    start[i] = part->from[i] - base.part.from[i];
    end[i] = part->to[i] - base.part.from[i];
  }
  HRS_TRY(add_numbers(n, rank, start, &in[1]));
  HRS_TRY(add_numbers(n, rank, end, &in[2]));
  return hrs_session_add_part(n->s, &node, 3, in, out);
}

/* The smallest that is there and holds a part; slot -1: nothing. */
static piece find_piece(const narrower *n, int slot, const hrs_part *part) {
  const need *of = &n->need[slot];
  int rank = tensor_of(n, slot)->rank;
  piece best = {hrs_part_all(tensor_of(n, slot)), of->there ? slot : -1};
  for (int i = 0; i < of->n_pieces; i++) {
    bool smaller = best.slot < 0 ||
                   hrs_part_count(rank, &of->piece[i].part) < hrs_part_count(rank, &best.part);
    if (smaller && hrs_part_holds(rank, &of->piece[i].part, part)) best = of->piece[i];
  }
  return best;
}

static bool is_exact(const narrower *n, int slot, const piece *found, const hrs_part *part) {
  return found->slot >= 0 && hrs_part_holds(tensor_of(n, slot)->rank, part, &found->part);
}

/* Note a part that has been made; it must have come out as planned. */
static hrs_status add_piece(narrower *n, int slot, const hrs_part *part, int made) {
  need *of = &n->need[slot];
  const hrs_tensor *tensor = tensor_of(n, made);
  bool fits = tensor->rank == tensor_of(n, slot)->rank;
  for (int i = 0; fits && i < tensor->rank; i++)
    fits = tensor->dim[i] == part->to[i] - part->from[i];
  HRS_REQUIRE(fits, INTERNAL, "a part of a tensor has another shape than it should have");
  n->s->slot[made].whole = slot;
  if (of->n_pieces == MOST_PIECES) return HRS_OK;
  if (!of->piece) HRS_TRY(hrs_alloc(MOST_PIECES, sizeof *of->piece, &of->piece));
  of->piece[of->n_pieces++] = (piece){*part, made};
  return HRS_OK;
}

/* The slot that holds a part of a tensor and nothing else. */
static hrs_status take(narrower *n, const hrs_step *reader, int slot, const hrs_part *part,
                       int *out) {
  piece base = find_piece(n, slot, part);
  HRS_REQUIRE(base.slot >= 0, INTERNAL, "a part of a tensor is read that nobody makes");
  *out = base.slot;
  if (is_exact(n, slot, &base, part)) return HRS_OK;
  *out = -1;
  HRS_TRY(add_slice(n, reader, base, tensor_of(n, slot)->rank, part, out));
  return add_piece(n, slot, part, *out);
}

/* One part of output `output` of a Slice, Split or Gather, into slot *out or a new one. */
static hrs_status make_picked(narrower *n, int at, int output, const hrs_part *part, int *out) {
  const hrs_step *step = n->old[at];
  int from = step->in[0], rank = tensor_of(n, step->out[output])->rank;
  hrs_part needed = hrs_part_needed(n->s, step, n->how[at], output, part, 0);
  piece base = find_piece(n, from, &needed);
  bool copies = n->how[at].how == HRS_NARROW_PICK && base.slot >= 0;
  if (copies && !is_exact(n, from, &base, &needed))
    return add_slice(n, step, base, rank, &needed, out);
  HRS_TRY(take(n, step, from, &needed, &from));
  return add_reshape(n, step, from, rank, part, out);
}

static hrs_status make_part(narrower *n, int at, const hrs_part *part) {
  const hrs_step *step = n->old[at];
  int n_in = step->call.n_in, *in, made = -1;
  HRS_TRY(hrs_alloc(n_in, sizeof *in, &in));
  hrs_status status = HRS_OK;
  hrs_narrowing how = n->how[at].how;
  bool shaped = how == HRS_NARROW_VIEW || how == HRS_NARROW_EXPAND;
  for (int k = 0; k < n_in; k++) {
    in[k] = step->in[k];
    if (in[k] < 0 || (shaped && k > 0)) continue;
    hrs_part needed = hrs_part_needed(n->s, step, n->how[at], 0, part, k);
    if (k > 0 && step->in[k - 1] == step->in[k]) {
      int rank = tensor_of(n, step->in[k])->rank;
      hrs_part before = hrs_part_needed(n->s, step, n->how[at], 0, part, k - 1);
      if (hrs_part_holds(rank, &before, &needed) && hrs_part_holds(rank, &needed, &before)) {
        in[k] = in[k - 1];
        continue;
      }
    }
    HRS_GO(take(n, step, in[k], &needed, &in[k]));
  }
  if (how == HRS_NARROW_VIEW) {
    HRS_GO(add_reshape(n, step, in[0], step->call.out[0].rank, part, &made));
  } else {
    if (shaped) {
      hrs_count dim[HRS_MAX_RANK];
      for (int i = 0; i < step->call.out[0].rank; i++)
        dim[i] = part->to[i] - part->from[i];
      HRS_GO(add_numbers(n, step->call.out[0].rank, dim, &in[1]));
    }
    HRS_GO(hrs_session_add_part(n->s, &step->node, n_in, in, &made));
  }
  HRS_GO(add_piece(n, step->out[0], part, made));
done:
  hrs_free(in);
  return status;
}

/* ---- what is less work ---- */

/* Multiply-adds, and elements that are read or written, about, and what any step takes. */
static double work_of(const hrs_step *step) {
  if (step->folded || step->node.def->flags & HRS_OP_VIEW) return 0;
  const hrs_facts *facts = &step->node.def->facts;
  double out = 0, in = 0;
  for (int k = 0; k < step->call.n_out; k++)
    if (step->out[k] >= 0) out += (double)hrs_tensor_count(&step->call.out[k]);
  if (step->call.n_in > 0 && step->in[0] >= 0) in = (double)hrs_tensor_count(&step->call.in[0]);
  if (facts->box || facts->depends == HRS_BY_INDEX) in = 0; /* what it passes over is not read */
  return STEP + (double)step->call.multiply_adds + (out > in ? out : in);
}

/* The operands of a step are there as a whole: is making its parts, and slices of the operands for
 * them, less work than making it whole? */
static bool is_less(const narrower *n, int at) {
  const hrs_step *step = n->old[at];
  const need *of = &n->need[step->out[0]];
  double all = (double)hrs_tensor_count(&step->call.out[0]), whole = work_of(step), parts = 0;
  for (int i = 0; i < of->n_wanted; i++) {
    parts += STEP + whole * (double)hrs_part_count(step->call.out[0].rank, &of->wanted[i]) / all;
    for (int k = 0; k < step->call.n_in; k++) {
      if (step->in[k] < 0 || !n->s->slot[step->in[k]].varies) continue;
      hrs_part needed = hrs_part_needed(n->s, step, n->how[at], 0, &of->wanted[i], k);
      piece base = find_piece(n, step->in[k], &needed);
      if (is_exact(n, step->in[k], &base, &needed)) continue;
      parts += STEP + (double)hrs_part_count(tensor_of(n, step->in[k])->rank, &needed);
    }
  }
  return parts < whole;
}

static bool inputs_are_there(const narrower *n, const hrs_step *step) {
  for (int k = 0; k < step->call.n_in; k++)
    if (step->in[k] >= 0 && !n->need[step->in[k]].there) return false;
  return true;
}

static hrs_status make_picks(narrower *n, int at) {
  const hrs_step *step = n->old[at];
  bool whole = true;
  for (int k = 0; k < step->call.n_out; k++)
    if (is_read(n, step->out[k])) whole &= n->need[step->out[k]].whole;
  if (whole && n->need[step->in[0]].there) return keep(n, at);
  for (int k = 0; k < step->call.n_out; k++) {
    if (!is_read(n, step->out[k])) continue;
    need *of = &n->need[step->out[k]];
    hrs_part all = hrs_part_all(tensor_of(n, step->out[k]));
    int made = step->out[k];
    if (of->whole) HRS_TRY(make_picked(n, at, k, &all, &made));
    of->there |= of->whole;
    for (int i = 0; i < of->n_wanted; i++) {
      made = -1;
      HRS_TRY(make_picked(n, at, k, &of->wanted[i], &made));
      HRS_TRY(add_piece(n, step->out[k], &of->wanted[i], made));
    }
  }
  return HRS_OK;
}

static hrs_status make_anew(narrower *n, int at) {
  const hrs_step *step = n->old[at];
  if (step->folded) return keep(n, at);
  if (!n->read[at]) return HRS_OK;
  if (picks(n->how[at])) return make_picks(n, at);
  if (n->how[at].how == HRS_NARROW_NEVER || n->need[step->out[0]].whole) return keep(n, at);
  if (inputs_are_there(n, step) && !is_less(n, at)) return keep(n, at);
  for (int i = 0; i < n->need[step->out[0]].n_wanted; i++)
    HRS_TRY(make_part(n, at, &n->need[step->out[0]].wanted[i]));
  return HRS_OK;
}

/* ---- the pass ---- */

static hrs_status look(narrower *n) {
  hrs_session *s = n->s;
  for (int i = 0; i < s->n_fetches; i++)
    want_all(n, s->fetch[i]);
  for (int i = n->n_old - 1; i >= 0; i--)
    HRS_TRY(look_at(n, i));
  /* What no step makes is there from the start. */
  for (int i = 0; i < n->n_needs; i++)
    n->need[i].there = true;
  for (int i = 0; i < n->n_old; i++)
    for (int k = 0; k < n->old[i]->call.n_out; k++)
      if (n->old[i]->out[k] >= 0) n->need[n->old[i]->out[k]].there = false;
  return HRS_OK;
}

/* Would anything change? */
static bool is_narrower(const narrower *n) {
  for (int i = 0; i < n->n_old; i++) {
    if (!n->read[i] && !n->old[i]->folded) return true;
    for (int k = 0; k < n->old[i]->call.n_out; k++)
      if (n->old[i]->out[k] >= 0 && n->need[n->old[i]->out[k]].n_wanted > 0) return true;
  }
  return false;
}

static hrs_status make_all(narrower *n, bool *less) {
  hrs_session *s = n->s;
  double before = 0, after = 0;
  hrs_count counted = 0, was = 0;
  *less = false;
  for (int i = 0; i < n->n_old; i++) {
    HRS_TRY(make_anew(n, i));
    /* Parts that many read in many ways: a hostile file, or none that gains. */
    if (s->n_steps > MOST_GROWTH * n->n_old + SOME_STEPS) return HRS_OK;
  }
  for (int i = 0; i < n->n_old; i++) {
    before += work_of(n->old[i]);
    was += n->old[i]->folded ? 0 : n->old[i]->call.multiply_adds;
  }
  for (int i = 0; i < s->n_steps; i++) {
    after += work_of(s->step[i]);
    counted += s->step[i]->folded ? 0 : s->step[i]->call.multiply_adds;
  }
  *less = after < before && counted <= was;
  return HRS_OK;
}

/* Take the new steps, or the old ones. */
static void choose(narrower *n, bool less) {
  hrs_session *s = n->s;
  for (int i = 0; less && i < n->n_old; i++)
    if (!n->kept[i]) hrs_step_destroy(n->old[i]);
  for (int i = 0; !less && i < s->n_steps; i++)
    if (s->step[i]->part) hrs_step_destroy(s->step[i]);
  hrs_step **other = less ? n->old : s->step;
  if (!less) {
    s->step = n->old;
    s->n_steps = s->step_room = n->n_old;
    for (int i = n->n_needs; i < s->n_slots; i++) {
      if (!s->slot[i].owned) continue;
      s->folded_bytes -= hrs_slot_bytes(&s->slot[i]);
      hrs_free(s->slot[i].tensor.data);
    }
    s->n_slots = n->n_needs;
  }
  hrs_free(other);
  s->multiply_adds = 0;
  for (int i = 0; i < s->n_steps; i++)
    if (!s->step[i]->folded) s->multiply_adds += s->step[i]->call.multiply_adds;
}

static void destroy(narrower *n) {
  for (int i = 0; n->need && i < n->n_needs; i++) {
    hrs_free(n->need[i].wanted);
    hrs_free(n->need[i].piece);
  }
  hrs_free(n->need);
  hrs_free(n->how);
  hrs_free(n->read);
  hrs_free(n->kept);
}

hrs_status hrs_session_narrow(hrs_session *s) {
  narrower n = {.s = s, .old = s->step, .n_old = s->n_steps, .n_needs = s->n_slots};
  hrs_status status = HRS_OK;
  if (!s->narrows) return HRS_OK;
  HRS_GO(hrs_calloc(n.n_needs, sizeof *n.need, &n.need));
  HRS_GO(hrs_calloc(n.n_old, sizeof *n.how, &n.how));
  HRS_GO(hrs_calloc(n.n_old, sizeof *n.read, &n.read));
  HRS_GO(hrs_calloc(n.n_old, sizeof *n.kept, &n.kept));
  HRS_GO(look(&n));
  if (is_narrower(&n)) {
    bool less = false;
    s->step = NULL;
    s->n_steps = s->step_room = 0;
    status = make_all(&n, &less);
    choose(&n, status == HRS_OK && less);
    s->narrowed = status != HRS_OK || less;
  }
done:
  destroy(&n);
  return status;
}
