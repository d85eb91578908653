/* Network games: small networks written to ONNX files against plain loops in double; masking,
 * several inputs, inner tensors, and what is refused. */
#include "network_nets.h"

/* A sub-cube gives the same bits whenever and after whatever it is asked for. */
static void same_bits(void **state) {
  (void)state;
  hrs_model *model = perceptron(-1, CLASSES, "Softmax", false);
  hrs_game *game;
  ASSERT_OK(make_game(model, (setting){.max_batch = 4}, &game));
  double first[16], again[16], whole[64], z[CLASSES];
  const hrs_subcube cube = {0x12, 0x2d};
  ASSERT_OK(hrs_game_evaluate(game, cube, first));
  ASSERT_OK(hrs_game_select(game, 2));
  ASSERT_OK(hrs_game_evaluate(game, (hrs_subcube){0, 63}, whole));
  ASSERT_OK(hrs_game_select(game, 0));
  ASSERT_OK(hrs_game_evaluate(game, cube, again));
  assert_memory_equal(first, again, sizeof first);
  for (int i = 0; i < 16; i++) {
    masked_logits(0, hrs_subcube_mask(cube, i), 0, z);
    assert_true(near(first[i], hrs_output_value(HRS_OUTPUT_LOG_ODDS, HRS_SCORES_LOGITS, z, CLASSES,
                                                hrs_game_target(game, 0))));
  }
  hrs_game_destroy(&game);
  hrs_model_destroy(&model);
}

/* Players that are left out keep the sample's values. */
static void subset_and_single_sample(void **state) {
  (void)state;
  hrs_model *model = perceptron(1, CLASSES, NULL, false);
  hrs_game *game;
  const int target = 2;
  setting s = {
      .rank = 1, .subset = "1,4", .output = HRS_OUTPUT_LOGIT, .n_targets = 1, .targets = &target};
  ASSERT_OK(make_game(model, s, &game));
  assert_int_equal(hrs_game_players(game), 2);
  assert_int_equal(hrs_game_samples(game), 1);
  double values[4], z[CLASSES];
  ASSERT_OK(hrs_game_evaluate(game, (hrs_subcube){0, 3}, values));
  const hrs_mask masks[] = {0x2d, 0x2f, 0x3d, 0x3f};
  for (int i = 0; i < 4; i++) {
    masked_logits(0, masks[i], 0, z);
    assert_true(near(values[i], z[2]));
  }
  hrs_game_destroy(&game);
  hrs_model_destroy(&model);
}

/* The hidden layer masked, with a branch that leads past it. */
static void inner_tensor(void **state) {
  (void)state;
  hrs_count before = hrs_memory_current();
  hrs_model *model = perceptron(-1, CLASSES, NULL, true);
  hrs_game *game;
  setting s = {.mask_at = "h",
               .baseline = "value:0.5",
               .output = HRS_OUTPUT_RAW,
               .n_targets = HRS_TARGETS_ALL};
  ASSERT_OK(make_game(model, s, &game));
  assert_int_equal(hrs_game_players(game), HIDDEN);
  double *values;
  ASSERT_OK(hrs_alloc(CLASSES << HIDDEN, sizeof *values, &values));
  for (int sample = 0; sample < SAMPLES; sample++) {
    ASSERT_OK(hrs_game_select(game, sample));
    ASSERT_OK(hrs_game_evaluate(game, (hrs_subcube){0, 255}, values));
    double x[FEATURES], h[HIDDEN], masked[HIDDEN], z[CLASSES], sum = 0;
    for (int i = 0; i < FEATURES; i++) {
      x[i] = (double)features[sample][i];
      sum += 2 * x[i];
    }
    hidden_of(x, h);
    for (int mask = 0; mask < 256; mask++) {
      for (int j = 0; j < HIDDEN; j++)
        masked[j] = mask >> j & 1 ? h[j] : 0.5;
      logits_of(masked, z);
      for (int c = 0; c < CLASSES; c++)
        assert_true(near(values[c * 256 + mask], z[c] + sum));
    }
  }
  hrs_free(values);
  hrs_game_destroy(&game);
  hrs_model_destroy(&model);
  assert_int_equal(hrs_memory_current(), before);
}

