/*
 * A dense layer, or a mean over all positions, behind tables: a sum over sites.
 *
 * What a site adds depends on its players alone, so it has a table of 2^|players| rows of `units`
 * values, and sites with the same players share one. A table over fewer players is added into one
 * over a superset of them where that has fewer states than there are masks; so few are left, the
 * *roots*, which are added up for every mask. Sites that have a state for every mask gain nothing
 * by a table: their products are made when the masks come up, while they are in the cache.
 */
#include "sites.h"

#include "network/operators/packed.h"

#include <cblas.h>
#include <math.h>
#include <string.h>

typedef struct sum_table {
  hrs_mask players;
  int parent;             /* the table that this one is added into; -1: a root */
  hrs_count first, count; /* sites with exactly these players, in hrs_sum.site */
  bool direct;            /* has no table */
  hrs_count offset;       /* of its table, in floats */
} sum_table;

/* A dense layer: the weight of element e and unit u is weights[e * element_step + u * unit_step];
 * its bias or NULL; their factors. */
typedef struct dense_layer {
  const float *weights, *bias;
  hrs_count elements, units, element_step, unit_step, bias_step;
  float alpha, beta;
} dense_layer;

struct hrs_sum {
  const hrs_step *step;
  int last; /* step */
  bool mean, relu;
  hrs_count units, positions, channels;
  dense_layer dense;
  float *constant; /* [units]: what is added to the sum */
  sum_table *node; /* by rising number of players */
  int n_nodes;
  int32_t *site;    /* [positions] by node */
  float *weights;   /* [elements by node and site][units] of a dense layer */
  hrs_count direct; /* sites from here on, in `site`, have no table */
  float *room;      /* of their packed weights; NULL: BLAS multiplies */
  hrs_packed packed;
  hrs_count floats;
  double multiply_adds, additions;
  float *table;
};

/* ---- which steps ----------------------------------------------------------------------------- */

/* Is the step a dense layer over all elements of its input? */
static bool dense_of(const hrs_session *s, const hrs_step *step, dense_layer *out) {
  if (step->node.def->facts.depends != HRS_BY_PRODUCT) return false;
  if (!hrs_slot_varies(s, step->in[0]) || !hrs_slot_constant(s, step->in[1])) return false;
  const hrs_tensor *x = &step->call.in[0], *w = &s->slot[step->in[1]].tensor;
  if (x->type != HRS_F32 || w->type != HRS_F32 || w->rank != 2 || x->rank < 1) return false;
  hrs_product product = hrs_fact_product(&step->node);
  bool transposed = product.transposes_b;
  if (product.transposes_a) return false;
  *out = (dense_layer){.weights = w->data,
                       .elements = w->dim[transposed],
                       .units = w->dim[!transposed],
                       .element_step = transposed ? 1 : w->dim[1],
                       .unit_step = transposed ? w->dim[1] : 1,
                       .alpha = product.alpha,
                       .beta = product.beta};
  if (hrs_tensor_count(x) != out->elements || out->units == 0) return false; /* one row */
  if (step->call.n_in < 3 || step->in[2] < 0) return true;
  const hrs_tensor *bias = &s->slot[step->in[2]].tensor;
  hrs_count count = hrs_tensor_count(bias);
  if (!hrs_slot_constant(s, step->in[2]) || bias->type != HRS_F32) return false;
  if (count != 1 && count != out->units) return false;
  out->bias = bias->data;
  out->bias_step = count > 1;
  return true;
}

/* Are the axes of a reduction all those of positions, and not the channels'? */
static bool over_positions(const hrs_session *s, const hrs_step *step, const hrs_sites *sites) {
  const hrs_tensor *x = &step->call.in[0];
  unsigned reduced;
  if (!step->node.def->facts.axes(&step->node, x->rank, &reduced)) return false;
  for (int i = 1; i < step->call.n_in; i++)
    if (step->in[i] >= 0 && !hrs_slot_constant(s, step->in[i])) return false;
  int axis = -1;
  for (int a = 0; a < x->rank; a++)
    if (x->dim[a] > 1 && !(reduced >> a & 1)) {
      if (axis >= 0) return false;
      axis = a;
    }
  return hrs_sites_along(sites, x, axis);
}

