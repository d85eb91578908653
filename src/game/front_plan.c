/*
 * Which steps are tabulated: sites grow through the graph, and the front ends where the tables, the
 * sum that puts the cut together and the tail cost least in all.
 */
#include "front.h"

#include <math.h>
#include <string.h>

/* Tables of all sites together; a mask's own work is a few megabytes. */
static const hrs_count MOST_BYTES = (hrs_count)256 << 20;
/* An addition of the sum that expands a mask, in multiply-adds of dense algebra. */
static const double ADDITION = 1.5;

/* ---- sites ---------------------------------------------------------------------------------- */

static hrs_status sites_create(hrs_count channels, hrs_count height, hrs_count width,
                               hrs_sites **out) {
  hrs_sites *sites;
  HRS_TRY(hrs_calloc(1, sizeof *sites, &sites));
  *out = sites;
  sites->channels = channels;
  sites->height = height;
  sites->width = width;
  HRS_TRY(hrs_calloc(height * width, sizeof *sites->players, &sites->players));
  return hrs_calloc(height * width + 1, sizeof *sites->row, &sites->row);
}

static void sites_destroy(hrs_sites **sites) {
  if (!*sites) return;
  hrs_free((*sites)->players);
  hrs_free((*sites)->row);
  hrs_free((*sites)->data);
  hrs_free(*sites);
  *sites = NULL;
}

/* Rows from the players; false where there are more than any budget. */
static bool count_rows(hrs_sites *sites) {
  hrs_count rows = 0, most = MOST_BYTES / (hrs_count)sizeof(float);
  for (hrs_count i = 0; i < hrs_sites_count(sites); i++) {
    int order = hrs_order(sites->players[i]);
    sites->row[i] = rows;
    if (order > 30 || (rows += (hrs_count)1 << order) > most) return false;
  }
  sites->row[hrs_sites_count(sites)] = rows;
  return rows <= most / sites->channels;
}

/* [1, channels, height, width] with more than one position. */
static bool is_image(const hrs_tensor *t) {
  return t->rank == 4 && t->dim[0] == 1 && t->dim[2] * t->dim[3] > 1;
}

static hrs_status input_sites(const hrs_tensor *t, const int32_t *label, hrs_sites **out) {
  hrs_count count = hrs_tensor_count(t);
  bool image = is_image(t);
  hrs_count height = image ? t->dim[2] : 1, width = image ? t->dim[3] : count;
  HRS_TRY(sites_create(image ? t->dim[1] : 1, height, width, out));
  for (hrs_count e = 0; e < count; e++)
    if (label[e] >= 0) (*out)->players[e % (height * width)] |= (hrs_mask)1 << label[e];
  return HRS_OK;
}

/* ---- kinds of steps ------------------------------------------------------------------------- */

static const hrs_tensor *slot_tensor(const hrs_session *s, int slot) {
  return &s->slot[slot].tensor;
}

static bool varies(const hrs_session *s, int slot) {
  return slot >= 0 && s->slot[slot].varies;
}

/* A constant that the front may read: known, and never folded anew. */
static bool is_constant(const hrs_session *s, int slot) {
  return slot >= 0 && !s->slot[slot].varies && !s->slot[slot].shared && s->slot[slot].tensor.data;
}

static bool one_of(const char *name, const char *const *list) {
  for (; *list; list++)
    if (strcmp(name, *list) == 0) return true;
  return false;
}

/* Operators that give each position from the channels of that position alone, if other operands do
 * not vary over positions. */
static const char *const sitewise[] = {"Relu",        "LeakyRelu",
                                       "PRelu",       "Elu",
                                       "Selu",        "Celu",
                                       "Gelu",        "Sigmoid",
                                       "HardSigmoid", "HardSwish",
                                       "Tanh",        "Softplus",
                                       "Softsign",    "Erf",
                                       "Clip",        "ThresholdedRelu",
                                       "Mish",        "Shrink",
                                       "Abs",         "Neg",
                                       "Exp",         "Log",
                                       "Sqrt",        "Reciprocal",
                                       "Add",         "Sub",
                                       "Mul",         "Div",
                                       "Pow",         "Min",
                                       "Max",         "Sum",
                                       "Mean",        "BatchNormalization",
                                       "LRN",         "Dropout",
                                       "Identity",    "Cast",
                                       NULL};

/* Same for all positions: the last two axes, where there are so many, are 1. */
static bool same_everywhere(const hrs_tensor *t, int rank) {
  for (int back = 1; back <= 2 && back <= t->rank; back++)
    if (t->dim[t->rank - back] != 1) return false;
  return t->rank <= rank;
}

