/* Sums in row order, the largest magnitude, and the salient selection, against a full sort. */
#include "mpi_test.h"

#include <math.h>
#include <string.h>

enum { N = 11 };
static const hrs_count SIZE = (hrs_count)1 << N;

/* Few different magnitudes, so that the selection has many ties to break. */
static double coarse(hrs_mask mask) {
  uint64_t x = (mask + 1) * 0x9e3779b97f4a7c15u;
  return ((double)(x >> 60) - 7.5) * (mask % 3 == 0 ? 0 : 1);
}

static double fine(hrs_mask mask) {
  uint64_t x = (mask + 1) * 0x9e3779b97f4a7c15u;
  return (double)(int64_t)(x ^ x >> 31) * 0x1p-63;
}

typedef struct world {
  MPI_Comm comm;
  hrs_lattice *lattice;
} world;

static world open_world(double (*value)(hrs_mask), hrs_phase phase) {
  world w = {MPI_COMM_NULL, NULL};
  int size = mpi_size(MPI_COMM_WORLD), rank = mpi_rank(MPI_COMM_WORLD);
  MPI_Comm_split(MPI_COMM_WORLD, rank < 8 ? 0 : MPI_UNDEFINED, rank, &w.comm);
  hrs_partition part;
  if (w.comm == MPI_COMM_NULL) return w;
  if (hrs_partition_create(N, 3, size < 8 ? size : 8, &part) != HRS_OK ||
      hrs_lattice_create(w.comm, &part, HRS_F64, 0, HRS_SHARE_AUTO, &w.lattice) != HRS_OK)
    abort();
  if (phase == HRS_PHASE_B) must(hrs_lattice_exchange(w.lattice));
  for (hrs_mask mask = 0; mask < (hrs_mask)SIZE; mask++)
    hrs_lattice_set(w.lattice, mask, value(mask));
  return w;
}

static void close_world(world *w) {
  hrs_lattice_destroy(&w->lattice);
  if (w->comm != MPI_COMM_NULL) MPI_Comm_free(&w->comm);
}

static double (*sort_value)(hrs_mask);

static int by_definition(const void *a, const void *b) {
  hrs_mask x = *(const hrs_mask *)a, y = *(const hrs_mask *)b;
  double p = fabs(sort_value(x)), q = fabs(sort_value(y));
  if (p != q) return p > q ? -1 : 1;
  return x < y ? -1 : x > y;
}

static bool is_selection(const hrs_salient *list, double (*value)(hrs_mask), double threshold,
                         hrs_count limit) {
  hrs_mask all[1 << N];
  hrs_count count = 0;
  for (hrs_mask mask = 1; mask < (hrs_mask)SIZE; mask++)
    if (fabs(value(mask)) >= threshold) all[count++] = mask;
  sort_value = value;
  qsort(all, (size_t)count, sizeof *all, by_definition);
  hrs_count wanted = count < limit ? count : limit;
  if (list->count != wanted || list->truncated != (count > limit)) return false;
  for (hrs_count i = 0; i < wanted; i++)
    if (list->mask[i] != all[i] || list->value[i] != value(all[i]) || list->type[i] != 1)
      return false;
  return true;
}

static void selection_is_the_sorted_head(void **state) {
  (void)state;
  double (*values[])(hrs_mask) = {coarse, fine};
  static const double thresholds[] = {0, 0.3, 0.5, 3.5, 7.5, 100};
  static const hrs_count limits[] = {0, 1, 2, 7, 100, 1000, 2046, 2047, 5000};
  for (int phase = 0; phase < 2; phase++)
    for (int v = 0; v < 2; v++) {
      world w = open_world(values[v], (hrs_phase)phase);
      for (size_t t = 0; t < sizeof thresholds / sizeof *thresholds; t++)
        for (size_t l = 0; l < sizeof limits / sizeof *limits; l++) {
          bool right = true;
          if (w.lattice) {
            hrs_salient list;
            right = hrs_lattice_select(w.lattice, 1, thresholds[t], limits[l], &list) == HRS_OK;
            if (right && mpi_rank(w.comm) == 0)
              right = is_selection(&list, values[v], thresholds[t], limits[l]);
            hrs_salient_destroy(&list);
          }
          mpi_assert(right);
        }
      close_world(&w);
    }
}

static hrs_status add_row(void *context, hrs_dtype type, const void *values, hrs_subcube cube,
                          double *sum) {
  (void)context;
  (void)type;
  const double *x = values;
  for (hrs_count i = 0; i < hrs_subcube_size(cube); i++) {
    sum[0] += x[i];
    sum[1] += x[i] * (double)hrs_order(hrs_subcube_mask(cube, i));
  }
  return HRS_OK;
}

