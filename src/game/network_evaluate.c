/*
 * Masks of a sample.
 *
 * A sub-cube is evaluated in batches that start at fixed places in it, so that the bits of a value
 * depend on the sub-cube alone. Masked rows are written straight into the session's feed buffer,
 * and the values of all targets are read off one run.
 */
#include "network_state.h"

#include <string.h>

/* ---- sessions ---- */

/* The session behind the tables: its feeds are the cuts, and what else the network is given. */
static hrs_status create_tail(hrs_network_state *game) {
  int cuts = hrs_tables_cuts(game->tables), *slot;
  HRS_TRY(hrs_alloc(cuts, sizeof *slot, &slot));
  for (int k = 0; k < cuts; k++)
    slot[k] = hrs_tables_cut(game->tables, k);
  game->tail_given = cuts;
  hrs_status status = hrs_session_behind(game->session, cuts, slot, game->max_batch, &game->tail);
  hrs_free(slot);
  return status;
}

/* Find what can be tabulated with these players, and make the session for the rest. */
hrs_status hrs_network_plan_tables(hrs_network_state *game, const int32_t *label) {
  if (game->tail) hrs_session_destroy(&game->tail);
  hrs_tables_destroy(&game->tables);
  hrs_count before = hrs_memory_current();
  HRS_TRY(hrs_tables_plan(game->session, game->players.n, label, game->table_bytes, &game->tables));
  game->planned_bytes = hrs_memory_current() - before;
  hrs_status status = game->tables ? create_tail(game) : HRS_OK;
  if (status != HRS_OK) hrs_tables_destroy(&game->tables);
  return status;
}

/* ---- evaluation ---- */

/* Masks of a sub-cube that make one run of a session: 2 to this power. */
static int batch_bits(const hrs_session *session, hrs_subcube cube) {
  int bits = 0;
  while (bits < hrs_order(cube.free) && (hrs_count)2 << bits <= hrs_session_max_batch(session))
    bits++;
  return bits;
}

/* From the tables, in parts that are a batch of the tail. */
static hrs_status evaluate_tail(hrs_network_state *game, hrs_subcube cube, hrs_count first,
                                hrs_count size, double *values) {
  int bits = batch_bits(game->tail, cube);
  hrs_count batch = (hrs_count)1 << bits, parts = hrs_subcube_size(cube) / batch;
  for (hrs_count part = 0; part < parts; part++) {
    for (int cut = 0; cut < hrs_tables_cuts(game->tables); cut++)
      HRS_TRY(hrs_tables_expand(game->tables, cut, hrs_subcube_part(cube, bits, part),
                                hrs_session_feed_buffer(game->tail, cut)));
    HRS_TRY(hrs_session_run(game->tail, batch));
    hrs_readouts_values(&game->readouts, game->tail, batch, first + part * batch, size, values);
  }
  return HRS_OK;
}

hrs_status hrs_network_prepare(void *self) {
  hrs_network_state *game = self;
  if (!game->tables || !game->tabulates || game->tabulated) return HRS_OK;
  if (game->session->stale) HRS_TRY(hrs_session_refold(game->session));
  HRS_TRY(hrs_tables_fill(game->tables, game->label, game->masking.sample, game->masking.baseline,
                          game->team));
  game->tabulated = true;
  return HRS_OK;
}

void hrs_network_join(void *self, const hrs_team *team) {
  hrs_network_state *game = self;
  if (game->tables) hrs_tables_leave(game->tables);
  game->tabulated = false;
  game->team = team;
}

/* Block by block where the tables are made so. */
static hrs_status evaluate_blocks(hrs_network_state *game, hrs_subcube cube, double *values) {
  int bits = hrs_tables_block_bits(game->tables);
  hrs_count size = hrs_subcube_size(cube);
  if (bits == 0) return evaluate_tail(game, cube, 0, size, values);
  if (bits > hrs_order(cube.free)) bits = hrs_order(cube.free);
  for (hrs_count part = 0; part < size >> bits; part++) {
    hrs_subcube block = hrs_subcube_part(cube, bits, part);
    HRS_TRY(hrs_tables_enter(game->tables, block));
    HRS_TRY(evaluate_tail(game, block, part << bits, size, values));
  }
  return HRS_OK;
}

hrs_status hrs_network_evaluate(void *self, hrs_subcube cube, double *values) {
  hrs_network_state *game = self;
  /* A few masks on their own, as for v(empty) and v(N), are not worth tables. */
  enum { FEW = 32 };
  hrs_count size = hrs_subcube_size(cube);
  if (!game->team && size >= FEW) HRS_TRY(hrs_network_prepare(game));
  if (game->tabulated && size >= FEW) return evaluate_blocks(game, cube, values);
  int bits = batch_bits(game->session, cube);
  hrs_count batch = (hrs_count)1 << bits;
  for (hrs_count part = 0; part < size >> bits; part++) {
    hrs_masking_write(&game->masking, hrs_subcube_part(cube, bits, part),
                      hrs_session_feed_buffer(game->session, 0));
    HRS_TRY(hrs_session_run(game->session, batch));
    hrs_readouts_values(&game->readouts, game->session, batch, part << bits, size, values);
  }
  return HRS_OK;
}

/* ---- samples ---- */

static hrs_status choose_targets(hrs_network_state *game, hrs_count sample) {
  if (hrs_readouts_predict(&game->readouts)) {
    memcpy(hrs_session_feed_buffer(game->session, 0), game->masking.sample,
           (size_t)game->masking.bytes);
    HRS_TRY(hrs_session_run(game->session, 1));
  }
  return hrs_readouts_choose(&game->readouts, game->session, sample);
}

static const void *per_sample(const hrs_array *array, bool varies, hrs_count sample,
                              hrs_count count) {
  size_t size = hrs_dtype_size(array->type);
  return (const char *)array->data + (varies ? (size_t)(sample * count) * size : 0);
}

hrs_status hrs_network_select(void *self, hrs_count sample) {
  hrs_network_state *game = self;
  if (sample == game->sample) return HRS_OK;
  game->sample = -1;
  size_t size = hrs_dtype_size(game->masked.type);
  hrs_count count = game->masking.bytes / (hrs_count)size;
  const void *unmasked = hrs_sample_at(&game->samples[0], sample);
  if (game->masks_inner)
    HRS_TRY(hrs_network_run_inner(game->inner, game->n_inputs, game->samples, sample, &unmasked));
  bool varies = game->baseline.rank > game->masked.rank;
  hrs_masking_set_tensors(&game->masking, unmasked,
                          per_sample(&game->baseline, varies, sample, count));
  const int32_t *label = per_sample(&game->players.map, game->players.per_sample, sample, count);
  if (label != game->label || !game->masking.run)
    HRS_TRY(hrs_masking_set_labels(&game->masking, label, size));
  if (label != game->label && game->tabulates) {
    game->label = NULL; /* until the tables are planned */
    HRS_TRY(hrs_network_plan_tables(game, label));
  }
  game->label = label;
  int first = game->masks_inner ? 0 : 1;
  for (int i = first; i < game->n_inputs; i++) {
    const void *given = hrs_sample_at(&game->samples[i], sample);
    HRS_TRY(hrs_session_set_shared(game->session, 1 + i - first, given));
    if (game->tail)
      HRS_TRY(hrs_session_set_shared(game->tail, game->tail_given + i - first, given));
  }
  game->tabulated = false;
  HRS_TRY(choose_targets(game, sample));
  game->sample = sample;
  return HRS_OK;
}
