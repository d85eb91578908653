/* The tables of a network as a whole: where they stand in memory, and what others may ask. */
#include "base/offsets.h"
#include "sites.h"

#include <string.h>

/* ---- memory --------------------------------------------------------------------------------- */

/* May the operator write over its input's table? Nobody may read that later. */
static bool shares(const hrs_tables *tables, int at) {
  const hrs_sites *out = tables->sites[at];
  if (out->kind != HRS_SITES_ROWWISE || !(out->call->node->def->flags & HRS_OP_IN_PLACE))
    return false;
  if (out->in[0] < 0 || out->place[0]) return false;
  const hrs_sites *in = tables->sites[out->in[0]];
  for (int k = 1; k < out->n_in; k++)
    if (out->in[k] == out->in[0]) return false;
  size_t size = (size_t)hrs_sites_positions(out) * sizeof *out->players;
  return in->block == out->block && in->last == at && hrs_sites_width(in) == hrs_sites_width(out) &&
         memcmp(in->players, out->players, size) == 0;
}

/* Who reads each table last; and which is written over another. */
static void find_lives(hrs_tables *tables) {
  for (int i = 0; i < tables->n_sites; i++) {
    hrs_sites *sites = tables->sites[i];
    for (int k = 0; k < sites->n_in; k++) {
      if (sites->in[k] < 0) continue;
      hrs_sites *in = tables->sites[sites->in[k]];
      /* What a block reads is read again by the next one. */
      bool kept = in->last == HRS_SITES_KEPT || (sites->block && !in->block);
      in->last = kept ? HRS_SITES_KEPT : i;
    }
  }
  for (int i = 0; i < tables->n_cuts; i++)
    tables->sites[tables->cut[i].sites]->last = HRS_SITES_KEPT;
  for (int i = 0; i < tables->n_sites; i++) {
    hrs_sites *sites = tables->sites[i];
    sites->shares = shares(tables, i) ? sites->in[0] : -1;
  }
}

static hrs_count table_bytes(const hrs_sites *sites) {
  return hrs_offsets_round(hrs_sites_rows(sites) * hrs_sites_width(sites));
}