static void tokens(void **state) {
  (void)state;
  hrs_count before = hrs_memory_current();
  const int64_t ids[2][TOKENS] = {{1, 5, 10, 3, 2}, {7, 7, 0, 4, 9}};
  const float weights[2][TOKENS] = {{1, 0.5f, 2, -1, 1}, {0, 1, 1, 1, 3}};
  const char *names[] = {"ids", "weights"};
  for (int k = 0; k < 4; k++) {
    /* int64 and int32 ids; weights of each sample, or one for all. */
    hrs_model *model = bag_of_words(k & 1 ? MAKER_TYPE(INT32) : MAKER_TYPE(INT64), false);
    hrs_array inputs[2];
    ASSERT_OK(hrs_array_create(HRS_I64, 2, (hrs_count[]){2, TOKENS}, &inputs[0]));
    memcpy(inputs[0].data, ids, sizeof ids);
    ASSERT_OK(hrs_array_create(HRS_F32, 2, (hrs_count[]){k & 2 ? 1 : 2, TOKENS}, &inputs[1]));
    memcpy(inputs[1].data, weights, k & 2 ? sizeof weights[0] : sizeof weights);
    ASSERT_OK(hrs_network_bind(model, "ids", &inputs[0]));
    hrs_network_game spec = {.model = model,
                             .n_inputs = 2,
                             .inputs = names,
                             .samples = inputs,
                             .output = HRS_OUTPUT_RAW,
                             .n_targets = HRS_TARGETS_ALL};
    ASSERT_OK(hrs_players_create("tokens", 2, (hrs_count[]){1, TOKENS}, HRS_LAYOUT_AUTO, NULL, 2,
                                 &spec.players));
    ASSERT_OK(hrs_baseline_create("token:8", &inputs[0], HRS_LAYOUT_AUTO, NULL, &spec.baseline));
    hrs_game *game;
    ASSERT_OK(hrs_game_network(&spec, &game));
    for (int sample = 1; sample >= 0; sample--) {
      const float *weight = weights[k & 2 ? 0 : sample];
      double values[CLASSES << TOKENS];
      ASSERT_OK(hrs_game_select(game, sample));
      ASSERT_OK(hrs_game_evaluate(game, (hrs_subcube){0, 31}, values));
      for (int mask = 0; mask < 32; mask++) {
        for (int c = 0; c < CLASSES; c++) {
          double sum = 0;
          for (int i = 0; i < TOKENS; i++)
            sum += (double)weight[i] * (double)embedding[mask >> i & 1 ? ids[sample][i] : 8][c];
          assert_true(near(values[c * 32 + mask], sum));
        }
      }
    }
    hrs_game_destroy(&game);
    hrs_model_destroy(&model);
  }
  assert_int_equal(hrs_memory_current(), before);
}

