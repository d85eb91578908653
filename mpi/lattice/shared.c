/*
 * Shared memory of the ranks of a node, as anonymous files that they open from each other.
 *
 * Not by MPI_Win_allocate_shared: Open MPI backs it with files under /dev/shm, which by default
 * holds half of the memory, and a lattice may want more. An anonymous file (memfd) is limited by
 * the memory alone and is gone with the last process that maps it.
 */
#define _GNU_SOURCE
#include "shared.h"

#include "comm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef struct segment {
  int rank; /* in the lattice's communicator */
  int pid, file;
  hrs_count bytes;
  void *memory;
} segment;

struct hrs_shared {
  int count, own; /* segments of the node, and which is this rank's */
  segment *segments;
};

static bool map(segment *s, int file) {
  if (s->bytes == 0) return true;
  void *memory =
      mmap(NULL, (size_t)s->bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, file, 0);
  s->memory = memory == MAP_FAILED ? NULL : memory;
  return s->memory != NULL;
}

/* This rank's segment: an anonymous file of the wanted size. */
static bool make_own(segment *s) {
#ifdef MFD_CLOEXEC
  s->file = memfd_create("harsanyi", MFD_CLOEXEC);
#else
  s->file = -1;
#endif
  return s->file >= 0 && ftruncate(s->file, s->bytes) == 0 && map(s, s->file);
}

static bool open_other(segment *s) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/fd/%d", s->pid, s->file);
  int file = open(path, O_RDWR | O_CLOEXEC);
  bool opened = file >= 0 && map(s, file);
  if (file >= 0) close(file);
  return opened;
}

/* Is it so on all ranks? */
static hrs_status all_agree(MPI_Comm comm, bool *good) {
  int value = *good;
  HRS_TRY(hrs_comm_reduce(comm, MPI_MIN, MPI_INT, &value, 1));
  *good = value != 0;
  return HRS_OK;
}

/* *good where every rank of the node has its own segment and reaches all others. */
static hrs_status connect(MPI_Comm node, hrs_shared *shared, hrs_count bytes, int rank,
                          bool *good) {
  segment mine = {.rank = rank, .pid = (int)getpid(), .file = -1, .bytes = bytes};
  *good = make_own(&mine);
  hrs_status status = hrs_comm_allgather(node, &mine, (int)sizeof mine, shared->segments);
  for (int i = 0; i < shared->count; i++)
    shared->segments[i].memory = i == shared->own ? mine.memory : NULL;
  if (status == HRS_OK) status = all_agree(node, good);
  for (int i = 0; status == HRS_OK && i < shared->count && *good; i++)
    *good = i == shared->own || open_other(&shared->segments[i]);
  if (status == HRS_OK) status = all_agree(node, good);
  if (mine.file >= 0) close(mine.file);
  return status;
}

hrs_status hrs_shared_create(MPI_Comm comm, hrs_count bytes, hrs_shared **out) {
  *out = NULL;
  int rank = hrs_comm_rank(comm);
  bool good = false;
  MPI_Comm node;
  HRS_TRY(hrs_comm_split_node(comm, rank, &node));
  hrs_shared *shared = NULL;
  hrs_status status = hrs_calloc(1, sizeof *shared, &shared);
  if (status == HRS_OK) {
    shared->count = hrs_comm_size(node);
    shared->own = hrs_comm_rank(node);
    status = hrs_calloc(shared->count, sizeof *shared->segments, &shared->segments);
  }
  status = hrs_agree(comm, status);
  if (status == HRS_OK && shared->count > 1) status = connect(node, shared, bytes, rank, &good);
  status = hrs_agree(comm, status);
  hrs_comm_free(&node);
  if (status == HRS_OK && good) {
    hrs_memory_note(bytes);
    *out = shared;
  } else {
    if (shared) {
      for (int i = 0; shared->segments && i < shared->count; i++)
        if (shared->segments[i].memory)
          munmap(shared->segments[i].memory, (size_t)shared->segments[i].bytes);
      hrs_free(shared->segments);
    }
    hrs_free(shared);
  }
  return status;
}

