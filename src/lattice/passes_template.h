/*
 * passes_template.h -- the inner loops, written once. Included by one file per instruction set and
 * type of elements, which defines TARGET (a function attribute), REAL (double or float), SINGLE,
 * LANES (of a vector of floats) and TABLE (the name of its table); compiled there for each kernel,
 * so that multiplications by 0, 1 and -1 vanish.
 *
 * Each pass does several bits between a load and a store: with 16 vector registers, three bits of
 * eight streams, a whole line of each stream at a time.
 *
 * Floats. A named kernel has coefficients 0, 1 and -1, and adds two floats: computed in float or in
 * double and rounded, the sum is the same, so it is done in float. Other kernels are computed in
 * double and rounded once per bit, as in the reference: all engines agree bit for bit.
 *
 * Every function has the target's attribute itself: a compiler breaks vectors that its target lacks
 * into pieces before it inlines.
 */
#include "base/simd.h"
#include "lattice/engines.h"
#include "lattice/passes.h"

#define INLINE TARGET HRS_INLINE

/* Beside the bits of a pattern: the coefficients are 0, 1 and -1. */
enum { UNITS = 16 };

/* Elements of a cache line. */
enum { LINE = 64 / sizeof(REAL) };

/* hrs_kernel_row where a and b are 0, 1 or -1. */
INLINE REAL unit_row(int has_a, REAL a, int has_b, REAL b, REAL x, REAL y) {
  if (has_a && has_b) return a * x + b * y;
  return has_a ? a * x : b * y;
}

INLINE void pair(int pattern, hrs_kernel k, REAL *x, REAL *y) {
  REAL u = *x, w = *y;
  if (pattern & UNITS) {
    *x = unit_row(pattern & 1, (REAL)k.k[0][0], pattern & 2, (REAL)k.k[0][1], u, w);
    *y = unit_row(pattern & 4, (REAL)k.k[1][0], pattern & 8, (REAL)k.k[1][1], u, w);
  } else {
    *x = (REAL)hrs_kernel_row(pattern & 1, k.k[0][0], pattern & 2, k.k[0][1], u, w);
    *y = (REAL)hrs_kernel_row(pattern & 4, k.k[1][0], pattern & 8, k.k[1][1], u, w);
  }
}

INLINE void narrow(int pattern, hrs_kernel k, REAL *data, hrs_count size, hrs_count stride,
                   const REAL *ahead) {
  (void)ahead;
  for (hrs_count base = 0; base < size; base += 2 * stride) {
    for (hrs_count i = base; i < base + stride; i++)
      pair(pattern, k, data + i, data + i + stride);
  }
}

INLINE void wide1(int pattern, hrs_kernel k, REAL *data, hrs_count size, hrs_count stride,
                  const REAL *ahead) {
  (void)ahead;
  for (hrs_count base = 0; base < size; base += 2 * stride) {
    REAL *p0 = data + base, *p1 = p0 + stride;
    for (hrs_count line = 0; line < stride; line += LINE) {
      HRS_INDEPENDENT
      for (hrs_count i = line; i < line + LINE; i++) {
        REAL a = p0[i], b = p1[i];
        pair(pattern, k, &a, &b);
        p0[i] = a, p1[i] = b;
      }
    }
  }
}

INLINE void wide2(int pattern, hrs_kernel k, REAL *data, hrs_count size, hrs_count stride,
                  const REAL *ahead) {
  (void)ahead;
  for (hrs_count base = 0; base < size; base += 4 * stride) {
    REAL *p0 = data + base, *p1 = p0 + stride, *p2 = p1 + stride, *p3 = p2 + stride;
    for (hrs_count line = 0; line < stride; line += LINE) {
      HRS_INDEPENDENT
      for (hrs_count i = line; i < line + LINE; i++) {
        REAL a = p0[i], b = p1[i], c = p2[i], d = p3[i];
        pair(pattern, k, &a, &b);
        pair(pattern, k, &c, &d);
        pair(pattern, k, &a, &c);
        pair(pattern, k, &b, &d);
        p0[i] = a, p1[i] = b, p2[i] = c, p3[i] = d;
      }
    }
  }
}

/* Three bits of eight streams' elements from `line` on, a line of each; the streams of `to` and of
 * `from` are the same or do not overlap. (From 0 on the compiler would unroll the loop before it
 * looks for vectors.) */
