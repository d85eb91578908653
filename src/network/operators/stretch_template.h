/* stretch_template.h -- along one axis of [outer][in][inner], from elements of one type to another,
 * which CONVERT makes of doubles (each_type.h). Uses up VERB, FROM, TO and CONVERT. */
static void NAME(VERB)(const resize *r, const axis_table *t, hrs_count outer, hrs_count inner,
                       const void *from_, void *to_) {
  const FROM *from = from_;
  TO *to = to_;
  const int64_t *source = (const int64_t *)(const void *)(r->numbers + t->source);
  const double *weight = r->numbers + t->weight;
  for (hrs_count o = 0; o < outer; o++, from += t->in * inner) {
    for (hrs_count p = 0; p < t->out; p++, to += inner) {
      for (hrs_count i = 0; i < inner; i++) {
        double sum = 0;
        for (hrs_count k = 0; k < t->taps; k++)
          sum += weight[p * t->taps + k] * (double)from[source[p * t->taps + k] * inner + i];
        to[i] = CONVERT(r->numbers[t->outside + p] != 0 ? r->o.extrapolation : sum);
      }
    }
  }
}

#undef VERB
#undef FROM
#undef TO
#undef CONVERT
