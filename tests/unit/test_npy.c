/* .npy files: all versions and types, hostile headers, reading by parts, writing. */
#include "scratch.h"

#include <math.h>

/* A file with the given header text, version and data. */
static const char *make(int version, const char *header, const void *data, size_t size) {
  static char bytes[8192];
  size_t length = strlen(header), at = 0;
  memcpy(bytes, "\x93NUMPY", 6);
  bytes[6] = (char)version;
  bytes[7] = 0;
  bytes[8] = (char)(length & 255);
  bytes[9] = (char)(length >> 8);
  at = 10;
  if (version > 1) {
    bytes[10] = bytes[11] = 0;
    at = 12;
  }
  memcpy(bytes + at, header, length);
  memcpy(bytes + at + length, data, size);
  return scratch_write("made.npy", bytes, at + length + size);
}

static void versions(void **state) {
  (void)state;
  const float data[] = {1, 2, 3, 4, 5, 6};
  for (int version = 1; version <= 3; version++) {
    const char *path =
        make(version, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n", data,
             sizeof data);
    hrs_array a;
    ASSERT_OK(hrs_array_load(path, &a));
    assert_int_equal(a.type, HRS_F32);
    assert_int_equal(a.rank, 2);
    assert_int_equal(a.dim[0], 2);
    assert_int_equal(a.dim[1], 3);
    assert_memory_equal(a.data, data, sizeof data);
    hrs_array_destroy(&a);
  }
  ASSERT_FAILS(hrs_array_load(make(4, "{}", "", 0), &(hrs_array){0}), INPUT, "version 4");
}

static void forms_of_headers(void **state) {
  (void)state;
  const struct {
    const char *header;
    int rank;
    hrs_count first;
    hrs_dtype type;
  } good[] = {
      {"{'descr': '|b1', 'fortran_order': False, 'shape': (), }", 0, 0, HRS_BOOL},
      {"{\"shape\":(3,),\"descr\":\"=i4\",\"fortran_order\":False}", 1, 3, HRS_I32},
      {"{ 'shape' : ( 2L , 1L ) , 'fortran_order' : False , 'descr' : '|u1' }", 2, 2, HRS_U8},
      {"{'descr': '<f8', 'fortran_order': True, 'shape': (1, 4), }", 2, 1, HRS_F64},
      {"{'descr': '<i8', 'fortran_order': False, 'shape': (0, 4), }", 2, 0, HRS_I64},
      {"{'descr': '?', 'fortran_order': False, 'shape': (4,), }", 1, 4, HRS_BOOL},
  };
  const char zeros[64] = {0};
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
    hrs_array a;
    ASSERT_OK(hrs_array_load(make(1, good[i].header, zeros, sizeof zeros), &a));
    assert_int_equal(a.rank, good[i].rank);
    assert_int_equal(a.type, good[i].type);
    if (a.rank) assert_int_equal(a.dim[0], good[i].first);
    hrs_array_destroy(&a);
  }
}

static void bad_headers(void **state) {
  (void)state;
  hrs_count before = hrs_memory_current();
  const struct {
    const char *header, *message;
  } bad[] = {
      {"{'descr': '<c8', 'fortran_order': False, 'shape': (2,), }", "complex"},
      {"{'descr': '|O', 'fortran_order': False, 'shape': (2,), }", "Python objects"},
      {"{'descr': '<U4', 'fortran_order': False, 'shape': (2,), }", "text"},
      {"{'descr': '<', 'fortran_order': False, 'shape': (2,), }", "type '<'"},
      {"{'descr': '', 'fortran_order': False, 'shape': (2,), }", "type ''"},
      {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }", "records"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, }", "damaged"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }", "damaged"},
      {"{'descr': '<f4', 'fortran_order': Maybe, 'shape': (2,), }", "True or False"},
      {"{'descr': '<f4', 'shape': (2,), }", "damaged"},
      {"{'descr: <f4, 'fortran_order': False", "damaged"},
      {"{'colour': 'red'}", "damaged"},
      {"", "damaged"},
      {"{", "damaged"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (9223372036854775807,), }", "too large"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (9223372036854775808,), }", "too large"},
      {"{'descr': '|u1', 'fortran_order': False, 'shape': (4294967296, 4294967296), }",
       "too large"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1), }", "more than 8"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (17,), }", "need 68 bytes, it holds 64"},
  };
  const char zeros[64] = {0};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    const char *path = make(1, bad[i].header, zeros, sizeof zeros);
    ASSERT_FAILS(hrs_array_load(path, &(hrs_array){0}), INPUT, bad[i].message);
    assert_non_null(strstr(hrs_error_message(), path));
  }
  assert_int_equal(hrs_memory_current(), before);
}

