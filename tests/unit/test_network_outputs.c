/* What a network's outputs become: targets, classes, logits and probabilities, by small networks
 * written to ONNX files against plain loops in double. */
#include "network_nets.h"

/* All outputs, all classes, all samples, in several batches, against the loops. */
static void outputs(void **state) {
  (void)state;
  hrs_count before = hrs_memory_current();
  const char *const last[] = {NULL, "Softmax", "LogSoftmax"};
  for (int k = 0; k < 3; k++) {
    hrs_model *model = perceptron(k == 1 ? 1 : -1, CLASSES, last[k], false);
    for (int output = HRS_OUTPUT_AUTO; output <= HRS_OUTPUT_LOG_PROBABILITY; output++) {
      hrs_game *game;
      setting s = {.baseline = "value:0.25",
                   .output = (hrs_output)output,
                   .n_targets = HRS_TARGETS_ALL,
                   .max_batch = 7,
                   .rank = k == 2 ? 3 : 2};
      ASSERT_OK(make_game(model, s, &game));
      assert_int_equal(hrs_game_players(game), FEATURES);
      assert_int_equal(hrs_game_samples(game), SAMPLES);
      assert_int_equal(hrs_game_targets(game), CLASSES);
      assert_int_equal(hrs_game_network_classes(game), CLASSES);
      assert_int_equal(hrs_game_network_scores(game), HRS_SCORES_LOGITS);
      assert_int_equal(hrs_game_network_output(game), output ? output : HRS_OUTPUT_LOG_ODDS);
      assert_int_equal(hrs_game_network_multiply_adds(game), HIDDEN * (FEATURES + CLASSES));
      assert_true(hrs_game_network_bytes(game) > 0);
      for (int sample = SAMPLES - 1; sample >= 0; sample--) {
        ASSERT_OK(hrs_game_select(game, sample));
        double values[CLASSES << FEATURES], z[CLASSES];
        ASSERT_OK(hrs_game_evaluate(game, (hrs_subcube){0, 63}, values));
        for (hrs_mask mask = 0; mask < 64; mask++) {
          masked_logits(sample, mask, 0.25, z);
          for (int c = 0; c < CLASSES; c++)
            assert_true(near(values[c * 64 + (int)mask],
                             hrs_output_value(output ? (hrs_output)output : HRS_OUTPUT_LOG_ODDS,
                                              HRS_SCORES_LOGITS, z, CLASSES, c)));
        }
      }
      hrs_game_destroy(&game);
    }
    hrs_model_destroy(&model);
  }
  assert_int_equal(hrs_memory_current(), before);
}

static void chosen_targets(void **state) {
  (void)state;
  hrs_model *model = perceptron(-1, CLASSES, NULL, false);
  hrs_game *game;
  double z[CLASSES], values[4], all[CLASSES];
  /* Predicted: the largest logit of the unmasked sample. */
  ASSERT_OK(make_game(model, (setting){.n_targets = 1}, &game));
  for (int sample = 0; sample < SAMPLES; sample++) {
    ASSERT_OK(hrs_game_select(game, sample));
    masked_logits(sample, 63, 0, z);
    for (int c = 0; c < CLASSES; c++)
      assert_true(z[hrs_game_target(game, 0)] >= z[c]);
  }
  hrs_game_destroy(&game);
  const int targets[SAMPLES * 2] = {3, 0, 1, 1, 2, 3};
  ASSERT_OK(make_game(model, (setting){.n_targets = 2, .targets = targets}, &game));
  for (int sample = 0; sample < SAMPLES; sample++) {
    ASSERT_OK(hrs_game_select(game, sample));
    ASSERT_OK(hrs_game_evaluate(game, (hrs_subcube){5, 0x10 & 0}, values));
    masked_logits(sample, 5, 0, z);
    for (int t = 0; t < 2; t++) {
      assert_int_equal(hrs_game_target(game, t), targets[2 * sample + t]);
      all[t] = hrs_output_value(HRS_OUTPUT_LOG_ODDS, HRS_SCORES_LOGITS, z, CLASSES,
                                targets[2 * sample + t]);
      assert_true(near(values[t], all[t]));
    }
  }
  hrs_game_destroy(&game);
  const int wrong[SAMPLES] = {0, 4, 0}, negative[SAMPLES] = {0, 0, -1};
  ASSERT_FAILS(make_game(model, (setting){.n_targets = 1, .targets = wrong}, &game), USAGE,
               "target 4 of sample 1 is out of range: the network has 4 classes");
  ASSERT_FAILS(make_game(model, (setting){.n_targets = 1, .targets = negative}, &game), USAGE,
               "target -1 of sample 2");
  hrs_model_destroy(&model);
}

