/* Baselines: constants, means, tensors, blurs, tokens. */
#include "scratch.h"

#include <harsanyi/game.h>

#include <math.h>

#define DIM(...) ((const hrs_count[]){__VA_ARGS__})

static hrs_array make(hrs_dtype type, int rank, const hrs_count *dim) {
  hrs_array a;
  ASSERT_OK(hrs_array_create(type, rank, dim, &a));
  for (hrs_count i = 0; i < hrs_array_count(&a); i++) {
    double value = (double)(i * 7 % 11) - 3;
    ASSERT_OK(
        hrs_convert(HRS_F64, &value, type, (char *)a.data + (size_t)i * hrs_dtype_size(type), 1));
  }
  return a;
}

static double element_at(const hrs_array *a, hrs_count i) {
  double value;
  ASSERT_OK(hrs_convert(a->type, (char *)a->data + (size_t)i * hrs_dtype_size(a->type), HRS_F64,
                        &value, 1));
  return value;
}

static void constants(void **state) {
  (void)state;
  hrs_count before = hrs_memory_current();
  const struct {
    const char *spec;
    hrs_dtype type;
    double value;
  } good[] = {
      {"zero", HRS_F32, 0},          {"value:0.5", HRS_F64, 0.5}, {"value:-1e-3", HRS_F64, -1e-3},
      {"token:103", HRS_I64, 103},   {"token:0", HRS_I32, 0},     {"value:7", HRS_I64, 7},
      {"token:-100", HRS_I64, -100}, {"zero", HRS_U8, 0},
  };
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
    hrs_array samples = make(good[i].type, 3, DIM(4, 1, 6)), out;
    ASSERT_OK(hrs_baseline_create(good[i].spec, &samples, HRS_LAYOUT_AUTO, NULL, &out));
    assert_int_equal(out.type, good[i].type);
    assert_int_equal(out.rank, 2);
    assert_int_equal(out.dim[1], 6);
    for (int k = 0; k < 6; k++)
      assert_true(element_at(&out, k) == good[i].value);
    hrs_array_destroy(&samples);
    hrs_array_destroy(&out);
  }
  assert_int_equal(hrs_memory_current(), before);
}

