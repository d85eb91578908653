/* The rotations that projections are made of. */
#include "rotations.h"

#include "mpi/lattice/counters.h"

#include <math.h>

hrs_kernel hrs_kernel_product(hrs_kernel a, hrs_kernel b) {
  hrs_kernel c;
  for (int i = 0; i < 2; i++)
    for (int j = 0; j < 2; j++)
      c.k[i][j] = a.k[i][0] * b.k[0][j] + a.k[i][1] * b.k[1][j];
  return c;
}

hrs_factors hrs_factors_of(hrs_kernel kernel) {
  hrs_kernel square = hrs_kernel_product(hrs_kernel_adjoint(kernel), kernel);
  double angle = 0.5 * atan2(2 * square.k[0][1], square.k[0][0] - square.k[1][1]);
  hrs_factors f = {.right = {{{cos(angle), -sin(angle)}, {sin(angle), cos(angle)}}}};
  hrs_kernel image = hrs_kernel_product(kernel, f.right);
  for (int j = 0; j < 2; j++) {
    f.value[j] = hypot(image.k[0][j], image.k[1][j]);
    f.left.k[0][j] = image.k[0][j] / f.value[j];
    f.left.k[1][j] = image.k[1][j] / f.value[j];
  }
  return f;
}

void hrs_angles_set(hrs_angles *angles, int n, const double value[2], double weight) {
  for (int base = 0; base <= n; base++)
    for (int lane = 0; lane < HRS_FIT_LANES; lane++) {
      int s = base + hrs_order((hrs_mask)lane);
      double d = pow(value[0], 2 * (n - s)) * pow(value[1], 2 * s);
      angles->cosine[base][lane] = sqrt(d / (d + weight));
      angles->sine[base][lane] = sqrt(weight / (d + weight));
    }
}

/*
 * On one rank nothing needs to move: the element number of phase A's rows is a mask with its bits
 * in another order, and its top bits can be done where they stand. Same pairs in the same order as
 * with the exchange, so the same bits; what is done to an element in between looks at its order
 * alone, which is that of its number in either phase.
 */
static hrs_status in_place(hrs_lattice *lattice, hrs_kernel kernel, bool back) {
  int n = lattice->part.n, v = lattice->part.block_bits;
  void *data = hrs_lattice_row(lattice, 0);
  const int first[2][3] = {{0, n - v, 0}, {0, n - v, n - 2 * v}};
  const int count[2][3] = {{n - v, v, 0}, {n - 2 * v, v, v}};
  for (int i = 0; i < 3; i++) {
    if (count[back][i] == 0) continue;
    HRS_TRY(hrs_butterfly(kernel, 1, HRS_F64, data, n, first[back][i], count[back][i],
                          HRS_BUTTERFLY_AUTO));
    hrs_count_passed(2 * hrs_lattice_row_bytes(lattice) << v);
  }
  return HRS_OK;
}

hrs_status hrs_fit_to_middle(hrs_lattice *lattice, hrs_kernel kernel) {
  if (lattice->part.ranks == 1) return in_place(lattice, kernel, false);
  return hrs_lattice_transform(lattice, kernel, 1);
}

hrs_status hrs_fit_from_middle(hrs_lattice *lattice, hrs_kernel kernel) {
  if (lattice->part.ranks == 1) return in_place(lattice, kernel, true);
  return hrs_lattice_transform(lattice, kernel, 1);
}
