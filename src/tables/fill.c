/*
 * Making the tables, one tensor after the other: for each site and each state of its players a row.
 *
 * A site reads rows of other sites at its own state restricted to their players, which are a
 * subset. A convolution is two steps: the rows of its input times the weights of every tap, one
 * matrix product over few rows, and then the sums of those over each window (hrs_terms_combine),
 * whose sites have many more states, but cost additions only.
 */
#include "sites.h"

#include "network/operators/pool.h"

#include <math.h>
#include <string.h>

/* ---- the masked tensor, constants, moves ----------------------------------------------------- */

static void fill_input(hrs_sites *sites, const int32_t *label, const char *sample,
                       const char *baseline) {
  size_t size = hrs_dtype_size(sites->type);
  char *to = sites->data;
  for (hrs_count at = 0; at < hrs_sites_positions(sites); at++) {
    hrs_mask players = sites->players[at];
    for (hrs_count state = 0; state < (hrs_count)1 << hrs_order(players); state++)
      for (hrs_count c = 0; c < sites->channels; c++, to += size) {
        hrs_count e = hrs_sites_element(sites, at, c);
        int player = label[e];
        /* The player's bit in the state: its place among the site's players. */
        bool present =
            player < 0 || state >> hrs_order(players & (((hrs_mask)1 << player) - 1)) & 1;
        memcpy(to, (present ? sample : baseline) + e * (hrs_count)size, size);
      }
  }
}

static void run_constant(const hrs_tables *tables, hrs_sites *sites) {
  const char *from = tables->session->slot[sites->step->in[sites->operand]].tensor.data;
  size_t size = hrs_dtype_size(sites->type);
  char *to = sites->data;
  for (hrs_count at = 0; at < hrs_sites_positions(sites); at++)
    for (hrs_count c = 0; c < sites->channels; c++, to += size)
      memcpy(to, from + hrs_sites_element(sites, at, c) * (hrs_count)size, size);
}

/* Channels of one position that stand side by side in an input's rows. */
typedef struct stretch {
  const hrs_sites *in;
  hrs_count position, channel, length;
} stretch;

/* The stretch that starts at channel c of a position. */
static stretch stretch_at(const hrs_tables *tables, const hrs_sites *sites, hrs_count at,
                          hrs_count c) {
  hrs_count next = -1;
  stretch own = {0};
  for (; c < sites->channels; c++) {
    hrs_count e = sites->source[hrs_sites_element(sites, at, c)];
    int i = 0;
    for (; e >= 0 && i < sites->n_in; i++) {
      const hrs_sites *in = tables->sites[sites->in[i]];
      hrs_count size = hrs_sites_positions(in) * in->channels;
      if (e < size) break;
      e -= size;
    }
    const hrs_sites *in = e >= 0 ? tables->sites[sites->in[i]] : NULL;
    hrs_count position = in ? hrs_sites_position(in, e) : 0;
    hrs_count channel = in ? hrs_sites_channel(in, e) : 0;
    if (own.length == 0)
      own.in = in, own.position = position, own.channel = channel;
    else if (in != own.in || position != own.position || (in && channel != next))
      break;
    next = channel + 1;
    own.length++;
  }
  return own;
}

static hrs_status run_move(hrs_tables *tables, hrs_sites *sites, hrs_count from, hrs_count to) {
  size_t size = hrs_dtype_size(sites->type);
  hrs_count width = hrs_sites_width(sites);
  for (hrs_count at = from; at < to; at++) {
    hrs_subcube states = {tables->cube.fixed, sites->stored[at]};
    hrs_count count = hrs_subcube_size(states);
    HRS_TRY(hrs_scratch_rows(&tables->scratch, count));
    for (hrs_count c = 0; c < sites->channels;) {
      stretch part = stretch_at(tables, sites, at, c);
      char *out = sites->data + sites->row[at] * width + c * (hrs_count)size;
      size_t bytes = (size_t)part.length * size;
      c += part.length;
      if (!part.in) {
        for (hrs_count s = 0; s < count; s++)
          memset(out + s * width, 0, bytes);
        continue;
      }
      hrs_state_rows(states.free, part.in->stored[part.position], tables->scratch.index);
      const char *in =
          hrs_sites_fixed_row(part.in, part.position, states) + part.channel * (hrs_count)size;
      hrs_count step = hrs_sites_width(part.in);
      for (hrs_count s = 0; s < count; s++)
        memcpy(out + s * width, in + tables->scratch.index[s] * step, bytes);
    }
  }
  return HRS_OK;
}

/* ---- windows -------------------------------------------------------------------------------- */

