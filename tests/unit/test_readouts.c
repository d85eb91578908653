/*
 * Several readouts of one forward pass: inner tensors by probes or as they are, and the network's
 * own output, against plain loops in double; with tables of activations, in blocks, and without.
 */
#include <harsanyi/game.h>

#include "onnx_maker.h"
#include "pick.h"

#include <math.h>

#define FLOAT MAKER_TYPE(FLOAT)

/* x[8,8] -> convolution and Relu a[2,8,8] -> MaxPool p[2,4,4] -> dense and Relu h -> dense z */
enum { SIDE = 8, CHANNELS = 2, HALF = 4, POOLED = CHANNELS * HALF * HALF, HIDDEN = 8, CLASSES = 4 };
enum { PIXELS = SIDE * SIDE, PLAYERS = 16, MASKS = 1 << PLAYERS, PROBED = 3, SAMPLES = 2 };

static float kernel[CHANNELS][3][3], kernel_bias[CHANNELS], dense[POOLED][HIDDEN],
    dense_bias[HIDDEN], last[HIDDEN][CLASSES], last_bias[CLASSES], probe_p[PROBED][POOLED],
    probe_p_bias[PROBED], probe_h[2][HIDDEN], images[SAMPLES][PIXELS];

static void randomise(void) {
  float *const tensors[] = {&kernel[0][0][0], kernel_bias,  &dense[0][0],   dense_bias,
                            &last[0][0],      last_bias,    &probe_p[0][0], probe_p_bias,
                            &probe_h[0][0],   &images[0][0]};
  const size_t sizes[] = {sizeof kernel,  sizeof kernel_bias, sizeof dense,   sizeof dense_bias,
                          sizeof last,    sizeof last_bias,   sizeof probe_p, sizeof probe_p_bias,
                          sizeof probe_h, sizeof images};
  for (size_t t = 0; t < sizeof sizes / sizeof *sizes; t++)
    for (size_t i = 0; i < sizes[t] / sizeof(float); i++)
      tensors[t][i] = number();
}

static hrs_model *network(void) {
  model_proto *proto = maker_model(13);
  graph_proto *g = proto->graph;
  maker_input(g, "x", FLOAT, 4, DIMS(1, 1, SIDE, SIDE));
  maker_initialiser(g, "k", FLOAT, 4, DIMS(CHANNELS, 1, 3, 3), sizeof kernel, kernel);
  maker_initialiser(g, "kb", FLOAT, 1, DIMS(CHANNELS), sizeof kernel_bias, kernel_bias);
  maker_ints(maker_node(g, "Conv", "conv", "x,k,kb", "c"), "pads", 4, DIMS(1, 1, 1, 1));
  maker_node(g, "Relu", "relu", "c", "a");
  node_proto *pool = maker_node(g, "MaxPool", "pool", "a", "p");
  maker_ints(pool, "kernel_shape", 2, DIMS(2, 2));
  maker_ints(pool, "strides", 2, DIMS(2, 2));
  maker_node(g, "Flatten", "flatten", "p", "f");
  maker_initialiser(g, "d", FLOAT, 2, DIMS(POOLED, HIDDEN), sizeof dense, dense);
  maker_initialiser(g, "db", FLOAT, 1, DIMS(HIDDEN), sizeof dense_bias, dense_bias);
  maker_node(g, "Gemm", "dense", "f,d,db", "g");
  maker_node(g, "Relu", "relu2", "g", "h");
  maker_initialiser(g, "l", FLOAT, 2, DIMS(HIDDEN, CLASSES), sizeof last, last);
  maker_initialiser(g, "lb", FLOAT, 1, DIMS(CLASSES), sizeof last_bias, last_bias);
  maker_node(g, "Gemm", "last", "h,l,lb", "z");
  maker_output(g, "z");
  hrs_model *model;
  ASSERT_OK(hrs_model_load(maker_finish(proto, "readouts.onnx"), NULL, &model));
  return model;
}

/* ---- the reference -------------------------------------------------------------------------- */

typedef struct layers {
  double a[CHANNELS * PIXELS], p[POOLED], h[HIDDEN], z[CLASSES];
} layers;

static int player_of(int pixel) {
  return pixel / SIDE / 2 * HALF + pixel % SIDE / 2;
}

