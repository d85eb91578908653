/* Element types, conversions, arrays, whole files and lines. */
#include "scratch.h"

#include <math.h>

static void sizes_and_names(void **state) {
  (void)state;
  assert_int_equal(hrs_dtype_size(HRS_NONE), 0);
  assert_int_equal(hrs_dtype_size(HRS_F16), 2);
  assert_int_equal(hrs_dtype_size(HRS_BOOL), 1);
  assert_int_equal(hrs_dtype_size((hrs_dtype)99), 0);
  assert_string_equal(hrs_dtype_name(HRS_BF16), "bfloat16");
  assert_string_equal(hrs_dtype_name(HRS_NONE), "none");
  assert_string_equal(hrs_dtype_name((hrs_dtype)-1), "unknown");
}

/* The value of a float16 or bfloat16 from its definition. */
static long double half_value(uint16_t bits, int exponent_bits) {
  int fraction_bits = 15 - exponent_bits, bias = (1 << (exponent_bits - 1)) - 1;
  int exponent = (bits >> fraction_bits) & ((1 << exponent_bits) - 1);
  int fraction = bits & ((1 << fraction_bits) - 1);
  long double size = exponent
                         ? ldexpl((1 << fraction_bits) + fraction, exponent - bias - fraction_bits)
                         : ldexpl(fraction, 1 - bias - fraction_bits);
  return bits & 0x8000 ? -size : size;
}

/* Every finite value survives, the middle of two neighbours goes to the even one, and what lies
 * just beside the middle goes to the nearer. */
static void round_trip_of_halves(hrs_dtype type, int exponent_bits) {
  int infinity = ((1 << exponent_bits) - 1) << (15 - exponent_bits);
  for (int bits = 0; bits < infinity; bits++) {
    for (int sign = 0; sign < 2; sign++) {
      uint16_t half = (uint16_t)(bits | sign << 15), back;
      double value;
      ASSERT_OK(hrs_convert(type, &half, HRS_F64, &value, 1));
      assert_true(value == (double)half_value(half, exponent_bits));
      assert_int_equal(signbit(value) != 0, sign);
      ASSERT_OK(hrs_convert(HRS_F64, &value, type, &back, 1));
      assert_int_equal(back, half);
      if (bits + 1 == infinity) continue;
      double middle = (double)((half_value(half, exponent_bits) +
                                half_value((uint16_t)(half + 1), exponent_bits)) /
                               2);
      const double near[3] = {middle, nextafter(middle, 0), nextafter(middle, 2 * middle)};
      const int wanted[3] = {half + (half & 1), half, half + 1};
      uint16_t got[3];
      ASSERT_OK(hrs_convert(HRS_F64, near, type, got, 3));
      for (int i = 0; i < 3; i++)
        assert_int_equal(got[i], wanted[i]);
    }
  }
}

static void halves(void **state) {
  (void)state;
  round_trip_of_halves(HRS_F16, 5);
  round_trip_of_halves(HRS_BF16, 8);
  const double special[] = {65519.99, 65520, -65520, (double)INFINITY, 0x1p-25, -0.0, (double)NAN};
  uint16_t f16[7], bf16[7];
  ASSERT_OK(hrs_convert(HRS_F64, special, HRS_F16, f16, 7));
  const uint16_t wanted[] = {0x7bff, 0x7c00, 0xfc00, 0x7c00, 0, 0x8000};
  assert_memory_equal(f16, wanted, sizeof wanted);
  double back;
  ASSERT_OK(hrs_convert(HRS_F16, &f16[6], HRS_F64, &back, 1));
  assert_true(isnan(back));
  const double big[] = {0x1.fep127, 0x1.ff8p127, (double)INFINITY, 1e300, -1e300};
  ASSERT_OK(hrs_convert(HRS_F64, big, HRS_BF16, bf16, 5));
  const uint16_t wide[] = {0x7f7f, 0x7f80, 0x7f80, 0x7f80, 0xff80};
  assert_memory_equal(bf16, wide, sizeof wide);
}

