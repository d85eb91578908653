/*
 * tables.h -- tables of activations: those that depend on few players are computed once for each
 * state of these players, not once for each mask.
 *
 * Model. A *site* is a position of a tensor with a short vector of channels: a pixel, a token, a
 * single element. It depends on a set of players, which grows from layer to layer with the windows
 * of convolutions and pools, and has one row of `channels` values for each state of these players:
 * 2^|players| rows, row s being its value where players are present by the bits of s, lowest player
 * first. Positions and channels are counted in the tensor's own order: element (outer, channel,
 * inner) of [outer][channels][inner], so that [1, C, H, W], [1, H, W, C] and [1, T, C] are all the
 * same here, and reshaping changes nothing.
 *
 * Where the rows of all masks would take too much memory, tables are made anew for one *block* of
 * masks after the other: a sub-cube whose free players alone count, so that a site has
 * 2^|players and free| rows there. Everything below works for both; "stored" players are those that
 * a table has states for.
 *
 * Tables hold a first part of the network. They end at the *cuts*: tensors from which an
 * ordinary session (the tail) goes on for every mask. A cut's values at a mask are put together
 * from the tables: copied, or, behind a dense layer or a mean over all positions, summed over
 * sites (sum.c).
 */
#ifndef HRS_TABLES_TABLES_H
#define HRS_TABLES_TABLES_H

#include <harsanyi/lattice.h>
#include <harsanyi/team.h>

#include "network/steps.h"

typedef struct hrs_tables hrs_tables;

/** What it saves and takes. */
typedef struct hrs_tables_cost {
  double tables, blocks; /* multiply-adds: of the tables for all masks; for blocks, per mask */
  double expansion;      /* additions and copies per mask that put the cuts together, about */
  double steps;          /* multiply-adds per mask of the steps that need no forward pass */
  hrs_count bytes;       /* of all tables */
  hrs_count block_bytes; /* of these the tables of a block, at most */
} hrs_tables_cost;

/**
 * Find the tables that save most, for label[elements] of the session's feed 0, with `most` bytes of
 * tables for all masks and a quarter of that for a block's. *out is NULL where none save anything.
 * The session must outlive it. Not collective.
 */
hrs_status hrs_tables_plan(const hrs_session *session, int n, const int32_t *label, hrs_count most,
                           hrs_tables **out);
void hrs_tables_destroy(hrs_tables **tables);
hrs_tables_cost hrs_tables_costs(const hrs_tables *tables);
/** Bytes of scratch memory that hrs_tables_expand takes for sub-cubes of so many masks, about. */
hrs_count hrs_tables_scratch(const hrs_tables *tables, hrs_count masks);
/** The cuts: how many, their slots in the session, their names in the network (where the session
 *  has a part of a tensor only, that tensor's name). */
int hrs_tables_cuts(const hrs_tables *tables);
int hrs_tables_cut(const hrs_tables *tables, int cut);
const char *hrs_tables_cut_name(const hrs_tables *tables, int cut);
/** Free players of the blocks in which masks must be evaluated; 0 where all tables are for all. */
int hrs_tables_block_bits(const hrs_tables *tables);
/**
 * Make the tables for a sample: `sample` and `baseline` have the masked tensor's type. With a team
 * each rank makes a part of every table. Collective over the team, the same one until
 * hrs_tables_leave; NULL: alone.
 */
hrs_status hrs_tables_fill(hrs_tables *tables, const int32_t *label, const void *sample,
                           const void *baseline, const hrs_team *team);
/** Give back the memory of the team, if there is one. */
void hrs_tables_leave(hrs_tables *tables);
/** Make the tables of a block, at most hrs_tables_block_bits free players. */
hrs_status hrs_tables_enter(hrs_tables *tables, hrs_subcube block);
/** A cut's values for all masks of a sub-cube (of the block): out[2^|free|][elements]. */
hrs_status hrs_tables_expand(hrs_tables *tables, int cut, hrs_subcube cube, void *out);

#endif
