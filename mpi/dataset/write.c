/*
 * Writing values: a lattice as one row of an array, the small results of a row, the salient lists.
 *
 * Idea: in phase B the rows of a rank are one contiguous piece of the file's row, written in slabs
 * of at most 512 MiB straight from memory. In phase A a rank holds, for each value h of the top
 * bits, the tiles (h, q) of its rows q, which follow one another in the file: several rows are
 * packed as (h, q, low) in the lattice's exchange chunks and written as one regular hyperslab.
 * Where a single tile is larger than that, it is contiguous in memory and file, and goes alone.
 * Cost: one pass over the data in memory (none in phase B) and one write of it. It loses against
 * phase B where tiles are small and the file system likes large blocks: V pieces per row.
 * Packed rows are written collectively, by the same number of calls on all ranks: who has nothing
 * to write selects nothing. All else each rank writes for itself.
 */
#include "dataset.h"

#include "mpi/lattice/comm.h"

#include <string.h>
#include <sys/statvfs.h>

/* MPI-IO does not say why a write failed; the disk itself does. */
hrs_status hrs_dataset_write_failed(const hrs_dataset *set, const char *what) {
  const char *reason = hrs_h5_reason();
  struct statvfs disk;
  HRS_REQUIRE(statvfs(set->part, &disk) != 0 || disk.f_blocks == 0 ||
                  disk.f_bavail * disk.f_frsize >= (1 << 20),
              IO, "%s: %s cannot be written: no space left on the disk", set->part, what);
  HRS_FAIL(IO, "%s: %s cannot be written: %s (a limit of the disk or a quota?)", set->part, what,
           reason);
}

/* ---- parts by one rank ---------------------------------------------------------------------- */

/* Opening reads from the file alone, so each rank opens what it writes, when it comes to it. */
static hrs_status open_array(hrs_dataset *set, hrs_dataset_path path) {
  const hrs_dataset_object *object = &hrs_dataset_objects[path];
  HRS_ASSERT(set->present[object->when]);
  if (set->array[path] >= 0) return HRS_OK;
  set->array[path] = H5Dopen2(set->file, object->path, H5P_DEFAULT);
  if (set->array[path] < 0)
    return hrs_h5_error(HRS_STATUS_IO, __FILE__, __LINE__, "%s: %s", set->part, object->path);
  return HRS_OK;
}

hrs_status hrs_dataset_write_part(hrs_dataset *set, hrs_dataset_path path, hid_t memory_type,
                                  int rank, const hsize_t *start, const hsize_t *count,
                                  const void *data) {
  hrs_status status = HRS_OK;
  herr_t error;
  hid_t file_space = H5I_INVALID_HID, memory_space = H5I_INVALID_HID;
  const char *name = hrs_dataset_objects[path].path;
  HRS_TRY(open_array(set, path));
  hsize_t from[HRS_MAX_RANK], length[HRS_MAX_RANK], row_bytes = H5Tget_size(memory_type);
  for (int i = 0; i < rank; i++) {
    from[i] = start[i];
    length[i] = count[i];
    if (i > 0) row_bytes *= count[i];
  }
  if (row_bytes == 0 || count[0] == 0) return HRS_OK;
  hsize_t step = (hsize_t)HRS_DATASET_SLAB / row_bytes;
  if (step == 0) step = 1;
  HRS_H5_GO(file_space, H5Dget_space(set->array[path]), IO, "%s: %s", set->part, name);
  for (hsize_t done = 0; done < count[0]; done += step) {
    from[0] = start[0] + done;
    length[0] = count[0] - done < step ? count[0] - done : step;
    HRS_H5_GO(memory_space, H5Screate_simple(rank, length, NULL), IO, "%s: %s", set->part, name);
    HRS_H5_GO(error, H5Sselect_hyperslab(file_space, H5S_SELECT_SET, from, NULL, length, NULL), IO,
              "%s: %s", set->part, name);
    if (hrs_fault_strikes(HRS_FAULT_WRITE) ||
        H5Dwrite(set->array[path], memory_type, memory_space, file_space, H5P_DEFAULT,
                 (const char *)data + done * row_bytes) < 0) {
      status = hrs_dataset_write_failed(set, name);
      goto done;
    }
    hrs_h5_close(memory_space);
    memory_space = H5I_INVALID_HID;
  }
done:
  hrs_h5_close(memory_space);
  hrs_h5_close(file_space);
  return status;
}

