/*
 * Dense layers: Gemm or MatMul with a constant matrix, its bias and what follows, in one pass. The
 * weights are packed when the session is made, scaled by what follows; a block of rows is small
 * enough for its results to be in the cache when the element-wise operators come to them.
 */
#include "network/fusion.h"
#include "packed.h"

#include <string.h>

enum { ROWS = 96 };

typedef struct dense {
  hrs_packed packed;
  hrs_count rows; /* of one instance */
  hrs_fusion_list after;
} dense;

/* The product itself can do this one. */
static void take_relu(dense *d) {
  if (d->after.n == 0 || strcmp(d->after.step[0]->node.op, "Relu") != 0) return;
  d->packed.relu = true;
  d->after.n--;
  memmove(d->after.step, d->after.step + 1, (size_t)d->after.n * sizeof *d->after.step);
}

/* The matrix as element [k, n] = weight[k * row + n * column]. */
typedef struct layer {
  const float *weight, *bias;
  hrs_count k, n, row, column, rows, bias_step;
  float alpha, beta;
} layer;

/* Gemm: one row of a varying A, or several that are not transposed; a bias that is the same for all
 * rows. */
static bool read_gemm(const hrs_session *s, const hrs_step *step, layer *l) {
  const hrs_tensor *a = &s->slot[step->in[0]].tensor, *b = &s->slot[step->in[1]].tensor;
  hrs_product product = hrs_fact_product(&step->node);
  bool flip_a = product.transposes_a, flip_b = product.transposes_b;
  l->rows = a->dim[flip_a ? 1 : 0];
  l->k = a->dim[flip_a ? 0 : 1];
  l->n = b->dim[flip_b ? 0 : 1];
  if (flip_a && l->rows != 1) return false;
  l->row = flip_b ? 1 : l->n;
  l->column = flip_b ? l->k : 1;
  l->alpha = product.alpha;
  l->beta = product.beta;
  if (step->call.n_in < 3 || step->in[2] < 0) return true;
  const hrs_tensor *c = &s->slot[step->in[2]].tensor;
  hrs_count count = hrs_tensor_count(c);
  l->bias = hrs_fuse_constant(s, step->in[2]);
  l->bias_step = count == 1 ? 0 : 1;
  bool by_column = count == l->n && c->rank > 0 && c->dim[c->rank - 1] == l->n;
  return l->bias && (count == 1 || by_column);
}

/* MatMul with one matrix, whatever the axes in front are. */
static bool read_matmul(const hrs_session *s, const hrs_step *step, layer *l) {
  const hrs_tensor *a = &s->slot[step->in[0]].tensor, *b = &s->slot[step->in[1]].tensor;
  l->k = a->dim[a->rank - 1];
  l->n = b->rank == 1 ? 1 : b->dim[b->rank - 1];
  l->row = l->n;
  l->column = 1;
  l->alpha = l->beta = 1;
  if (l->k == 0 || hrs_tensor_count(b) != l->k * l->n) return false;
  l->rows = hrs_tensor_count(a) / l->k;
  return l->rows * l->n == hrs_tensor_count(&s->slot[step->out[0]].tensor);
}

static bool read_layer(const hrs_session *s, const hrs_step *step, layer *l) {
  memset(l, 0, sizeof *l);
  const hrs_facts *facts = &step->node.def->facts;
  if (facts->depends != HRS_BY_PRODUCT) return false;
  if (!s->slot[step->in[0]].varies || s->slot[step->in[0]].tensor.type != HRS_F32) return false;
  l->weight = hrs_fuse_constant(s, step->in[1]);
  if (!l->weight || !(facts->product ? read_gemm(s, step, l) : read_matmul(s, step, l)))
    return false;
  return l->rows > 0 && l->k > 0 && l->n > 0;
}

hrs_status hrs_dense_head(const hrs_session *s, const hrs_step *step, hrs_fusion *out, bool *is) {
  layer l;
  hrs_count floats;
  *is = hrs_tile_available() && read_layer(s, step, &l);
  if (!*is) return HRS_OK;
  HRS_TRY(hrs_packed_floats(l.k, l.n, &floats));
  /* Few columns are padded to eight: a session keeps to its limit all the same. */
  *is = floats <= (hrs_session_limit - s->folded_bytes) / (hrs_count)sizeof(float);
  if (!*is) return HRS_OK;
  out->axis = s->slot[step->out[0]].tensor.rank - 1;
  out->channels = l.n;
  HRS_TRY(hrs_alloc(l.n, sizeof *out->scale, &out->scale));
  HRS_TRY(hrs_alloc(l.n, sizeof *out->shift, &out->shift));
  for (hrs_count j = 0; j < l.n; j++) {
    out->scale[j] = l.alpha;
    out->shift[j] = l.bias ? l.beta * l.bias[j * l.bias_step] : 0;
  }
  return HRS_OK;
}

static hrs_status run_dense(hrs_call *call) {
  const dense *d = call->node->state;
  hrs_count rows = d->rows * call->batch;
  const float *from = call->in[0].data;
  float *to = call->out[0].data;
  for (hrs_count i = 0; i < rows; i += ROWS) {
    hrs_count some = rows - i < ROWS ? rows - i : ROWS;
    hrs_packed_run(&d->packed, some, from + i * d->packed.k, to + i * d->packed.n);
    HRS_TRY(hrs_fusion_apply(&d->after, some * d->packed.n, to + i * d->packed.n));
  }
  return HRS_OK;
}

static const hrs_operator dense_operator = {
    .name = "(dense layer)", .flags = HRS_OP_BATCHED, .run = run_dense};

hrs_status hrs_dense_fuse(hrs_session *s, const hrs_fusion *fusion, hrs_step **out) {
  enum { ALIGNMENT = 64 };
  layer l;
  hrs_count floats, head = (sizeof(dense) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  read_layer(s, fusion->head, &l);
  HRS_TRY(hrs_packed_floats(l.k, l.n, &floats));
  float *weight = NULL;
  hrs_node node = fusion->head->node;
  hrs_step *step = NULL;
  hrs_status status = HRS_OK;
  node.def = &dense_operator;
  node.state = NULL;
  HRS_TRY(hrs_step_create(&node, 1, fusion->head->in, 1, &step));
  HRS_GO(hrs_calloc(head + floats * (hrs_count)sizeof(float), 1, &step->node.state));
  HRS_GO(hrs_alloc(l.k * l.n, sizeof *weight, &weight));
  for (hrs_count i = 0; i < l.k; i++)
    for (hrs_count j = 0; j < l.n; j++)
      weight[i * l.n + j] = fusion->scale[j] * l.weight[i * l.row + j * l.column];
  dense *d = step->node.state;
  d->rows = l.rows;
  d->after = fusion->after;
  hrs_packed_fill(l.k, l.n, weight, l.n, 1, fusion->shift, (float *)((char *)d + head), &d->packed);
  take_relu(d);
  hrs_memory_constant(d, (char *)d + head, floats * (hrs_count)sizeof(float));
  step->out[0] = fusion->out;
  s->folded_bytes += floats * (hrs_count)sizeof(float);
done:
  hrs_free(weight);
  if (status != HRS_OK) {
    hrs_step_destroy(step);
    step = NULL;
  }
  *out = step;
  return status;
}
