/* npy_elements.h -- elements of an array behind a header of .npy, wherever its bytes are. */
#ifndef HRS_BASE_NPY_ELEMENTS_H
#define HRS_BASE_NPY_ELEMENTS_H

#include "fortran.h"

/** Elements [first, first + count) in C order, whatever the file's order of axes and of bytes. */
hrs_status hrs_npy_elements(const hrs_npy_header *header, hrs_bytes_read read, void *self,
                            hrs_count first, hrs_count count, void *out);
/** Rows [first, first + count) of the first axis. */
hrs_status hrs_npy_rows(const hrs_npy_header *header, hrs_bytes_read read, void *self,
                        hrs_count first, hrs_count count, void *out);

#endif
