/* The distributed lattice: storage, rows, single elements, checksum. */
#include "lattice.h"

#include "comm.h"
#include "counters.h"
#include "schedule.h"
#include "src/base/random.h"

#include <string.h>

/* Data in memory that the node shares, where that is wanted and to be had. */
static hrs_status allocate(hrs_lattice *lattice, hrs_count bytes, hrs_sharing sharing) {
  if (sharing == HRS_SHARE_AUTO) HRS_TRY(hrs_shared_create(lattice->comm, bytes, &lattice->shared));
  if (!lattice->shared) return hrs_alloc(bytes, 1, &lattice->data);
  lattice->data = hrs_shared_own(lattice->shared);
  return HRS_OK;
}

static hrs_status set_up(hrs_lattice *lattice, hrs_count chunk, hrs_sharing sharing) {
  hrs_count element = (hrs_count)hrs_dtype_size(lattice->type);
  hrs_count bytes = lattice->count * hrs_lattice_row_size(lattice) * element;
  lattice->chunk = hrs_schedule_chunk(&lattice->part, lattice->type, chunk);
  /* The smallest chunk of all ranks is everybody's, so that sender and receiver agree. */
  HRS_TRY(hrs_comm_reduce(lattice->comm, MPI_MIN, MPI_INT64_T, &lattice->chunk, 1));
  HRS_TRY(hrs_agree(lattice->comm, hrs_alloc(2 * lattice->chunk, 1, &lattice->scratch)));
  return hrs_agree(lattice->comm, allocate(lattice, bytes, sharing));
}

hrs_status hrs_lattice_create(MPI_Comm comm, const hrs_partition *part, hrs_dtype type,
                              hrs_count chunk, hrs_sharing sharing, hrs_lattice **out) {
  *out = NULL;
  HRS_REQUIRE(type == HRS_F64 || type == HRS_F32, USAGE,
              "a lattice is stored in float64 or float32, not %s", hrs_dtype_name(type));
  HRS_REQUIRE(chunk >= 0 && chunk <= HRS_LARGEST_CHUNK, USAGE,
              "chunk of %lld bytes: it must be at most 1 GiB", (long long)chunk);
  hrs_lattice *lattice = NULL;
  hrs_status status = hrs_simd_check(); /* before hours of evaluation, not after */
  if (status == HRS_OK) status = hrs_calloc(1, sizeof *lattice, &lattice);
  status = hrs_agree(comm, status);
  if (status != HRS_OK) {
    hrs_free(lattice);
    return status;
  }
  lattice->comm = comm;
  lattice->part = *part;
  lattice->rank = hrs_comm_rank(comm);
  lattice->type = type;
  lattice->first = hrs_partition_first(part, lattice->rank);
  lattice->count = hrs_partition_first(part, lattice->rank + 1) - lattice->first;
  status = set_up(lattice, chunk, sharing);
  if (status != HRS_OK) hrs_lattice_destroy(&lattice);
  *out = lattice;
  return status;
}

void hrs_lattice_destroy(hrs_lattice **lattice) {
  if (!lattice || !*lattice) return;
  if (!(*lattice)->shared) hrs_free((*lattice)->data);
  hrs_shared_destroy(&(*lattice)->shared);
  hrs_free((*lattice)->scratch);
  hrs_free(*lattice);
  *lattice = NULL;
}

const hrs_partition *hrs_lattice_partition(const hrs_lattice *lattice) {
  return &lattice->part;
}

MPI_Comm hrs_lattice_comm(const hrs_lattice *lattice) {
  return lattice->comm;
}

hrs_dtype hrs_lattice_type(const hrs_lattice *lattice) {
  return lattice->type;
}

hrs_phase hrs_lattice_phase(const hrs_lattice *lattice) {
  return lattice->phase;
}

void hrs_lattice_reset(hrs_lattice *lattice) {
  lattice->phase = HRS_PHASE_A;
}

