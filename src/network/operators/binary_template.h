/*
 * binary_template.h -- a row kernel of binary.h for one type of elements (each_type.h): NAME(VERB)
 * gives VALUE, of x and y, as RESULT (where that is not defined: T). x is a FIRST (else T), y a T.
 * Uses up these four.
 */
#ifndef RESULT
#define RESULT T
#endif
#ifndef FIRST
#define FIRST T
#endif
#if IS_REAL
#define CLONES HRS_CLONES
#else
#define CLONES
#endif

CLONES static void NAME(VERB)(hrs_count n, char *const *pointer, const hrs_count *stride,
                              const void *context) {
  (void)context;
  RESULT *out = (RESULT *)(void *)pointer[0];
  const FIRST *a = (const FIRST *)(const void *)pointer[1];
  const T *b = (const T *)(const void *)pointer[2];
  hrs_count sa = stride[1], sb = stride[2], so = stride[0];
  if (so == 1 && sa == 1 && sb == 1) {
    HRS_INDEPENDENT
    for (hrs_count i = 0; i < n; i++) {
      const FIRST x = a[i];
      const T y = b[i];
      out[i] = (RESULT)(VALUE);
    }
  } else if (so == 1 && sa == 1 && sb == 0) {
    const T y = *b;
    HRS_INDEPENDENT
    for (hrs_count i = 0; i < n; i++) {
      const FIRST x = a[i];
      out[i] = (RESULT)(VALUE);
    }
  } else if (so == 1 && sa == 0 && sb == 1) {
    const FIRST x = *a;
    HRS_INDEPENDENT
    for (hrs_count i = 0; i < n; i++) {
      const T y = b[i];
      out[i] = (RESULT)(VALUE);
    }
  } else {
    for (hrs_count i = 0; i < n; i++) {
      const FIRST x = a[i * sa];
      const T y = b[i * sb];
      out[i * so] = (RESULT)(VALUE);
    }
  }
}

#undef VERB
#undef VALUE
#undef RESULT
#undef FIRST
#undef CLONES
