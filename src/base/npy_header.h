/* npy_header.h -- what a .npy file says of its array; shared by plain files and members of .npz
 * archives. */
#ifndef HRS_BASE_NPY_HEADER_H
#define HRS_BASE_NPY_HEADER_H

#include <harsanyi/base.h>

enum { HRS_NPY_MAGIC = 6 };
/** The first bytes of a .npy file. */
extern const char hrs_npy_magic[HRS_NPY_MAGIC];

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
/** Turn the byte order of elements around. */
void hrs_npy_swap(void *data, hrs_count count, size_t size);

#endif
