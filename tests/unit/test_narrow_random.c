/*
 * Random networks of which parts are read, against the same ones with all of their tensors whole:
 * all kinds of operators that parts are followed through, and feeds that do not vary.
 */
#include "narrow_nets.h"

enum { VALUES = 40 };

typedef struct value {
  char name[16];
  int rank;
  int64_t dim[4];
} value;

typedef struct maze {
  net n;
  value value[VALUES];
  int count;
} maze;

static int64_t elements(const value *v) {
  int64_t count = 1;
  for (int i = 0; i < v->rank; i++)
    count *= v->dim[i];
  return count;
}

/* A constant that broadcasts to a value. */
static name matching(maze *m, const value *v) {
  int first = (int)pick(0, v->rank);
  int64_t dim[4];
  for (int i = first; i < v->rank; i++)
    dim[i - first] = pick(0, 1) ? v->dim[i] : 1;
  return weight(&m->n, v->rank - first, dim, NULL);
}

static const value *alike(maze *m, const value *v) {
  for (int tries = 0; tries < 10; tries++) {
    const value *other = &m->value[pick(0, m->count - 1)];
    if (other->rank == v->rank && memcmp(other->dim, v->dim, sizeof *v->dim * (size_t)v->rank) == 0)
      return other;
  }
  return v;
}

/* Split an axis in two, or join two, or add one of length 1. */
static name reshaped(maze *m, const value *v, value *out) {
  int axis = (int)pick(0, v->rank - 1);
  if (v->rank < 4 && pick(0, 1)) {
    int64_t by = v->dim[axis] % 2 == 0 ? 2 : v->dim[axis] % 3 == 0 ? 3 : 1;
    out->rank = v->rank + 1;
    memcpy(out->dim, v->dim, sizeof *v->dim * (size_t)(axis + 1));
    memcpy(out->dim + axis + 2, v->dim + axis + 1, sizeof *v->dim * (size_t)(v->rank - axis - 1));
    out->dim[axis] = pick(0, 1) ? by : v->dim[axis] / by;
    out->dim[axis + 1] = v->dim[axis] / out->dim[axis];
  } else if (v->rank > 1) {
    if (axis == v->rank - 1) axis--;
    out->rank = v->rank - 1;
    memcpy(out->dim, v->dim, sizeof *v->dim * (size_t)(axis + 1));
    memcpy(out->dim + axis + 1, v->dim + axis + 2, sizeof *v->dim * (size_t)(v->rank - axis - 2));
    out->dim[axis] = v->dim[axis] * v->dim[axis + 1];
  }
  return reshape(&m->n, v->name, out->rank, out->dim);
}

static name multiplied(maze *m, const value *v, value *out) {
  int64_t k = v->dim[v->rank - 1], width = pick(1, 6);
  if (pick(0, 1) && v->rank >= 2 && v->rank <= 3) {
    name turned = with_ints(&m->n, "Transpose", v->name, "perm", v->rank,
                            v->rank == 2 ? DIMS(1, 0) : DIMS(0, 2, 1));
    out->dim[v->rank - 1] = v->dim[v->rank - 2];
    return add(&m->n, "Tanh", add(&m->n, "MatMul", v->name, turned), NULL);
  }
  out->dim[v->rank - 1] = width;
  if (v->rank == 2 && pick(0, 1)) {
    char inputs[64];
    bool flip = pick(0, 1);
    node_proto *node;
    name w = weight(&m->n, 2, flip ? DIMS(width, k) : DIMS(k, width), NULL);
    snprintf(inputs, sizeof inputs, "%s,%s,%s", v->name, w, matching(m, out));
    name made = add_node(&m->n, "Gemm", inputs, &node);
    maker_int(node, "transB", flip);
    return add(&m->n, "Tanh", made, NULL);
  }
  return add(&m->n, "Tanh", add(&m->n, "MatMul", v->name, weight(&m->n, 2, DIMS(k, width), NULL)),
             NULL);
}

