/*
 * Masks, orders, sub-cubes, binomial coefficients and the named kernels.
 */
#include <harsanyi/lattice.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void orders_and_masks(void **state) {
  (void)state;
  for (hrs_mask mask = 0; mask < 4096; mask++) {
    int order = 0;
    for (int i = 0; i < 64; i++)
      order += (int)(mask >> i & 1);
    assert_int_equal(hrs_order(mask), order);
    assert_int_equal(hrs_order(mask << 40), order);
  }
  assert_int_equal(hrs_order(~(hrs_mask)0), 64);
  assert_int_equal(hrs_mask_full(0), 0);
  assert_int_equal(hrs_mask_full(5), 31);
  assert_int_equal(hrs_mask_full(40), 0xffffffffff);
  assert_true(hrs_mask_full(64) == ~(hrs_mask)0);
}

static void binomials(void **state) {
  (void)state;
  /* Pascal's triangle in integers: exact up to 2^53, close beyond. */
  uint64_t row[63] = {1};
  for (int n = 0; n <= 62; n++) {
    for (int k = 0; k <= n; k++) {
      double expected = (double)row[k], got = hrs_binomial(n, k);
      if (expected < 0x1p53)
        assert_true(got == expected);
      else
        assert_true(fabs(got / expected - 1) < 1e-14);
    }
    for (int k = n + 1 < 63 ? n + 1 : 62; k > 0; k--)
      row[k] += row[k - 1];
  }
  assert_true(hrs_binomial(5, -1) == 0 && hrs_binomial(5, 6) == 0 && hrs_binomial(-1, 0) == 0);
  assert_true(fabs(hrs_binomial(1000, 500) / 2.7028824094543656951e299 - 1) < 1e-12);
}

/* Collect all masks of a sub-cube by trying every mask of n players. */
static hrs_count enumerate(hrs_subcube cube, int n, hrs_mask *masks) {
  hrs_count count = 0;
  for (hrs_mask mask = 0; mask <= hrs_mask_full(n); mask++) {
    if ((mask & ~cube.free) == cube.fixed) masks[count++] = mask;
  }
  return count;
}

static void subcubes(void **state) {
  (void)state;
  enum { N = 7 };
  hrs_mask masks[1 << N];
  for (hrs_mask free = 0; free <= hrs_mask_full(N); free++) {
    for (hrs_mask fixed = 0; fixed <= hrs_mask_full(N); fixed += 5) {
      hrs_subcube cube = {fixed & ~free, free};
      hrs_count size = enumerate(cube, N, masks);
      assert_int_equal(hrs_subcube_size(cube), size);
      hrs_mask walk = hrs_subcube_mask(cube, 0);
      for (hrs_count i = 0; i < size; i++) {
        assert_int_equal(hrs_subcube_mask(cube, i), masks[i]);
        assert_int_equal(walk, masks[i]);
        walk = hrs_subcube_next(cube, walk);
      }
      assert_int_equal(walk, masks[0]);
      for (int bits = 0; bits <= hrs_order(free); bits++) {
        for (hrs_count i = 0; i < size; i++) {
          hrs_subcube part = hrs_subcube_part(cube, bits, i >> bits);
          assert_int_equal(hrs_order(part.free), bits);
          assert_int_equal(part.free & part.fixed, 0);
          assert_int_equal(hrs_subcube_mask(part, i & (((hrs_count)1 << bits) - 1)), masks[i]);
        }
      }
    }
  }
  hrs_subcube far = {(hrs_mask)1 << 39, (hrs_mask)1 << 38 | 1};
  assert_true(hrs_subcube_mask(far, 3) == ((hrs_mask)3 << 38 | 1));
}

static void named_kernels(void **state) {
  (void)state;
  for (int name = 0; name < HRS_KERNEL_LIMIT; name++) {
    const char *text = hrs_kernel_text((hrs_kernel_name)name);
    assert_true(text && text[0]);
    for (int other = 0; other < name; other++)
      assert_string_not_equal(text, hrs_kernel_text((hrs_kernel_name)other));
    hrs_kernel k = hrs_kernel_get((hrs_kernel_name)name), t = hrs_kernel_adjoint(k);
    for (int i = 0; i < 2; i++) {
      for (int j = 0; j < 2; j++)
        assert_true(t.k[i][j] == k.k[j][i]);
    }
  }
  static const struct {
    hrs_kernel_name first, second;
    double unit; /* product = unit times the identity */
  } inverse[] = {
      {HRS_KERNEL_MOBIUS, HRS_KERNEL_ZETA, 1},
      {HRS_KERNEL_MOBIUS_ADJOINT, HRS_KERNEL_ZETA_ADJOINT, 1},
      {HRS_KERNEL_OR, HRS_KERNEL_OR_INVERSE, 1},
      {HRS_KERNEL_OR_FROM_AND, HRS_KERNEL_OR_FROM_AND, 1},
      {HRS_KERNEL_WALSH, HRS_KERNEL_WALSH, 2},
  };
  for (size_t c = 0; c < sizeof inverse / sizeof *inverse; c++) {
    hrs_kernel a = hrs_kernel_get(inverse[c].first), b = hrs_kernel_get(inverse[c].second);
    for (int i = 0; i < 2; i++) {
      for (int j = 0; j < 2; j++) {
        double product = a.k[i][0] * b.k[0][j] + a.k[i][1] * b.k[1][j];
        assert_true(product == (i == j ? inverse[c].unit : 0));
      }
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(orders_and_masks),
      cmocka_unit_test(binomials),
      cmocka_unit_test(subcubes),
      cmocka_unit_test(named_kernels),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
