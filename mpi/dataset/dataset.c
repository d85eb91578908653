/*
 * The data set's life: its place on disk, creation, completion, removal.
 *
 * Idea: names, shapes and attributes are the business of one process, values that of all. Rank 0
 * builds the file with every array in it by serial HDF5 and has the file system set its space
 * aside; then all ranks open it and write values alone, which changes nothing of HDF5's own data.
 * So the file can be opened whatever happens to the run, errors of building it are those of one
 * process (in parallel HDF5 a rank that fails leaves the others waiting inside it), and a disk too
 * small is found before the first evaluation.
 */
#include "dataset.h"

#include "checkpoint.h"
#include "h5.h"
#include "mpi/lattice/comm.h"
#include "rebuild.h"

#include <harsanyi/mpi.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

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

/* ---- the file's place ----------------------------------------------------------------------- */

static const char *size_text(double bytes, char text[32]) {
  bool large = bytes >= 0x1p30;
  snprintf(text, 32, "%.1f %s", bytes / (large ? 0x1p30 : 0x1p20), large ? "GiB" : "MiB");
  return text;
}

/* Has the disk room for the data? By rank 0. */
static hrs_status check_room(const hrs_kind *kind, const char *path, const char *part,
                             hrs_count bytes) {
  struct statvfs disk;
  char needed[32], room[32];
  if (statvfs(part, &disk) != 0 || disk.f_blocks == 0) return HRS_OK;
  double free = (double)disk.f_bavail * (double)disk.f_frsize;
  HRS_REQUIRE(free >= (double)bytes, IO,
              "--out %s: the data set needs %s and the disk has %s free; choose another folder%s%s",
              path, size_text((double)bytes, needed), size_text(free, room),
              kind->smaller ? " or " : "", kind->smaller ? kind->smaller : "");
  return HRS_OK;
}

/* Make PATH.part this run's own. By rank 0. */
static hrs_status prepare_place(hrs_dataset *set, const char *path, bool force, bool resume) {
  HRS_TRY(hrs_claim_take(path, force, resume, &set->begins, &set->claim));
  if (set->begins == HRS_CLAIM_DONE) return HRS_OK;
  snprintf(set->part, sizeof set->part, "%s", hrs_claim_part(set->claim));
  snprintf(set->folder, sizeof set->folder, "%s", hrs_claim_folder(set->claim));
  if (set->begins == HRS_CLAIM_RESUMED) return HRS_OK; /* which has its space */
  return check_room(set->contents->kind, path, set->part, hrs_contents_bytes(set->contents));
}

/* ---- life ----------------------------------------------------------------------------------- */

static hrs_status make_handle(MPI_Comm comm, hrs_contents *contents, hrs_dataset **out) {
  hrs_dataset *set;
  *out = NULL;
  HRS_TRY(hrs_calloc(1, sizeof *set, &set));
  set->comm = comm;
  set->rank = hrs_comm_rank(comm);
  set->contents = contents;
  set->file = H5I_INVALID_HID;
  hrs_status status = hrs_alloc(contents->arrays, sizeof *set->array, &set->array);
  if (status != HRS_OK) {
    hrs_free(set);
    return status;
  }
  set->extended = true;
  for (int i = 0; i < contents->arrays; i++) {
    set->array[i] = H5I_INVALID_HID;
    if (contents->array[i].object->when & HRS_WHEN_LATER) set->extended = false;
  }
  *out = set;
  return HRS_OK;
}

static void free_handle(hrs_dataset **set) {
  if (!*set) return;
  hrs_claim_release(&(*set)->claim);
  hrs_contents_destroy(&(*set)->contents);
  hrs_free((*set)->array);
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
  for (int i = 0; i < set->contents->arrays; i++) {
    closed = hrs_h5_close(set->array[i]) && closed;
    set->array[i] = H5I_INVALID_HID;
  }
  closed = hrs_h5_close(set->file) && closed;
  set->file = H5I_INVALID_HID;
  return closed;
}

