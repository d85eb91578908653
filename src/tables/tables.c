/* The front as a whole: where its tables stand in memory, and what others may ask. */
#include "base/offsets.h"
#include "sites.h"

#include <string.h>

/* ---- memory --------------------------------------------------------------------------------- */

/* May the operator write over its input's table? Nobody may read that later. */
static bool shares(const hrs_tables *front, int at) {
  const hrs_sites *out = front->sites[at];
  if (out->kind != HRS_SITES_ROWWISE || !(out->call->node->def->flags & HRS_OP_IN_PLACE))
    return false;
  if (out->in[0] < 0 || out->place[0]) return false;
  const hrs_sites *in = front->sites[out->in[0]];
  for (int k = 1; k < out->n_in; k++)
    if (out->in[k] == out->in[0]) return false;
  size_t size = (size_t)hrs_sites_positions(out) * sizeof *out->players;
  return in->block == out->block && in->last == at && hrs_sites_width(in) == hrs_sites_width(out) &&
         memcmp(in->players, out->players, size) == 0;
}

/* Who reads each table last; and which is written over another. */
static void find_lives(hrs_tables *front) {
  for (int i = 0; i < front->n_sites; i++) {
    hrs_sites *sites = front->sites[i];
    for (int k = 0; k < sites->n_in; k++) {
      if (sites->in[k] < 0) continue;
      hrs_sites *in = front->sites[sites->in[k]];
      /* What a block reads is read again by the next one. */
      bool kept = in->last == HRS_SITES_KEPT || (sites->block && !in->block);
      in->last = kept ? HRS_SITES_KEPT : i;
    }
  }
  for (int i = 0; i < front->n_cuts; i++)
    front->sites[front->cut[i].sites]->last = HRS_SITES_KEPT;
  for (int i = 0; i < front->n_sites; i++) {
    hrs_sites *sites = front->sites[i];
    sites->shares = shares(front, i) ? sites->in[0] : -1;
  }
}

static hrs_count table_bytes(const hrs_sites *sites) {
  return hrs_offsets_round(hrs_sites_rows(sites) * hrs_sites_width(sites));
}

/* Offsets of the tables for all masks, or of a block's. */
static hrs_status place(hrs_tables *front, bool block, hrs_count *bytes) {
  hrs_offsets arena = {0};
  hrs_status status = HRS_OK;
  for (int i = 0; i < front->n_sites; i++) {
    hrs_sites *sites = front->sites[i];
    if (sites->block != block) continue;
    if (sites->shares >= 0)
      sites->offset = front->sites[sites->shares]->offset;
    else
      sites->offset = hrs_offsets_take(&arena, table_bytes(sites));
    for (int k = 0; k < sites->n_in; k++) {
      if (sites->in[k] < 0 || sites->in[k] == sites->shares) continue;
      const hrs_sites *in = front->sites[sites->in[k]];
      bool again = false; /* read twice by one step: given back once */
      for (int j = 0; j < k; j++)
        again |= sites->in[j] == sites->in[k];
      if (in->block == block && in->last == i && !again)
        HRS_GO(hrs_offsets_give(&arena, in->offset, table_bytes(in)));
    }
  }
  *bytes = arena.end;
done:
  hrs_offsets_free(&arena);
  return status;
}

static void point(hrs_tables *front, bool block, char *arena) {
  for (int i = 0; i < front->n_sites; i++)
    if (front->sites[i]->block == block) front->sites[i]->data = arena + front->sites[i]->offset;
}

/* The sum's tables stand behind the others. */
static hrs_count sum_bytes(const hrs_tables *front, bool block) {
  hrs_count bytes = 0;
  double unused;
  if (front->sum && front->sum_in_block == block)
    hrs_sum_cost(front->sum, &bytes, &unused, &unused);
  return bytes;
}