static void refused(void **state) {
  (void)state;
  hrs_count before = hrs_memory_current();
  const struct {
    const char *spec;
    hrs_dtype type;
    const char *message;
  } bad[] = {
      {"", HRS_F32, "blur:SIGMA or token:ID"},
      {"zeros", HRS_F32, "is not known"},
      {"value:", HRS_F32, "'' is no number"},
      {"value:1x", HRS_F32, "'1x' is no number"},
      {"value:nan", HRS_F32, "is no number"},
      {"value:1e300", HRS_F32, "float32 cannot hold"},
      {"value:0.5", HRS_I64, "int64 cannot hold 0.5"},
      {"value:300", HRS_U8, "uint8 cannot hold 300"},
      {"token:5", HRS_F32, "inputs of integers"},
      {"token:x", HRS_I64, "no token number"},
      {"token:1.5", HRS_I64, "no token number"},
      {"blur:0", HRS_F32, "above 0"},
      {"blur:-1", HRS_F32, "above 0"},
      {"blur:1e9", HRS_F32, "above 0"},
      {"blur:2", HRS_I64, "cannot be blurred"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    hrs_array samples = make(bad[i].type, 2, DIM(4, 6)), out;
    ASSERT_FAILS(hrs_baseline_create(bad[i].spec, &samples, HRS_LAYOUT_AUTO, NULL, &out), USAGE,
                 bad[i].message);
    assert_non_null(strstr(hrs_error_message(), "--baseline"));
    hrs_array_destroy(&samples);
  }
  assert_int_equal(hrs_memory_current(), before);
}

static void means(void **state) {
  (void)state;
  hrs_array samples = make(HRS_F32, 3, DIM(2, 1, 3)), out;
  for (int batch = 0; batch < 2; batch++) {
    hrs_array data = batch ? make(HRS_F64, 3, DIM(5, 1, 3)) : make(HRS_F64, 2, DIM(5, 3));
    ASSERT_OK(hrs_baseline_create("mean:d.npy", &samples, HRS_LAYOUT_AUTO, &data, &out));
    assert_int_equal(out.rank, 2);
    assert_int_equal(out.type, HRS_F32);
    for (int i = 0; i < 3; i++) {
      double sum = 0;
      for (int k = 0; k < 5; k++)
        sum += element_at(&data, 3 * k + i);
      assert_true(element_at(&out, i) == (double)(float)(sum / 5));
    }
    hrs_array_destroy(&out);
    hrs_array_destroy(&data);
  }
  hrs_array wrong = make(HRS_F64, 2, DIM(5, 4)), tokens = make(HRS_I64, 3, DIM(2, 1, 3));
  ASSERT_FAILS(hrs_baseline_create("mean:d.npy", &samples, HRS_LAYOUT_AUTO, &wrong, &out), INPUT,
               "shape is [5, 4]; the masked tensor's shape [1, 3]");
  ASSERT_FAILS(hrs_baseline_create("mean:d.npy", &tokens, HRS_LAYOUT_AUTO, &wrong, &out), USAGE,
               "token:ID");
  hrs_array_destroy(&wrong);
  hrs_array_destroy(&tokens);
  hrs_array_destroy(&samples);
}

static void tensors(void **state) {
  (void)state;
  hrs_array samples = make(HRS_F32, 3, DIM(2, 1, 3)), out;
  const struct {
    int rank;
    hrs_count dim[3];
    int out_rank;
  } forms[] = {{2, {1, 3}, 2}, {1, {3}, 2}, {3, {2, 1, 3}, 3}, {2, {2, 3}, 3}};
  for (int k = 0; k < 4; k++) {
    hrs_array file = make(HRS_F64, forms[k].rank, forms[k].dim);
    ASSERT_OK(hrs_baseline_create("tensor:t.npy", &samples, HRS_LAYOUT_AUTO, &file, &out));
    assert_int_equal(out.rank, forms[k].out_rank);
    assert_int_equal(out.type, HRS_F32);
    assert_int_equal(hrs_array_count(&out), hrs_array_count(&file));
    for (hrs_count i = 0; i < hrs_array_count(&file); i++)
      assert_true(element_at(&out, i) == element_at(&file, i));
    hrs_array_destroy(&out);
    hrs_array_destroy(&file);
  }
  hrs_array wrong = make(HRS_F64, 2, DIM(3, 3)), tokens = make(HRS_I64, 2, DIM(2, 3));
  ASSERT_FAILS(hrs_baseline_create("tensor:t.npy", &samples, HRS_LAYOUT_AUTO, &wrong, &out), INPUT,
               "has 3 rows; expected are 2, one for each sample");
  ASSERT_FAILS(hrs_baseline_create("tensor:t.npy", &tokens, HRS_LAYOUT_AUTO, &wrong, &out), INPUT,
               "holds float64; the masked tensor holds int64");
  hrs_array_destroy(&wrong);
  wrong = make(HRS_F64, 1, DIM(3));
  ((double *)wrong.data)[1] = (double)NAN;
  ASSERT_FAILS(hrs_baseline_create("tensor:t.npy", &samples, HRS_LAYOUT_AUTO, &wrong, &out), INPUT,
               "element 1 is nan");
  hrs_array_destroy(&wrong);
  hrs_array_destroy(&tokens);
  hrs_array_destroy(&samples);
}

/* Up to three axes one after the other that are blurred, as three: those that lack have length 1.
 */
typedef struct places {
  hrs_count size[3], inner; /* inner: elements behind each place */
} places;

/* The sum over all places around one that the separable blur must give; outside, the nearest. */
static long double blurred(const hrs_array *a, const places *p, hrs_count element, double sigma) {
  hrs_count all = p->size[0] * p->size[1] * p->size[2] * p->inner;
  hrs_count start = element / all * all + element % p->inner, at[3], place = element / p->inner;
  for (int i = 2; i >= 0; i--) {
    at[i] = place % p->size[i];
    place /= p->size[i];
  }
  int most = (int)(4 * sigma + 0.5), radius[3];
  for (int i = 0; i < 3; i++)
    radius[i] = p->size[i] > 1 ? most : 0;
  long double sum = 0, total = 0, spread = 2 * (long double)sigma * (long double)sigma;
  for (int z = -radius[0]; z <= radius[0]; z++) {
    for (int y = -radius[1]; y <= radius[1]; y++) {
      for (int x = -radius[2]; x <= radius[2]; x++) {
        const int step[3] = {z, y, x};
        hrs_count from = 0;
        for (int i = 0; i < 3; i++) {
          hrs_count to = at[i] + step[i];
          to = to < 0 ? 0 : to >= p->size[i] ? p->size[i] - 1 : to;
          from = from * p->size[i] + to;
        }
        long double weight = expl(-(long double)(x * x + y * y + z * z) / spread);
        sum += weight * (long double)element_at(a, start + from * p->inner);
        total += weight;
      }
    }
  }
  return sum / total;
}

static void blurs(void **state) {
  (void)state;
  const struct {
    int rank;
    hrs_count dim[6]; /* the axis of samples first */
    int first, axes;  /* that are blurred */
    hrs_layout layout;
    double sigma;
  } cases[] = {
      /* images */
      {5, {2, 1, 3, 7, 5}, 3, 2, HRS_LAYOUT_AUTO, 1.5},
      {5, {2, 1, 6, 5, 3}, 2, 2, HRS_LAYOUT_AUTO, 0.8},
      {5, {1, 1, 6, 5, 3}, 3, 2, HRS_LAYOUT_CHANNELS_FIRST, 0.3},
      {4, {2, 1, 4, 6}, 2, 2, HRS_LAYOUT_NO_CHANNELS, 4},
      {3, {3, 4, 6}, 1, 2, HRS_LAYOUT_NO_CHANNELS, 0.1},
      /* series */
      {4, {2, 1, 4, 9}, 3, 1, HRS_LAYOUT_CHANNELS_FIRST, 1.3},
      {4, {2, 1, 9, 4}, 2, 1, HRS_LAYOUT_CHANNELS_LAST, 1.3},
      {4, {2, 1, 1, 9}, 3, 1, HRS_LAYOUT_AUTO, 0.7},
      {4, {2, 1, 9, 1}, 2, 1, HRS_LAYOUT_AUTO, 0.7},
      {3, {3, 1, 9}, 2, 1, HRS_LAYOUT_AUTO, 2},
      {2, {3, 9}, 1, 1, HRS_LAYOUT_AUTO, 2},
      /* volumes */
      {6, {2, 1, 2, 4, 5, 3}, 3, 3, HRS_LAYOUT_AUTO, 0.9},
      {6, {1, 1, 5, 4, 3, 1}, 2, 3, HRS_LAYOUT_AUTO, 0.6},
      {6, {1, 1, 4, 3, 2, 5}, 2, 3, HRS_LAYOUT_CHANNELS_LAST, 0.9},
      {5, {2, 1, 4, 5, 3}, 2, 3, HRS_LAYOUT_NO_CHANNELS, 0.9},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    hrs_array samples = make(HRS_F64, cases[k].rank, cases[k].dim), out;
    char spec[32];
    snprintf(spec, sizeof spec, "blur:%g", cases[k].sigma);
    ASSERT_OK(hrs_baseline_create(spec, &samples, cases[k].layout, NULL, &out));
    assert_int_equal(out.rank, samples.rank);
    places p = {{1, 1, 1}, 1};
    for (int i = 0; i < cases[k].axes; i++)
      p.size[3 - cases[k].axes + i] = cases[k].dim[cases[k].first + i];
    for (int i = cases[k].first + cases[k].axes; i < cases[k].rank; i++)
      p.inner *= cases[k].dim[i];
    for (hrs_count i = 0; i < hrs_array_count(&out); i++)
      assert_true(fabsl((long double)element_at(&out, i) -
                        blurred(&samples, &p, i, cases[k].sigma)) < 1e-13L);
    hrs_array_destroy(&samples);
    hrs_array_destroy(&out);
  }
}

/* A shape that does not tell where the channels are is refused, and so is what has none to spare.
 */
static void blurs_left_open(void **state) {
  (void)state;
  const struct {
    int rank;
    hrs_count dim[7];
    const char *message;
  } cases[] = {{4, {2, 1, 6, 9}, "--layout channels-first ([channels, length])"},
               {3, {2, 6, 9}, "no-channels ([rows, columns])"},
               {5, {2, 1, 64, 3, 3}, "channels-last ([rows, columns, channels])"},
               {6, {2, 1, 16, 3, 8, 8}, "tensor:FILE as baseline"},
               {7, {2, 1, 2, 2, 2, 2, 2}, "1 to 3 axes"}};
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    hrs_array samples = make(HRS_F32, cases[k].rank, cases[k].dim), out;
    ASSERT_FAILS(hrs_baseline_create("blur:2", &samples, HRS_LAYOUT_AUTO, NULL, &out), USAGE,
                 cases[k].message);
    assert_non_null(strstr(hrs_error_message(), "--baseline blur:2"));
    hrs_array_destroy(&samples);
  }
}

