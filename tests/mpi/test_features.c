/* Features over ranks: each sample on one rank, in order, with the bits of a rank alone. */
#include "mpi_test.h"

#include <string.h>

typedef struct own {
  hrs_features *features;
  hrs_count next;    /* sample that the sink waits for */
  float *logits;     /* [samples, units] of this rank's samples, 0 of the others */
  hrs_count fail;    /* sample at which the sink fails; -1 */
  hrs_count batches; /* seen */
} own;

static hrs_status keep(void *context, hrs_count first, hrs_count count, const void *const *data) {
  own *o = context;
  int last = hrs_features_layers(o->features) - 1;
  hrs_count units = hrs_features_layer(o->features, last)->units;
  HRS_REQUIRE(first == o->next, INTERNAL, "sample %lld out of turn", (long long)first);
  HRS_REQUIRE(o->fail < first || o->fail >= first + count, IO, "no room for sample %lld",
              (long long)o->fail);
  memcpy(o->logits + first * units, data[last], (size_t)(count * units) * sizeof *o->logits);
  o->next = first + count;
  o->batches++;
  return HRS_OK;
}

typedef struct world {
  hrs_model *model;
  hrs_array samples;
  hrs_features *features;
  hrs_count values; /* of the last layer, all samples */
} world;

static void open_world(world *w) {
  const char *input = "features";
  must(hrs_model_load(HRS_DATA_DIR "/wine_mlp.onnx", NULL, &w->model));
  must(hrs_array_load(HRS_DATA_DIR "/wine_features.npy", &w->samples));
  must(hrs_network_bind(w->model, input, &w->samples));
  must(hrs_features_create(w->model, 1, &input, &w->samples, 0, NULL, &w->features));
  int last = hrs_features_layers(w->features) - 1;
  w->values = hrs_features_layer(w->features, last)->units * hrs_features_samples(w->features);
}

static void close_world(world *w) {
  hrs_features_destroy(&w->features);
  hrs_array_destroy(&w->samples);
  hrs_model_destroy(&w->model);
}

static void same_bits(void **state) {
  (void)state;
  world w;
  open_world(&w);
  int rank = mpi_rank(MPI_COMM_WORLD), size = mpi_size(MPI_COMM_WORLD);
  hrs_count samples = hrs_features_samples(w.features);
  own mine = {.features = w.features, .fail = -1}, all = mine;
  must(hrs_calloc(w.values, sizeof *mine.logits, &mine.logits));
  must(hrs_calloc(w.values, sizeof *all.logits, &all.logits));
  mine.next = hrs_features_first(w.features, rank, size);
  hrs_count end = hrs_features_first(w.features, rank + 1, size);
  mpi_assert(hrs_features_first(w.features, 0, size) == 0);
  mpi_assert(hrs_features_first(w.features, size, size) == samples);
  mpi_assert_ok(hrs_features_visit(MPI_COMM_WORLD, w.features, keep, &mine));
  mpi_assert(mine.next == end);
  mpi_assert_ok(hrs_features_visit(MPI_COMM_SELF, w.features, keep, &all));
  mpi_assert(all.next == samples && all.batches > 1);
  MPI_Allreduce(MPI_IN_PLACE, mine.logits, (int)w.values, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
  mpi_assert(memcmp(mine.logits, all.logits, (size_t)w.values * sizeof *all.logits) == 0);
  hrs_free(mine.logits);
  hrs_free(all.logits);
  close_world(&w);
}

static void a_sink_fails(void **state) {
  (void)state;
  world w;
  open_world(&w);
  hrs_count samples = hrs_features_samples(w.features);
  own mine = {.features = w.features, .fail = samples - 1};
  must(hrs_calloc(w.values, sizeof *mine.logits, &mine.logits));
  mine.next = hrs_features_first(w.features, mpi_rank(MPI_COMM_WORLD), mpi_size(MPI_COMM_WORLD));
  hrs_status status = hrs_features_visit(MPI_COMM_WORLD, w.features, keep, &mine);
  mpi_assert(status == HRS_STATUS_IO && strstr(hrs_error_message(), "no room for sample"));
  hrs_free(mine.logits);
  close_world(&w);
}

/* The last rank has one sample less: its batches would begin elsewhere. */
static void ranks_differ(void **state) {
  (void)state;
  int rank = mpi_rank(MPI_COMM_WORLD), size = mpi_size(MPI_COMM_WORLD);
  if (size == 1) return;
  const char *input = "features";
  world w;
  open_world(&w);
  own mine = {.fail = -1};
  if (rank == size - 1) {
    hrs_features_destroy(&w.features);
    w.samples.dim[0]--;
    must(hrs_features_create(w.model, 1, &input, &w.samples, 0, NULL, &w.features));
  }
  mine.features = w.features;
  must(hrs_calloc(w.values, sizeof *mine.logits, &mine.logits));
  hrs_status status = hrs_features_visit(MPI_COMM_WORLD, w.features, keep, &mine);
  mpi_assert(status == HRS_STATUS_INPUT && strstr(hrs_error_message(), "the same on all nodes"));
  mpi_assert(mine.batches == 0);
  hrs_free(mine.logits);
  close_world(&w);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(same_bits), cmocka_unit_test(a_sink_fails), cmocka_unit_test(ranks_differ)};
mpi_test_main(tests)
