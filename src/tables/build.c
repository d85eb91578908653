/*
 * What a step is to the tables: the sites of its outputs, and from which they are made.
 *
 * Nothing is decided here: sites grow as far as operators are known, however large their tables
 * would be. Which of them are made is choose.c's choice.
 */
#include "sites.h"

#include <string.h>

/* ---- windows -------------------------------------------------------------------------------- */

/* Only the first output is read. */
static bool one_output(const hrs_step *step) {
  for (int i = 1; i < step->call.n_out; i++)
    if (step->out[i] >= 0) return false;
  return step->call.n_out > 0 && step->out[0] >= 0;
}

static const hrs_window *window_of(const hrs_step *step) {
  return step->node.def->facts.window(&step->node);
}

/* Files may ask for windows of any size, over which tables would be made tap by tap. */
static bool has_few_taps(const hrs_step *step) {
  const double most = 1 << 26;
  const hrs_window *w = window_of(step);
  double taps = 1;
  for (int axis = 0; axis < HRS_WINDOW_AXES; axis++)
    taps *= (double)w->kernel[axis] * (double)w->out[axis];
  return taps <= most;
}

static void grow_window(const hrs_sites *in, hrs_sites *out) {
  hrs_count taps = hrs_window_kernel(&out->window);
  for (hrs_count at = 0; at < hrs_sites_positions(out); at++)
    for (hrs_count tap = 0; tap < taps; tap++) {
      hrs_count from = hrs_window_source(&out->window, at, tap);
      if (from >= 0) out->players[at] |= in->players[from];
    }
}

/* Sites of a step's result that a window over `in` gives. */
static hrs_status add_window(hrs_tables *tables, int at, hrs_sites_kind kind, int in, int *id) {
  const hrs_step *step = tables->session->step[at];
  HRS_TRY(hrs_sites_add(tables, kind, &step->call.out[0], 1, 1, id));
  hrs_sites *out = tables->sites[*id];
  out->step = step;
  out->at = at;
  out->in[0] = in;
  out->window = *window_of(step);
  grow_window(tables->sites[in], out);
  out->work = (double)(hrs_window_kernel(&out->window) * out->channels);
  tables->of_slot[step->out[0]] = *id;
  return HRS_OK;
}

/* Rows of the input times the weights of all taps. */
static hrs_status add_products(hrs_tables *tables, int at, int in, int *id) {
  const hrs_step *step = tables->session->step[at];
  const hrs_tensor *w = &step->call.in[1];
  hrs_count wide = w->dim[0], depth = w->dim[1], taps = hrs_tensor_count(w) / (wide * depth);
  const hrs_sites *from = tables->sites[in];
  hrs_tensor shape = {.type = HRS_F32, .rank = 3, .dim = {from->outer, taps * wide, from->inner}};
  HRS_TRY(hrs_sites_add(tables, HRS_SITES_PRODUCTS, &shape, 1, 1, id));
  hrs_sites *out = tables->sites[*id];
  out->step = step;
  out->at = at;
  out->in[0] = in;
  memcpy(out->players, from->players, (size_t)hrs_sites_positions(out) * sizeof *out->players);
  out->work = out->multiply_adds = (double)(depth * taps * wide);
  return HRS_OK;
}

static hrs_status grow_conv(hrs_tables *tables, int at) {
  const hrs_step *step = tables->session->step[at];
  if (!hrs_slot_constant(tables->session, step->in[1])) return HRS_OK;
  bool bias = step->call.n_in > 2 && step->in[2] >= 0;
  if (bias && !hrs_slot_constant(tables->session, step->in[2])) return HRS_OK;
  int in, products, id;
  HRS_TRY(hrs_tables_align(tables, step->in[0], 1, &in));
  HRS_TRY(add_products(tables, at, in, &products));
  HRS_TRY(add_window(tables, at, HRS_SITES_TAPS, products, &id));
  tables->sites[id]->multiply_adds = tables->sites[id]->work;
  return HRS_OK;
}

static hrs_status grow_pool(hrs_tables *tables, int at) {
  int in, id;
  HRS_TRY(hrs_tables_align(tables, tables->session->step[at]->in[0], 1, &in));
  return add_window(tables, at, HRS_SITES_POOL, in, &id);
}

static hrs_status grow_by_window(hrs_tables *tables, int at) {
  const hrs_step *step = tables->session->step[at];
  const hrs_tensor *x = &step->call.in[0];
  hrs_fold fold = step->node.def->facts.fold;
  if (x->type != HRS_F32 || x->dim[0] != 1) return HRS_OK;
  if (!one_output(step) || !has_few_taps(step)) return HRS_OK;
  if (fold == HRS_FOLD_WEIGHTS) return grow_conv(tables, at);
  return fold == HRS_FOLD_MAX || fold == HRS_FOLD_MEAN ? grow_pool(tables, at) : HRS_OK;
}

/* ---- all steps ------------------------------------------------------------------------------ */

/* Inputs that vary have sites, of types that tables hold. */
static bool inputs_known(const hrs_tables *tables, const hrs_step *step) {
  for (int i = 0; i < step->call.n_in; i++) {
    if (!hrs_slot_varies(tables->session, step->in[i])) continue;
    hrs_dtype type = hrs_slot_tensor(tables->session, step->in[i])->type;
    if (tables->of_slot[step->in[i]] < 0 || (type != HRS_F32 && type != HRS_I64)) return false;
  }
  for (int i = 0; i < step->call.n_out; i++) {
    if (step->out[i] < 0) continue;
    const hrs_tensor *out = hrs_slot_tensor(tables->session, step->out[i]);
    if ((out->type != HRS_F32 && out->type != HRS_I64) || hrs_tensor_count(out) == 0) return false;
    if (hrs_tensor_count(out) > HRS_SITES_ELEMENTS) return false;
  }
  return true;
}

hrs_status hrs_tables_grow(hrs_tables *tables, int at) {
  const hrs_step *step = tables->session->step[at];
  if (!inputs_known(tables, step) || step->call.n_in < 1) return HRS_OK;
  if (hrs_slot_varies(tables->session, step->in[0])) {
    if (step->node.def->flags & HRS_OP_VIEW) {
      if (one_output(step)) tables->of_slot[step->out[0]] = tables->of_slot[step->in[0]];
      return HRS_OK;
    }
    if (step->node.def->facts.depends == HRS_BY_WINDOW) return grow_by_window(tables, at);
  }
  bool done;
  HRS_TRY(hrs_tables_grow_rowwise(tables, at, &done));
  return done ? HRS_OK : hrs_tables_grow_move(tables, at, &done);
}
