/* Masked copies of a tensor: runs of bytes by player, and the row that follows the masks. */
#include "masking.h"

#include <string.h>

hrs_status hrs_masking_create(int players, hrs_count count, size_t size, hrs_masking *out) {
  memset(out, 0, sizeof *out);
  HRS_TRY(hrs_multiply(count, (hrs_count)size, "bytes of the masked tensor", &out->bytes));
  out->players = players;
  HRS_TRY(hrs_alloc(players + 1, sizeof *out->first, &out->first));
  HRS_TRY(hrs_alloc(out->bytes, 1, &out->row));
  return HRS_OK;
}

void hrs_masking_destroy(hrs_masking *masking) {
  hrs_free(masking->run);
  hrs_free(masking->first);
  hrs_free(masking->row);
  memset(masking, 0, sizeof *masking);
}

/* Does a run start at element i? Runs end where the label changes. */
static bool starts(const int32_t *label, hrs_count i) {
  return label[i] >= 0 && (i == 0 || label[i - 1] != label[i]);
}

hrs_status hrs_masking_set_labels(hrs_masking *m, const int32_t *label, size_t size) {
  hrs_count count = m->bytes / (hrs_count)size, next[HRS_MAX_PLAYERS + 1] = {0};
  HRS_ASSERT(m->players <= HRS_MAX_PLAYERS);
  m->n_runs = 0;
  for (hrs_count i = 0; i < count; i++) {
    HRS_ASSERT(label[i] < m->players);
    if (!starts(label, i)) continue;
    next[label[i] + 1]++;
    m->n_runs++;
  }
  for (int p = 0; p < m->players; p++)
    next[p + 1] += next[p];
  memcpy(m->first, next, (size_t)(m->players + 1) * sizeof *m->first);
  hrs_free(m->run);
  m->run = NULL;
  HRS_TRY(hrs_alloc(m->n_runs, sizeof *m->run, &m->run));
  for (hrs_count i = 0; i < count;) {
    hrs_count end = i + 1;
    while (end < count && label[end] == label[i])
      end++;
    if (label[i] >= 0)
      m->run[next[label[i]]++] = (hrs_run){i * (hrs_count)size, (end - i) * (hrs_count)size};
    i = end;
  }
  return HRS_OK;
}

void hrs_masking_set_tensors(hrs_masking *m, const void *sample, const void *baseline) {
  m->sample = sample;
  m->baseline = baseline;
  if (m->bytes) memcpy(m->row, sample, (size_t)m->bytes);
  m->mask = hrs_mask_full(m->players);
}

/* Rows of small patches are a few bytes long: a call of memcpy would cost more than the copy. */
static inline void copy_run(unsigned char *out, const unsigned char *in, size_t length) {
  if (length > 64) {
    memcpy(out, in, length);
    return;
  }
  for (; length >= 8; length -= 8, out += 8, in += 8)
    memcpy(out, in, 8);
  if (length & 4) {
    memcpy(out, in, 4);
    out += 4;
    in += 4;
  }
  for (size_t i = 0; i < (length & 3); i++)
    out[i] = in[i];
}

static inline int lowest_bit(hrs_mask mask) {
#if defined(__GNUC__)
  return __builtin_ctzll(mask);
#else
  return hrs_order((mask & (0 - mask)) - 1);
#endif
}

void hrs_masking_write(hrs_masking *m, hrs_mask mask, void *out) {
  for (hrs_mask changed = mask ^ m->mask; changed; changed &= changed - 1) {
    int player = lowest_bit(changed);
    const unsigned char *source = mask >> player & 1 ? m->sample : m->baseline;
    for (hrs_count r = m->first[player]; r < m->first[player + 1]; r++)
      copy_run(m->row + m->run[r].offset, source + m->run[r].offset, (size_t)m->run[r].length);
  }
  m->mask = mask;
  if (m->bytes) memcpy(out, m->row, (size_t)m->bytes);
}