hrs_status hrs_dataset_write_row(hrs_dataset *set, hrs_count k, const hrs_dataset_row *row) {
  HRS_ASSERT(k >= 0 && k < set->rows);
  hsize_t start[2] = {(hsize_t)k, 0}, one[1] = {1};
  const struct {
    hrs_dataset_path path;
    hid_t type;
    const void *value;
  } scalar[] = {{HRS_PATH_INDEX, H5T_NATIVE_INT64, &row->index},
                {HRS_PATH_LABEL, H5T_NATIVE_INT, &row->label},
                {HRS_PATH_TARGET, H5T_NATIVE_INT, &row->target},
                {HRS_PATH_V_EMPTY, H5T_NATIVE_DOUBLE, &row->v_empty},
                {HRS_PATH_V_FULL, H5T_NATIVE_DOUBLE, &row->v_full},
                {HRS_PATH_THRESHOLD, H5T_NATIVE_DOUBLE, &row->threshold}};
  for (size_t i = 0; i < sizeof scalar / sizeof *scalar; i++)
    HRS_TRY(hrs_dataset_write_part(set, scalar[i].path, scalar[i].type, 1, start, one,
                                   scalar[i].value));
  if (set->present[HRS_WHEN_NETWORKS])
    HRS_TRY(hrs_dataset_write_part(set, HRS_PATH_NETWORK, H5T_NATIVE_INT, 1, start, one,
                                   &row->network));
  hsize_t orders[2] = {1, (hsize_t)set->n + 1}, players[2] = {1, (hsize_t)set->n};
  HRS_TRY(hrs_dataset_write_part(set, HRS_PATH_MEAN_EFFECT, H5T_NATIVE_DOUBLE, 2, start, orders,
                                 row->mean_effect));
  for (int type = 0; type < 2; type++) {
    if (!set->present[type == 0 ? HRS_WHEN_AND : HRS_WHEN_OR]) continue;
    for (int what = 0; what < 5; what++)
      HRS_TRY(hrs_dataset_write_part(set, hrs_dataset_orders(type, what), H5T_NATIVE_DOUBLE, 2,
                                     start, orders, row->orders[type][what]));
  }
  if (set->present[HRS_WHEN_SV])
    HRS_TRY(hrs_dataset_write_part(set, HRS_PATH_SV, H5T_NATIVE_DOUBLE, 2, start, players,
                                   row->indices[0]));
  if (set->present[HRS_WHEN_BV])
    HRS_TRY(hrs_dataset_write_part(set, HRS_PATH_BV, H5T_NATIVE_DOUBLE, 2, start, players,
                                   row->indices[1]));
  return HRS_OK;
}

hrs_status hrs_dataset_write_fit(hrs_dataset *set, hrs_count k, const hrs_dataset_fit *fit) {
  HRS_ASSERT(k >= 0 && k < set->rows);
  hsize_t start[2] = {(hsize_t)k, 0}, one[1] = {1};
  const struct {
    hrs_dataset_path path;
    const double *value;
  } scalar[] = {{HRS_PATH_FIT_L1, &fit->l1},
                {HRS_PATH_FIT_LOSS, &fit->loss},
                {HRS_PATH_FIT_BOUND, &fit->lower_bound},
                {HRS_PATH_FIT_GAP, &fit->gap},
                {HRS_PATH_FIT_NOISE, &fit->noise_bound},
                {HRS_PATH_FIT_RESIDUAL, &fit->max_residual},
                {HRS_PATH_RECONSTRUCTION_RMSE, &fit->reconstruction[0]},
                {HRS_PATH_RECONSTRUCTION_MAX, &fit->reconstruction[1]},
                {HRS_PATH_RECONSTRUCTION_UNFAITH, &fit->reconstruction[2]},
                {HRS_PATH_RECONSTRUCTION_EXPLAINED, &fit->reconstruction[3]},
                {HRS_PATH_RECONSTRUCTION_KEPT, &fit->reconstruction[4]}};
  for (size_t i = 0; i < sizeof scalar / sizeof *scalar; i++)
    HRS_TRY(hrs_dataset_write_part(set, scalar[i].path, H5T_NATIVE_DOUBLE, 1, start, one,
                                   scalar[i].value));
  HRS_TRY(hrs_dataset_write_part(set, HRS_PATH_FIT_ITERATIONS, H5T_NATIVE_INT64, 1, start, one,
                                 &fit->iterations));
  static const hrs_dataset_path curve[] = {HRS_PATH_CURVE_KEPT, HRS_PATH_CURVE_RMSE,
                                           HRS_PATH_CURVE_MAX, HRS_PATH_CURVE_EXPLAINED,
                                           HRS_PATH_CURVE_STRENGTH};
  hsize_t points[2] = {1, (hsize_t)hrs_curve_points(set->n)};
  for (size_t i = 0; i < sizeof curve / sizeof *curve; i++)
    HRS_TRY(
        hrs_dataset_write_part(set, curve[i], H5T_NATIVE_DOUBLE, 2, start, points, fit->curve[i]));
  return HRS_OK;
}