static void sums_add_rows_in_order(void **state) {
  (void)state;
  for (int phase = 0; phase < 2; phase++) {
    world w = open_world(fine, (hrs_phase)phase);
    double sum[2] = {0, 0}, wanted[2] = {0, 0}, largest = 0, found = 0;
    bool right = true;
    if (w.lattice) {
      right = hrs_lattice_sum(w.lattice, 2, add_row, NULL, sum) == HRS_OK &&
              hrs_lattice_max(w.lattice, &found) == HRS_OK;
      /* Row by row in row order, as a single rank would: not one bit may differ. */
      int shift = phase ? N - 3 : N - 6;
      for (hrs_mask row = 0; row < 8; row++) {
        hrs_subcube cube = {row << shift, hrs_mask_full(N) & ~(hrs_mask_full(3) << shift)};
        double part[2] = {0, 0}, values[1 << (N - 3)];
        for (hrs_count i = 0; i < hrs_subcube_size(cube); i++)
          values[i] = fine(hrs_subcube_mask(cube, i));
        must(add_row(NULL, HRS_F64, values, cube, part));
        wanted[0] += part[0];
        wanted[1] += part[1];
      }
      for (hrs_mask mask = 1; mask < (hrs_mask)SIZE; mask++)
        largest = fabs(fine(mask)) > largest ? fabs(fine(mask)) : largest;
    }
    mpi_assert(right && sum[0] == wanted[0] && sum[1] == wanted[1] && found == largest);
    close_world(&w);
  }
}

static hrs_status make_list(hrs_salient *list, uint8_t type, hrs_count count, const double *value) {
  list->count = count;
  HRS_TRY(hrs_alloc(count, sizeof *list->mask, &list->mask));
  HRS_TRY(hrs_alloc(count, sizeof *list->type, &list->type));
  HRS_TRY(hrs_alloc(count, sizeof *list->value, &list->value));
  for (hrs_count i = 0; i < count; i++) {
    list->mask[i] = (hrs_mask)i + 1;
    list->type[i] = type;
    list->value[i] = value[i];
  }
  return HRS_OK;
}

static void lists_merge_in_order(void **state) {
  (void)state;
  static const double a[] = {5, -3, 3, 1}, b[] = {-6, 3, 2};
  hrs_salient x = {0}, y = {0};
  assert_int_equal(make_list(&x, 0, 4, a), HRS_OK);
  assert_int_equal(make_list(&y, 1, 3, b), HRS_OK);
  assert_int_equal(hrs_salient_merge(&x, &y, 2, 100), HRS_OK);
  static const double merged[] = {-6, 5, -3, 3, 3, 2};
  static const uint8_t types[] = {1, 0, 0, 0, 1, 1};
  static const hrs_mask masks[] = {1, 1, 2, 3, 2, 3};
  assert_int_equal(x.count, 6);
  assert_false(x.truncated);
  for (int i = 0; i < 6; i++) {
    assert_true(x.value[i] == merged[i]);
    assert_int_equal(x.type[i], types[i]);
    assert_int_equal(x.mask[i], masks[i]);
  }
  hrs_salient none = {0};
  assert_int_equal(hrs_salient_merge(&x, &none, 0, 4), HRS_OK);
  assert_int_equal(x.count, 4);
  assert_true(x.truncated);
  assert_true(hrs_salient_lacks(&x, 3));
  assert_false(hrs_salient_lacks(&x, 3.5));
  hrs_salient_destroy(&x);
}

static void failures_reach_every_rank(void **state) {
  (void)state;
  int last = mpi_size(MPI_COMM_WORLD) - 1;
  hrs_status status = HRS_OK;
  if (mpi_rank(MPI_COMM_WORLD) == last)
    status = hrs_error_set(HRS_STATUS_INPUT, "a", 1, "rank %d found a hole", last);
  status = hrs_agree(MPI_COMM_WORLD, status);
  mpi_assert(status == HRS_STATUS_INPUT);
  char wanted[64];
  snprintf(wanted, sizeof wanted, "rank %d found a hole", last);
  mpi_assert(strcmp(hrs_error_message(), wanted) == 0);
  mpi_assert(hrs_agree(MPI_COMM_WORLD, HRS_OK) == HRS_OK);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(selection_is_the_sorted_head), cmocka_unit_test(sums_add_rows_in_order),
    cmocka_unit_test(lists_merge_in_order), cmocka_unit_test(failures_reach_every_rank)};
mpi_test_main(tests)