static bool is_sitewise(const hrs_session *s, const hrs_step *step, hrs_sites *const *site) {
  const char *op = step->node.op;
  bool concat = strcmp(op, "Concat") == 0, channels = strcmp(op, "BatchNormalization") == 0;
  if (!concat && !one_of(op, sitewise)) return false;
  if (concat && hrs_attr_int(&step->node, "axis", 1) != 1) return false;
  const hrs_tensor *out = &step->call.out[0];
  if (out->type != HRS_F32 || !is_image(out) || step->call.n_out < 1) return false;
  for (int i = 1; i < step->call.n_out; i++)
    if (step->out[i] >= 0) return false;
  for (int i = 0; i < step->call.n_in; i++) {
    int slot = step->in[i];
    if (slot < 0) continue;
    const hrs_tensor *in = slot_tensor(s, slot);
    if (varies(s, slot)) {
      if (in->type != HRS_F32 || !is_image(in) || in->dim[2] != out->dim[2] ||
          in->dim[3] != out->dim[3] || site[slot]->height != in->dim[2] ||
          site[slot]->width != in->dim[3])
        return false;
    } else if (!is_constant(s, slot) ||
               (!(channels && i > 0) && (concat || !same_everywhere(in, 4)))) {
      return false;
    }
  }
  return true;
}

/* Float images with a window that the tables know how to slide. */
static bool is_window(const hrs_session *s, const hrs_step *step, hrs_sites *const *site) {
  const hrs_tensor *in = &step->call.in[0], *out = &step->call.out[0];
  if (in->type != HRS_F32 || in->rank != 4 || in->dim[0] != 1 || out->rank != 4) return false;
  const hrs_sites *sites = site[step->in[0]];
  if (sites->height != in->dim[2] || sites->width != in->dim[3]) return false;
  if (sites->channels != in->dim[1]) return false;
  for (int i = 1; i < step->call.n_out; i++)
    if (step->out[i] >= 0) return false;
  for (int i = 1; i < step->call.n_in; i++)
    if (step->in[i] >= 0 && !is_constant(s, step->in[i])) return false;
  return true;
}

/* The same numbers in the same order, with the same sites or as a flat row of elements. */
static bool is_view(const hrs_step *step, const hrs_sites *sites) {
  const hrs_tensor *in = &step->call.in[0], *out = &step->call.out[0];
  bool view = (step->node.def->flags & HRS_OP_VIEW) != 0;
  if (!view || in->type != HRS_F32 || out->type != HRS_F32) return false;
  if (!is_image(out)) return true;
  return (out->dim[1] == sites->channels && out->dim[2] == sites->height &&
          out->dim[3] == sites->width) ||
         (sites->height == 1 && sites->channels == 1 && out->dim[1] == 1);
}

bool hrs_front_dense_of(const hrs_session *s, const hrs_step *step, hrs_front_dense *out) {
  bool gemm = strcmp(step->node.op, "Gemm") == 0;
  if (!gemm && strcmp(step->node.op, "MatMul") != 0) return false;
  if (!varies(s, step->in[0]) || !is_constant(s, step->in[1])) return false;
  const hrs_tensor *x = &step->call.in[0], *w = slot_tensor(s, step->in[1]);
  if (x->type != HRS_F32 || w->type != HRS_F32 || w->rank != 2 || x->rank < 1) return false;
  bool transposed = gemm && hrs_attr_int(&step->node, "transB", 0);
  if (gemm && hrs_attr_int(&step->node, "transA", 0)) return false;
  *out = (hrs_front_dense){.weights = w->data,
                           .elements = w->dim[transposed],
                           .units = w->dim[!transposed],
                           .element_step = transposed ? 1 : w->dim[1],
                           .unit_step = transposed ? w->dim[1] : 1,
                           .alpha = gemm ? hrs_attr_float(&step->node, "alpha", 1) : 1,
                           .beta = gemm ? hrs_attr_float(&step->node, "beta", 1) : 0};
  if (hrs_tensor_count(x) != out->elements) return false; /* one row */
  if (!gemm || step->call.n_in < 3 || step->in[2] < 0) return true;
  const hrs_tensor *bias = slot_tensor(s, step->in[2]);
  hrs_count count = hrs_tensor_count(bias);
  if (!is_constant(s, step->in[2]) || bias->type != HRS_F32) return false;
  if (count != 1 && count != out->units) return false;
  out->bias = bias->data;
  out->bias_step = count > 1;
  return true;
}