INLINE void eight_lines(int pattern, hrs_kernel k, REAL *to, hrs_count to_stride, const REAL *from,
                        hrs_count from_stride, hrs_count line) {
  const REAL *p0 = from, *p1 = p0 + from_stride, *p2 = p1 + from_stride, *p3 = p2 + from_stride;
  const REAL *p4 = p3 + from_stride, *p5 = p4 + from_stride, *p6 = p5 + from_stride;
  const REAL *p7 = p6 + from_stride;
  REAL *q0 = to, *q1 = q0 + to_stride, *q2 = q1 + to_stride, *q3 = q2 + to_stride;
  REAL *q4 = q3 + to_stride, *q5 = q4 + to_stride, *q6 = q5 + to_stride, *q7 = q6 + to_stride;
  HRS_INDEPENDENT
  for (hrs_count i = line; i < line + LINE; i++) {
    REAL a = p0[i], b = p1[i], c = p2[i], d = p3[i];
    REAL e = p4[i], f = p5[i], g = p6[i], h = p7[i];
    pair(pattern, k, &a, &b);
    pair(pattern, k, &c, &d);
    pair(pattern, k, &e, &f);
    pair(pattern, k, &g, &h);
    pair(pattern, k, &a, &c);
    pair(pattern, k, &b, &d);
    pair(pattern, k, &e, &g);
    pair(pattern, k, &f, &h);
    pair(pattern, k, &a, &e);
    pair(pattern, k, &b, &f);
    pair(pattern, k, &c, &g);
    pair(pattern, k, &d, &h);
    q0[i] = a, q1[i] = b, q2[i] = c, q3[i] = d;
    q4[i] = e, q5[i] = f, q6[i] = g, q7[i] = h;
  }
}

INLINE void fetch(const REAL *ahead, hrs_count size) {
  for (hrs_count i = 0; i < size; i += LINE)
    hrs_prefetch_later(ahead + i);
}

INLINE void wide3(int pattern, hrs_kernel k, REAL *data, hrs_count size, hrs_count stride,
                  const REAL *ahead) {
  enum { PART = 8 * LINE / HRS_AHEAD };
  for (REAL *p = data; p < data + size; p += 8 * stride) {
    for (hrs_count line = 0; line < stride; line += LINE) {
      if (ahead) fetch(ahead, PART), ahead += PART;
      eight_lines(pattern, k, p, stride, p, stride, line);
    }
  }
}

/* Lines of streams to come are asked for `EARLY` before their turn. Streams on their way back take
 * turns with those on their way here, line by line, so that memory reads and writes at once; but
 * they go one after the other: eight at a time, apart by large powers of two, drive each other out
 * of the first-level cache, and are slow past it, too. */
INLINE void exchange(int pattern, hrs_kernel k, const hrs_exchange *x) {
  enum { EARLY = 4 * LINE };
  const hrs_count size = (hrs_count)1 << x->bits, stride = x->stride;
  const hrs_count part = size < 8 * LINE ? size : 8 * LINE;
  const REAL *from = x->from, *next = x->next, *done = x->done;
  REAL *to = x->to, *back = x->back;
  for (hrs_count line = 0; line < size; line += LINE) {
    const REAL *soon =
        line + EARLY < size ? from + line + EARLY : next + ((line + EARLY) & (size - 1));
    for (int j = 0; j < 8; j++)
      hrs_prefetch(soon + j * stride);
    for (hrs_count i = 8 * line; done && i < 8 * (line + LINE); i += part) {
      REAL *streams = back + (i >> x->bits) * stride + (i & (size - 1));
      for (hrs_count j = 0; j < part; j += LINE)
        hrs_stream(streams + j, done + i + j, LINE * sizeof(REAL));
    }
    eight_lines(pattern, k, to, size, from, stride, line);
  }
}

#if defined(__GNUC__) && defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector)
#define HAVE_SHUFFLES 1
#endif
#endif

/* The lowest bits where vectors do not do it. */
INLINE void lowest_any(int pattern, hrs_kernel k, REAL *data, hrs_count size, const REAL *ahead) {
  for (hrs_count i = 0; i < size; i += 1 << HRS_LOWEST_BITS) {
    if (ahead) fetch(ahead + i / HRS_AHEAD, (1 << HRS_LOWEST_BITS) / HRS_AHEAD);
    for (hrs_count stride = 1; stride < 1 << HRS_LOWEST_BITS; stride *= 2)
      narrow(pattern, k, data + i, 1 << HRS_LOWEST_BITS, stride, NULL);
  }
}

#if defined(HAVE_SHUFFLES) && !SINGLE
typedef hrs_quad vector;

INLINE void vector_pair(int pattern, hrs_kernel k, vector *x, vector *y) {
  vector u = *x, w = *y;
  *x = (pattern & 3) == 3 ? k.k[0][0] * u + k.k[0][1] * w
       : (pattern & 1)    ? k.k[0][0] * u
                          : k.k[0][1] * w;
  *y = (pattern & 12) == 12 ? k.k[1][0] * u + k.k[1][1] * w
       : (pattern & 4)      ? k.k[1][0] * u
                            : k.k[1][1] * w;
}