static void forward(int sample, int mask, layers *out) {
  double x[PIXELS];
  for (int i = 0; i < PIXELS; i++)
    x[i] = mask >> player_of(i) & 1 ? (double)images[sample][i] : 0.25;
  for (int c = 0; c < CHANNELS; c++)
    for (int i = 0; i < PIXELS; i++) {
      double sum = (double)kernel_bias[c];
      for (int u = 0; u < 3; u++)
        for (int v = 0; v < 3; v++) {
          int row = i / SIDE + u - 1, column = i % SIDE + v - 1;
          if (row >= 0 && row < SIDE && column >= 0 && column < SIDE)
            sum += (double)kernel[c][u][v] * x[row * SIDE + column];
        }
      out->a[c * PIXELS + i] = fmax(sum, 0);
    }
  for (int i = 0; i < POOLED; i++) {
    const double *from =
        out->a + i / (HALF * HALF) * PIXELS + i / HALF % HALF * 2 * SIDE + i % HALF * 2;
    out->p[i] = fmax(fmax(from[0], from[1]), fmax(from[SIDE], from[SIDE + 1]));
  }
  for (int j = 0; j < HIDDEN; j++) {
    double sum = (double)dense_bias[j];
    for (int i = 0; i < POOLED; i++)
      sum += out->p[i] * (double)dense[i][j];
    out->h[j] = fmax(sum, 0);
  }
  for (int c = 0; c < CLASSES; c++) {
    out->z[c] = (double)last_bias[c];
    for (int j = 0; j < HIDDEN; j++)
      out->z[c] += out->h[j] * (double)last[j][c];
  }
}

static double log_odds(const double *score, int classes, int target) {
  double sum = 0;
  for (int c = 0; c < classes; c++)
    if (c != target) sum += exp(score[c] - score[target]);
  return -log(sum);
}

static void probe_scores(const float *weights, const float *bias, int classes, int units,
                         const double *x, double *out) {
  for (int c = 0; c < classes; c++) {
    out[c] = bias ? (double)bias[c] : 0;
    for (int i = 0; i < units; i++)
      out[c] += (double)weights[c * units + i] * x[i];
  }
}

/* ---- games ---------------------------------------------------------------------------------- */

static const hrs_probe on_p = {PROBED, POOLED, &probe_p[0][0], probe_p_bias},
                       on_h = {2, HIDDEN, &probe_h[0][0], NULL};
static const int units_of_a[SAMPLES * 2] = {7, 40, 0, 71};

/* All classes of a probe on the pool; two units of the first layer; the network; the hidden layer,
 * and the class that a probe on it predicts. */
static const hrs_readout readouts[] = {
    {.tensor = "p", .probe = &on_p, .n_targets = HRS_TARGETS_ALL},
    {.tensor = "a", .output = HRS_OUTPUT_RAW, .n_targets = 2, .targets = units_of_a},
    {.n_targets = HRS_TARGETS_ALL},
    {.tensor = "h", .output = HRS_OUTPUT_RAW, .n_targets = HRS_TARGETS_ALL},
    {.tensor = "h", .probe = &on_h},
};
enum { READOUTS = sizeof readouts / sizeof *readouts, TARGETS = PROBED + 2 + CLASSES + HIDDEN + 1 };

static hrs_status make(const hrs_model *model, int n, const hrs_readout *list, hrs_count bytes,
                       hrs_game **out) {
  const char *name = "x";
  hrs_array samples;
  ASSERT_OK(hrs_array_create(HRS_F32, 5, (hrs_count[]){SAMPLES, 1, 1, SIDE, SIDE}, &samples));
  memcpy(samples.data, images, sizeof images);
  hrs_network_game spec = {.model = model,
                           .n_inputs = 1,
                           .inputs = &name,
                           .samples = &samples,
                           .players = {.n = PLAYERS},
                           .table_bytes = bytes,
                           .n_readouts = n,
                           .readouts = list};
  const hrs_count dim[] = {1, 1, SIDE, SIDE};
  ASSERT_OK(hrs_array_create(HRS_I32, 4, dim, &spec.players.map));
  ASSERT_OK(hrs_array_create(HRS_F32, 4, dim, &spec.baseline));
  for (int i = 0; i < PIXELS; i++) {
    ((int32_t *)spec.players.map.data)[i] = player_of(i);
    ((float *)spec.baseline.data)[i] = 0.25F;
  }
  return hrs_game_network(&spec, out);
}

static void near(double found, double wanted, const char *what, int mask) {
  if (!(fabs(found - wanted) <= 2e-5 * (1 + fabs(wanted))))
    fail_msg("%s of mask %d: %.9g, expected %.9g", what, mask, found, wanted);
}

