/*
 * What operators state of themselves (src/network/facts.h) against what they do: each input element
 * is changed in turn, and what changes in the result must be what the facts allow, for all
 * operators that state any.
 */
#include "network/operators/window.h"

#include "facts_cases.h"
#include "facts_subject.h"

#include <math.h>

static void wrong(const subject *s, const char *what) {
  fail_msg("%s(%s) %s, operator set %d: %s", s->given->op, s->given->inputs, s->given->attributes,
           s->given->set, what);
}

/* ---- what may depend on what ---------------------------------------------------------------- */

static void unravel(const hrs_tensor *t, hrs_count e, hrs_count *index) {
  for (int a = t->rank - 1; a >= 0; e /= t->dim[a--])
    index[a] = e % t->dim[a];
}

static bool broadcasts(const hrs_tensor *in, const hrs_count *i, const hrs_tensor *out,
                       const hrs_count *o) {
  for (int a = 0; a < in->rank; a++)
    if (in->dim[a] > 1 && i[a] != o[a + out->rank - in->rank]) return false;
  return true;
}

/* Are two elements in the same row, the second one's tensor being reduced, or not? */
static bool in_row(const subject *s, const hrs_count *i, const hrs_count *o, bool reduced) {
  unsigned axes = 0;
  int rank = s->in[0].rank, at = 0;
  if (!s->facts->axes(&s->step->node, rank, &axes)) wrong(s, "the axes do not fit");
  bool kept = s->out[0].rank == rank;
  for (int a = 0; a < rank; a++) {
    bool along = axes >> a & 1;
    if (!along && i[a] != o[kept ? a : at]) return false;
    if (reduced && kept && along && o[a] != 0) return false;
    at += !along;
  }
  return true;
}

static bool in_window(const subject *s, const hrs_count *i, const hrs_count *o) {
  const hrs_window *w = s->facts->window(&s->step->node);
  bool weights = s->facts->fold == HRS_FOLD_WEIGHTS;
  hrs_count groups = hrs_attr_int(&s->step->node, "group", 1);
  hrs_count own = i[1] / (s->in[0].dim[1] / groups), wide = s->out[0].dim[1] / groups;
  if (i[0] != o[0] || (weights ? own != o[1] / wide : i[1] != o[1])) return false;
  for (int a = 0; a < w->axes; a++) {
    int axis = HRS_WINDOW_AXES - w->axes + a;
    hrs_count back = i[2 + a] - hrs_window_at(w, axis, o[2 + a], 0);
    if (back < 0 || back % w->dilation[axis] || back / w->dilation[axis] >= w->kernel[axis])
      return false;
  }
  return true;
}

static bool in_product(const subject *s, int k, const hrs_count *i, const hrs_count *o) {
  hrs_product p = hrs_fact_product(&s->step->node);
  if (k == 2) return broadcasts(&s->in[2], i, &s->out[0], o);
  return k == 0 ? i[p.transposes_a] == o[0] : i[!p.transposes_b] == o[1];
}

/* May output element `to` depend on element `from` of input k? */
static bool allowed(const subject *s, int k, hrs_count from, hrs_count to) {
  hrs_count i[HRS_MAX_RANK], o[HRS_MAX_RANK];
  unravel(&s->in[k], from, i);
  unravel(&s->out[0], to, o);
  switch (s->facts->depends) {
  case HRS_BY_ELEMENT:
    return k > 0 ? hrs_tensor_count(&s->in[k]) == 1 : from == to;
  case HRS_BY_BROADCAST:
    return broadcasts(&s->in[k], i, &s->out[0], o);
  case HRS_BY_CHANNEL:
    return k > 0 ? s->in[k].rank == 1 && i[0] == o[1] : from == to;
  case HRS_BY_ROW:
    return k > 0 || in_row(s, i, o, false);
  case HRS_BY_REDUCTION:
    return k == 0 && in_row(s, i, o, true);
  case HRS_BY_WINDOW:
    return k > 0 ? s->facts->fold == HRS_FOLD_WEIGHTS : in_window(s, i, o);
  case HRS_BY_PRODUCT:
    return in_product(s, k, i, o);
  default:
    return true; /* moves are looked at by themselves */
  }
}

