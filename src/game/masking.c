/* Masked copies of a tensor: runs of bytes by player. */
#include "masking.h"

#include <string.h>

hrs_status hrs_masking_create(int players, hrs_count count, size_t size, hrs_masking *out) {
  memset(out, 0, sizeof *out);
  HRS_TRY(hrs_multiply(count, (hrs_count)size, "bytes of the masked tensor", &out->bytes));
  out->players = players;
  HRS_TRY(hrs_alloc(players + 1, sizeof *out->first, &out->first));
  return HRS_OK;
}

void hrs_masking_destroy(hrs_masking *masking) {
  hrs_free(masking->run);
  hrs_free(masking->first);
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

static void put_player(const hrs_masking *m, int player, const unsigned char *source,
                       unsigned char *row) {
  for (hrs_count r = m->first[player]; r < m->first[player + 1]; r++)
    copy_run(row + m->run[r].offset, source + m->run[r].offset, (size_t)m->run[r].length);
}

/* Each free player doubles the rows: a copy of those before, with the player put in. */
void hrs_masking_write(const hrs_masking *m, hrs_subcube cube, void *out) {
  unsigned char *row = out;
  hrs_count count = 1;
  if (m->bytes == 0) return;
  memcpy(row, m->sample, (size_t)m->bytes);
  for (hrs_mask absent = hrs_mask_full(m->players) & ~cube.fixed; absent; absent &= absent - 1)
    put_player(m, lowest_bit(absent), m->baseline, row);
  for (hrs_mask free = cube.free; free; free &= free - 1, count *= 2) {
    unsigned char *copy = row + count * m->bytes;
    memcpy(copy, row, (size_t)(count * m->bytes));
    for (hrs_count i = 0; i < count; i++)
      put_player(m, lowest_bit(free), m->sample, copy + i * m->bytes);
  }
}
