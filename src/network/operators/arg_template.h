/* arg_template.h -- the best positions of lines of one type of elements (each_type.h). */

/* Is x better than y? `last`: or as good. */
static void NAME(arg)(lines l, bool largest, bool last, const void *in, int64_t *out) {
  for (hrs_count o = 0; o < l.outer; o++) {
    for (hrs_count i = 0; i < l.inner; i++) {
      const T *line = (const T *)in + o * l.n * l.inner + i;
      hrs_count best = 0;
      for (hrs_count k = 1; k < l.n; k++) {
        T x = line[k * l.inner], y = line[best * l.inner];
        bool better = largest ? x > y : x < y, tie = x == y;
        if (IS_NAN(x) && !IS_NAN(y)) better = true;
        if (better || (last && tie)) best = k;
      }
      *out++ = best;
    }
  }
}

/* Positions sorted by merging: stable, so that the lower index wins a tie. The results are always
 * in order, whatever the attribute `sorted` says. */
static inline bool NAME(before)(T x, T y, bool largest) {
  if (IS_NAN(x) || IS_NAN(y)) return largest ? !IS_NAN(y) : !IS_NAN(x);
  return largest ? x > y : x < y;
}

static int64_t *NAME(sort)(hrs_count n, hrs_count stride, const T *line, bool largest,
                           int64_t *index, int64_t *spare) {
  for (hrs_count i = 0; i < n; i++)
    index[i] = i;
  for (hrs_count width = 1; width < n; width *= 2) {
    for (hrs_count start = 0; start < n; start += 2 * width) {
      hrs_count middle = start + width < n ? start + width : n;
      hrs_count end = start + 2 * width < n ? start + 2 * width : n, a = start, b = middle;
      for (hrs_count i = start; i < end; i++) {
        bool second = a >= middle || (b < end && NAME(before)(line[index[b] * stride],
                                                              line[index[a] * stride], largest));
        spare[i] = second ? index[b++] : index[a++];
      }
    }
    int64_t *swap = index;
    index = spare;
    spare = swap;
  }
  return index;
}

static void NAME(top)(lines l, const top_k *t, const void *in, void *values_, int64_t *where,
                      int64_t *work) {
  T *values = values_;
  for (hrs_count o = 0; o < l.outer; o++) {
    for (hrs_count i = 0; i < l.inner; i++) {
      const T *line = (const T *)in + o * l.n * l.inner + i;
      int64_t *order = NAME(sort)(l.n, l.inner, line, t->largest, work, work + l.n);
      for (hrs_count k = 0; k < t->k; k++) {
        hrs_count at = (o * t->k + k) * l.inner + i;
        if (values) values[at] = line[order[k] * l.inner];
        if (where) where[at] = order[k];
      }
    }
  }
}