static bool is_mean(const hrs_session *s, const hrs_step *step, const hrs_sites *sites) {
  const hrs_facts *facts = &step->node.def->facts;
  if (facts->depends != HRS_BY_REDUCTION || facts->fold != HRS_FOLD_MEAN) return false;
  return step->call.in[0].type == HRS_F32 && over_positions(s, step, sites);
}

bool hrs_sum_known(const hrs_session *s, const hrs_step *step, const hrs_sites *sites) {
  dense_layer dense;
  if (sites->type != HRS_F32 || hrs_sites_positions(sites) < 2) return false;
  return dense_of(s, step, &dense) || is_mean(s, step, sites);
}

/* The step behind, if it is a Relu and nothing else reads the sum; else the sum itself. */
static int relu_behind(const hrs_session *s, int at) {
  int slot = s->step[at]->out[0], uses = 0, reader = -1;
  for (int i = 0; i < s->n_fetches; i++)
    uses += s->fetch[i] == slot;
  for (int i = at + 1; i < s->n_steps; i++)
    for (int k = 0; k < s->step[i]->call.n_in; k++)
      if (s->step[i]->in[k] == slot) {
        uses++;
        reader = i;
      }
  return uses == 1 && reader >= 0 && strcmp(s->step[reader]->node.op, "Relu") == 0 ? reader : at;
}

/* ---- tables ---------------------------------------------------------------------------------- */

hrs_status hrs_sum_create(const hrs_tables *tables, int at, int sites, hrs_sum **out) {
  const hrs_step *step = tables->session->step[at];
  const hrs_sites *in = tables->sites[sites];
  hrs_sum *sum;
  HRS_TRY(hrs_calloc(1, sizeof *sum, &sum));
  *out = sum;
  sum->step = step;
  sum->last = relu_behind(tables->session, at);
  sum->relu = sum->last != at;
  sum->mean = !dense_of(tables->session, step, &sum->dense);
  sum->positions = hrs_sites_positions(in);
  sum->channels = in->channels;
  sum->units = sum->mean ? in->channels : sum->dense.units;
  HRS_TRY(hrs_calloc(sum->units, sizeof *sum->constant, &sum->constant));
  for (hrs_count u = 0; u < sum->units && !sum->mean && sum->dense.bias; u++)
    sum->constant[u] = sum->dense.beta * sum->dense.bias[u * sum->dense.bias_step];
  return hrs_alloc(sum->positions, sizeof *sum->site, &sum->site);
}

void hrs_sum_destroy(hrs_sum **sum) {
  if (!*sum) return;
  hrs_free((*sum)->constant);
  hrs_free((*sum)->node);
  hrs_free((*sum)->site);
  hrs_free((*sum)->weights);
  hrs_free((*sum)->room);
  hrs_free(*sum);
  *sum = NULL;
}

hrs_count hrs_sum_scratch(const hrs_sum *sum) {
  return (sum->positions - sum->direct) * sum->channels;
}

int hrs_sum_last(const hrs_sum *sum) {
  return sum->last;
}

static hrs_count states_of(const sum_table *node) {
  return (hrs_count)1 << hrs_order(node->players);
}

static hrs_status add_node(hrs_sum *sum, hrs_mask players) {
  HRS_TRY(hrs_realloc(&sum->node, sum->n_nodes + 1, sizeof *sum->node));
  /* Sorted: parents stand behind their children. */
  int at = sum->n_nodes++;
  while (at > 0 && hrs_order(sum->node[at - 1].players) > hrs_order(players)) {
    sum->node[at] = sum->node[at - 1];
    at--;
  }
  sum->node[at] = (sum_table){.players = players, .parent = -1};
  return HRS_OK;
}

