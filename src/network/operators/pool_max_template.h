/* pool_max_template.h -- maxima of windows, for one type of elements (each_type.h). */
static void NAME(start_max)(hrs_count n, void *out) {
  T *to = out;
  for (hrs_count i = 0; i < n; i++)
    to[i] = LOWEST;
}

HRS_CLONES static void NAME(fold_max)(hrs_count n, void *out, const void *in, hrs_count stride,
                                      int p) {
  (void)p;
  T *to = out;
  const T *from = in;
  if (stride == 1) {
    HRS_INDEPENDENT
    for (hrs_count i = 0; i < n; i++)
      to[i] = from[i] > to[i] ? from[i] : to[i];
  } else if (stride == 2) {
    HRS_INDEPENDENT
    for (hrs_count i = 0; i < n; i++)
      to[i] = from[2 * i] > to[i] ? from[2 * i] : to[i];
  } else {
    HRS_INDEPENDENT
    for (hrs_count i = 0; i < n; i++)
      to[i] = from[i * stride] > to[i] ? from[i * stride] : to[i];
  }
}

/* The largest element of each window, and its position, counted over the whole input tensor. Either
 * may not be wanted. */
static void NAME(walk)(const pool *state, const void *in_, int64_t base, void *values_,
                       int64_t *index) {
  const hrs_window *w = &state->window;
  const T *in = in_;
  T *values = values_;
  for (hrs_count o = 0; o < hrs_window_out(w); o++) {
    hrs_count ow = o % w->out[2], oh = o / w->out[2] % w->out[1];
    hrs_count od = o / w->out[2] / w->out[1], kd, d_to, h_from, h_to, w_from, w_to;
    inside(w, 0, od, &kd, &d_to);
    inside(w, 1, oh, &h_from, &h_to);
    inside(w, 2, ow, &w_from, &w_to);
    bool first = true;
    T best = 0;
    int64_t at = base;
    for (; kd < d_to; kd++) {
      hrs_count d = hrs_window_at(w, 0, od, kd);
      for (hrs_count kh = h_from; kh < h_to; kh++) {
        hrs_count h = hrs_window_at(w, 1, oh, kh);
        for (hrs_count kw = w_from; kw < w_to; kw++) {
          hrs_count v = hrs_window_at(w, 2, ow, kw);
          T value = in[(d * w->in[1] + h) * w->in[2] + v];
          bool better = value > best || (IS_NAN(best) && !IS_NAN(value));
          if (!first && !better) continue;
          first = false;
          best = value;
          at = base + (state->column_order ? (v * w->in[1] + h) * w->in[0] + d
                                           : (d * w->in[1] + h) * w->in[2] + v);
        }
      }
    }
    if (values && !first) values[o] = best;
    if (index) index[o] = at;
  }
}