hrs_status hrs_lattice_copy(const hrs_lattice *from, hrs_lattice *to) {
  HRS_ASSERT(from->type == to->type && from->count == to->count &&
             hrs_lattice_row_size(from) == hrs_lattice_row_size(to));
  hrs_count bytes =
      from->count * hrs_lattice_row_size(from) * (hrs_count)hrs_dtype_size(from->type);
  memcpy(to->data, from->data, (size_t)bytes);
  hrs_count_passed(2 * bytes);
  to->phase = from->phase;
  return HRS_OK;
}

hrs_count hrs_lattice_first_row(const hrs_lattice *lattice) {
  return lattice->first;
}

hrs_count hrs_lattice_row_count(const hrs_lattice *lattice) {
  return lattice->count;
}

hrs_count hrs_lattice_row_size(const hrs_lattice *lattice) {
  return (hrs_count)1 << (lattice->part.n - lattice->part.block_bits);
}

void *hrs_lattice_row(const hrs_lattice *lattice, hrs_count row) {
  hrs_count bytes = hrs_lattice_row_size(lattice) * (hrs_count)hrs_dtype_size(lattice->type);
  return lattice->data + (row - lattice->first) * bytes;
}

hrs_subcube hrs_lattice_row_cube(const hrs_lattice *lattice, hrs_count row) {
  return hrs_partition_row_cube(&lattice->part, lattice->phase, row);
}

void *hrs_lattice_scratch(const hrs_lattice *lattice, hrs_count *bytes) {
  *bytes = 2 * lattice->chunk;
  return lattice->scratch;
}

/* Row and element of a mask in the present phase. */
static void locate(const hrs_lattice *lattice, hrs_mask mask, hrs_count *row, hrs_count *element) {
  int n = lattice->part.n, v = lattice->part.block_bits, tile_bits = n - 2 * v;
  hrs_count h = (hrs_count)(mask >> (n - v));
  hrs_count q = (hrs_count)(mask >> tile_bits & hrs_mask_full(v));
  hrs_count low = (hrs_count)(mask & hrs_mask_full(tile_bits));
  bool a = lattice->phase == HRS_PHASE_A;
  *row = a ? q : h;
  *element = (a ? h : q) << tile_bits | low;
}

hrs_status hrs_lattice_get(const hrs_lattice *lattice, hrs_mask mask, double *out) {
  hrs_count row, element;
  locate(lattice, mask, &row, &element);
  int owner = hrs_partition_owner(&lattice->part, row);
  if (owner == lattice->rank) {
    const void *data = hrs_lattice_row(lattice, row);
    *out = lattice->type == HRS_F64 ? ((const double *)data)[element]
                                    : (double)((const float *)data)[element];
  }
  return hrs_broadcast(lattice->comm, owner, out, sizeof *out);
}

void hrs_lattice_set(hrs_lattice *lattice, hrs_mask mask, double value) {
  hrs_count row, element;
  locate(lattice, mask, &row, &element);
  if (row < lattice->first || row >= lattice->first + lattice->count) return;
  void *data = hrs_lattice_row(lattice, row);
  if (lattice->type == HRS_F64)
    ((double *)data)[element] = value;
  else
    ((float *)data)[element] = (float)value;
}

hrs_status hrs_lattice_checksum(const hrs_lattice *lattice, uint64_t *out) {
  uint64_t sum = 0;
  size_t size = hrs_dtype_size(lattice->type);
  for (hrs_count row = lattice->first; row < lattice->first + lattice->count; row++) {
    hrs_subcube cube = hrs_lattice_row_cube(lattice, row);
    const char *data = hrs_lattice_row(lattice, row);
    hrs_mask mask = cube.fixed;
    for (hrs_count i = 0; i < hrs_lattice_row_size(lattice); i++) {
      uint64_t bits = 0;
      memcpy(&bits, data + (size_t)i * size, size);
      sum += hrs_mix64(bits ^ hrs_mix64(mask + 0x9e3779b97f4a7c15u));
      mask = hrs_subcube_next(cube, mask);
    }
    hrs_count_passed(hrs_lattice_row_bytes(lattice));
  }
  *out = sum;
  return hrs_comm_reduce(lattice->comm, MPI_SUM, MPI_UINT64_T, out, 1);
}
