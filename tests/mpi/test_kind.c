/* A kind that is nothing but a table: arrays of one to five axes, families with axes of their own,
 * records, arrays that are made later, attributes. All ranks write, rank 0 reads back; files of
 * other kinds and with missing arrays are refused. */
#include "mpi/dataset/reading.h"
#include "mpi/dataset/write.h"
#include "mpi_test.h"

#include <string.h>
#include <unistd.h>

enum { STEP = 1, ORDER, BOUND, LAYER, SAMPLE, CLASS, UNIT, ENTRY, AXES };
enum { STEPS = 5, ORDERS = 4, SAMPLES = 7, CLASSES = 3 };
enum { LOSSES = 1 << 0, MORE = 1 << 1 };

static const hrs_axis axes[AXES] = {
    [STEP] = {"step", "/step", false},          [ORDER] = {"order", "/orders/order", true},
    [BOUND] = {"bound", NULL, false},           [LAYER] = {"layer", "/layers/name", false},
    [SAMPLE] = {"sample", NULL, false},         [CLASS] = {"class", NULL, false},
    [UNIT] = {"unit", "/probe/unit/%s", false}, [ENTRY] = {"entry", NULL, false},
};

typedef struct result {
  double loss, mean[ORDERS], interval[ORDERS][2];
  int32_t number;
} result;
#define OF(name) .field = HRS_FIELD(1, result, name)

static const hrs_object objects[] = {
    {"/step", HRS_I32, {STEP}, .source = HRS_SOURCE_NUMBERS, .numbers = hrs_numbers_count},
    {"/layers/name", HRS_NONE, {LAYER}, .source = HRS_SOURCE_TEXT},
    {"/steps/number", HRS_I32, {STEP}, OF(number)},
    {"/steps/loss", HRS_F64, {STEP}, LOSSES, OF(loss)},
    {"/orders/mean", HRS_F64, {STEP, ORDER}, OF(mean)},
    {"/orders/interval", HRS_F64, {STEP, ORDER, BOUND}, OF(interval)},
    {"/absent", HRS_F64, {STEP}, MORE, .source = HRS_SOURCE_RUN},
    {"/given", HRS_NONE, {HRS_AXIS_OTHERS}, .source = HRS_SOURCE_ARRAY},
    {"/layers/%s/activations", HRS_NONE, {SAMPLE, HRS_AXIS_OTHERS}, .source = HRS_SOURCE_BULK},
    {"/probe/unit/%s", HRS_I32, {UNIT}, .source = HRS_SOURCE_NUMBERS, .numbers = hrs_numbers_count},
    {"/probe/weight/%s", HRS_F64, {CLASS, UNIT}, .source = HRS_SOURCE_RUN},
    {"/later", HRS_I64, {ENTRY}, HRS_WHEN_LATER, .source = HRS_SOURCE_RUN},
};
/* The same with an object that the file does not have, and with another axis. */
static const hrs_object more[] = {{"/steps/loss", HRS_F64, {STEP}, LOSSES, OF(loss)},
                                  {"/steps/missing", HRS_F64, {STEP}, LOSSES, OF(loss)}};
static const hrs_object deeper[] = {{"/steps/loss", HRS_F64, {STEP, ORDER}, OF(loss)}};
/* And with a place for a row that is too small. */
static const hrs_object tight[] = {{"/orders/mean", HRS_F64, {STEP, ORDER}, OF(loss)}};

static const hrs_kind trial = {"trial", axes, objects, AXES, 12, false, NULL};
static const hrs_kind unlike = {"unlike", axes, objects, AXES, 12, false, NULL};
static const hrs_kind greater = {"trial", axes, more, AXES, 2, false, NULL};
static const hrs_kind flatter = {"trial", axes, deeper, AXES, 1, false, NULL};
static const hrs_kind tighter = {"trial", axes, tight, AXES, 1, false, NULL};

static int rank, size;
static char path[300];

/* Layer l has samples of shape [l + 1, 2, ..., 2], with l + 1 axes. */
static int shape_of(int layer, hrs_count dim[HRS_MAX_RANK]) {
  for (int i = 0; i <= layer; i++)
    dim[i] = i == 0 ? layer + 1 : 2;
  return layer + 1;
}

static float activation(int layer, hrs_count at) {
  return (float)(1000 * layer) + (float)at / 8;
}

static result result_of(hrs_count k) {
  result r = {.loss = 0.5 + (double)k, .number = (int32_t)(100 + k)};
  for (int i = 0; i < ORDERS; i++) {
    r.mean[i] = (double)(10 * k + i);
    r.interval[i][0] = r.mean[i] - 1;
    r.interval[i][1] = r.mean[i] + 0.25;
  }
  return r;
}

enum { LAYERS = 4 };