/* All pairs of types on values that every type holds, and integers at their ends. */
static void all_pairs(void **state) {
  (void)state;
  for (int from = HRS_F32; from < HRS_DTYPE_LIMIT; from++) {
    for (int to = HRS_F32; to < HRS_DTYPE_LIMIT; to++) {
      int64_t start[1500], end[1500];
      char source[1500 * 8], target[1500 * 8];
      bool truth = from == HRS_BOOL || to == HRS_BOOL;
      for (int i = 0; i < 1500; i++)
        start[i] = i % 128;
      ASSERT_OK(hrs_convert(HRS_I64, start, (hrs_dtype)from, source, 1500));
      ASSERT_OK(hrs_convert((hrs_dtype)from, source, (hrs_dtype)to, target, 1500));
      ASSERT_OK(hrs_convert((hrs_dtype)to, target, HRS_I64, end, 1500));
      for (int i = 0; i < 1500; i++)
        assert_int_equal(end[i], truth ? start[i] != 0 : start[i]);
    }
  }
  const int64_t wide[] = {INT64_MIN, INT64_MAX, -1, 300};
  int8_t narrow[4];
  uint64_t whole[4];
  ASSERT_OK(hrs_convert(HRS_I64, wide, HRS_I8, narrow, 4));
  const int8_t wrapped[] = {0, -1, -1, 44};
  assert_memory_equal(narrow, wrapped, sizeof wrapped);
  ASSERT_OK(hrs_convert(HRS_I64, wide, HRS_U64, whole, 4));
  assert_true(whole[0] == (uint64_t)1 << 63 && whole[2] == UINT64_MAX);
  ASSERT_FAILS(hrs_convert(HRS_NONE, wide, HRS_I8, narrow, 4), INTERNAL, "none");
}

/* Numbers at the ends of all types, to all integer types: exact, or refused with the number. */
static void whole_numbers(void **state) {
  (void)state;
  const struct {
    hrs_dtype type;
    long double least, most;
  } kinds[] = {{HRS_I8, -0x1p7L, 0x1p7L - 1},
               {HRS_I16, -0x1p15L, 0x1p15L - 1},
               {HRS_I32, -0x1p31L, 0x1p31L - 1},
               {HRS_I64, -0x1p63L, 0x1p63L - 1},
               {HRS_U8, 0, 0x1p8L - 1},
               {HRS_U16, 0, 0x1p16L - 1},
               {HRS_U32, 0, 0x1p32L - 1},
               {HRS_U64, 0, 0x1p64L - 1},
               {HRS_BOOL, 0, 1}};
  enum { KINDS = sizeof kinds / sizeof *kinds };
  for (int to = 0; to < KINDS; to++) {
    for (int bits = 0; bits <= 64; bits++) {
      for (int k = 0; k < 6; k++) {
        long double value = (k % 2 ? -1 : 1) * (ldexpl(1, bits) + k / 2 - 1);
        bool fits = value >= kinds[to].least && value <= kinds[to].most;
        int64_t out = 0;
        hrs_count bad;
        for (int from = 0; from <= KINDS; from++) {
          unsigned char in[8];
          double real = (double)value;
          if (from == KINDS && (long double)real != value) continue;
          if (from < KINDS && (value < kinds[from].least || value > kinds[from].most)) continue;
          if (from == KINDS)
            memcpy(in, &real, sizeof real);
          else if (value < 0)
            ASSERT_OK(hrs_convert(HRS_I64, &(int64_t){(int64_t)value}, kinds[from].type, in, 1));
          else
            ASSERT_OK(hrs_convert(HRS_U64, &(uint64_t){(uint64_t)value}, kinds[from].type, in, 1));
          hrs_dtype given = from == KINDS ? HRS_F64 : kinds[from].type;
          hrs_status status = hrs_convert_whole(given, in, kinds[to].type, &out, 1, &bad);
          assert_int_equal(status, fits ? HRS_OK : HRS_STATUS_INPUT);
          assert_int_equal(bad, fits ? -1 : 0);
          if (!fits) continue;
          int64_t signed_out = 0;
          uint64_t unsigned_out = 0;
          ASSERT_OK(hrs_convert(kinds[to].type, &out, HRS_I64, &signed_out, 1));
          ASSERT_OK(hrs_convert(kinds[to].type, &out, HRS_U64, &unsigned_out, 1));
          assert_true(value < 0 ? signed_out == (int64_t)value : unsigned_out == (uint64_t)value);
        }
      }
    }
  }
  const struct {
    double value;
    const char *message;
  } refused[] = {{0.5, "0.5 is no whole number"},
                 {-0.4, "-0.4 is no whole number"},
                 {3.999999, "3.999999 is no whole number"},
                 {1 + 0x1p-52, "1.0000000000000002 is no whole number"},
                 {(double)NAN, "nan is no number"},
                 {-(double)INFINITY, "-inf is no number"},
                 {0x1p31, "2147483648 is outside of int32, -2147483648 to 2147483647"},
                 {1e300, "1e+300 is outside of int32"}};
  double values[600] = {0};
  int32_t out[600];
  hrs_count bad;
  values[1] = -0.0;
  ASSERT_OK(hrs_convert_whole(HRS_F64, values, HRS_I32, out, 600, &bad));
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
    values[555] = refused[i].value;
    ASSERT_FAILS(hrs_convert_whole(HRS_F64, values, HRS_I32, out, 600, &bad), INPUT,
                 refused[i].message);
    assert_int_equal(bad, 555);
  }
  const uint64_t large = (uint64_t)1 << 63;
  ASSERT_FAILS(hrs_convert_whole(HRS_U64, &large, HRS_I64, out, 1, &bad), INPUT,
               "9223372036854775808 is outside of int64");
  ASSERT_FAILS(hrs_convert_whole(HRS_U64, &large, HRS_F32, out, 1, &bad), INTERNAL, "float32");
}

