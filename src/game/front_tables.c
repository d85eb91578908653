/*
 * Tables of the front, layer by layer: for each site and each state of its players one row.
 *
 * A row reads the rows of other sites at the state restricted to their players, which are a subset:
 * one list of row numbers for each pair of sites (hrs_front_map). Convolutions gather what their
 * windows see and are one matrix product for many rows; operators that look at one position at a
 * time run themselves on rows as if these were images of a single pixel.
 */
#include "front.h"

#include <cblas.h>
#include <math.h>
#include <string.h>

enum { GATHERED = 1 << 18 }; /* floats that are gathered for one matrix product */

void hrs_front_map(hrs_mask from, hrs_mask to, int32_t *index) {
  hrs_count size = 1;
  int32_t place = 1;
  index[0] = 0;
  for (; from; from &= from - 1, size *= 2) {
    bool has = (from & -from & to) != 0;
    for (hrs_count i = 0; i < size; i++)
      index[size + i] = index[i] + (has ? place : 0);
    place = has ? 2 * place : place;
  }
}

static hrs_status make_data(hrs_sites *sites) {
  if (sites->data) return HRS_OK;
  return hrs_alloc(hrs_sites_rows(sites) * sites->channels, sizeof *sites->data, &sites->data);
}

/* ---- the masked tensor ---------------------------------------------------------------------- */

static void fill_input(hrs_sites *sites, const int32_t *label, const float *sample,
                       const float *baseline) {
  hrs_count positions = hrs_sites_count(sites);
  for (hrs_count at = 0; at < positions; at++) {
    hrs_mask players = sites->players[at];
    hrs_count states = sites->row[at + 1] - sites->row[at];
    float *row = sites->data + sites->row[at] * sites->channels;
    for (hrs_count state = 0; state < states; state++)
      for (hrs_count c = 0; c < sites->channels; c++) {
        hrs_count e = c * positions + at;
        int player = label[e];
        /* The player's bit in the state: its place among the site's players. */
        bool present =
            player < 0 || state >> hrs_order(players & (((hrs_mask)1 << player) - 1)) & 1;
        *row++ = present ? sample[e] : baseline[e];
      }
  }
}

/* ---- windows -------------------------------------------------------------------------------- */

/* Where a window's elements lie: offset of position (y, x) of the input, or -1 outside. */
static hrs_count window_at(const hrs_window *w, const hrs_sites *in, hrs_count y, hrs_count x,
                           hrs_count ky, hrs_count kx) {
  hrs_count iy = hrs_window_at(w, 1, y, ky), ix = hrs_window_at(w, 2, x, kx);
  bool inside = iy >= 0 && iy < in->height && ix >= 0 && ix < in->width;
  return inside ? iy * in->width + ix : -1;
}

typedef struct conv {
  hrs_window window;
  hrs_count taps, groups, in_channels, out_channels; /* channels of a group */
  float *weights; /* [groups][taps * in_channels][out_channels] */
  const float *bias;
  float *gathered; /* [rows][groups][taps * in_channels] */
  hrs_count rows, most;
  float *out; /* where the first gathered row goes */
} conv;

static hrs_status conv_prepare(const hrs_step *step, const hrs_sites *in, conv *c) {
  const hrs_tensor *w = &step->call.in[1];
  HRS_TRY(hrs_front_read_window(step, &c->window));
  c->groups = hrs_attr_int(&step->node, "group", 1);
  c->in_channels = w->dim[1];
  c->out_channels = w->dim[0] / c->groups;
  c->taps = c->window.kernel[1] * c->window.kernel[2];
  hrs_count inner = c->taps * c->in_channels;
  HRS_TRY(hrs_alloc(c->groups * inner * c->out_channels, sizeof *c->weights, &c->weights));
  const float *from = w->data;
  for (hrs_count g = 0; g < c->groups; g++)
    for (hrs_count o = 0; o < c->out_channels; o++)
      for (hrs_count i = 0; i < c->in_channels; i++)
        for (hrs_count t = 0; t < c->taps; t++)
          c->weights[(g * inner + t * c->in_channels + i) * c->out_channels + o] = *from++;
  c->bias = step->call.n_in > 2 && step->in[2] >= 0 ? step->call.in[2].data : NULL;
  c->most = GATHERED / (c->groups * inner);
  if (c->most < 16) c->most = 16;
  (void)in;
  return hrs_alloc(c->most * c->groups * inner, sizeof *c->gathered, &c->gathered);
}