static hrs_status plan(hrs_contents **out) {
  static char *names[LAYERS] = {"conv", "\xc3\xa4", "pool 2", "logits"};
  static int16_t numbers[6] = {1, -2, 3, -4, 5, -6};
  static const hrs_array given = {HRS_I16, 2, {2, 3}, numbers};
  const hrs_count length[AXES] = {[STEP] = STEPS,   [ORDER] = ORDERS,   [BOUND] = 2,
                                  [LAYER] = LAYERS, [SAMPLE] = SAMPLES, [CLASS] = CLASSES};
  HRS_TRY(hrs_contents_create(&trial, LOSSES, length, HRS_F32, out));
  for (int layer = 0; layer < LAYERS; layer++) {
    hrs_count dim[HRS_MAX_RANK], units = 3 + layer;
    char name[8];
    int axes_of = shape_of(layer, dim);
    snprintf(name, sizeof name, "%d", layer);
    HRS_TRY(hrs_contents_add(*out, "/layers/%s/", name, HRS_F32, axes_of, dim));
    HRS_TRY(hrs_contents_add(*out, "/probe/", name, HRS_NONE, 1, &units));
  }
  HRS_TRY(hrs_contents_give_text(*out, "/layers/name", names));
  HRS_TRY(hrs_contents_give_array(*out, "/given", &given));
  HRS_TRY(hrs_contents_set_number(*out, "/", "n_steps", HRS_I32, STEPS));
  HRS_TRY(hrs_contents_set_text(*out, "/orders/mean", "unit", "nats"));
  return hrs_contents_set_text(*out, "/game", "v", "log-odds");
}

static hrs_status write_rows(hrs_dataset *set) {
  for (hrs_count k = rank; k < STEPS; k += size) {
    result r = result_of(k);
    HRS_TRY(hrs_dataset_write_record(set, 1, k, &r));
  }
  for (int layer = 0; layer < LAYERS; layer++) {
    char array[HRS_PATH_SIZE];
    hrs_count dim[HRS_MAX_RANK], row = 1;
    for (int i = shape_of(layer, dim) - 1; i >= 0; i--)
      row *= dim[i];
    snprintf(array, sizeof array, "/layers/%d/activations", layer);
    hrs_count first = SAMPLES * rank / size, count = SAMPLES * (rank + 1) / size - first;
    float value[SAMPLES * 64];
    for (hrs_count i = 0; i < count * row; i++)
      value[i] = activation(layer, first * row + i);
    HRS_TRY(hrs_dataset_write(set, array, first, count, value));
    double weight[8] = {(double)layer, 1, 2, 3, 4, 5, 6, 7};
    snprintf(array, sizeof array, "/probe/weight/%d", layer);
    for (hrs_count class = rank; class < CLASSES; class += size)
      HRS_TRY(hrs_dataset_write(set, array, class, 1, weight));
  }
  return HRS_OK;
}

static void write_file(void **state) {
  (void)state;
  rank = mpi_rank(MPI_COMM_WORLD);
  size = mpi_size(MPI_COMM_WORLD);
  const char *base = getenv("TMPDIR");
  snprintf(path, sizeof path, "%s/harsanyi-kind-%ld.h5", base ? base : "/tmp", (long)getpid());
  MPI_Bcast(path, sizeof path, MPI_CHAR, 0, MPI_COMM_WORLD);
  hrs_contents *contents = NULL;
  hrs_dataset *set = NULL;
  mpi_assert_ok(plan(&contents));
  hrs_count bytes = hrs_contents_bytes(contents);
  mpi_assert_ok(hrs_dataset_create(MPI_COMM_WORLD, path, false, &contents, &set));
  mpi_assert(!contents && bytes > 1 << 12 && bytes < 1 << 18);
  mpi_assert_ok(write_rows(set));
  mpi_assert_ok(hrs_dataset_extend(set, ENTRY, 3));
  const int64_t late[3] = {7, -8, 9};
  hrs_status status = rank == size - 1 ? hrs_dataset_write(set, "/later", 0, 3, late) : HRS_OK;
  mpi_assert_ok(status);
  mpi_assert_ok(hrs_dataset_finish(&set, 0, NULL));
}

static bool same_rows(const hrs_reading *file) {
  bool good = true;
  for (hrs_count k = 0; good && k < STEPS; k++) {
    result r = {0}, wanted = result_of(k);
    good = hrs_reading_record(file, 1, k, &r) == HRS_OK && r.loss == wanted.loss &&
           r.number == wanted.number && memcmp(r.mean, wanted.mean, sizeof r.mean) == 0 &&
           memcmp(r.interval, wanted.interval, sizeof r.interval) == 0;
  }
  return good;
}

