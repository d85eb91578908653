/*
 * fit.h -- the fit from inside: the state of the iteration, the two ways to pose the problem, and
 * passes over rows.
 *
 * State. A vector x of the splitting method is made of lattices ("slots"): for network i of m
 *
 *     A: slot i        interactions a          P: slot 2m + i   weight * v_and   (bounded fits)
 *     B: slot m + i    P v_or = -b             W: slot 3m + i   weight * v_or    (bounded fits)
 *
 * State and anchor stay in phase A; `work` is what is projected, and scratch between iterations.
 */
#ifndef HRS_MPI_SPLIT_SPLIT_H
#define HRS_MPI_SPLIT_SPLIT_H

#include "mpi/lattice/lattice.h"

#include <harsanyi/fit.h>

enum {
  HRS_FIT_SLOTS = 4 * HRS_SHARE_NETWORKS,
  HRS_FIT_CHUNK = 256, /* elements of all slots that a pass looks at: they stay in the cache */
  HRS_FIT_LANES = 64   /* elements whose orders differ by those of their low six bits alone */
};

/** A 2x2 matrix as left * diag(value) * right^T with rotations (or reflections) left, right. */
typedef struct hrs_factors {
  hrs_kernel left, right;
  double value[2];
} hrs_factors;

/** A pair of weights (cosine, sine) for each order, repeated for the lanes of each base order. */
typedef struct hrs_angles {
  double cosine[HRS_MAX_PLAYERS + 1][HRS_FIT_LANES], sine[HRS_MAX_PLAYERS + 1][HRS_FIT_LANES];
} hrs_angles;

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

extern const hrs_fit_method hrs_fit_exact, hrs_fit_bounded;

/** Largest difference of γ between networks, for interactions in work slots A and B, which become
 *  values in phase B. Collective. */
hrs_status hrs_fit_range(hrs_fit *fit, double *range);

/* ---- rows and chunks ------------------------------------------------------------------------ */

/** What a chunk adds to sum[width]. */
typedef void hrs_fit_pass(hrs_fit *fit, hrs_fit_chunk chunk, void *context, double *sum);

/** Visit all chunks; with width > 0, sums over all rows in row order, the same bits on any number
 *  of ranks. Collective where width > 0. */
hrs_status hrs_fit_visit(hrs_fit *fit, hrs_fit_pass *pass, void *context, int width, double *sum);
/**
 * The same for sums over what stands in the middle (hrs_fit_to_middle): a pass adds element i of a
 * chunk to hrs_fit_middle_sum, which is that of its row of phase B, wherever the element is.
 */
hrs_status hrs_fit_visit_middle(hrs_fit *fit, hrs_fit_pass *pass, void *context, int width,
                                double *sum);
static inline double *hrs_fit_middle_sum(const hrs_fit *fit, hrs_fit_chunk chunk, hrs_count i,
                                         int width, double *sum) {
  int tile_bits = fit->part.n - 2 * fit->part.block_bits;
  return fit->part.ranks > 1 ? sum : sum + ((chunk.from + i) >> tile_bits) * width;
}
/** Visit all chunks for the largest of what they put into *sum >= 0. Collective. */
hrs_status hrs_fit_largest(hrs_fit *fit, hrs_fit_pass *pass, void *context, int width,
                           double *largest);
/** Elements of a lattice from a chunk on. */
static inline double *hrs_fit_at(const hrs_lattice *lattice, hrs_fit_chunk chunk) {
  return (double *)hrs_lattice_row(lattice, chunk.row) + chunk.from;
}
/** Order of the elements of a chunk from `lane` (a multiple of HRS_FIT_LANES) on, without that of
 *  their low six bits. */
static inline int hrs_fit_base(hrs_fit_chunk chunk, hrs_count lane) {
  return hrs_order((hrs_mask)chunk.row) +
         hrs_order((hrs_mask)((chunk.from + lane) / HRS_FIT_LANES));
}
/** Prox of the state at a chunk; s gets the state's elements. */
void hrs_fit_prox_at(const hrs_fit *fit, double step, hrs_fit_chunk chunk, const double **s,
                     double (*z)[HRS_FIT_CHUNK]);

/** work = 2 prox(state) - state, projected. Collective. */
hrs_status hrs_fit_reflect(hrs_fit *fit, double step);
/** Largest dual gauge of work slots A and B over S not empty. Collective. */
hrs_status hrs_fit_gauge(hrs_fit *fit, double *gauge);
/** Joint norm of work slots A and B over S not empty. Collective. */
hrs_status hrs_fit_loss(hrs_fit *fit, double *loss);
/** (element - less) * factor as doubles, in a lattice of the fit. Not collective. */
void hrs_fit_copy(hrs_lattice *to, const hrs_lattice *from, double less, double factor);
/** (v - v(empty)) / scale: constants cost nothing and are put back in the end. Collective. */
hrs_status hrs_fit_take_values(const hrs_fit *fit, hrs_lattice *to, const hrs_lattice *v);
/** By how much noise lowers the bound of the last exact dual. Work is scratch. Collective. */
hrs_status hrs_fit_exact_price(hrs_fit *fit, double step, double *price);
/** Joint shrinking of slots A and B, from s to z; the empty set stays. */
void hrs_fit_shrink(const hrs_fit *fit, double step, hrs_fit_chunk chunk, const double *const *s,
                    double (*z)[HRS_FIT_CHUNK]);

/** The constant at which the largest errors above and below are the same, where the network's AND
 *  interaction of the empty set is v(empty) now. Collective. */
hrs_status hrs_fit_centre(hrs_fit *fit, int network, hrs_lattice *v, double *constant);

/* ---- rotations ------------------------------------------------------------------------------ */

/** Singular value decomposition of a 2x2 matrix. */
hrs_factors hrs_factors_of(hrs_kernel kernel);
hrs_kernel hrs_kernel_product(hrs_kernel a, hrs_kernel b);
/** cosine = sqrt(D / (D + weight)), sine = sqrt(weight / (D + weight)), where D of a set of order s
 *  is the product of the squared singular values, value[0]^2(n-s) value[1]^2s. */
void hrs_angles_set(hrs_angles *angles, int n, const double value[2], double weight);
/**
 * Transforms to and from the "middle": phase B, or where one rank has everything the same layout as
 * before, so that nothing moves. An element in the middle is known by its order alone
 * (hrs_fit_base). Collective.
 */
hrs_status hrs_fit_to_middle(hrs_lattice *lattice, hrs_kernel kernel);
hrs_status hrs_fit_from_middle(hrs_lattice *lattice, hrs_kernel kernel);

#endif
