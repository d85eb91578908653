/*
 * fit.h -- the sparsest AND-OR split of values on the distributed lattice, with a certificate; and
 * how well chosen interactions reconstruct the values.
 *
 * Model. v = v_and + v_or, of one network or of several at once that are to share interactions.
 * With a = Möbius(v_and) and b = -P v_or, P the Kronecker power of [[0,1],[1,-1]], the split
 * minimises
 *
 *     loss = Σ_{S not empty}  |a(S)|_share + |b(S)|_share     over all v_and, v_or with
 *            |v_and + v_or - v| <= noise                      (noise 0: equality)
 *            |γ_i - γ_0| <= spread, γ = (v_and - v_or)/2      (several networks, for some γ_0)
 *
 * where |x|_share = share.max * max_i |x_i| + share.sum * Σ_i |x_i| over the networks i. It is a
 * linear program: every dual point gives a lower bound, and the gap between the two certifies how
 * far the split can be from the sparsest one. docs/theory has the mathematics.
 */
#ifndef HARSANYI_FIT_H
#define HARSANYI_FIT_H

#include <harsanyi/mpi.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/**
 * Where a fit is between two of its steps. With the vectors of the iteration, lattices of double in
 * phase A that a fit hands out beside it, another fit goes on from there to the same bits, on any
 * number of ranks. What the numbers are concerns the fit alone.
 */
typedef struct hrs_fit_iterate {
  int64_t stage;                /* which of the problems that are solved one after the other */
  int64_t done, since;          /* steps: of this stage, and since the last restart */
  int64_t iterations;           /* and of all stages */
  double step, least, most;     /* the step length, and its limits */
  double first, last;           /* residuals: at the restart, and now */
  double loss, bound, gap;      /* as last certified; gap NaN: not yet */
  double safe_loss, safe_range; /* of the exact split that a bounded one starts from */
} hrs_fit_iterate;

/** What is asked of a fit. */
typedef struct hrs_fit_options {
  double gap;                       /* stop where (loss - bound) / loss is at most that */
  int iterations;                   /* and after so many */
  double noise[HRS_SHARE_NETWORKS]; /* κ of each network; 0 for an exact split */
  double spread;                    /* INFINITY: none */
  hrs_share share;                  /* {0, 1} for one network */
  /* Called after every step, unless NULL: steps so far, and the gap last certified (NaN: none). */
  void (*progress)(void *context, int steps, double gap);
  /* Called where a fit may stop, and where it does (then it ends STOPPED whatever is returned but a
   * failure), unless NULL. The lattices are not to be changed. Collective; errors end the fit. */
  hrs_status (*keep)(void *context, const hrs_fit_iterate *at, int count,
                     hrs_lattice *const *vectors);
  /* Go on from there, with vectors that `restore` fills; NULL: begin. Collective. */
  const hrs_fit_iterate *from;
  hrs_status (*restore)(void *context, int count, hrs_lattice *const *vectors);
  void *context;
} hrs_fit_options;

/** What came of it. */
typedef struct hrs_fit_report {
  double loss;  /* after the order-1 interactions have been merged */
  double bound; /* no split has a smaller loss */
  double gap;   /* (loss - bound) / loss */
  int iterations;
  double l1[HRS_SHARE_NETWORKS];       /* Σ |a| + |b| of each network */
  double residual[HRS_SHARE_NETWORKS]; /* largest |v reconstructed - v| over all masks */
} hrs_fit_report;

/** Vectors that fits hand out at most. */
enum { HRS_FIT_VECTORS = 10 * HRS_SHARE_NETWORKS };

/** Working memory of fits: 7 lattices of double for each network, 15 where there may be noise or a
 *  spread, and the chunks of those that are exchanged. */
typedef struct hrs_fit hrs_fit;

/**
 * Allocate. Collective over comm, which must outlive it.
 * @param networks  1..HRS_SHARE_NETWORKS
 * @param bounded   noise or spread may be given
 * Errors: MEMORY, USAGE.
 */
hrs_status hrs_fit_create(MPI_Comm comm, const hrs_partition *part, hrs_count chunk,
                          hrs_sharing sharing, int networks, bool bounded, hrs_fit **out);
/** Collective only in the sense that no rank may use it afterwards. */
void hrs_fit_destroy(hrs_fit **fit);
/** Bytes that the busiest rank holds for fits, with chunks as hrs_fit_create is given them. Not
 *  collective. */
hrs_count hrs_fit_bytes(const hrs_partition *part, hrs_count chunk, int networks, bool bounded);

/** What a fit makes of the interactions that two types have in common. */
typedef struct hrs_fit_conventions {
  bool merge_singles; /* OR interactions of order 1 go into the AND ones, the same functions */
  bool merge_empty; /* I_and(empty) is v(empty) and I_or(empty) 0; else v_and(empty), v_or(empty) */
} hrs_fit_conventions;

/**
 * Fit v[networks], lattices in phase A, which stay as they are. Same bits for every number of
 * ranks. Where the iterations run out the report says the gap reached; where values are NaN or
 * infinite it and the interactions are NaN. Singles stay unmerged where merging would leave a
 * spread. Collective. Errors: STOPPED (hrs_stop_reason), which is no failure of the communicator;
 * USAGE (bounds for a fit made without; an iterate that is none of such a fit).
 */
hrs_status hrs_fit_run(hrs_fit *fit, hrs_lattice *const *v, const hrs_fit_options *options,
                       hrs_fit_conventions conventions, hrs_fit_report *report);
/** Interactions of a network after a fit, phase A. v(empty) is that of the split, which noise may
 *  have moved. Owned by the fit. Not collective. */
hrs_lattice *hrs_fit_interactions(const hrs_fit *fit, int network, bool or_type);

/** The rotations of one step, there and back, on what the fit holds (its interactions come back, up
 *  to rounding): for measurements. Collective. */
hrs_status hrs_fit_rotate(hrs_fit *fit, bool bounded);

/** How well some interactions reconstruct v over all 2^n masks. */
typedef struct hrs_reconstruction {
  double kept;      /* interactions that were used, S not empty */
  double rmse;      /* sqrt(E_T (v(T) - reconstruction)^2) */
  double max;       /* largest |v(T) - reconstruction| */
  double unfaith;   /* ρ_unfaith = E_T (v(T) - reconstruction)^2 */
  double explained; /* Σ_kept |I| / (Σ_kept |I| + |Σ_others I|) */
} hrs_reconstruction;

/**
 * Reconstruct v from the interactions of a fitted network with |I| >= threshold:
 *   v(T) ~ I_and(empty) + Σ_{S subset of T} I_and(S) + Σ_{S meets T} I_or(S).
 * v is in phase A and stays so. Uses the fit's working memory. Collective.
 */
hrs_status hrs_fit_reconstruct(hrs_fit *fit, int network, hrs_lattice *v, double threshold,
                               hrs_reconstruction *out);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
