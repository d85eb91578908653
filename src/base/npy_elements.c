/* What .npy files and members of .npz have in common once their header is read. */
#include "npy_elements.h"

hrs_status hrs_npy_elements(const hrs_npy_header *header, hrs_bytes_read read, void *self,
                            hrs_count first, hrs_count count, void *out) {
  size_t size = hrs_dtype_size(header->type);
  HRS_TRY(header->fortran
              ? hrs_fortran_read(header, read, self, first, count, out)
              : read(self, header->offset + first * (hrs_count)size, count * (hrs_count)size, out));
  if (header->swapped) hrs_npy_swap(out, count, size);
  return HRS_OK;
}

hrs_status hrs_npy_rows(const hrs_npy_header *header, hrs_bytes_read read, void *self,
                        hrs_count first, hrs_count count, void *out) {
  hrs_count row = 1;
  for (int i = 1; i < header->rank; i++)
    row *= header->dim[i];
  return hrs_npy_elements(header, read, self, first * row, count * row, out);
}
