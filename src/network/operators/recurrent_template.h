/* recurrent_template.h -- what a step does row by row, for one type of elements (each_type.h). */

#define VALUE(name, a, b, needed, E)                                                               \
  static inline T NAME(value_##name)(T x, T p, T q) {                                              \
    (void)p, (void)q;                                                                              \
    return E;                                                                                      \
  }
ACTIVATIONS(VALUE)
#undef VALUE

HRS_INLINE void NAME(each)(T (*value)(T, T, T), T p, T q, hrs_count n, T *x) {
  for (hrs_count i = 0; i < n; i++)
    x[i] = value(x[i], p, q);
}

static void NAME(apply)(const activation *a, hrs_count n, T *x) {
  const T p = (T)a->alpha, q = (T)a->beta;
  switch (a->function) {
#define CASE(name, a, b, needed, E)                                                                \
  case ACTIVATE_##name:                                                                            \
    NAME(each)(NAME(value_##name), p, q, n, x);                                                    \
    break;
    ACTIVATIONS(CASE)
#undef CASE
  }
}

static void NAME(activate)(const recurrent *r, const activation *a, hrs_count n, T *x) {
  if (r->clip > 0) {
    T limit = (T)r->clip;
    for (hrs_count i = 0; i < n; i++)
      x[i] = x[i] < -limit ? -limit : x[i] > limit ? limit : x[i];
  }
  NAME(apply)(a, n, x);
}

static void NAME(add)(hrs_count n, const T *x, T *to) {
  for (hrs_count i = 0; x && i < n; i++)
    to[i] += x[i];
}

static void NAME(add_product)(hrs_count n, const T *x, const T *y, T *to) {
  for (hrs_count i = 0; x && i < n; i++)
    to[i] += x[i] * y[i];
}

static void NAME(lstm)(const recurrent *r, const activation *a, const row *w) {
  hrs_count n = r->hidden;
  T *gate = w->share, *h = w->h, *c = w->c, *state = w->scratch;
  T *in = gate, *out = gate + n, *forget = gate + 2 * n, *fresh = gate + 3 * n;
  const T *peep = w->peephole;
  NAME(add)(4 * n, w->product, gate);
  NAME(add)(4 * n, w->bias_w, gate);
  NAME(add)(4 * n, w->bias_r, gate);
  NAME(add_product)(n, peep, c, in);
  NAME(add_product)(n, peep ? peep + 2 * n : NULL, c, forget);
  NAME(activate)(r, &a[0], n, in);
  NAME(activate)(r, &a[0], n, forget);
  NAME(activate)(r, &a[1], n, fresh);
  for (hrs_count i = 0; i < n; i++) {
    T keep = r->input_forget ? 1 - in[i] : forget[i];
    c[i] = keep * c[i] + in[i] * fresh[i];
    state[i] = c[i];
  }
  NAME(add_product)(n, peep ? peep + n : NULL, c, out);
  NAME(activate)(r, &a[0], n, out);
  NAME(apply)(&a[2], n, state);
  for (hrs_count i = 0; i < n; i++)
    h[i] = out[i] * state[i];
}

/* The gates z and r; then `scratch` is r * h, for the product that linear_before_reset = 0
 * needs before the rest can be computed. */
static void NAME(gru_gates)(const recurrent *r, const activation *a, const row *w) {
  hrs_count n = r->hidden;
  T *gate = w->share, *h = w->h, *reset = w->scratch;
  NAME(add)(2 * n, w->product, gate);
  NAME(add)(3 * n, w->bias_w, gate);
  NAME(add)(2 * n, w->bias_r, gate);
  NAME(activate)(r, &a[0], 2 * n, gate);
  for (hrs_count i = 0; i < n; i++)
    reset[i] = gate[n + i] * h[i];
}

static void NAME(gru)(const recurrent *r, const activation *a, const row *w) {
  hrs_count n = r->hidden;
  T *gate = w->share, *fresh = gate + 2 * n, *h = w->h;
  const T *product = (const T *)w->product + 2 * n, *bias = w->bias_r;
  for (hrs_count i = 0; i < n; i++) {
    T again = product[i] + (bias ? bias[2 * n + i] : 0);
    fresh[i] += r->linear_before_reset ? gate[n + i] * again : again;
  }
  NAME(activate)(r, &a[1], n, fresh);
  for (hrs_count i = 0; i < n; i++)
    h[i] = (1 - gate[i]) * fresh[i] + gate[i] * h[i];
}

static void NAME(rnn)(const recurrent *r, const activation *a, const row *w) {
  hrs_count n = r->hidden;
  T *gate = w->share;
  NAME(add)(n, w->product, gate);
  NAME(add)(n, w->bias_w, gate);
  NAME(add)(n, w->bias_r, gate);
  NAME(activate)(r, &a[0], n, gate);
  memcpy(w->h, gate, (size_t)n * sizeof(T));
}