/* scipy.ndimage.gaussian_filter(a, 1.2, mode='nearest') of numpy.arange(12.).reshape(3, 4)**2. */
static void blur_as_scipy(void **state) {
  (void)state;
  const double wanted[] = {12.347544644208089, 16.04985368463558,  21.23352809245851,
                           25.934056772282332, 30.979362835320174, 37.63330780238228,
                           46.45868519757384,  54.11084980403228,  52.73199964434821,
                           62.337580538044925, 74.80466092060513,  85.40846145369818};
  hrs_array samples, out;
  ASSERT_OK(hrs_array_create(HRS_F64, 4, DIM(1, 1, 3, 4), &samples));
  for (int i = 0; i < 12; i++)
    ((double *)samples.data)[i] = i * i;
  ASSERT_OK(hrs_baseline_create("blur:1.2", &samples, HRS_LAYOUT_NO_CHANNELS, NULL, &out));
  for (int i = 0; i < 12; i++)
    assert_true(fabs(((double *)out.data)[i] - wanted[i]) < 1e-12);
  hrs_array_destroy(&samples);
  hrs_array_destroy(&out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(constants),     cmocka_unit_test(refused), cmocka_unit_test(means),
      cmocka_unit_test(tensors),       cmocka_unit_test(blurs),   cmocka_unit_test(blurs_left_open),
      cmocka_unit_test(blur_as_scipy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
