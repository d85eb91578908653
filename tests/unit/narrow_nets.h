/*
 * narrow_nets.h -- networks and sessions for tests of narrowing: a graph that grows node by node,
 * and a session beside the same one with all of its tensors whole.
 */
#ifndef HRS_TESTS_NARROW_NETS_H
#define HRS_TESTS_NARROW_NETS_H

#include "network/steps.h"

#include "onnx_maker.h"
#include "pick.h"

#include <math.h>

#define FLOAT MAKER_TYPE(FLOAT)

/* ---- networks ---- */

typedef struct net {
  model_proto *proto;
  int count;
} net;

typedef const char *name;

MAKER net start(void) {
  return (net){maker_model(17), 0};
}

/* A node with one output, whose name is given back. */
MAKER name add_node(net *n, const char *op, const char *inputs, node_proto **node) {
  static char text[64][16];
  char *out = text[n->count % 64];
  snprintf(out, sizeof *text, "v%d", n->count++);
  node_proto *made = maker_node(n->proto->graph, op, out, inputs, out);
  if (node) *node = made;
  return out;
}

MAKER name add(net *n, const char *op, name a, name b) {
  char inputs[64];
  snprintf(inputs, sizeof inputs, "%s%s%s", a, b ? "," : "", b ? b : "");
  return add_node(n, op, inputs, NULL);
}

MAKER name with_ints(net *n, const char *op, name a, const char *attribute, int count,
                     const int64_t *values) {
  node_proto *node;
  name out = add_node(n, op, a, &node);
  maker_ints(node, attribute, count, values);
  return out;
}

MAKER name with_axis(net *n, const char *op, name a, name b, int64_t axis) {
  char inputs[64];
  node_proto *node;
  snprintf(inputs, sizeof inputs, "%s%s%s", a, b ? "," : "", b ? b : "");
  name out = add_node(n, op, inputs, &node);
  maker_int(node, "axis", axis);
  return out;
}

MAKER name weight(net *n, int rank, const int64_t *dim, float *copy) {
  static char text[64][16];
  char *out = text[n->count % 64];
  int64_t count = 1;
  for (int i = 0; i < rank; i++)
    count *= dim[i];
  float *data = malloc(sizeof *data * (size_t)count);
  for (int64_t i = 0; i < count; i++)
    data[i] = number();
  if (copy) memcpy(copy, data, sizeof *data * (size_t)count);
  snprintf(out, sizeof *text, "w%d", n->count++);
  maker_initialiser(n->proto->graph, out, FLOAT, rank, dim, sizeof *data * (size_t)count, data);
  free(data);
  return out;
}

MAKER name scalar(net *n, float value) {
  static char text[64][16];
  char *out = text[n->count % 64];
  snprintf(out, sizeof *text, "c%d", n->count++);
  maker_initialiser(n->proto->graph, out, FLOAT, 0, NULL, sizeof value, &value);
  return out;
}

/* Integers, as a vector or, where count is 0, one of them alone. */
MAKER name ints(net *n, int count, const int64_t *values) {
  static char text[64][16];
  char *out = text[n->count % 64];
  snprintf(out, sizeof *text, "i%d", n->count++);
  maker_initialiser(n->proto->graph, out, MAKER_TYPE(INT64), count ? 1 : 0, DIMS(count),
                    sizeof *values * (size_t)(count ? count : 1), values);
  return out;
}

MAKER name reshape(net *n, name a, int rank, const int64_t *dim) {
  return add(n, "Reshape", a, ints(n, rank, dim));
}

MAKER name slice(net *n, name a, int64_t from, int64_t to, int64_t axis) {
  char inputs[80];
  name start_ = ints(n, 1, &from), end = ints(n, 1, &to), axes = ints(n, 1, &axis);
  snprintf(inputs, sizeof inputs, "%s,%s,%s,%s", a, start_, end, axes);
  return add_node(n, "Slice", inputs, NULL);
}

MAKER hrs_model *finish(net *n) {
  hrs_model *model;
  ASSERT_OK(hrs_model_load(maker_finish(n->proto, "narrow.onnx"), NULL, &model));
  return model;
}

/* ---- sessions ---- */

enum { BATCH = 3 };

MAKER hrs_session *session_of(const hrs_model *model, const float *shared, int n_fetches,
                              const name *fetch, bool whole) {
  hrs_session *session;
  hrs_feed feed[2];
  int n_feeds = shared ? 2 : 1;
  for (int i = 0; i < n_feeds; i++) {
    const hrs_tensor_info *info = hrs_model_input(model, i);
    feed[i] = (hrs_feed){.name = info->name,
                         .type = HRS_F32,
                         .rank = info->rank,
                         .varies = i == 0,
                         .data = i == 0 ? NULL : shared};
    memcpy(feed[i].dim, info->dim, sizeof feed[i].dim);
  }
  hrs_session_whole = whole;
  ASSERT_OK(hrs_session_create(model, n_feeds, feed, n_fetches, fetch, BATCH, &session));
  hrs_session_whole = false;
  return session;
}

MAKER int parts_of(const hrs_session *s) {
  int parts = 0;
  for (int i = 0; i < s->n_steps; i++)
    parts += s->step[i]->part;
  return parts;
}

/* Both sessions give the same, from the same random numbers. */
MAKER void compare(hrs_session *narrow, hrs_session *whole) {
  hrs_count in = narrow->slot[narrow->feed[0].slot].tensor.step, step, other;
  float *x = hrs_session_feed_buffer(narrow, 0);
  for (hrs_count i = 0; i < in * BATCH; i++)
    x[i] = number();
  memcpy(hrs_session_feed_buffer(whole, 0), x, (size_t)(in * BATCH) * sizeof *x);
  ASSERT_OK(hrs_session_run(narrow, BATCH));
  ASSERT_OK(hrs_session_run(whole, BATCH));
  for (int k = 0; k < whole->n_fetches; k++) {
    const float *a = hrs_session_fetch(narrow, k, &step), *b = hrs_session_fetch(whole, k, &other);
    const hrs_tensor_info *info = hrs_session_fetch_info(narrow, k);
    assert_int_equal(step, other);
    assert_int_equal(info->rank, hrs_session_fetch_info(whole, k)->rank);
    assert_memory_equal(info->dim, hrs_session_fetch_info(whole, k)->dim, sizeof info->dim);
    hrs_count count = step ? step * BATCH : hrs_tensor_count(&whole->slot[whole->fetch[k]].tensor);
    double largest = 1;
    for (hrs_count i = 0; i < count; i++)
      largest = fmax(largest, fabs((double)b[i]));
    for (hrs_count i = 0; i < count; i++)
      if (!(fabs((double)a[i] - (double)b[i]) <= 1e-5 * largest))
        fail_msg("seed %llu: element %lld of fetch %d is %.9g, of the whole %.9g",
                 (unsigned long long)seed, (long long)i, k, (double)a[i], (double)b[i]);
  }
}

MAKER name dense(net *n, name x, int64_t k, int64_t width) {
  return add(n, "MatMul", x, weight(n, 2, DIMS(k, width), NULL));
}

MAKER name row_of(net *n, name x, int64_t row, int64_t axis) {
  return with_axis(n, "Gather", x, ints(n, 0, &row), axis);
}

#endif
