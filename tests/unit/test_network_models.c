/* Network games on trained networks that others published (HARSANYI_MODELS): all players present
 * gives the reference output, and a masked evaluation gives what the masked input gives. */
#include "scratch.h"

#include <harsanyi/game.h>

#include <math.h>

enum { MOST_INPUTS = 3, SAMPLES = 4 };

typedef struct subject {
  const char *folder, *players, *baseline;

} subject;

static const subject subjects[] = {
    {"mnist_lenet_fyh", "grid:4x4", "zero"},
    {"mnist8_cntk", "grid:3x5", "value:3"},
    {"mnist_burn_bn", "grid:4x4", "blur:2"},
    {"mnist_keras_nhwc", "grid:4x3", "mean:"},
    {"mnist_fc_256x2", "features", "zero"},
    {"mnist_leaky_5x20", "grid:2x2", "zero"},
    {"cifar_base_kw", "channels", "blur:3"},
    {"cifar_resnet_2b", "grid:4x4", "mean:"},
    {"cifar_vit_pgd_2_3_16", "grid:2x4", "zero"},
    {"acasxu_1_1", "features", "zero"},
    {"lunarlander_dqn", "features", "zero"},
    {"churn_mlp11", "features", "mean:"},
    {"iris_mlp4", "features", "mean:"},
    {"safenlp_medical", "features", "zero"},
    {"pointnet64_ibp", "tokens", "mean:"},
    {"tinybert_untrained", "tokens", "token:0"},
    {"vespa_dummy_transformer", "tokens", "token:0"},
};

/* A member of an archive, or the only array of a file. */
static bool load(const char *folder, const char *stem, const char *member, hrs_array *out) {
  char path[700];
  snprintf(path, sizeof path, "%s/%s.npy", folder, stem);
  if (access(path, R_OK) == 0) {
    ASSERT_OK(hrs_array_load(path, out));
    return true;
  }
  snprintf(path, sizeof path, "%s/%s.npz:%s", folder, stem, member);
  return hrs_array_load(path, out) == HRS_OK;
}

/* The first rows alone. */
static void cut(hrs_array *a, hrs_count rows) {
  if (a->dim[0] > rows) a->dim[0] = rows;
}

/* value[i * step] against wanted[i], within 1e-4 of the largest. */
static void check_close(const double *value, hrs_count step, const double *wanted, hrs_count count,
                        const char *name) {
  double scale = 0, worst = 0;
  for (hrs_count i = 0; i < count; i++) {
    scale = fmax(scale, fabs(wanted[i]));
    worst = fmax(worst, fabs(value[i * step] - wanted[i]));
  }
  if (!(worst <= 1e-4 * fmax(scale, 1e-6))) fail_msg("%s: off by %g of %g", name, worst, scale);
}

typedef struct inputs {
  int count;
  const char *names[MOST_INPUTS];
  hrs_array arrays[MOST_INPUTS];
} inputs;

static void copy_inputs(const inputs *from, inputs *out) {
  *out = *from;
  for (int i = 0; i < from->count; i++)
    ASSERT_OK(hrs_array_copy(&from->arrays[i], &out->arrays[i]));
}

static hrs_game *make_game(const hrs_model *model, const inputs *in, const hrs_players *players,
                           const hrs_array *baseline) {
  inputs copy;
  copy_inputs(in, &copy);
  hrs_network_game spec = {.model = model,
                           .n_inputs = copy.count,
                           .inputs = copy.names,
                           .samples = copy.arrays,
                           .output = HRS_OUTPUT_RAW,
                           .n_targets = HRS_TARGETS_ALL};
  spec.players = (hrs_players){.n = players->n, .per_sample = players->per_sample};
  ASSERT_OK(hrs_array_copy(&players->map, &spec.players.map));
  ASSERT_OK(hrs_array_copy(baseline, &spec.baseline));
  hrs_game *game;
  ASSERT_OK(hrs_game_network(&spec, &game));
  return game;
}

/* The masked input, written element by element. */
static void mask_input(hrs_array *a, const hrs_players *players, const hrs_array *baseline,
                       hrs_count sample, hrs_mask mask) {
  size_t size = hrs_dtype_size(a->type);
  hrs_count count = hrs_array_count(a) / a->dim[0];
  bool own = baseline->rank == a->rank;
  for (hrs_count i = 0; i < count; i++) {
    int32_t player = ((const int32_t *)players->map.data)[i];
    if (player < 0 || (mask >> player & 1)) continue;
    memcpy((char *)a->data + (size_t)(sample * count + i) * size,
           (const char *)baseline->data + (size_t)((own ? sample * count : 0) + i) * size, size);
  }
}

