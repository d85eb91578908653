/* npy.h -- the .npy format, shared by plain files and members of .npz archives. */
#ifndef HRS_BASE_NPY_H
#define HRS_BASE_NPY_H

#include <harsanyi/base.h>

/** The longest header that is believed; NumPy itself trusts 10,000 bytes. */
#define HRS_NPY_HEADER_LIMIT (1 << 20)

typedef struct hrs_npy_header {
  hrs_dtype type;
  bool swapped; /* big-endian in the file */
  bool fortran; /* the first axis fastest */
  int rank;
  hrs_count dim[HRS_MAX_RANK];
  hrs_count offset; /* of the data */
  hrs_count bytes;  /* of the data */
} hrs_npy_header;

/** Bytes up to the data, told by the first 12 bytes of a file (0 where it is no .npy file). */
hrs_count hrs_npy_header_size(const unsigned char *bytes, hrs_count count);
/** Read the header from the first `count` bytes of a file of `size` bytes in all, and check that
 *  the file holds the data that it promises. */
hrs_status hrs_npy_parse(const char *path, const unsigned char *bytes, hrs_count count,
                         hrs_count size, hrs_npy_header *out);
/** How a reader gets at bytes of a file. */
typedef hrs_status (*hrs_bytes_read)(void *self, hrs_count offset, hrs_count bytes, void *out);
/** Elements [first, first + count) in C order of an array in Fortran order, as they are stored. */
hrs_status hrs_fortran_read(const hrs_npy_header *header, hrs_bytes_read read, void *self,
                            hrs_count first, hrs_count count, void *out);
/** Turn the byte order of elements around. */
void hrs_npy_swap(void *data, hrs_count count, size_t size);

/** Open by kind. `descriptor` is owned from then on, even on failure. */
hrs_status hrs_npy_open(const char *path, int descriptor, hrs_count size, hrs_array_file **out);
/** member: NULL for the only one. */
hrs_status hrs_npz_open(const char *path, const char *member, hrs_array_file **out);
/** Has the archive a member of this name (without .npy)? False where it is no archive. */
bool hrs_npz_has(const char *path, const char *member);

#endif