static void floats_to_integers(void **state) {
  (void)state;
  const double values[] = {1e300, -1e300, (double)NAN, -2.9, 2.9, 0x1p63, -0x1p63, 0.5};
  int64_t i64[8];
  uint64_t u64[8];
  int32_t i32[8];
  uint8_t u8[8], truth[8];
  ASSERT_OK(hrs_convert(HRS_F64, values, HRS_I64, i64, 8));
  ASSERT_OK(hrs_convert(HRS_F64, values, HRS_U64, u64, 8));
  ASSERT_OK(hrs_convert(HRS_F64, values, HRS_I32, i32, 8));
  ASSERT_OK(hrs_convert(HRS_F64, values, HRS_U8, u8, 8));
  ASSERT_OK(hrs_convert(HRS_F64, values, HRS_BOOL, truth, 8));
  const int64_t want_i64[] = {INT64_MAX, INT64_MIN, 0, -2, 2, INT64_MAX, INT64_MIN, 0};
  const uint64_t want_u64[] = {UINT64_MAX, 0, 0, 0, 2, (uint64_t)1 << 63, 0, 0};
  const int32_t want_i32[] = {INT32_MAX, INT32_MIN, 0, -2, 2, INT32_MAX, INT32_MIN, 0};
  const uint8_t want_u8[] = {255, 0, 0, 0, 2, 255, 0, 0};
  assert_memory_equal(i64, want_i64, sizeof want_i64);
  assert_memory_equal(u64, want_u64, sizeof want_u64);
  assert_memory_equal(i32, want_i32, sizeof want_i32);
  assert_memory_equal(u8, want_u8, sizeof want_u8);
  for (int i = 0; i < 8; i++)
    assert_int_equal(truth[i], 1);
}

static void arrays(void **state) {
  (void)state;
  hrs_count before = hrs_memory_current();
  hrs_array a, b;
  ASSERT_OK(hrs_array_create(HRS_F32, 2, (hrs_count[]){3, 2}, &a));
  for (int i = 0; i < 6; i++)
    ((float *)a.data)[i] = (float)i - 0.5f;
  ASSERT_OK(hrs_array_copy(&a, &b));
  ASSERT_OK(hrs_array_convert(&b, HRS_F64));
  assert_int_equal(hrs_array_count(&b), 6);
  assert_true(((double *)b.data)[5] == 4.5 && b.dim[0] == 3);
  hrs_array_destroy(&b);
  assert_int_equal(hrs_array_count(&b), 0);
  hrs_array_destroy(&b);
  hrs_array_destroy(NULL);
  hrs_array_destroy(&a);
  ASSERT_OK(hrs_array_create(HRS_I8, 0, NULL, &a));
  assert_int_equal(hrs_array_count(&a), 1);
  hrs_array_destroy(&a);
  ASSERT_OK(hrs_array_create(HRS_I8, 2, (hrs_count[]){0, 5}, &a));
  ASSERT_OK(hrs_array_copy(&a, &b));
  assert_int_equal(hrs_array_count(&b), 0);
  hrs_array_destroy(&a);
  hrs_array_destroy(&b);
  ASSERT_FAILS(hrs_array_create(HRS_I8, 2, (hrs_count[]){1LL << 40, 1LL << 40}, &a), INPUT,
               "too large");
  ASSERT_FAILS(hrs_array_create(HRS_I8, 1, (hrs_count[]){-1}, &a), INPUT, "negative");
  ASSERT_FAILS(hrs_array_create(HRS_I8, 9, NULL, &a), INPUT, "9 axes");
  assert_null(a.data);
  assert_int_equal(hrs_memory_current(), before);
}