/* Cut anywhere, a file is refused and nothing leaks. */
static void truncated(void **state) {
  (void)state;
  hrs_count before = hrs_memory_current();
  const double data[] = {1, 2, 3};
  const char *path =
      make(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }\n", data, sizeof data);
  char bytes[256];
  FILE *in = fopen(path, "rb");
  size_t whole = fread(bytes, 1, sizeof bytes, in);
  fclose(in);
  for (size_t size = 0; size < whole; size++) {
    hrs_array a;
    assert_int_equal(hrs_array_load(scratch_write("cut.npy", bytes, size), &a), HRS_STATUS_INPUT);
  }
  assert_int_equal(hrs_memory_current(), before);
}

/* Any byte of the header replaced by any of some awkward ones: no crash, no leak. */
static void mangled(void **state) {
  (void)state;
  hrs_count before = hrs_memory_current();
  const char *header = "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 1), }\n";
  const char awkward[] = "\0'\"(){}:,L9-<>\xff";
  const double data[] = {1, 2, 3};
  char bytes[256];
  FILE *in = fopen(make(2, header, data, sizeof data), "rb");
  size_t whole = fread(bytes, 1, sizeof bytes, in);
  fclose(in);
  for (size_t i = 6; i < 12 + strlen(header); i++) {
    for (size_t k = 0; k < sizeof awkward; k++) {
      char old = bytes[i];
      bytes[i] = awkward[k];
      hrs_array a;
      hrs_status status = hrs_array_load(scratch_write("mangled.npy", bytes, whole), &a);
      assert_true(status == HRS_OK || status == HRS_STATUS_INPUT);
      hrs_array_destroy(&a);
      bytes[i] = old;
    }
  }
  assert_int_equal(hrs_memory_current(), before);
}

static void big_endian(void **state) {
  (void)state;
  const unsigned char data[] = {0, 1, 0xff, 0xfe};
  hrs_array_file *file;
  int16_t plain[2];
  double wide[2];
  ASSERT_OK(hrs_array_file_open(
      make(1, "{'descr': '>i2', 'fortran_order': False, 'shape': (2,), }", data, 4), &file));
  ASSERT_OK(hrs_array_file_read(file, 0, 2, HRS_I16, plain));
  ASSERT_OK(hrs_array_file_read(file, 0, 2, HRS_F64, wide));
  assert_true(plain[0] == 1 && plain[1] == -2 && wide[0] == 1 && wide[1] == -2);
  hrs_array_file_close(&file);
}

static void save_and_read_parts(void **state) {
  (void)state;
  hrs_count before = hrs_memory_current();
  hrs_array a;
  const hrs_count dim[] = {5, 7, 11};
  for (int type = HRS_F32; type < HRS_DTYPE_LIMIT; type++) {
    int64_t numbers[385];
    for (int i = 0; i < 385; i++)
      numbers[i] = i % 120;
    ASSERT_OK(hrs_array_create((hrs_dtype)type, 3, dim, &a));
    ASSERT_OK(hrs_convert(HRS_I64, numbers, (hrs_dtype)type, a.data, 385));
    const char *path = scratch_path("saved.npy");
    ASSERT_OK(hrs_array_save(path, &a));
    hrs_array_file *file;
    ASSERT_OK(hrs_array_file_open(path, &file));
    assert_int_equal(hrs_array_file_type(file), type == HRS_BF16 ? HRS_F32 : type);
    assert_int_equal(hrs_array_file_rank(file), 3);
    assert_memory_equal(hrs_array_file_dim(file), dim, sizeof dim);
    assert_string_equal(hrs_array_file_path(file), path);
    int16_t part[154];
    ASSERT_OK(hrs_array_file_read(file, 2, 2, HRS_I16, part));
    for (int i = 0; i < 154; i++)
      assert_int_equal(part[i], type == HRS_BOOL ? numbers[154 + i] != 0 : numbers[154 + i]);
    ASSERT_OK(hrs_array_file_read_elements(file, 83, 3, HRS_I16, part));
    assert_int_equal(part[2], type == HRS_BOOL ? 1 : 85);
    ASSERT_OK(hrs_array_file_read(file, 5, 0, HRS_I16, part));
    ASSERT_FAILS(hrs_array_file_read(file, 4, 2, HRS_I16, part), INTERNAL, "rows 4 to 6");
    ASSERT_FAILS(hrs_array_file_read_elements(file, 385, 1, HRS_I16, part), INTERNAL, "of 385");
    hrs_array_file_close(&file);
    hrs_array_destroy(&a);
  }
  assert_int_equal(hrs_memory_current(), before);
}