static void check_masks(const hrs_model *model, hrs_game *game, const inputs *in,
                        const hrs_players *players, const hrs_array *baseline, const char *name) {
  enum { PICKED = 6 };
  int targets = hrs_game_targets(game);
  hrs_mask full = hrs_mask_full(players->n);
  const hrs_mask picked[PICKED] = {
      0, full & 0x5555555555, full & 0x0f0f0f0f0f, full & ~1ull, full & 0x123456789a, full};
  double *values, *plain;
  ASSERT_OK(hrs_alloc(targets * PICKED, sizeof *values, &values));
  ASSERT_OK(hrs_alloc(targets, sizeof *plain, &plain));
  for (hrs_count sample = 0; sample < hrs_game_samples(game); sample++) {
    ASSERT_OK(hrs_game_select(game, sample));
    ASSERT_OK(hrs_game_evaluate_masks(game, PICKED, picked, values));
    for (int k = 0; k < PICKED; k++) {
      inputs masked;
      copy_inputs(in, &masked);
      mask_input(&masked.arrays[0], players, baseline, sample, picked[k]);
      hrs_game *other = make_game(model, &masked, players, baseline);
      ASSERT_OK(hrs_game_select(other, sample));
      ASSERT_OK(hrs_game_evaluate(other, (hrs_subcube){full, 0}, plain));
      check_close(&values[k], PICKED, plain, targets, name);
      hrs_game_destroy(&other);
      for (int i = 0; i < masked.count; i++)
        hrs_array_destroy(&masked.arrays[i]);
    }
    /* A part of the lattice in batches agrees with masks one by one. */
    hrs_subcube cube = {full & 0x24, full & 0x1b};
    double *batch, *single;
    hrs_count size = hrs_subcube_size(cube);
    ASSERT_OK(hrs_alloc(targets * size, sizeof *batch, &batch));
    ASSERT_OK(hrs_alloc(targets, sizeof *single, &single));
    ASSERT_OK(hrs_game_evaluate(game, cube, batch));
    for (hrs_count i = 0; i < size; i++) {
      ASSERT_OK(hrs_game_evaluate(game, (hrs_subcube){hrs_subcube_mask(cube, i), 0}, single));
      check_close(&batch[i], size, single, targets, name);
    }
    hrs_free(batch);
    hrs_free(single);
  }
  hrs_free(values);
  hrs_free(plain);
}

static void check_reference(hrs_game *game, const hrs_array *reference, const char *name) {
  hrs_count classes = hrs_array_count(reference) / reference->dim[0];
  assert_int_equal(hrs_game_targets(game), classes);
  double *values, *wanted;
  ASSERT_OK(hrs_alloc(classes, sizeof *values, &values));
  ASSERT_OK(hrs_alloc(hrs_array_count(reference), sizeof *wanted, &wanted));
  ASSERT_OK(
      hrs_convert(reference->type, reference->data, HRS_F64, wanted, hrs_array_count(reference)));
  for (hrs_count sample = 0; sample < hrs_game_samples(game); sample++) {
    ASSERT_OK(hrs_game_select(game, sample));
    ASSERT_OK(
        hrs_game_evaluate(game, (hrs_subcube){hrs_mask_full(hrs_game_players(game)), 0}, values));
    check_close(values, 1, wanted + sample * classes, classes, name);
  }
  hrs_free(values);
  hrs_free(wanted);
}

static void check_subject(const char *root, const subject *s) {
  char folder[512], path[600];
  snprintf(folder, sizeof folder, "%s/%s", root, s->folder);
  snprintf(path, sizeof path, "%s/model.onnx", folder);
  hrs_model *model;
  ASSERT_OK(hrs_model_load(path, NULL, &model));
  inputs in = {.count = hrs_model_inputs(model)};
  assert_in_range(in.count, 1, MOST_INPUTS);
  hrs_array reference, all;
  for (int i = 0; i < in.count; i++) {
    in.names[i] = hrs_model_input(model, i)->name;
    assert_true(load(folder, "inputs", in.names[i], &in.arrays[i]));
    ASSERT_OK(hrs_network_bind(model, in.names[i], &in.arrays[i]));
  }
  assert_true(load(folder, "outputs_ort", hrs_model_output(model, 0)->name, &reference));
  all = in.arrays[0];
  ASSERT_OK(hrs_array_copy(&all, &in.arrays[0]));
  for (int i = 0; i < in.count; i++)
    cut(&in.arrays[i], SAMPLES);
  hrs_players players;
  hrs_array baseline;
  ASSERT_OK(hrs_players_create(s->players, in.arrays[0].rank - 1, in.arrays[0].dim + 1,
                               HRS_LAYOUT_AUTO, NULL, SAMPLES, &players));
  if (players.n > 16) ASSERT_OK(hrs_players_subset(&players, "random:9:1"));
  ASSERT_OK(hrs_baseline_create(s->baseline, &in.arrays[0], HRS_LAYOUT_AUTO, &all, &baseline));
  hrs_game *game = make_game(model, &in, &players, &baseline);
  check_reference(game, &reference, s->folder);
  check_masks(model, game, &in, &players, &baseline, s->folder);
  hrs_game_destroy(&game);
  hrs_players_destroy(&players);
  hrs_array_destroy(&baseline);
  hrs_array_destroy(&reference);
  hrs_array_destroy(&all);
  for (int i = 0; i < in.count; i++)
    hrs_array_destroy(&in.arrays[i]);
  hrs_model_destroy(&model);
}

