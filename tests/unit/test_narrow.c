/*
 * Sessions compute what is read: against a plain computation, against the same network with all of
 * its tensors whole, and by the multiply-adds that are left.
 */
#include "narrow_nets.h"

/* Compare, and give back the multiply-adds of the narrowed session; *whole are the others. */
static hrs_count check(net *n, int n_fetches, const name *fetch, hrs_count *all) {
  char kept[4][16];
  name own[4];
  for (int i = 0; i < n_fetches; i++) {
    snprintf(kept[i], sizeof *kept, "%s", fetch[i]);
    own[i] = kept[i];
    maker_output(n->proto->graph, fetch[i]);
  }
  hrs_model *model = finish(n);
  hrs_session *narrow = session_of(model, NULL, n_fetches, own, false);
  hrs_session *whole = session_of(model, NULL, n_fetches, own, true);
  assert_int_equal(parts_of(whole), 0);
  compare(narrow, whole);
  hrs_count left = hrs_session_multiply_adds(narrow);
  *all = hrs_session_multiply_adds(whole);
  hrs_session_destroy(&narrow);
  hrs_session_destroy(&whole);
  hrs_model_destroy(&model);
  return left;
}

/* ---- rows of a dense network, by a plain computation ---- */

enum { T = 6, D = 5, H = 7 };

/* relu(x A + a) B of a row. */
static void plain_row(const float *x, const float *a, const float *bias, const float *b,
                      double *out) {
  double hidden[H];
  for (int j = 0; j < H; j++) {
    double sum = (double)bias[j];
    for (int i = 0; i < D; i++)
      sum += (double)x[i] * (double)a[i * H + j];
    hidden[j] = sum > 0 ? sum : 0;
  }
  for (int j = 0; j < D; j++) {
    out[j] = 0;
    for (int i = 0; i < H; i++)
      out[j] += hidden[i] * (double)b[i * D + j];
  }
}

/* One selection: the first row that it reads and how many. */
enum { SCALAR, NEGATIVE, VECTOR, RANGE, TAIL, SELECTIONS };

static name selection(net *n, int which, name hidden, int *first, int *rows) {
  *rows = which == RANGE ? 3 : which == TAIL ? 2 : 1;
  *first = which == SCALAR ? 2 : which == VECTOR ? 3 : which == RANGE ? 1 : T - *rows;
  switch (which) {
  case SCALAR:
    return with_axis(n, "Gather", hidden, ints(n, 0, DIMS(2)), 1);
  case NEGATIVE:
    return with_axis(n, "Gather", hidden, ints(n, 0, DIMS(-1)), 1);
  case VECTOR:
    return with_axis(n, "Gather", hidden, ints(n, 1, DIMS(3)), -2);
  case RANGE:
    return slice(n, hidden, 1, 4, 1);
  default:
    return slice(n, hidden, -2, INT64_MAX, -2);
  }
}

static void test_plain(void **state) {
  (void)state;
  for (int which = 0; which < SELECTIONS; which++)
    for (int residual = 0; residual < 2; residual++) {
      net n = start();
      float a[D * H], bias[H], b[H * D];
      int first, rows;
      maker_input(n.proto->graph, "x", FLOAT, 3, DIMS(1, T, D));
      name hidden = add(&n, "MatMul", "x", weight(&n, 2, DIMS(D, H), a));
      hidden = add(&n, "Relu", add(&n, "Add", hidden, weight(&n, 1, DIMS(H), bias)), NULL);
      hidden = add(&n, "MatMul", hidden, weight(&n, 2, DIMS(H, D), b));
      if (residual) hidden = add(&n, "Add", hidden, "x");
      name out = selection(&n, which, hidden, &first, &rows);
      char fetch[16];
      snprintf(fetch, sizeof fetch, "%s", out);
      maker_output(n.proto->graph, out);
      hrs_model *model = finish(&n);
      hrs_session *s = session_of(model, NULL, 1, (const name[]){fetch}, false);
      float *x = hrs_session_feed_buffer(s, 0);
      for (int i = 0; i < BATCH * T * D; i++)
        x[i] = number();
      float given[BATCH * T * D];
      memcpy(given, x, sizeof given);
      ASSERT_OK(hrs_session_run(s, BATCH));
      hrs_count step;
      const float *got = hrs_session_fetch(s, 0, &step);
      assert_int_equal(step, rows * D);
      assert_int_equal(hrs_session_multiply_adds(s), rows * 2 * D * H);
      for (int i = 0; i < BATCH; i++)
        for (int r = 0; r < rows; r++) {
          double wanted[D];
          const float *row = given + (i * T + first + r) * D;
          plain_row(row, a, bias, b, wanted);
          for (int j = 0; j < D; j++) {
            double sum = wanted[j] + (residual ? (double)row[j] : 0);
            assert_true(fabs((double)got[i * step + r * D + j] - sum) < 1e-5);
          }
        }
      hrs_session_destroy(&s);
      hrs_model_destroy(&model);
    }
}

