/*
 * Accounted memory. Each block carries its size in a header of one cache line in front of the
 * aligned data, so that frees can be subtracted and a leak or a peak seen without outside tools.
 *
 * Blocks with constants (weights) say so in the header, and stand in a list. Whoever shares them
 * among processes maps other memory in their place, at the same address; before the block is freed
 * it gets memory of its own back, since the allocator will use it again.
 */
#include "fault.h"
#include "memory_room.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ALIGNMENT = 64, HUGE_PAGE = 2 << 20 };

/* What stands in front of a block's data. */
typedef struct header {
  hrs_count bytes;
  bool constant; /* it is in the list */
} header;

static _Atomic hrs_count current, peak;

static void account(hrs_count bytes) {
  hrs_count now = atomic_fetch_add(&current, bytes) + bytes;
  hrs_count top = atomic_load(&peak);
  while (now > top && !atomic_compare_exchange_weak(&peak, &top, now)) {
  }
}

static header header_of(const void *pointer) {
  header own;
  memcpy(&own, (const char *)pointer - ALIGNMENT, sizeof own);
  return own;
}

static hrs_count block_size(const void *pointer) {
  return header_of(pointer).bytes;
}

/* Linux gives out more than it has, and kills whoever touches it. */
static hrs_status check_room(hrs_count bytes) {
  static const hrs_count LARGE = (hrs_count)64 << 20;
  if (bytes < LARGE) return HRS_OK;
  hrs_memory_room room;
  hrs_memory_room_find("", &room);
  hrs_count left = hrs_count_add(room.node, room.swap);
  bool own = room.process < left;
  if (own) left = room.process;
  HRS_REQUIRE(bytes <= left, MEMORY,
              "no memory for %lld bytes (%.1f GiB): %.1f GiB are left by the limit, %s",
              (long long)bytes, (double)bytes / 0x1p30, (double)left / 0x1p30,
              own ? room.ulimit : room.limit);
  return HRS_OK;
}

hrs_status hrs_alloc(hrs_count count, size_t size, void *out) {
  void *result = NULL;
  memcpy(out, &result, sizeof result);
  hrs_count bytes;
  HRS_TRY(hrs_multiply(count, (hrs_count)size, "memory", &bytes));
  HRS_REQUIRE(bytes <= INT64_MAX - 2 * HUGE_PAGE, TOO_LARGE, "%lld bytes of memory wanted",
              (long long)bytes);
  HRS_TRY(check_room(bytes));
  size_t whole = ((size_t)bytes + 2 * ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  void *block = hrs_fault_strikes(HRS_FAULT_ALLOC) ? NULL : aligned_alloc(ALIGNMENT, whole);
  HRS_REQUIRE(block, MEMORY, "no memory for %lld bytes (%.1f GiB); %.1f GiB are in use",
              (long long)bytes, (double)bytes / 0x1p30, (double)hrs_memory_current() / 0x1p30);
  /* Sweeps over a lattice stride through memory: large pages save most of the TLB misses. */
  if (bytes >= 4 * HUGE_PAGE) {
    uintptr_t start = ((uintptr_t)block + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    uintptr_t end = ((uintptr_t)block + whole) / HUGE_PAGE * HUGE_PAGE;
    madvise((void *)start, end - start, MADV_HUGEPAGE);
  }
  header own = {.bytes = bytes};
  memcpy(block, &own, sizeof own);
  account(bytes);
  result = (char *)block + ALIGNMENT;
  memcpy(out, &result, sizeof result);
  return HRS_OK;
}

hrs_status hrs_calloc(hrs_count count, size_t size, void *out) {
  HRS_TRY(hrs_alloc(count, size, out));
  void *pointer;
  memcpy(&pointer, out, sizeof pointer);
  memset(pointer, 0, (size_t)count * size);
  return HRS_OK;
}

hrs_status hrs_realloc(void *pointer, hrs_count count, size_t size) {
  void *old, *fresh;
  memcpy(&old, pointer, sizeof old);
  HRS_TRY(hrs_alloc(count, size, &fresh));
  if (old) {
    hrs_count keep = block_size(old), bytes = block_size(fresh);
    memcpy(fresh, old, (size_t)(keep < bytes ? keep : bytes));
    hrs_free(old);
  }
  memcpy(pointer, &fresh, sizeof fresh);
  return HRS_OK;
}

hrs_status hrs_strndup(const char *text, size_t length, char **out) {
  HRS_TRY(hrs_alloc((hrs_count)length + 1, 1, out));
  if (length) memcpy(*out, text, length);
  (*out)[length] = '\0';
  return HRS_OK;
}

hrs_status hrs_strdup(const char *text, char **out) {
  return hrs_strndup(text, strlen(text), out);
}

/* ---- constants ---- */

static hrs_constant *constants;
static bool *mapped; /* by other memory */
static int n_constants, room;

void hrs_memory_constant(void *block, const void *data, hrs_count bytes) {
  const uintptr_t least = 1 << 20, page = (uintptr_t)sysconf(_SC_PAGESIZE);
  uintptr_t start = ((uintptr_t)data + page - 1) / page * page;
  uintptr_t end = ((uintptr_t)data + (uintptr_t)bytes) / page * page;
  if (end < start + least || header_of(block).constant) return;
  if (n_constants == room) {
    /* Not of hrs_alloc: it is this file's own. Without it nothing is shared. */
    int more = room ? 2 * room : 64;
    hrs_constant *list = realloc(constants, (size_t)more * sizeof *list);
    if (!list) return;
    constants = list;
    bool *flags = realloc(mapped, (size_t)more * sizeof *flags);
    if (!flags) return;
    mapped = flags;
    room = more;
  }
  mapped[n_constants] = false;
  constants[n_constants++] = (hrs_constant){block, (char *)block + (start - (uintptr_t)block),
                                            (hrs_count)(end - start), false};
  header own = header_of(block);
  own.constant = true;
  memcpy((char *)block - ALIGNMENT, &own, sizeof own);
}

int hrs_memory_constants(hrs_constant **list) {
  *list = constants;
  return n_constants;
}

void hrs_memory_mapped(int index, bool elsewhere) {
  mapped[index] = true;
  constants[index].elsewhere = elsewhere;
  if (elsewhere) account(-constants[index].bytes);
}

/* Memory of its own again, whose contents nobody will read. */
static void take_back(void *block) {
  int at = 0;
  while (constants[at].block != block)
    at++;
  hrs_constant own = constants[at];
  if (mapped[at])
    mmap(own.data, (size_t)own.bytes, PROT_READ | PROT_WRITE,
         MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  if (own.elsewhere) account(own.bytes);
  n_constants--;
  memmove(constants + at, constants + at + 1, (size_t)(n_constants - at) * sizeof *constants);
  memmove(mapped + at, mapped + at + 1, (size_t)(n_constants - at) * sizeof *mapped);
  if (n_constants == 0) {
    free(constants);
    free(mapped);
    constants = NULL;
    mapped = NULL;
    room = 0;
  }
}

void hrs_free(void *pointer) {
  if (!pointer) return;
  if (header_of(pointer).constant) take_back(pointer);
  account(-block_size(pointer));
  free((char *)pointer - ALIGNMENT);
}

hrs_count hrs_memory_current(void) {
  return atomic_load(&current);
}

hrs_count hrs_memory_peak(void) {
  return atomic_load(&peak);
}

void hrs_memory_reset_peak(void) {
  atomic_store(&peak, atomic_load(&current));
}

void hrs_memory_note(hrs_count bytes) {
  account(bytes);
}