/* Change each element in turn. Where the result is linear in it, all that may change does. */
static void check_dependence(subject *s) {
  static double was[MOST];
  hrs_count n = hrs_tensor_count(&s->out[0]);
  bool moves = s->facts->depends == HRS_BY_MOVE || s->facts->depends == HRS_BY_INDEX;
  memcpy(was, s->y[0], sizeof was);
  for (int k = 0; k < s->n_in; k++) {
    bool linear = s->facts->linear >> k & 1 && k == 0 && !moves && s->facts->depends;
    for (hrs_count e = 0; s->feed[k] >= 0 && e < hrs_tensor_count(&s->in[k]); e++) {
      double value = s->x[k][e];
      s->x[k][e] = other_value(s->kind[k], value);
      evaluate(s);
      for (hrs_count o = 0; o < n; o++) {
        bool changed = s->y[0][o] != was[o], may = allowed(s, k, e, o);
        if (changed && !may) wrong(s, "the result depends on more than is stated");
        if (may && !changed && linear) wrong(s, "the result depends on less than is stated");
      }
      s->x[k][e] = value;
    }
  }
  evaluate(s);
}

/* ---- moves ---------------------------------------------------------------------------------- */

/* Where an output element comes from: input and element, the same in both evaluations. */
static bool source_of(const subject *s, const subject *other, int output, hrs_count o, int *k,
                      hrs_count *e) {
  int moved = s->step->node.def->max_in < 0 ? s->n_in : 1;
  for (*k = 0; *k < moved; (*k)++)
    for (*e = 0; *e < hrs_tensor_count(&s->in[*k]); (*e)++)
      if (s->x[*k][*e] == s->y[output][o] && other->x[*k][*e] == other->y[output][o]) return true;
  return false;
}

/* Along each axis, + 1: which place of the input a place of the result comes from. */
static hrs_count seen[HRS_MAX_RANK][MOST];

static void check_places(const subject *s, int output, hrs_count o, hrs_count e) {
  hrs_count to[HRS_MAX_RANK], from[HRS_MAX_RANK], start_at[HRS_MAX_RANK];
  const hrs_tensor *in = &s->in[0], *out = &s->out[output];
  unravel(out, o, to);
  unravel(in, e, from);
  if (s->facts->expands && !broadcasts(in, from, out, to)) wrong(s, "it does not expand");
  if (s->facts->keeps_axes || s->facts->box) {
    if (in->rank != out->rank) wrong(s, "it does not keep the axes");
    for (int a = 0; a < in->rank; a++) {
      if (seen[a][to[a]] && seen[a][to[a]] != from[a] + 1) wrong(s, "it does not keep the axes");
      seen[a][to[a]] = from[a] + 1;
    }
  }
  int order[HRS_MAX_RANK];
  if (s->facts->order) {
    if (!s->facts->order(&s->step->node, in->rank, order)) wrong(s, "the order does not fit");
    for (int a = 0; a < in->rank; a++)
      if (to[a] != from[order[a]]) wrong(s, "its axes have another order");
  }
  if (s->facts->box && s->facts->box(&s->step->call, output, start_at))
    for (int a = 0; a < in->rank; a++)
      if (from[a] != start_at[a] + to[a]) wrong(s, "its box starts elsewhere");
  int axis = s->facts->axes ? hrs_fact_axis(&s->step->node, in->rank) : -1;
  for (int a = 0; axis >= 0 && a < in->rank && in->rank == out->rank; a++)
    if (a != axis && to[a] != from[a]) wrong(s, "it moves along another axis");
}

