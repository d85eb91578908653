/* loss_template.h -- losses of one type of elements (each_type.h). */

static void NAME(log_softmax)(const loss *l, const void *in_, void *out_) {
  const T *in = in_;
  T *out = out_;
  hrs_count n = l->inner, block = l->classes * n;
  for (hrs_count i = 0; i < l->items * n; i++) {
    hrs_count at = i / n * block + i % n;
    T top = -(T)INFINITY, sum = 0;
    for (hrs_count c = 0; c < l->classes; c++)
      top = in[at + c * n] > top ? in[at + c * n] : top;
    for (hrs_count c = 0; c < l->classes; c++)
      sum += exp(in[at + c * n] - top);
    T shift = top + log(sum);
    for (hrs_count c = 0; c < l->classes; c++)
      out[at + c * n] = in[at + c * n] - shift;
  }
}

/* False where a label is no class: *bad says which. */
static bool NAME(likelihood)(const loss *l, const void *in_, hrs_dtype type, const void *label,
                             const void *weight_, void *out_, int64_t *bad) {
  const T *in = in_, *weight = weight_;
  T *out = out_, sum = 0, total = 0;
  for (hrs_count i = 0; i < l->items * l->inner; i++) {
    int64_t c = hrs_op_get_index(type, label, i);
    bool skip = l->ignores && c == l->ignored;
    if (!skip && (c < 0 || c >= l->classes)) {
      *bad = c;
      return false;
    }
    T factor = skip ? 0 : weight ? weight[c] : 1;
    hrs_count at = i / l->inner * l->classes * l->inner + i % l->inner;
    T value = skip ? 0 : -in[at + c * l->inner] * factor;
    sum += value;
    total += factor;
    if (l->reduction == NONE) out[i] = value;
  }
  if (l->reduction != NONE) *out = l->reduction == MEAN ? sum / total : sum;
  return true;
}
