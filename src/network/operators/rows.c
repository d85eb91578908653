/*
 * What exporters take apart, put together again: a layer normalisation made of ReduceMean, Sub,
 * Pow, ReduceMean, Add, Sqrt, Div (and Mul and Add), and Gelu made of Div, Erf, Add, Mul, Mul. Each
 * is one pass over rows in the cache.
 */
#include "rows.h"
#include "common.h"
#include "network/fusion.h"
#include "tile.h"
#include "vector_math.h"

#include <string.h>

/* ---- finding the parts ---- */

/* The reader of a slot that has this operator, among the steps behind `at`; NULL. */
static hrs_step *reader(const hrs_fuser *f, int at, int slot, const char *op, int *found) {
  enum { FAR = 16 };
  for (int i = at + 1; i < f->s->n_steps && i <= at + FAR; i++) {
    hrs_step *step = f->s->step[i];
    if (strcmp(step->node.op, op) != 0 || f->taken[i] || step->shared) continue;
    for (int k = 0; k < step->call.n_in; k++) {
      if (step->in[k] != slot) continue;
      *found = i;
      return step;
    }
  }
  return NULL;
}

/* The one number that the other input of a step with two inputs is. */
static const float *other_number(const hrs_fuser *f, const hrs_step *step, int slot) {
  if (step->call.n_in != 2) return NULL;
  int other = step->in[0] == slot ? step->in[1] : step->in[0];
  const float *data = hrs_fuse_constant(f->s, other);
  return data && hrs_tensor_count(&f->s->slot[other].tensor) == 1 ? data : NULL;
}

/* A vector along the last axis, or NULL. */
static const float *row_vector(const hrs_fuser *f, int slot, hrs_count n) {
  const float *data = hrs_fuse_constant(f->s, slot);
  if (!data) return NULL;
  const hrs_tensor *t = &f->s->slot[slot].tensor;
  bool fits = hrs_tensor_count(t) == n && t->rank > 0 && t->dim[t->rank - 1] == n;
  return fits ? data : NULL;
}

/* Is the step's result its input with the last axis, of two at least, reduced to one? */
static bool reduces_last(const hrs_fuser *f, const hrs_step *step) {
  const hrs_tensor *in = &f->s->slot[step->in[0]].tensor, *out = &f->s->slot[step->out[0]].tensor;
  if (in->type != HRS_F32 || in->rank < 1 || in->rank != out->rank || in->dim[in->rank - 1] < 2 ||
      out->dim[in->rank - 1] != 1)
    return false;
  return hrs_tensor_count(out) * in->dim[in->rank - 1] == hrs_tensor_count(in);
}

/* What one kernel stands for: steps, the first of which reads the input, and the result's slot. */
typedef struct parts {
  int at[9], n;
  int out;
  const float *epsilon, *scale, *bias; /* of a layer normalisation */
} parts;

static bool only(const hrs_fuser *f, int slot, int uses) {
  return f->uses[slot] == uses;
}

/* Go to the single reader of a slot: its operator must be `op`. */
static hrs_step *follow(const hrs_fuser *f, parts *p, int slot, const char *op) {
  int *at = &p->at[p->n];
  hrs_step *step = only(f, slot, 1) ? reader(f, p->at[0], slot, op, at) : NULL;
  if (step) p->n++;
  return step;
}

/* Make the step that takes their place. It has `state` from here on, also where this fails. */
static hrs_status replace(hrs_fuser *f, const parts *p, const hrs_operator *def, void *state,
                          hrs_step **out) {
  const hrs_step *first = f->s->step[p->at[0]];
  hrs_node node = first->node;
  node.def = def;
  node.state = state;
  hrs_status status = hrs_step_create(&node, 1, first->in, 1, out);
  if (status != HRS_OK) {
    hrs_free(state);
    return status;
  }
  (*out)->out[0] = p->out;
  for (int i = 0; i < p->n; i++)
    f->taken[p->at[i]] = true;
  return HRS_OK;
}

/* ---- layer normalisation ---- */

typedef struct layer {
  hrs_count rows, n;
  float epsilon;
  const float *bias; /* NULL: none */
  float scale[];     /* n, then the bias */
} layer;

static hrs_status run_layer(hrs_call *call) {
  const layer *l = call->node->state;
  hrs_layer_normalize_f32(l->rows * call->batch, l->n, l->epsilon, call->in[0].data, l->scale,
                          l->bias, call->out[0].data);
  return HRS_OK;
}

static const hrs_operator layer_operator = {
    .name = "(layer normalisation)", .flags = HRS_OP_BATCHED, .run = run_layer};

