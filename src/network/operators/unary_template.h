/*
 * unary_template.h -- a kernel of unary.h for one type of elements (each_type.h): NAME(VERB) gives
 * VALUE, of x and of parameters p[0] and p[1], as RESULT (where that is not defined: T). Uses up
 * these three.
 */
#ifndef RESULT
#define RESULT T
#endif
#if IS_REAL
#define CLONES HRS_CLONES
#else
#define CLONES
#endif

CLONES static void NAME(VERB)(hrs_count n, const void *in, void *out, const double *parameter) {
  const T *from = in;
  RESULT *to = out;
  const T p[2] = {(T)(parameter ? parameter[0] : 0), (T)(parameter ? parameter[1] : 0)};
  (void)p;
  HRS_INDEPENDENT
  for (hrs_count i = 0; i < n; i++) {
    const T x = from[i];
    to[i] = (RESULT)(VALUE);
  }
}

#undef VERB
#undef VALUE
#undef RESULT
#undef CLONES
