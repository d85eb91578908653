/*
 * passes_template.h -- the inner loops, written once. Included by one file per instruction set,
 * which defines TARGET (a function attribute) and TABLE (the name of its table); compiled there for
 * each kernel, so that multiplications by 0, 1 and -1 vanish.
 *
 * Each pass does several bits between a load and a store: with 16 vector registers, three bits of
 * eight streams, a whole cache line of each stream at a time.
 */
#include "lattice/butterfly.h"
#include "lattice/passes.h"
#include "lattice/simd.h"

enum { LINE = 8 };

HRS_INLINE void pair(int pattern, hrs_kernel k, double *x, double *y) {
  double u = *x, w = *y;
  *x = hrs_kernel_row(pattern & 1, k.k[0][0], pattern & 2, k.k[0][1], u, w);
  *y = hrs_kernel_row(pattern & 4, k.k[1][0], pattern & 8, k.k[1][1], u, w);
}

HRS_INLINE void narrow(int pattern, hrs_kernel k, double *data, hrs_count size, hrs_count stride) {
  for (hrs_count base = 0; base < size; base += 2 * stride) {
    for (hrs_count i = base; i < base + stride; i++)
      pair(pattern, k, data + i, data + i + stride);
  }
}

HRS_INLINE void wide1(int pattern, hrs_kernel k, double *data, hrs_count size, hrs_count stride) {
  for (hrs_count base = 0; base < size; base += 2 * stride) {
    double *p0 = data + base, *p1 = p0 + stride;
    for (hrs_count line = 0; line < stride; line += LINE) {
      HRS_INDEPENDENT
      for (hrs_count i = line; i < line + LINE; i++) {
        double a = p0[i], b = p1[i];
        pair(pattern, k, &a, &b);
        p0[i] = a, p1[i] = b;
      }
    }
  }
}

HRS_INLINE void wide2(int pattern, hrs_kernel k, double *data, hrs_count size, hrs_count stride) {
  for (hrs_count base = 0; base < size; base += 4 * stride) {
    double *p0 = data + base, *p1 = p0 + stride, *p2 = p1 + stride, *p3 = p2 + stride;
    for (hrs_count line = 0; line < stride; line += LINE) {
      HRS_INDEPENDENT
      for (hrs_count i = line; i < line + LINE; i++) {
        double a = p0[i], b = p1[i], c = p2[i], d = p3[i];
        pair(pattern, k, &a, &b);
        pair(pattern, k, &c, &d);
        pair(pattern, k, &a, &c);
        pair(pattern, k, &b, &d);
        p0[i] = a, p1[i] = b, p2[i] = c, p3[i] = d;
      }
    }
  }
}

/* Three bits of eight streams, from[j * from_stride] on to to[j * to_stride]; the two are the same
 * or do not overlap. */
HRS_INLINE void eight_streams(int pattern, hrs_kernel k, double *to, hrs_count to_stride,
                              const double *from, hrs_count from_stride, hrs_count size) {
  const double *p0 = from, *p1 = p0 + from_stride, *p2 = p1 + from_stride, *p3 = p2 + from_stride;
  const double *p4 = p3 + from_stride, *p5 = p4 + from_stride, *p6 = p5 + from_stride;
  const double *p7 = p6 + from_stride;
  double *q0 = to, *q1 = q0 + to_stride, *q2 = q1 + to_stride, *q3 = q2 + to_stride;
  double *q4 = q3 + to_stride, *q5 = q4 + to_stride, *q6 = q5 + to_stride, *q7 = q6 + to_stride;
  for (hrs_count line = 0; line < size; line += LINE) {
    HRS_INDEPENDENT
    for (hrs_count i = line; i < line + LINE; i++) {
      double a = p0[i], b = p1[i], c = p2[i], d = p3[i];
      double e = p4[i], f = p5[i], g = p6[i], h = p7[i];
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
}

HRS_INLINE void wide3(int pattern, hrs_kernel k, double *data, hrs_count size, hrs_count stride) {
  for (double *p = data; p < data + size; p += 8 * stride)
    eight_streams(pattern, k, p, stride, p, stride, stride);
}

#if defined(__GNUC__) && defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector)
#define HAVE_SHUFFLES 1
#endif
#endif

#ifdef HAVE_SHUFFLES
typedef hrs_quad vector;

HRS_INLINE void vector_pair(int pattern, hrs_kernel k, vector *x, vector *y) {
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
HRS_INLINE void bits_012(int pattern, hrs_kernel k, vector *x, vector *y) {
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

HRS_INLINE void lowest(int pattern, hrs_kernel k, double *data, hrs_count size, hrs_count stride) {
  (void)stride;
  for (hrs_count i = 0; i < size; i += 32) {
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
#else
HRS_INLINE void lowest(int pattern, hrs_kernel k, double *data, hrs_count size, hrs_count stride) {
  (void)stride;
  for (hrs_count i = 0; i < size; i += 32) {
    for (hrs_count bit = 0; bit < HRS_LOWEST_BITS; bit++)
      narrow(pattern, k, data + i, 32, (hrs_count)1 << bit);
  }
}
#endif

#define DEFINE_PASS(pass, name, pattern, matrix)                                                   \
  TARGET static void pass##_##name(const hrs_kernel *kernel, double *data, hrs_count size,         \
                                   hrs_count stride) {                                             \
    (void)kernel;                                                                                  \
    pass(pattern, matrix, data, size, stride);                                                     \
  }
#define DEFINE_GATHER(name, pattern, matrix)                                                       \
  TARGET static void gather_##name(const hrs_kernel *kernel, double *to, const double *from,       \
                                   hrs_count size, hrs_count stride) {                             \
    (void)kernel;                                                                                  \
    eight_streams(pattern, matrix, to, size, from, stride, size);                                  \
  }
#define DEFINE(name, pattern, matrix)                                                              \
  DEFINE_PASS(narrow, name, pattern, matrix)                                                       \
  DEFINE_PASS(lowest, name, pattern, matrix)                                                       \
  DEFINE_PASS(wide1, name, pattern, matrix)                                                        \
  DEFINE_PASS(wide2, name, pattern, matrix)                                                        \
  DEFINE_PASS(wide3, name, pattern, matrix)                                                        \
  DEFINE_GATHER(name, pattern, matrix)

#define DEFINE_NAMED(name, a, b, c, d)                                                             \
  DEFINE(name, ((a) != 0) | ((b) != 0) << 1 | ((c) != 0) << 2 | ((d) != 0) << 3,                   \
         ((hrs_kernel){{{a, b}, {c, d}}}))
#define DEFINE_PATTERN(name, pattern) DEFINE(name, pattern, *kernel)
HRS_KERNEL_TABLE(DEFINE_NAMED)
HRS_PATTERN_TABLE(DEFINE_PATTERN)

#define ENTRY(name)                                                                                \
  {narrow_##name, lowest_##name, {NULL, wide1_##name, wide2_##name, wide3_##name}, gather_##name},
#define NAMED_ENTRY(name, a, b, c, d) ENTRY(name)
#define PATTERN_ENTRY(name, pattern) ENTRY(name)
const hrs_passes TABLE[HRS_PASSES_LIMIT] = {HRS_KERNEL_TABLE(NAMED_ENTRY)
                                                HRS_PATTERN_TABLE(PATTERN_ENTRY)};
