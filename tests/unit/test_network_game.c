/* Network games: small networks written to ONNX files against plain loops in double; masking,
 * targets, outputs, several inputs, inner tensors, and what is refused. */
#include "onnx_maker.h"
#include "scratch.h"

#include <harsanyi/game.h>

#include "game/internal.h"

#include <math.h>

enum { FEATURES = 6, HIDDEN = 8, CLASSES = 4, SAMPLES = 3, TOKENS = 5, WORDS = 11 };

static float first_weight[FEATURES][HIDDEN], first_bias[HIDDEN];
static float second_weight[HIDDEN][CLASSES], second_bias[CLASSES];
static float embedding[WORDS][CLASSES];
static float features[SAMPLES][FEATURES];

static float uniform(hrs_random *random) {
  return (float)((double)hrs_random_below(random, 1 << 20) / (1 << 19) - 1);
}

static int set_up(void **state) {
  (void)state;
  hrs_random random = {7, 0};
  float *const arrays[] = {first_weight[0], first_bias,   second_weight[0],
                           second_bias,     embedding[0], features[0]};
  const int counts[] = {FEATURES * HIDDEN, HIDDEN,          HIDDEN * CLASSES,
                        CLASSES,           WORDS * CLASSES, SAMPLES * FEATURES};
  for (int k = 0; k < 6; k++) {
    for (int i = 0; i < counts[k]; i++)
      arrays[k][i] = 2 * uniform(&random);
  }
  return 0;
}

#define FLOATS(graph, name, array, ...)                                                            \
  maker_initialiser(graph, name, MAKER_TYPE(FLOAT), (int)(sizeof DIMS(__VA_ARGS__) / 8),           \
                    DIMS(__VA_ARGS__), sizeof array, array)

/* x [batch, FEATURES] -> relu -> `classes` outputs "z", then `last` to "y" unless it is NULL. With
 * `skip`, twice the sum of x is added to every output past the hidden layer. */
static hrs_model *perceptron(int64_t batch, int classes, const char *last, bool skip) {
  model_proto *model = maker_model(13);
  graph_proto *g = model->graph;
  maker_input(g, "x", MAKER_TYPE(FLOAT), 2, DIMS(batch, FEATURES));
  FLOATS(g, "w1", first_weight, FEATURES, HIDDEN);
  FLOATS(g, "b1", first_bias, HIDDEN);
  float w2[HIDDEN * CLASSES];
  for (int i = 0; i < HIDDEN; i++)
    memcpy(&w2[i * classes], second_weight[i], (size_t)classes * sizeof(float));
  maker_initialiser(g, "w2", MAKER_TYPE(FLOAT), 2, DIMS(HIDDEN, classes),
                    (size_t)(HIDDEN * classes) * sizeof(float), w2);
  maker_initialiser(g, "b2", MAKER_TYPE(FLOAT), 1, DIMS(classes), (size_t)classes * sizeof(float),
                    second_bias);
  maker_node(g, "Gemm", "first", "x,w1,b1", "a");
  maker_node(g, "Relu", "relu", "a", "h");
  maker_node(g, "Gemm", "second", "h,w2,b2", skip ? "t" : "z");
  if (skip) {
    const float twos[FEATURES] = {2, 2, 2, 2, 2, 2};
    FLOATS(g, "twos", twos, FEATURES, 1);
    maker_node(g, "MatMul", "sum", "x,twos", "s");
    maker_node(g, "Add", "skip", "t,s", "z");
  }
  if (last) maker_node(g, last, "last", "z", "y");
  maker_output(g, last ? "y" : "z");
  hrs_model *out;
  ASSERT_OK(hrs_model_load(maker_finish(model, "p.onnx"), NULL, &out));
  return out;
}

/* Hidden layer and logits by plain loops. */
static void hidden_of(const double *x, double *h) {
  for (int j = 0; j < HIDDEN; j++) {
    h[j] = (double)first_bias[j];
    for (int i = 0; i < FEATURES; i++)
      h[j] += x[i] * (double)first_weight[i][j];
    if (h[j] < 0) h[j] = 0;
  }
}

static void logits_of(const double *h, double *z) {
  for (int c = 0; c < CLASSES; c++) {
    z[c] = (double)second_bias[c];
    for (int j = 0; j < HIDDEN; j++)
      z[c] += h[j] * (double)second_weight[j][c];
  }
}

static void masked_logits(int sample, hrs_mask mask, double baseline, double *z) {
  double x[FEATURES], h[HIDDEN];
  for (int i = 0; i < FEATURES; i++)
    x[i] = mask >> i & 1 ? (double)features[sample][i] : baseline;
  hidden_of(x, h);
  logits_of(h, z);
}