/* ---- several readers ---- */

static void test_readers(void **state) {
  (void)state;
  hrs_count all;
  /* Two rows that are far from each other are two parts, neighbours are one. */
  for (int64_t second = 2; second < T; second++) {
    net n = start();
    maker_input(n.proto->graph, "x", FLOAT, 3, DIMS(1, T, D));
    name hidden = dense(&n, "x", D, H);
    name sum = add(&n, "Add", row_of(&n, hidden, 1, 1), row_of(&n, hidden, second, 1));
    assert_int_equal(check(&n, 1, &sum, &all), 2 * D * H);
    assert_int_equal(all, T * D * H);
  }
  /* A row and a column: of each its own. */
  net n = start();
  maker_input(n.proto->graph, "x", FLOAT, 3, DIMS(1, T, D));
  name hidden = dense(&n, "x", D, H);
  const name crossing[2] = {row_of(&n, hidden, 2, 1), row_of(&n, hidden, 4, 2)};
  assert_int_equal(check(&n, 2, crossing, &all), D * (T + H));
  /* A row, and all of it. */
  n = start();
  maker_input(n.proto->graph, "x", FLOAT, 3, DIMS(1, T, D));
  hidden = dense(&n, "x", D, H);
  const name both[2] = {row_of(&n, dense(&n, hidden, H, D), 2, 1), hidden};
  assert_int_equal(check(&n, 2, both, &all), T * D * H + D * H);
  /* Nothing is saved where the rows are all read, piece by piece. */
  n = start();
  maker_input(n.proto->graph, "x", FLOAT, 3, DIMS(1, T, D));
  hidden = dense(&n, "x", D, H);
  const name pieces[3] = {slice(&n, hidden, 4, 6, 1), slice(&n, hidden, 0, 2, 1),
                          slice(&n, hidden, 2, 4, 1)};
  hrs_count left = check(&n, 3, pieces, &all);
  assert_int_equal(left, all);
}

/* ---- transformers ---- */

enum { WIDTH = 8, HEADS = 2, TOKENS = 6 };

static name normalised(net *n, name x, bool apart) {
  if (!apart) {
    char inputs[64];
    name scale = weight(n, 1, DIMS(WIDTH), NULL), bias = weight(n, 1, DIMS(WIDTH), NULL);
    snprintf(inputs, sizeof inputs, "%s,%s,%s", x, scale, bias);
    return add_node(n, "LayerNormalization", inputs, NULL);
  }
  name centred = add(n, "Sub", x, with_ints(n, "ReduceMean", x, "axes", 1, DIMS(-1)));
  name square = add(n, "Pow", centred, scalar(n, 2));
  name variance = with_ints(n, "ReduceMean", square, "axes", 1, DIMS(-1));
  name root = add(n, "Sqrt", add(n, "Add", variance, scalar(n, 0.01f)), NULL);
  name scaled = add(n, "Mul", add(n, "Div", centred, root), weight(n, 1, DIMS(WIDTH), NULL));
  return add(n, "Add", scaled, weight(n, 1, DIMS(WIDTH), NULL));
}

static name heads(net *n, name x, const int64_t *order) {
  x = reshape(n, x, 4, DIMS(0, -1, HEADS, WIDTH / HEADS));
  return with_ints(n, "Transpose", x, "perm", 4, order);
}

