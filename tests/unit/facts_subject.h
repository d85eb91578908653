/*
 * facts_subject.h -- the operator of a case (facts_cases.h) in a network of its own, evaluated with
 * inputs and outputs in double.
 */
#ifndef HRS_TESTS_FACTS_SUBJECT_H
#define HRS_TESTS_FACTS_SUBJECT_H

#include "network/steps.h"

#include "facts_cases.h"
#include "onnx_maker.h"
#include "pick.h"

enum { MOST_INPUTS = 8, MOST = 512 };

typedef struct subject {
  const fact_case *given;
  const hrs_facts *facts;
  hrs_model *model;
  hrs_session *session;
  const hrs_step *step;
  int n_in, n_out, feed[MOST_INPUTS]; /* -1: a constant */
  hrs_tensor in[MOST_INPUTS], out[2];
  char kind[MOST_INPUTS];
  double x[MOST_INPUTS][MOST], y[2][MOST];
} subject;

/* ---- making --------------------------------------------------------------------------------- */

MAKER int numbers_of(const char *text, double *out) {
  int n = 0;
  while (*text && *text != ' ' && *text != ']') {
    char *end;
    out[n++] = strtod(text, &end);
    text = *end == ',' ? end + 1 : end;
  }
  return n;
}

MAKER void add_attributes(node_proto *node, const char *text) {
  for (; *text; text += strcspn(text, " "), text += *text == ' ') {
    char name[32], word[32];
    double value[8];
    int length = (int)strcspn(text, "=");
    snprintf(name, sizeof name, "%.*s", length, text);
    const char *from = text + length + 1;
    snprintf(word, sizeof word, "%.*s", (int)strcspn(from, " "), from);
    bool list = *word == '[', real = strchr(word, '.') != NULL;
    int n = list || strchr("-0123456789", *word) ? numbers_of(from + list, value) : 0;
    if (list && real) {
      attribute_proto *a = maker_attribute(node, name, MAKER_ATTRIBUTE(FLOATS));
      a->n_floats = (size_t)n;
      a->floats = malloc(sizeof *a->floats * (size_t)n);
      for (int i = 0; i < n; i++)
        a->floats[i] = (float)value[i];
    } else if (list) {
      int64_t whole[8];
      for (int i = 0; i < n; i++)
        whole[i] = (int64_t)value[i];
      maker_ints(node, name, n, whole);
    } else if (n > 0) {
      if (real)
        maker_float(node, name, (float)value[0]);
      else
        maker_int(node, name, (int64_t)value[0]);
    } else {
      attribute_proto *a = maker_attribute(node, name, MAKER_ATTRIBUTE(STRING));
      a->has_s = 1;
      a->s.len = strlen(word);
      a->s.data = (uint8_t *)strdup(word);
    }
  }
}

static const struct {
  char kind;
  hrs_dtype type;
  int onnx;
} kinds[] = {{'x', HRS_F32, MAKER_TYPE(FLOAT)}, {'p', HRS_F32, MAKER_TYPE(FLOAT)},
             {'n', HRS_I64, MAKER_TYPE(INT64)}, {'u', HRS_U64, MAKER_TYPE(UINT64)},
             {'b', HRS_BOOL, MAKER_TYPE(BOOL)}, {'i', HRS_I64, MAKER_TYPE(INT64)},
             {'I', HRS_I64, MAKER_TYPE(INT64)}, {'f', HRS_F32, MAKER_TYPE(FLOAT)},
             {'?', HRS_BOOL, MAKER_TYPE(BOOL)}};

/* A constant of the network. */
MAKER void add_constant(subject *s, graph_proto *g, int k, const char *name, const char *text,
                        int onnx) {
  double value[32];
  char data[32 * 8];
  int n = numbers_of(text, value), skip = s->kind[k] == 'I';
  int64_t columns = skip ? (int64_t)value[0] : 1;
  const int64_t dim[] = {(n - skip) / columns, columns};
  hrs_dtype type = s->in[k].type;
  ASSERT_OK(hrs_convert(HRS_F64, value + skip, type, data, n - skip));
  maker_initialiser(g, name, onnx, 1 + skip, dim, hrs_dtype_size(type) * (size_t)(n - skip), data);
}