/* One output: a number, or two classes. */
static void one_output(void **state) {
  (void)state;
  hrs_game *game;
  double value, z[CLASSES];
  const hrs_mask mask = 0x2b;
  masked_logits(0, mask, 0, z);
  hrs_model *model = perceptron(-1, 1, NULL, false);
  ASSERT_OK(make_game(model, (setting){0}, &game));
  assert_int_equal(hrs_game_network_output(game), HRS_OUTPUT_RAW);
  assert_int_equal(hrs_game_network_classes(game), 1);
  ASSERT_OK(hrs_game_evaluate_masks(game, 1, &mask, &value));
  assert_true(near(value, z[0]));
  hrs_game_destroy(&game);
  const int zero[SAMPLES] = {0}, one[SAMPLES] = {1, 1, 1};
  /* Who asks for log-odds says that it is the logit of class 1. */
  for (int output = HRS_OUTPUT_LOG_ODDS; output <= HRS_OUTPUT_LOGIT; output++) {
    for (int target = 0; target < 2; target++) {
      setting of = {.output = (hrs_output)output, .n_targets = 1, .targets = target ? one : zero};
      ASSERT_OK(make_game(model, of, &game));
      assert_int_equal(hrs_game_network_classes(game), 2);
      ASSERT_OK(hrs_game_evaluate_masks(game, 1, &mask, &value));
      assert_true(near(value, target ? z[0] : -z[0]));
      hrs_game_destroy(&game);
    }
  }
  setting s = {.scores = HRS_SCORES_LOGITS, .n_targets = 1, .targets = zero};
  ASSERT_OK(make_game(model, s, &game));
  assert_int_equal(hrs_game_network_classes(game), 2);
  ASSERT_OK(hrs_game_evaluate_masks(game, 1, &mask, &value));
  assert_true(near(value, -z[0]));
  hrs_game_destroy(&game);
  hrs_model_destroy(&model);
  model = perceptron(-1, 1, "Sigmoid", false);
  ASSERT_OK(make_game(model, (setting){.n_targets = 1, .targets = one}, &game));
  assert_int_equal(hrs_game_network_output(game), HRS_OUTPUT_LOG_ODDS);
  ASSERT_OK(hrs_game_evaluate_masks(game, 1, &mask, &value));
  assert_true(near(value, z[0]));
  hrs_game_destroy(&game);
  ASSERT_OK(make_game(model, (setting){0}, &game));
  for (int sample = 0; sample < SAMPLES; sample++) {
    ASSERT_OK(hrs_game_select(game, sample));
    masked_logits(sample, 63, 0, z);
    assert_int_equal(hrs_game_target(game, 0), z[0] > 0);
  }
  hrs_game_destroy(&game);
  masked_logits(0, mask, 0, z);
  ASSERT_OK(make_game(model, (setting){.output = HRS_OUTPUT_RAW}, &game));
  assert_int_equal(hrs_game_network_classes(game), 1);
  ASSERT_OK(hrs_game_evaluate_masks(game, 1, &mask, &value));
  assert_true(near(value, 1 / (1 + exp(-z[0]))));
  hrs_game_destroy(&game);
  hrs_model_destroy(&model);
}

/* Sigmoid over several outputs: each is a yes or no of its own. */
static void independent_sigmoids(void **state) {
  (void)state;
  hrs_model *model = perceptron(-1, CLASSES, "Sigmoid", false);
  hrs_game *game;
  double values[CLASSES], z[CLASSES];
  masked_logits(0, 0x35, 0, z);
  ASSERT_OK(make_game(model, (setting){.n_targets = HRS_TARGETS_ALL}, &game));
  ASSERT_OK(hrs_game_evaluate(game, (hrs_subcube){0x35, 0}, values));
  for (int c = 0; c < CLASSES; c++)
    assert_true(near(values[c], z[c]));
  hrs_game_destroy(&game);
  setting s = {.n_targets = HRS_TARGETS_ALL, .output = HRS_OUTPUT_LOG_PROBABILITY};
  ASSERT_OK(make_game(model, s, &game));
  ASSERT_OK(hrs_game_evaluate(game, (hrs_subcube){0x35, 0}, values));
  for (int c = 0; c < CLASSES; c++)
    assert_true(near(values[c], -log1p(exp(-z[c]))));
  hrs_game_destroy(&game);
  hrs_model_destroy(&model);
}

/* Softmax, read as it is. */
static void stated_scores(void **state) {
  (void)state;
  hrs_model *model = perceptron(-1, CLASSES, "Softmax", false);
  hrs_game *game;
  double values[CLASSES], z[CLASSES];
  masked_logits(0, 0x35, 0, z);
  setting s = {.n_targets = HRS_TARGETS_ALL, .scores = HRS_SCORES_PROBABILITIES};
  ASSERT_OK(make_game(model, s, &game));
  assert_int_equal(hrs_game_network_scores(game), HRS_SCORES_PROBABILITIES);
  ASSERT_OK(hrs_game_evaluate(game, (hrs_subcube){0x35, 0}, values));
  for (int c = 0; c < CLASSES; c++)
    assert_true(fabs(values[c] - hrs_output_value(HRS_OUTPUT_LOG_ODDS, HRS_SCORES_LOGITS, z,
                                                  CLASSES, c)) < 1e-3);
  hrs_game_destroy(&game);
  s.output = HRS_OUTPUT_LOGIT;
  ASSERT_FAILS(make_game(model, s, &game), USAGE, "needs logits");
  s = (setting){.n_targets = HRS_TARGETS_ALL, .output = HRS_OUTPUT_RAW};
  ASSERT_OK(make_game(model, s, &game));
  ASSERT_OK(hrs_game_evaluate(game, (hrs_subcube){0x35, 0}, values));
  assert_true(near(values[0] + values[1] + values[2] + values[3], 1));
  hrs_game_destroy(&game);
  s = (setting){.n_targets = HRS_TARGETS_ALL, .output_node = "h", .output = HRS_OUTPUT_RAW};
  ASSERT_OK(make_game(model, s, &game));
  assert_int_equal(hrs_game_targets(game), HIDDEN);
  hrs_game_destroy(&game);
  ASSERT_FAILS(make_game(model, (setting){.output_node = "nothing"}, &game), INPUT, "nothing");
  hrs_model_destroy(&model);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(outputs),       cmocka_unit_test(chosen_targets),
      cmocka_unit_test(one_output),    cmocka_unit_test(independent_sigmoids),
      cmocka_unit_test(stated_scores),
  };
  return cmocka_run_group_tests(tests, set_up, scratch_remove);
}