/* An encoder layer. `joint`: one product for queries, keys and values; `mask`: added to scores. */
static name encoder(net *n, name x, bool joint, bool apart, name mask) {
  name q, k, v;
  if (joint) {
    name all = add(n, "Add", dense(n, x, WIDTH, 3 * WIDTH), weight(n, 1, DIMS(3 * WIDTH), NULL));
    q = slice(n, all, 0, WIDTH, -1);
    k = slice(n, all, WIDTH, 2 * WIDTH, -1);
    v = slice(n, all, 2 * WIDTH, 3 * WIDTH, -1);
  } else {
    q = add(n, "Add", dense(n, x, WIDTH, WIDTH), weight(n, 1, DIMS(WIDTH), NULL));
    k = dense(n, x, WIDTH, WIDTH);
    v = dense(n, x, WIDTH, WIDTH);
  }
  q = heads(n, q, DIMS(0, 2, 1, 3));
  k = heads(n, k, DIMS(0, 2, 3, 1));
  v = heads(n, v, DIMS(0, 2, 1, 3));
  name scores = add(n, "Div", add(n, "MatMul", q, k), scalar(n, 2));
  if (mask) scores = add(n, "Add", scores, mask);
  name mixed = add(n, "MatMul", with_axis(n, "Softmax", scores, NULL, -1), v);
  mixed = with_ints(n, "Transpose", mixed, "perm", 4, DIMS(0, 2, 1, 3));
  mixed = dense(n, reshape(n, mixed, 3, DIMS(1, TOKENS, WIDTH)), WIDTH, WIDTH);
  x = normalised(n, add(n, "Add", mixed, x), apart);
  name wide = dense(n, x, WIDTH, 4 * WIDTH);
  name erf = add(n, "Erf", add(n, "Div", wide, scalar(n, 1.41421356f)), NULL);
  wide = add(n, "Mul", add(n, "Mul", wide, add(n, "Add", erf, scalar(n, 1))), scalar(n, 0.5f));
  return normalised(n, add(n, "Add", dense(n, wide, 4 * WIDTH, WIDTH), x), apart);
}

static void test_transformer(void **state) {
  (void)state;
  const hrs_count square = WIDTH * WIDTH, scores = TOKENS * WIDTH;
  for (int which = 0; which < 4; which++) {
    net n = start();
    hrs_count all;
    maker_input(n.proto->graph, "x", FLOAT, 3, DIMS(1, TOKENS, WIDTH));
    name x = encoder(&n, "x", which & 1, which & 2, NULL);
    x = encoder(&n, x, which & 1, which & 2, NULL);
    name out = dense(&n, row_of(&n, x, 0, 1), WIDTH, 2);
    hrs_count left = check(&n, 1, &out, &all);
    hrs_count layer = TOKENS * 12 * square + 2 * TOKENS * scores;
    assert_int_equal(all, 2 * layer + 2 * WIDTH);
    /* Of the last layer keys and values of all tokens, and the rest of one. */
    assert_int_equal(left, layer + TOKENS * 2 * square + 10 * square + 2 * scores + 2 * WIDTH);
  }
}

/* One head of the attention: columns of the products before it. */
static void test_head(void **state) {
  (void)state;
  net n = start();
  hrs_count all;
  maker_input(n.proto->graph, "x", FLOAT, 3, DIMS(1, TOKENS, WIDTH));
  name q = heads(&n, dense(&n, "x", WIDTH, WIDTH), DIMS(0, 2, 1, 3));
  name k = heads(&n, dense(&n, "x", WIDTH, WIDTH), DIMS(0, 2, 3, 1));
  name scores = with_axis(&n, "Softmax", add(&n, "MatMul", q, k), NULL, -1);
  name out = row_of(&n, scores, 1, 1);
  hrs_count left = check(&n, 1, &out, &all);
  assert_int_equal(2 * left, all);
}

/* ---- feeds that do not vary, and tensors that are asked for ---- */