static void large_conversion(void **state) {
  (void)state;
  enum { N = 700001 };
  hrs_array a;
  ASSERT_OK(hrs_array_create(HRS_F32, 1, (hrs_count[]){N}, &a));
  for (int i = 0; i < N; i++)
    ((float *)a.data)[i] = (float)i;
  ASSERT_OK(hrs_array_save(scratch_path("large.npy"), &a));
  hrs_array_destroy(&a);
  hrs_array_file *file;
  double *wide;
  ASSERT_OK(hrs_array_file_open(scratch_path("large.npy"), &file));
  ASSERT_OK(hrs_alloc(N, sizeof *wide, &wide));
  ASSERT_OK(hrs_array_file_read(file, 0, N, HRS_F64, wide));
  for (int i = 0; i < N; i++)
    assert_true(wide[i] == i);
  hrs_free(wide);
  hrs_array_file_close(&file);
}

/* A backend that knows rows alone, as others may write. */
static hrs_status fake_rows(void *self, hrs_count first, hrs_count count, void *out) {
  (void)self;
  for (hrs_count i = 0; i < count * 10; i++)
    ((int32_t *)out)[i] = (int32_t)(first * 10 + i);
  return HRS_OK;
}

static int closed;
static void fake_close(void *self) {
  (void)self;
  closed++;
}

static void rows_alone(void **state) {
  (void)state;
  const hrs_array_file_backend backend = {.read = fake_rows, .close = fake_close};
  hrs_array_file *file;
  ASSERT_OK(hrs_array_file_wrap(&backend, NULL, "fake", HRS_I32, 2, (hrs_count[]){6, 10}, &file));
  for (hrs_count first = 0; first < 60; first += 7) {
    double part[60];
    hrs_count count = 60 - first < 13 ? 60 - first : 13;
    ASSERT_OK(hrs_array_file_read_elements(file, first, count, HRS_F64, part));
    for (hrs_count i = 0; i < count; i++)
      assert_true(part[i] == (double)(first + i));
  }
  hrs_array_file_close(&file);
  hrs_array_file_close(&file);
  assert_int_equal(closed, 1);
  ASSERT_FAILS(hrs_array_file_wrap(&backend, NULL, "fake", HRS_I32, 2,
                                   (hrs_count[]){1LL << 62, 1LL << 62}, &file),
               INPUT, "too large");
  assert_int_equal(closed, 2);
}

static void no_npy_at_all(void **state) {
  (void)state;
  const struct {
    const char *bytes, *message;
  } bad[] = {
      {"", "is empty"},
      {"\x89HDF\r\n\x1a\n", "FILE.h5:/dataset"},
      {"version https://git-lfs.github.com/spec/v1", "git lfs pull"},
      {"\x1f\x8b\x08", "gzip"},
      {"1,2,3\n", "no .npy or .npz"},
      {"PK\x03\x04 but no archive", "cannot be opened as an .npz"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    ASSERT_FAILS(
        hrs_array_load(scratch_write("other", bad[i].bytes, strlen(bad[i].bytes)), &(hrs_array){0}),
        INPUT, bad[i].message);
  ASSERT_FAILS(hrs_array_load("/nowhere/a.npy", &(hrs_array){0}), INPUT, "No such file");
  ASSERT_FAILS(hrs_array_load("/nowhere/a.npz:b", &(hrs_array){0}), INPUT, "/nowhere/a.npz:b");
  ASSERT_FAILS(hrs_array_load("/tmp", &(hrs_array){0}), INPUT, "is a folder");
}

static void unwritable(void **state) {
  (void)state;
  hrs_array a;
  ASSERT_OK(hrs_array_create(HRS_F64, 1, (hrs_count[]){100000}, &a));
  memset(a.data, 0, 800000);
  ASSERT_FAILS(hrs_array_save("/nowhere/a.npy", &a), IO, "cannot be written");
  ASSERT_FAILS(hrs_array_save(scratch_path("x.npy"), &(hrs_array){0}), INTERNAL, "no array");
  hrs_array_destroy(&a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(versions),
      cmocka_unit_test(forms_of_headers),
      cmocka_unit_test(bad_headers),
      cmocka_unit_test(truncated),
      cmocka_unit_test(mangled),
      cmocka_unit_test(big_endian),
      cmocka_unit_test(save_and_read_parts),
      cmocka_unit_test(large_conversion),
      cmocka_unit_test(rows_alone),
      cmocka_unit_test(no_npy_at_all),
      cmocka_unit_test(unwritable),
  };
  return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
