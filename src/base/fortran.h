/* fortran.h -- arrays in Fortran order, read in C order. */
#ifndef HRS_BASE_FORTRAN_H
#define HRS_BASE_FORTRAN_H

#include "npy_header.h"

/** How a reader gets at bytes of a file. */
typedef hrs_status (*hrs_bytes_read)(void *self, hrs_count offset, hrs_count bytes, void *out);
/** Elements [first, first + count) in C order of an array in Fortran order, as they are stored. */
hrs_status hrs_fortran_read(const hrs_npy_header *header, hrs_bytes_read read, void *self,
                            hrs_count first, hrs_count count, void *out);

#endif