static void test_shared(void **state) {
  (void)state;
  /* A mask that is added to all scores, and one that has rows of its own. */
  for (int rows = 0; rows < 2; rows++) {
    net n = start();
    int64_t mask[4] = {1, 1, rows ? TOKENS : 1, TOKENS};
    float values[TOKENS * TOKENS];
    maker_input(n.proto->graph, "x", FLOAT, 3, DIMS(1, TOKENS, WIDTH));
    maker_input(n.proto->graph, "m", FLOAT, 4, mask);
    name hidden = encoder(&n, "x", true, true, add(&n, "Mul", "m", scalar(&n, 3)));
    char fetch[16];
    snprintf(fetch, sizeof fetch, "%s", row_of(&n, hidden, 2, 1));
    maker_output(n.proto->graph, fetch);
    hrs_model *model = finish(&n);
    for (int i = 0; i < TOKENS * TOKENS; i++)
      values[i] = number();
    hrs_session *s = session_of(model, values, 1, (const name[]){fetch}, false);
    hrs_session *whole = session_of(model, values, 1, (const name[]){fetch}, true);
    assert_true(hrs_session_multiply_adds(s) < hrs_session_multiply_adds(whole));
    for (int run = 0; run < 3; run++) {
      compare(s, whole);
      for (int i = 0; i < TOKENS * TOKENS; i++)
        values[i] = 3 * number();
      ASSERT_OK(hrs_session_set_shared(s, 1, values));
      ASSERT_OK(hrs_session_set_shared(whole, 1, values));
    }
    hrs_session_destroy(&s);
    hrs_session_destroy(&whole);
    hrs_model_destroy(&model);
  }
}

/* Where a shape depends on a feed, nothing is narrowed behind it. */
static void test_shared_shape(void **state) {
  (void)state;
  net n = start();
  float shape[2] = {T, H};
  maker_input(n.proto->graph, "x", FLOAT, 3, DIMS(1, T, D));
  maker_input(n.proto->graph, "s", FLOAT, 1, DIMS(2));
  node_proto *cast;
  name to = add_node(&n, "Cast", "s", &cast);
  maker_int(cast, "to", MAKER_TYPE(INT64));
  name hidden = add(&n, "Reshape", dense(&n, "x", D, H), to);
  char fetch[16];
  snprintf(fetch, sizeof fetch, "%s", row_of(&n, hidden, 2, 0));
  maker_output(n.proto->graph, fetch);
  hrs_model *model = finish(&n);
  hrs_session *s = session_of(model, shape, 1, (const name[]){fetch}, false);
  hrs_session *whole = session_of(model, shape, 1, (const name[]){fetch}, true);
  assert_int_equal(hrs_session_multiply_adds(s), T * D * H);
  compare(s, whole);
  shape[0] = H;
  shape[1] = T;
  ASSERT_OK(hrs_session_set_shared(s, 1, shape));
  assert_int_equal(hrs_session_run(s, 1), HRS_STATUS_UNSUPPORTED);
  hrs_session_destroy(&s);
  hrs_session_destroy(&whole);
  hrs_model_destroy(&model);
}

static void test_fetched(void **state) {
  (void)state;
  net n = start();
  hrs_count all;
  maker_input(n.proto->graph, "x", FLOAT, 3, DIMS(1, T, D));
  name inner = add(&n, "Relu", dense(&n, "x", D, H), NULL);
  name hidden = dense(&n, inner, H, D);
  const name fetch[2] = {row_of(&n, hidden, 0, 1), inner};
  assert_int_equal(check(&n, 2, fetch, &all), T * D * H + H * D);
}

/* What nobody reads is not computed: here a value whose shape alone was asked for. */
static void test_shape_alone(void **state) {
  (void)state;
  net n = start();
  hrs_count all;
  maker_input(n.proto->graph, "x", FLOAT, 3, DIMS(1, T, D));
  name shape = add(&n, "Shape", dense(&n, "x", D, H), NULL);
  name rows = slice(&n, shape, 1, 2, 0);
  name out = add(&n, "Expand", with_ints(&n, "ReduceMean", "x", "axes", 2, DIMS(1, 2)), rows);
  assert_int_equal(check(&n, 1, &out, &all), 0);
  assert_int_equal(all, T * D * H);
}