/* The product of what was gathered. */
static void conv_flush(conv *c) {
  hrs_count inner = c->taps * c->in_channels, wide = c->groups * c->out_channels;
  if (c->rows == 0) return;
  for (hrs_count r = 0; r < c->rows; r++)
    for (hrs_count o = 0; o < wide; o++)
      c->out[r * wide + o] = c->bias ? c->bias[o] : 0;
  for (hrs_count g = 0; g < c->groups; g++)
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)c->rows, (int)c->out_channels,
                (int)inner, 1, c->gathered + g * inner, (int)(c->groups * inner),
                c->weights + g * inner * c->out_channels, (int)c->out_channels, 1,
                c->out + g * c->out_channels, (int)wide);
  c->out += c->rows * wide;
  c->rows = 0;
}

/* States [from, from + count) of a site's window, gathered from row number `at` on. */
static void conv_gather(conv *c, const hrs_sites *in, hrs_count tap, hrs_count position,
                        const int32_t *index, hrs_count count) {
  hrs_count inner = c->taps * c->in_channels, all = c->groups * c->in_channels;
  float *to = c->gathered + c->rows * c->groups * inner + tap * c->in_channels;
  const float *table = position < 0 ? NULL : in->data + in->row[position] * all;
  for (hrs_count s = 0; s < count; s++)
    for (hrs_count g = 0; g < c->groups; g++) {
      float *row = to + (s * c->groups + g) * inner;
      if (table)
        memcpy(row, table + index[s] * all + g * c->in_channels,
               (size_t)c->in_channels * sizeof *row);
      else
        memset(row, 0, (size_t)c->in_channels * sizeof *row);
    }
}

static hrs_status run_conv(const hrs_step *step, const hrs_sites *in, hrs_sites *out,
                           int32_t *index) {
  conv c = {.out = out->data};
  hrs_status status = conv_prepare(step, in, &c);
  for (hrs_count y = 0; y < out->height && status == HRS_OK; y++)
    for (hrs_count x = 0; x < out->width; x++) {
      hrs_count at = y * out->width + x, states = out->row[at + 1] - out->row[at];
      for (hrs_count from = 0; from < states;) {
        hrs_count count = c.most - c.rows < states - from ? c.most - c.rows : states - from;
        for (hrs_count tap = 0; tap < c.taps; tap++) {
          hrs_count position =
              window_at(&c.window, in, y, x, tap / c.window.kernel[2], tap % c.window.kernel[2]);
          if (position >= 0) hrs_front_map(out->players[at], in->players[position], index);
          conv_gather(&c, in, tap, position, index + from, count);
        }
        c.rows += count;
        from += count;
        if (c.rows == c.most) conv_flush(&c);
      }
    }
  if (status == HRS_OK) conv_flush(&c);
  hrs_free(c.weights);
  hrs_free(c.gathered);
  return status;
}

/* Padding counts for an average where it lies within the padded input. */
static hrs_count padded_elements(const hrs_window *w, int axis, hrs_count o) {
  hrs_count from, to;
  hrs_window_elements(w, axis, o, -w->before[axis], w->in[axis] + w->after[axis], &from, &to);
  return to - from;
}

static hrs_status run_pool(const hrs_step *step, const hrs_sites *in, hrs_sites *out,
                           int32_t *index) {
  hrs_window w;
  HRS_TRY(hrs_front_read_window(step, &w));
  bool average = strcmp(step->node.op, "AveragePool") == 0;
  bool include = average && hrs_attr_int(&step->node, "count_include_pad", 0);
  hrs_count channels = out->channels, taps = w.kernel[1] * w.kernel[2];
  for (hrs_count y = 0; y < out->height; y++)
    for (hrs_count x = 0; x < out->width; x++) {
      hrs_count at = y * out->width + x, states = out->row[at + 1] - out->row[at], used = 0;
      float *rows = out->data + out->row[at] * channels;
      for (hrs_count i = 0; i < states * channels; i++)
        rows[i] = average ? 0 : -INFINITY;
      for (hrs_count tap = 0; tap < taps; tap++) {
        hrs_count position = window_at(&w, in, y, x, tap / w.kernel[2], tap % w.kernel[2]);
        if (position < 0) continue;
        used++;
        hrs_front_map(out->players[at], in->players[position], index);
        const float *table = in->data + in->row[position] * channels;
        for (hrs_count s = 0; s < states; s++) {
          const float *from = table + index[s] * channels;
          float *to = rows + s * channels;
          for (hrs_count c = 0; c < channels; c++)
            to[c] = average ? to[c] + from[c] : from[c] > to[c] ? from[c] : to[c];
        }
      }
      if (include) used = padded_elements(&w, 1, y) * padded_elements(&w, 2, x);
      for (hrs_count i = 0; average && i < states * channels; i++)
        rows[i] /= (float)used;
    }
  return HRS_OK;
}