static bool find_layer(const hrs_fuser *f, int at, parts *p) {
  const hrs_step *mean = f->s->step[at];
  *p = (parts){.at = {at}, .n = 1};
  if (strcmp(mean->node.op, "ReduceMean") != 0 || !reduces_last(f, mean)) return false;
  int x = mean->in[0];
  hrs_count n = f->s->slot[x].tensor.dim[f->s->slot[x].tensor.rank - 1];
  const hrs_step *sub = follow(f, p, mean->out[0], "Sub");
  if (!sub || sub->in[0] != x) return false;
  int centred = sub->out[0], place = 0;
  hrs_step *square = reader(f, at, centred, "Pow", &place);
  if (square) {
    const float *two = other_number(f, square, centred);
    if (!only(f, centred, 2) || square->in[0] != centred || !two || *two != 2) return false;
  } else {
    square = reader(f, at, centred, "Mul", &place);
    if (!square || !only(f, centred, 3) || square->in[0] != square->in[1]) return false;
  }
  p->at[p->n++] = place;
  const hrs_step *variance = follow(f, p, square->out[0], "ReduceMean");
  if (!variance || !reduces_last(f, variance)) return false;
  const hrs_step *add = follow(f, p, variance->out[0], "Add");
  p->epsilon = add ? other_number(f, add, variance->out[0]) : NULL;
  const hrs_step *root = p->epsilon ? follow(f, p, add->out[0], "Sqrt") : NULL;
  const hrs_step *div = root ? follow(f, p, root->out[0], "Div") : NULL;
  if (!div || div->in[0] != centred) return false;
  p->out = div->out[0];
  /* The scale and the bias may be missing. */
  int kept = p->n;
  const hrs_step *mul = follow(f, p, p->out, "Mul");
  p->scale = mul ? row_vector(f, mul->in[mul->in[0] == p->out], n) : NULL;
  if (!p->scale) {
    p->n = kept;
    return true;
  }
  p->out = mul->out[0];
  kept = p->n;
  const hrs_step *shift = follow(f, p, p->out, "Add");
  p->bias = shift ? row_vector(f, shift->in[shift->in[0] == p->out], n) : NULL;
  if (p->bias)
    p->out = shift->out[0];
  else
    p->n = kept;
  return true;
}

static hrs_status make_layer(hrs_fuser *f, const parts *p, hrs_step **out) {
  const hrs_step *mean = f->s->step[p->at[0]];
  const hrs_tensor *x = &f->s->slot[mean->in[0]].tensor;
  hrs_count n = x->dim[x->rank - 1];
  layer *l;
  HRS_TRY(hrs_alloc((hrs_count)sizeof *l + 2 * n * (hrs_count)sizeof(float), 1, &l));
  *l = (layer){.rows = hrs_tensor_count(x) / n, .n = n, .epsilon = *p->epsilon};
  for (hrs_count i = 0; i < n; i++)
    l->scale[i] = p->scale ? p->scale[i] : 1;
  if (p->bias) {
    memcpy(l->scale + n, p->bias, (size_t)n * sizeof *p->bias);
    l->bias = l->scale + n;
  }
  return replace(f, p, &layer_operator, l, out);
}

/* ---- Gelu ---- */

typedef struct gelu {
  hrs_count n;
  float by, half; /* half * x * (1 + erf(x / by)) */
} gelu;

#ifdef HRS_HAVE_TILES
#define FUSED_MULTIPLY_ADD HRS_TILE_TARGET __attribute__((optimize("fp-contract=fast")))
#else
#define FUSED_MULTIPLY_ADD
#endif

FUSED_MULTIPLY_ADD static void gelu_rows(hrs_count n, float factor, float half, const float *x,
                                         float *y) {
  for (hrs_count i = 0; i < n; i++)
    y[i] = half * x[i] * (1 + hrs_erf_f32(x[i] * factor));
}

static hrs_status run_gelu(hrs_call *call) {
  const gelu *g = call->node->state;
  gelu_rows(g->n * call->batch, 1 / g->by, g->half, call->in[0].data, call->out[0].data);
  return HRS_OK;
}

static const hrs_operator gelu_operator = {
    .name = "(Gelu)", .flags = HRS_OP_BATCHED | HRS_OP_IN_PLACE, .run = run_gelu};