static int find_node(const hrs_sum *sum, hrs_mask players) {
  for (int k = 0; k < sum->n_nodes; k++)
    if (sum->node[k].players == players) return k;
  return -1;
}

static bool within(hrs_mask a, hrs_mask b) {
  return !(a & ~b);
}

/* Each table's parent: the smallest proper superset, where that has fewer states than masks. */
static void find_parents(hrs_sum *sum, int bits) {
  for (int k = 0; k < sum->n_nodes; k++) {
    sum_table *own = &sum->node[k];
    own->parent = -1;
    own->direct = !sum->mean && hrs_order(own->players) >= bits;
    for (int j = k + 1; j < sum->n_nodes && own->parent < 0; j++) {
      hrs_mask players = sum->node[j].players;
      if (players != own->players && within(own->players, players) && hrs_order(players) < bits)
        own->parent = j;
    }
  }
}

/* The union of two roots over fewest players, where it has at most a quarter of the masks' states
 * and fits; 0: none. */
static hrs_mask smallest_union(const hrs_sum *sum, int bits, hrs_count most) {
  hrs_mask best = 0;
  for (int a = 0; a < sum->n_nodes; a++)
    for (int b = a + 1; b < sum->n_nodes; b++) {
      if (sum->node[a].parent >= 0 || sum->node[b].parent >= 0) continue;
      if (sum->node[a].direct || sum->node[b].direct) continue;
      hrs_mask joint = sum->node[a].players | sum->node[b].players;
      int order = hrs_order(joint);
      if (order + 2 > bits || (sum->units << order) * (hrs_count)sizeof(float) > most) continue;
      if (!best || order < hrs_order(best)) best = joint;
    }
  return best;
}

static hrs_count floats_of(const hrs_sum *sum) {
  hrs_count floats = 0;
  for (int k = 0; k < sum->n_nodes; k++)
    if (!sum->node[k].direct) floats += states_of(&sum->node[k]) * sum->units;
  return floats;
}

static const float *direct_weights(const hrs_sum *sum) {
  return sum->weights + sum->direct * sum->channels * sum->units;
}

/* Weights of the sites without a table, for the kernel of dense layers where it runs here. */
static hrs_status pack_direct(hrs_sum *sum, bool for_good) {
  hrs_count inner = (sum->positions - sum->direct) * sum->channels, floats;
  hrs_free(sum->room);
  sum->room = NULL;
  if (inner == 0 || !hrs_tile_available()) return HRS_OK;
  HRS_TRY(hrs_packed_floats(inner, sum->units, &floats));
  float *scaled = NULL;
  hrs_status status;
  HRS_GO(hrs_alloc(inner * sum->units, sizeof *scaled, &scaled));
  HRS_GO(hrs_alloc(floats, sizeof *sum->room, &sum->room));
  for (hrs_count i = 0; i < inner * sum->units; i++)
    scaled[i] = sum->dense.alpha * direct_weights(sum)[i];
  hrs_packed_fill(inner, sum->units, scaled, sum->units, 1, NULL, sum->room, &sum->packed);
  sum->packed.adds = true;
  sum->packed.relu = sum->relu;
  if (for_good) hrs_memory_constant(sum->room, sum->room, floats * (hrs_count)sizeof(float));
done:
  hrs_free(scaled);
  return status;
}