static void check_moves(subject *s) {
  static subject other;
  other = *s;
  for (int k = 0; k < s->n_in; k++)
    for (hrs_count e = 0; s->feed[k] >= 0 && e < hrs_tensor_count(&s->in[k]); e++)
      if (k == 0 || s->step->node.def->max_in < 0)
        other.x[k][e] = other_value(s->kind[k], s->x[k][e]) + 1e-3 * (double)(e + 1);
  /* As the session has them, in float. */
  for (int k = 0; k < s->n_in; k++)
    for (hrs_count e = 0; s->feed[k] >= 0 && e < hrs_tensor_count(&s->in[k]); e++)
      other.x[k][e] = (double)(float)other.x[k][e];
  evaluate(&other);
  for (int output = 0; output < s->n_out; output++) {
    memset(seen, 0, sizeof seen);
    for (hrs_count o = 0; o < hrs_tensor_count(&s->out[output]); o++) {
      int k;
      hrs_count e;
      bool moved = source_of(s, &other, output, o, &k, &e);
      if (!moved && s->y[output][o] != other.y[output][o]) wrong(s, "it makes new numbers");
      if (moved && k == 0) check_places(s, output, o, e);
    }
  }
}

/* ---- algebra -------------------------------------------------------------------------------- */

/* f(a + b) = f(a) + f(b) - f(0) in one input, the others as they are. */
static void check_linear(subject *s, int k) {
  static double a[MOST], b[MOST], sum[MOST];
  hrs_count n = hrs_tensor_count(&s->in[k]), results = hrs_tensor_count(&s->out[0]);
  double largest = 0;
  memcpy(a, s->x[k], sizeof a);
  memset(sum, 0, sizeof sum);
  for (int term = 0; term < 4; term++) {
    const int sign[] = {-1, 1, 1, -1}; /* of f(0), f(a), f(b), f(a + b) */
    for (hrs_count e = 0; e < n; e++) {
      b[e] = term == 0 ? 0.25 * (double)number() : b[e];
      s->x[k][e] = (term & 1 ? a[e] : 0) + (term & 2 ? b[e] : 0);
    }
    evaluate(s);
    for (hrs_count o = 0; o < results; o++) {
      sum[o] += sign[term] * s->y[0][o];
      largest = fmax(largest, fabs(s->y[0][o]));
    }
  }
  for (hrs_count o = 0; o < results; o++)
    if (!isfinite(largest) || !(fabs(sum[o]) <= 1e-5 * (1 + largest))) wrong(s, "it is not linear");
  memcpy(s->x[k], a, sizeof a);
  evaluate(s);
}

static void check_fold(const subject *s) {
  hrs_fold fold = s->facts->fold;
  hrs_dependence depends = s->facts->depends;
  if (depends != HRS_BY_WINDOW && depends != HRS_BY_REDUCTION) return;
  for (hrs_count o = 0; o < hrs_tensor_count(&s->out[0]); o++) {
    double sum = 0, low = INFINITY, high = -INFINITY, y = s->y[0][o];
    int count = 0;
    for (hrs_count e = 0; e < hrs_tensor_count(&s->in[0]); e++) {
      if (!allowed(s, 0, e, o)) continue;
      sum += s->x[0][e];
      low = fmin(low, s->x[0][e]);
      high = fmax(high, s->x[0][e]);
      count++;
    }
    double wanted = fold == HRS_FOLD_SUM    ? sum
                    : fold == HRS_FOLD_MEAN ? sum / count
                    : fold == HRS_FOLD_MAX  ? high
                    : fold == HRS_FOLD_MIN  ? low
                                            : y;
    if (!(fabs(y - wanted) <= 1e-5)) wrong(s, "it folds in another way");
    if (fold == HRS_FOLD_WHICH && !(y >= 0 && y < count)) wrong(s, "it gives no places");
  }
}

