/* fault.h -- failures on purpose, so that tests see what becomes of each (HARSANYI_FAIL). */
#ifndef HRS_BASE_FAULT_H
#define HRS_BASE_FAULT_H

#include <harsanyi/base.h>

/** What a test can let fail, where it would fail by itself: memory that is not there, files that
 *  cannot be read or written, calls of HDF5. */
typedef enum hrs_fault {
  HRS_FAULT_ALLOC,
  HRS_FAULT_READ,
  HRS_FAULT_WRITE,
  HRS_FAULT_HDF5,
  HRS_FAULT_LIMIT
} hrs_fault;

/** Let the k-th chance to fail so, from 1 on, be a failure of this process; 0: none. */
void hrs_fault_arm(hrs_fault kind, hrs_count k);
/** Arm from "RANK:KIND:K" if this is rank RANK; NULL arms nothing. Errors: USAGE. */
hrs_status hrs_fault_arm_from(const char *text, int rank);
/** Chances left until the armed one; 0 where it is over, or none is armed. */
hrs_count hrs_fault_left(hrs_fault kind);
/** A chance to fail: is it the armed one? */
bool hrs_fault_strikes(hrs_fault kind);
/** "alloc", "read", "write" or "hdf5". */
const char *hrs_fault_name(hrs_fault kind);

#endif