hrs_status hrs_dataset_write_sharing(hrs_dataset *set, hrs_count k, double salient,
                                     const double *top) {
  HRS_ASSERT(k >= 0 && k < set->rows);
  hsize_t start[2] = {(hsize_t)k, 0}, count[2] = {1, (hsize_t)hrs_curve_points(set->n)};
  HRS_TRY(hrs_dataset_write_part(set, HRS_PATH_SHARED_SALIENT, H5T_NATIVE_DOUBLE, 1, start, count,
                                 &salient));
  return hrs_dataset_write_part(set, HRS_PATH_SHARED_TOP, H5T_NATIVE_DOUBLE, 2, start, count, top);
}

hrs_status hrs_dataset_write_index(hrs_dataset *set, hrs_count k, hrs_index index,
                                   const double *values, double error) {
  HRS_ASSERT(k >= 0 && k < set->rows);
  hsize_t start[2] = {(hsize_t)k, 0};
  hsize_t count[2] = {1, (hsize_t)hrs_set_count(set->n, set->orders[index])};
  HRS_TRY(hrs_dataset_write_part(set, hrs_dataset_index(index, HRS_INDEX_VALUE), H5T_NATIVE_DOUBLE,
                                 2, start, count, values));
  return hrs_dataset_write_part(set, hrs_dataset_index(index, HRS_INDEX_ERROR), H5T_NATIVE_DOUBLE,
                                1, start, count, &error);
}

/* ---- a lattice by all ranks ----------------------------------------------------------------- */

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

static hrs_count smaller(hrs_count a, hrs_count b) {
  return a < b ? a : b;
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
    c.at_a_time_q = smaller(c.rows, room / c.tile);
    if (c.at_a_time_q == 0) return c; /* no rows at all */
    c.at_a_time_h = smaller(c.blocks, room / (c.tile * c.at_a_time_q));
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
  hrs_count block = smaller(c->piece, length - offset);
  hrs_count start = whole ? c->first * c->row_size : h * c->row_size + (c->first + q) * c->tile;
  return (slab){row + (h * c->tile + offset) * c->element, start + offset, block, 1, block};
}

static slab pack(const cut *c, hrs_count number) {
  hrs_count turns = divide_up(c->blocks, c->at_a_time_h);
  hrs_count q = number / turns * c->at_a_time_q, h = number % turns * c->at_a_time_h;
  hrs_count nq = smaller(c->at_a_time_q, c->rows - q), nh = smaller(c->at_a_time_h, c->blocks - h);
  hrs_count unused, bytes = c->tile * c->element;
  char *scratch = hrs_lattice_scratch(c->lattice, &unused);
  for (hrs_count i = 0; i < nq; i++) {
    const char *row = hrs_lattice_row(c->lattice, c->first + q + i);
    for (hrs_count j = 0; j < nh; j++)
      memcpy(scratch + (j * nq + i) * bytes, row + (h + j) * bytes, (size_t)bytes);
  }
  return (slab){scratch, h * c->row_size + (c->first + q) * c->tile, c->row_size, nh, nq * c->tile};
}