static void check_values(int sample, const double *value, int predicted) {
  for (int mask = 0; mask < MASKS; mask += 13) {
    layers own;
    double score[PROBED], two[2];
    forward(sample, mask, &own);
    probe_scores(&probe_p[0][0], probe_p_bias, PROBED, POOLED, own.p, score);
    probe_scores(&probe_h[0][0], NULL, 2, HIDDEN, own.h, two);
    const double *at = value + mask;
    for (int t = 0; t < PROBED; t++, at += MASKS)
      near(*at, log_odds(score, PROBED, t), "probe of the pool", mask);
    for (int t = 0; t < 2; t++, at += MASKS)
      near(*at, own.a[units_of_a[sample * 2 + t]], "unit", mask);
    for (int t = 0; t < CLASSES; t++, at += MASKS)
      near(*at, log_odds(own.z, CLASSES, t), "class", mask);
    for (int t = 0; t < HIDDEN; t++, at += MASKS)
      near(*at, own.h[t], "hidden unit", mask);
    near(*at, log_odds(two, 2, predicted), "probe of the hidden layer", mask);
  }
}

static void all_at_once(void **state) {
  (void)state;
  static double value[TARGETS * MASKS], alone[TARGETS * MASKS];
  hrs_count before = hrs_memory_current();
  hrs_model *model = network();
  hrs_game *game;
  bool blocks = false;
  const hrs_count bytes[] = {0, 24 << 10, 8 << 10};
  for (int k = 0; k < 3; k++) {
    ASSERT_OK(make(model, READOUTS, readouts, bytes[k], &game));
    assert_int_equal(hrs_game_targets(game), TARGETS);
    hrs_network_cost cost = hrs_game_network_cost(game);
    /* One pass for all readouts; and tables serve several of them. */
    double pass = 9.0 * CHANNELS * PIXELS + POOLED * HIDDEN + HIDDEN * CLASSES;
    assert_true(cost.brute == pass);
    if (k == 0) assert_true(cost.cuts == 3 && cost.tables + cost.tail < pass / 4);
    blocks |= cost.block_bits > 0;
    for (int evaluator = HRS_EVALUATOR_LATTICE; evaluator <= HRS_EVALUATOR_BRUTE; evaluator++) {
      hrs_game_network_use(game, (hrs_evaluator)evaluator);
      for (int sample = 0; sample < SAMPLES; sample++) {
        layers own;
        double two[2];
        forward(sample, MASKS - 1, &own);
        probe_scores(&probe_h[0][0], NULL, 2, HIDDEN, own.h, two);
        ASSERT_OK(hrs_game_select(game, sample));
        assert_int_equal(hrs_game_target(game, TARGETS - 1), two[1] > two[0]);
        ASSERT_OK(hrs_game_evaluate(game, (hrs_subcube){0, MASKS - 1}, value));
        check_values(sample, value, two[1] > two[0]);
      }
    }
    hrs_game_destroy(&game);
  }
  assert_true(blocks);
  /* Each by itself gives the same, in the order of the list. */
  double *at = alone;
  for (int i = 0; i < READOUTS; i++) {
    ASSERT_OK(make(model, 1, &readouts[i], 0, &game));
    ASSERT_OK(hrs_game_select(game, SAMPLES - 1));
    ASSERT_OK(hrs_game_evaluate(game, (hrs_subcube){0, MASKS - 1}, at));
    at += hrs_game_targets(game) * MASKS;
    hrs_game_destroy(&game);
  }
  assert_true(at == alone + TARGETS * MASKS);
  for (int i = 0; i < TARGETS * MASKS; i++)
    near(alone[i], value[i], "a readout by itself", i % MASKS);
  hrs_model_destroy(&model);
  assert_int_equal(hrs_memory_current(), before);
}

