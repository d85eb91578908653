/*
 * The data set's life: sizes, its place on disk, creation, completion, removal.
 *
 * Idea: names, shapes and attributes are the business of one process, values that of all. Rank 0
 * builds the file with every object in it by serial HDF5 and has the file system set its space
 * aside; then all ranks open it and write values alone, which changes nothing of HDF5's own data.
 * So the file can be opened whatever happens to the run, errors of building it are those of one
 * process (in parallel HDF5 a rank that fails leaves the others waiting inside it), and a disk too
 * small is found before the first evaluation.
 */
#include "dataset.h"

#include "mpi/lattice/comm.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

const hrs_dataset_object hrs_dataset_objects[] = {
#define ROW(name, path, type, axis, axis2, when)                                                   \
  {path, HRS_##type, {HRS_AXIS_##axis, HRS_AXIS_##axis2}, HRS_WHEN_##when},
    HRS_DATASET_OBJECTS(ROW)
#undef ROW
};

const char *hrs_dataset_axis_text(hrs_dataset_axis axis) {
  static const char *const text[] = {
#define ROW(name, text) text,
      HRS_DATASET_AXES(ROW)
#undef ROW
  };
  return text[axis];
}

/* ---- shapes --------------------------------------------------------------------------------- */

void hrs_dataset_present(const hrs_dataset_spec *spec, bool *present) {
  const bool all[HRS_WHEN_LIMIT] = {
      [HRS_WHEN_ALWAYS] = true,
      [HRS_WHEN_AND] = spec->types[0],
      [HRS_WHEN_OR] = spec->types[1],
      [HRS_WHEN_FIT] = spec->fit,
      [HRS_WHEN_NETWORKS] = spec->networks > 1,
      [HRS_WHEN_KEEP_AND] = spec->types[0] && spec->keep_all,
      [HRS_WHEN_KEEP_OR] = spec->types[1] && spec->keep_all,
      [HRS_WHEN_VALUES] = spec->values,
      [HRS_WHEN_SV] = spec->indices[0],
      [HRS_WHEN_BV] = spec->indices[1],
      [HRS_WHEN_PLAYER_NAMES] = spec->player_names != NULL,
      [HRS_WHEN_ROW_NAMES] = spec->row_player_names != NULL,
      [HRS_WHEN_CLASS_NAMES] = spec->class_names != NULL && spec->classes > 0,
      [HRS_WHEN_MAP] = spec->map != NULL,
      [HRS_WHEN_BASELINE] = spec->baseline != NULL,
  };
  memcpy(present, all, sizeof all);
  for (int index = 0; index < HRS_INDEX_LIMIT; index++)
    present[HRS_WHEN_SII + index] = spec->orders[index] > 0;
}

/* HDF5 has no name for the half-precision types, nor NumPy for bfloat16. */
hrs_dtype hrs_dataset_stored_type(hrs_dtype type) {
  return type == HRS_F16 || type == HRS_BF16 ? HRS_F32 : type == HRS_BOOL ? HRS_U8 : type;
}

hrs_dataset_shape hrs_dataset_shape_of(const hrs_dataset_spec *spec, hrs_dataset_path path) {
  const hrs_dataset_object *object = &hrs_dataset_objects[path];
  hrs_dataset_shape shape = {.type = object->type};
  const hrs_array *array = path == HRS_PATH_MAP        ? spec->map
                           : path == HRS_PATH_BASELINE ? spec->baseline
                                                       : NULL;
  if (array) {
    shape.type = hrs_dataset_stored_type(array->type);
    shape.rank = array->rank;
    for (int i = 0; i < array->rank; i++)
      shape.dim[i] = (hsize_t)array->dim[i];
    return shape;
  }
  if (path == HRS_PATH_PLAYER_NAME) shape.strings = spec->player_names;
  if (path == HRS_PATH_ROW_NAME) shape.strings = spec->row_player_names;
  if (path == HRS_PATH_CLASS_NAME) shape.strings = spec->class_names;
  if (object->type == HRS_NONE && !shape.strings) shape.type = spec->precision;
  hsize_t length[HRS_AXIS_LIMIT] = {
      [HRS_AXIS_ROW] = (hsize_t)spec->rows,
      [HRS_AXIS_PLAYER] = (hsize_t)spec->n,
      [HRS_AXIS_ORDER] = (hsize_t)spec->n + 1,
      [HRS_AXIS_MASK] = (hsize_t)1 << spec->n,
      [HRS_AXIS_CLASS] = (hsize_t)spec->classes,
      [HRS_AXIS_POINT] = (hsize_t)hrs_curve_points(spec->n),
      [HRS_AXIS_SHARED_POINT] = (hsize_t)hrs_curve_points(spec->n),
  };
  for (int index = 0; index < HRS_INDEX_LIMIT; index++)
    length[hrs_dataset_index_axis((hrs_index)index)] =
        (hsize_t)hrs_set_count(spec->n, spec->orders[index]);
  for (int i = 0; i < 2 && object->axis[i] != HRS_AXIS_NONE; i++)
    shape.dim[shape.rank++] = length[object->axis[i]];
  return shape;
}

static hrs_count shape_count(const hrs_dataset_shape *shape) {
  hrs_count count = 1;
  for (int i = 0; i < shape->rank; i++)
    count = hrs_count_multiply(count, (hrs_count)shape->dim[i]);
  return count;
}

/* A string has a reference to its place, a header there, and its text in whole eights. */
static hrs_count shape_bytes(const hrs_dataset_shape *shape) {
  hrs_count count = shape_count(shape), bytes = 0;
  if (!shape->strings) return hrs_count_multiply(count, (hrs_count)hrs_dtype_size(shape->type));
  for (hrs_count i = 0; i < count; i++)
    bytes += 16 + 16 + (hrs_count)(strlen(shape->strings[i]) + 8) / 8 * 8;
  return bytes;
}

hrs_count hrs_dataset_bytes(const hrs_dataset_spec *spec) {
  bool present[HRS_WHEN_LIMIT];
  hrs_dataset_present(spec, present);
  hrs_count bytes = 64 << 10; /* names, shapes, attributes */
  for (int i = 0; i < spec->game_attributes; i++)
    bytes += spec->game[i].text ? 64 + 2 * (hrs_count)strlen(spec->game[i].text) : 64;
  for (int i = 0; i < HRS_PATH_LIMIT; i++) {
    if (!present[hrs_dataset_objects[i].when]) continue;
    hrs_dataset_shape shape = hrs_dataset_shape_of(spec, (hrs_dataset_path)i);
    bytes = hrs_count_add(bytes, shape_bytes(&shape));
  }
  return bytes;
}

/* ---- the file's place ----------------------------------------------------------------------- */

static const char *size_text(double bytes, char text[32]) {
  bool large = bytes >= 0x1p30;
  snprintf(text, 32, "%.1f %s", bytes / (large ? 0x1p30 : 0x1p20), large ? "GiB" : "MiB");
  return text;
}

/* Has the disk room for the data? By rank 0. */
static hrs_status check_room(const char *path, const char *part, hrs_count bytes) {
  struct statvfs disk;
  char needed[32], room[32];
  if (statvfs(part, &disk) != 0 || disk.f_blocks == 0) return HRS_OK;
  double free = (double)disk.f_bavail * (double)disk.f_frsize;
  HRS_REQUIRE(free >= (double)bytes, IO,
              "--out %s: the data set needs %s and the disk has %s free; choose another folder or "
              "keep less (--keep salient, without --values)",
              path, size_text((double)bytes, needed), size_text(free, room));
  return HRS_OK;
}

/* Make PATH.part this run's own. By rank 0. */
static hrs_status prepare_place(hrs_dataset *set, const char *path, bool force, hrs_count bytes) {
  HRS_TRY(hrs_claim_take(path, force, &set->claim));
  snprintf(set->part, sizeof set->part, "%s", hrs_claim_part(set->claim));
  return check_room(path, set->part, bytes);
}

/* ---- life ----------------------------------------------------------------------------------- */

static hrs_status check_spec(const hrs_dataset_spec *spec) {
  HRS_ASSERT(spec->n >= 0 && spec->n <= HRS_MAX_PLAYERS);
  HRS_ASSERT(spec->rows > 0 && spec->samples > 0);
  HRS_ASSERT(spec->precision == HRS_F64 || spec->precision == HRS_F32);
  HRS_ASSERT(spec->types[0] || spec->types[1]);
  return HRS_OK;
}

static hrs_status make_handle(MPI_Comm comm, const hrs_dataset_spec *spec, hrs_dataset **out) {
  hrs_dataset *set;
  HRS_TRY(hrs_calloc(1, sizeof *set, out));
  set = *out;
  set->comm = comm;
  set->rank = hrs_comm_rank(comm);
  set->n = spec->n;
  set->rows = spec->rows;
  set->precision = spec->precision;
  memcpy(set->orders, spec->orders, sizeof set->orders);
  set->file = H5I_INVALID_HID;
  for (int i = 0; i < HRS_PATH_LIMIT; i++)
    set->array[i] = H5I_INVALID_HID;
  HRS_TRY(check_spec(spec));
  hrs_dataset_present(spec, set->present);
  return HRS_OK;
}

static void free_handle(hrs_dataset **set) {
  if (!*set) return;
  hrs_claim_release(&(*set)->claim);
  hrs_free(*set);
  *set = NULL;
}

static hrs_status open_failed(const hrs_dataset *set) {
  return hrs_h5_error(HRS_STATUS_IO, __FILE__, __LINE__,
                      "%s cannot be opened by all ranks (is it on a file system that they share?)",
                      set->part);
}

/* Opening is collective inside HDF5, and so is naming the communicator, which is duplicated: all
 * ranks come to either, or none. */
static hrs_status open_parallel(hrs_dataset *set) {
  hrs_status status = HRS_OK;
  hid_t access = H5I_INVALID_HID;
  HRS_H5_GO(access, H5Pcreate(H5P_FILE_ACCESS), IO, "%s cannot be opened", set->part);
done:
  status = hrs_agree(set->comm, status);
  if (status == HRS_OK) {
    bool named = H5Pset_fapl_mpio(access, set->comm, MPI_INFO_NULL) >= 0;
    if (!named || hrs_fault_strikes(HRS_FAULT_HDF5)) status = open_failed(set);
    status = hrs_agree(set->comm, status);
  }
  if (status == HRS_OK) {
    set->file = H5Fopen(set->part, H5F_ACC_RDWR, access);
    if (set->file < 0 || hrs_fault_strikes(HRS_FAULT_HDF5)) status = open_failed(set);
    status = hrs_agree(set->comm, status);
  }
  hrs_h5_close(access);
  return status;
}

/* False where HDF5 could not. */
static bool close_parallel(hrs_dataset *set) {
  bool closed = true;
  for (int i = 0; i < HRS_PATH_LIMIT; i++) {
    closed = hrs_h5_close(set->array[i]) && closed;
    set->array[i] = H5I_INVALID_HID;
  }
  closed = hrs_h5_close(set->file) && closed;
  set->file = H5I_INVALID_HID;
  return closed;
}

hrs_status hrs_dataset_serially(hrs_dataset *set, hrs_status (*work)(hrs_dataset *, void *),
                                void *context, bool reopen) {
  hrs_status status = HRS_OK;
  HRS_TRY(hrs_agree(set->comm, HRS_OK)); /* closing is collective inside HDF5 */
  bool closed = close_parallel(set);
  if (!closed) status = hrs_dataset_write_failed(set, "the file");
  HRS_TRY(hrs_agree(set->comm, status));
  if (set->rank == 0) {
    status = hrs_claim_check(set->claim);
    if (status == HRS_OK) status = work(set, context);
  }
  HRS_TRY(hrs_agree(set->comm, status));
  return reopen ? open_parallel(set) : HRS_OK;
}

static hrs_status build(hrs_dataset *set, void *context) {
  return hrs_dataset_build(set->part, context);
}

hrs_status hrs_dataset_create(MPI_Comm comm, const char *path, bool force,
                              const hrs_dataset_spec *spec, hrs_dataset **out) {
  hrs_dataset *set = NULL;
  *out = NULL;
  hrs_h5_quiet();
  hrs_status status = hrs_agree(comm, make_handle(comm, spec, &set));
  if (status == HRS_OK && set->rank == 0)
    status = prepare_place(set, path, force, hrs_dataset_bytes(spec));
  status = hrs_agree(comm, status);
  if (status == HRS_OK) status = hrs_broadcast(comm, 0, set->part, sizeof set->part);
  if (status != HRS_OK) {
    free_handle(&set);
    return status;
  }
  hrs_dataset_spec copy = *spec;
  status = hrs_dataset_serially(set, build, &copy, true);
  if (status != HRS_OK) {
    hrs_dataset_abort(&set);
    return status;
  }
  *out = set;
  return HRS_OK;
}

typedef struct run_record {
  int attributes;
  const hrs_run_attribute *run;
} run_record;

static hrs_status seal(hrs_dataset *set, void *context) {
  const run_record *record = context;
  HRS_REQUIRE(set->salient_written, INTERNAL, "%s is finished without its salient list", set->part);
  HRS_TRY(hrs_dataset_seal(set->part, record->attributes, record->run));
  return hrs_claim_fill(set->claim);
}

hrs_status hrs_dataset_finish(hrs_dataset **handle, int attributes, const hrs_run_attribute *run) {
  run_record record = {attributes, run};
  hrs_status status = hrs_dataset_serially(*handle, seal, &record, false);
  if (status != HRS_OK)
    hrs_dataset_abort(handle);
  else
    free_handle(handle);
  return status;
}

void hrs_dataset_abort(hrs_dataset **handle) {
  if (!handle || !*handle) return;
  hrs_dataset *set = *handle;
  close_parallel(set);
  free_handle(handle);
}