/* Halves are widened where they come up: so are parts of them. */
static void test_half(void **state) {
  (void)state;
  net n = start();
  hrs_count all;
  node_proto *cast;
  maker_input(n.proto->graph, "x", FLOAT, 3, DIMS(1, T, D));
  name half = add_node(&n, "Cast", dense(&n, "x", D, H), &cast);
  maker_int(cast, "to", MAKER_TYPE(FLOAT16));
  name out = row_of(&n, add(&n, "Neg", half, NULL), 1, 1);
  assert_int_equal(check(&n, 1, &out, &all), D * H);
  assert_int_equal(all, T * D * H);
}

/* ---- many nodes ---- */

static void test_large(void **state) {
  (void)state;
  enum { CHAIN = 4000, READERS = 4000 };
  net n = start();
  hrs_count all;
  maker_input(n.proto->graph, "x", FLOAT, 2, DIMS(READERS, 2));
  name hidden = "x";
  for (int i = 0; i < CHAIN; i++)
    hidden = add(&n, i % 2 ? "Neg" : "Relu", hidden, NULL);
  char deep[16];
  snprintf(deep, sizeof deep, "%s", hidden);
  name sum = row_of(&n, deep, 0, 0);
  for (int i = 1; i < READERS; i++)
    sum = add(&n, "Max", sum, row_of(&n, deep, (7 * i) % READERS, 0));
  check(&n, 1, &sum, &all);
}

/* ---- a session behind another ---- */

/* Run a session step by step, and keep what slots hold as it is made. */
static void run_kept(hrs_session *s, hrs_count batch, char **kept) {
  for (int i = 0; i < s->n_feeds; i++) {
    int slot = s->feed[i].slot;
    if (!s->feed[i].varies) continue;
    size_t bytes = (size_t)(hrs_slot_bytes(&s->slot[slot]) * batch);
    kept[slot] = malloc(bytes + 1);
    memcpy(kept[slot], s->slot[slot].tensor.data, bytes);
  }
  for (int i = 0; i < s->n_run; i++) {
    hrs_step *step = s->run[i];
    step->call.workspace = s->workspace;
    ASSERT_OK(hrs_step_run(step, batch));
    hrs_step_bind(s, step);
    for (int k = 0; k < step->call.n_out; k++) {
      if (step->out[k] < 0) continue;
      const hrs_slot *slot = &s->slot[step->out[k]];
      size_t bytes = (size_t)(hrs_slot_bytes(slot) * batch);
      kept[step->out[k]] = malloc(bytes + 1);
      memcpy(kept[step->out[k]], slot->tensor.data, bytes);
    }
  }
}

/* Slots that the steps from `at` on read and do not make. */
static int cuts_at(const hrs_session *s, int at, int *cut) {
  int count = 0;
  for (int slot = 0; slot < s->n_slots; slot++) {
    bool read = false, made = false;
    for (int i = at; i < s->n_steps; i++) {
      for (int k = 0; k < s->step[i]->call.n_in; k++)
        read |= s->step[i]->in[k] == slot;
      for (int k = 0; k < s->step[i]->call.n_out; k++)
        made |= s->step[i]->out[k] == slot;
    }
    if (s->slot[slot].varies && read && !made) cut[count++] = slot;
  }
  return count;
}

