/* .npy files in Fortran order give the elements of the same array in C order, whatever is read. */
#include "scratch.h"

/* An array whose elements are their places in C order, stored with the first axis fastest. */
static const char *store(int rank, const hrs_count *dim, bool swapped) {
  static char shape[HRS_SHAPE_TEXT], header[512];
  hrs_count elements = 1, step[HRS_MAX_RANK];
  int used = 0;
  for (int i = rank - 1; i >= 0; i--) {
    step[i] = elements;
    elements *= dim[i];
  }
  for (int i = 0; i < rank; i++)
    used += snprintf(shape + used, sizeof shape - (size_t)used, "%lld, ", (long long)dim[i]);
  int length =
      snprintf(header, sizeof header, "{'descr': '%ci4', 'fortran_order': True, 'shape': (%s), }\n",
               swapped ? '>' : '<', shape);
  const char *path = scratch_path("fortran.npy");
  FILE *file = fopen(path, "wb");
  unsigned char start[10] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (unsigned char)length, 0};
  bool good = length < 256 && fwrite(start, 10, 1, file) && fwrite(header, (size_t)length, 1, file);
  hrs_count at[HRS_MAX_RANK] = {0};
  for (hrs_count k = 0; k < elements; k++) {
    hrs_count place = 0;
    for (int i = 0; i < rank; i++)
      place += at[i] * step[i];
    unsigned char bytes[4];
    for (int i = 0; i < 4; i++)
      bytes[i] = (unsigned char)(place >> 8 * (swapped ? 3 - i : i));
    good = good && fwrite(bytes, 4, 1, file);
    for (int i = 0; i < rank && ++at[i] == dim[i]; i++)
      at[i] = 0;
  }
  good = fclose(file) == 0 && good;
  if (!good) abort();
  return path;
}

static void check_range(hrs_array_file *file, hrs_count first, hrs_count count, int32_t *out) {
  ASSERT_OK(hrs_array_file_read_elements(file, first, count, HRS_I32, out));
  for (hrs_count i = 0; i < count; i++)
    if (out[i] != first + i)
      fail_msg("element %lld of a range from %lld on: %d", (long long)i, (long long)first, out[i]);
}

static void every_range(void **state) {
  (void)state;
  const struct {
    int rank;
    hrs_count dim[HRS_MAX_RANK];
  } shapes[] = {{2, {4, 6}}, {2, {1, 5}}, {3, {3, 1, 4}}, {3, {2, 5, 3}}, {5, {2, 3, 1, 2, 2}}};
  for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
    hrs_array_file *file;
    hrs_count elements = 1;
    int32_t out[128];
    for (int i = 0; i < shapes[s].rank; i++)
      elements *= shapes[s].dim[i];
    ASSERT_OK(hrs_array_file_open(store(shapes[s].rank, shapes[s].dim, s % 2), &file));
    for (hrs_count first = 0; first < elements; first++)
      for (hrs_count count = 1; count <= elements - first; count++)
        check_range(file, first, count, out);
    hrs_array_file_close(&file);
  }
}

/* Larger than the buffer in any axis: all of it, rows, and odd ranges. */
static void pieces(void **state) {
  (void)state;
  const hrs_count shapes[][3] = {{3, 400, 1000}, {600000, 2, 1}, {2, 600000, 1}, {700, 5, 300}};
  for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
    const hrs_count *dim = shapes[s], row = dim[1] * dim[2], elements = dim[0] * row;
    hrs_array_file *file;
    int32_t *out;
    ASSERT_OK(hrs_alloc(elements, sizeof *out, &out));
    ASSERT_OK(hrs_array_file_open(store(3, dim, false), &file));
    hrs_count before = hrs_memory_current();
    hrs_memory_reset_peak();
    check_range(file, 0, elements, out);
    check_range(file, row * (dim[0] - 1), row, out);
    check_range(file, row / 2, row + 1, out);
    check_range(file, elements - 7, 7, out);
    /* No second copy of what is read. */
    assert_true(hrs_memory_peak() - before <= 2 << 20);
    hrs_array_file_close(&file);
    hrs_free(out);
  }
}

static void cut_off(void **state) {
  (void)state;
  const char *path = store(2, (hrs_count[]){4, 6}, false);
  assert_int_equal(truncate(path, 100), 0);
  ASSERT_FAILS(hrs_array_load(path, &(hrs_array){0}), INPUT, "is truncated");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_range),
      cmocka_unit_test(pieces),
      cmocka_unit_test(cut_off),
  };
  return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
