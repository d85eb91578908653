/*
 * The butterfly engines: against sums over subsets written down from the definitions, in long
 * double; against each other, bit for bit; and the facts that the theory promises.
 */
#include "lattice/butterfly.h"
#include "lattice/passes.h"

#include <harsanyi/lattice.h>

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 12 };

static const hrs_butterfly_engine engines[] = {HRS_BUTTERFLY_AUTO, HRS_BUTTERFLY_REFERENCE,
                                               HRS_BUTTERFLY_BLOCKED};
enum { ENGINES = 3 };

/* Matrices without a name, with every number of zeros. */
static const hrs_kernel unnamed[] = {
    {{{0.75, -0.5}, {0.25, 1.5}}},
    {{{0, 0.5}, {-1.5, 0.25}}},
    {{{0.5, 0}, {0.75, -1}}},
    {{{-0.5, 1.25}, {0, 0.5}}},
    {{{0.5, -1.5}, {1, 0}}},
    {{{2, 0}, {0, 0.5}}},
    {{{0, 1}, {1, 0}}},
    {{{1, 1}, {0, 0}}},
    {{{0, 0}, {0, 3}}},
};
enum { UNNAMED = sizeof unnamed / sizeof *unnamed, KERNELS = HRS_KERNEL_LIMIT + UNNAMED };

static hrs_kernel kernel_number(int i) {
  return i < HRS_KERNEL_LIMIT ? hrs_kernel_get((hrs_kernel_name)i) : unnamed[i - HRS_KERNEL_LIMIT];
}

static uint64_t random_state;

static double random_value(void) {
  random_state += 0x9e3779b97f4a7c15u;
  uint64_t z = random_state;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return (double)((z ^ z >> 31) >> 11) * 0x1p-52 - 1;
}

static void fill(double *x, hrs_count size, uint64_t seed) {
  random_state = seed;
  for (hrs_count i = 0; i < size; i++)
    x[i] = random_value();
}

static double *new_doubles(hrs_count size) {
  double *x;
  assert_int_equal(hrs_alloc(size, sizeof *x, &x), HRS_OK);
  return x;
}

static void apply(hrs_kernel k, double scale, double *x, int bits, int first, int count,
                  hrs_butterfly_engine engine) {
  assert_int_equal(hrs_butterfly(k, scale, HRS_F64, x, bits, first, count, engine), HRS_OK);
}

/* Element `row` of the Kronecker power: the sum over all columns of products over the bits. */
static long double power_row(hrs_kernel k, const double *x, int bits, int first, int count,
                             hrs_mask row) {
  long double sum = 0;
  for (hrs_mask column = 0; column <= hrs_mask_full(bits); column++) {
    long double product = 1;
    for (int b = 0; b < bits; b++) {
      int i = (int)(row >> b & 1), j = (int)(column >> b & 1);
      if (b >= first && b < first + count)
        product *= k.k[i][j];
      else if (i != j)
        product = 0;
    }
    if (product != 0) sum += product * x[column];
  }
  return sum;
}

static long double norm(hrs_kernel k) {
  long double row0 = fabs(k.k[0][0]) + fabs(k.k[0][1]), row1 = fabs(k.k[1][0]) + fabs(k.k[1][1]);
  return row0 > row1 ? row0 : row1;
}

static void any_kernel_and_range_against_the_definition(void **state) {
  (void)state;
  double x[1 << 7], y[1 << 7];
  for (int kernel = 0; kernel < KERNELS; kernel++) {
    hrs_kernel k = kernel_number(kernel);
    for (int bits = 0; bits <= 7; bits++) {
      hrs_count size = (hrs_count)1 << bits;
      for (int first = 0; first <= bits; first++) {
        for (int count = 0; count <= bits - first; count += 1 + bits / 5) {
          fill(x, size, 1);
          long double bound = 8 * DBL_EPSILON * powl(norm(k), count) * 1.5L;
          for (int e = 0; e < ENGINES; e++) {
            memcpy(y, x, sizeof x);
            apply(k, 1.5, y, bits, first, count, engines[e]);
            for (hrs_count i = 0; i < size; i++) {
              long double expected = 1.5L * power_row(k, x, bits, first, count, (hrs_mask)i);
              assert_true(fabsl(y[i] - expected) <= bound);
            }
          }
        }
      }
    }
  }
}