/* Without tables a value that is read as it is has the bits of a session of the same fetches. */
static void as_the_session(void **state) {
  (void)state;
  static double value[(2 + HIDDEN) * MASKS];
  const hrs_readout list[] = {readouts[1], readouts[3]};
  const char *fetch[] = {"a", "h"};
  hrs_model *model = network();
  hrs_game *game;
  hrs_session *session;
  hrs_feed feed = {
      .name = "x", .type = HRS_F32, .rank = 4, .dim = {1, 1, SIDE, SIDE}, .varies = true};
  ASSERT_OK(make(model, 2, list, 0, &game));
  hrs_game_network_use(game, HRS_EVALUATOR_BRUTE);
  ASSERT_OK(hrs_game_select(game, 0));
  ASSERT_OK(hrs_game_evaluate(game, (hrs_subcube){0, MASKS - 1}, value));
  ASSERT_OK(hrs_session_create(model, 1, &feed, 2, fetch, 0, &session));
  int batch = 1;
  while (2 * batch <= hrs_session_max_batch(session) && 2 * batch <= MASKS)
    batch *= 2;
  for (int first = 0; first < MASKS; first += 64 * batch) {
    float *x = hrs_session_feed_buffer(session, 0);
    for (int i = 0; i < batch * PIXELS; i++)
      x[i] = (first + i / PIXELS) >> player_of(i % PIXELS) & 1 ? images[0][i % PIXELS] : 0.25F;
    ASSERT_OK(hrs_session_run(session, batch));
    hrs_count step_a, step_h;
    const float *a = hrs_session_fetch(session, 0, &step_a);
    const float *h = hrs_session_fetch(session, 1, &step_h);
    for (int b = 0; b < batch; b++) {
      for (int t = 0; t < 2; t++)
        assert_true(value[t * MASKS + first + b] == (double)a[b * step_a + units_of_a[t]]);
      for (int t = 0; t < HIDDEN; t++)
        assert_true(value[(2 + t) * MASKS + first + b] == (double)h[b * step_h + t]);
    }
  }
  hrs_session_destroy(&session);
  hrs_game_destroy(&game);
  hrs_model_destroy(&model);
}

/* A list of one readout, the output, is the game that says so in its own fields. */
static void one_of_a_list(void **state) {
  (void)state;
  static double value[2][MASKS];
  hrs_model *model = network();
  const hrs_readout output = {.tensor = "z"};
  for (int k = 0; k < 2; k++) {
    hrs_game *game;
    ASSERT_OK(make(model, k, &output, 0, &game));
    ASSERT_OK(hrs_game_select(game, 0));
    ASSERT_OK(hrs_game_evaluate(game, (hrs_subcube){0, MASKS - 1}, value[k]));
    hrs_game_destroy(&game);
  }
  assert_memory_equal(value[0], value[1], sizeof value[0]);
  hrs_model_destroy(&model);
}

static void refused(void **state) {
  (void)state;
  float unbounded[POOLED] = {INFINITY};
  const int far = PROBED;
  const int four[SAMPLES] = {far, far};
  const hrs_probe narrow = {PROBED, HIDDEN, &probe_h[0][0], NULL},
                  empty = {0, POOLED, unbounded, 0}, infinite = {1, POOLED, unbounded, NULL};
  const struct {
    hrs_readout readout;
    hrs_status status;
    const char *says;
  } cases[] = {
      {{.tensor = "p", .probe = &narrow}, HRS_STATUS_USAGE, "8 units, but the tensor has 32"},
      {{.tensor = "p", .probe = &empty}, HRS_STATUS_USAGE, "0 classes"},
      {{.tensor = "p", .probe = &infinite}, HRS_STATUS_INPUT, "no finite number"},
      {{.tensor = "q", .probe = &on_p}, HRS_STATUS_INPUT, "no tensor 'q'"},
      {{.tensor = "p"}, HRS_STATUS_USAGE, "one vector of scores"},
      {{.tensor = "p", .probe = &on_p, .n_targets = 1, .targets = four},
       HRS_STATUS_USAGE,
       "target 3 of sample 0 is out of range"},
      {{.tensor = "p", .probe = &on_p, .n_targets = 2}, HRS_STATUS_USAGE, "2 targets without"},
      {{.tensor = "p", .probe = &on_p, .output = (hrs_output)17},
       HRS_STATUS_USAGE,
       "17 is no kind"},
      {{.tensor = "p", .probe = &on_p, .scores = (hrs_scores)9}, HRS_STATUS_USAGE, "9 is no kind"},
  };
  hrs_model *model = network();
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const hrs_readout list[] = {readouts[2], cases[i].readout};
    hrs_count before = hrs_memory_current();
    hrs_game *game;
    assert_int_equal(make(model, 2, list, 0, &game), cases[i].status);
    if (!strstr(hrs_error_message(), cases[i].says)) fail_msg("%s", hrs_error_message());
    assert_int_equal(hrs_memory_current(), before);
  }
  hrs_model_destroy(&model);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(all_at_once),
                                     cmocka_unit_test(as_the_session),
                                     cmocka_unit_test(one_of_a_list), cmocka_unit_test(refused)};
  hrs_blas_single_thread();
  randomise();
  return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