/* Each sample has its own map of words and its own baseline. */
static void maps_per_sample(void **state) {
  (void)state;
  hrs_model *model = perceptron(-1, CLASSES, NULL, false);
  const int32_t label[SAMPLES][FEATURES] = {
      {0, 0, 1, 1, 2, -1}, {2, 1, 0, -1, -1, 0}, {0, 1, 2, 2, 2, 2}};
  const char *name = "x";
  hrs_array samples = samples_array(2, (hrs_count[]){SAMPLES, FEATURES}), map, other;
  ASSERT_OK(hrs_array_create(HRS_I32, 2, (hrs_count[]){SAMPLES, FEATURES}, &map));
  memcpy(map.data, label, sizeof label);
  ASSERT_OK(hrs_network_bind(model, name, &samples));
  ASSERT_OK(hrs_array_copy(&samples, &other));
  for (int i = 0; i < SAMPLES * FEATURES; i++)
    ((float *)other.data)[i] *= -2;
  hrs_network_game spec = {.model = model,
                           .n_inputs = 1,
                           .inputs = &name,
                           .samples = &samples,
                           .output = HRS_OUTPUT_RAW,
                           .n_targets = HRS_TARGETS_ALL};
  ASSERT_OK(hrs_players_create("map:m.npy", 2, (hrs_count[]){1, FEATURES}, HRS_LAYOUT_AUTO, &map,
                               SAMPLES, &spec.players));
  ASSERT_OK(hrs_baseline_create("tensor:t.npy", &samples, HRS_LAYOUT_AUTO, &other, &spec.baseline));
  hrs_array_destroy(&map);
  hrs_array_destroy(&other);
  hrs_game *game;
  ASSERT_OK(hrs_game_network(&spec, &game));
  for (int round = 0; round < 2 * SAMPLES; round++) {
    int sample = round * 2 % SAMPLES;
    double values[CLASSES * 8], x[FEATURES], h[HIDDEN], z[CLASSES];
    ASSERT_OK(hrs_game_select(game, sample));
    ASSERT_OK(hrs_game_evaluate(game, (hrs_subcube){0, 7}, values));
    for (int mask = 0; mask < 8; mask++) {
      for (int i = 0; i < FEATURES; i++) {
        bool present = label[sample][i] < 0 || (mask >> label[sample][i] & 1);
        x[i] = (double)features[sample][i] * (present ? 1 : -2);
      }
      hidden_of(x, h);
      logits_of(h, z);
      for (int c = 0; c < CLASSES; c++)
        assert_true(near(values[c * 8 + mask], z[c]));
    }
  }
  hrs_game_destroy(&game);
  hrs_model_destroy(&model);
}

/* ---- what does not fit ---- */

static void bindings(void **state) {
  (void)state;
  hrs_model *model = perceptron(1, CLASSES, NULL, false);
  const struct {
    int rank;
    hrs_count dim[3];
    int bound_rank;
  } good[] = {
      {1, {FEATURES}, 3}, {2, {1, FEATURES}, 3}, {2, {3, FEATURES}, 3}, {3, {3, 1, FEATURES}, 3}};
  for (int k = 0; k < 4; k++) {
    hrs_array a;
    ASSERT_OK(hrs_array_create(HRS_F64, good[k].rank, good[k].dim, &a));
    memset(a.data, 0, (size_t)hrs_array_count(&a) * 8);
    ASSERT_OK(hrs_network_bind(model, "x", &a));
    assert_int_equal(a.rank, 3);
    assert_int_equal(a.dim[0], k < 2 ? 1 : 3);
    assert_int_equal(a.dim[1], 1);
    assert_int_equal(a.dim[2], FEATURES);
    assert_int_equal(a.type, HRS_F32);
    ASSERT_OK(hrs_network_bind(model, "x", &a));
    assert_int_equal(a.rank, 3);
    hrs_array_destroy(&a);
  }
  const struct {
    int rank;
    hrs_count dim[3];
    const char *message;
  } bad[] = {
      {1, {5}, "[5] do not fit the model's input 'x' of shape [1, 6]"},
      {2, {0, FEATURES}, "no samples (shape [0, 6])"},
      {3, {3, 2, FEATURES}, "[3, 2, 6] do not fit"},
      {0, {0}, "[] do not fit"},
  };
  for (int k = 0; k < 4; k++) {
    hrs_array a;
    ASSERT_OK(hrs_array_create(HRS_F32, bad[k].rank, bad[k].dim, &a));
    ASSERT_FAILS(hrs_network_bind(model, "x", &a), INPUT, bad[k].message);
    ASSERT_FAILS(hrs_network_bind(model, "q", &a), USAGE, "no input 'q'; its inputs are: x");
    hrs_array_destroy(&a);
  }
  hrs_model_destroy(&model);
  model = perceptron(16, CLASSES, NULL, false);
  hrs_array a;
  for (int k = 0; k < 2;
       k++) { /* samples as users store them, without the batch axis and with it */
    ASSERT_OK(hrs_array_create(HRS_F32, 2 + k,
                               k ? (hrs_count[]){2, 1, FEATURES} : (hrs_count[]){2, FEATURES}, &a));
    ASSERT_FAILS(hrs_network_bind(model, "x", &a), INPUT, "fixed batch of 16");
    hrs_array_destroy(&a);
  }
  hrs_model_destroy(&model);
  model = bag_of_words(MAKER_TYPE(INT32), false);
  ASSERT_OK(hrs_array_create(HRS_F32, 2, (hrs_count[]){1, 2}, &a));
  ((float *)a.data)[0] = 3;
  ((float *)a.data)[1] = 4;
  ASSERT_OK(hrs_network_bind(model, "ids", &a));
  assert_int_equal(((int32_t *)a.data)[1], 4);
  hrs_array_destroy(&a);
  ASSERT_OK(hrs_array_create(HRS_F32, 2, (hrs_count[]){1, 2}, &a));
  ((float *)a.data)[0] = 3;
  ((float *)a.data)[1] = 4.5f;
  ASSERT_FAILS(hrs_network_bind(model, "ids", &a), INPUT,
               "element 1 of row 0; the model's input 'ids' is of int32: 4.5");
  hrs_array_destroy(&a);
  hrs_model_destroy(&model);
}