static void shapes(void **state) {
  (void)state;
  char text[HRS_SHAPE_TEXT], tiny[6];
  const hrs_count dim[] = {24, -1, 28};
  assert_string_equal(hrs_shape_text(3, dim, text, sizeof text), "[24, ?, 28]");
  assert_string_equal(hrs_shape_text(0, dim, text, sizeof text), "[]");
  assert_string_equal(hrs_shape_text(-1, dim, text, sizeof text), "[unknown]");
  assert_string_equal(hrs_shape_text(3, dim, tiny, sizeof tiny), "[24, ");
  hrs_count largest[HRS_MAX_RANK];
  for (int i = 0; i < HRS_MAX_RANK; i++)
    largest[i] = INT64_MAX;
  assert_int_equal(strlen(hrs_shape_text(HRS_MAX_RANK, largest, text, sizeof text)), 168);
}

static void whole_files(void **state) {
  (void)state;
  unsigned char *bytes;
  hrs_count size;
  const char *path = scratch_write("whole", "abc", 3);
  ASSERT_OK(hrs_file_read(path, 3, &bytes, &size));
  assert_int_equal(size, 3);
  assert_memory_equal(bytes, "abc", 3);
  hrs_free(bytes);
  ASSERT_FAILS(hrs_file_read(path, 2, &bytes, &size), INPUT, "3 bytes; at most 2");
  ASSERT_FAILS(hrs_file_read("/nowhere/x", 2, &bytes, &size), INPUT, "/nowhere/x");
  ASSERT_FAILS(hrs_file_read("/tmp", 2, &bytes, &size), INPUT, "folder");
  ASSERT_FAILS(hrs_file_read("/dev/zero", 2, &bytes, &size), INPUT, "regular");
}

static hrs_status fake_read(void *self, const char *path, hrs_count limit, unsigned char **bytes,
                            hrs_count *size) {
  (void)limit;
  *(int *)self += 1;
  *size = (hrs_count)strlen(path);
  HRS_TRY(hrs_alloc(*size, 1, bytes));
  memcpy(*bytes, path, strlen(path));
  return HRS_OK;
}

static void check_lines(const char *text, int wanted, const char *const *line) {
  int calls = 0;
  hrs_reader reader = {fake_read, &calls};
  char **lines;
  hrs_count count;
  ASSERT_OK(hrs_reader_lines(&reader, text, &lines, &count));
  assert_int_equal(calls, 1);
  assert_int_equal(count, wanted);
  for (int i = 0; i < wanted; i++)
    assert_string_equal(lines[i], line[i]);
  hrs_lines_free(&lines);
  assert_null(lines);
}

static void lines_of_text(void **state) {
  (void)state;
  hrs_count before = hrs_memory_current();
  check_lines("", 0, NULL);
  check_lines("\n", 1, (const char *[]){""});
  check_lines("a\nb", 2, (const char *[]){"a", "b"});
  check_lines("a\r\n\r\nb c\r\n", 3, (const char *[]){"a", "", "b c"});
  check_lines("\xef\xbb\xbf"
              "caf\xc3\xa9\n",
              1, (const char *[]){"caf\xc3\xa9"});
  char **lines;
  hrs_count count;
  ASSERT_FAILS(hrs_reader_lines(NULL, scratch_write("binary", "a\0b", 3), &lines, &count), INPUT,
               "no text file");
  assert_null(lines);
  assert_int_equal(hrs_memory_current(), before);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sizes_and_names),
      cmocka_unit_test(halves),
      cmocka_unit_test(all_pairs),
      cmocka_unit_test(whole_numbers),
      cmocka_unit_test(floats_to_integers),
      cmocka_unit_test(arrays),
      cmocka_unit_test(shapes),
      cmocka_unit_test(whole_files),
      cmocka_unit_test(lines_of_text),
  };
  return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