/* What a window sees of its input, as terms; their number. */
static hrs_status window_terms(hrs_tables *tables, const hrs_sites *sites, hrs_count at,
                               int *count) {
  const hrs_sites *in = tables->sites[sites->in[0]];
  hrs_count taps = hrs_window_kernel(&sites->window);
  hrs_count slice = sites->kind == HRS_SITES_TAPS ? in->channels / taps : 0;
  hrs_subcube states = {tables->cube.fixed, sites->stored[at]};
  *count = 0;
  for (hrs_count tap = 0; tap < taps; tap++) {
    hrs_count from = hrs_window_source(&sites->window, at, tap);
    if (from < 0) continue;
    const float *row = (const float *)hrs_sites_fixed_row(in, from, states);
    tables->scratch.term[(*count)++] =
        (hrs_term){in->stored[from], row + tap * slice, in->channels};
  }
  return HRS_OK;
}

/* Maxima pass NaN over. A window of nothing else is NaN, though, as a full pass has it. */
static void mark_nan(hrs_tables *tables, const hrs_sites *sites, hrs_count at, int terms,
                     float *out) {
  hrs_count rows = sites->row[at + 1] - sites->row[at], width = sites->channels;
  bool lowest = false;
  for (hrs_count i = 0; i < rows * width; i++)
    lowest |= out[i] == -INFINITY;
  if (!lowest || terms == 0) return;
  for (hrs_count i = 0; i < rows * width; i++)
    if (out[i] == -INFINITY) out[i] = NAN;
  for (int k = 0; k < terms; k++) {
    const hrs_term *term = &tables->scratch.term[k];
    hrs_state_rows(sites->stored[at], term->players, tables->scratch.index);
    for (hrs_count i = 0; i < rows; i++)
      for (hrs_count c = 0; c < width; c++)
        if (isnan(out[i * width + c]) &&
            !isnan(term->data[tables->scratch.index[i] * term->step + c]))
          out[i * width + c] = -INFINITY;
  }
}

static hrs_status run_window(hrs_tables *tables, hrs_sites *sites, hrs_count from, hrs_count to) {
  const hrs_step *step = sites->step;
  bool conv = sites->kind == HRS_SITES_TAPS, average = step->node.def->facts.fold == HRS_FOLD_MEAN;
  const float *bias = NULL;
  if (conv && step->call.n_in > 2 && step->in[2] >= 0) bias = step->call.in[2].data;
  HRS_TRY(hrs_scratch_terms(&tables->scratch, hrs_window_kernel(&sites->window)));
  for (hrs_count at = from; at < to; at++) {
    int terms;
    HRS_TRY(window_terms(tables, sites, at, &terms));
    float *out = (float *)sites->data + sites->row[at] * sites->channels;
    HRS_TRY(hrs_terms_combine(conv || average ? HRS_COMBINE_SUM : HRS_COMBINE_MAX, sites->channels,
                              sites->stored[at], terms, tables->scratch.term, bias,
                              &tables->scratch, out));
    if (!conv && !average) mark_nan(tables, sites, at, terms, out);
    if (!average) continue;
    float divisor = (float)hrs_pool_divisor(&step->node, at);
    hrs_count count = (sites->row[at + 1] - sites->row[at]) * sites->channels;
    for (hrs_count i = 0; i < count; i++)
      out[i] /= divisor;
  }
  return HRS_OK;
}

/* ---- all of them ---------------------------------------------------------------------------- */

/* Make positions, or rows (hrs_sites_by_rows), [from, to) of a table. */
static hrs_status run(hrs_tables *tables, hrs_sites *sites, hrs_count from, hrs_count to) {
  switch (sites->kind) {
  case HRS_SITES_INPUT: /* hrs_tables_fill's */
    return HRS_OK;
  case HRS_SITES_CONSTANT:
    run_constant(tables, sites);
    return HRS_OK;
  case HRS_SITES_MOVE:
    return run_move(tables, sites, from, to);
  case HRS_SITES_TAPS:
  case HRS_SITES_POOL:
    return run_window(tables, sites, from, to);
  case HRS_SITES_PRODUCTS:
  case HRS_SITES_ROWWISE:
    return hrs_rows_run(tables, sites, from, to);
  }
  return HRS_OK;
}

static hrs_status run_alone(hrs_tables *tables, hrs_sites *sites) {
  hrs_count units =
      hrs_sites_by_rows(tables, sites) ? hrs_sites_rows(sites) : hrs_sites_positions(sites);
  HRS_TRY_CONTEXT(run(tables, sites, 0, units), "%s", tables->session->model->path);
  return HRS_OK;
}

/* ---- dealt over a team ----------------------------------------------------------------------- */