/* Where tables and sites stand, and what it costs to make them. */
static void arrange(hrs_sum *sum, const hrs_sites *sites) {
  hrs_count at = 0, offset = 0;
  sum->direct = sum->positions;
  sum->multiply_adds = 0;
  for (int k = 0; k < sum->n_nodes; k++) {
    sum_table *node = &sum->node[k];
    node->first = at;
    /* Tables over most players come last: those without one are at the end. */
    if (node->direct && at < sum->direct) sum->direct = at;
    node->offset = offset;
    for (hrs_count p = 0; p < sum->positions; p++)
      if (sites->stored[p] == node->players) sum->site[at++] = (int32_t)p;
    node->count = at - node->first;
    if (!node->direct) offset += states_of(node) * sum->units;
    double inner = (double)(node->count * (sum->mean ? 1 : sum->channels));
    sum->multiply_adds += (double)(states_of(node) * sum->units) * inner;
    if (node->parent >= 0)
      sum->multiply_adds += (double)(states_of(&sum->node[node->parent]) * sum->units);
  }
  sum->floats = offset;
}

hrs_status hrs_sum_pack(hrs_sum *sum, const hrs_sites *sites, bool for_good) {
  if (sum->mean) return HRS_OK;
  const dense_layer *d = &sum->dense;
  if (!sum->weights) HRS_TRY(hrs_alloc(d->elements * d->units, sizeof(float), &sum->weights));
  float *to = sum->weights;
  for (hrs_count i = 0; i < sum->positions; i++)
    for (hrs_count c = 0; c < sum->channels; c++) {
      hrs_count e = hrs_sites_element(sites, sum->site[i], c);
      for (hrs_count u = 0; u < d->units; u++)
        *to++ = d->weights[e * d->element_step + u * d->unit_step];
    }
  if (for_good)
    hrs_memory_constant(sum->weights, sum->weights,
                        d->elements * d->units * (hrs_count)sizeof(float));
  return pack_direct(sum, for_good);
}

hrs_status hrs_sum_lay_out(hrs_sum *sum, const hrs_sites *sites, int bits, hrs_count most) {
  sum->n_nodes = 0;
  for (hrs_count p = 0; p < sum->positions; p++)
    if (find_node(sum, sites->stored[p]) < 0) HRS_TRY(add_node(sum, sites->stored[p]));
  find_parents(sum, bits);
  for (;;) {
    hrs_mask joint = smallest_union(sum, bits, most - floats_of(sum) * (hrs_count)sizeof(float));
    if (!joint) break;
    HRS_TRY(add_node(sum, joint));
    find_parents(sum, bits);
  }
  int roots = 0;
  for (int k = 0; k < sum->n_nodes; k++)
    roots += sum->node[k].parent < 0;
  sum->additions = (double)sum->units * roots;
  arrange(sum, sites);
  return HRS_OK;
}

void hrs_sum_cost(const hrs_sum *sum, hrs_count *bytes, double *multiply_adds, double *additions) {
  *bytes = sum->floats * (hrs_count)sizeof(float);
  *multiply_adds = sum->multiply_adds;
  *additions = sum->additions;
}

void hrs_sum_place(hrs_sum *sum, char *memory) {
  sum->table = (float *)memory;
}

/* ---- filling --------------------------------------------------------------------------------- */

/* Tables that are added into this one, and, of a mean, its own sites, as terms. */
static hrs_status list_terms(hrs_tables *tables, const hrs_sum *sum, int k, const hrs_sites *sites,
                             hrs_subcube part, int *count) {
  HRS_TRY(hrs_scratch_terms(&tables->scratch, sum->n_nodes + sum->positions));
  hrs_term *term = tables->scratch.term;
  *count = 0;
  for (int j = 0; j < k; j++) {
    const sum_table *child = &sum->node[j];
    if (child->parent != k) continue;
    hrs_count row = hrs_state_row(child->players, part.fixed);
    term[(*count)++] =
        (hrs_term){child->players, sum->table + child->offset + row * sum->units, sum->units};
  }
  const sum_table *own = &sum->node[k];
  for (hrs_count i = 0; sum->mean && i < own->count; i++)
    term[(*count)++] = (hrs_term){
        own->players, (const float *)hrs_sites_fixed_row(sites, sum->site[own->first + i], part),
        sum->channels};
  return HRS_OK;
}