/* The definitions of mathematics.md, each written as it stands there. */
static int is_subset(hrs_mask a, hrs_mask b) {
  return (a & ~b) == 0;
}
static long double sign(int order) {
  return order % 2 ? -1 : 1;
}

static long double definition(hrs_kernel_name name, hrs_mask s, hrs_mask t, hrs_mask all) {
  switch (name) {
  case HRS_KERNEL_MOBIUS:
    return is_subset(t, s) ? sign(hrs_order(s) - hrs_order(t)) : 0;
  case HRS_KERNEL_ZETA:
    return is_subset(t, s);
  case HRS_KERNEL_MOBIUS_ADJOINT:
    return is_subset(s, t) ? sign(hrs_order(t) - hrs_order(s)) : 0;
  case HRS_KERNEL_ZETA_ADJOINT:
    return is_subset(s, t);
  case HRS_KERNEL_OR: /* sum over U inside s of (-1)^(s-u) v(all \ U), T = all \ U */
    return is_subset(all & ~t, s) ? sign(hrs_order(s) - hrs_order(all & ~t)) : 0;
  case HRS_KERNEL_OR_INVERSE: /* v(T) = sum over S inside all \ T of what OR gave */
    return is_subset(t, all & ~s);
  case HRS_KERNEL_OR_FROM_AND: /* -I_or(S) = (-1)^s sum over U containing S of I_and(U) */
    return is_subset(s, t) ? sign(hrs_order(s)) : 0;
  case HRS_KERNEL_WALSH:
    return sign(hrs_order(s & t));
  case HRS_KERNEL_LIMIT:
    break;
  }
  return NAN;
}

static void named_kernels_against_sums_over_subsets(void **state) {
  (void)state;
  double *x = new_doubles(1 << MOST), *y = new_doubles(1 << MOST);
  for (int bits = 0; bits <= MOST; bits++) {
    hrs_mask all = hrs_mask_full(bits);
    hrs_count size = (hrs_count)1 << bits, step = bits > 10 ? 7 : 1;
    fill(x, size, (uint64_t)bits + 2);
    for (int name = 0; name < HRS_KERNEL_LIMIT; name++) {
      for (int e = 0; e < ENGINES; e++) {
        memcpy(y, x, (size_t)size * sizeof *x);
        apply(hrs_kernel_get((hrs_kernel_name)name), 1, y, bits, 0, bits, engines[e]);
        for (hrs_count s = 0; s < size; s += step) {
          long double expected = 0;
          for (hrs_count t = 0; t < size; t++)
            expected += definition((hrs_kernel_name)name, (hrs_mask)s, (hrs_mask)t, all) * x[t];
          assert_true(fabsl(y[s] - expected) <= 8 * pow(2, bits / 2.0) * DBL_EPSILON * bits);
        }
      }
    }
  }
  hrs_free(x);
  hrs_free(y);
}

/* I_and and I_or of v by the public calls that a user would make. */
static void and_or(const double *v, int n, hrs_butterfly_engine engine, double *i_and,
                   double *i_or) {
  size_t bytes = sizeof *v << n;
  memcpy(i_and, v, bytes);
  memcpy(i_or, v, bytes);
  apply(hrs_kernel_get(HRS_KERNEL_MOBIUS), 1, i_and, n, 0, n, engine);
  apply(hrs_kernel_get(HRS_KERNEL_OR), -1, i_or, n, 0, n, engine);
  i_or[0] = 0;
}

static void fact_1_two_players(void **state) {
  (void)state;
  const double v[4] = {0, 1, 2, 5};
  for (int e = 0; e < ENGINES; e++) {
    double a[4], o[4];
    and_or(v, 2, engines[e], a, o);
    assert_true(a[0] == 0 && a[1] == 1 && a[2] == 2 && a[3] == 2);
    assert_true(o[0] == 0 && o[1] == 3 && o[2] == 4 && o[3] == -2);
  }
}

