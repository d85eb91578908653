/* Accidents on purpose, so that tests can try what becomes of each. */
#include "fault.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[HRS_FAULT_LIMIT] = {
#define HRS_FAULT_NAME(NAME, name, when) name,
    HRS_FAULT_TABLE(HRS_FAULT_NAME)
#undef HRS_FAULT_NAME
};

/* What happens at an armed place: a signal to this process, 0: a failure. */
static const struct {
  const char *variable;
  int signal;
} accidents[] = {{"HARSANYI_FAIL", 0},
                 {"HARSANYI_KILL", SIGKILL},
                 {"HARSANYI_STOP", SIGUSR1},
                 {"HARSANYI_PAUSE", SIGSTOP}};

/* How many times each place is still to be passed, the armed time included; 0: none is armed. */
static _Atomic hrs_count left[HRS_FAULT_LIMIT];
static _Atomic int sent[HRS_FAULT_LIMIT];

static void arm(hrs_fault place, int number, hrs_count k) {
  atomic_store(&sent[place], number);
  atomic_store(&left[place], k);
}

void hrs_fault_arm(hrs_fault place, hrs_count k) {
  arm(place, 0, k);
}

hrs_count hrs_fault_left(hrs_fault place) {
  return atomic_load(&left[place]);
}

bool hrs_fault_strikes(hrs_fault place) {
  if (atomic_load_explicit(&left[place], memory_order_relaxed) == 0) return false;
  if (atomic_fetch_sub(&left[place], 1) != 1) return false;
  int number = atomic_load(&sent[place]);
  if (number) raise(number);
  return number == 0;
}

const char *hrs_fault_name(hrs_fault place) {
  return names[place];
}

static hrs_status arm_from(const char *variable, int number, int rank) {
  const char *text = getenv(variable);
  int wanted = 0, used = 0;
  long long k = 0;
  char name[16] = "";
  if (!text) return HRS_OK;
  bool read = sscanf(text, "%9d:%15[a-z0-9]:%15lld%n", &wanted, name, &k, &used) == 3;
  int places = number ? HRS_FAULT_LIMIT : HRS_FAULT_FAILURES;
  for (int i = 0; i < places && read && !text[used] && wanted >= 0 && k > 0; i++)
    if (strcmp(name, names[i]) == 0) {
      if (rank == wanted) arm((hrs_fault)i, number, k);
      return HRS_OK;
    }
  HRS_FAIL(USAGE,
           "%s=%s: RANK:PLACE:K was expected, with K from 1 on and PLACE alloc, read, write%s",
           variable, text, number ? ", hdf5, or a moment of src/base/fault.h" : " or hdf5");
}

hrs_status hrs_fault_arm_from_environment(int rank) {
  for (size_t i = 0; i < sizeof accidents / sizeof *accidents; i++)
    HRS_TRY(arm_from(accidents[i].variable, accidents[i].signal, rank));
  return HRS_OK;
}