/* Axes of a reduction that are exactly the last two of four. */
static bool over_positions(const hrs_session *s, const hrs_step *step) {
  int count;
  const int64_t *axes = hrs_attr_ints(&step->node, "axes", &count);
  if (!axes && step->call.n_in > 1 && is_constant(s, step->in[1]) &&
      slot_tensor(s, step->in[1])->type == HRS_I64) {
    axes = slot_tensor(s, step->in[1])->data;
    count = (int)hrs_tensor_count(slot_tensor(s, step->in[1]));
  }
  if (!axes || count != 2) return false;
  int64_t first = axes[0] < 0 ? axes[0] + 4 : axes[0];
  int64_t second = axes[1] < 0 ? axes[1] + 4 : axes[1];
  return first + second == 5 && (first == 2 || first == 3);
}

static bool is_mean(const hrs_session *s, const hrs_step *step) {
  const hrs_tensor *in = &step->call.in[0];
  if (in->type != HRS_F32 || !is_image(in)) return false;
  if (strcmp(step->node.op, "GlobalAveragePool") == 0) return true;
  return strcmp(step->node.op, "ReduceMean") == 0 && over_positions(s, step);
}

hrs_front_kind hrs_front_kind_of(const hrs_session *s, const hrs_step *step,
                                 hrs_sites *const *site) {
  const char *op = step->node.op;
  int first = step->call.n_in > 0 ? step->in[0] : -1;
  for (int i = 0; i < step->call.n_in; i++)
    if (varies(s, step->in[i]) && !site[step->in[i]]) return HRS_FRONT_NOTHING;
  if (is_sitewise(s, step, site)) return HRS_FRONT_SITEWISE;
  if (first < 0 || !varies(s, first)) return HRS_FRONT_NOTHING;
  hrs_front_dense dense;
  if (hrs_front_dense_of(s, step, &dense) || is_mean(s, step)) return HRS_FRONT_SUM;
  if (is_view(step, site[first])) return HRS_FRONT_VIEW;
  bool conv = strcmp(op, "Conv") == 0;
  bool pool = strcmp(op, "MaxPool") == 0 || strcmp(op, "AveragePool") == 0;
  if ((!conv && !pool) || !is_window(s, step, site)) return HRS_FRONT_NOTHING;
  if (conv && step->call.in[1].type != HRS_F32) return HRS_FRONT_NOTHING;
  return conv ? HRS_FRONT_CONV : HRS_FRONT_POOL;
}

/* ---- growing -------------------------------------------------------------------------------- */

static hrs_status grow_window(const hrs_step *step, const hrs_sites *in, hrs_sites *out) {
  hrs_window w;
  HRS_TRY(hrs_front_read_window(step, &w));
  for (hrs_count y = 0; y < out->height; y++)
    for (hrs_count x = 0; x < out->width; x++)
      for (hrs_count ky = 0; ky < w.kernel[1]; ky++)
        for (hrs_count kx = 0; kx < w.kernel[2]; kx++) {
          hrs_count iy = hrs_window_at(&w, 1, y, ky), ix = hrs_window_at(&w, 2, x, kx);
          if (iy >= 0 && iy < in->height && ix >= 0 && ix < in->width)
            out->players[y * out->width + x] |= in->players[iy * in->width + ix];
        }
  return HRS_OK;
}

hrs_status hrs_front_read_window(const hrs_step *step, hrs_window *out) {
  bool conv = strcmp(step->node.op, "Conv") == 0;
  bool ceil = !conv && hrs_attr_int(&step->node, "ceil_mode", 0);
  HRS_TRY(hrs_window_read(&step->call, conv ? step->call.in[1].dim + 2 : NULL, out));
  return hrs_window_slide(&step->call, ceil, !conv, out);
}

/* Sites of a step's output. */
static hrs_status grow(const hrs_session *s, const hrs_step *step, hrs_front_kind kind,
                       hrs_sites **site) {
  const hrs_tensor *t = &step->call.out[0];
  hrs_sites *in = site[step->in[0]], **out = &site[step->out[0]];
  if (kind == HRS_FRONT_VIEW) {
    bool as_image = is_image(t);
    HRS_TRY(sites_create(in->channels, as_image ? t->dim[2] : in->height,
                         as_image ? t->dim[3] : in->width, out));
    memcpy((*out)->players, in->players, (size_t)hrs_sites_count(in) * sizeof *in->players);
    return HRS_OK;
  }
  HRS_TRY(sites_create(t->dim[1], t->dim[2], t->dim[3], out));
  if (kind != HRS_FRONT_SITEWISE) return grow_window(step, in, *out);
  for (int i = 0; i < step->call.n_in; i++)
    for (hrs_count k = 0; varies(s, step->in[i]) && k < hrs_sites_count(*out); k++)
      (*out)->players[k] |= site[step->in[i]]->players[k];
  return HRS_OK;
}