hrs_status hrs_tables_lay_out(hrs_tables *front) {
  hrs_mask all = hrs_mask_full(front->n);
  for (int i = 0; i < front->n_sites; i++)
    if (!front->sites[i]->block) hrs_sites_store(front->sites[i], all);
  for (int i = 0; i < front->n_sites; i++)
    if (front->sites[i]->kind == HRS_SITES_PRODUCTS) HRS_TRY(hrs_products_pack(front->sites[i]));
  if (front->sum && !front->sum_in_block)
    HRS_TRY(hrs_sum_pack(front->sum, front->sites[front->cut[0].sites], true));
  find_lives(front);
  HRS_TRY(place(front, false, &front->bytes));
  front->cost.bytes = front->bytes + sum_bytes(front, false) + front->cost.block_bytes;
  return HRS_OK;
}

hrs_status hrs_tables_allocate(hrs_tables *front, const hrs_team *team) {
  if (front->arena) return HRS_OK;
  hrs_count sum = sum_bytes(front, false), bytes = front->bytes + sum;
  void *arena;
  HRS_TRY(team ? team->allocate(team->self, bytes, &arena) : hrs_alloc(bytes, 1, &arena));
  front->team = team;
  front->arena = arena;
  point(front, false, front->arena);
  if (sum > 0) hrs_sum_place(front->sum, front->arena + front->bytes);
  return HRS_OK;
}

void hrs_tables_leave(hrs_tables *front) {
  if (front->team)
    front->team->release(front->team->self, front->arena);
  else
    hrs_free(front->arena);
  front->arena = NULL;
  front->team = NULL;
}

hrs_status hrs_tables_focus(hrs_tables *front, hrs_mask free) {
  if (front->block_arena && front->focus == free) return HRS_OK;
  for (int i = 0; i < front->n_sites; i++)
    if (front->sites[i]->block) hrs_sites_store(front->sites[i], free);
  if (front->sum && front->sum_in_block) {
    const hrs_sites *summed = front->sites[front->cut[0].sites];
    HRS_TRY(hrs_sum_lay_out(front->sum, summed, hrs_order(free), front->most_block_bytes));
    HRS_TRY(hrs_sum_pack(front->sum, summed, false));
  }
  HRS_TRY(place(front, true, &front->block_bytes));
  hrs_count sum = sum_bytes(front, true), wanted = front->block_bytes + sum;
  if (!front->block_arena || wanted > front->room_bytes) {
    hrs_free(front->block_arena);
    front->block_arena = NULL;
    HRS_TRY(hrs_alloc(wanted, 1, &front->block_arena));
    front->room_bytes = wanted;
  }
  point(front, true, front->block_arena);
  if (sum > 0) hrs_sum_place(front->sum, front->block_arena + front->block_bytes);
  front->focus = free;
  return HRS_OK;
}

void hrs_tables_destroy(hrs_tables **handle) {
  if (!handle || !*handle) return;
  hrs_tables *front = *handle;
  for (int i = 0; i < front->n_sites; i++)
    hrs_sites_destroy(&front->sites[i]);
  hrs_sum_destroy(&front->sum);
  hrs_scratch_free(&front->scratch);
  hrs_free(front->sites);
  hrs_free(front->of_slot);
  hrs_free(front->cut);
  hrs_tables_leave(front);
  hrs_free(front->block_arena);
  hrs_free(front);
  *handle = NULL;
}

/* ---- what others may ask ----------------------------------------------------------------------
 */

hrs_tables_cost hrs_tables_costs(const hrs_tables *front) {
  return front->cost;
}

hrs_count hrs_tables_scratch(const hrs_tables *front, hrs_count masks) {
  hrs_count floats = front->sum ? hrs_sum_scratch(front->sum) : 0;
  return masks * (floats * (hrs_count)sizeof(float) + 4 * (hrs_count)sizeof(int32_t));
}

int hrs_tables_block_bits(const hrs_tables *front) {
  return front->block_bits;
}

int hrs_tables_cuts(const hrs_tables *front) {
  return front->n_cuts;
}

int hrs_tables_cut(const hrs_tables *front, int cut) {
  return front->cut[cut].slot;
}

const char *hrs_tables_cut_name(const hrs_tables *front, int cut) {
  const hrs_session *s = front->session;
  const hrs_graph *graph = &s->model->graph;
  for (int value = 0; value < graph->n_values; value++)
    if (s->slot_of[value] == s->slot[front->cut[cut].slot].whole) return graph->value[value].name;
  return NULL; /* every slot that steps read is a value's, or a part of one */
}