/* ---- one position at a time ----------------------------------------------------------------- */

/* Rows of an input at every state of every output site. */
static hrs_status gather_rows(const hrs_sites *in, const hrs_sites *out, int32_t *index,
                              float **rows) {
  hrs_count channels = in->channels;
  HRS_TRY(hrs_alloc(hrs_sites_rows(out) * channels, sizeof **rows, rows));
  float *to = *rows;
  for (hrs_count at = 0; at < hrs_sites_count(out); at++) {
    hrs_count states = out->row[at + 1] - out->row[at];
    const float *table = in->data + in->row[at] * channels;
    hrs_front_map(out->players[at], in->players[at], index);
    for (hrs_count s = 0; s < states; s++, to += channels)
      memcpy(to, table + index[s] * channels, (size_t)channels * sizeof *to);
  }
  return HRS_OK;
}

/* The step's operator on `rows` instances of [1, channels, 1, 1]. */
static hrs_status run_operator(const hrs_step *step, hrs_tensor *in, hrs_tensor *out,
                               hrs_count rows) {
  hrs_node node = step->node;
  node.state = NULL;
  hrs_call call = {
      .node = &node, .batch = 1, .n_in = step->call.n_in, .n_out = 1, .in = in, .out = out};
  float *data = out->data;
  float *varying[64];
  for (int i = 0; i < call.n_in; i++) {
    varying[i] = in[i].step ? in[i].data : NULL;
    if (varying[i]) in[i].data = NULL; /* infer is not to take them for constants */
  }
  hrs_status status = node.def->infer(&call);
  if (status == HRS_OK) status = hrs_alloc(call.workspace_bytes, 1, &call.workspace);
  hrs_count step_out = hrs_tensor_count(out);
  out->data = data;
  out->step = step_out;
  for (int i = 0; i < call.n_in; i++)
    if (varying[i]) in[i].data = varying[i];
  bool batched = (node.def->flags & HRS_OP_BATCHED) != 0;
  call.batch = batched ? rows : 1;
  if (status == HRS_OK && node.def->flags & HRS_OP_VIEW)
    memcpy(data, varying[0], (size_t)(rows * step_out) * sizeof *data);
  else
    for (hrs_count row = 0; status == HRS_OK && row < rows; row += call.batch) {
      status = node.def->run(&call);
      for (int i = 0; i < call.n_in && !batched; i++)
        if (varying[i]) in[i].data = (float *)in[i].data + in[i].step;
      if (!batched) out->data = (float *)out->data + step_out;
    }
  hrs_free(node.state);
  hrs_free(call.workspace);
  return status;
}

static hrs_status run_sitewise(hrs_front *front, const hrs_step *step, int32_t *index) {
  enum { MOST_INPUTS = 64 };
  hrs_sites *out = front->site[step->out[0]];
  hrs_tensor in[MOST_INPUTS], result = step->call.out[0];
  float *rows[MOST_INPUTS] = {NULL};
  int count = step->call.n_in;
  HRS_ASSERT(count <= MOST_INPUTS);
  hrs_status status = HRS_OK;
  for (int i = 0; i < count && status == HRS_OK; i++) {
    in[i] = step->call.in[i];
    if (step->in[i] < 0 || !front->session->slot[step->in[i]].varies) continue;
    const hrs_sites *from = front->site[step->in[i]];
    in[i].dim[2] = in[i].dim[3] = 1;
    in[i].step = from->channels;
    bool same = memcmp(from->players, out->players,
                       (size_t)hrs_sites_count(out) * sizeof *out->players) == 0;
    if (!same) status = gather_rows(from, out, index, &rows[i]);
    in[i].data = same ? from->data : rows[i];
  }
  result.dim[2] = result.dim[3] = 1;
  result.data = out->data;
  if (status == HRS_OK) status = run_operator(step, in, &result, hrs_sites_rows(out));
  for (int i = 0; i < count; i++)
    hrs_free(rows[i]);
  return status;
}

/* ---- all of them ---------------------------------------------------------------------------- */

