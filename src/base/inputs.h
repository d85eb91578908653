/* inputs.h -- the list of the files that this process has read. */
#ifndef HRS_BASE_INPUTS_H
#define HRS_BASE_INPUTS_H

#include <harsanyi/base.h>

/** A file that was read, and what it was when it was opened. */
typedef struct hrs_input {
  char *path; /* as it was opened */
  uint64_t device, inode;
  hrs_count size, seconds, nanoseconds; /* bytes, and when they were last changed */
} hrs_input;

/** File number i, in the order of reading; NULL behind the last. Not collective. */
const hrs_input *hrs_input_get(int i);
/** Has a file not changed since it was opened? Not collective. */
bool hrs_input_is_unchanged(const hrs_input *input);

#endif
