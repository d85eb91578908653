/*
 * lattice.h -- the subset lattice: masks, orders, sub-cubes, and the one butterfly engine.
 *
 * Model. A function on the subsets of n players is an array of 2^n numbers whose index is the mask.
 * Every lattice transform here is a Kronecker power of one 2x2 matrix K: for each bit in turn,
 * the pair (x, y) of elements that differ in that bit alone becomes
 *
 *     x' = K[0][0] x + K[0][1] y        (bit clear)
 *     y' = K[1][0] x + K[1][1] y        (bit set)
 *
 * Bits commute, so a transform may be done in parts: some bits here, others after the data has
 * moved to another rank. hrs_butterfly does any contiguous range of bits of an array in place.
 */
#ifndef HARSANYI_LATTICE_H
#define HARSANYI_LATTICE_H

#include <harsanyi/base.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* ---- masks, orders, sub-cubes --------------------------------------------------------------- */

/** The order of a set: its number of players. */
static inline int hrs_order(hrs_mask mask) {
#if defined(__GNUC__)
  return __builtin_popcountll(mask);
#else
  int order = 0;
  for (; mask; mask &= mask - 1)
    order++;
  return order;
#endif
}

/** The mask of all n players. */
static inline hrs_mask hrs_mask_full(int n) {
  return n >= 64 ? ~(hrs_mask)0 : ((hrs_mask)1 << n) - 1;
}

/** Binomial coefficient as a double, exact up to 2^53; 0 outside 0 <= k <= n. */
double hrs_binomial(int n, int k);

/**
 * A sub-cube of the lattice: all masks `fixed | s` with s a subset of `free`; fixed & free = 0.
 * Its 2^|free| masks are numbered by compressing the free bits, lowest first. The unit in which
 * games are evaluated: a row of the distributed lattice, a part of a row, or the whole lattice.
 */
typedef struct hrs_subcube {
  hrs_mask fixed;
  hrs_mask free;
} hrs_subcube;

/** Number of masks of a sub-cube. */
static inline hrs_count hrs_subcube_size(hrs_subcube cube) {
  return (hrs_count)1 << hrs_order(cube.free);
}
/** Mask number `index` of a sub-cube: fixed | pdep(index, free). O(|free|); iterate with _next. */
hrs_mask hrs_subcube_mask(hrs_subcube cube, hrs_count index);
/** The mask after `mask` in the sub-cube's own order (wraps around at the end). O(1). */
static inline hrs_mask hrs_subcube_next(hrs_subcube cube, hrs_mask mask) {
  hrs_mask s = mask & cube.free;
  return cube.fixed | ((s - cube.free) & cube.free);
}
/** Part `index` of a sub-cube cut into 2^(|free|-bits) parts of 2^bits masks each, in order. */
hrs_subcube hrs_subcube_part(hrs_subcube cube, int bits, hrs_count index);

/* ---- kernels -------------------------------------------------------------------------------- */

/** A 2x2 matrix whose Kronecker power is applied. */
typedef struct hrs_kernel {
  double k[2][2];
} hrs_kernel;

/* X(name, k00, k01, k10, k11): the named kernels (mathematics: docs/theory). OR is the AND of the
 * flipped game without flipping: I_or = minus its Kronecker power on v, with I_or(empty) = 0; and
 * OR_FROM_AND takes I_and to -I_or and back; what I_and was rounded by grows as 3^(n/2) on the way,
 * where OR of v itself has 2^(n/2). */
#define HRS_KERNEL_TABLE(X)                                                                        \
  X(MOBIUS, 1, 0, -1, 1)                                                                           \
  X(ZETA, 1, 0, 1, 1)                                                                              \
  X(MOBIUS_ADJOINT, 1, -1, 0, 1)                                                                   \
  X(ZETA_ADJOINT, 1, 1, 0, 1)                                                                      \
  X(OR, 0, 1, 1, -1)                                                                               \
  X(OR_INVERSE, 1, 1, 1, 0)                                                                        \
  X(OR_FROM_AND, 1, 1, 0, -1)                                                                      \
  X(WALSH, 1, 1, 1, -1)

/** Names of the kernels in HRS_KERNEL_TABLE. */
typedef enum hrs_kernel_name {
#define HRS_KERNEL_ENUM(name, a, b, c, d) HRS_KERNEL_##name,
  HRS_KERNEL_TABLE(HRS_KERNEL_ENUM)
#undef HRS_KERNEL_ENUM
      HRS_KERNEL_LIMIT
} hrs_kernel_name;

/** The matrix of a named kernel. The OR kernel is symmetric: it is its own adjoint. */
hrs_kernel hrs_kernel_get(hrs_kernel_name name);
/** "mobius" and so on. */
const char *hrs_kernel_text(hrs_kernel_name name);
/** The transpose: the kernel of the adjoint transform. */
hrs_kernel hrs_kernel_adjoint(hrs_kernel kernel);

/** Which implementation of the butterflies: the readable one, the blocked one, or the faster. */
typedef enum hrs_butterfly_engine {
  HRS_BUTTERFLY_AUTO,
  HRS_BUTTERFLY_REFERENCE,
  HRS_BUTTERFLY_BLOCKED
} hrs_butterfly_engine;

/**
 * Apply a kernel to bits [first, first + count) of each index of an array, in place.
 * Not collective.
 * @param kernel  the 2x2 matrix; those of HRS_KERNEL_TABLE have code of their own, any other works
 * @param scale   every element is multiplied by it in the same sweep; 1 costs nothing, -1 is exact
 * @param type    HRS_F64, or HRS_F32 (every bit is rounded to float once)
 * @param data    [2^bits] elements, aligned to their size
 * @param bits    0..HRS_MAX_PLAYERS
 * @param engine  HRS_BUTTERFLY_AUTO unless under test
 * All engines and instruction sets give the same bits: each pair sees the same operations in the
 * same order (bits ascending), without contraction to fused multiply-adds.
 * Memory: none but a fixed workspace of at most 1 MiB. Errors: USAGE for a bad range or type.
 */
hrs_status hrs_butterfly(hrs_kernel kernel, double scale, hrs_dtype type, void *data, int bits,
                         int first, int count, hrs_butterfly_engine engine);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
