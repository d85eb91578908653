/*
 * front.h -- the lattice-aware front of a network: activations that depend on few players are
 * computed once for each state of those players, not once for each mask.
 *
 * Model. A *site* is a position of a tensor [1, channels, height, width] (or an element of a flat
 * tensor, with one channel). It depends on a set of players, grown from layer to layer by the
 * windows of convolutions and pools, and has a table of 2^|players| rows of `channels` values: row
 * s is its value where the players of the set are present by the bits of s, lowest player first.
 *
 * The front is a prefix of the network's steps whose tensors all have such tables. It ends at one
 * tensor, the *cut*, from which an ordinary session (the tail) goes on for every mask; the cut's
 * values at a mask are put together from the tables: as they are, or, behind a dense layer or a
 * mean over all positions, as a sum over sites, of which sites with the same players are one term.
 */
#ifndef HRS_GAME_FRONT_H
#define HRS_GAME_FRONT_H

#include "internal.h"

#include "network/operators/window.h"
#include "network/session.h"

typedef struct hrs_sites {
  hrs_count channels, height, width;
  hrs_mask *players; /* [height * width] */
  hrs_count *row;    /* [height * width + 1]: first row of a site */
  float *data;       /* [rows][channels], while it is needed */
  int last;          /* last step that reads it */
} hrs_sites;

/** How the cut's values come from the tables. */
typedef enum hrs_front_end {
  HRS_FRONT_TENSOR, /* the sites themselves */
  HRS_FRONT_DENSE,  /* a dense layer: a sum over sites */
  HRS_FRONT_MEAN    /* a mean over all positions */
} hrs_front_end;

/** One term of a sum: all sites with the same players. */
typedef struct hrs_front_term {
  hrs_mask players;
  float *table; /* [2^|players|][units] */
} hrs_front_term;

typedef struct hrs_front {
  const hrs_session *session; /* of the whole network; its feed 0 is the masked tensor */
  int n;                      /* players */
  int steps;                  /* of the session that are tabulated */
  hrs_front_end end;
  int end_step;     /* of a dense layer or a mean; -1 */
  int end_slot;     /* whose sites are the cut, or are summed */
  int cut_slot;     /* fed to the tail */
  hrs_count units;  /* elements of the cut */
  hrs_sites **site; /* by slot; NULL where there are none */
  hrs_front_term *term;
  int terms;
  float *constant; /* [units]: what is added to a sum */
  hrs_count table_multiply_adds, bytes;
  double additions; /* a mask, about */
} hrs_front;

/**
 * Find the front that saves most, for label[elements] of the masked tensor. *out is NULL where none
 * saves anything. The session must outlive it. Not collective.
 */
hrs_status hrs_front_plan(const hrs_session *session, int n, const int32_t *label, hrs_front **out);
void hrs_front_destroy(hrs_front **front);
/** The cut: its tensor as the session has it, and its name in the network. */
const hrs_tensor *hrs_front_cut(const hrs_front *front);
const char *hrs_front_cut_name(const hrs_front *front);
/** Additions, or copies, for each mask that put the cut together, about. */
double hrs_front_additions(const hrs_front *front);
/** Fill the tables for a sample. The masked tensor is float32. */
hrs_status hrs_front_fill(hrs_front *front, const int32_t *label, const float *sample,
                          const float *baseline);
/** The cut's values for all masks of a sub-cube: out[2^|free|][units]. */
void hrs_front_expand(const hrs_front *front, hrs_subcube cube, float *out);

/* ---- shared by its files -------------------------------------------------------------------- */

static inline hrs_count hrs_sites_count(const hrs_sites *sites) {
  return sites->height * sites->width;
}
/** Rows of all sites. */
static inline hrs_count hrs_sites_rows(const hrs_sites *sites) {
  return sites->row[hrs_sites_count(sites)];
}
/** index[2^|from|] of the rows of `to`, a subset of `from`, at each state of `from`. */
void hrs_front_map(hrs_mask from, hrs_mask to, int32_t *index);
/** What a step is to the front. */
typedef enum hrs_front_kind {
  HRS_FRONT_NOTHING, /* the front ends before it */
  HRS_FRONT_VIEW,    /* the same sites under another shape */
  HRS_FRONT_CONV,
  HRS_FRONT_POOL,
  HRS_FRONT_SITEWISE, /* its operator, on one position at a time */
  HRS_FRONT_SUM       /* a dense layer or a mean: the front may end with it */
} hrs_front_kind;
/** The kind of a step whose varying inputs have the sites in `site` (by slot). */
hrs_front_kind hrs_front_kind_of(const hrs_session *session, const hrs_step *step,
                                 hrs_sites *const *site);
/** Tables of a step's output from those of its inputs. */
hrs_status hrs_front_run(hrs_front *front, const hrs_step *step);
/** How a Conv or a pool slides. */
hrs_status hrs_front_read_window(const hrs_step *step, hrs_window *out);
/** A dense layer: weight of element e and unit u at weights[e * element_step + u * unit_step]; its
 *  bias or NULL, and their factors. */
typedef struct hrs_front_dense {
  const float *weights, *bias;
  hrs_count elements, units, element_step, unit_step, bias_step;
  float alpha, beta;
} hrs_front_dense;
bool hrs_front_dense_of(const hrs_session *session, const hrs_step *step, hrs_front_dense *out);
/** Distinct sets of players among sites, in order of appearance. */
hrs_status hrs_sites_distinct(const hrs_sites *sites, hrs_mask **out, int *count);

#endif
