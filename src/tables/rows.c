/*
 * Tables that are made row by row, from one row of each input: rows are taken as they lie in the
 * inputs' tables where these have the same states, and gathered where not.
 */
#include "sites.h"

#include "network/operators/convolution.h"

#include <cblas.h>
#include <string.h>

hrs_status hrs_products_pack(hrs_sites *sites) {
  const hrs_tensor *w = &sites->step->call.in[1];
  hrs_count wide = w->dim[0], depth = w->dim[1], count = hrs_tensor_count(w);
  hrs_count taps = count / (wide * depth);
  HRS_TRY(hrs_alloc(count, sizeof *sites->weights, &sites->weights));
  const float *weight = w->data;
  for (hrs_count o = 0; o < wide; o++)
    for (hrs_count i = 0; i < depth; i++)
      for (hrs_count t = 0; t < taps; t++)
        sites->weights[(i * taps + t) * wide + o] = *weight++;
  hrs_memory_constant(sites->weights, sites->weights, count * (hrs_count)sizeof(float));
  return HRS_OK;
}

/* Rows times the weights of all taps, [in of a group][taps][out of all groups]. */
static void multiply(const hrs_tables *tables, const hrs_sites *sites, const float *x, float *y,
                     int rows) {
  const hrs_tensor *w = &sites->step->call.in[1];
  hrs_count groups = ((const hrs_conv *)sites->step->node.state)->groups, wide = w->dim[0];
  hrs_count depth = w->dim[1], all = sites->channels, each = wide / groups;
  int step = (int)tables->sites[sites->in[0]]->channels;
  if (groups == 1) {
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, (int)all, (int)depth, 1, x, step,
                sites->weights, (int)all, 0, y, (int)all);
    return;
  }
  for (hrs_count g = 0; g < groups; g++)
    for (hrs_count first = g * each; first < all; first += wide)
      cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, (int)each, (int)depth, 1,
                  x + g * depth, step, sites->weights + first, (int)all, 0, y + first, (int)all);
}

static hrs_status apply(const hrs_tables *tables, hrs_sites *sites, char *const *in, char *out,
                        hrs_count rows) {
  if (sites->kind == HRS_SITES_ROWWISE) return hrs_rowwise_apply(tables, sites, in, out, rows);
  multiply(tables, sites, (const float *)in[0], (float *)out, (int)rows);
  return HRS_OK;
}

bool hrs_sites_by_rows(const hrs_tables *tables, const hrs_sites *sites) {
  if (sites->kind != HRS_SITES_PRODUCTS && sites->kind != HRS_SITES_ROWWISE) return false;
  size_t size = (size_t)hrs_sites_positions(sites) * sizeof *sites->stored;
  for (int i = 0; i < sites->n_in; i++) {
    if (sites->in[i] < 0) continue;
    const hrs_sites *in = tables->sites[sites->in[i]];
    if (sites->place[i] || memcmp(in->stored, sites->stored, size) != 0) return false;
  }
  return true;
}

/* Rows as they lie in the inputs' tables. */
static hrs_status run_straight(const hrs_tables *tables, hrs_sites *sites, hrs_count from,
                               hrs_count to, char **in) {
  for (hrs_count row = from; row < to; row += HRS_SITES_CHUNK) {
    hrs_count rows = to - row < HRS_SITES_CHUNK ? to - row : HRS_SITES_CHUNK;
    for (int i = 0; i < sites->n_in; i++)
      if (sites->in[i] >= 0) {
        const hrs_sites *table = tables->sites[sites->in[i]];
        in[i] = table->data + row * hrs_sites_width(table);
      }
    HRS_TRY(apply(tables, sites, in, sites->data + row * hrs_sites_width(sites), rows));
  }
  return HRS_OK;
}

/* Rows of the inputs at the states of a position, from number `at` of the gathered ones on. */
static void gather_part(const hrs_tables *tables, const hrs_sites *sites, hrs_count position,
                        hrs_subcube part, char *const *gathered, hrs_count at) {
  int32_t index[HRS_SITES_CHUNK];
  for (int i = 0; i < sites->n_in; i++) {
    if (sites->in[i] < 0) continue;
    const hrs_sites *in = tables->sites[sites->in[i]];
    hrs_count p = sites->place[i] ? sites->place[i][position] : position;
    hrs_count width = hrs_sites_width(in);
    const char *from = hrs_sites_fixed_row(in, p, part);
    char *to = gathered[i] + at * width;
    hrs_state_rows(part.free, in->stored[p], index);
    for (hrs_count s = 0; s < hrs_subcube_size(part); s++)
      memcpy(to + s * width, from + index[s] * width, (size_t)width);
  }
}

static hrs_status run_gathered(const hrs_tables *tables, hrs_sites *sites, hrs_count from,
                               hrs_count to, char *const *gathered) {
  char *out = sites->data + sites->row[from] * hrs_sites_width(sites);
  hrs_count rows = 0;
  for (hrs_count at = from; at < to; at++) {
    hrs_subcube states = {tables->cube.fixed, sites->stored[at]};
    int bits = 0, order = hrs_order(states.free);
    while (bits < order && (hrs_count)2 << bits <= HRS_SITES_CHUNK)
      bits++;
    for (hrs_count part = 0; part < (hrs_count)1 << (order - bits); part++) {
      if (rows + ((hrs_count)1 << bits) > HRS_SITES_CHUNK) {
        HRS_TRY(apply(tables, sites, gathered, out, rows));
        out += rows * hrs_sites_width(sites);
        rows = 0;
      }
      gather_part(tables, sites, at, hrs_subcube_part(states, bits, part), gathered, rows);
      rows += (hrs_count)1 << bits;
    }
  }
  return rows > 0 ? apply(tables, sites, gathered, out, rows) : HRS_OK;
}

hrs_status hrs_rows_run(hrs_tables *tables, hrs_sites *sites, hrs_count from, hrs_count to) {
  char **in;
  HRS_TRY(hrs_calloc(sites->n_in, sizeof *in, &in));
  if (hrs_sites_by_rows(tables, sites)) {
    hrs_status status = run_straight(tables, sites, from, to, in);
    hrs_free(in);
    return status;
  }
  hrs_status status = HRS_OK;
  for (int i = 0; i < sites->n_in && status == HRS_OK; i++)
    if (sites->in[i] >= 0)
      status = hrs_alloc(HRS_SITES_CHUNK * hrs_sites_width(tables->sites[sites->in[i]]), 1, &in[i]);
  if (status == HRS_OK) status = run_gathered(tables, sites, from, to, in);
  for (int i = 0; i < sites->n_in; i++)
    hrs_free(in[i]);
  hrs_free(in);
  return status;
}
