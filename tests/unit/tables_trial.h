/*
 * tables_trial.h -- one operator in a small network, evaluated on all masks with tables of
 * activations and by full passes.
 *
 * A trial is x -> maybe a step that lets players meet -> the operator -> a wide dense layer, so
 * that tables which end behind the operator save enough to be made.
 */
#ifndef HRS_TESTS_TABLES_TRIAL_H
#define HRS_TESTS_TABLES_TRIAL_H

#include <harsanyi/game.h>
#include <harsanyi/network.h>

#include "onnx_maker.h"
#include "pick.h"

#include <math.h>

#define FLOAT MAKER_TYPE(FLOAT)
#define INT64 MAKER_TYPE(INT64)

enum { PLAYERS = 6, UNITS = 48 };

typedef enum input_kind { SERIES, IMAGE, IMAGE_LAST, VOLUME, TABLE, TOKENS, VECTOR } input_kind;

typedef struct trial {
  model_proto *proto;
  int opset;
  input_kind kind;
  char in[16]; /* what the operator reads */
  int rank;
  int64_t dim[5]; /* its shape */
  int count;
  node_proto *node; /* the operator under test; its first output is "t" */
} trial;

/* ---- constants ---- */

MAKER const char *trial_name(trial *t, char kind) {
  static char text[32][16];
  char *out = text[t->count % 32];
  snprintf(out, sizeof *text, "%c%d", kind, t->count++);
  return out;
}

/* Random numbers within scale of `middle`. */
MAKER const char *floats_about(trial *t, int rank, const int64_t *dim, float middle, float scale) {
  int64_t count = 1;
  for (int i = 0; i < rank; i++)
    count *= dim[i];
  float *data = malloc(sizeof *data * (size_t)(count + 1));
  for (int64_t i = 0; i < count; i++)
    data[i] = middle + scale * number();
  const char *out = trial_name(t, 'w');
  maker_initialiser(t->proto->graph, out, FLOAT, rank, dim, sizeof *data * (size_t)count, data);
  free(data);
  return out;
}

MAKER const char *floats(trial *t, int rank, const int64_t *dim) {
  return floats_about(t, rank, dim, 0, 1);
}

MAKER const char *integers(trial *t, int count, const int64_t *values) {
  const char *out = trial_name(t, 'i');
  maker_initialiser(t->proto->graph, out, INT64, 1, DIMS(count), sizeof *values * (size_t)count,
                    values);
  return out;
}

/* A number alone. */
MAKER const char *single(trial *t, float value) {
  const char *out = trial_name(t, 's');
  maker_initialiser(t->proto->graph, out, FLOAT, 0, NULL, sizeof value, &value);
  return out;
}

/* Numbers along some axes of the operator's input: they broadcast to it. */
MAKER const char *broadcasting(trial *t) {
  int64_t dim[5];
  int first = (int)pick(0, t->rank);
  for (int i = first; i < t->rank; i++)
    dim[i - first] = pick(0, 1) ? t->dim[i] : 1;
  return floats_about(t, t->rank - first, dim, 2, 0.5F);
}

MAKER void text_attribute(node_proto *node, const char *name, const char *value) {
  attribute_proto *a = maker_attribute(node, name, MAKER_ATTRIBUTE(STRING));
  a->has_s = 1;
  a->s.len = strlen(value);
  a->s.data = (uint8_t *)strdup(value);
}

/* ---- nodes ---- */

/* A node that makes a new value of the operator's input's shape, which it becomes. */
MAKER void before(trial *t, const char *op, const char *second, node_proto **node) {
  char inputs[40], out[16];
  snprintf(inputs, sizeof inputs, "%s%s%s", t->in, second ? "," : "", second ? second : "");
  snprintf(out, sizeof out, "%s", trial_name(t, 'b'));
  node_proto *made = maker_node(t->proto->graph, op, out, inputs, out);
  if (node) *node = made;
  snprintf(t->in, sizeof t->in, "%s", out);
}

/* The operator under test, on its input and up to three more operands (NULL: none). */
MAKER node_proto *under_test(trial *t, const char *op, const char *a, const char *b,
                             const char *c) {
  char inputs[96];
  snprintf(inputs, sizeof inputs, "%s%s%s%s%s%s%s", t->in, a ? "," : "", a ? a : "", b ? "," : "",
           b ? b : "", c ? "," : "", c ? c : "");
  return t->node = maker_node(t->proto->graph, op, "tested", inputs, "t");
}

/* ---- networks ---- */