static hrs_array samples_array(int rank, const hrs_count *dim) {
  hrs_array a;
  ASSERT_OK(hrs_array_create(HRS_F32, rank, dim, &a));
  memcpy(a.data, features, (size_t)hrs_array_count(&a) * sizeof(float));
  return a;
}

/* A game of the features of `model`, all of them players. */
typedef struct setting {
  const char *baseline, *mask_at, *output_node, *subset;
  hrs_output output;
  hrs_scores scores;
  int n_targets;
  const int *targets;
  hrs_count max_batch;
  int rank; /* of the samples; 0: [SAMPLES, FEATURES] */
} setting;

static hrs_status make_game(const hrs_model *model, setting s, hrs_game **out) {
  const char *name = "x";
  hrs_array samples = s.rank == 3   ? samples_array(3, (hrs_count[]){SAMPLES, 1, FEATURES})
                      : s.rank == 1 ? samples_array(1, (hrs_count[]){FEATURES})
                                    : samples_array(2, (hrs_count[]){SAMPLES, FEATURES});
  hrs_network_game spec = {.model = model,
                           .n_inputs = 1,
                           .inputs = &name,
                           .samples = &samples,
                           .mask_at = s.mask_at,
                           .output_node = s.output_node,
                           .scores = s.scores,
                           .output = s.output,
                           .n_targets = s.n_targets,
                           .targets = s.targets,
                           .max_batch = s.max_batch};
  hrs_array masked;
  if (s.mask_at) {
    ASSERT_OK(hrs_network_tensor_at(model, 1, &name, &samples, s.mask_at, &masked));
  } else {
    ASSERT_OK(hrs_array_copy(&samples, &masked));
    ASSERT_OK(hrs_network_bind(model, name, &masked));
  }
  ASSERT_OK(hrs_players_create("features", masked.rank - 1, masked.dim + 1, HRS_LAYOUT_AUTO, NULL,
                               masked.dim[0], &spec.players));
  if (s.subset) ASSERT_OK(hrs_players_subset(&spec.players, s.subset));
  ASSERT_OK(hrs_baseline_create(s.baseline ? s.baseline : "zero", &masked, HRS_LAYOUT_AUTO, NULL,
                                &spec.baseline));
  hrs_array_destroy(&masked);
  hrs_status status = hrs_game_network(&spec, out);
  assert_null(samples.data);
  assert_null(spec.players.names);
  assert_null(spec.baseline.data);
  return status;
}

static bool near(double value, double wanted) {
  return fabs(value - wanted) <= 2e-5 * (1 + fabs(wanted));
}

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

/* ids [1, TOKENS] and weights [1, TOKENS] -> sum of weight * embedding. */
static hrs_model *bag_of_words(int id_type, bool per_token) {
  model_proto *model = maker_model(13);
  graph_proto *g = model->graph;
  maker_input(g, "ids", id_type, 2, DIMS(-1, -1));
  maker_input(g, "weights", MAKER_TYPE(FLOAT), 2, DIMS(-1, -1));
  FLOATS(g, "table", embedding, WORDS, CLASSES);
  maker_initialiser(g, "one", MAKER_TYPE(INT64), 1, DIMS(1), 8, DIMS(1));
  maker_initialiser(g, "two", MAKER_TYPE(INT64), 1, DIMS(1), 8, DIMS(2));
  maker_node(g, "Gather", "look up", "table,ids", "e");
  maker_node(g, "Unsqueeze", "unsqueeze", "weights,two", "u");
  maker_node(g, "Mul", "weigh", "e,u", "m");
  node_proto *sum = maker_node(g, "ReduceSum", "sum", "m,one", "z");
  maker_int(sum, "keepdims", 0);
  maker_output(g, per_token ? "m" : "z");
  hrs_model *out;
  ASSERT_OK(hrs_model_load(maker_finish(model, "b.onnx"), NULL, &out));
  return out;
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
      cmocka_unit_test(outputs),        cmocka_unit_test(same_bits),
      cmocka_unit_test(chosen_targets), cmocka_unit_test(subset_and_single_sample),
      cmocka_unit_test(one_output),     cmocka_unit_test(independent_sigmoids),
      cmocka_unit_test(stated_scores),  cmocka_unit_test(inner_tensor),
      cmocka_unit_test(tokens),         cmocka_unit_test(maps_per_sample),
      cmocka_unit_test(bindings),       cmocka_unit_test(refused),
  };
  return cmocka_run_group_tests(tests, set_up, scratch_remove);
}