static void fact_2_one_term(void **state) {
  (void)state;
  enum { N = 8 };
  const double c = 3.25;
  double v[1 << N], a[1 << N], o[1 << N];
  for (hrs_mask term = 1; term <= hrs_mask_full(N); term += 3) {
    for (int type = 0; type < 2; type++) {
      for (hrs_mask t = 0; t <= hrs_mask_full(N); t++)
        v[t] = type == 0 ? (is_subset(term, t) ? c : 0) : (t & term ? c : 0);
      for (int e = 0; e < ENGINES; e++) {
        and_or(v, N, engines[e], a, o);
        const double *alone = type == 0 ? a : o, *spread = type == 0 ? o : a;
        for (hrs_mask s = 0; s <= hrs_mask_full(N); s++) {
          assert_true(alone[s] == (s == term ? c : 0));
          double expected = s && is_subset(s, term) ? c * (double)sign(hrs_order(s) + 1) : 0;
          assert_true(spread[s] == expected);
        }
      }
    }
  }
}

static void fact_3_inversion_matching_duality(void **state) {
  (void)state;
  for (int n = 1; n <= 16; n += 3) {
    hrs_count size = (hrs_count)1 << n;
    double *v = new_doubles(size), *a = new_doubles(size), *o = new_doubles(size),
           *back = new_doubles(size);
    fill(v, size, (uint64_t)n);
    const double bound = 8 * pow(2, n / 2.0) * DBL_EPSILON;
    for (int e = 0; e < ENGINES; e++) {
      and_or(v, n, engines[e], a, o);
      memcpy(back, a, (size_t)size * sizeof *a);
      apply(hrs_kernel_get(HRS_KERNEL_ZETA), 1, back, n, 0, n, engines[e]);
      for (hrs_count t = 0; t < size; t++)
        assert_true(fabs(back[t] - v[t]) <= bound);
      /* v(T) = v(empty) + sum of I_or(S) over S that meet T */
      if (n <= 10) {
        for (hrs_count t = 0; t < size; t++) {
          long double sum = v[0];
          for (hrs_count s = 1; s < size; s++)
            if (s & t) sum += o[s];
          assert_true(fabsl(sum - v[t]) <= bound);
        }
      }
      memcpy(back, a, (size_t)size * sizeof *a);
      apply(hrs_kernel_get(HRS_KERNEL_OR_FROM_AND), -1, back, n, 0, n, engines[e]);
      double largest = 0;
      for (hrs_count s = 0; s < size; s++)
        largest = fmax(largest, fabs(a[s]));
      for (hrs_count s = 1; s < size; s++)
        assert_true(fabs(back[s] - o[s]) <= bound * largest);
    }
    hrs_free(v);
    hrs_free(a);
    hrs_free(o);
    hrs_free(back);
  }
}

static void fact_6_adjoints(void **state) {
  (void)state;
  enum { N = 12 };
  hrs_count size = 1 << N;
  double *x = new_doubles(size), *y = new_doubles(size), *kx = new_doubles(size),
         *ty = new_doubles(size);
  fill(x, size, 11);
  fill(y, size, 12);
  for (int kernel = 0; kernel < KERNELS; kernel++) {
    hrs_kernel k = kernel_number(kernel);
    for (int e = 0; e < ENGINES; e++) {
      memcpy(kx, x, (size_t)size * sizeof *x);
      memcpy(ty, y, (size_t)size * sizeof *y);
      apply(k, 1, kx, N, 0, N, engines[e]);
      apply(hrs_kernel_adjoint(k), 1, ty, N, 0, N, engines[e]);
      long double left = 0, right = 0, weight = 0;
      for (hrs_count i = 0; i < size; i++) {
        left += (long double)kx[i] * y[i];
        right += (long double)x[i] * ty[i];
        weight += fabsl((long double)kx[i] * y[i]) + fabsl((long double)x[i] * ty[i]);
      }
      assert_true(fabsl(left - right) <= 1e-14L * weight);
    }
  }
  hrs_free(x);
  hrs_free(y);
  hrs_free(kx);
  hrs_free(ty);
}

static int same_bits(const void *a, const void *b, size_t bytes) {
  return memcmp(a, b, bytes) == 0;
}