static void test_behind(void **state) {
  (void)state;
  net n = start();
  float values[TOKENS * TOKENS], others[TOKENS * TOKENS];
  maker_input(n.proto->graph, "x", FLOAT, 3, DIMS(1, TOKENS, WIDTH));
  maker_input(n.proto->graph, "m", FLOAT, 4, DIMS(1, 1, TOKENS, TOKENS));
  name hidden = encoder(&n, "x", true, true, add(&n, "Mul", "m", scalar(&n, 3)));
  char fetch[16];
  snprintf(fetch, sizeof fetch, "%s", row_of(&n, hidden, 2, 1));
  maker_output(n.proto->graph, fetch);
  hrs_model *model = finish(&n);
  for (int i = 0; i < TOKENS * TOKENS; i++) {
    values[i] = number();
    others[i] = number();
  }
  hrs_session_unfused = true;
  hrs_session *s = session_of(model, values, 1, (const name[]){fetch}, false);
  hrs_session_unfused = false;
  hrs_count in = s->slot[s->feed[0].slot].tensor.step, step;
  for (int at = 0; at < s->n_steps; at++) {
    int cut[64], cuts = cuts_at(s, at, cut);
    hrs_session *tail;
    ASSERT_OK(hrs_session_behind(s, cuts, cut, BATCH, &tail));
    assert_true(hrs_session_multiply_adds(tail) <= hrs_session_multiply_adds(s));
    for (int run = 0; run < 2; run++) {
      const float *mask = run ? others : values;
      char **kept = calloc((size_t)s->n_slots, sizeof *kept);
      float *x = hrs_session_feed_buffer(s, 0);
      for (hrs_count i = 0; i < in * BATCH; i++)
        x[i] = number();
      ASSERT_OK(hrs_session_set_shared(s, 1, mask));
      ASSERT_OK(hrs_session_refold(s));
      ASSERT_OK(hrs_session_set_shared(tail, cuts, mask));
      run_kept(s, BATCH, kept);
      for (int k = 0; k < cuts; k++)
        memcpy(hrs_session_feed_buffer(tail, k), kept[cut[k]],
               (size_t)(hrs_slot_bytes(&s->slot[cut[k]]) * BATCH));
      ASSERT_OK(hrs_session_run(tail, BATCH));
      const float *a = hrs_session_fetch(s, 0, &step), *b = hrs_session_fetch(tail, 0, &step);
      for (hrs_count i = 0; i < step * BATCH; i++)
        assert_true(fabsf(a[i] - b[i]) < 1e-5f);
      for (int i = 0; i < s->n_slots; i++)
        free(kept[i]);
      free(kept);
    }
    hrs_session_destroy(&tail);
  }
  /* What is not given is told. */
  hrs_session *tail;
  assert_int_equal(hrs_session_behind(s, 0, NULL, BATCH, &tail), HRS_STATUS_INTERNAL);
  assert_null(tail);
  hrs_session_destroy(&s);
  hrs_model_destroy(&model);
}

/* One tensor listed many times, of which four far elements are read: few steps all the same. */
static void test_many_operands(void **state) {
  (void)state;
  enum { OPERANDS = 3000 };
  model_proto *proto = maker_model(17);
  int64_t wide[] = {1, 400}, far[] = {0, 100, 200, 300};
  maker_input(proto->graph, "x", FLOAT, 2, wide);
  maker_node(proto->graph, "Relu", "b", "x", "b");
  static char operands[2 * OPERANDS + 1];
  for (int i = 0; i < OPERANDS; i++)
    memcpy(operands + 2 * i, "b,", 2);
  operands[2 * OPERANDS - 1] = '\0';
  maker_node(proto->graph, "Max", "m", operands, "m");
  for (int i = 0; i < 4; i++) {
    char index[8], made[8], inputs[16];
    snprintf(index, sizeof index, "i%d", i);
    snprintf(made, sizeof made, "g%d", i);
    snprintf(inputs, sizeof inputs, "m,%s", index);
    maker_initialiser(proto->graph, index, MAKER_TYPE(INT64), 0, NULL, sizeof far[i], &far[i]);
    maker_int(maker_node(proto->graph, "Gather", made, inputs, made), "axis", 1);
  }
  maker_node(proto->graph, "Sum", "y", "g0,g1,g2,g3", "y");
  maker_output(proto->graph, "y");
  hrs_model *model;
  ASSERT_OK(hrs_model_load(maker_finish(proto, "many.onnx"), NULL, &model));
  hrs_feed feed = {.name = "x", .type = HRS_F32, .rank = 2, .dim = {1, 400}, .varies = true};
  const char *fetch = "y";
  hrs_session *s;
  ASSERT_OK(hrs_session_create(model, 1, &feed, 1, &fetch, 1, &s));
  assert_true(s->n_steps <= 32);
  assert_true(s->n_slots <= 64);
  hrs_session_destroy(&s);
  hrs_model_destroy(&model);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_plain),       cmocka_unit_test(test_readers),
      cmocka_unit_test(test_transformer), cmocka_unit_test(test_head),
      cmocka_unit_test(test_shared),      cmocka_unit_test(test_shared_shape),
      cmocka_unit_test(test_fetched),     cmocka_unit_test(test_shape_alone),
      cmocka_unit_test(test_large),       cmocka_unit_test(test_half),
      cmocka_unit_test(test_behind),      cmocka_unit_test(test_many_operands),
  };
  return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