/* Close the file on all ranks, let rank 0 work on it, open it again on all ranks. Collective. */
static hrs_status serially(hrs_dataset *set, hrs_status (*work)(hrs_dataset *, const void *),
                           const void *context, bool reopen) {
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

const char *hrs_dataset_replaced(const hrs_dataset *set) {
  return set->claim ? hrs_claim_replaced(set->claim) : NULL;
}

static hrs_status build(hrs_dataset *set, const void *context) {
  (void)context;
  char scratch[HRS_CHECKPOINT_PATH];
  if (set->begins == HRS_CLAIM_NEW) return hrs_dataset_build(set->part, set->contents);
  hrs_checkpoint_file(set->folder, scratch, "structure");
  return hrs_dataset_rebuild(set->part, scratch, set->contents);
}

/* What rank 0 has found, on all ranks. */
static hrs_status share_place(hrs_dataset *set) {
  int begins = (int)set->begins;
  HRS_TRY(hrs_broadcast(set->comm, 0, &begins, sizeof begins));
  set->begins = (hrs_claim_begins)begins;
  HRS_TRY(hrs_broadcast(set->comm, 0, set->part, sizeof set->part));
  return hrs_broadcast(set->comm, 0, set->folder, sizeof set->folder);
}

hrs_status hrs_dataset_take(MPI_Comm comm, const char *path, bool force, bool resume,
                            hrs_contents **contents, hrs_dataset **out) {
  hrs_dataset *set = NULL;
  *out = NULL;
  hrs_h5_quiet();
  hrs_status status = hrs_agree(comm, make_handle(comm, *contents, &set));
  if (status != HRS_OK && set) set->contents = NULL; /* still the caller's */
  if (status == HRS_OK) *contents = NULL;
  if (status == HRS_OK && set->rank == 0) status = prepare_place(set, path, force, resume);
  status = hrs_agree(comm, status);
  if (status == HRS_OK) status = share_place(set);
  if (status != HRS_OK || set->begins == HRS_CLAIM_DONE) free_handle(&set);
  *out = set;
  return status;
}

hrs_status hrs_dataset_begin(hrs_dataset **set) {
  hrs_status status = serially(*set, build, NULL, true);
  if (status != HRS_OK) hrs_dataset_abort(set);
  return status;
}

hrs_status hrs_dataset_create(MPI_Comm comm, const char *path, bool force, hrs_contents **contents,
                              hrs_dataset **out) {
  HRS_TRY(hrs_dataset_take(comm, path, force, false, contents, out));
  return hrs_dataset_begin(out);
}

void hrs_dataset_keep(hrs_dataset *set) {
  if (set->claim) hrs_claim_keep(set->claim);
}

hrs_status hrs_dataset_sync(const hrs_dataset *set) {
  int file = open(set->part, O_RDWR | O_CLOEXEC);
  int error = file < 0 || fsync(file) != 0 ? errno : 0;
  if (file >= 0) close(file);
  HRS_REQUIRE(error == 0, IO, "%s: %s", set->part, strerror(error));
  return HRS_OK;
}

static hrs_status build_later(hrs_dataset *set, const void *context) {
  (void)context;
  return hrs_dataset_build_later(set->part, set->contents);
}

hrs_status hrs_dataset_extend(hrs_dataset *set, int axis, hrs_count length) {
  hrs_contents_set_length(set->contents, axis, length);
  HRS_TRY(serially(set, build_later, NULL, true));
  set->extended = true;
  return HRS_OK;
}

typedef struct run_record {
  int attributes;
  const hrs_run_attribute *run;
} run_record;

static hrs_status seal(hrs_dataset *set, const void *context) {
  const run_record *record = context;
  HRS_REQUIRE(set->extended, INTERNAL, "%s is finished without all of its arrays", set->part);
  HRS_TRY(hrs_dataset_seal(set->part, record->attributes, record->run));
  return hrs_claim_fill(set->claim);
}

hrs_status hrs_dataset_finish(hrs_dataset **handle, int attributes, const hrs_run_attribute *run) {
  run_record record = {attributes, run};
  hrs_status status = serially(*handle, seal, &record, false);
  if (status != HRS_OK)
    hrs_dataset_abort(handle);
  else
    free_handle(handle);
  return status;
}

void hrs_dataset_abort(hrs_dataset **handle) {
  if (!handle || !*handle) return;
  close_parallel(*handle);
  free_handle(handle);
}
