/* Sites of tensors: their positions and channels, the players they depend on, the rows of their
 * tables. */
#include "sites.h"

#include "base/axis.h"

#include <math.h>
#include <string.h>

hrs_count hrs_state_row(hrs_mask players, hrs_mask mask) {
  hrs_count row = 0;
  for (int place = 0; players; players &= players - 1, place++)
    if (players & -players & mask) row |= (hrs_count)1 << place;
  return row;
}

void hrs_state_rows(hrs_mask from, hrs_mask to, int32_t *index) {
  hrs_count size = 1;
  index[0] = 0;
  for (; from; from &= from - 1, size *= 2) {
    hrs_mask bit = from & -from;
    int32_t place = to & bit ? (int32_t)1 << hrs_order(to & (bit - 1)) : 0;
    for (hrs_count i = 0; i < size; i++)
      index[size + i] = index[i] + place;
  }
}

/* Elements before, along and after an axis; -1: single elements. */
static void spans(const hrs_tensor *tensor, int axis, hrs_count *outer, hrs_count *channels,
                  hrs_count *inner) {
  if (axis < 0) {
    *outer = *channels = 1;
    *inner = hrs_tensor_count(tensor);
    return;
  }
  hrs_axis_spans(tensor->rank, tensor->dim, axis, outer, channels, inner);
}

static hrs_status prepare(hrs_sites *sites, const hrs_tensor *tensor, int axis, int n_in) {
  sites->step = NULL;
  sites->at = sites->shares = sites->last = -1;
  sites->type = tensor->type;
  spans(tensor, axis, &sites->outer, &sites->channels, &sites->inner);
  hrs_count positions = hrs_sites_positions(sites);
  HRS_TRY(hrs_calloc(positions, sizeof *sites->players, &sites->players));
  HRS_TRY(hrs_calloc(positions, sizeof *sites->stored, &sites->stored));
  HRS_TRY(hrs_calloc(positions + 1, sizeof *sites->row, &sites->row));
  HRS_TRY(hrs_alloc(n_in, sizeof *sites->in, &sites->in));
  HRS_TRY(hrs_calloc(n_in, sizeof *sites->place, &sites->place));
  for (int i = 0; i < n_in; i++)
    sites->in[i] = -1;
  sites->n_in = n_in;
  return HRS_OK;
}

hrs_status hrs_sites_add(hrs_tables *tables, hrs_sites_kind kind, const hrs_tensor *tensor,
                         int axis, int n_in, int *id) {
  if (tables->n_sites == tables->room) {
    tables->room = tables->room ? 2 * tables->room : 32;
    HRS_TRY(hrs_realloc(&tables->sites, tables->room, sizeof *tables->sites));
  }
  hrs_sites *sites;
  HRS_TRY(hrs_calloc(1, sizeof *sites, &sites));
  tables->sites[tables->n_sites] = sites;
  *id = tables->n_sites++;
  sites->kind = kind;
  return prepare(sites, tensor, axis, n_in);
}

void hrs_sites_destroy(hrs_sites **handle) {
  hrs_sites *sites = *handle;
  if (!sites) return;
  for (int i = 0; sites->place && i < sites->n_in; i++)
    hrs_free(sites->place[i]);
  if (sites->call) {
    hrs_free(sites->call->node->state);
    hrs_free(sites->call->workspace);
  }
  hrs_free(sites->call);
  hrs_free(sites->in);
  hrs_free(sites->place);
  hrs_free(sites->source);
  hrs_free(sites->weights);
  hrs_free(sites->players);
  hrs_free(sites->stored);
  hrs_free(sites->row);
  hrs_free(sites);
  *handle = NULL;
}

bool hrs_sites_along(const hrs_sites *sites, const hrs_tensor *tensor, int axis) {
  hrs_count outer, channels, inner;
  spans(tensor, axis, &outer, &channels, &inner);
  if (channels != sites->channels) return false;
  return channels == 1 || (outer == sites->outer && inner == sites->inner);
}

void hrs_sites_store(hrs_sites *sites, hrs_mask free) {
  hrs_count positions = hrs_sites_positions(sites), rows = 0;
  for (hrs_count at = 0; at < positions; at++) {
    sites->stored[at] = sites->players[at] & free;
    sites->row[at] = rows;
    rows += (hrs_count)1 << hrs_order(sites->stored[at]);
  }
  sites->row[positions] = rows;
}

/* Floats of the tables along an axis. */
static double size_along(const hrs_tensor *tensor, const hrs_mask *players, int axis,
                         hrs_mask *joint) {
  hrs_sites shape;
  spans(tensor, axis, &shape.outer, &shape.channels, &shape.inner);
  hrs_count positions = hrs_sites_positions(&shape), count = hrs_tensor_count(tensor);
  memset(joint, 0, (size_t)positions * sizeof *joint);
  for (hrs_count e = 0; e < count; e++)
    joint[hrs_sites_position(&shape, e)] |= players[e];
  double rows = 0;
  for (hrs_count at = 0; at < positions; at++)
    rows += ldexp(1, hrs_order(joint[at]));
  return rows * (double)shape.channels;
}

hrs_status hrs_sites_best_axis(const hrs_tensor *tensor, const hrs_mask *players, int *axis) {
  hrs_mask *joint;
  HRS_TRY(hrs_alloc(hrs_tensor_count(tensor), sizeof *joint, &joint));
  *axis = -1;
  double least = size_along(tensor, players, -1, joint);
  hrs_count channels = 1;
  for (int a = 0; a < tensor->rank; a++) {
    double size = size_along(tensor, players, a, joint);
    /* Of equals the longest rows. */
    if (size > least || (size == least && tensor->dim[a] <= channels)) continue;
    least = size;
    channels = tensor->dim[a];
    *axis = a;
  }
  hrs_free(joint);
  return HRS_OK;
}

const char *hrs_sites_fixed_row(const hrs_sites *in, hrs_count position, hrs_subcube cube) {
  hrs_count row = in->row[position] + hrs_state_row(in->stored[position], cube.fixed);
  return in->data + row * hrs_sites_width(in);
}
