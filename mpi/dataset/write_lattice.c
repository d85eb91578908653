/*
 * Writing a lattice as one row of an array.
 *
 * Idea: in phase B the rows of a rank are one contiguous piece of the file's row, written in slabs
 * of at most 512 MiB straight from memory. In phase A a rank holds, for each value h of the top
 * bits, the tiles (h, q) of its rows q, which follow one another in the file: several rows are
 * packed as (h, q, low) in the lattice's exchange chunks and written as one regular hyperslab.
 * Where a single tile is larger than that, it is contiguous in memory and file, and goes alone.
 * Cost: one pass over the data in memory (none in phase B) and one write of it. It loses against
 * phase B where tiles are small and the file system likes large blocks: V pieces per row.
 *
 * Each rank writes for itself. MPI-IO could gather short pieces of several ranks in one write, but
 * a rank that cannot write, on a full disk, leaves the others waiting inside of it. Short pieces
 * are rare: with the most ranks that can share a lattice they are one tile.
 */
#include "write_lattice.h"

#include "h5.h"
#include "mpi/lattice/comm.h"
#include "mpi/lattice/counters.h"
#include "mpi/lattice/lattice.h"
#include "src/base/smaller.h"
#include "write.h"

#include <string.h>

/* How a rank's part of a lattice is cut into writes. */
typedef struct cut {
  const hrs_lattice *lattice;
  hrs_count element;        /* bytes */
  hrs_count first, rows;    /* own rows */
  hrs_count row_size, tile; /* elements */
  hrs_count blocks;         /* V */
  bool packed;              /* through the scratch, else straight from the rows */
  hrs_count per_row, piece; /* straight: writes per run of contiguous elements, and their size */
  hrs_count at_a_time_q, at_a_time_h; /* packed: rows and top values in a write */
  hrs_count writes;
} cut;

/* One write: count runs of block elements, stride apart. */
typedef struct slab {
  const void *data;
  hrs_count start, stride, count, block;
} slab;

static hrs_count divide_up(hrs_count a, hrs_count b) {
  return (a + b - 1) / b;
}

static cut make_cut(const hrs_lattice *lattice) {
  const hrs_partition *part = hrs_lattice_partition(lattice);
  cut c = {.lattice = lattice,
           .element = (hrs_count)hrs_dtype_size(hrs_lattice_type(lattice)),
           .first = hrs_lattice_first_row(lattice),
           .rows = hrs_lattice_row_count(lattice),
           .row_size = hrs_lattice_row_size(lattice),
           .tile = (hrs_count)1 << (part->n - 2 * part->block_bits),
           .blocks = (hrs_count)1 << part->block_bits};
  hrs_count bytes;
  hrs_lattice_scratch(lattice, &bytes);
  hrs_count room = bytes / c.element;
  bool contiguous = hrs_lattice_phase(lattice) == HRS_PHASE_B || c.blocks == 1;
  c.packed = !contiguous && c.tile <= room;
  if (c.packed) {
    c.at_a_time_q = hrs_smaller(c.rows, room / c.tile);
    if (c.at_a_time_q == 0) return c; /* no rows at all */
    c.at_a_time_h = hrs_smaller(c.blocks, room / (c.tile * c.at_a_time_q));
    c.writes = divide_up(c.rows, c.at_a_time_q) * divide_up(c.blocks, c.at_a_time_h);
    return c;
  }
  hrs_count run = contiguous ? c.rows * c.row_size : c.tile;
  hrs_count runs = contiguous ? 1 : c.rows * c.blocks;
  c.piece = HRS_DATASET_SLAB / c.element;
  c.per_row = divide_up(run, c.piece);
  c.writes = runs * c.per_row;
  return c;
}

static slab straight(const cut *c, hrs_count number) {
  hrs_count run = number / c->per_row, offset = number % c->per_row * c->piece;
  bool whole = hrs_lattice_phase(c->lattice) == HRS_PHASE_B || c->blocks == 1;
  hrs_count length = whole ? c->rows * c->row_size : c->tile;
  hrs_count q = whole ? 0 : run / c->blocks, h = whole ? 0 : run % c->blocks;
  const char *row = hrs_lattice_row(c->lattice, c->first + q);
  hrs_count block = hrs_smaller(c->piece, length - offset);
  hrs_count start = whole ? c->first * c->row_size : h * c->row_size + (c->first + q) * c->tile;
  return (slab){row + (h * c->tile + offset) * c->element, start + offset, block, 1, block};
}

