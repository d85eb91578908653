/*
 * Arrays in Fortran order, the first axis fastest, as NumPy stores the values of a table: read in C
 * order like any other.
 *
 * Idea: a range in C order is a few blocks. In the file, the elements of a block that differ in the
 * first axis alone stand side by side, a run; runs of the second axis follow each other at equal
 * distances. Runs that are near each other are read together with what is between them, others one
 * by one, and dealt out from a buffer.
 *
 * Cost: all rows together cost one pass over the file, the buffer being the only memory. It loses
 * where few rows of many are read, or one at a time: their elements are far from each other, and
 * each is a read of its own.
 */
#include "fortran.h"

#include <string.h>

enum { BUFFER = 1 << 20, NEAR = 4096 }; /* bytes */

typedef struct reading {
  const hrs_npy_header *header;
  hrs_bytes_read read;
  void *self;
  hrs_count size;                                           /* of an element */
  hrs_count from_step[HRS_MAX_RANK], to_step[HRS_MAX_RANK]; /* elements in file and block */
  char *buffer;
} reading;

/* `runs` runs of `length` elements, from element `from` of the file to element `to` of the block.
 */
static hrs_status read_runs(const reading *r, hrs_count from, hrs_count length, hrs_count runs,
                            hrs_count to, char *out) {
  size_t size = (size_t)r->size;
  hrs_count span = (runs - 1) * r->from_step[1] + length;
  HRS_TRY(r->read(r->self, r->header->offset + from * r->size, span * r->size, r->buffer));
  for (hrs_count run = 0; run < runs; run++) {
    const char *source = r->buffer + run * r->from_step[1] * r->size;
    char *target = out + (to + run * r->to_step[1]) * r->size;
    for (hrs_count i = 0; i < length; i++, source += size, target += r->to_step[0] * r->size)
      memcpy(target, source, size);
  }
  return HRS_OK;
}

/* The first two axes of a block, at fixed places of the others. */
static hrs_status read_plane(const reading *r, const hrs_block *block, hrs_count from, hrs_count to,
                             char *out) {
  hrs_count most = BUFFER / r->size, width = block->count[0], rows = block->count[1];
  hrs_count together = 1;
  if (r->from_step[1] * r->size <= NEAR && width <= most)
    together = 1 + (most - width) / r->from_step[1];
  for (hrs_count row = 0; row < rows; row += together) {
    hrs_count runs = rows - row < together ? rows - row : together;
    for (hrs_count i = 0; i < width; i += most) {
      hrs_count length = width - i < most ? width - i : most;
      HRS_TRY(read_runs(r, from + i + row * r->from_step[1], length, runs,
                        to + i * r->to_step[0] + row * r->to_step[1], out));
    }
  }
  return HRS_OK;
}

static hrs_status read_block(reading *r, const hrs_block *block, char *out) {
  const hrs_npy_header *header = r->header;
  int rank = header->rank;
  hrs_count at[HRS_MAX_RANK] = {0}, from = 0, to = 0;
  r->from_step[0] = r->to_step[rank - 1] = 1;
  for (int i = 1; i < rank; i++)
    r->from_step[i] = r->from_step[i - 1] * header->dim[i - 1];
  for (int i = rank - 2; i >= 0; i--)
    r->to_step[i] = r->to_step[i + 1] * block->count[i + 1];
  for (int i = 0; i < rank; i++)
    from += block->start[i] * r->from_step[i];
  int axis;
  do {
    HRS_TRY(read_plane(r, block, from, to, out));
    for (axis = 2; axis < rank; axis++) {
      from += r->from_step[axis];
      to += r->to_step[axis];
      if (++at[axis] < block->count[axis]) break;
      from -= at[axis] * r->from_step[axis];
      to -= at[axis] * r->to_step[axis];
      at[axis] = 0;
    }
  } while (axis < rank);
  return HRS_OK;
}

hrs_status hrs_fortran_read(const hrs_npy_header *header, hrs_bytes_read read, void *self,
                            hrs_count first, hrs_count count, void *out) {
  reading r = {.header = header,
               .read = read,
               .self = self,
               .size = (hrs_count)hrs_dtype_size(header->type)};
  HRS_ASSERT(header->rank >= 2);
  HRS_TRY(hrs_alloc(BUFFER, 1, &r.buffer));
  hrs_status status = HRS_OK;
  hrs_block block;
  for (hrs_count done = 0; done < count && status == HRS_OK; done += block.elements) {
    block = hrs_block_first(header->rank, header->dim, first + done, count - done);
    status = read_block(&r, &block, (char *)out + done * r.size);
  }
  hrs_free(r.buffer);
  return status;
}
