/* npy.h -- .npy files and .npz archives behind the handle of array files. */
#ifndef HRS_BASE_NPY_H
#define HRS_BASE_NPY_H

#include <harsanyi/base.h>

/** Open by kind. `descriptor` is owned from then on, even on failure. */
hrs_status hrs_npy_open(const char *path, int descriptor, hrs_count size, hrs_array_file **out);
/** member: NULL for the only one. */
hrs_status hrs_npz_open(const char *path, const char *member, hrs_array_file **out);
/** Has the archive a member of this name (without .npy)? False where it is no archive. */
bool hrs_npz_has(const char *path, const char *member);

#endif