/* alpha A B + beta C, as the facts have it. */
static void check_product(const subject *s) {
  if (s->facts->depends != HRS_BY_PRODUCT) return;
  hrs_product p = hrs_fact_product(&s->step->node);
  const hrs_count *a = s->in[0].dim, *b = s->in[1].dim;
  hrs_count inner = a[!p.transposes_a], o[2];
  for (hrs_count e = 0; e < hrs_tensor_count(&s->out[0]); e++) {
    double sum = 0;
    unravel(&s->out[0], e, o);
    for (hrs_count l = 0; l < inner; l++)
      sum += s->x[0][p.transposes_a ? l * a[1] + o[0] : o[0] * a[1] + l] *
             s->x[1][p.transposes_b ? o[1] * b[1] + l : l * b[1] + o[1]];
    sum *= (double)p.alpha;
    for (hrs_count c = 0; s->n_in > 2 && c < hrs_tensor_count(&s->in[2]); c++) {
      hrs_count i[HRS_MAX_RANK];
      unravel(&s->in[2], c, i);
      if (broadcasts(&s->in[2], i, &s->out[0], o)) sum += (double)p.beta * s->x[2][c];
    }
    if (!(fabs(sum - s->y[0][e]) <= 1e-5)) wrong(s, "it is another product");
  }
}

/* Probabilities of a row sum to 1; one by itself is that of a logit. */
static void check_scores(const subject *s) {
  bool logs = s->facts->scores == HRS_SCORES_LOG_PROBABILITIES;
  if (s->facts->scores == HRS_SCORES_AUTO) return;
  hrs_count n = hrs_tensor_count(&s->out[0]);
  for (hrs_count o = 0; o < n; o++) {
    double sum = s->facts->axes ? 0 : 1 / (1 + exp(-s->x[0][o])) + 1 - s->y[0][o];
    for (hrs_count e = 0; s->facts->axes && e < n; e++)
      if (allowed(s, 0, e, o)) sum += logs ? exp(s->y[0][e]) : s->y[0][e];
    if (!(fabs(sum - 1) <= 1e-5)) wrong(s, "its results are no probabilities");
  }
}

static void check_rest(subject *s) {
  if (s->facts->same && s->out[0].type == s->in[0].type &&
      memcmp(s->x[0], s->y[0], sizeof(double) * (size_t)hrs_tensor_count(&s->in[0])) != 0)
    wrong(s, "its result is not its input");
  if (!s->facts->weighs) return;
  static double was[MOST];
  memcpy(was, s->y[0], sizeof was);
  s->x[1][0] += 0.5;
  evaluate(s);
  if (memcmp(was, s->y[0], sizeof was) == 0) wrong(s, "its weights do nothing");
}

/* ---- all of them ---------------------------------------------------------------------------- */

static void as_stated(void **state) {
  (void)state;
  static subject s;
  hrs_count before = hrs_memory_current();
  for (size_t i = 0; i < sizeof fact_cases / sizeof *fact_cases; i++) {
    start(&s, &fact_cases[i]);
    check_dependence(&s);
    if (s.facts->depends == HRS_BY_MOVE || s.facts->depends == HRS_BY_INDEX) check_moves(&s);
    for (int k = 0; k < s.n_in; k++)
      if (s.facts->linear >> k & 1 && s.feed[k] >= 0 && strchr("xp", s.kind[k]))
        check_linear(&s, k);
    check_fold(&s);
    check_product(&s);
    check_scores(&s);
    check_rest(&s);
    finish(&s);
  }
  assert_int_equal(hrs_memory_current(), before);
}

/* No row states anything that no case holds it to. */
static void all_have_cases(void **state) {
  (void)state;
  const hrs_facts none = {0};
  int stated = 0;
  for (int i = 0; hrs_operator_at(i); i++) {
    const hrs_operator *row = hrs_operator_at(i);
    bool found = row->facts.depends == none.depends && !row->facts.linear && !row->facts.weighs;
    stated += !found;
    for (size_t k = 0; k < sizeof fact_cases / sizeof *fact_cases && !found; k++) {
      const fact_case *given = &fact_cases[k];
      found =
          strcmp(given->op, row->name) == 0 && given->set >= row->since && given->set <= row->until;
    }
    if (!found)
      fail_msg("%s states facts for operator sets %d to %d, and has no case in facts_cases.h",
               row->name, row->since, row->until);
  }
  assert_true(stated > 100);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(as_stated), cmocka_unit_test(all_have_cases)};
  hrs_blas_single_thread();
  return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
