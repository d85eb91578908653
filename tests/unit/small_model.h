/*
 * small_model.h -- a small model for the tests of loading, and what becomes of it.
 */
#ifndef HRS_TESTS_SMALL_MODEL_H
#define HRS_TESTS_SMALL_MODEL_H

#include "network/graph.h"

#include "onnx_maker.h"

#define FLOAT MAKER_TYPE(FLOAT)

static inline hrs_status load(model_proto *proto, hrs_model **out) {
  return hrs_model_load(maker_finish(proto, "model.onnx"), NULL, out);
}

static inline void refused(model_proto *proto, hrs_status wanted, const char *message) {
  hrs_count before = hrs_memory_current();
  hrs_model *model;
  hrs_status status = load(proto, &model);
  if (status != wanted || !strstr(hrs_error_message(), message))
    fail_msg("%s: '%s', expected %s with '%s'", hrs_status_name(status), hrs_error_message(),
             hrs_status_name(wanted), message);
  assert_null(model);
  assert_int_equal(hrs_memory_current(), before);
}

/* y = x + w, ready for changes. */
static inline model_proto *base(void) {
  model_proto *model = maker_model(13);
  maker_input(model->graph, "x", FLOAT, 2, DIMS(-1, 3));
  float w[3] = {1, 2, 3};
  maker_initialiser(model->graph, "w", FLOAT, 1, DIMS(3), sizeof w, w);
  maker_node(model->graph, "Add", "add", "x,w", "y");
  maker_output(model->graph, "y");
  return model;
}

/* Value of one element of an output for x = (1, 2, 3). */
static inline float evaluate(model_proto *proto) {
  hrs_model *model;
  hrs_session *session;
  ASSERT_OK(load(proto, &model));
  hrs_feed feed = {.name = "x", .type = HRS_F32, .rank = 2, .dim = {1, 3}, .varies = true};
  const char *fetch = "y";
  ASSERT_OK(hrs_session_create(model, 1, &feed, 1, &fetch, 1, &session));
  memcpy(hrs_session_feed_buffer(session, 0), (float[]){1, 2, 3}, 12);
  ASSERT_OK(hrs_session_run(session, 1));
  hrs_count step;
  const float *y = hrs_session_fetch(session, 0, &step);
  float value = y[2];
  hrs_session_destroy(&session);
  hrs_model_destroy(&model);
  return value;
}

#endif