/* Offsets of the tables for all masks, or of a block's. */
static hrs_status place(hrs_tables *tables, bool block, hrs_count *bytes) {
  hrs_offsets arena = {0};
  hrs_status status = HRS_OK;
  for (int i = 0; i < tables->n_sites; i++) {
    hrs_sites *sites = tables->sites[i];
    if (sites->block != block) continue;
    if (sites->shares >= 0)
      sites->offset = tables->sites[sites->shares]->offset;
    else
      sites->offset = hrs_offsets_take(&arena, table_bytes(sites));
    for (int k = 0; k < sites->n_in; k++) {
      if (sites->in[k] < 0 || sites->in[k] == sites->shares) continue;
      const hrs_sites *in = tables->sites[sites->in[k]];
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

static void point(hrs_tables *tables, bool block, char *arena) {
  for (int i = 0; i < tables->n_sites; i++)
    if (tables->sites[i]->block == block) tables->sites[i]->data = arena + tables->sites[i]->offset;
}

/* The sum's tables stand behind the others. */
static hrs_count sum_bytes(const hrs_tables *tables, bool block) {
  hrs_count bytes = 0;
  double unused;
  if (tables->sum && tables->sum_in_block == block)
    hrs_sum_cost(tables->sum, &bytes, &unused, &unused);
  return bytes;
}

hrs_status hrs_tables_lay_out(hrs_tables *tables) {
  hrs_mask all = hrs_mask_full(tables->n);
  for (int i = 0; i < tables->n_sites; i++)
    if (!tables->sites[i]->block) hrs_sites_store(tables->sites[i], all);
  for (int i = 0; i < tables->n_sites; i++)
    if (tables->sites[i]->kind == HRS_SITES_PRODUCTS) HRS_TRY(hrs_products_pack(tables->sites[i]));
  if (tables->sum && !tables->sum_in_block)
    HRS_TRY(hrs_sum_pack(tables->sum, hrs_tables_summed(tables), true));
  find_lives(tables);
  HRS_TRY(place(tables, false, &tables->bytes));
  tables->cost.bytes = tables->bytes + sum_bytes(tables, false) + tables->cost.block_bytes;
  return HRS_OK;
}

hrs_status hrs_tables_allocate(hrs_tables *tables, const hrs_team *team) {
  if (tables->arena) return HRS_OK;
  hrs_count sum = sum_bytes(tables, false), bytes = tables->bytes + sum;
  void *arena;
  HRS_TRY(team ? team->allocate(team->self, bytes, &arena) : hrs_alloc(bytes, 1, &arena));
  tables->team = team;
  tables->arena = arena;
  point(tables, false, tables->arena);
  if (sum > 0) hrs_sum_place(tables->sum, tables->arena + tables->bytes);
  return HRS_OK;
}

void hrs_tables_leave(hrs_tables *tables) {
  if (tables->team)
    tables->team->release(tables->team->self, tables->arena);
  else
    hrs_free(tables->arena);
  tables->arena = NULL;
  tables->team = NULL;
}

hrs_status hrs_tables_focus(hrs_tables *tables, hrs_mask free) {
  if (tables->block_arena && tables->focus == free) return HRS_OK;
  for (int i = 0; i < tables->n_sites; i++)
    if (tables->sites[i]->block) hrs_sites_store(tables->sites[i], free);
  if (tables->sum && tables->sum_in_block) {
    const hrs_sites *summed = hrs_tables_summed(tables);
    HRS_TRY(hrs_sum_lay_out(tables->sum, summed, hrs_order(free), tables->most_block_bytes));
    HRS_TRY(hrs_sum_pack(tables->sum, summed, false));
  }
  HRS_TRY(place(tables, true, &tables->block_bytes));
  hrs_count sum = sum_bytes(tables, true), wanted = tables->block_bytes + sum;
  if (!tables->block_arena || wanted > tables->room_bytes) {
    hrs_free(tables->block_arena);
    tables->block_arena = NULL;
    HRS_TRY(hrs_alloc(wanted, 1, &tables->block_arena));
    tables->room_bytes = wanted;
  }
  point(tables, true, tables->block_arena);
  if (sum > 0) hrs_sum_place(tables->sum, tables->block_arena + tables->block_bytes);
  tables->focus = free;
  return HRS_OK;
}

void hrs_tables_destroy(hrs_tables **handle) {
  if (!handle || !*handle) return;
  hrs_tables *tables = *handle;
  for (int i = 0; i < tables->n_sites; i++)
    hrs_sites_destroy(&tables->sites[i]);
  hrs_sum_destroy(&tables->sum);
  hrs_scratch_free(&tables->scratch);
  hrs_free(tables->sites);
  hrs_free(tables->of_slot);
  hrs_free(tables->cut);
  hrs_tables_leave(tables);
  hrs_free(tables->block_arena);
  hrs_free(tables);
  *handle = NULL;
}

/* ---- what others may ask ----------------------------------------------------------------------
 */

hrs_tables_cost hrs_tables_costs(const hrs_tables *tables) {
  return tables->cost;
}

hrs_count hrs_tables_scratch(const hrs_tables *tables, hrs_count masks) {
  hrs_count floats = tables->sum ? hrs_sum_scratch(tables->sum) : 0;
  return masks * (floats * (hrs_count)sizeof(float) + 4 * (hrs_count)sizeof(int32_t));
}

int hrs_tables_block_bits(const hrs_tables *tables) {
  return tables->block_bits;
}

int hrs_tables_cuts(const hrs_tables *tables) {
  return tables->n_cuts;
}

int hrs_tables_cut(const hrs_tables *tables, int cut) {
  return tables->cut[cut].slot;
}

const char *hrs_tables_cut_name(const hrs_tables *tables, int cut) {
  const hrs_session *s = tables->session;
  const hrs_graph *graph = &s->model->graph;
  for (int value = 0; value < graph->n_values; value++)
    if (s->slot_of[value] == s->slot[tables->cut[cut].slot].whole) return graph->value[value].name;
  return NULL; /* every slot that steps read is a value's, or a part of one */
}