/* A tensor behind a ReLU masked by patches of the map: the game against a session that starts at
 * that tensor. Nothing of these networks leads past it. */
static void check_inner(const char *root, const char *name, const char *tensor) {
  char folder[512], path[600];
  snprintf(folder, sizeof folder, "%s/%s", root, name);
  snprintf(path, sizeof path, "%s/model.onnx", folder);
  hrs_model *model;
  ASSERT_OK(hrs_model_load(path, NULL, &model));
  const char *input = hrs_model_input(model, 0)->name, *output = hrs_model_output(model, 0)->name;
  hrs_array samples, inner, reference;
  assert_true(load(folder, "inputs", input, &samples));
  assert_true(load(folder, "outputs_ort", output, &reference));
  ASSERT_OK(hrs_network_bind(model, input, &samples));
  cut(&samples, SAMPLES);
  ASSERT_OK(hrs_network_tensor_at(model, 1, &input, &samples, tensor, &inner));
  hrs_network_game spec = {.model = model,
                           .n_inputs = 1,
                           .inputs = &input,
                           .samples = &samples,
                           .mask_at = tensor,
                           .output = HRS_OUTPUT_RAW,
                           .n_targets = HRS_TARGETS_ALL};
  ASSERT_OK(hrs_players_create("grid:3x3", inner.rank - 1, inner.dim + 1, HRS_LAYOUT_AUTO, NULL,
                               SAMPLES, &spec.players));
  ASSERT_OK(hrs_baseline_create("zero", &inner, HRS_LAYOUT_AUTO, NULL, &spec.baseline));
  hrs_players players = {.n = 9};
  hrs_array baseline;
  ASSERT_OK(hrs_array_copy(&spec.players.map, &players.map));
  ASSERT_OK(hrs_array_copy(&spec.baseline, &baseline));
  hrs_game *game;
  ASSERT_OK(hrs_game_network(&spec, &game));
  check_reference(game, &reference, name);
  hrs_feed feed = {.name = tensor, .type = inner.type, .rank = inner.rank - 1, .varies = true};
  memcpy(feed.dim, inner.dim + 1, sizeof feed.dim - sizeof feed.dim[0]);
  hrs_session *session;
  ASSERT_OK(hrs_session_create(model, 1, &feed, 1, &output, 1, &session));
  int classes = hrs_game_targets(game);
  double *values, *wanted;
  ASSERT_OK(hrs_alloc(classes << 9, sizeof *values, &values));
  ASSERT_OK(hrs_alloc(classes, sizeof *wanted, &wanted));
  for (hrs_count sample = 0; sample < SAMPLES; sample++) {
    ASSERT_OK(hrs_game_select(game, sample));
    ASSERT_OK(hrs_game_evaluate(game, (hrs_subcube){0, 511}, values));
    for (hrs_mask mask = 0; mask < 512; mask += 37) {
      hrs_array masked;
      hrs_count step, count = hrs_array_count(&inner) / SAMPLES;
      ASSERT_OK(hrs_array_copy(&inner, &masked));
      mask_input(&masked, &players, &baseline, sample, mask);
      memcpy(hrs_session_feed_buffer(session, 0), (float *)masked.data + sample * count,
             (size_t)count * sizeof(float));
      ASSERT_OK(hrs_session_run(session, 1));
      ASSERT_OK(
          hrs_convert(HRS_F32, hrs_session_fetch(session, 0, &step), HRS_F64, wanted, classes));
      check_close(&values[mask], 512, wanted, classes, name);
      hrs_array_destroy(&masked);
    }
  }
  hrs_free(values);
  hrs_free(wanted);
  hrs_session_destroy(&session);
  hrs_game_destroy(&game);
  hrs_players_destroy(&players);
  hrs_array_destroy(&baseline);
  hrs_array_destroy(&inner);
  hrs_array_destroy(&reference);
  hrs_model_destroy(&model);
}

static const char *models_or_skip(void) {
  const char *root = getenv("HARSANYI_MODELS");
  if (!root) {
    print_message("SKIPPED: HARSANYI_MODELS is not set\n");
    skip();
  }
  hrs_blas_single_thread();
  return root;
}

static void inner_maps(void **state) {
  (void)state;
  const char *root = models_or_skip();
  hrs_count before = hrs_memory_current();
  check_inner(root, "mnist_lenet_fyh", "13");
  check_inner(root, "cifar_resnet_2b", "18");
  check_inner(root, "cifar_resnet_2b", "24");
  assert_int_equal(hrs_memory_current(), before);
}

static void published_models(void **state) {
  (void)state;
  const char *root = models_or_skip();
  hrs_count before = hrs_memory_current();
  for (size_t i = 0; i < sizeof subjects / sizeof subjects[0]; i++)
    check_subject(root, &subjects[i]);
  assert_int_equal(hrs_memory_current(), before);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(published_models),
                                     cmocka_unit_test(inner_maps)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