static hrs_status find_gelu(hrs_fuser *f, int at, hrs_step **out) {
  const hrs_step *div = f->s->step[at];
  if (strcmp(div->node.op, "Div") != 0 || f->s->slot[div->in[0]].tensor.type != HRS_F32)
    return HRS_OK;
  parts p = {.at = {at}, .n = 1};
  int x = div->in[0];
  const float *by = other_number(f, div, x);
  const hrs_step *erf = by ? follow(f, &p, div->out[0], "Erf") : NULL;
  const hrs_step *add = erf ? follow(f, &p, erf->out[0], "Add") : NULL;
  const float *one = add ? other_number(f, add, erf->out[0]) : NULL;
  const hrs_step *mul = one && *one == 1 ? follow(f, &p, add->out[0], "Mul") : NULL;
  if (!mul || (mul->in[0] != x && mul->in[1] != x)) return HRS_OK;
  const hrs_step *last = follow(f, &p, mul->out[0], "Mul");
  const float *half = last ? other_number(f, last, mul->out[0]) : NULL;
  const hrs_tensor *from = &f->s->slot[x].tensor;
  if (!half || hrs_tensor_count(from) != hrs_tensor_count(&f->s->slot[last->out[0]].tensor))
    return HRS_OK;
  gelu *g;
  HRS_TRY(hrs_alloc(1, sizeof *g, &g));
  *g = (gelu){hrs_tensor_count(from), *by, *half};
  p.out = last->out[0];
  return replace(f, &p, &gelu_operator, g, out);
}

/* ---- BatchNormalization of the last axis, between two Transposes ---- */

typedef struct columns {
  hrs_count rows, n;
  const float *shift; /* behind the factors */
  float factor[];
} columns;

HRS_CLONES static void scale_columns(hrs_count rows, hrs_count n, const float *factor,
                                     const float *shift, const float *x, float *y) {
  for (hrs_count r = 0; r < rows; r++, x += n, y += n)
    HRS_INDEPENDENT for (hrs_count i = 0; i < n; i++) y[i] = x[i] * factor[i] + shift[i];
}

static hrs_status run_columns(hrs_call *call) {
  const columns *c = call->node->state;
  scale_columns(c->rows * call->batch, c->n, c->factor, c->shift, call->in[0].data,
                call->out[0].data);
  return HRS_OK;
}

static const hrs_operator columns_operator = {
    .name = "(scaled columns)", .flags = HRS_OP_BATCHED | HRS_OP_IN_PLACE, .run = run_columns};

static bool order_of(const hrs_step *transpose, int rank, int *from) {
  return transpose->node.def->facts.order(&transpose->node, rank, from);
}

static bool find_columns(const hrs_fuser *f, int at, parts *p, const hrs_step **normalization) {
  const hrs_step *there = f->s->step[at];
  const hrs_tensor *x = &f->s->slot[there->in[0]].tensor;
  int from[HRS_MAX_RANK], to[HRS_MAX_RANK];
  *p = (parts){.at = {at}, .n = 1};
  if (strcmp(there->node.op, "Transpose") != 0 || x->type != HRS_F32 || x->rank < 2 ||
      hrs_tensor_count(x) == 0 || !order_of(there, x->rank, from) || from[1] != x->rank - 1)
    return false;
  const hrs_step *norm = follow(f, p, there->out[0], "BatchNormalization");
  if (!norm || norm->in[0] != there->out[0]) return false;
  const hrs_step *back = follow(f, p, norm->out[0], "Transpose");
  if (!back || !order_of(back, x->rank, to)) return false;
  for (int i = 0; i < x->rank; i++)
    if (from[to[i]] != i) return false;
  *normalization = norm;
  p->out = back->out[0];
  return true;
}

static hrs_status make_columns(hrs_fuser *f, const parts *p, const hrs_step *normalization,
                               hrs_step **out) {
  const hrs_tensor *x = &f->s->slot[f->s->step[p->at[0]]->in[0]].tensor;
  hrs_count n = x->dim[x->rank - 1];
  columns *c;
  HRS_TRY(hrs_alloc((hrs_count)sizeof *c + 2 * n * (hrs_count)sizeof(float), 1, &c));
  *c = (columns){.rows = hrs_tensor_count(x) / n, .n = n, .shift = c->factor + n};
  for (hrs_count i = 0; i < n; i++)
    c->factor[i] = 1;
  memset(c->factor + n, 0, (size_t)n * sizeof *c->factor);
  if (!hrs_fuse_normalization(f->s, normalization, n, c->factor, c->factor + n)) {
    hrs_free(c);
    return HRS_OK;
  }
  return replace(f, p, &columns_operator, c, out);
}

hrs_status hrs_rows_fuse(hrs_fuser *f, int at, hrs_step **out) {
  parts p;
  const hrs_step *normalization;
  *out = NULL;
  if (!f->s->slot[f->s->step[at]->in[0]].varies) return HRS_OK;
  if (find_layer(f, at, &p)) return make_layer(f, &p, out);
  if (find_columns(f, at, &p, &normalization)) return make_columns(f, &p, normalization, out);
  return hrs_tile_available() ? find_gelu(f, at, out) : HRS_OK;
}
