/*
 * network_nets.h -- small networks for the tests of games, what they compute by plain loops in
 * double, and games of them.
 */
#ifndef HRS_TESTS_NETWORK_NETS_H
#define HRS_TESTS_NETWORK_NETS_H

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

static inline float uniform(hrs_random *random) {
  return (float)((double)hrs_random_below(random, 1 << 20) / (1 << 19) - 1);
}

static inline int set_up(void **state) {
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
static inline hrs_model *perceptron(int64_t batch, int classes, const char *last, bool skip) {
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
static inline void hidden_of(const double *x, double *h) {
  for (int j = 0; j < HIDDEN; j++) {
    h[j] = (double)first_bias[j];
    for (int i = 0; i < FEATURES; i++)
      h[j] += x[i] * (double)first_weight[i][j];
    if (h[j] < 0) h[j] = 0;
  }
}

static inline void logits_of(const double *h, double *z) {
  for (int c = 0; c < CLASSES; c++) {
    z[c] = (double)second_bias[c];
    for (int j = 0; j < HIDDEN; j++)
      z[c] += h[j] * (double)second_weight[j][c];
  }
}

static inline void masked_logits(int sample, hrs_mask mask, double baseline, double *z) {
  double x[FEATURES], h[HIDDEN];
  for (int i = 0; i < FEATURES; i++)
    x[i] = mask >> i & 1 ? (double)features[sample][i] : baseline;
  hidden_of(x, h);
  logits_of(h, z);
}

static inline hrs_array samples_array(int rank, const hrs_count *dim) {
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

static inline hrs_status make_game(const hrs_model *model, setting s, hrs_game **out) {
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

static inline bool near(double value, double wanted) {
  return fabs(value - wanted) <= 2e-5 * (1 + fabs(wanted));
}

/* ids [1, TOKENS] and weights [1, TOKENS] -> sum of weight * embedding. */
static inline hrs_model *bag_of_words(int id_type, bool per_token) {
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

#endif
