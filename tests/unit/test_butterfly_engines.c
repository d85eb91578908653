/*
 * The engines of the butterflies against each other, bit for bit: blocked against reference, any
 * cuts, every instruction set, both types of elements.
 */
#include "butterfly_cases.h"
#include "lattice/engines.h"
#include "lattice/passes.h"

#include <math.h>
#include <string.h>

static int same_bits(const void *a, const void *b, size_t bytes) {
  return memcmp(a, b, bytes) == 0;
}

/* Both engines on copies of x: the reference in y, the blocked one in z; by its own cuts where `by`
 * is NULL. */
static void check_blocked(const hrs_blocking *by, hrs_kernel kernel, double scale, const double *x,
                          int bits, int first, int count, double *y, double *z) {
  const size_t bytes = sizeof *x << bits;
  memcpy(y, x, bytes);
  memcpy(z, x, bytes);
  apply(kernel, scale, y, bits, first, count, HRS_BUTTERFLY_REFERENCE);
  hrs_butterfly_call call = {kernel, scale, HRS_F64, z, bits, first, count};
  if (by)
    assert_int_equal(hrs_butterfly_blocked_by(&call, by, hrs_simd_get()), HRS_OK);
  else
    apply(kernel, scale, z, bits, first, count, HRS_BUTTERFLY_BLOCKED);
  assert_true(same_bits(y, z, bytes));
}

static void engines_agree_bit_for_bit(void **state) {
  (void)state;
  enum { LARGEST = 17 };
  double *x = new_doubles(1 << LARGEST), *y = new_doubles(1 << LARGEST),
         *z = new_doubles(1 << LARGEST);
  for (int bits = 0; bits <= LARGEST; bits++) {
    fill(x, (hrs_count)1 << bits, (uint64_t)bits);
    for (int kernel = 0; kernel<KERNELS; kernel += bits> 12 ? 5 : 1) {
      for (int first = 0; first <= bits; first++) {
        for (int count = 0; count <= bits - first; count += bits > 14 ? 3 : 1) {
          double scale = count % 3 == 0 ? 1 : count % 3 == 1 ? -1 : 0.3;
          check_blocked(NULL, kernel_number(kernel), scale, x, bits, first, count, y, z);
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
          double *z = room + count % 3 / 2; /* some arrays are aligned to their elements only */
          check_blocked(&blockings[b], kernel_number(kernel), count % 2 ? 1 : -0.7, x, BITS, first,
                        count, y, z);
        }
      }
    }
  }
  hrs_free(x);
  hrs_free(y);
  hrs_free(room);
}

/* The default cuts at a size beyond the second-level cache; and with all that is beyond it taken
 * for far, so that streams are gathered in chunks as long as those of arrays of 2^28 elements. */
static void large_arrays_agree_bit_for_bit(void **state) {
  (void)state;
  enum { BITS = 22 };
  static const struct {
    int first, count;
  } ranges[] = {{0, BITS}, {1, 20}, {8, 10}, {14, 8}, {15, 7}, {16, 1}, {18, 4}, {21, 1}, {22, 0}};
  hrs_blocking far = hrs_blocking_default;
  far.near = far.far = far.low;
  far.few = 0;
  hrs_count size = (hrs_count)1 << BITS;
  double *x = new_doubles(size), *y = new_doubles(size), *z = new_doubles(size);
  fill(x, size, 7);
  static const int kernels[] = {HRS_KERNEL_MOBIUS, HRS_KERNEL_OR, HRS_KERNEL_LIMIT};
  for (size_t r = 0; r < sizeof ranges / sizeof *ranges; r++) {
    for (int scaled = 0; scaled < 2; scaled++)
      check_blocked(scaled == (int)r % 2 ? NULL : &far, kernel_number(kernels[r % 3]),
                    scaled ? -1 : 1, x, BITS, ranges[r].first, ranges[r].count, y, z);
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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(engines_agree_bit_for_bit),
      cmocka_unit_test(any_blocking_gives_the_same_bits),
      cmocka_unit_test(large_arrays_agree_bit_for_bit),
      cmocka_unit_test(parts_make_the_whole),
      cmocka_unit_test(every_instruction_set_gives_the_same_bits),
      cmocka_unit_test(floats_agree_bit_for_bit),
      cmocka_unit_test(instruction_sets_are_chosen_by_name),
  };
  return cmocka_run_group_tests(tests, NULL, no_memory_is_left);
}
