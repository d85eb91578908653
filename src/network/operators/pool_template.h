/* pool_template.h -- what only pools of real numbers have: sums of windows, and maxima of rows. */
HRS_CLONES static void NAME(row_max)(hrs_count n, void *out, const void *in) {
  T part[LANES], best = *(T *)out;
  const T *from = in;
  hrs_count i = 0;
  for (int j = 0; j < LANES; j++)
    part[j] = best;
  for (; i + LANES <= n; i += LANES)
    for (int j = 0; j < LANES; j++)
      part[j] = from[i + j] > part[j] ? from[i + j] : part[j];
  for (; i < n; i++)
    best = from[i] > best ? from[i] : best;
  for (int j = 0; j < LANES; j++)
    best = part[j] > best ? part[j] : best;
  *(T *)out = best;
}

HRS_CLONES static void NAME(row_sum)(hrs_count n, void *out, const void *in) {
  T part[LANES] = {0}, sum = *(T *)out;
  const T *from = in;
  hrs_count i = 0;
  for (; i + LANES <= n; i += LANES)
    for (int j = 0; j < LANES; j++)
      part[j] += from[i + j];
  for (; i < n; i++)
    sum += from[i];
  for (int j = 0; j < LANES; j++)
    sum += part[j];
  *(T *)out = sum;
}

static void NAME(start_sum)(hrs_count n, void *out) {
  memset(out, 0, (size_t)n * sizeof(T));
}

HRS_CLONES static void NAME(fold_sum)(hrs_count n, void *out, const void *in, hrs_count stride,
                                      int p) {
  (void)p;
  T *to = out;
  const T *from = in;
  if (stride == 1) {
    HRS_INDEPENDENT
    for (hrs_count i = 0; i < n; i++)
      to[i] += from[i];
  } else if (stride == 2) {
    HRS_INDEPENDENT
    for (hrs_count i = 0; i < n; i++)
      to[i] += from[2 * i];
  } else {
    HRS_INDEPENDENT
    for (hrs_count i = 0; i < n; i++)
      to[i] += from[i * stride];
  }
}

static void NAME(fold_power)(hrs_count n, void *out, const void *in, hrs_count stride, int p) {
  T *to = out;
  const T *from = in;
  for (hrs_count i = 0; i < n; i++) {
    T x = fabs(from[i * stride]);
    to[i] += p == 1 ? x : p == 2 ? x * x : pow(x, (T)p);
  }
}

static void NAME(root)(hrs_count n, void *out, int p) {
  T *to = out;
  for (hrs_count i = 0; i < n; i++)
    to[i] = p == 1 ? to[i] : p == 2 ? sqrt(to[i]) : pow(to[i], 1 / (T)p);
}

/* Is one of n maxima what a window of NaN alone has been given? */
static bool NAME(has_lowest)(hrs_count n, const void *values_) {
  const T *values = values_;
  int found = 0;
  for (hrs_count i = 0; i < n; i++)
    found |= values[i] == -(T)INFINITY;
  return found != 0;
}

static void NAME(divide)(const pool *state, hrs_count planes, void *out_) {
  const hrs_window *w = &state->window;
  hrs_count pixels = hrs_window_out(w), at = 0;
  for (hrs_count od = 0; od < w->out[0]; od++) {
    hrs_count depth = window_length(state, 0, od);
    for (hrs_count oh = 0; oh < w->out[1]; oh++) {
      hrs_count area = depth * window_length(state, 1, oh);
      for (hrs_count ow = 0; ow < w->out[2]; ow++, at++) {
        T divisor = (T)divisor_of(area * window_length(state, 2, ow)), *out = (T *)out_ + at;
        for (hrs_count i = 0; i < planes; i++)
          out[i * pixels] /= divisor;
      }
    }
  }
}
