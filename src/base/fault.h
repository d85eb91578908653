/* fault.h -- accidents on purpose, so that tests see what becomes of each: a failure
 * (HARSANYI_FAIL), the end of the process (HARSANYI_KILL), the wish to stop (HARSANYI_STOP), or
 * standing still until the test has done something (HARSANYI_PAUSE). */
#ifndef HRS_BASE_FAULT_H
#define HRS_BASE_FAULT_H

#include <harsanyi/base.h>

/* X(NAME, name, when it is passed): places where an accident can be. First those that can fail by
 * themselves, and so on purpose; then moments of a run, many of them before and after a step. */
#define HRS_FAULT_TABLE(X)                                                                         \
  X(ALLOC, "alloc", "memory is allocated")                                                         \
  X(READ, "read", "a file is read")                                                                \
  X(WRITE, "write", "a file is written")                                                           \
  X(HDF5, "hdf5", "HDF5 is called")                                                                \
  X(SLICE, "slice", "a slice of masks is about to be evaluated")                                   \
  X(EXCHANGE, "exchange", "messages of an exchange are under way")                                 \
  X(CLAIM, "claim", "a run makes FILE.part its own")                                               \
  X(BUILD, "build", "FILE.part gets its arrays")                                                   \
  X(EXTEND, "extend", "it gets those whose lengths are known at the end")                          \
  X(SEAL, "seal", "it gets the mark that it is complete")                                          \
  X(FLUSH, "flush", "a file is brought to disk")                                                   \
  X(RENAME, "rename", "a complete file gets its name")

typedef enum hrs_fault {
#define HRS_FAULT_ENUM(NAME, name, when) HRS_FAULT_##NAME,
  HRS_FAULT_TABLE(HRS_FAULT_ENUM)
#undef HRS_FAULT_ENUM
      HRS_FAULT_LIMIT,
  HRS_FAULT_FAILURES = HRS_FAULT_SLICE /* so many of them can fail */
} hrs_fault;

/** Let the k-th chance to fail so, from 1 on, be a failure of this process; 0: none. */
void hrs_fault_arm(hrs_fault place, hrs_count k);
/** Arm what the environment's RANK:PLACE:K say, where this is rank RANK. Errors: USAGE. */
hrs_status hrs_fault_arm_from_environment(int rank);
/** Passings left until the armed one; 0 where it is over, or none is armed. */
hrs_count hrs_fault_left(hrs_fault place);
/** A place is passed that can fail: is it to fail now? */
bool hrs_fault_strikes(hrs_fault place);
/** A moment is passed. */
static inline void hrs_fault_pass(hrs_fault moment) {
  (void)hrs_fault_strikes(moment);
}
/** "alloc", "read" and so on. */
const char *hrs_fault_name(hrs_fault place);

#endif