hrs_status hrs_front_run(hrs_front *front, const hrs_step *step) {
  hrs_front_kind kind = hrs_front_kind_of(front->session, step, front->site);
  hrs_sites *in = front->site[step->in[0]], *out = front->site[step->out[0]];
  HRS_TRY(make_data(out));
  hrs_count most = 1;
  for (hrs_count at = 0; at < hrs_sites_count(out); at++)
    if (out->row[at + 1] - out->row[at] > most) most = out->row[at + 1] - out->row[at];
  if (kind == HRS_FRONT_VIEW) {
    memcpy(out->data, in->data, (size_t)(hrs_sites_rows(in) * in->channels) * sizeof *in->data);
    return HRS_OK;
  }
  int32_t *index;
  HRS_TRY(hrs_alloc(most, sizeof *index, &index));
  hrs_status status = kind == HRS_FRONT_CONV   ? run_conv(step, in, out, index)
                      : kind == HRS_FRONT_POOL ? run_pool(step, in, out, index)
                                               : run_sitewise(front, step, index);
  hrs_free(index);
  return status;
}

/* The weight rows that belong to the elements of a site, and what they add at each state. */
static void add_dense(const hrs_front_dense *d, const hrs_sites *sites, hrs_count at,
                      float *weights, float *table, hrs_count states) {
  hrs_count positions = hrs_sites_count(sites), channels = sites->channels;
  for (hrs_count c = 0; c < channels; c++)
    for (hrs_count u = 0; u < d->units; u++)
      weights[c * d->units + u] =
          d->weights[(c * positions + at) * d->element_step + u * d->unit_step];
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)states, (int)d->units, (int)channels,
              d->alpha, sites->data + sites->row[at] * channels, (int)channels, weights,
              (int)d->units, 1, table, (int)d->units);
}

static void add_mean(const hrs_sites *sites, hrs_count at, float *table, hrs_count states) {
  float part = 1 / (float)hrs_sites_count(sites);
  const float *rows = sites->data + sites->row[at] * sites->channels;
  for (hrs_count i = 0; i < states * sites->channels; i++)
    table[i] += part * rows[i];
}

/* The terms of a sum, from the sites that are summed. */
static hrs_status make_terms(hrs_front *front) {
  const hrs_sites *sites = front->site[front->end_slot];
  hrs_mask *players = NULL;
  float *weights = NULL;
  hrs_status status = HRS_OK;
  hrs_front_dense d = {.units = front->units};
  if (front->end == HRS_FRONT_DENSE)
    hrs_front_dense_of(front->session, front->session->step[front->end_step], &d);
  if (!front->term) {
    HRS_GO(hrs_sites_distinct(sites, &players, &front->terms));
    HRS_GO(hrs_calloc(front->terms, sizeof *front->term, &front->term));
    for (int k = 0; k < front->terms; k++) {
      front->term[k].players = players[k];
      HRS_GO(hrs_alloc((hrs_count)front->units << hrs_order(players[k]), sizeof(float),
                       &front->term[k].table));
    }
    HRS_GO(hrs_calloc(front->units, sizeof *front->constant, &front->constant));
    for (hrs_count u = 0; u < front->units; u++)
      front->constant[u] = d.bias ? d.beta * d.bias[u * d.bias_step] : 0;
  }
  HRS_GO(hrs_alloc(sites->channels * front->units, sizeof *weights, &weights));
  for (int k = 0; k < front->terms; k++) {
    hrs_front_term *term = &front->term[k];
    hrs_count states = (hrs_count)1 << hrs_order(term->players);
    memset(term->table, 0, (size_t)(states * front->units) * sizeof(float));
    for (hrs_count at = 0; at < hrs_sites_count(sites); at++) {
      if (sites->players[at] != term->players) continue;
      if (front->end == HRS_FRONT_DENSE)
        add_dense(&d, sites, at, weights, term->table, states);
      else
        add_mean(sites, at, term->table, states);
    }
  }
done:
  hrs_free(players);
  hrs_free(weights);
  return status;
}

hrs_status hrs_front_fill(hrs_front *front, const int32_t *label, const float *sample,
                          const float *baseline) {
  const hrs_session *s = front->session;
  hrs_sites *input = front->site[s->feed[0].slot];
  HRS_TRY(make_data(input));
  fill_input(input, label, sample, baseline);
  for (int i = 0; i < front->steps; i++)
    if (!s->step[i]->folded && front->site[s->step[i]->out[0]])
      HRS_TRY_CONTEXT(hrs_front_run(front, s->step[i]), "%s", s->model->path);
  return front->end == HRS_FRONT_TENSOR ? HRS_OK : make_terms(front);
}
