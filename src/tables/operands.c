/* What steps read that no step before them makes: the masked tensor, constants that differ from
 * position to position, and a tensor along another axis than it has sites for. */
#include "sites.h"

hrs_status hrs_tables_input(hrs_tables *tables, const int32_t *label) {
  int slot = tables->session->feed[0].slot, axis, id;
  const hrs_tensor *tensor = hrs_slot_tensor(tables->session, slot);
  hrs_count count = hrs_tensor_count(tensor);
  hrs_mask *players;
  HRS_TRY(hrs_calloc(count, sizeof *players, &players));
  for (hrs_count e = 0; e < count; e++)
    if (label[e] >= 0) players[e] = (hrs_mask)1 << label[e];
  hrs_status status;
  HRS_GO(hrs_sites_best_axis(tensor, players, &axis));
  HRS_GO(hrs_sites_add(tables, HRS_SITES_INPUT, tensor, axis, 0, &id));
  hrs_sites *sites = tables->sites[id];
  for (hrs_count e = 0; e < count; e++)
    sites->players[hrs_sites_position(sites, e)] |= players[e];
  sites->work = (double)sites->channels;
  tables->of_slot[slot] = id;
done:
  hrs_free(players);
  return status;
}

/* ---- other axes ----------------------------------------------------------------------------- */

hrs_status hrs_tables_align(hrs_tables *tables, int slot, int axis, int *id) {
  *id = tables->of_slot[slot];
  const hrs_tensor *tensor = hrs_slot_tensor(tables->session, slot);
  if (hrs_sites_along(tables->sites[*id], tensor, axis)) return HRS_OK;
  int from = *id;
  HRS_TRY(hrs_sites_add(tables, HRS_SITES_MOVE, tensor, axis, 1, id));
  const hrs_sites *in = tables->sites[from];
  hrs_sites *out = tables->sites[*id];
  hrs_count count = hrs_tensor_count(tensor);
  out->in[0] = from;
  out->work = 2 * (double)out->channels;
  HRS_TRY(hrs_alloc(count, sizeof *out->source, &out->source));
  for (hrs_count e = 0; e < count; e++) {
    out->source[e] = (int32_t)e;
    out->players[hrs_sites_position(out, e)] |= in->players[hrs_sites_position(in, e)];
  }
  tables->of_slot[slot] = *id;
  return HRS_OK;
}

hrs_status hrs_tables_constant(hrs_tables *tables, int at, int operand, int axis, int *id) {
  const hrs_step *step = tables->session->step[at];
  HRS_TRY(hrs_sites_add(tables, HRS_SITES_CONSTANT,
                        hrs_slot_tensor(tables->session, step->in[operand]), axis, 0, id));
  hrs_sites *sites = tables->sites[*id];
  sites->step = step;
  sites->at = at;
  sites->operand = operand;
  sites->work = (double)sites->channels;
  return HRS_OK;
}
