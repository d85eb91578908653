/* Failures on purpose, so that tests can try what becomes of each. */
#include "fault.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

static const char *const names[HRS_FAULT_LIMIT] = {"alloc", "read", "write", "hdf5"};

/* How many chances each kind still has, the one that fails included; 0: none is armed. */
static _Atomic hrs_count left[HRS_FAULT_LIMIT];

void hrs_fault_arm(hrs_fault kind, hrs_count k) {
  atomic_store(&left[kind], k);
}

hrs_count hrs_fault_left(hrs_fault kind) {
  return atomic_load(&left[kind]);
}

bool hrs_fault_strikes(hrs_fault kind) {
  if (atomic_load_explicit(&left[kind], memory_order_relaxed) == 0) return false;
  return atomic_fetch_sub(&left[kind], 1) == 1;
}

const char *hrs_fault_name(hrs_fault kind) {
  return names[kind];
}

hrs_status hrs_fault_arm_from(const char *text, int rank) {
  int wanted = 0, used = 0;
  long long k = 0;
  char kind[8] = "";
  if (!text) return HRS_OK;
  bool read = sscanf(text, "%9d:%7[a-z0-9]:%15lld%n", &wanted, kind, &k, &used) == 3;
  for (int i = 0; i < HRS_FAULT_LIMIT && read && !text[used] && wanted >= 0 && k > 0; i++)
    if (strcmp(kind, names[i]) == 0) {
      if (rank == wanted) hrs_fault_arm((hrs_fault)i, k);
      return HRS_OK;
    }
  HRS_FAIL(USAGE,
           "HARSANYI_FAIL=%s: RANK:KIND:K was expected, with KIND alloc, read, write or hdf5 and K "
           "from 1 on",
           text);
}