static bool same_layer(hrs_reading *file, int layer) {
  char name[16], array[HRS_PATH_SIZE];
  bool there, probe;
  hrs_count dim[HRS_MAX_RANK];
  int axes_of = shape_of(layer, dim);
  snprintf(name, sizeof name, "%d", layer);
  if (hrs_reading_look(file, "/layers/%s/", name, &there) != HRS_OK || !there) return false;
  if (hrs_reading_look(file, "/probe/", name, &probe) != HRS_OK || !probe) return false;
  snprintf(array, sizeof array, "/layers/%d/activations", layer);
  const hrs_found *found = hrs_reading_find(file, array);
  bool good = found && found->stored.rank == axes_of + 1 && found->stored.dim[0] == SAMPLES &&
              found->stored.type == HRS_F32;
  hrs_count row = 1;
  for (int i = 0; good && i < axes_of; i++) {
    good = found->stored.dim[i + 1] == dim[i];
    row *= dim[i];
  }
  float value[64];
  for (hrs_count k = 0; good && k < SAMPLES; k++) {
    good = hrs_reading_read(file, array, k, 0, row, HRS_F32, value) == HRS_OK;
    for (hrs_count i = 0; good && i < row; i++)
      good = value[i] == activation(layer, k * row + i);
  }
  double weight[3] = {0};
  snprintf(array, sizeof array, "/probe/weight/%d", layer);
  return good && hrs_reading_read(file, array, CLASSES - 1, 0, 3, HRS_F64, weight) == HRS_OK &&
         weight[0] == layer && weight[2] == 2;
}

static bool same_rest(hrs_reading *file) {
  char **names = NULL, *unit = NULL, *v = NULL;
  int count = 0;
  int64_t late[3] = {0};
  double given[6] = {0}, step[STEPS] = {0};
  hrs_count steps = 0;
  bool there = true;
  bool good = hrs_reading_strings(file, "/layers/name", &names, &count) == HRS_OK &&
              count == LAYERS && strcmp(names[1], "\xc3\xa4") == 0;
  good = good && hrs_reading_read(file, "/later", -1, 0, 3, HRS_I64, late) == HRS_OK &&
         late[1] == -8 && hrs_reading_read(file, "/given", -1, 0, 6, HRS_F64, given) == HRS_OK &&
         given[5] == -6 && hrs_reading_read(file, "/step", -1, 0, STEPS, HRS_F64, step) == HRS_OK &&
         step[STEPS - 1] == STEPS - 1;
  good = good && hrs_reading_text(file, "/orders/mean", "unit", &unit) == HRS_OK && unit &&
         strcmp(unit, "nats") == 0 && hrs_reading_text(file, "/game", "v", &v) == HRS_OK && v &&
         strcmp(v, "log-odds") == 0 &&
         hrs_reading_count(file, "n_steps", 1, 10, &steps) == HRS_OK && steps == STEPS;
  good = good && hrs_reading_look(file, "/layers/%s/", "4", &there) == HRS_OK && !there &&
         !hrs_reading_has(file, "/absent") && file->length[STEP] == STEPS &&
         file->length[BOUND] == -1;
  for (int i = 0; i < count; i++)
    hrs_free(names[i]);
  hrs_free(names);
  hrs_free(unit);
  hrs_free(v);
  return good;
}

static void read_back(void **state) {
  (void)state;
  const hrs_kind *const kinds[] = {&unlike, &trial, NULL};
  hrs_reading *file = NULL;
  bool good = true;
  if (rank == 0) {
    good = hrs_reading_open(path, kinds, &file) == HRS_OK && file->kind == &trial &&
           file->complete && file->format_version == HRS_DATASET_VERSION;
    good = good && same_rows(file) && same_rest(file);
    for (int layer = 0; good && layer < LAYERS; layer++)
      good = same_layer(file, layer);
    good = good && hrs_reading_check_lengths(file) == HRS_OK;
    /* An axis that is longer than the file's arrays: by the name of the array. */
    if (good) file->length[SAMPLE] = SAMPLES + 1;
    good = good && hrs_reading_check_lengths(file) == HRS_STATUS_INPUT &&
           strstr(hrs_error_message(), "(sample) of /layers/0/activations has length 7");
    hrs_reading_close(&file);
  }
  mpi_assert(good);
}

static bool refused(const hrs_kind *kind, const char *words) {
  const hrs_kind *const kinds[] = {kind, NULL};
  hrs_reading *file = NULL;
  return hrs_reading_open(path, kinds, &file) == HRS_STATUS_INPUT && !file &&
         strstr(hrs_error_message(), words);
}

static bool is_too_long(void) {
  const hrs_kind *const kinds[] = {&tighter, NULL};
  hrs_reading *file = NULL;
  result r = {0};
  bool good = hrs_reading_open(path, kinds, &file) == HRS_OK &&
              hrs_reading_record(file, 1, 0, &r) == HRS_STATUS_INPUT &&
              strstr(hrs_error_message(), "rows of /orders/mean are too long") && r.mean[0] == 0;
  hrs_reading_close(&file);
  return good;
}

/* Another kind, objects that come together and are not all there, another number of axes. */
static void other_kinds(void **state) {
  (void)state;
  bool good = true;
  if (rank == 0)
    good = refused(&unlike, "kind 'trial'") && refused(&greater, "/steps/missing is missing") &&
           refused(&flatter, "/steps/loss does not have 2 axes") && is_too_long() &&
           unlink(path) == 0;
  mpi_assert(good);
}

static const struct CMUnitTest tests[] = {cmocka_unit_test(write_file), cmocka_unit_test(read_back),
                                          cmocka_unit_test(other_kinds)};
mpi_test_main(tests)