static void engines_agree_bit_for_bit(void **state) {
  (void)state;
  enum { LARGEST = 17 };
  double *x = new_doubles(1 << LARGEST), *y = new_doubles(1 << LARGEST),
         *z = new_doubles(1 << LARGEST);
  for (int bits = 0; bits <= LARGEST; bits++) {
    hrs_count size = (hrs_count)1 << bits;
    fill(x, size, (uint64_t)bits);
    for (int kernel = 0; kernel<KERNELS; kernel += bits> 12 ? 5 : 1) {
      for (int first = 0; first <= bits; first++) {
        for (int count = 0; count <= bits - first; count += bits > 14 ? 3 : 1) {
          double scale = count % 3 == 0 ? 1 : count % 3 == 1 ? -1 : 0.3;
          memcpy(y, x, (size_t)size * sizeof *x);
          memcpy(z, x, (size_t)size * sizeof *x);
          apply(kernel_number(kernel), scale, y, bits, first, count, HRS_BUTTERFLY_REFERENCE);
          apply(kernel_number(kernel), scale, z, bits, first, count, HRS_BUTTERFLY_BLOCKED);
          assert_true(same_bits(y, z, (size_t)size * sizeof *y));
        }
      }
    }
  }
  hrs_free(x);
  hrs_free(y);
  hrs_free(z);
}

/* Every path of the blocked engine at sizes that a test can afford: cuts set small. */
static void any_blocking_gives_the_same_bits(void **state) {
  (void)state;
  static const hrs_blocking blockings[] = {
      {.tile = 5, .low = 6, .near = 8, .far = 8, .workspace = 9, .gather = 5, .few = 2},
      {.tile = 5, .low = 5, .near = 7, .far = 9, .workspace = 8, .gather = 4, .few = 0},
      {.tile = 6, .low = 8, .near = 9, .far = 12, .workspace = 8, .gather = 3, .few = 1},
      {.tile = 6, .low = 8, .near = 14, .far = 14, .workspace = 9, .gather = 2, .few = 3},
  };
  enum { BITS = 14 };
  hrs_count size = (hrs_count)1 << BITS;
  double *x = new_doubles(size), *y = new_doubles(size), *room = new_doubles(size + 1);
  fill(x, size, 5);
  for (size_t b = 0; b < sizeof blockings / sizeof *blockings; b++) {
    for (int kernel = 0; kernel < KERNELS; kernel += 1 + (int)b) {
      for (int first = 0; first <= BITS; first++) {
        for (int count = 0; count <= BITS - first; count++) {
          hrs_butterfly_call call = {
              kernel_number(kernel), count % 2 ? 1 : -0.7, HRS_F64, y, BITS, first, count};
          memcpy(y, x, (size_t)size * sizeof *x);
          assert_int_equal(hrs_butterfly_reference(&call), HRS_OK);
          double *z = room + count % 3 / 2; /* some arrays are aligned to their elements only */
          memcpy(z, x, (size_t)size * sizeof *x);
          call.data = z;
          assert_int_equal(hrs_butterfly_blocked_by(&call, &blockings[b], hrs_simd_get()), HRS_OK);
          assert_true(same_bits(y, z, (size_t)size * sizeof *y));
        }
      }
    }
  }
  hrs_free(x);
  hrs_free(y);
  hrs_free(room);
}

/* The default cuts at a size beyond the second-level cache, with near and gathering sweeps. */
static void large_arrays_agree_bit_for_bit(void **state) {
  (void)state;
  enum { BITS = 22 };
  static const struct {
    int first, count;
  } ranges[] = {{0, BITS}, {1, 20}, {8, 10}, {14, 8}, {15, 7}, {16, 1}, {18, 4}, {21, 1}, {22, 0}};
  hrs_count size = (hrs_count)1 << BITS;
  double *x = new_doubles(size), *y = new_doubles(size), *z = new_doubles(size);
  fill(x, size, 7);
  static const int kernels[] = {HRS_KERNEL_MOBIUS, HRS_KERNEL_OR, HRS_KERNEL_LIMIT};
  for (size_t r = 0; r < sizeof ranges / sizeof *ranges; r++) {
    hrs_kernel k = kernel_number(kernels[r % 3]);
    double scale = r % 2 ? -1 : 1;
    memcpy(y, x, (size_t)size * sizeof *x);
    memcpy(z, x, (size_t)size * sizeof *x);
    apply(k, scale, y, BITS, ranges[r].first, ranges[r].count, HRS_BUTTERFLY_REFERENCE);
    apply(k, scale, z, BITS, ranges[r].first, ranges[r].count, HRS_BUTTERFLY_BLOCKED);
    assert_true(same_bits(y, z, (size_t)size * sizeof *y));
  }
  hrs_free(x);
  hrs_free(y);
  hrs_free(z);
}