/* First position, or row, of a rank's part of a table. */
static hrs_count part_start(const hrs_sites *sites, bool by_rows, int rank, int size) {
  hrs_count rows = hrs_sites_rows(sites), positions = hrs_sites_positions(sites);
  if (by_rows) {
    /* Whole products, so that bits do not depend on the number of ranks. */
    hrs_count chunks = (rows + HRS_SITES_CHUNK - 1) / HRS_SITES_CHUNK;
    hrs_count row = chunks * rank / size * HRS_SITES_CHUNK;
    return row < rows ? row : rows;
  }
  hrs_count low = 0, high = positions, wanted = rows / size * rank;
  if (rank == size) return positions;
  while (low < high) {
    hrs_count middle = (low + high) / 2;
    if (sites->row[middle] < wanted)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/* A table, with the team. */
static hrs_status run_dealt(hrs_tables *tables, hrs_sites *sites) {
  const hrs_team *team = tables->team;
  hrs_status status = HRS_OK;
  bool by_rows = hrs_sites_by_rows(tables, sites);
  hrs_count width = hrs_sites_width(sites);
  if (!hrs_tables_deals(tables, (double)hrs_sites_rows(sites) * sites->work)) {
    if (team->share_rank == 0) status = run(tables, sites, 0, part_start(sites, by_rows, 1, 1));
    return team->gather(team->self, status, sites->data, NULL);
  }
  for (int r = 0; r <= team->size; r++)
    team->part[r] = part_start(sites, by_rows, r, team->size);
  status = run(tables, sites, team->part[team->rank], team->part[team->rank + 1]);
  for (int r = 0; r <= team->size; r++)
    team->part[r] = width * (by_rows ? team->part[r] : sites->row[team->part[r]]);
  return team->gather(team->self, status, sites->data, team->part);
}

hrs_status hrs_tables_fill(hrs_tables *tables, const int32_t *label, const void *sample,
                           const void *baseline, const hrs_team *team) {
  HRS_TRY(hrs_tables_allocate(tables, team));
  tables->cube = (hrs_subcube){0, hrs_mask_full(tables->n)};
  if (!team || team->share_rank == 0) fill_input(tables->sites[0], label, sample, baseline);
  if (team) HRS_TRY(team->gather(team->self, HRS_OK, tables->sites[0]->data, NULL));
  for (int i = 1; i < tables->n_sites; i++) {
    hrs_sites *sites = tables->sites[i];
    if (!sites->block) HRS_TRY(team ? run_dealt(tables, sites) : run_alone(tables, sites));
  }
  if (!tables->sum || tables->sum_in_block) return HRS_OK;
  return hrs_sum_fill(tables, tables->sum, hrs_tables_summed(tables));
}

hrs_status hrs_tables_enter(hrs_tables *tables, hrs_subcube block) {
  HRS_TRY(hrs_tables_focus(tables, block.free));
  tables->cube = block;
  for (int i = 0; i < tables->n_sites; i++)
    if (tables->sites[i]->block) HRS_TRY(run_alone(tables, tables->sites[i]));
  if (!tables->sum || !tables->sum_in_block) return HRS_OK;
  return hrs_sum_fill(tables, tables->sum, hrs_tables_summed(tables));
}

/* ---- cuts ----------------------------------------------------------------------------------- */

static void copy_cut(const hrs_tables *tables, const hrs_sites *sites, hrs_subcube cube,
                     char *out) {
  size_t size = hrs_dtype_size(sites->type), width = (size_t)hrs_sites_width(sites);
  hrs_count each = hrs_sites_positions(sites) * (hrs_count)width;
  hrs_count step = sites->inner * (hrs_count)size, masks = hrs_subcube_size(cube);
  const int32_t *index = tables->scratch.index;
  for (hrs_count at = 0; at < hrs_sites_positions(sites); at++) {
    const char *table = hrs_sites_fixed_row(sites, at, cube);
    char *to = out + hrs_sites_element(sites, at, 0) * (hrs_count)size;
    hrs_state_rows(cube.free, sites->stored[at], tables->scratch.index);
    for (hrs_count i = 0; i < masks; i++, to += each) {
      const char *from = table + index[i] * (hrs_count)width;
      if (sites->inner == 1)
        memcpy(to, from, width);
      else
        for (hrs_count c = 0; c < sites->channels; c++)
          memcpy(to + c * step, from + c * (hrs_count)size, size);
    }
  }
}

hrs_status hrs_tables_expand(hrs_tables *tables, int cut, hrs_subcube cube, void *out) {
  if (tables->sum && cut == tables->sum_cut) return hrs_sum_expand(tables, tables->sum, cube, out);
  HRS_TRY(hrs_scratch_rows(&tables->scratch, hrs_subcube_size(cube)));
  copy_cut(tables, tables->sites[tables->cut[cut].sites], cube, out);
  return HRS_OK;
}