/* The products of a table's own sites, added to `rows` rows from its state `first` on. */
static void add_products(const hrs_sum *sum, const sum_table *node, const hrs_sites *sites,
                         hrs_count first, hrs_count rows, float beta, float *gathered, float *out) {
  hrs_count channels = sum->channels, inner = node->count * channels;
  const float *x = gathered;
  hrs_count step = inner;
  for (hrs_count i = 0; i < node->count; i++) {
    hrs_count row = sites->row[sum->site[node->first + i]] + first;
    const float *from = (const float *)sites->data + row * channels;
    if (node->count == 1) {
      x = from;
      step = channels;
      break;
    }
    for (hrs_count r = 0; r < rows; r++)
      memcpy(gathered + r * inner + i * channels, from + r * channels,
             (size_t)channels * sizeof *from);
  }
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)rows, (int)sum->units, (int)inner,
              sum->dense.alpha, x, (int)step, sum->weights + node->first * channels * sum->units,
              (int)sum->units, beta, out, (int)sum->units);
}

/* States of one part of a table. */
static hrs_status fill_part(hrs_tables *tables, hrs_sum *sum, int k, const hrs_sites *sites,
                            hrs_subcube part, hrs_count first, float *gathered) {
  const sum_table *node = &sum->node[k];
  hrs_count rows = hrs_subcube_size(part);
  float *out = sum->table + node->offset + first * sum->units;
  int terms = 0;
  HRS_TRY(list_terms(tables, sum, k, sites, part, &terms));
  if (terms > 0 || node->count == 0)
    HRS_TRY(hrs_terms_combine(HRS_COMBINE_SUM, sum->units, part.free, terms, tables->scratch.term,
                              NULL, &tables->scratch, out));
  if (!sum->mean && node->count > 0)
    add_products(sum, node, sites, first, rows, terms > 0 ? 1 : 0, gathered, out);
  if (sum->mean && node->parent < 0)
    for (hrs_count i = 0; i < rows * sum->units; i++)
      out[i] /= (float)sum->positions;
  return HRS_OK;
}

/* Parts [from, to) of a table, of 2^bits states each. */
static hrs_status fill_parts(hrs_tables *tables, hrs_sum *sum, int k, const hrs_sites *sites,
                             int bits, hrs_count from, hrs_count to, float *gathered) {
  hrs_subcube states = {tables->cube.fixed, sum->node[k].players};
  for (hrs_count p = from; p < to; p++)
    HRS_TRY(
        fill_part(tables, sum, k, sites, hrs_subcube_part(states, bits, p), p << bits, gathered));
  return HRS_OK;
}

/* With the team. */
static hrs_status fill_dealt(hrs_tables *tables, hrs_sum *sum, int k, const hrs_sites *sites,
                             int bits, float *gathered) {
  hrs_status status = HRS_OK;
  const hrs_team *team = tables->team;
  const sum_table *node = &sum->node[k];
  float *table = sum->table + node->offset;
  hrs_count parts = states_of(node) >> bits, width = sum->units * (hrs_count)sizeof *table;
  double inner = (double)(node->count * sum->channels + 1);
  if (!hrs_tables_deals(tables, (double)(states_of(node) * sum->units) * inner)) {
    if (team->share_rank == 0) status = fill_parts(tables, sum, k, sites, bits, 0, parts, gathered);
    return team->gather(team->self, status, table, NULL);
  }
  for (int r = 0; r <= team->size; r++)
    team->part[r] = (parts * r / team->size << bits) * width;
  status = fill_parts(tables, sum, k, sites, bits, parts * team->rank / team->size,
                      parts * (team->rank + 1) / team->size, gathered);
  return team->gather(team->self, status, table, team->part);
}