static slab pack(const cut *c, hrs_count number) {
  hrs_count turns = divide_up(c->blocks, c->at_a_time_h);
  hrs_count q = number / turns * c->at_a_time_q, h = number % turns * c->at_a_time_h;
  hrs_count nq = hrs_smaller(c->at_a_time_q, c->rows - q),
            nh = hrs_smaller(c->at_a_time_h, c->blocks - h);
  hrs_count unused, bytes = c->tile * c->element;
  char *scratch = hrs_lattice_scratch(c->lattice, &unused);
  for (hrs_count i = 0; i < nq; i++) {
    const char *row = hrs_lattice_row(c->lattice, c->first + q + i);
    for (hrs_count j = 0; j < nh; j++)
      memcpy(scratch + (j * nq + i) * bytes, row + (h + j) * bytes, (size_t)bytes);
  }
  return (slab){scratch, h * c->row_size + (c->first + q) * c->tile, c->row_size, nh, nq * c->tile};
}

static hrs_status write_slab(const hrs_dataset *set, const char *path, hid_t array,
                             hid_t file_space, hid_t type, hrs_count k, const slab *s) {
  const hsize_t elements = (hsize_t)(s->count * s->block);
  const hsize_t start[2] = {(hsize_t)k, (hsize_t)s->start}, stride[2] = {1, (hsize_t)s->stride};
  const hsize_t count[2] = {1, (hsize_t)s->count}, block[2] = {1, (hsize_t)s->block};
  hrs_status status = HRS_OK;
  herr_t error;
  hid_t memory_space = H5I_INVALID_HID;
  HRS_H5_GO(memory_space, H5Screate_simple(1, &elements, NULL), IO, "%s", set->part);
  HRS_H5_GO(error, H5Sselect_hyperslab(file_space, H5S_SELECT_SET, start, stride, count, block), IO,
            "%s", set->part);
  if (H5Dwrite(array, type, memory_space, file_space, H5P_DEFAULT, s->data) < 0 ||
      hrs_fault_strikes(HRS_FAULT_WRITE))
    status = hrs_dataset_write_failed(set, path);
done:
  hrs_h5_close(memory_space);
  return status;
}

/* This rank's slabs. */
static hrs_status write_slabs(hrs_dataset *set, const char *path, hrs_count k,
                              const hrs_lattice *lattice) {
  const hrs_contents_array *of;
  hid_t array = H5I_INVALID_HID, file_space = H5I_INVALID_HID;
  hrs_status status = HRS_OK;
  HRS_TRY(hrs_dataset_open_array(set, path, &of, &array));
  HRS_ASSERT(of->rank == 2 && k >= 0 && k < of->dim[0]);
  HRS_ASSERT(of->dim[1] == (hrs_count)1 << hrs_lattice_partition(lattice)->n);
  /* A split is in double whatever the precision; HDF5 narrows it. */
  hid_t type = hrs_h5_memory_type(hrs_lattice_type(lattice));
  cut c = make_cut(lattice);
  HRS_H5_GO(file_space, H5Dget_space(array), IO, "%s", set->part);
  for (hrs_count i = 0; i < c.writes; i++) {
    slab s = c.packed ? pack(&c, i) : straight(&c, i);
    HRS_GO(write_slab(set, path, array, file_space, type, k, &s));
    hrs_count_written(s.count * s.block * (hrs_count)hrs_dtype_size(of->type));
  }
done:
  hrs_h5_close(file_space);
  return status;
}

hrs_status hrs_dataset_write_lattice(hrs_dataset *set, const char *path, hrs_count k,
                                     const hrs_lattice *lattice) {
  return hrs_agree(set->comm, lattice ? write_slabs(set, path, k, lattice) : HRS_OK);
}