/* The memory space and the selection in the file for a slab, or nothing where it is NULL. */
static hrs_status select_slab(const hrs_dataset *set, hid_t file_space, hrs_count k, const slab *s,
                              hid_t *memory_space) {
  hsize_t elements = s ? (hsize_t)(s->count * s->block) : 1;
  hrs_status status = HRS_OK;
  herr_t error;
  HRS_H5_GO(*memory_space, H5Screate_simple(1, &elements, NULL), IO, "%s", set->part);
  if (s) {
    const hsize_t start[2] = {(hsize_t)k, (hsize_t)s->start}, stride[2] = {1, (hsize_t)s->stride};
    const hsize_t count[2] = {1, (hsize_t)s->count}, block[2] = {1, (hsize_t)s->block};
    HRS_H5_GO(error, H5Sselect_hyperslab(file_space, H5S_SELECT_SET, start, stride, count, block),
              IO, "%s", set->part);
  } else {
    HRS_H5_GO(error, H5Sselect_none(file_space), IO, "%s", set->part);
    HRS_H5_GO(error, H5Sselect_none(*memory_space), IO, "%s", set->part);
  }
done:
  return status;
}

static hrs_status check_lattice(hrs_dataset *set, hrs_dataset_path path, hrs_count k,
                                const hrs_lattice *lattice) {
  HRS_TRY(open_array(set, path));
  if (!lattice) return HRS_OK;
  HRS_ASSERT(k >= 0 && k < set->rows);
  HRS_ASSERT(hrs_lattice_partition(lattice)->n == set->n);
  return HRS_OK;
}

hrs_status hrs_dataset_write_lattice(hrs_dataset *set, hrs_dataset_array which, hrs_count k,
                                     const hrs_lattice *lattice) {
  static const hrs_dataset_path paths[] = {[HRS_DATASET_AND] = HRS_PATH_AND,
                                           [HRS_DATASET_OR] = HRS_PATH_OR,
                                           [HRS_DATASET_VALUES] = HRS_PATH_VALUES};
  hrs_dataset_path path = paths[which];
  hrs_status status = check_lattice(set, path, k, lattice);
  HRS_TRY(hrs_agree(set->comm, status));
  cut c = {0};
  if (lattice) c = make_cut(lattice);
  /* Contiguous pieces need no help from other ranks; the many short ones of packed rows do. */
  hrs_count most[2] = {c.writes, c.packed};
  HRS_TRY(hrs_comm_reduce(set->comm, MPI_MAX, MPI_INT64_T, most, 2));
  bool together = most[1] != 0;
  hrs_count writes = together ? most[0] : c.writes;
  /* A split is in double whatever the precision; HDF5 narrows it. */
  hid_t type = hrs_h5_memory_type(lattice ? hrs_lattice_type(lattice) : set->precision);
  hid_t file_space = H5Dget_space(set->array[path]), memory_space = H5I_INVALID_HID;
  hid_t transfer = H5Pcreate(H5P_DATASET_XFER);
  if (file_space < 0 || transfer < 0 ||
      H5Pset_dxpl_mpio(transfer, together ? H5FD_MPIO_COLLECTIVE : H5FD_MPIO_INDEPENDENT) < 0)
    status = hrs_h5_error(HRS_STATUS_IO, __FILE__, __LINE__, "%s", set->part);
  for (hrs_count i = 0; i < writes; i++) {
    slab s = {0};
    bool mine = i < c.writes;
    if (mine && status == HRS_OK) s = c.packed ? pack(&c, i) : straight(&c, i);
    if (status == HRS_OK) status = select_slab(set, file_space, k, mine ? &s : NULL, &memory_space);
    if (together) HRS_GO(hrs_agree(set->comm, status));
    if (status != HRS_OK) break;
    if (H5Dwrite(set->array[path], type, memory_space, file_space, transfer, mine ? s.data : &s) <
            0 ||
        hrs_fault_strikes(HRS_FAULT_WRITE))
      status = hrs_dataset_write_failed(set, hrs_dataset_objects[path].path);
    hrs_h5_close(memory_space);
    memory_space = H5I_INVALID_HID;
  }
  status = hrs_agree(set->comm, status);
done:
  hrs_h5_close(transfer);
  hrs_h5_close(memory_space);
  hrs_h5_close(file_space);
  return status;
}

/* ---- the salient lists ---------------------------------------------------------------------- */