/* Ranges compose: low bits now, high bits later is the whole transform, and rows may be done one
 * by one. That is what the distributed transform does. */
static void parts_make_the_whole(void **state) {
  (void)state;
  enum { BITS = 16, ROW = 9 };
  hrs_count size = (hrs_count)1 << BITS;
  double *whole = new_doubles(size), *parts = new_doubles(size);
  for (int kernel = 0; kernel < KERNELS; kernel++) {
    hrs_kernel k = kernel_number(kernel);
    fill(whole, size, 9);
    memcpy(parts, whole, (size_t)size * sizeof *whole);
    apply(k, -1, whole, BITS, 0, BITS, HRS_BUTTERFLY_AUTO);
    for (hrs_count row = 0; row < size; row += 1 << ROW)
      apply(k, 1, parts + row, ROW, 0, ROW, HRS_BUTTERFLY_AUTO);
    apply(k, -1, parts, BITS, ROW, BITS - ROW, HRS_BUTTERFLY_AUTO);
    assert_true(same_bits(whole, parts, (size_t)size * sizeof *whole));
  }
  hrs_free(whole);
  hrs_free(parts);
}

/* Each set that this processor has, pass by pass and as a whole, in both types of elements. */
static void passes_agree(hrs_simd simd, int i, hrs_dtype type) {
  enum { BITS = 9, SIZE = 1 << BITS };
  hrs_kernel k = kernel_number(i);
  const hrs_passes *plain = hrs_passes_get(&k, type, HRS_SIMD_PORTABLE);
  const hrs_passes *wide = hrs_passes_get(&k, type, simd);
  const size_t bytes = SIZE * hrs_dtype_size(type);
  double x[SIZE], y[SIZE], to[2][1 << 7], done[1 << 7];
  for (int pass = 0; pass < 6; pass++) {
    fill(x, SIZE, (uint64_t)i);
    x[3] = -0.0, x[4] = 0.0, x[5] = -0.0;
    if (type == HRS_F32) {
      for (int j = 0; j < SIZE; j++)
        ((float *)y)[j] = (float)x[j];
      memcpy(x, y, bytes);
    }
    memcpy(y, x, bytes);
    if (pass == 5) {
      memset(to, 0, sizeof to);
      /* Eight streams of 16 elements from here, eight that return to there. */
      const size_t stream = 16 * hrs_dtype_size(type);
      fill(done, 1 << 7, 1);
      hrs_exchange e = {.from = x, .next = x, .to = to[0], .stride = 64, .bits = 4};
      e.done = done, e.back = (char *)x + 2 * stream;
      plain->exchange(&k, &e);
      e.from = e.next = y, e.to = to[1], e.back = (char *)y + 2 * stream;
      wide->exchange(&k, &e);
      assert_true(same_bits(to[0], to[1], 8 * stream));
      assert_true(same_bits(x, y, bytes));
      for (size_t j = 0; j < 8; j++)
        assert_true(same_bits((char *)x + (4 * j + 2) * stream, (char *)done + j * stream, stream));
      continue;
    }
    hrs_pass *p = pass == 0 ? plain->narrow : pass == 1 ? plain->lowest : plain->wide[pass - 1];
    hrs_pass *q = pass == 0 ? wide->narrow : pass == 1 ? wide->lowest : wide->wide[pass - 1];
    p(&k, x, SIZE, 16, NULL);
    q(&k, y, SIZE, 16, y);
    assert_true(same_bits(x, y, bytes));
  }
}

static void every_instruction_set_gives_the_same_bits(void **state) {
  (void)state;
  for (int simd = 0; simd < HRS_SIMD_LIMIT; simd++) {
    if (!hrs_simd_available((hrs_simd)simd)) continue;
    for (int type = 0; type < 2; type++)
      for (int i = 0; i < HRS_PASSES_LIMIT; i++)
        passes_agree((hrs_simd)simd, i, type ? HRS_F32 : HRS_F64);
  }
}

