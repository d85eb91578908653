/*
 * Accounted memory. Each block carries its size in a header of one cache line in front of the
 * aligned data, so that frees can be subtracted and a leak or a peak seen without outside tools.
 */
#include <harsanyi/base.h>

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ALIGNMENT = 64, HUGE_PAGE = 2 << 20 };

static _Atomic hrs_count current, peak;

static void account(hrs_count bytes) {
  hrs_count now = atomic_fetch_add(&current, bytes) + bytes;
  hrs_count top = atomic_load(&peak);
  while (now > top && !atomic_compare_exchange_weak(&peak, &top, now)) {
  }
}

static hrs_count block_size(const void *pointer) {
  hrs_count size;
  memcpy(&size, (const char *)pointer - ALIGNMENT, sizeof size);
  return size;
}

hrs_status hrs_alloc(hrs_count count, size_t size, void *out) {
  void *result = NULL;
  memcpy(out, &result, sizeof result);
  hrs_count bytes;
  HRS_TRY(hrs_multiply(count, (hrs_count)size, "memory", &bytes));
  HRS_REQUIRE(bytes <= INT64_MAX - 2 * HUGE_PAGE, TOO_LARGE, "%lld bytes of memory wanted",
              (long long)bytes);
  size_t whole = ((size_t)bytes + 2 * ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  void *block = aligned_alloc(ALIGNMENT, whole);
  HRS_REQUIRE(block, MEMORY, "no memory for %lld bytes (%.1f GiB); %.1f GiB are in use",
              (long long)bytes, (double)bytes / 0x1p30, (double)hrs_memory_current() / 0x1p30);
  /* Sweeps over a lattice stride through memory: large pages save most of the TLB misses. */
  if (bytes >= 4 * HUGE_PAGE) {
    uintptr_t start = ((uintptr_t)block + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    uintptr_t end = ((uintptr_t)block + whole) / HUGE_PAGE * HUGE_PAGE;
    madvise((void *)start, end - start, MADV_HUGEPAGE);
  }
  memcpy(block, &bytes, sizeof bytes);
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

void hrs_free(void *pointer) {
  if (!pointer) return;
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