/* ---- where to end --------------------------------------------------------------------------- */

typedef struct plan {
  const hrs_session *session;
  hrs_sites **site;
  int *producer; /* step that makes a slot, -1 for feeds */
  int n;
  double tables, done; /* multiply-adds of the tables so far; of the steps so far, per mask */
  hrs_count bytes;
  double best; /* per sample */
  hrs_front choice;
} plan;

static double rows_of(const hrs_sites *sites) {
  return (double)hrs_sites_rows(sites);
}

hrs_status hrs_sites_distinct(const hrs_sites *sites, hrs_mask **out, int *count) {
  HRS_TRY(hrs_alloc(hrs_sites_count(sites), sizeof **out, out));
  *count = 0;
  for (hrs_count i = 0; i < hrs_sites_count(sites); i++) {
    int k = 0;
    while (k < *count && (*out)[k] != sites->players[i])
      k++;
    if (k == *count) (*out)[(*count)++] = sites->players[i];
  }
  return HRS_OK;
}

/* The one varying slot from before step `from` that it or a later one, or the result, reads; -1
 * where there are more. Whatever goes on from there must not need anything else that varies. */
static int frontier(const plan *p, int from) {
  const hrs_session *s = p->session;
  int found = -1;
  for (int i = from; i <= s->n_steps; i++) {
    bool result = i == s->n_steps;
    if (!result && s->step[i]->folded) continue;
    int count = result ? s->n_fetches : s->step[i]->call.n_in;
    const int *read = result ? s->fetch : s->step[i]->in;
    for (int k = 0; k < count; k++) {
      if (!varies(s, read[k]) || p->producer[read[k]] >= from || read[k] == found) continue;
      if (found >= 0) return -1;
      found = read[k];
    }
  }
  return found;
}

/* A front whose sum costs `make` to tabulate, and the rest of all masks `rest`. */
static void offer(plan *p, double make, double rest, hrs_front choice) {
  double tables = p->tables + make;
  if (!(tables + rest < p->best)) return;
  p->best = tables + rest;
  p->choice = choice;
  p->choice.table_multiply_adds = (hrs_count)tables;
  p->choice.bytes += p->bytes;
}

/* End with the tensor that steps from `from` on read. */
static void offer_tensor(plan *p, int from) {
  int slot = frontier(p, from);
  if (slot < 0 || !p->site[slot]) return;
  const hrs_tensor *t = slot_tensor(p->session, slot);
  double count = (double)hrs_tensor_count(t), all = (double)p->session->multiply_adds;
  double each = all - p->done + ADDITION * count;
  offer(p, 0, ldexp(each, p->n),
        (hrs_front){.steps = from,
                    .end = HRS_FRONT_TENSOR,
                    .end_step = -1,
                    .end_slot = slot,
                    .cut_slot = slot,
                    .units = (hrs_count)count,
                    .additions = count});
}

/* End with the sum that step number `at` is. */
static hrs_status offer_sum(plan *p, int at) {
  const hrs_session *s = p->session;
  const hrs_step *step = s->step[at];
  int slot = step->in[0], terms;
  if (frontier(p, at) != slot || frontier(p, at + 1) != step->out[0]) return HRS_OK;
  hrs_mask *players;
  HRS_TRY(hrs_sites_distinct(p->site[slot], &players, &terms));
  hrs_front_dense dense;
  bool is_dense = hrs_front_dense_of(s, step, &dense);
  double units = (double)hrs_tensor_count(&step->call.out[0]), rows = 0;
  for (int i = 0; i < terms; i++)
    rows += ldexp(1, hrs_order(players[i]));
  hrs_free(players);
  double channels = (double)p->site[slot]->channels;
  double make = rows_of(p->site[slot]) * channels * (is_dense ? units : 1);
  double tail = (double)s->multiply_adds - p->done - (double)step->call.multiply_adds;
  double additions = units * (1 + terms / 2.0), each = tail + ADDITION * additions;
  hrs_count sums = (hrs_count)(rows * units * sizeof(float));
  if (p->bytes + sums > MOST_BYTES) return HRS_OK;
  offer(p, make, ldexp(each, p->n),
        (hrs_front){.steps = at,
                    .end = is_dense ? HRS_FRONT_DENSE : HRS_FRONT_MEAN,
                    .end_step = at,
                    .end_slot = slot,
                    .cut_slot = step->out[0],
                    .units = (hrs_count)units,
                    .additions = additions,
                    .bytes = sums});
  return HRS_OK;
}