/* Floats: the blocked engine of every set rounds as the reference does, whatever the kernel, signed
 * zeros and infinities among the numbers. */
static void floats_agree_bit_for_bit(void **state) {
  (void)state;
  enum { BITS = 16, SIZE = 1 << BITS };
  double *x = new_doubles(SIZE);
  float *y, *z;
  assert_int_equal(hrs_alloc(SIZE, sizeof *y, &y), HRS_OK);
  assert_int_equal(hrs_alloc(SIZE, sizeof *z, &z), HRS_OK);
  fill(x, SIZE, 21);
  for (int simd = 0; simd < HRS_SIMD_LIMIT; simd++) {
    if (!hrs_simd_available((hrs_simd)simd)) continue;
    for (int kernel = 0; kernel < KERNELS; kernel++) {
      for (int range = 0; range < 4; range++) {
        int first = range == 3 ? 9 : range * 2, count = range == 1 ? 5 : BITS - first;
        for (int i = 0; i < SIZE; i++)
          y[i] = z[i] = i % 7 == 3 ? -0.0f : (float)x[i];
        if (kernel < HRS_KERNEL_LIMIT) y[77] = z[77] = INFINITY;
        hrs_butterfly_call call = {
            kernel_number(kernel), range ? -0.3 : 1, HRS_F32, y, BITS, first, count};
        assert_int_equal(hrs_butterfly_reference(&call), HRS_OK);
        call.data = z;
        assert_int_equal(hrs_butterfly_blocked_by(&call, &hrs_blocking_default, (hrs_simd)simd),
                         HRS_OK);
        for (int i = 0; i < SIZE; i++)
          assert_true((isnan(y[i]) && isnan(z[i])) || same_bits(y + i, z + i, sizeof *y));
      }
    }
  }
  hrs_free(x);
  hrs_free(y);
  hrs_free(z);
}

static void instruction_sets_are_chosen_by_name(void **state) {
  (void)state;
  hrs_simd best, simd;
  assert_int_equal(hrs_simd_choose(NULL, &best), HRS_OK);
  assert_true(hrs_simd_available(best));
  assert_int_equal(hrs_simd_choose("portable", &simd), HRS_OK);
  assert_int_equal(simd, HRS_SIMD_PORTABLE);
  assert_int_equal(hrs_simd_choose("sse9", &simd), HRS_STATUS_USAGE);
  assert_non_null(strstr(hrs_error_message(), "HARSANYI_SIMD=sse9 is none of portable, avx2"));
  static const char *const names[] = {"portable", "avx2", "avx512"};
  for (int i = 0; i < HRS_SIMD_LIMIT; i++) {
    hrs_status status = hrs_simd_choose(names[i], &simd);
    assert_int_equal(status, hrs_simd_available((hrs_simd)i) ? HRS_OK : HRS_STATUS_USAGE);
    if (status != HRS_OK) assert_non_null(strstr(hrs_error_message(), "does not have it"));
  }
}

static void float_storage(void **state) {
  (void)state;
  for (int n = 0; n <= 20; n += 4) {
    hrs_count size = (hrs_count)1 << n;
    double *x = new_doubles(size), *y = new_doubles(size);
    float *f;
    assert_int_equal(hrs_alloc(size, sizeof *f, &f), HRS_OK);
    for (int kernel = 0; kernel < KERNELS; kernel += n < 20 ? 1 : 6) {
      hrs_kernel k = kernel_number(kernel);
      for (int e = 0; e < ENGINES; e++) {
        for (int range = 0; range < 3; range++) {
          int first = range ? n / (2 * range) : 0, count = range == 2 ? n / 2 : n - first;
          fill(x, size, (uint64_t)kernel);
          for (hrs_count i = 0; i < size; i++)
            f[i] = (float)x[i], y[i] = f[i];
          assert_int_equal(hrs_butterfly(k, -1, HRS_F32, f, n, first, count, engines[e]), HRS_OK);
          apply(k, -1, y, n, first, count, HRS_BUTTERFLY_REFERENCE);
          double growth = fmax(1, fmax(hypot(k.k[0][0], k.k[0][1]), hypot(k.k[1][0], k.k[1][1])));
          double bound = 8 * sqrt(count + 1) * FLT_EPSILON * pow(growth, count);
          for (hrs_count i = 0; i < size; i++)
            assert_true(fabs(f[i] - y[i]) <= bound);
        }
      }
    }
    hrs_free(x);
    hrs_free(y);
    hrs_free(f);
  }
}

