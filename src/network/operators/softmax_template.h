/* softmax_template.h -- rows and columns, for one type of elements (each_type.h). */
/* NaN may be passed over: the sums bring it to all of its row. */
static T NAME(largest)(hrs_count n, hrs_count stride, const T *x) {
  T best = x[0];
  for (hrs_count k = 1; k < n; k++)
    best = x[k * stride] > best ? x[k * stride] : best;
  return best;
}

HRS_CLONES static void NAME(exponentials)(hrs_count n, T *y) {
  HRS_INDEPENDENT
  for (hrs_count k = 0; k < n; k++)
    y[k] = HRS_EXP(y[k]);
}

/* Exponentials of several rows at once: rows may be shorter than a vector. */
HRS_CLONES static void NAME(softmax)(hrs_count rows, hrs_count n, const T *x, T *y) {
  for (hrs_count i = 0; i < rows; i++) {
    T top = NAME(largest)(n, 1, x + i * n);
    HRS_INDEPENDENT
    for (hrs_count k = 0; k < n; k++)
      y[i * n + k] = x[i * n + k] - top;
  }
  NAME(exponentials)(rows * n, y);
  for (hrs_count i = 0; i < rows; i++) {
    T sum = 0;
    for (hrs_count k = 0; k < n; k++)
      sum += y[i * n + k];
    T factor = 1 / sum;
    for (hrs_count k = 0; k < n; k++)
      y[i * n + k] *= factor;
  }
}

static void NAME(log_softmax)(hrs_count rows, hrs_count n, const T *x, T *y) {
  for (hrs_count i = 0; i < rows; i++, x += n, y += n) {
    T top = NAME(largest)(n, 1, x), sum = 0;
    for (hrs_count k = 0; k < n; k++)
      sum += exp(x[k] - top);
    T shift = log(sum);
    for (hrs_count k = 0; k < n; k++)
      y[k] = x[k] - top - shift;
  }
}

/* Columns of a block [n][inner], a row of columns at a time. */
static void NAME(softmax_columns)(hrs_count n, hrs_count inner, const T *x, T *y) {
  for (hrs_count i = 0; i < inner; i++) {
    T top = NAME(largest)(n, inner, x + i), sum = 0;
    for (hrs_count k = 0; k < n; k++)
      sum += y[k * inner + i] = HRS_EXP(x[k * inner + i] - top);
    T factor = 1 / sum;
    for (hrs_count k = 0; k < n; k++)
      y[k * inner + i] *= factor;
  }
}

static void NAME(log_softmax_columns)(hrs_count n, hrs_count inner, const T *x, T *y) {
  for (hrs_count i = 0; i < inner; i++) {
    T top = NAME(largest)(n, inner, x + i), sum = 0;
    for (hrs_count k = 0; k < n; k++)
      sum += exp(x[k * inner + i] - top);
    T shift = log(sum);
    for (hrs_count k = 0; k < n; k++)
      y[k * inner + i] = x[k * inner + i] - top - shift;
  }
}

/* With NaN in it, a column has no largest element, and no 1. */
static void NAME(hardmax_columns)(hrs_count n, hrs_count inner, const T *x, T *y) {
  for (hrs_count i = 0; i < inner; i++) {
    hrs_count best = 0;
    for (hrs_count k = 1; k < n; k++)
      if (x[k * inner + i] > x[best * inner + i] || isnan(x[k * inner + i])) best = k;
    for (hrs_count k = 0; k < n; k++)
      y[k * inner + i] = k == best && !isnan(x[k * inner + i]);
  }
}

static void NAME(run)(const softmax *state, hrs_count blocks, int kind, const T *x, T *y) {
  static void (*const rows[])(hrs_count, hrs_count, const T *, T *) = {NAME(softmax),
                                                                       NAME(log_softmax)};
  static void (*const columns[])(hrs_count, hrs_count, const T *, T *) = {
      NAME(softmax_columns), NAME(log_softmax_columns), NAME(hardmax_columns)};
  hrs_count block = state->n * state->inner;
  hrs_count some = state->n < CHUNK ? CHUNK / state->n : 1;
  if (state->inner == 1 && kind != HARDMAX)
    for (hrs_count i = 0; i < blocks; i += some)
      rows[kind](blocks - i < some ? blocks - i : some, block, x + i * block, y + i * block);
  else
    for (hrs_count i = 0; i < blocks; i++)
      columns[kind](state->n, state->inner, x + i * block, y + i * block);
}
