/*
 * state.h -- the fit from inside: the state of the iteration, and a way to pose the problem.
 *
 * State. A vector x of the splitting method is made of lattices ("slots"): for network i of m
 *
 *     A: slot i        interactions a          P: slot 2m + i   weight * v_and   (bounded fits)
 *     B: slot m + i    P v_or = -b             W: slot 3m + i   weight * v_or    (bounded fits)
 *
 * State and anchor stay in phase A; `work` is what is projected, and scratch between iterations.
 */
#ifndef HRS_MPI_SPLIT_STATE_H
#define HRS_MPI_SPLIT_STATE_H

#include "rotations.h"

#include <harsanyi/fit.h>

enum {
  HRS_FIT_SLOTS = 4 * HRS_SHARE_NETWORKS,
  HRS_FIT_CHUNK = 256 /* elements of all slots that a pass looks at: they stay in the cache */
};

/** A chunk of this rank's elements. */
typedef struct hrs_fit_chunk {
  hrs_count row, from, count;
  bool first; /* element 0 is the empty set */
} hrs_fit_chunk;

typedef struct hrs_fit_method hrs_fit_method;

struct hrs_fit {
  MPI_Comm comm;
  hrs_partition part;
  int networks, slots; /* in use: 2 or 4 a network */
  bool bounded;        /* there is memory for noise and spread */
  hrs_lattice *state[HRS_FIT_SLOTS], *anchor[HRS_FIT_SLOTS], *work[HRS_FIT_SLOTS];
  hrs_lattice *data[HRS_SHARE_NETWORKS];     /* exact: ω, phase B; bounded: v, phase A */
  hrs_lattice *safe[2 * HRS_SHARE_NETWORKS]; /* bounded: an exact split, phase A */
  double *parts;                             /* [rows][16]: what each row gives to sums */
  double safe_loss, safe_range;              /* its loss, its largest difference of γ */
  /* the problem */
  hrs_fit_options options; /* noise and spread over scale */
  double scale;            /* a power of two near the largest |v - v(empty)| */
  const hrs_fit_method *method;
  hrs_factors exact, and_, or_; /* of M P^-1, M, P */
  hrs_angles *exact_angles, *and_angles, *or_angles;
  /* bounded: the answer as last certified */
  bool copies;  /* the copies' interactions, or */
  double blend; /* those of the iterate with this share of the safe split */
};

/** How the problem is posed. All but prox are collective. */
struct hrs_fit_method {
  int slots;    /* a network */
  double moves; /* what moves count for a new step, 0..1; sizes count for the rest */
  /** Take v over, fill the state, choose the first step. */
  hrs_status (*start)(hrs_fit *fit, hrs_lattice *const *v, double *step);
  /** Proximal map of step * (loss and bounds) on a chunk: s[slots] -> z[slots]. */
  void (*prox)(const hrs_fit *fit, double step, hrs_fit_chunk chunk, const double *const *s,
               double (*z)[HRS_FIT_CHUNK]);
  /** Nearest point with work = interactions and values that belong together. */
  hrs_status (*project)(hrs_fit *fit);
  /** Its rotations alone. */
  hrs_status (*rotate)(hrs_fit *fit);
  hrs_status (*rotate_back)(hrs_fit *fit);
  /** The loss of the split that would be the answer now, and a bound from the dual. */
  hrs_status (*certify)(hrs_fit *fit, double step, double *loss, double *bound);
  /** The answer as last certified into work slots A and B, phase A. */
  hrs_status (*finish)(hrs_fit *fit, double step);
};

#endif
