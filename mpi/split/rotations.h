/* rotations.h -- the rotations that a fit's projections are made of: 2x2 matrices, their angles by
 * order, and transforms to where an element is known by its order alone. */
#ifndef HRS_MPI_SPLIT_ROTATIONS_H
#define HRS_MPI_SPLIT_ROTATIONS_H

#include "mpi/lattice/lattice.h"

enum {
  HRS_FIT_LANES = 64 /* elements whose orders differ by those of their low six bits alone */
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