/* Random values, all different where there are enough. */
MAKER double value_of(char kind, int at) {
  switch (kind) {
  case 'x':
    return (double)(float)(0.9 * (double)number() + 1e-4 * at);
  case 'p':
    return (double)(float)(1.5 + 0.4 * (double)number() + 1e-4 * at);
  case 'b':
    return (double)pick(0, 1);
  default:
    return (double)pick(0, 20);
  }
}

MAKER double other_value(char kind, double value) {
  if (kind == 'b') return 1 - value;
  return kind == 'n' || kind == 'u' ? value + 1 : value > 0.5 ? value - 0.37 : value + 0.41;
}

MAKER void evaluate(subject *s) {
  for (int k = 0; k < s->n_in; k++)
    if (s->feed[k] >= 0)
      ASSERT_OK(hrs_convert(HRS_F64, s->x[k], s->in[k].type,
                            hrs_session_feed_buffer(s->session, s->feed[k]),
                            hrs_tensor_count(&s->in[k])));
  ASSERT_OK(hrs_session_run(s->session, 1));
  for (int k = 0; k < s->n_out; k++) {
    hrs_count step;
    const void *data = hrs_session_fetch(s->session, k, &step);
    ASSERT_OK(hrs_convert(s->out[k].type, data, HRS_F64, s->y[k], hrs_tensor_count(&s->out[k])));
  }
}

MAKER void start(subject *s, const fact_case *given) {
  int feeds = 0;
  model_proto *proto = maker_model(given->set);
  hrs_feed feed[MOST_INPUTS] = {{0}};
  char names[64] = "";
  *s = (subject){.given = given};
  for (const char *text = given->inputs; *text;
       text += strcspn(text, " "), text += *text == ' ', s->n_in++) {
    static const char *const own[MOST_INPUTS] = {"x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7"};
    int k = s->n_in, i = 0;
    char kind = s->kind[k] = *text;
    s->feed[k] = -1;
    if (k) strcat(names, ",");
    if (kind == '-') continue;
    strcat(names, own[k]);
    while (kinds[i].kind != kind)
      i++;
    s->in[k].type = kinds[i].type;
    if (strchr("iIf?", kind)) {
      add_constant(s, proto->graph, k, own[k], text + 2, kinds[i].onnx);
      continue;
    }
    double dim[8];
    int64_t shape[8];
    s->in[k].rank = numbers_of(text + 2, dim);
    for (int a = 0; a < s->in[k].rank; a++)
      shape[a] = s->in[k].dim[a] = (hrs_count)dim[a];
    maker_input(proto->graph, own[k], kinds[i].onnx, s->in[k].rank, shape);
    feed[feeds] =
        (hrs_feed){.name = own[k], .type = kinds[i].type, .rank = s->in[k].rank, .varies = true};
    memcpy(feed[feeds].dim, s->in[k].dim, sizeof s->in[k].dim);
    s->feed[k] = feeds++;
    for (int e = 0; e < hrs_tensor_count(&s->in[k]); e++)
      s->x[k][e] = value_of(kind, e);
  }
  const char *fetch[] = {"y0", "y1"};
  bool two = strcmp(given->op, "Split") == 0;
  s->n_out = two ? 2 : 1;
  node_proto *node = maker_node(proto->graph, given->op, given->op, names, two ? "y0,y1" : "y0");
  add_attributes(node, given->attributes);
  maker_output(proto->graph, "y0");
  if (hrs_model_load(maker_finish(proto, "facts.onnx"), NULL, &s->model) != HRS_OK ||
      hrs_session_create(s->model, feeds, feed, s->n_out, fetch, 1, &s->session) != HRS_OK)
    fail_msg("%s, operator set %d: %s", given->op, given->set, hrs_error_message());
  s->step = s->session->step[s->session->n_steps - 1];
  s->facts = &s->step->node.def->facts;
  for (int k = 0; k < s->n_out; k++)
    s->out[k] = s->session->slot[s->session->fetch[k]].tensor;
  evaluate(s);
}

MAKER void finish(subject *s) {
  hrs_session_destroy(&s->session);
  hrs_model_destroy(&s->model);
}

#endif