static name cut_out(maze *m, const value *v, value *out) {
  int axis = (int)pick(0, v->rank - 1);
  int64_t length = v->dim[axis], from = pick(0, length - 1), to = pick(from + 1, length);
  switch (pick(0, 3)) {
  case 0:
    if (v->rank < 2) break;
    out->rank--;
    memmove(out->dim + axis, out->dim + axis + 1, sizeof *v->dim * (size_t)(v->rank - axis - 1));
    return row_of(&m->n, v->name, pick(0, 1) ? from : from - length, axis);
  case 1:
    out->dim[axis] = 2;
    return with_axis(&m->n, "Gather", v->name, ints(&m->n, 2, DIMS(from, to - 1)), axis);
  case 2: {
    if (length % 2) break;
    char names[2][16];
    node_proto *node = maker_node(m->n.proto->graph, "Split", "split", v->name, "");
    for (int i = 0; i < 2; i++) {
      snprintf(names[i], sizeof *names, "s%d", m->n.count++);
      maker_append(&node->output, &node->n_output, strdup(names[i]));
    }
    maker_int(node, "axis", axis);
    out->dim[axis] = length / 2;
    return add(&m->n, "Neg", names[pick(0, 1)], NULL);
  }
  default:
    break;
  }
  out->dim[axis] = to - from;
  return slice(&m->n, v->name, from, to, axis - (pick(0, 1) ? v->rank : 0));
}

/* Rows of a table, by what a value is as an index. */
static name embedded(maze *m, const value *v, value *out) {
  char inputs[64];
  node_proto *node;
  if (v->rank == 4) return add(&m->n, "Relu", v->name, NULL);
  name low = scalar(&m->n, 0), high = scalar(&m->n, 3);
  snprintf(inputs, sizeof inputs, "%s,%s,%s", v->name, low, high);
  name index = add_node(&m->n, "Cast", add_node(&m->n, "Clip", inputs, NULL), &node);
  maker_int(node, "to", MAKER_TYPE(INT64));
  out->dim[out->rank++] = 2;
  return add(&m->n, "Gather", weight(&m->n, 2, DIMS(4, 2), NULL), index);
}

static name batch_normalised(maze *m, const value *v) {
  char inputs[96];
  float variance[64];
  name of[3];
  if (v->rank < 2 || v->dim[1] > 64) return add(&m->n, "Neg", v->name, NULL);
  for (int i = 0; i < 3; i++)
    of[i] = weight(&m->n, 1, &v->dim[1], NULL);
  for (int i = 0; i < 64; i++)
    variance[i] = 1.5f + number();
  char positive[16];
  snprintf(positive, sizeof positive, "p%d", m->n.count++);
  maker_initialiser(m->n.proto->graph, positive, FLOAT, 1, &v->dim[1],
                    sizeof *variance * (size_t)v->dim[1], variance);
  snprintf(inputs, sizeof inputs, "%s,%s,%s,%s,%s", v->name, of[0], of[1], of[2], positive);
  return add_node(&m->n, "BatchNormalization", inputs, NULL);
}

/* An axis of length 1 made longer, or taken away, or a new one. */
static name stretched(maze *m, const value *v, value *out) {
  int axis = (int)pick(0, v->rank - 1);
  if (v->dim[axis] == 1 && v->rank > 1 && pick(0, 1)) {
    out->rank--;
    memmove(out->dim + axis, out->dim + axis + 1, sizeof *v->dim * (size_t)(v->rank - axis - 1));
    return add(&m->n, "Squeeze", v->name, ints(&m->n, 1, DIMS(axis)));
  }
  if (v->dim[axis] == 1) {
    out->dim[axis] = 3;
    return add(&m->n, "Expand", v->name, ints(&m->n, v->rank, out->dim));
  }
  if (v->rank == 4) return add(&m->n, "Abs", v->name, NULL);
  out->rank++;
  memmove(out->dim + axis + 1, out->dim + axis, sizeof *v->dim * (size_t)(v->rank - axis));
  out->dim[axis] = 1;
  return add(&m->n, "Unsqueeze", v->name, ints(&m->n, 1, DIMS(axis)));
}