/* offset[k] = where row k begins, the same on every rank; each row must have exactly one owner. */
static hrs_status count_entries(hrs_dataset *set, hrs_count count, const hrs_count *rows,
                                const hrs_salient *lists, uint64_t *offset, uint64_t *owners) {
  int length;
  hrs_status status = hrs_narrow(set->rows + 1, "the number of rows", &length);
  for (hrs_count i = 0; i < count && status == HRS_OK; i++) {
    if (rows[i] < 0 || rows[i] >= set->rows) {
      status = hrs_error_set(HRS_STATUS_INTERNAL, __FILE__, __LINE__,
                             "salient list of row %lld, there are %lld", (long long)rows[i],
                             (long long)set->rows);
      break;
    }
    offset[rows[i] + 1] = (uint64_t)lists[i].count;
    owners[rows[i]]++;
  }
  HRS_TRY(hrs_agree(set->comm, status));
  HRS_TRY(hrs_comm_reduce(set->comm, MPI_SUM, MPI_UINT64_T, offset, length));
  HRS_TRY(hrs_comm_reduce(set->comm, MPI_SUM, MPI_UINT64_T, owners, length - 1));
  for (hrs_count k = 0; k < set->rows; k++) {
    HRS_ASSERT(owners[k] == 1);
    offset[k + 1] += offset[k];
  }
  return HRS_OK;
}

static hrs_status write_list(hrs_dataset *set, hrs_count k, uint64_t first,
                             const hrs_salient *list) {
  enum { AT_A_TIME = 1 << 16 };
  hsize_t start = (hsize_t)first, count = (hsize_t)list->count;
  HRS_TRY(hrs_dataset_write_part(set, HRS_PATH_SALIENT_MASK, H5T_NATIVE_UINT64, 1, &start, &count,
                                 list->mask));
  HRS_TRY(hrs_dataset_write_part(set, HRS_PATH_SALIENT_TYPE, H5T_NATIVE_UINT8, 1, &start, &count,
                                 list->type));
  HRS_TRY(hrs_dataset_write_part(set, HRS_PATH_SALIENT_VALUE, H5T_NATIVE_DOUBLE, 1, &start, &count,
                                 list->value));
  uint8_t order[AT_A_TIME];
  for (hrs_count done = 0; done < list->count; done += AT_A_TIME) {
    hrs_count piece = smaller(AT_A_TIME, list->count - done);
    for (hrs_count i = 0; i < piece; i++)
      order[i] = (uint8_t)hrs_order(list->mask[done + i]);
    start = (hsize_t)first + (hsize_t)done;
    count = (hsize_t)piece;
    HRS_TRY(hrs_dataset_write_part(set, HRS_PATH_SALIENT_ORDER, H5T_NATIVE_UINT8, 1, &start, &count,
                                   order));
  }
  hsize_t row = (hsize_t)k, one = 1;
  uint8_t truncated = list->truncated;
  return hrs_dataset_write_part(set, HRS_PATH_TRUNCATED, H5T_NATIVE_UINT8, 1, &row, &one,
                                &truncated);
}

static hrs_status build_salient(hrs_dataset *set, void *context) {
  return hrs_dataset_build_salient(set->part, set->rows, *(const hrs_count *)context);
}

hrs_status hrs_dataset_write_salient(hrs_dataset *set, hrs_count count, const hrs_count *rows,
                                     const hrs_salient *lists) {
  uint64_t *offset = NULL, *owners = NULL;
  hrs_status status = hrs_calloc(set->rows + 1, sizeof *offset, &offset);
  if (status == HRS_OK) status = hrs_calloc(set->rows, sizeof *owners, &owners);
  HRS_GO(hrs_agree(set->comm, status));
  HRS_GO(count_entries(set, count, rows, lists, offset, owners));
  hrs_count total = (hrs_count)offset[set->rows];
  HRS_GO(hrs_dataset_serially(set, build_salient, &total, true));
  set->present[HRS_WHEN_SALIENT] = true;
  hsize_t start = 0, length = (hsize_t)set->rows + 1;
  if (set->rank == 0)
    status = hrs_dataset_write_part(set, HRS_PATH_SALIENT_OFFSET, H5T_NATIVE_UINT64, 1, &start,
                                    &length, offset);
  for (hrs_count i = 0; i < count && status == HRS_OK; i++)
    status = write_list(set, rows[i], offset[rows[i]], &lists[i]);
  HRS_GO(hrs_agree(set->comm, status));
  set->salient_written = true;
done:
  hrs_free(offset);
  hrs_free(owners);
  return status;
}