static void refused(void **state) {
  (void)state;
  hrs_count before = hrs_memory_current();
  hrs_model *model = bag_of_words(MAKER_TYPE(INT64), true);
  const char *names[] = {"ids", "weights"};
  const char *const messages[] = {"input 'weights' has no values", "has shape [1, 5, 4]",
                                  "input 'weights' has 3 samples, 'ids' has 2", "map's shape"};
  for (int k = 0; k < 4; k++) {
    hrs_array inputs[2];
    ASSERT_OK(hrs_array_create(HRS_I64, 2, (hrs_count[]){2, TOKENS}, &inputs[0]));
    ASSERT_OK(hrs_array_create(HRS_F32, 2, (hrs_count[]){k == 2 ? 3 : 2, TOKENS}, &inputs[1]));
    memset(inputs[0].data, 0, 2 * TOKENS * 8);
    memset(inputs[1].data, 0, 2 * TOKENS * 4);
    hrs_network_game spec = {
        .model = model, .n_inputs = k ? 2 : 1, .inputs = names, .samples = inputs};
    ASSERT_OK(hrs_players_create("tokens", 2, (hrs_count[]){1, k == 3 ? 4 : TOKENS},
                                 HRS_LAYOUT_AUTO, NULL, 2, &spec.players));
    ASSERT_OK(hrs_array_create(HRS_I64, 2, (hrs_count[]){1, TOKENS}, &spec.baseline));
    memset(spec.baseline.data, 0, TOKENS * 8);
    hrs_game *game;
    hrs_status wanted = k < 2 ? HRS_STATUS_USAGE : HRS_STATUS_INPUT;
    hrs_status status = hrs_game_network(&spec, &game);
    assert_null(game);
    assert_int_equal(status, wanted);
    assert_non_null(strstr(hrs_error_message(), messages[k]));
    if (!k) hrs_array_destroy(&inputs[1]);
  }
  hrs_model_destroy(&model);
  model = perceptron(-1, CLASSES, NULL, false);
  hrs_array samples = samples_array(2, (hrs_count[]){SAMPLES, FEATURES}), out;
  const char *name = "x";
  ASSERT_FAILS(hrs_network_tensor_at(model, 1, &name, &samples, "nowhere", &out), INPUT, "nowhere");
  hrs_network_game spec = {.model = model, .n_inputs = 1, .inputs = &name, .samples = &samples};
  spec.players.n = 41;
  hrs_game *game;
  ASSERT_FAILS(hrs_game_network(&spec, &game), USAGE, "--players gives 41 players");
  hrs_model_destroy(&model);
  assert_int_equal(hrs_memory_current(), before);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(same_bits),       cmocka_unit_test(subset_and_single_sample),
      cmocka_unit_test(inner_tensor),    cmocka_unit_test(tokens),
      cmocka_unit_test(maps_per_sample), cmocka_unit_test(bindings),
      cmocka_unit_test(refused),
  };
  return cmocka_run_group_tests(tests, set_up, scratch_remove);
}