void hrs_shared_destroy(hrs_shared **shared) {
  if (!shared || !*shared) return;
  hrs_shared *s = *shared;
  for (int i = 0; i < s->count; i++)
    if (s->segments[i].memory) munmap(s->segments[i].memory, (size_t)s->segments[i].bytes);
  hrs_memory_note(-s->segments[s->own].bytes);
  hrs_free(s->segments);
  hrs_free(s);
  *shared = NULL;
}

void *hrs_shared_own(const hrs_shared *shared) {
  return shared->segments[shared->own].memory;
}

void *hrs_shared_of(const hrs_shared *shared, int rank) {
  for (int i = 0; i < shared->count; i++)
    if (shared->segments[i].rank == rank) return shared->segments[i].memory;
  return NULL;
}

/* ---- constants ------------------------------------------------------------------------------- */

/* Do all ranks have as many constants, of the same sizes? */
static hrs_status same_lists(MPI_Comm node, int count, const hrs_constant *list, hrs_count *total,
                             bool *same) {
  hrs_count sum = 0, weighted = 0;
  for (int i = 0; i < count; i++) {
    sum += list[i].bytes;
    weighted += list[i].bytes / 4096 * (i + 1);
  }
  hrs_count least[3] = {count, sum, weighted}, most[3] = {count, sum, weighted};
  *total = sum;
  HRS_TRY(hrs_comm_reduce(node, MPI_MIN, MPI_INT64_T, least, 3));
  HRS_TRY(hrs_comm_reduce(node, MPI_MAX, MPI_INT64_T, most, 3));
  *same = memcmp(least, most, sizeof least) == 0;
  return HRS_OK;
}

/* Map constants that are the same in the first rank's segment from there, in their own place. */
static hrs_status overlay(const segment *from, int file, bool first, int count,
                          const hrs_constant *list) {
  hrs_count at = 0;
  for (int i = 0; i < count; i++) {
    const char *there = (const char *)from->memory + at;
    if (memcmp(there, list[i].data, (size_t)list[i].bytes) == 0) {
      /* Private: whoever should write to it all the same gets a copy. */
      void *mapping = mmap(list[i].data, (size_t)list[i].bytes, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_FIXED, file, at);
      HRS_REQUIRE(mapping == list[i].data, MEMORY, "weights could not be mapped: %s",
                  strerror(errno));
      hrs_memory_mapped(i, !first);
    }
    at += list[i].bytes;
  }
  return HRS_OK;
}

static hrs_status share_constants(MPI_Comm node, int rank, int count, const hrs_constant *list,
                                  hrs_count total) {
  segment s = {.rank = 0, .pid = (int)getpid(), .file = -1, .bytes = total};
  bool good = rank != 0 || make_own(&s);
  hrs_count at = 0;
  for (int i = 0; rank == 0 && good && i < count; at += list[i++].bytes)
    memcpy((char *)s.memory + at, list[i].data, (size_t)list[i].bytes);
  int where[2] = {s.pid, s.file};
  hrs_status status = hrs_broadcast(node, 0, where, sizeof where);
  if (status == HRS_OK) status = all_agree(node, &good);
  if (status == HRS_OK && good && rank != 0) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd/%d", where[0], where[1]);
    s.file = open(path, O_RDWR | O_CLOEXEC);
    good = s.file >= 0 && map(&s, s.file);
  }
  if (status == HRS_OK) status = all_agree(node, &good);
  if (status == HRS_OK && good) status = overlay(&s, s.file, rank == 0, count, list);
  if (s.memory) munmap(s.memory, (size_t)total);
  if (s.file >= 0) close(s.file);
  return status;
}

hrs_status hrs_shared_constants(MPI_Comm comm) {
  const hrs_count least = (hrs_count)4 << 20;
  MPI_Comm node;
  HRS_TRY(hrs_comm_split_node(comm, 0, &node));
  hrs_constant *list;
  hrs_count total = 0;
  bool same = false;
  int count = hrs_memory_constants(&list);
  hrs_status status = HRS_OK;
  if (hrs_comm_size(node) > 1) status = same_lists(node, count, list, &total, &same);
  if (status == HRS_OK && same && total >= least)
    status = share_constants(node, hrs_comm_rank(node), count, list, total);
  hrs_comm_free(&node);
  return hrs_agree(comm, status);
}