/* Bits 0 to 2 of the eight elements in *x and *y: shuffles bring the two partners of each pair to
 * the same place of two vectors. Comments tell which elements are where. */
INLINE void bits_012(int pattern, hrs_kernel k, vector *x, vector *y) {
  vector p = __builtin_shufflevector(*x, *y, 0, 4, 2, 6); /* 0 4 2 6 */
  vector q = __builtin_shufflevector(*x, *y, 1, 5, 3, 7); /* 1 5 3 7 */
  vector_pair(pattern, k, &p, &q);
  vector r = __builtin_shufflevector(p, q, 0, 1, 4, 5); /* 0 4 1 5 */
  vector s = __builtin_shufflevector(p, q, 2, 3, 6, 7); /* 2 6 3 7 */
  vector_pair(pattern, k, &r, &s);
  p = __builtin_shufflevector(r, s, 0, 1, 4, 5);  /* 0 4 2 6 */
  q = __builtin_shufflevector(r, s, 2, 3, 6, 7);  /* 1 5 3 7 */
  *x = __builtin_shufflevector(p, q, 0, 4, 2, 6); /* 0 1 2 3 */
  *y = __builtin_shufflevector(p, q, 1, 5, 3, 7); /* 4 5 6 7 */
  vector_pair(pattern, k, x, y);
}

INLINE void lowest(int pattern, hrs_kernel k, double *data, hrs_count size, hrs_count stride,
                   const double *ahead) {
  (void)stride;
  for (hrs_count i = 0; i < size; i += 32) {
    if (ahead) fetch(ahead + i / HRS_AHEAD, 32 / HRS_AHEAD);
    vector *v = (vector *)(data + i);
    vector a = v[0], b = v[1], c = v[2], d = v[3], e = v[4], f = v[5], g = v[6], h = v[7];
    bits_012(pattern, k, &a, &b);
    bits_012(pattern, k, &c, &d);
    bits_012(pattern, k, &e, &f);
    bits_012(pattern, k, &g, &h);
    vector_pair(pattern, k, &a, &c);
    vector_pair(pattern, k, &b, &d);
    vector_pair(pattern, k, &e, &g);
    vector_pair(pattern, k, &f, &h);
    vector_pair(pattern, k, &a, &e);
    vector_pair(pattern, k, &b, &f);
    vector_pair(pattern, k, &c, &g);
    vector_pair(pattern, k, &d, &h);
    v[0] = a, v[1] = b, v[2] = c, v[3] = d, v[4] = e, v[5] = f, v[6] = g, v[7] = h;
  }
}
#elif defined(HAVE_SHUFFLES)
typedef float vector __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

/* Of bit 1, 2 or 4: partners side by side, and elements of two vectors by whether it is clear. */
#if LANES == 4
INLINE vector partners(int bit, vector x) {
  return bit == 1 ? __builtin_shufflevector(x, x, 1, 0, 3, 2)
                  : __builtin_shufflevector(x, x, 2, 3, 0, 1);
}
INLINE vector blend(int bit, vector x, vector y) {
  return bit == 1 ? __builtin_shufflevector(x, y, 0, 5, 2, 7)
                  : __builtin_shufflevector(x, y, 0, 1, 6, 7);
}
#else
INLINE vector partners(int bit, vector x) {
  return bit == 1   ? __builtin_shufflevector(x, x, 1, 0, 3, 2, 5, 4, 7, 6)
         : bit == 2 ? __builtin_shufflevector(x, x, 2, 3, 0, 1, 6, 7, 4, 5)
                    : __builtin_shufflevector(x, x, 4, 5, 6, 7, 0, 1, 2, 3);
}
INLINE vector blend(int bit, vector x, vector y) {
  return bit == 1   ? __builtin_shufflevector(x, y, 0, 9, 2, 11, 4, 13, 6, 15)
         : bit == 2 ? __builtin_shufflevector(x, y, 0, 1, 10, 11, 4, 5, 14, 15)
                    : __builtin_shufflevector(x, y, 0, 1, 2, 3, 12, 13, 14, 15);
}
#endif

/* One bit inside a vector, for coefficients 0, 1 and -1: each element times its own and its
 * partner's times the other's. A coefficient of 0 becomes that of the other half, and its element a
 * zero of the sign that makes the product -0, which changes no sum. */