/* A coefficient of 0 leaves its element out: no 0 * infinity, and the sign of -0 survives. */
static void zeros_and_infinities(void **state) {
  (void)state;
  enum { N = 9 };
  double x[1 << N], y[1 << N];
  for (int e = 0; e < ENGINES; e++) {
    for (int i = 0; i < 1 << N; i++)
      x[i] = i % 3 ? -0.0 : 1;
    x[(1 << N) - 1] = INFINITY;
    memcpy(y, x, sizeof x);
    apply(hrs_kernel_get(HRS_KERNEL_MOBIUS), 1, y, N, 0, N, engines[e]);
    assert_true(isinf(y[(1 << N) - 1]));
    for (int i = 0; i < (1 << N) - 1; i++)
      assert_true(isfinite(y[i]));
    for (int i = 0; i < 1 << N; i++)
      x[i] = -0.0;
    apply(hrs_kernel_get(HRS_KERNEL_ZETA), 1, x, N, 0, N, engines[e]);
    for (int i = 0; i < 1 << N; i++)
      assert_true(x[i] == 0 && signbit(x[i]));
  }
}

static void wrong_arguments(void **state) {
  (void)state;
  double x[8] = {0};
  hrs_kernel k = hrs_kernel_get(HRS_KERNEL_MOBIUS);
  static const struct {
    hrs_dtype type;
    int bits, first, count, engine;
    const char *message;
  } cases[] = {
      {HRS_I32, 3, 0, 3, HRS_BUTTERFLY_AUTO, "int32"},
      {HRS_F64, -1, 0, 0, HRS_BUTTERFLY_AUTO, "2^-1"},
      {HRS_F64, HRS_MAX_PLAYERS + 1, 0, 0, HRS_BUTTERFLY_AUTO, "2^41"},
      {HRS_F64, 3, -1, 2, HRS_BUTTERFLY_AUTO, "bits [-1"},
      {HRS_F64, 3, 2, 2, HRS_BUTTERFLY_AUTO, "bits [2, 2+2)"},
      {HRS_F64, 3, 4, 0, HRS_BUTTERFLY_AUTO, "bits [4"},
      {HRS_F64, 3, 0, -1, HRS_BUTTERFLY_AUTO, "bits [0"},
      {HRS_F64, 3, 0, 3, 99, "99"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_int_equal(hrs_butterfly(k, 1, cases[i].type, x, cases[i].bits, cases[i].first,
                                   cases[i].count, (hrs_butterfly_engine)cases[i].engine),
                     HRS_STATUS_USAGE);
    assert_non_null(strstr(hrs_error_message(), cases[i].message));
  }
}

static int no_memory_is_left(void **state) {
  (void)state;
  return hrs_memory_current() != 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(any_kernel_and_range_against_the_definition),
      cmocka_unit_test(named_kernels_against_sums_over_subsets),
      cmocka_unit_test(fact_1_two_players),
      cmocka_unit_test(fact_2_one_term),
      cmocka_unit_test(fact_3_inversion_matching_duality),
      cmocka_unit_test(fact_6_adjoints),
      cmocka_unit_test(engines_agree_bit_for_bit),
      cmocka_unit_test(any_blocking_gives_the_same_bits),
      cmocka_unit_test(large_arrays_agree_bit_for_bit),
      cmocka_unit_test(parts_make_the_whole),
      cmocka_unit_test(every_instruction_set_gives_the_same_bits),
      cmocka_unit_test(floats_agree_bit_for_bit),
      cmocka_unit_test(instruction_sets_are_chosen_by_name),
      cmocka_unit_test(float_storage),
      cmocka_unit_test(zeros_and_infinities),
      cmocka_unit_test(wrong_arguments),
  };
  return cmocka_run_group_tests(tests, NULL, no_memory_is_left);
}