/* A step in front of the operator that keeps the shape: most are work that tables save. */
MAKER void let_players_meet(trial *t) {
  node_proto *node;
  int axes = t->rank - 2;
  bool windows = t->kind == SERIES || t->kind == IMAGE || t->kind == VOLUME;
  if (windows && pick(0, 2) == 0) {
    before(t, "AveragePool", NULL, &node);
    maker_ints(node, "kernel_shape", axes, DIMS(3, 3, 3));
    maker_ints(node, "pads", 2 * axes, DIMS(1, 1, 1, 1, 1, 1));
  } else if (windows) {
    before(t, "Conv", floats(t, t->rank, DIMS(t->dim[1], t->dim[1], 3, 3, 3)), &node);
    maker_ints(node, "pads", 2 * axes, DIMS(1, 1, 1, 1, 1, 1));
  } else {
    int64_t width = t->dim[t->rank - 1];
    before(t, "Tanh", NULL, NULL);
    before(t, "MatMul", floats(t, 2, DIMS(width, width)), NULL);
  }
}

MAKER void trial_start(trial *t, int opset, input_kind kind) {
  static const struct {
    int rank;
    int64_t dim[5];
  } shape[] = {[SERIES] = {3, {1, 2, 13}},
               [IMAGE] = {4, {1, 4, 6, 7}},
               [IMAGE_LAST] = {4, {1, 6, 6, 4}},
               [VOLUME] = {5, {1, 2, 4, 4, 3}},
               [TABLE] = {2, {6, 5}},
               [TOKENS] = {2, {1, 8}},
               [VECTOR] = {2, {1, 24}}};
  *t = (trial){.proto = maker_model(opset), .opset = opset, .kind = kind};
  t->rank = shape[kind].rank;
  memcpy(t->dim, shape[kind].dim, sizeof t->dim);
  maker_input(t->proto->graph, "x", kind == TOKENS ? INT64 : FLOAT, t->rank, t->dim);
  snprintf(t->in, sizeof t->in, "x");
  if (kind != TOKENS && pick(0, 3)) let_players_meet(t);
}

MAKER hrs_status trial_load(const trial *t, hrs_model **out) {
  size_t size;
  unsigned char *bytes = maker_pack(t->proto, &size);
  const char *path = scratch_write("trial.onnx", bytes, size);
  free(bytes);
  return hrs_model_load(path, NULL, out);
}

/* Elements of "t", or -1 with a message where the operator refuses what it was given. */
MAKER int64_t elements_tested(const trial *t) {
  const char *fetch = "t";
  hrs_model *model = NULL;
  hrs_session *session = NULL;
  hrs_feed feed = {
      .name = "x", .type = t->kind == TOKENS ? HRS_I64 : HRS_F32, .rank = t->rank, .varies = true};
  int64_t count = -1;
  if (trial_load(t, &model) == HRS_OK) {
    memcpy(feed.dim, hrs_model_input(model, 0)->dim, sizeof feed.dim);
    if (hrs_session_create(model, 1, &feed, 1, &fetch, 1, &session) == HRS_OK) {
      const hrs_tensor_info *info = hrs_session_fetch_info(session, 0);
      count = 1;
      for (int i = 0; i < info->rank; i++)
        count *= info->dim[i];
    }
  }
  hrs_session_destroy(&session);
  hrs_model_destroy(&model);
  return count;
}

/* The dense layer behind the operator. */
MAKER void trial_finish(trial *t, int64_t elements) {
  graph_proto *g = t->proto->graph;
  g->n_output = 0;
  maker_node(g, "Reshape", "flat", "t,flat_shape", "flat");
  const int64_t shape[] = {1, elements};
  maker_initialiser(g, "flat_shape", INT64, 1, DIMS(2), sizeof shape, shape);
  char inputs[32];
  snprintf(inputs, sizeof inputs, "flat,%s", floats(t, 2, DIMS(elements, UNITS)));
  maker_node(g, "MatMul", "dense", inputs, "z");
  maker_output(g, "z");
}

/* ---- both evaluators ---- */

/* Players by the place along one or two axes of x, with some elements of nobody. */
MAKER void label_players(int rank, const hrs_count *dim, int32_t *label) {
  int along[2], parts[2] = {PLAYERS, 1};
  for (int k = 0; k < 2; k++)
    do
      along[k] = (int)pick(0, rank - 1);
    while (dim[along[k]] == 1);
  if (along[0] != along[1] && pick(0, 1)) parts[0] = 2, parts[1] = 3;
  bool nobodys = pick(0, 3) == 0;
  hrs_count count = 1;
  for (int i = 0; i < rank; i++)
    count *= dim[i];
  for (hrs_count e = 0; e < count; e++) {
    hrs_count at[8], rest = e;
    for (int i = rank - 1; i >= 0; rest /= dim[i--])
      at[i] = rest % dim[i];
    hrs_count player = 0;
    for (int k = 0; k < 2; k++)
      player = player * parts[k] + at[along[k]] * parts[k] / dim[along[k]];
    label[e] = nobodys && pick(0, 5) == 0 ? -1 : (int32_t)player;
  }
}