INLINE vector inside(int bit, int pattern, hrs_kernel k, vector v) {
  const vector zero = {0};
  float own0 = (float)(pattern & 1 ? k.k[0][0] : k.k[1][1]);
  float own1 = (float)(pattern & 8 ? k.k[1][1] : k.k[0][0]);
  float other0 = (float)(pattern & 2 ? k.k[0][1] : k.k[1][0]);
  float other1 = (float)(pattern & 4 ? k.k[1][0] : k.k[0][1]);
  vector own = v, other = partners(bit, v);
  if (!(pattern & 1)) own = blend(bit, own0 < 0 ? zero : -zero, own);
  if (!(pattern & 8)) own = blend(bit, own, own1 < 0 ? zero : -zero);
  if (!(pattern & 2)) other = blend(bit, other0 < 0 ? zero : -zero, other);
  if (!(pattern & 4)) other = blend(bit, other, other1 < 0 ? zero : -zero);
  return blend(bit, zero + own0, zero + own1) * own +
         blend(bit, zero + other0, zero + other1) * other;
}

INLINE void lowest(int pattern, hrs_kernel k, REAL *data, hrs_count size, hrs_count stride,
                   const REAL *ahead) {
  enum { SIZE = 1 << HRS_LOWEST_BITS, VECTORS = SIZE / LANES };
  (void)stride;
  if (!(pattern & UNITS)) {
    lowest_any(pattern, k, data, size, ahead);
    return;
  }
  for (hrs_count i = 0; i < size; i += SIZE) {
    if (ahead) fetch(ahead + i / HRS_AHEAD, SIZE / HRS_AHEAD);
    vector v[VECTORS];
#pragma GCC unroll 8
    for (int j = 0; j < VECTORS; j++) {
      v[j] = inside(1, pattern, k, *(const vector *)(data + i + j * LANES));
      v[j] = inside(2, pattern, k, v[j]);
      if (LANES > 4) v[j] = inside(4, pattern, k, v[j]);
    }
#pragma GCC unroll 3
    for (int bit = 1; bit < VECTORS; bit *= 2) {
#pragma GCC unroll 8
      for (int j = 0; j < VECTORS; j++) {
        if (j & bit) continue;
        vector x = v[j], y = v[j | bit];
        const float a = (float)k.k[0][0], b = (float)k.k[0][1];
        const float c = (float)k.k[1][0], d = (float)k.k[1][1];
        v[j] = (pattern & 3) == 3 ? a * x + b * y : pattern & 1 ? a * x : b * y;
        v[j | bit] = (pattern & 12) == 12 ? c * x + d * y : pattern & 4 ? c * x : d * y;
      }
    }
#pragma GCC unroll 8
    for (int j = 0; j < VECTORS; j++)
      *(vector *)(data + i + j * LANES) = v[j];
  }
}
#else
INLINE void lowest(int pattern, hrs_kernel k, REAL *data, hrs_count size, hrs_count stride,
                   const REAL *ahead) {
  (void)stride;
  lowest_any(pattern, k, data, size, ahead);
}
#endif

#define DEFINE_PASS(pass, name, pattern, matrix)                                                   \
  TARGET static void pass##_##name(const hrs_kernel *kernel, void *data, hrs_count size,           \
                                   hrs_count stride, const void *ahead) {                          \
    (void)kernel;                                                                                  \
    pass(pattern, matrix, data, size, stride, ahead);                                              \
  }
#define DEFINE_EXCHANGE(name, pattern, matrix)                                                     \
  TARGET static void exchange_##name(const hrs_kernel *kernel, const hrs_exchange *x) {            \
    (void)kernel;                                                                                  \
    exchange(pattern, matrix, x);                                                                  \
  }
#define DEFINE(name, pattern, matrix)                                                              \
  DEFINE_PASS(narrow, name, pattern, matrix)                                                       \
  DEFINE_PASS(lowest, name, pattern, matrix)                                                       \
  DEFINE_PASS(wide1, name, pattern, matrix)                                                        \
  DEFINE_PASS(wide2, name, pattern, matrix)                                                        \
  DEFINE_PASS(wide3, name, pattern, matrix)                                                        \
  DEFINE_EXCHANGE(name, pattern, matrix)

#define DEFINE_NAMED(name, a, b, c, d)                                                             \
  DEFINE(name, UNITS | ((a) != 0) | ((b) != 0) << 1 | ((c) != 0) << 2 | ((d) != 0) << 3,           \
         ((hrs_kernel){{{a, b}, {c, d}}}))
#define DEFINE_PATTERN(name, pattern) DEFINE(name, pattern, *kernel)
HRS_KERNEL_TABLE(DEFINE_NAMED)
HRS_PATTERN_TABLE(DEFINE_PATTERN)

#define ENTRY(name)                                                                                \
  {narrow_##name, lowest_##name, {NULL, wide1_##name, wide2_##name, wide3_##name}, exchange_##name},
#define NAMED_ENTRY(name, a, b, c, d) ENTRY(name)
#define PATTERN_ENTRY(name, pattern) ENTRY(name)
const hrs_passes TABLE[HRS_PASSES_LIMIT] = {HRS_KERNEL_TABLE(NAMED_ENTRY)
                                                HRS_PATTERN_TABLE(PATTERN_ENTRY)};