hrs_status hrs_sum_fill(hrs_tables *tables, hrs_sum *sum, const hrs_sites *sites) {
  hrs_count most = 0;
  for (int k = 0; k < sum->n_nodes; k++)
    if (!sum->node[k].direct && sum->node[k].count * sum->channels > most)
      most = sum->node[k].count * sum->channels;
  float *gathered;
  hrs_status status =
      hrs_alloc(sum->mean ? 0 : most * HRS_SITES_CHUNK, sizeof *gathered, &gathered);
  for (int k = 0; k < sum->n_nodes && status == HRS_OK; k++) {
    if (sum->node[k].direct) continue;
    int bits = 0, order = hrs_order(sum->node[k].players);
    while (bits < order && (hrs_count)2 << bits <= HRS_SITES_CHUNK)
      bits++;
    if (tables->team && !tables->sum_in_block)
      status = fill_dealt(tables, sum, k, sites, bits, gathered);
    else
      status =
          fill_parts(tables, sum, k, sites, bits, 0, states_of(&sum->node[k]) >> bits, gathered);
  }
  hrs_free(gathered);
  return status;
}

/* Add the products of sites without a table at all masks of a sub-cube. */
static hrs_status multiply_direct(hrs_tables *tables, const hrs_sum *sum, hrs_subcube cube,
                                  float *out) {
  const hrs_sites *sites = hrs_tables_summed(tables);
  hrs_count channels = sum->channels, inner = (sum->positions - sum->direct) * channels;
  hrs_count masks = hrs_subcube_size(cube);
  HRS_TRY(hrs_scratch_rows(&tables->scratch, masks));
  HRS_TRY(hrs_scratch_floats(&tables->scratch, masks * inner));
  float *gathered = tables->scratch.value;
  for (hrs_count i = sum->direct; i < sum->positions; i++) {
    hrs_count p = sum->site[i];
    const float *from = (const float *)hrs_sites_fixed_row(sites, p, cube);
    float *to = gathered + (i - sum->direct) * channels;
    hrs_state_rows(cube.free, sites->stored[p], tables->scratch.index);
    for (hrs_count m = 0; m < masks; m++)
      memcpy(to + m * inner, from + tables->scratch.index[m] * channels,
             (size_t)channels * sizeof *from);
  }
  if (sum->room) {
    hrs_packed_run(&sum->packed, masks, gathered, out);
    return HRS_OK;
  }
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)masks, (int)sum->units, (int)inner,
              sum->dense.alpha, gathered, (int)inner, direct_weights(sum), (int)sum->units, 1, out,
              (int)sum->units);
  return HRS_OK;
}

static void apply_relu(hrs_count n, float *x) {
  for (hrs_count i = 0; i < n; i++)
    x[i] = x[i] < 0 ? 0 : x[i];
}

hrs_status hrs_sum_expand(hrs_tables *tables, const hrs_sum *sum, hrs_subcube cube, float *out) {
  HRS_TRY(hrs_scratch_terms(&tables->scratch, sum->n_nodes));
  int count = 0;
  for (int k = 0; k < sum->n_nodes; k++) {
    const sum_table *root = &sum->node[k];
    if (root->parent >= 0 || root->direct) continue;
    hrs_count row = hrs_state_row(root->players, cube.fixed);
    tables->scratch.term[count++] =
        (hrs_term){root->players, sum->table + root->offset + row * sum->units, sum->units};
  }
  bool direct = sum->direct < sum->positions;
  if (direct) {
    HRS_TRY(hrs_terms_add(sum->units, cube.free, count, tables->scratch.term, sum->constant,
                          &tables->scratch, out));
    HRS_TRY(multiply_direct(tables, sum, cube, out));
  } else {
    HRS_TRY(hrs_terms_combine(HRS_COMBINE_SUM, sum->units, cube.free, count, tables->scratch.term,
                              sum->constant, &tables->scratch, out));
  }
  bool done = direct && sum->room; /* by the product */
  if (sum->relu && !done) apply_relu(hrs_subcube_size(cube) * sum->units, out);
  return HRS_OK;
}
