/*
 * network_state.h -- the game of a network: how it is made (network_game.c) and how the masks of a
 * sample are evaluated (network_evaluate.c).
 */
#ifndef HRS_GAME_NETWORK_STATE_H
#define HRS_GAME_NETWORK_STATE_H

#include "masking.h"
#include "network/feed.h"
#include "readouts.h"
#include "tables/tables.h"

typedef struct hrs_network_state {
  const hrs_model *model;
  int n_inputs;
  char **inputs;
  hrs_array *samples; /* bound */
  hrs_count n_samples;
  hrs_players players;
  hrs_array baseline;
  bool masks_inner;
  hrs_session *inner;      /* inputs to the inner tensor, one instance; NULL without mask_at */
  hrs_session *session;    /* feed 0 is the masked tensor */
  bool tabulates;          /* --evaluator lattice */
  hrs_tables *tables;      /* of activations, and the session that goes on from there: */
  hrs_count planned_bytes; /* that they take before they are filled */
  hrs_session *tail;       /* its feeds are the cuts; NULL, both: every mask is a forward pass */
  int tail_given;          /* its first feed that does not vary, as the session's feed 1 */
  hrs_count max_batch, table_bytes;
  bool tabulated;         /* the tables are those of the current sample */
  const hrs_team *team;   /* that the tables are made with; NULL: alone */
  const int32_t *label;   /* [elements] of the masked tensor: players of the current sample */
  hrs_tensor_info masked; /* its type and shape */
  hrs_masking masking;
  hrs_readouts readouts;
  hrs_count sample; /* the current one, -1 at first */
} hrs_network_state;

/** A session from the inputs to one inner tensor, for hrs_network_run_inner. */
hrs_status hrs_network_create_inner(const hrs_model *model, int n_inputs, const char *const *inputs,
                                    const hrs_array *samples, const char *name, hrs_session **out);
/** The inner tensor at an unmasked sample; valid until the next one. */
hrs_status hrs_network_run_inner(hrs_session *inner, int n_inputs, const hrs_array *samples,
                                 hrs_count sample, const void **out);
/** Find what can be tabulated with these players, and make the session for the rest. */
hrs_status hrs_network_plan_tables(hrs_network_state *game, const int32_t *label);

/** Methods of the game: see hrs_game_methods. */
hrs_status hrs_network_select(void *self, hrs_count sample);
hrs_status hrs_network_evaluate(void *self, hrs_subcube cube, double *values);
void hrs_network_join(void *self, const hrs_team *team);
hrs_status hrs_network_prepare(void *self);

#endif