MAKER hrs_status make_trial_game(const trial *t, const hrs_model *model, hrs_game **out) {
  const char *name = "x";
  const hrs_tensor_info *info = hrs_model_input(model, 0);
  hrs_array samples;
  hrs_count dim[HRS_MAX_RANK] = {1};
  memcpy(dim + 1, info->dim, sizeof *dim * (size_t)info->rank);
  ASSERT_OK(hrs_array_create(info->type, info->rank + 1, dim, &samples));
  hrs_network_game spec = {.model = model,
                           .n_inputs = 1,
                           .inputs = &name,
                           .samples = &samples,
                           .output = HRS_OUTPUT_RAW,
                           .n_targets = HRS_TARGETS_ALL,
                           .players = {.n = PLAYERS}};
  ASSERT_OK(hrs_array_create(HRS_I32, info->rank, info->dim, &spec.players.map));
  ASSERT_OK(hrs_array_create(info->type, info->rank, info->dim, &spec.baseline));
  for (hrs_count i = 0; i < hrs_array_count(&samples); i++) {
    if (t->kind == TOKENS) {
      ((int64_t *)samples.data)[i] = pick(0, 8);
      ((int64_t *)spec.baseline.data)[i] = 9;
    } else {
      ((float *)samples.data)[i] = 1.5F * number();
      ((float *)spec.baseline.data)[i] = number();
    }
  }
  label_players(info->rank, info->dim, spec.players.map.data);
  return hrs_game_network(&spec, out);
}

/* Do the evaluators agree on all masks? Returns whether tables end behind the operator. */
MAKER bool evaluators_agree(const trial *t, const char *what) {
  enum { VALUES = UNITS << PLAYERS };
  double *tables = malloc(2 * VALUES * sizeof *tables), *passes = tables + VALUES;
  hrs_model *model;
  hrs_game *game;
  ASSERT_OK(trial_load(t, &model));
  if (make_trial_game(t, model, &game) != HRS_OK)
    fail_msg("%s, operator set %d: %s", what, t->opset, hrs_error_message());
  ASSERT_OK(hrs_game_select(game, 0));
  const char *cut = hrs_game_network_cost(game).cut;
  bool covered = cut && (cut[0] == 'z' || cut[0] == 't' || strcmp(cut, "flat") == 0);
  ASSERT_OK(hrs_game_evaluate(game, (hrs_subcube){0, (1 << PLAYERS) - 1}, tables));
  hrs_game_network_use(game, HRS_EVALUATOR_BRUTE);
  ASSERT_OK(hrs_game_evaluate(game, (hrs_subcube){0, (1 << PLAYERS) - 1}, passes));
  double largest = 0;
  for (int i = 0; i < VALUES; i++)
    if (isfinite(passes[i])) largest = fmax(largest, fabs(passes[i]));
  for (int i = 0; i < VALUES; i++)
    if (!(isnan(tables[i]) && isnan(passes[i])) && tables[i] != passes[i] &&
        !(fabs(tables[i] - passes[i]) <= 2e-5 * largest))
      fail_msg("%s, operator set %d: %.9g with tables, %.9g by a full pass, of at most %.3g", what,
               t->opset, tables[i], passes[i], largest);
  hrs_game_destroy(&game);
  hrs_model_destroy(&model);
  free(tables);
  return covered;
}

/* ---- all sets ---- */

enum { WINDOWS = 1 << SERIES | 1 << IMAGE | 1 << VOLUME, REAL = ~(1 << TOKENS) };

/* Trials of one operator at each set from `since` on. */
typedef struct tested {
  const char *op;
  int since, kinds; /* of input, as bits */
  void (*make)(trial *);
} tested;

enum { TRIALS = 6, COVERED = 2, ATTEMPTS = 200, LAST_SET = 21 };

/* Trials of one operator at one set, until some had their tables end behind it. */
MAKER void try_operator(const char *op, int opset, int kinds, void (*make)(trial *),
                        void (*make_one)(trial *, int), int index) {
  int tried = 0, covered = 0;
  for (int attempt = 0; tried < TRIALS || covered < COVERED; attempt++) {
    trial t;
    int kind;
    if (attempt == ATTEMPTS)
      fail_msg("%s, operator set %d: %d trials, %d with tables: %s", op, opset, tried, covered,
               hrs_error_message());
    do
      kind = (int)pick(SERIES, VECTOR);
    while (!(kinds >> kind & 1));
    trial_start(&t, opset, (input_kind)kind);
    if (make)
      make(&t);
    else
      make_one(&t, index);
    maker_output(t.proto->graph, "t");
    int64_t elements = elements_tested(&t); /* pads that cut all off, and the like, are refused */
    if (elements > 0) {
      trial_finish(&t, elements);
      covered += evaluators_agree(&t, op);
      tried++;
    }
    onnx__model_proto__free_unpacked(t.proto, NULL);
  }
}

/* The same at each set from its first on. */
MAKER void try_all_sets(const tested *o) {
  for (int opset = o->since; opset <= LAST_SET; opset++)
    try_operator(o->op, opset, o->kinds, o->make, NULL, 0);
}

#endif