static name grow_value(maze *m, const value *v, value *out) {
  static const char *const unary[] = {"Relu", "Tanh", "Neg", "Erf", "Abs", "Identity", "Sigmoid"};
  static const char *const binary[] = {"Add", "Sub", "Mul", "Max"};
  int axis = (int)pick(0, v->rank - 1);
  char inputs[96];
  switch (pick(0, 15)) {
  case 0:
    return add(&m->n, unary[pick(0, 6)], v->name, NULL);
  case 1:
    return add(&m->n, binary[pick(0, 3)], v->name, alike(m, v)->name);
  case 2:
    return add(&m->n, binary[pick(0, 3)], matching(m, v), v->name);
  case 3:
    return with_axis(&m->n, "Softmax", v->name, NULL, axis);
  case 4:
    out->dim[axis] = 1;
    return with_ints(&m->n, pick(0, 1) ? "ReduceMean" : "ReduceMax", v->name, "axes", 1,
                     DIMS(axis));
  case 5: {
    int64_t order[4] = {0, 1, 2, 3};
    for (int i = v->rank - 1; i > 0; i--) {
      int other = (int)pick(0, i);
      int64_t swapped = order[i];
      order[i] = order[other];
      order[other] = swapped;
    }
    for (int i = 0; i < v->rank; i++)
      out->dim[i] = v->dim[order[i]];
    return with_ints(&m->n, "Transpose", v->name, "perm", v->rank, order);
  }
  case 6:
    return reshaped(m, v, out);
  case 7:
  case 8:
    return multiplied(m, v, out);
  case 9:
    out->dim[axis] *= 2;
    return with_axis(&m->n, "Concat", v->name, alike(m, v)->name, axis);
  case 10: {
    name scale = weight(&m->n, 1, &v->dim[v->rank - 1], NULL);
    return with_axis(&m->n, "LayerNormalization", v->name, scale, -1);
  }
  case 11: {
    name positive = add(&m->n, "Greater", v->name, scalar(&m->n, 0));
    snprintf(inputs, sizeof inputs, "%s,%s,%s", positive, v->name, matching(m, v));
    return add_node(&m->n, "Where", inputs, NULL);
  }
  case 12:
    return embedded(m, v, out);
  case 13:
    return batch_normalised(m, v);
  case 14:
    return stretched(m, v, out);
  default:
    return cut_out(m, v, out);
  }
}

static void grow(maze *m) {
  const value *v = &m->value[pick(0, 2) ? m->count - 1 : pick(0, m->count - 1)];
  value out = *v;
  name made = grow_value(m, v, &out);
  snprintf(out.name, sizeof out.name, "%s", made);
  if (elements(&out) <= 2000) m->value[m->count++] = out;
}

/* Is a session made within hrs_session_limit? */
static bool fits(const hrs_model *model, const float *shared, int n_fetches, const name *fetches,
                 bool whole) {
  hrs_feed feed[2] = {{.name = "x", .type = HRS_F32, .rank = 3, .dim = {1, 6, 6}, .varies = true},
                      {.name = "s", .type = HRS_F32, .rank = 3, .dim = {1, 6, 6}, .data = shared}};
  hrs_session *s;
  hrs_session_whole = whole;
  hrs_status status = hrs_session_create(model, 2, feed, n_fetches, fetches, 1, &s);
  hrs_session_whole = false;
  hrs_session_destroy(&s);
  return status == HRS_OK;
}

static void test_random(void **state) {
  (void)state;
  int narrowed = 0;
  for (int round = 0; round < 2000; round++) {
    static maze m;
    char fetch[3][16];
    name fetches[3];
    float shared[36];
    m = (maze){.n = start(), .count = 2};
    for (int i = 0; i < 2; i++) {
      m.value[i] = (value){.name = {i ? 's' : 'x', 0}, .rank = 3, .dim = {1, 6, 6}};
      maker_input(m.n.proto->graph, m.value[i].name, FLOAT, 3, m.value[i].dim);
    }
    for (int i = 0; i < 36; i++)
      shared[i] = number();
    for (int64_t i = pick(2, VALUES - 8); i > 0; i--)
      grow(&m);
    int n_fetches = (int)pick(1, 3);
    for (int i = 0; i < n_fetches; i++) {
      value last = m.value[m.count - 1 - pick(0, m.count > 4 ? 3 : 0)], out = last;
      snprintf(fetch[i], sizeof *fetch, "%s", cut_out(&m, &last, &out));
      fetches[i] = fetch[i];
      maker_output(m.n.proto->graph, fetch[i]);
    }
    hrs_model *model = finish(&m.n);
    hrs_session_unfused = pick(0, 1);
    hrs_session *s = session_of(model, shared, n_fetches, fetches, false);
    hrs_session *whole = session_of(model, shared, n_fetches, fetches, true);
    hrs_session_unfused = false;
    assert_true(hrs_session_multiply_adds(s) <= hrs_session_multiply_adds(whole));
    narrowed += parts_of(s) > 0;
    for (int run = 0; run < 2; run++) {
      compare(s, whole);
      for (int i = 0; i < 36; i++)
        shared[i] = number();
      ASSERT_OK(hrs_session_set_shared(s, 1, shared));
      ASSERT_OK(hrs_session_set_shared(whole, 1, shared));
    }
    hrs_session_destroy(&s);
    hrs_session_destroy(&whole);
    /* Less work may take more memory, but what fits as a whole is never refused. */
    for (hrs_session_limit = 256; hrs_session_limit < 16384; hrs_session_limit *= 2)
      if (fits(model, shared, n_fetches, fetches, true))
        assert_true(fits(model, shared, n_fetches, fetches, false));
    hrs_session_limit = 0;
    hrs_model_destroy(&model);
  }
  assert_true(narrowed > 150);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_random)};
  return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