/* Walk through the steps as far as there are sites. */
static hrs_status walk(plan *p) {
  const hrs_session *s = p->session;
  for (int i = 0; i < s->n_steps; i++) {
    const hrs_step *step = s->step[i];
    if (step->folded) continue;
    hrs_front_kind kind = hrs_front_kind_of(s, step, p->site);
    if (kind == HRS_FRONT_SUM) HRS_TRY(offer_sum(p, i));
    if (kind == HRS_FRONT_NOTHING || kind == HRS_FRONT_SUM) continue;
    HRS_TRY(grow(s, step, kind, p->site));
    hrs_sites **out = &p->site[step->out[0]];
    if (!count_rows(*out)) {
      sites_destroy(out);
      continue;
    }
    hrs_count bytes = hrs_sites_rows(*out) * (*out)->channels * (hrs_count)sizeof(float);
    if (kind != HRS_FRONT_VIEW) p->bytes += bytes;
    if (p->bytes > MOST_BYTES) {
      sites_destroy(out);
      return HRS_OK;
    }
    p->done += (double)step->call.multiply_adds;
    double per_site = (double)step->call.multiply_adds / (double)hrs_sites_count(*out);
    p->tables += rows_of(*out) * (per_site + (double)(*out)->channels);
    offer_tensor(p, i + 1);
  }
  return HRS_OK;
}

static hrs_status find(plan *p, const int32_t *label) {
  const hrs_session *s = p->session;
  int input = s->feed[0].slot;
  HRS_TRY(input_sites(slot_tensor(s, input), label, &p->site[input]));
  if (!count_rows(p->site[input])) return HRS_OK;
  p->best = ldexp((double)s->multiply_adds, p->n) * 0.95;
  return walk(p);
}

hrs_status hrs_front_plan(const hrs_session *session, int n, const int32_t *label,
                          hrs_front **out) {
  *out = NULL;
  if (session->slot[session->feed[0].slot].tensor.type != HRS_F32) return HRS_OK;
  plan p = {.session = session, .n = n, .choice = {.end_slot = -1}};
  hrs_front *front = NULL;
  hrs_status status = HRS_OK;
  HRS_GO(hrs_calloc(session->n_slots, sizeof *p.site, &p.site));
  HRS_GO(hrs_alloc(session->n_slots, sizeof *p.producer, &p.producer));
  for (int i = 0; i < session->n_slots; i++)
    p.producer[i] = -1;
  for (int i = 0; i < session->n_steps; i++)
    for (int k = 0; k < session->step[i]->call.n_out; k++)
      if (session->step[i]->out[k] >= 0) p.producer[session->step[i]->out[k]] = i;
  HRS_GO(find(&p, label));
  if (p.choice.end_slot < 0) goto done;
  HRS_GO(hrs_calloc(1, sizeof *front, &front));
  *front = p.choice;
  front->session = session;
  front->n = n;
  front->site = p.site;
  p.site = NULL;
  *out = front;
done:
  for (int i = 0; p.site && i < session->n_slots; i++)
    sites_destroy(&p.site[i]);
  hrs_free(p.site);
  hrs_free(p.producer);
  return status;
}

void hrs_front_destroy(hrs_front **handle) {
  if (!handle || !*handle) return;
  hrs_front *front = *handle;
  for (int i = 0; i < front->session->n_slots; i++)
    sites_destroy(&front->site[i]);
  for (int i = 0; i < front->terms; i++)
    hrs_free(front->term[i].table);
  hrs_free(front->site);
  hrs_free(front->term);
  hrs_free(front->constant);
  hrs_free(front);
  *handle = NULL;
}

const hrs_tensor *hrs_front_cut(const hrs_front *front) {
  return slot_tensor(front->session, front->cut_slot);
}

const char *hrs_front_cut_name(const hrs_front *front) {
  const hrs_session *s = front->session;
  const hrs_graph *graph = &s->model->graph;
  for (int value = 0; value < graph->n_values; value++)
    if (s->slot_of[value] == front->cut_slot) return graph->value[value].name;
  return NULL; /* every slot that steps read is a value's */
}

double hrs_front_additions(const hrs_front *front) {
  return front->additions;
}
